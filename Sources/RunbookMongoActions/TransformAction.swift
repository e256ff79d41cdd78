import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.transform`: lets a program compute the change of each document, and writes it like `mongodb.update` does (online-change page, "Transform").
public struct MongoTransform: ChangingAction {
  let running: ProgramRunning
  private let timing: OnlineChangeTiming
  private let crashPoints: CrashPoints

  /// - Parameter running: starts the programs.
  public init(running: ProgramRunning, timing: OnlineChangeTiming = OnlineChangeTiming(), crashPoints: CrashPoints = CrashPoints()) {
    self.running = running
    self.timing = timing
    self.crashPoints = crashPoints
  }

  public let descriptor = ActionDescriptor.mongoTransform

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    TransformArguments.read(arguments, unknown: unknown).problems
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    (collection ?? arguments["collection"]?.stringValue).map { ["collection:\($0)"] } ?? []
  }

  /// Sees that the program is there. No document is read beforehand: each batch is written ahead in an undo block of its own.
  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    let work = try TransformWork(context, timing, crashPoints)
    try running.look(for: work.arguments.argv, environment: work.arguments.environment, in: context)
    return .object(["undo": .string(work.change.store)])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let start = ContinuousClock.now
    let work = try TransformWork(context, timing, crashPoints)
    try await work.resolveOwn()
    let checks = UpdateChecks(change: work.change, definition: work.definition, allowsCollation: true)
    let definition = work.definition.on(try await checks.refuseUnfit())
    let before = try await work.totals()
    let progress = ChangeProgress(context, before: before.changed, total: try await checks.count() + before.changed)
    let throttle = try await work.throttle(context, progress)
    let programs = TransformPrograms(count: work.arguments.workers) { [running] () async throws(ActionError) in
      try await running.converse(with: work.arguments.argv, environment: work.arguments.environment, in: context)
    }
    let forward = try await TransformForward(
      work.change, definition: definition, arguments: work.arguments, programs: programs, throttle: throttle, stop: context.stop,
      progress: progress)
    let hasConverged = try await work.carry(work.arguments.onDocumentError, context) { () throws(ActionError) in try await forward.run() }
    return try await work.result(
      forward, before: before, throttle: throttle, hasConverged: hasConverged, duration: ContinuousClock.now - start)
  }

  /// Makes the open batches of this step known. The rest of the change, if any, is for `perform` to finish.
  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    try await TransformWork(context, timing, crashPoints).resolveOwn()
    return .notHappened
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    try await TransformWork(context, timing, crashPoints).undo(context, outputs: outputs)
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let work = try TransformWork(context, timing, crashPoints)
    try await work.resolveOwn()
    return try await work.verifyUndone(isStopped: { context.stop.isRequested })
  }
}

/// One call of the action: its arguments and what it works on.
struct TransformWork: OnlineChangeWork {
  let arguments: TransformArguments
  let change: OnlineChange
  let definition: ChangeDefinition

  var collection: String { definition.collection }
  var isAlone: Bool { definition.isAlone }
  var restoresDoubt: Bool { arguments.restoresDoubt }
  var throttleSettings: ThrottleSettings { arguments.throttle }

  init(_ context: ActionContext, _ timing: OnlineChangeTiming, _ crashPoints: CrashPoints) throws(ActionError) {
    let call = try MongoCall(context)
    let read = TransformArguments.read(context.arguments)
    guard let arguments = read.arguments else { throw call.unfit(read.problems) }
    self.arguments = arguments
    change = OnlineChange(target: call.target, run: context.run.id, step: context.subject, timing: timing, crashPoints: crashPoints)
    definition = arguments.definition(collection: try call.collection())
  }

  /// - Parameter before: what earlier attempts did.
  func result(
    _ forward: TransformForward, before: OnlineChangeTotals, throttle: Throttle, hasConverged: Bool, duration: Duration
  ) async throws(ActionError) -> ActionResult {
    let tally = forward.tally
    let totals = before.adding(tally)
    let arrivals = hasConverged ? 0 : forward.arrivingPerSecond
    if !hasConverged, arguments.failsUnlessConverged {
      throw ActionError(
        code: UpdateErrorCode.notConverged, message: Self.notConverged, kind: .refused,
        help: "stop what keeps inserting such documents, then resume; or set onNotConverged: warn")
    }
    let withheld = try await withheld(by: definition)
    let failed = Int64(forward.left.count)
    let alreadyDone = Int64(forward.alreadyDone)
    var warnings: [String] = []
    if totals.doubt > 0 { warnings = self.warnings(OnlineChangeTotals(doubt: totals.doubt)) }
    warnings += forward.left.warnings
    if let warning = forward.stillFitting { warnings.append(warning) }
    if !hasConverged { warnings.append(Self.notConverged) }
    warnings += forward.warnings
    if let summary = throttle.summary { warnings.append(summary) }
    let outputs: ValueMap = [
      "changed": .integer(totals.changed), "matched": .integer(totals.changed + totals.doubt + failed + alreadyDone),
      "guarded": .integer(totals.missed), "withheld": .integer(withheld), "alreadyDone": .integer(alreadyDone), "conflicts": 0,
      "inDoubt": .integer(totals.doubt), "failed": .integer(failed), "rejected": .integer(Int64(forward.left.rejected)),
      "failures": .list(forward.left.listed), "asked": .integer(Int64(forward.asked)), "batches": .integer(totals.batches),
      "sweeps": .integer(Int64(tally.sweeps)), "arrivingPerSecond": .double(arrivals), "throttled": .duration(throttle.total * 1000),
      "duration": .duration(wholeMilliseconds(duration) * 1000),
    ]
    return ActionResult(outputs: outputs, warnings: warnings)
  }

  private static let notConverged =
    "after \(OnlineChangeForward.mostPasses) passes documents still need the change: they keep arriving; a later run is due"
}
