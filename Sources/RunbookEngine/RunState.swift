import RunbookPlan

/// The state of a run: what `evolve` makes of the entries of its journal, and nothing else.
///
/// A run is resumed by folding its journal over `RunState(outline:)`, telling the engine `leaseTaken`, and starting what is `outstanding`;
/// `Conductor` does the last two.
public struct RunState: Sendable {
  public internal(set) var outline: Outline
  var layout: Layout

  public internal(set) var status = RunStatus.pending
  /// The lease's epoch; never decreases.
  public internal(set) var epoch: Int64 = 0
  /// What `begin` was given.
  public internal(set) var info = Value.emptyMap
  public internal(set) var startedAt: Int64?
  public internal(set) var endedAt: Int64?
  /// The time of the last entry.
  public internal(set) var lastAt: Int64 = 0
  /// Why the run stopped or turned, or is about to: the first cause since it last went on.
  public internal(set) var cause: Cause?
  /// Every cause, in the order of the journal; later ones are only recorded.
  public internal(set) var causes: [Cause] = []
  public internal(set) var warnings: [Warning] = []
  /// Steps whose failure was continued.
  public internal(set) var continuedFailures: [String] = []
  /// Checks of `verifyRollback` that did not pass, and steps of `afterRollback` that failed.
  public internal(set) var unverified: [String] = []
  public internal(set) var haltReason: HaltReason?
  public internal(set) var pauseReason: String?
  /// While `rollingBack`: it was asked to stop and waits for `resume` or `rollback`.
  public internal(set) var isSuspended = false
  /// The phase that the unwinding under way, or the last one, was limited to; nil for the plan.
  public internal(set) var unwindingPhase: String?
  /// How fast batches may go, where a person has said so, and who said it.
  public internal(set) var pace: (pace: Pace, who: String, reason: String)?
  /// A mutating effect was requested at some time.
  public internal(set) var hasChanged = false
  /// Decisions of people, in the order of the journal.
  public internal(set) var decisions: [Entry.Decision] = []
  /// The plan that the run goes on with, where it is not the one that it began with.
  public internal(set) var adopted: Adoption?
  /// Plans that may be adopted, or were, by digest.
  var adoptable: [String: (outline: Outline, adoption: Adoption)] = [:]
  /// Who gave up that the run can be rolled back; nil where nobody did.
  public internal(set) var finalized: Finalization?
  /// What was removed from the targets since, and what is left, by target; nil before that is known.
  public internal(set) var cleanedUp: Value?

  var steps: [StepRecord]
  var phases: [PhaseRecord]
  public internal(set) var checks: [String: CheckRecord] = [:]
  var answersBySubject: [String: [Answer]] = [:]
  var triggers: [TriggerRecord]
  var serials: [EffectKey: Int] = [:]

  var cursor = Cursor.planPreconditions
  var list: CheckList?
  var rechecks: CheckList?
  var current: Effect?
  /// What was under way when rechecks began.
  var held: Effect?
  var polling = Polling()
  /// Nothing is started before this time: a failed try waits.
  var retryAt: Int64?
  var ending: Ending?
  var pauseWanted: String?
  var stopsAfter: String?
  var skipped: [Int: String] = [:]
  /// What an earlier start of a phase left in conflict or doubt.
  var earlierConflicts = 0
  var earlierInDoubt = 0

  public init(outline: Outline) {
    self.outline = outline
    layout = Layout(outline)
    steps = Array(repeating: StepRecord(), count: layout.sites.count)
    phases = Array(repeating: PhaseRecord(), count: outline.phases.count)
    triggers = Array(repeating: TriggerRecord(), count: layout.triggers.count)
  }
}

struct EffectKey: Sendable, Hashable {
  let verb: EffectID.Verb
  let subject: String
}

/// Where a run is.
enum Cursor: Sendable, Hashable {
  case planPreconditions
  case phaseCondition(Int)
  case phasePreconditions(Int)
  case step(Int)
  case phaseVerify(Int)
  case planVerify
  case finished
  case unwind(Int)
  case afterRollback(Int)
  case verifyRollback
  case unwound
}

/// What follows as soon as nothing is under way.
enum Ending: Sendable, Hashable {
  case halt
  case rollback(phase: Int?)
}

