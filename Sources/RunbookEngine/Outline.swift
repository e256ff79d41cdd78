/// What the engine sees of a plan: ids, order, policies and limits. The runtime makes it from the bound plan; what an action does, and with
/// which arguments, stays outside.
///
/// Ids of phases, steps (those of undo lists and of `afterRollback` too), checks and triggers share one name space and are unique. All times are in
/// milliseconds.
public struct Outline: Sendable, Hashable {
  public var preconditions: [CheckOutline]
  public var phases: [PhaseOutline]
  public var verify: [CheckOutline]
  public var afterRollback: [StepOutline]
  public var verifyRollback: [CheckOutline]
  /// Live from the first step to the end of the way on.
  public var triggers: [TriggerOutline]

  public init(
    preconditions: [CheckOutline] = [], phases: [PhaseOutline], verify: [CheckOutline] = [], afterRollback: [StepOutline] = [],
    verifyRollback: [CheckOutline] = [], triggers: [TriggerOutline] = []
  ) {
    self.preconditions = preconditions
    self.phases = phases
    self.verify = verify
    self.afterRollback = afterRollback
    self.verifyRollback = verifyRollback
    self.triggers = triggers
  }
}

public struct PhaseOutline: Sendable, Hashable {
  public enum RollbackScope: Sendable, Hashable { case plan, phase }

  public var id: String
  public var hasCondition: Bool
  public var preconditions: [CheckOutline]
  public var steps: [StepOutline]
  public var verify: [CheckOutline]
  public var rollbackScope: RollbackScope
  /// Live while the phase runs.
  public var triggers: [TriggerOutline]

  public init(
    id: String, hasCondition: Bool = false, preconditions: [CheckOutline] = [], steps: [StepOutline], verify: [CheckOutline] = [],
    rollbackScope: RollbackScope = .plan, triggers: [TriggerOutline] = []
  ) {
    self.id = id
    self.hasCondition = hasCondition
    self.preconditions = preconditions
    self.steps = steps
    self.verify = verify
    self.rollbackScope = rollbackScope
    self.triggers = triggers
  }
}

/// How often something is tried, and how long the waits between are: doubled each time, with jitter, between the two bounds.
public struct RetryPolicy: Sendable, Hashable {
  /// Tries in all; 1 means no retry.
  public var attempts: Int
  public var backoffMin: Int64
  public var backoffMax: Int64

  public init(attempts: Int = 1, backoffMin: Int64 = 1_000, backoffMax: Int64 = 30_000) {
    self.attempts = attempts
    self.backoffMin = backoffMin
    self.backoffMax = backoffMax
  }

  public static let none = RetryPolicy()
  /// Five tries with waits from one second to thirty: what every undo gets before the run is blocked.
  public static let undo = RetryPolicy(attempts: 5)

  /// The wait before the try after `tries` failed ones; `jitter` (0 up to 1) takes up to half of it away.
  func wait(afterTries tries: Int, jitter: Double) -> Int64 {
    var wait = backoffMin
    for _ in 1..<max(tries, 1) where wait < backoffMax { wait *= 2 }
    wait = min(wait, backoffMax)
    return wait - Int64(Double(wait) * min(max(jitter, 0), 1) / 2)
  }
}

public struct CheckOutline: Sendable, Hashable {
  /// What follows from a verdict that is no pass. `skip` is for `onFail` of preconditions only.
  public enum Policy: String, Sendable, Hashable { case rollback, halt, warn, skip }

  public var id: String
  public var onFail: Policy
  public var onError: Policy
  public var onNoData: Policy
  /// Poll until it holds, at most this long (milliseconds).
  public var within: Int64?
  /// It must hold throughout this time (milliseconds).
  public var holdFor: Int64?
  /// For errors that are transient.
  public var retry: RetryPolicy
  /// A precondition that passed is asked again on resume.
  public var recheck: Bool
  public var hasCondition: Bool
  /// Steps that a `verifyRollback` check refers to: where one of them never started, the check is skipped.
  public var refersTo: [String]

  public init(
    id: String, onFail: Policy = .rollback, onError: Policy = .halt, onNoData: Policy = .halt, within: Int64? = nil, holdFor: Int64? = nil,
    retry: RetryPolicy = .none, recheck: Bool = false, hasCondition: Bool = false, refersTo: [String] = []
  ) {
    self.id = id
    self.onFail = onFail
    self.onError = onError
    self.onNoData = onNoData
    self.within = within
    self.holdFor = holdFor
    self.retry = retry
    self.recheck = recheck
    self.hasCondition = hasCondition
    self.refersTo = refersTo
  }
}

/// What resume may do with an effect that was found started, without an outcome.
public enum EffectClass: String, Sendable, Hashable, CaseIterable { case read, idempotent, guarded, receipt, probe, opaque }

/// How an effect stops when somebody asks: at the next batch border; at once for a rollback or cancel (a pause awaits it); not at all.
public enum InterruptMode: String, Sendable, Hashable { case batch, abort, await }

public struct StepOutline: Sendable, Hashable {
  public enum FailurePolicy: String, Sendable, Hashable { case rollback, halt, `continue` }
  public enum InterruptPolicy: String, Sendable, Hashable { case halt, rerun, probe }

  /// How the step is unwound.
  public enum Undo: Sendable, Hashable {
    /// The action's own inverse.
    case automatic
    /// A list that runs in written order.
    case steps([UndoItem])
    /// Undone together with that other step.
    case coveredBy(String)
    /// Transparent: nothing needs to be done.
    case notNeeded
    /// A point of no return.
    case none
    /// The step changes nothing.
    case nothing
  }

  public var id: String
  /// Its id in earlier versions of the plan.
  public var renamedFrom: String?
  public var effectClass: EffectClass
  /// Whether the effect changes something that a rollback has to think of.
  public var mutating: Bool
  public var interrupt: InterruptMode
  public var retry: RetryPolicy
  public var onFailure: FailurePolicy
  public var preconditions: [CheckOutline]
  /// Something is captured before the effect: the written captures, what the action's inverse needs, the arguments of an undo list.
  public var hasCapture: Bool
  public var verify: [CheckOutline]
  public var undo: Undo
  /// For class `opaque`: what to do where nobody knows whether the effect happened.
  public var onInterrupt: InterruptPolicy
  public var hasCondition: Bool

  public init(
    id: String, effectClass: EffectClass, mutating: Bool, interrupt: InterruptMode = .await, retry: RetryPolicy = .none,
    onFailure: FailurePolicy = .rollback, preconditions: [CheckOutline] = [], hasCapture: Bool = false, verify: [CheckOutline] = [],
    undo: Undo, onInterrupt: InterruptPolicy = .halt, hasCondition: Bool = false, renamedFrom: String? = nil
  ) {
    self.id = id
    self.renamedFrom = renamedFrom
    self.effectClass = effectClass
    self.mutating = mutating
    self.interrupt = interrupt
    self.retry = retry
    self.onFailure = onFailure
    self.preconditions = preconditions
    self.hasCapture = hasCapture
    self.verify = verify
    self.undo = undo
    self.onInterrupt = onInterrupt
    self.hasCondition = hasCondition
  }
}

/// One item of an undo list.
public enum UndoItem: Sendable, Hashable {
  /// The action's own inverse, where it stands in the list.
  case auto
  case step(StepOutline)
}
