import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.update`: changes fields of many documents under the application's writes (online-change page).
public struct MongoUpdate: ChangingAction {
  private let timing: OnlineChangeTiming
  private let crashPoints: CrashPoints

  public init(timing: OnlineChangeTiming = OnlineChangeTiming(), crashPoints: CrashPoints = CrashPoints()) {
    self.timing = timing
    self.crashPoints = crashPoints
  }

  public let descriptor = ActionDescriptor.mongoUpdate

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    UpdateArguments.read(arguments, unknown: unknown).problems
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    (collection ?? arguments["collection"]?.stringValue).map { ["collection:\($0)"] } ?? []
  }

  /// Nothing is read beforehand: each batch is written ahead in an undo block of its own.
  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    let work = try UpdateWork(context, timing, crashPoints)
    return .object(["undo": .string(work.change.store)])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let start = ContinuousClock.now
    let work = try UpdateWork(context, timing, crashPoints)
    try await work.resolveOwn()
    let checks = UpdateChecks(change: work.change, definition: work.definition, allowsCollation: true)
    let (definition, matching, before) = try await checks.run(work.arguments.onDocumentError)
    // What has been changed once still fits, and is counted with the rest.
    let total = matching + (definition.isOnce ? 0 : before.changed)
    let stop = context.stop
    let progress = ChangeProgress(context, before: before.changed, total: total)
    let throttle = try await work.throttle(context, progress)
    let forward = try await OnlineChangeForward(
      work.change, definition: definition, manner: work.manner(context, progress), throttle: throttle,
      isStopped: { stop.isRequested }, onBatch: { progress.note($0) })
    let hasConverged = try await work.carry(work.arguments.onDocumentError, context) { () throws(ActionError) in try await forward.run() }
    return try await work.result(
      forward, before: before, throttle: throttle, hasConverged: hasConverged, duration: ContinuousClock.now - start)
  }

  /// Makes the open batches of this step known. The rest of the change, if any, is for `perform` to finish.
  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    try await UpdateWork(context, timing, crashPoints).resolveOwn()
    return .notHappened
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    try await UpdateWork(context, timing, crashPoints).undo(context, outputs: outputs)
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let work = try UpdateWork(context, timing, crashPoints)
    try await work.resolveOwn()
    return try await work.verifyUndone(isStopped: { context.stop.isRequested })
  }
}

/// One call of the action: its arguments and what it works on.
struct UpdateWork: OnlineChangeWork {
  let call: MongoCall
  let arguments: UpdateArguments
  let change: OnlineChange
  let definition: ChangeDefinition

  var collection: String { definition.collection }
  var isAlone: Bool { definition.isAlone }
  var restoresDoubt: Bool { arguments.restoresDoubt }
  var throttleSettings: ThrottleSettings { arguments.throttle }

  init(_ context: ActionContext, _ timing: OnlineChangeTiming, _ crashPoints: CrashPoints) throws(ActionError) {
    call = try MongoCall(context)
    let read = UpdateArguments.read(context.arguments)
    guard let arguments = read.arguments else { throw call.unfit(read.problems) }
    self.arguments = arguments
    change = OnlineChange(target: call.target, run: context.run.id, step: context.subject, timing: timing, crashPoints: crashPoints)
    var definition = ChangeDefinition(
      collection: try call.collection(), filter: arguments.found.filter, pipeline: arguments.pipeline, isAlone: arguments.isAlone,
      condition: arguments.found.condition, selection: arguments.found.selection, variables: arguments.variables,
      collation: arguments.found.collation)
    definition.keepsDocuments = arguments.keepsDocuments
    self.definition = definition
  }

  func manner(_ context: ActionContext, _ progress: ChangeProgress) -> OnlineChangeForward.Manner {
    var manner = OnlineChangeForward.Manner(
      batchSize: arguments.batchSize, workers: arguments.workers, rule: arguments.onDocumentError)
    if arguments.onNotConverged == .wait {
      manner.waiting = OnlineChangeForward.Waiting(clock: context.clock, note: { progress.note($0) })
    }
    return manner
  }

  /// - Parameter before: what earlier attempts did.
  func result(
    _ forward: OnlineChangeForward, before: OnlineChangeTotals, throttle: Throttle, hasConverged: Bool, duration: Duration
  ) async throws(ActionError) -> ActionResult {
    let tally = forward.tally
    let totals = before.adding(tally)
    let hasWaited = tally.sweeps > OnlineChangeForward.mostPasses
    let arrivals = hasConverged && !hasWaited ? 0 : forward.arrivingPerSecond
    if !hasConverged, arguments.onNotConverged == .fail {
      throw ActionError(
        code: UpdateErrorCode.notConverged, message: forward.notConverged, kind: .refused,
        help: "stop what keeps writing such documents, then resume; or set onNotConverged: warn")
    }
    let withheld = try await withheld(by: definition)
    let failed = Int64(forward.refused.count)
    var warnings: [String] = []
    if totals.doubt > 0 { warnings = self.warnings(OnlineChangeTotals(doubt: totals.doubt)) }
    warnings += forward.refused.warnings
    if !hasConverged { warnings.append(forward.notConverged) }
    if hasWaited {
      warnings.append("documents kept arriving, about \(OnlineChangeForward.told(arrivals)) a second: it took \(tally.sweeps) passes")
    }
    if let summary = throttle.summary { warnings.append(summary) }
    let alreadyDone = Int64(tally.alreadyDone)
    let outputs: ValueMap = [
      "changed": .integer(totals.changed), "matched": .integer(totals.changed + totals.doubt + failed + alreadyDone),
      "guarded": .integer(totals.missed), "withheld": .integer(withheld), "alreadyDone": .integer(alreadyDone), "conflicts": 0,
      "inDoubt": .integer(totals.doubt), "failed": .integer(failed), "failures": .list(forward.refused.listed),
      "batches": .integer(totals.batches), "sweeps": .integer(Int64(tally.sweeps)),
      "arrivingPerSecond": .double(arrivals), "throttled": .duration(throttle.total * 1000),
      "duration": .duration(wholeMilliseconds(duration) * 1000),
    ]
    return ActionResult(outputs: outputs, warnings: warnings)
  }
}
