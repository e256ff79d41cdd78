import RunbookPlan

/// One fact of a run. The journal is a list of them, and the state is what `RunState.evolve` makes of the list.
public struct Entry: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case runStarted(info: Value, until: String?)
    case leaseTaken(epoch: Int64, newProcess: Bool, holder: String)
    case effectRequested(EffectID)
    /// `retryAt`: it failed, and is tried again then (milliseconds).
    case effectFinished(EffectID, Outcome, retryAt: Int64?)
    /// The last word of a check, or of the proof that an undo is whole; `retryAt` only for the latter.
    case verdict(EffectID, CheckResult, retryAt: Int64?)
    /// A check that is skipped without asking: it refers to a step that never started.
    case checkSkipped(String)
    case decision(Decision)
    /// A window of a trigger that says something new.
    case triggerJudged(TriggerWindow)
    case triggerFired(TriggerEvent)
    case cancelRequested(rollback: Bool, who: String, reason: String, requestID: String?)
    /// A row of the inbox that did not fit the state of the run: taken out, so that it is not carried out later, unasked.
    case requestDeclined(Request)
    /// A person gave reservations and lease of the run back, since its process was gone; the run itself stays.
    case unlocked(who: String, reason: String)
    /// A person gave up that the ended run can be rolled back; what its undo would need may be gone from here on.
    case finalized(who: String, reason: String)
    /// What was removed from the targets after that, and what is left there: a map with an entry for each target.
    case cleanedUp(Value)
    /// `phase`: nil where the whole plan is unwound.
    case rollbackBegan(phase: String?, cause: String)
    case runPaused(reason: String)
    case runHalted(HaltReason)
    case runBlocked(step: String)
    /// A person decided that the run goes on with an edited plan.
    case planAdopted(Adoption)
    case runEnded(RunStatus)
    /// Not the last word of a check that polls; never in the journal.
    case polled(EffectID, CheckResult, nextAt: Int64, holdSince: Int64?, errors: Int)
    /// The next poll is due; never in the journal.
    case pollDue(EffectID)
    /// A window like the one before, which is only counted; never in the journal.
    case triggerRepeated(TriggerWindow)
  }

  /// A decision of a person.
  public enum Decision: Sendable, Hashable {
    case request(Request)
    case answer(Answer)
  }

  /// The version of what this program writes.
  public static let currentVersion = 1

  /// Milliseconds since 1970.
  public let at: Int64
  public let kind: Kind
  public let version: Int

  public init(at: Int64, _ kind: Kind) {
    self.at = at
    self.kind = kind
    self.version = Entry.currentVersion
  }

  init(at: Int64, version: Int, _ kind: Kind) {
    self.at = at
    self.kind = kind
    self.version = version
  }

  /// It is about the process that leads the run and never reaches the journal: polls of a check, which start afresh after a crash, and
  /// windows of triggers that say nothing new.
  public var isTransient: Bool {
    switch kind {
    case .polled, .pollDue, .triggerRepeated: true
    default: false
    }
  }

  /// It must be durable before the runtime goes on, whatever comes next.
  public var commitsAtOnce: Bool {
    switch kind {
    case .effectRequested, .effectFinished, .verdict, .checkSkipped, .polled, .pollDue, .triggerRepeated: false
    default: true
    }
  }

  /// The row of the `requests` inbox that is consumed in the transaction of this entry.
  public var consumedRequest: String? {
    switch kind {
    case .decision(.request(let request)): request.requestID
    case .decision(.answer(let answer)): answer.requestID
    case .cancelRequested(_, _, _, let requestID): requestID
    case .requestDeclined(let request): request.requestID
    default: nil
    }
  }
}

/// Why a run stands halted.
public enum HaltReason: Sendable, Hashable {
  /// By its cause: a check or step whose policy is `halt`, or a cancel.
  case cause
  /// This phase was unwound; `resume` starts it again.
  case phaseUndone(String)
  /// Unwinding stopped at this step.
  case pointOfNoReturn(String)
}

public enum RunStatus: String, Sendable, Hashable, CaseIterable {
  case pending, running, paused, rollingBack, halted, blocked
  case succeeded, failed, rolledBack, rolledBackWithConflicts, closed

  /// Nothing follows, but the rollback of a succeeded run.
  public var isEnd: Bool {
    switch self {
    case .succeeded, .failed, .rolledBack, .rolledBackWithConflicts, .closed: true
    default: false
    }
  }
}

/// The words for steps and phases.
public enum StepStatus: String, Sendable, Hashable, CaseIterable { case pending, started, done, failed, skipped, undone }
