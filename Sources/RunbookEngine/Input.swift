import RunbookPlan

/// One thing that the runtime tells the engine, with the time (milliseconds) and the chance that came with it.
public struct Input: Sendable, Hashable {
  public enum Event: Sendable, Hashable {
    /// The run begins. `info` is kept in the journal as it is; `until` is the id of the phase or step after which the run pauses.
    case begin(info: Value, until: String?)
    /// This process leads the run from now on. `newProcess` is false only where a process takes its own lost lease again. A request that
    /// the lease was taken for is decided together with it, so that nothing starts in between.
    case leaseTaken(epoch: Int64, newProcess: Bool, holder: String, request: Request?)
    case finished(EffectID, Outcome)
    /// A deadline (`RunState.nextDeadline`) is due.
    case tick
    case request(Request)
    /// A request that time has overtaken: it is taken out of the inbox and not carried out.
    case decline(Request)
    /// A person's answer to the gate with this id (a step or check); recorded, and kept in the state for the gate's action to read.
    case answer(Answer)
    /// A full window of a live trigger; the engine records it, and acts where the trigger has to.
    case window(TriggerWindow)
    /// A trigger acts for another reason than a window.
    case trigger(TriggerEvent)
  }

  public var at: Int64
  /// From 0 up to 1.
  public var jitter: Double
  public var event: Event

  public init(at: Int64, jitter: Double = 0, _ event: Event) {
    self.at = at
    self.jitter = jitter
    self.event = event
  }
}

/// What a person (or a signal) wants of a run.
public struct Request: Sendable, Hashable {
  public enum Wish: Sendable, Hashable {
    case pause
    case resume
    /// Resume after a halt by this check, taking its verdict as accepted.
    case acceptCheck(String)
    /// Go on with the edited plan of this digest, which was made known (`RunState.know`).
    case adopt(digest: String)
    case cancel(rollback: Bool)
    /// Unwind the whole plan; on a blocked run: try again.
    case rollback
    case skipUndo(String)
    case pastPoint(String)
    /// How fast what is carried out in batches may go from now on; nil as the plan says.
    case pace(Pace?)
    case close
  }

  public var wish: Wish
  public var who: String
  public var reason: String
  /// The row of the `requests` inbox that this entry consumes.
  public var requestID: String?

  public init(_ wish: Wish, who: String, reason: String = "", requestID: String? = nil) {
    self.wish = wish
    self.who = who
    self.reason = reason
    self.requestID = requestID
  }
}

public struct Answer: Sendable, Hashable {
  /// The id of the step or check that asked.
  public var subject: String
  public var value: Value
  public var who: String
  public var requestID: String?

  public init(subject: String, value: Value, who: String, requestID: String? = nil) {
    self.subject = subject
    self.value = value
    self.who = who
    self.requestID = requestID
  }
}

/// What a trigger does.
public struct TriggerEvent: Sendable, Hashable {
  public enum Response: String, Sendable, Hashable { case rollback, pause, warn }

  public var id: String
  public var response: Response
  /// The phase it stands in; nil for one of the plan.
  public var phase: String?
  public var verdict: Verdict
  public var message: String

  public init(id: String, response: Response, phase: String? = nil, verdict: Verdict, message: String) {
    self.id = id
    self.response = response
    self.phase = phase
    self.verdict = verdict
    self.message = message
  }
}
