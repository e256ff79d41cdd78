import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.delete`: deletes documents under the application's writes and keeps each for the way back (online-change page, "Insert and delete").
public struct MongoDelete: ChangingAction {
  private let timing: OnlineChangeTiming
  private let crashPoints: CrashPoints

  public init(timing: OnlineChangeTiming = OnlineChangeTiming(), crashPoints: CrashPoints = CrashPoints()) {
    self.timing = timing
    self.crashPoints = crashPoints
  }

  public let descriptor = ActionDescriptor(
    name: "mongodb.delete",
    summary: "Deletes documents in batches and keeps each one for the way back.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("filter", .document(.data), "Which documents; this or `select`."),
      .select, .guardCondition, .batch, .throttle,
    ],
    outputs: [
      .init("deleted", .integer(min: 0), "Documents deleted, over all attempts."),
      .init("matched", .integer(min: 0), "Documents that were found to be deleted, with those that the guard kept."),
      .init("guarded", .integer(min: 0), "Documents that were found and that the guard kept."),
      .init("conflicts", .integer(min: 0), "Always 0 on the way forward."),
      .init("inDoubt", .integer(min: 0), "Documents of which the server can no longer say whether we deleted them."),
      .init("failed", .integer(min: 0), "Documents that the server refused to delete."),
      .init("batches", .integer(min: 0), "Batches, over all attempts."),
      .init("sweeps", .integer(min: 0), "Passes over the collection in the last attempt."),
      .init("throttled", .duration, "How long the throttle held back the last attempt."),
      .init("duration", .duration, "Time of the last attempt."),
    ],
    mainOutput: "deleted",
    effectClass: .guarded,
    interrupt: .batch,
    inverse: .automatic("puts back what is still absent; where the application has inserted anew, its document stays and is listed"),
    example: """
      - id: delete-surplus
        action: mongodb.delete
        with:
          filter: { surplusSince: { $exists: true } }
          guard: { $expr: { $eq: [ $updatedAt, $surplusSince ] } }
          batch: { size: 200 }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    DeleteArguments.read(arguments, unknown: unknown).problems
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    (collection ?? arguments["collection"]?.stringValue).map { ["collection:\($0)"] } ?? []
  }

  /// Nothing is read beforehand: each batch is written ahead in an undo block of its own.
  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    .object(["undo": .string(try DeleteWork(context, timing, crashPoints).change.store)])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let start = ContinuousClock.now
    let work = try DeleteWork(context, timing, crashPoints)
    try await work.resolveOwn()
    let checks = UpdateChecks(change: work.change, definition: work.definition, allowsCollation: true)
    let definition = work.definition.on(try await checks.refuseUnfit())
    let before = try await work.totals()
    let total = try await checks.count() + before.changed
    let stop = context.stop
    let progress = ChangeProgress(context, before: before.changed, total: total)
    let throttle = try await work.throttle(context, progress)
    let forward = try await OnlineChangeForward(
      work.change, definition: definition, manner: OnlineChangeForward.Manner(batchSize: work.arguments.batchSize), throttle: throttle,
      isStopped: { stop.isRequested }, onBatch: { progress.note($0) })
    let hasConverged = try await forward.run()
    return try await work.result(
      forward.tally, before: before, throttle: throttle, hasConverged: hasConverged, duration: ContinuousClock.now - start)
  }

  /// Makes the open batches of this step known. The rest of the deletion, if any, is for `perform` to finish.
  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    try await DeleteWork(context, timing, crashPoints).resolveOwn()
    return .notHappened
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    try await DeleteWork(context, timing, crashPoints).undo(context, outputs: outputs)
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let work = try DeleteWork(context, timing, crashPoints)
    try await work.resolveOwn()
    return try await work.verifyUndone(isStopped: { context.stop.isRequested })
  }
}

/// The arguments of `mongodb.delete`, read.
struct DeleteArguments: Sendable {
  var filter: BSONDocument?
  var selection: [BSONDocument]?
  var condition: BSONDocument?
  var batchSize: Int
  var throttle: ThrottleSettings

  static func read(_ arguments: ValueMap, unknown: Set<String> = []) -> (arguments: DeleteArguments?, problems: [ArgumentProblem]) {
    var problems: [ArgumentProblem] = []
    func converted<R>(_ path: [String], _ value: Value?, _ body: (Value) throws(ActionError) -> R) -> R? {
      guard let value, !value.isNull else { return nil }
      do throws(ActionError) { return try body(value) } catch {
        problems.append(ArgumentProblem(path: path, message: error.message, help: error.help))
        return nil
      }
    }
    let filter = converted(["filter"], arguments["filter"]) { (value) throws(ActionError) in try MongoValues.document(value, at: "filter") }
    let selection = converted(["select", "pipeline"], arguments["select"]?["pipeline"]) { (value) throws(ActionError) in
      try MongoValues.documents(value, at: "select.pipeline")
    }
    let condition = converted(["guard"], arguments["guard"]) { (value) throws(ActionError) in try MongoValues.document(value, at: "guard") }
    if filter != nil, selection != nil {
      problems.append(ArgumentProblem(path: ["select"], message: "documents are found either by 'filter' or by 'select', not by both"))
    }
    if filter == nil, selection == nil, problems.isEmpty, unknown.isDisjoint(with: ["filter", "select"]) {
      problems.append(
        ArgumentProblem(path: [], message: "'filter' or 'select' is missing", help: "'filter: {}' deletes every document"))
    }
    for (index, stage) in (selection ?? []).enumerated() {
      guard let name = stage.keys.first(where: { $0 == "$out" || $0 == "$merge" }) else { continue }
      problems.append(ArgumentProblem(path: ["select", "pipeline", "\(index)", name], message: "\(name) writes; 'select' only finds"))
    }
    let batch = BatchSettings(arguments["batch"], mostWorkers: 1, of: "commands", &problems)
    let throttle = ThrottleSettings(arguments, &problems)
    guard problems.isEmpty else { return (nil, problems) }
    return (
      DeleteArguments(filter: filter, selection: selection, condition: condition, batchSize: batch.size, throttle: throttle), []
    )
  }
}

/// One call of the action.
struct DeleteWork: OnlineChangeWork {
  let arguments: DeleteArguments
  let change: OnlineChange
  let collection: String
  let definition: ChangeDefinition
  let isAlone = false
  let restoresDoubt = false
  var throttleSettings: ThrottleSettings { arguments.throttle }

  init(_ context: ActionContext, _ timing: OnlineChangeTiming, _ crashPoints: CrashPoints) throws(ActionError) {
    let call = try MongoCall(context)
    let read = DeleteArguments.read(context.arguments)
    guard let arguments = read.arguments else { throw call.unfit(read.problems) }
    self.arguments = arguments
    collection = try call.collection()
    change = OnlineChange(target: call.target, run: context.run.id, step: context.subject, timing: timing, crashPoints: crashPoints)
    let condition = arguments.condition.map { [$0] } ?? []
    definition = Self.definition(arguments, collection: collection, conditions: condition)
  }

  /// What is found under some conditions more.
  private static func definition(_ arguments: DeleteArguments, collection: String, conditions: [BSONDocument]) -> ChangeDefinition {
    guard let selection = arguments.selection else {
      let all = ([arguments.filter ?? [:]] + conditions).filter { !$0.isEmpty }
      let filter: BSONDocument = all.count > 1 ? ["$and": .array(BSONArray(all.map(BSONValue.document)))] : all.first ?? [:]
      return ChangeDefinition(collection: collection, kind: .delete, filter: filter)
    }
    // The documents as they are when they are read; a deletion asserts that they still are.
    let read = ChangeDefinition.lookUp(in: collection, exact: false)
    return ChangeDefinition(
      collection: collection, kind: .delete, selection: selection + read + conditions.map { ["$match": .document($0)] })
  }

  /// - Parameter before: what earlier attempts did.
  func result(
    _ tally: OnlineChangeTally, before: OnlineChangeTotals, throttle: Throttle, hasConverged: Bool, duration: Duration
  ) async throws(ActionError) -> ActionResult {
    let totals = before.adding(tally)
    var guarded: Int64 = 0
    if let condition = arguments.condition, !condition.isEmpty {
      let kept = Self.definition(arguments, collection: collection, conditions: [["$nor": [.document(condition)]]])
      guarded = try await UpdateChecks(change: change, definition: kept).count()
    }
    var warnings = warnings(totals)
    if !hasConverged {
      warnings.append(
        "after \(OnlineChangeForward.mostPasses) passes there still are documents to delete: they keep arriving, or being written; "
          + "a later sweep is due")
    }
    if let summary = throttle.summary { warnings.append(summary) }
    let outputs: ValueMap = [
      "deleted": .integer(totals.changed), "matched": .integer(totals.changed + totals.doubt + totals.failed + guarded),
      "guarded": .integer(guarded), "conflicts": 0, "inDoubt": .integer(totals.doubt), "failed": .integer(totals.failed),
      "batches": .integer(totals.batches), "sweeps": .integer(Int64(tally.sweeps)),
      "throttled": .duration(throttle.total * 1000), "duration": .duration(wholeMilliseconds(duration) * 1000),
    ]
    return ActionResult(outputs: outputs, warnings: warnings)
  }
}

extension MongoCall {
  /// The first of the problems of the arguments, as an error of the call.
  func unfit(_ problems: [ArgumentProblem]) -> ActionError {
    ActionError(
      code: MongoErrorCode.unfitArgument,
      message: "'\(context.subject)': \(problems.first?.message ?? "the arguments do not fit")", kind: .mistake, help: problems.first?.help)
  }
}
