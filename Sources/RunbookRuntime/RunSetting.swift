import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import Synchronization

/// Everything outside the engine that one run is led with. All of it is replaceable.
public struct RunSetting: Sendable {
  /// The plan that the run goes on with.
  public var bound: BoundPlan
  /// That plan and the ones before it.
  public var plans: PlanVersions
  public var run: RunFacts
  public var header: RunHeader
  public var journal: any Journal
  public var redactor: Redactor
  public var observer: any RunObserver
  public var clock: any RunClock
  public var console: (any Console)?
  /// Who sits at this process, as the operating system says.
  public var user: String
  public var answersByItself: Bool
  /// This process ends where the run waits for people or is paused, although triggers fall asleep with it.
  public var detaches: Bool
  /// Where relative paths of the plan begin.
  public var planDirectory = "."
  /// What the review of a saved plan relied on; a new run of it begins only where that still holds.
  public var pinned: PinnedFacts?
  public var owner: LeaseOwner
  /// From 0 up to 1, for waits between tries.
  public var jitter: @Sendable () -> Double

  /// How often the inbox of requests is looked at, in milliseconds.
  static let lookInterval: Int64 = 250

  public init(
    bound: BoundPlan, run: RunFacts, header: RunHeader, journal: any Journal, redactor: Redactor, observer: any RunObserver,
    clock: any RunClock, console: (any Console)?, user: String, answersByItself: Bool, owner: LeaseOwner,
    jitter: @escaping @Sendable () -> Double, detaches: Bool = false
  ) {
    self.detaches = detaches
    self.bound = bound
    plans = PlanVersions(first: Outline(bound))
    self.run = run
    self.header = header
    self.journal = journal
    self.redactor = redactor
    self.observer = observer
    self.clock = clock
    self.console = console
    self.user = user
    self.answersByItself = answersByItself
    self.owner = owner
    self.jitter = jitter
  }
}

extension RunFailure {
  init(recording error: JournalError, run: String) {
    if case .damaged = error {
      self.init(
        code: "RB2504", exitStatus: error.exitStatus, message: "\(error)", standing: "nothing was done after that was found",
        next: ["runbook verify \(run)", "bring the state file back from a copy"])
      return
    }
    self.init(
      code: "RB2504", exitStatus: error.exitStatus, message: "\(error)",
      standing: "nothing was done after that; what was recorded before it stands", next: ["runbook status \(run)", "runbook resume \(run)"])
  }
}

/// Lets one word of progress through each quarter of a second.
final class ProgressPace: Sendable {
  private let clock: any RunClock
  private let last = Atomic<Int64>(0)

  init(clock: any RunClock) {
    self.clock = clock
  }

  func isDue() -> Bool {
    let now = clock.now()
    let before = last.load(ordering: .relaxed)
    return now - before >= 250 && last.compareExchange(expected: before, desired: now, ordering: .relaxed).exchanged
  }
}

extension Progress {
  var value: Value {
    var map: [(String, Value)] = [("done", .integer(done)), ("unit", .string(unit))]
    if let total { map.append(("total", .integer(total))) }
    if let note { map.append(("note", .string(note))) }
    return .map(ValueMap(uniqueKeysWithValues: map))
  }
}

extension Outcome {
  /// The same without secrets, so that the state in memory is what the journal will tell.
  func redacted(by redactor: Redactor) -> Outcome {
    switch self {
    case .done(let outputs, let warnings): .done(outputs: redactor.redact(outputs), warnings: warnings)
    case .failed(let failure): .failed(failure.redacted(by: redactor))
    case .unknown(let failure): .unknown(failure.redacted(by: redactor))
    case .undone(let conflicts, let inDoubt, let details):
      .undone(conflicts: conflicts, inDoubt: inDoubt, details: redactor.redact(details))
    case .checked(var result):
      {
        result.observed = redactor.redact(result.observed)
        result.outputs = redactor.redact(result.outputs)
        result.message = redactor.redact(result.message)
        return .checked(result)
      }()
    case .probed(.happened(let outputs)): .probed(.happened(outputs: redactor.redact(outputs)))
    case .probed(.unknown(let failure)): .probed(.unknown(failure.redacted(by: redactor)))
    case .interrupted, .condition, .probed: self
    }
  }
}

