import RunbookPlan

/// The name of an effect: stable over crashes, told in the journal and, for effects that change something, in receipts.
public struct EffectID: Sendable, Hashable, CustomStringConvertible {
  public enum Verb: String, Sendable, Hashable, CaseIterable {
    /// Evaluate the `when` of a step, phase or check: answer `condition`.
    case condition
    /// Ask a check once: answer `checked`.
    case check
    /// Capture what a step's undo will need: answer `done` with a map of captures.
    case capture
    /// A step's own effect (also of a step in an undo list, or of `afterRollback`): answer `done`, `failed`, `unknown` or `interrupted`.
    case perform = "step"
    /// Did the step's effect happen? Answer `probed`.
    case probe
    /// The inverse of a step by its action: answer `undone`, `failed`, `unknown` or `interrupted`.
    case undo
    /// Is the step's effect gone? Answer `checked`.
    case verifyUndone
  }

  public let verb: Verb
  /// The id of the step, check or phase.
  public let subject: String
  /// Counts the effects of this verb and subject from 1; for `perform` it is the attempt.
  public let serial: Int

  public init(verb: Verb, subject: String, serial: Int) {
    self.verb = verb
    self.subject = subject
    self.serial = serial
  }

  /// `step:add-fields#1`, `undo:add-fields#2`, `check:all-there#1`.
  public var description: String { "\(verb.rawValue):\(subject)#\(serial)" }

  /// Reads what `description` wrote.
  public init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":"), let hash = text.lastIndex(of: "#"), colon < hash,
      let verb = Verb(rawValue: String(text[..<colon])),
      let serial = Int(text[text.index(after: hash)...]), serial > 0
    else { return nil }
    self.init(verb: verb, subject: String(text[text.index(after: colon)..<hash]), serial: serial)
  }
}

/// An effect that is under way: what the runtime has to start, and to answer with `Input.Event.finished`.
public struct Effect: Sendable, Hashable {
  public let id: EffectID
  /// When it was requested first (milliseconds); the deadlines of gates and waits count from here, over crashes and pauses too.
  public let requestedAt: Int64
  /// Counts the polls of a check with `within` or `holdFor`, from 0.
  public internal(set) var poll = 0
  /// It only reads, so that it may start before its intent is durable.
  public let isRead: Bool
  /// It may change what a rollback has to think of.
  public let mutates: Bool
  public let interrupt: InterruptMode

  public var attempt: Int { id.serial }

  init(id: EffectID, requestedAt: Int64, poll: Int = 0, isRead: Bool, mutates: Bool, interrupt: InterruptMode) {
    self.id = id
    self.requestedAt = requestedAt
    self.poll = poll
    self.isRead = isRead
    self.mutates = mutates
    self.interrupt = interrupt
  }

  /// One that only reads, outside of any run.
  public init(id: EffectID, reading requestedAt: Int64) {
    self.init(id: id, requestedAt: requestedAt, isRead: true, mutates: false, interrupt: .abort)
  }
}

/// Why an effect failed.
public struct Failure: Sendable, Hashable, Error {
  public var code: String
  public var message: String
  /// A retry may help.
  public var transient: Bool

  public init(code: String, message: String, transient: Bool = false) {
    self.code = code
    self.message = message
    self.transient = transient
  }
}

/// What asking a check once gave.
public struct CheckResult: Sendable, Hashable {
  public var verdict: Verdict
  public var observed: Value
  public var outputs: Value
  public var message: String
  /// For verdict `error`: a retry may help.
  public var transient: Bool

  public init(_ verdict: Verdict, observed: Value = .null, outputs: Value = .emptyMap, message: String = "", transient: Bool = false) {
    self.verdict = verdict
    self.observed = observed
    self.outputs = outputs
    self.message = message
    self.transient = transient
  }
}

/// What a probe found out about an effect whose outcome was lost.
public enum ProbeFinding: Sendable, Hashable {
  case happened(outputs: Value)
  case notHappened
  /// Some of it: run again (guards make that harmless) or undo.
  case partly
  case unknown(Failure)
}

/// How an effect ended.
public enum Outcome: Sendable, Hashable {
  /// `warnings` counts what was in doubt or collected on the way; their texts stand in the output `warnings`, where there are any.
  case done(outputs: Value, warnings: Int)
  /// It ended, and it failed; what it had done by then may stand.
  case failed(Failure)
  /// Nobody knows whether it happened.
  case unknown(Failure)
  /// It stopped at a batch border as it was asked to; it may be run again.
  case interrupted
  case undone(conflicts: Int, inDoubt: Int, details: Value)
  case condition(Bool)
  case checked(CheckResult)
  case probed(ProbeFinding)

  public static func done(_ outputs: Value = .emptyMap) -> Outcome { .done(outputs: outputs, warnings: 0) }
  public static func undone() -> Outcome { .undone(conflicts: 0, inDoubt: 0, details: .emptyMap) }
}
