import Foundation
import MongoDriver
import RunbookActions

/// How long the commands of an online change may act.
public struct OnlineChangeTiming: Sendable, Hashable {
  /// How far ahead `until` lies when a command is made, in milliseconds; never past the lease.
  public var window: Int64
  /// `maxTimeMS` of a command; the lease's grace must exceed it by what clocks may differ.
  public var limit: Int64
  /// How long an answer is asked for, and a record of it tried, before the outcome counts as unknown.
  public var patience: Duration

  public init(window: Int64 = 5000, limit: Int64 = 5000, patience: Duration = .seconds(40)) {
    self.window = window
    self.limit = limit
    self.patience = patience
  }

  /// With `RUNBOOK_UPDATE_WINDOW` and `RUNBOOK_UPDATE_LIMIT` (seconds), for tests that kill and resume often.
  public init(environment: [String: String]) {
    self.init()
    func milliseconds(_ name: String) -> Int64? {
      guard let text = environment[name], let seconds = Double(text), seconds > 0, seconds <= 5 else { return nil }
      return Int64(seconds * 1000)
    }
    window = milliseconds("RUNBOOK_UPDATE_WINDOW") ?? window
    limit = milliseconds("RUNBOOK_UPDATE_LIMIT") ?? limit
  }
}

/// Named places at which a test may make the process die, or let the work be abandoned as if it had.
public struct CrashPoints: Sendable {
  private let onHit: @Sendable (String) async throws(ActionError) -> Void

  /// Nothing happens anywhere.
  public init() { onHit = { _ in } }

  public init(_ hit: @escaping @Sendable (String) async throws(ActionError) -> Void) { onHit = hit }

  /// `RUNBOOK_CRASH_AT=update.block-written` kills the process with SIGKILL there, `update.block-written#3` at the third time.
  public init(environment: [String: String]) {
    guard let text = environment["RUNBOOK_CRASH_AT"], !text.isEmpty else {
      self.init()
      return
    }
    let parts = text.split(separator: "#", maxSplits: 1)
    let name = String(parts[0])
    let counter = HitCounter(Int64(parts.count > 1 ? parts[1] : "1") ?? 1)
    self.init { point in
      if point == name, counter.isReached() { kill(getpid(), SIGKILL) }
    }
  }

  public func hit(_ point: String) async throws(ActionError) { try await onHit(point) }
}

/// What the parts of one step's online change share.
struct OnlineChange: Sendable {
  let target: MongoTarget
  let run: String
  let step: String
  var timing = OnlineChangeTiming()
  var crashPoints = CrashPoints()
  /// A command beyond this is sent in parts; a server takes 16 MiB in a document.
  var mostCommandBytes = 14 << 20
  /// Sessions of removals, shared by what belongs to one call.
  let removals: RemovalSessions

  init(
    target: MongoTarget, run: String, step: String, timing: OnlineChangeTiming = OnlineChangeTiming(),
    crashPoints: CrashPoints = CrashPoints()
  ) {
    self.target = target
    self.run = run
    self.step = step
    self.timing = timing
    self.crashPoints = crashPoints
    removals = RemovalSessions(target)
  }

  /// The collection of the step's undo blocks.
  var store: String { RunbookCollections.undo(run: run, step: step) }

  /// The lease as it stands.
  /// - Throws: `leaseLost` where this process may no longer act for the run.
  func lease() throws(ActionError) -> LeaseState {
    guard let lease = target.lease, lease.run == run, target.holdsLease else { throw target.leaseLostError() }
    return lease
  }

  /// Until when a command that is made now may act. Waits where the lease is about to end and may still be renewed.
  func delivery(session: [UInt8], number: Int64?) async throws(ActionError) -> UndoBlock.Delivery {
    while true {
      let lease = try lease()
      let now = try await target.serverTimeNow()
      let until = min(now + timing.window, lease.until)
      if until - now >= min(300, timing.window / 2) {
        return UndoBlock.Delivery(session: session, number: number, until: until, limit: timing.limit)
      }
      try? await Task.sleep(for: .milliseconds(50))
      if Task.isCancelled { throw stopped }
    }
  }

  var stopped: ActionError {
    ActionError(code: MongoErrorCode.stopped, message: "'\(step)' was stopped between two batches and can go on later", kind: .stopped)
  }

  func lateBlock(_ block: UndoBlock) -> ActionError {
    ActionError(
      code: UpdateErrorCode.unresolved,
      message: "block \(block.id) of '\(store)' in target '\(target.name)' came late",
      kind: .transient)
  }

  func broken(_ error: UndoBlockError) -> ActionError {
    ActionError(
      code: UpdateErrorCode.brokenBlock, message: "'\(store)' of target '\(target.name)': \(error.message)", kind: .refused,
      help: "nothing was changed on its account; the block has to be looked at by a person")
  }
}

/// The codes of the online change; each has a page in `docs/errors`.
public enum UpdateErrorCode {
  public static let unfitCollection = "RB3401"
  public static let validatorRefuses = "RB3403"
  public static let documentsRefused = "RB3404"
  public static let notConverged = "RB3405"
  public static let brokenBlock = "RB3406"
  public static let unresolved = "RB3407"
  public static let documentExists = "RB3408"
  public static let unfitFile = "RB3409"
  public static let writeLoss = "RB3410"
  public static let unreadableSignal = "RB3411"
  public static let unfitParent = "RB3420"
  public static let duplicatesAfterwards = "RB3430"
  public static let tooLargeAfterwards = "RB3431"
  public static let missingPrivilege = "RB3432"
  public static let shardKeyTouched = "RB3421"
  public static let unusableAnswers = "RB3450"

  /// Those that say that a document cannot be changed.
  static let ofDocuments: Set<String> = [documentsRefused, unfitParent, unusableAnswers]
}