extension Input.Event {
  /// The same without secrets: outcomes are redacted where they come from, and this is for what people write.
  func redacted(by redactor: Redactor) -> Input.Event {
    switch self {
    case .request(var request):
      request.reason = redactor.redact(request.reason)
      return .request(request)
    case .decline(var request):
      request.reason = redactor.redact(request.reason)
      return .decline(request)
    case .leaseTaken(let epoch, let newProcess, let holder, var request):
      if let reason = request?.reason { request?.reason = redactor.redact(reason) }
      return .leaseTaken(epoch: epoch, newProcess: newProcess, holder: holder, request: request)
    case .answer(var answer):
      answer.value = redactor.redact(answer.value)
      return .answer(answer)
    case .begin(let info, let until): return .begin(info: redactor.redact(info), until: until)
    // Windows and what follows from them are redacted where they are made.
    case .finished, .tick, .window, .trigger: return self
    }
  }
}

extension Failure {
  func redacted(by redactor: Redactor) -> Failure {
    Failure(code: code, message: redactor.redact(message), transient: transient)
  }
}

/// What is said when a stop is asked for.
enum StopNotice {
  static func text(for state: borrowing RunState, _ bound: BoundPlan) -> String {
    // What changes nothing is given up at once: checks, waits, questions to people.
    guard let effect = state.outstanding.first, effect.mutates else { return "stopping; once more stops at once" }
    return switch effect.interrupt {
    case .batch: "stopping at the next batch border of '\(effect.id.subject)'; once more stops at once"
    case .abort, .await: "stopping when '\(effect.id.subject)' has ended\(limit(of: effect, bound)); once more stops at once"
    }
  }

  /// How long a program may take, from its start; of other actions only the action knows.
  private static func limit(of effect: Effect, _ bound: BoundPlan) -> String {
    guard let step = bound.steps[effect.id.subject], step.call.descriptor.targetType == "exec" else { return "" }
    let limit = DurationText.format(microseconds: step.limits.timeout ?? ProgramCall.defaultTimeout)
    return " (at most \(limit) after its start)"
  }
}

extension NewRecord {
  /// The engine's entry as it is recorded.
  init(_ entry: Entry, epoch: Int64) {
    self.init(
      epoch: epoch, at: entry.at, version: entry.version, kind: entry.kindName, payload: entry.payload, structuralKeys: entry.structuralKeys
    )
  }
}

extension RequestRow {
  /// What the row asks for, in the engine's words; nil for a kind that this version does not know.
  var event: Input.Event? {
    let reason = argument["reason"]?.stringValue ?? ""
    let step = argument["step"]?.stringValue ?? ""
    switch kind {
    case RequestKind.answer:
      return .answer(Answer(subject: argument["subject"]?.stringValue ?? "", value: argument, who: who, requestID: id))
    case RequestKind.pause: return .request(Request(.pause, who: who, reason: reason, requestID: id))
    case RequestKind.cancel:
      let rollback = argument["rollback"]?.boolValue ?? false
      return .request(Request(.cancel(rollback: rollback), who: who, reason: reason, requestID: id))
    case RequestKind.rollback: return .request(Request(.rollback, who: who, reason: reason, requestID: id))
    case RequestKind.resume: return .request(Request(.resume, who: who, reason: reason, requestID: id))
    case RequestKind.skip: return .request(Request(.skipUndo(step), who: who, reason: reason, requestID: id))
    case RequestKind.pace: return .request(Request(.pace(Pace(argument["pace"])), who: who, reason: reason, requestID: id))
    default: return nil
    }
  }
}

/// The kinds of rows in the inbox.
public enum RequestKind {
  public static let answer = "answer"
  public static let pause = "pause"
  /// Go on, asked of a process that leads a paused run and waits.
  public static let resume = "resume"
  public static let cancel = "cancel"
  public static let rollback = "rollback"
  public static let skip = "skip"
  public static let pace = "pace"
}