/// A list of checks that is being asked.
struct CheckList: Sendable, Hashable {
  enum Owner: Sendable, Hashable {
    case planPreconditions
    case phasePreconditions(Int)
    case stepPreconditions(Int)
    case stepVerify(Int)
    case phaseVerify(Int)
    case planVerify
    case verifyRollback
  }
  struct Item: Sendable, Hashable {
    let check: CheckOutline
    let owner: Owner
  }

  var items: [Item]
  var index = 0
  /// The `when` of the check at `index` held.
  var conditionMet = false

  var item: Item? { index < items.count ? items[index] : nil }

  init(_ checks: [CheckOutline], _ owner: Owner) { items = checks.map { Item(check: $0, owner: owner) } }
  init(items: [Item]) { self.items = items }

  mutating func advance() {
    index += 1
    conditionMet = false
  }
}

/// The polls of the check that is being asked; lost with the process, so that a resumed check begins to hold anew.
struct Polling: Sendable, Hashable {
  var nextAt: Int64?
  var holdSince: Int64?
  var errors = 0
}

// MARK: - What reports and the runtime read

extension RunState {
  public func step(_ id: String) -> StepRecord? { layout.stepNumbers[id].map { steps[$0] } }
  public func phase(_ id: String) -> PhaseRecord? { layout.phaseNumbers[id].map { phases[$0] } }
  public func check(_ id: String) -> CheckRecord? { checks[id] }
  /// What people answered to the gate of this step or check, since it was last decided; all answers stand in `decisions`.
  public func answers(to subject: String) -> [Answer] { answersBySubject[subject] ?? [] }

  public var conflicts: Int { steps.reduce(earlierConflicts) { $0 + $1.conflicts } }
  public var inDoubt: Int { steps.reduce(earlierInDoubt) { $0 + $1.inDoubt } }

  /// Steps whose changes stand, in the order of the plan.
  public var standing: [String] {
    (0..<layout.forwardCount).filter { steps[$0].hasIntent && steps[$0].undo != .notNeeded }.map { layout.sites[$0].outline.id }
  }

  /// How many steps of the phases have each status.
  public var stepCounts: [StepStatus: Int] {
    steps[..<layout.forwardCount].reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
  }

  /// The phase the run is in, or stands before.
  public var currentPhase: String? {
    switch cursor {
    case .phaseCondition(let phase), .phasePreconditions(let phase), .phaseVerify(let phase): outline.phases[phase].id
    case .step(let step), .unwind(let step): layout.phase(ofStep: step).map { outline.phases[$0].id }
    default: nil
    }
  }

  /// The step the run is at, going on or unwinding.
  public var currentStep: String? {
    switch cursor {
    case .step(let step), .unwind(let step), .afterRollback(let step): layout.sites[step].outline.id
    default: nil
    }
  }

  /// The step or check that is under way, or that comes first when the run goes on; nil where that is yet to be decided.
  public var subjectAtHand: String? { rechecks?.item?.check.id ?? current?.id.subject ?? list?.item?.check.id ?? currentStep }

  /// The effects that are under way and must be running; at most one, since there is one effect at a time.
  public var outstanding: [Effect] {
    guard let current, polling.nextAt == nil, !isSuspended, status == .running || status == .rollingBack else { return [] }
    // A gate or a wait that a pause by a trigger interrupted goes on when that trigger has passed.
    if isHeldByPause, isIdle { return [] }
    return [current]
  }

  /// When the runtime must send `tick` at the latest (milliseconds): a poll or a retry is due then.
  public var nextDeadline: Int64? {
    guard !isSuspended, status == .running || status == .rollingBack, !isHeldByPause || !isIdle else { return nil }
    return current == nil ? retryAt : polling.nextAt
  }

  /// How an effect under way has to be stopped, where a cause or a pause waits for it.
  public var stopWanted: InterruptMode? {
    guard let current, current.mutates || current.id.verb == .perform else { return nil }
    if ending != nil { return current.interrupt }
    guard pauseWanted != nil else { return nil }
    return current.interrupt == .batch ? .batch : .await
  }

  /// The exit status for the state of the run (contract, section 2); a run under a live lease is the runtime's business (7).
  public var exitCode: Int32 {
    switch status {
    case .pending, .running, .paused, .rollingBack: 6
    case .halted, .closed: 9
    case .blocked: 5
    case .succeeded: continuedFailures.isEmpty ? 0 : 9
    case .failed: 1
    case .rolledBack: 3
    case .rolledBackWithConflicts: 4
    }
  }
}
