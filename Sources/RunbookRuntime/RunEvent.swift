import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// What a run tells while it goes on. Entries are told after they are recorded.
public enum RunEvent: Sendable {
  /// Recorded facts, in order.
  case recorded([Entry])
  case progress(effect: EffectID, Progress)
  /// What asking a check once gave; the check may be asked again. The last word is recorded.
  case looked(EffectID, CheckResult)
  /// A full window of a trigger. One that says something new is recorded, too.
  case judged(TriggerWindow)
  /// The run waits for something outside: a lease, a retry, a person.
  case waiting(String)
  /// Something a person should know that is no entry: that the stored plan is used, that a stop was asked for.
  case notice(String)
  /// Warnings of an action that succeeded.
  case warnings(subject: String, [String])
}

/// Shows or forwards what a run tells. Called in order, from one place; must not take long.
public protocol RunObserver: Sendable {
  func observe(_ event: RunEvent)
}

/// Why a run could not begin or had to stop where it was: with the exit status and the three things a person needs.
public struct RunFailure: Error, Sendable, Hashable {
  public var code: String
  public var exitStatus: Int32
  /// What failed.
  public var message: String
  /// In what state everything is.
  public var standing: String
  /// The exact commands that can come next.
  public var next: [String]

  public init(code: String, exitStatus: Int32, message: String, standing: String, next: [String]) {
    self.code = code
    self.exitStatus = exitStatus
    self.message = message
    self.standing = standing
    self.next = next
  }
}

/// How a call of `execute`, `resume` or `rollback` ended.
public struct RunEnding: Sendable {
  public var run: String
  public var state: RunState
  /// Where the run waits for people: what for.
  public var waitsFor: String?

  public init(run: String, state: RunState, waitsFor: String?) {
    self.run = run
    self.state = state
    self.waitsFor = waitsFor
  }
}
