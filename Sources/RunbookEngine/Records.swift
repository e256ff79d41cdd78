import RunbookPlan

/// What is known of a step's effect.
public enum EffectKnowledge: Sendable, Hashable {
  case notRequested
  /// It was requested, and its outcome is not known (yet, or any more).
  case unknown
  case happened
  /// It ended with a failure; parts of it may stand.
  case failed
  /// It stopped at a batch border.
  case partly
  /// A probe found that it did not happen.
  case notHappened
}

/// How far the unwinding of a step is.
public enum UndoStatus: Sendable, Hashable {
  case notBegun, underway, undone
  /// Undone together with its covering step, when that is undone.
  case covered
  case notNeeded
  /// Given up by a person (`--skip`, `--past`): its changes stand.
  case skipped(reason: String)
  /// The last try failed; the run is blocked, or waits for the next try.
  case failed(Failure)
}

/// What a run knows of a step.
public struct StepRecord: Sendable, Hashable {
  public internal(set) var status = StepStatus.pending
  /// Effects requested so far.
  public internal(set) var attempts = 0
  public internal(set) var startedAt: Int64?
  public internal(set) var endedAt: Int64?
  public internal(set) var outputs = Value.emptyMap
  /// What was captured before the effect; nil before that.
  public internal(set) var captures: Value?
  public internal(set) var failure: Failure?
  public internal(set) var effect = EffectKnowledge.notRequested
  public internal(set) var undo = UndoStatus.notBegun
  /// Conflicts and doubts of its undo, and what the undo said of them.
  public var conflicts: Int { undoConflicts + listConflicts }
  public internal(set) var inDoubt = 0
  public internal(set) var undoDetails = Value.emptyMap

  /// The id under which its effects were carried out, where an adopted plan has renamed it since.
  public internal(set) var recordedAs: String?

  var stage = StepStage.condition
  /// Failed tries since the last time a person said go on.
  var tries = 0
  var probeTries = 0
  var unwinding = UnwindingStage.probe
  var undoTries = 0
  var undoItem = 0
  /// What the action's inverse left as it is, and what a check of the undo list warned of.
  var undoConflicts = 0
  var listConflicts = 0
  /// A verify of the undo list passed, or the inverse was proved.
  var undoVerified = false
  /// A mutating effect of it was requested and is not unwound.
  var hasIntent = false
}

enum StepStage: Sendable, Hashable { case condition, preconditions, capture, perform, probe, verify, over }

enum UnwindingStage: Sendable, Hashable { case probe, undo, verifyUndone, over }

public struct PhaseRecord: Sendable, Hashable {
  public internal(set) var status = StepStatus.pending
  public internal(set) var startedAt: Int64?
  public internal(set) var endedAt: Int64?
}

public struct CheckRecord: Sendable, Hashable {
  /// The last word; nil where it was not asked.
  public internal(set) var result: CheckResult?
  public internal(set) var at: Int64?
  /// A person accepted its verdict after a halt.
  public internal(set) var acceptedBy: String?
}

/// Why a run does not simply go on.
public struct Cause: Sendable, Hashable {
  public enum Origin: Sendable, Hashable {
    case check(String, Verdict)
    case step(String)
    case phase(String)
    case trigger(String)
    case cancel
    case rollbackRequest

    /// The id of what it came from, where it has one.
    public var subject: String? {
      switch self {
      case .check(let id, _), .step(let id), .phase(let id), .trigger(let id): id
      case .cancel, .rollbackRequest: nil
      }
    }
  }
  public enum Response: Sendable, Hashable { case rollback, halt }

  public let origin: Origin
  public let response: Response
  /// The phase that a rollback for this cause is limited to.
  public let phase: String?
  public let at: Int64
  public let message: String
}

/// A person's decision that an ended run need not be rolled back any more.
public struct Finalization: Sendable, Hashable {
  public let who: String
  public let reason: String
  /// Milliseconds since 1970.
  public let at: Int64
}

public struct Warning: Sendable, Hashable {
  public let at: Int64
  /// The id of the step, check or trigger.
  public let subject: String
  public let message: String
}
