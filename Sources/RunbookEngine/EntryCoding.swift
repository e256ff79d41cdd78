import RunbookPlan

/// What is wrong with a stored entry.
public struct EntryDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String
}

/// The stored form of entries, written by hand so that a rename in the code never changes what is on disk. Every payload is a map with the
/// time under `at`; keys whose value is absent or empty are left out.
extension Entry {
  /// The stored word for the adoption of an edited plan, which a reader has to know before it can fold what follows.
  public static let planAdoptedKind = "planAdopted"

  /// The stored word for the kind.
  public var kindName: String {
    switch kind {
    case .runStarted: "runStarted"
    case .leaseTaken: "leaseTaken"
    case .effectRequested: "effectRequested"
    case .effectFinished: "effectFinished"
    case .verdict: "verdict"
    case .checkSkipped: "checkSkipped"
    case .decision: "decision"
    case .triggerJudged: "triggerJudged"
    case .triggerFired: "triggerFired"
    case .cancelRequested: "cancelRequested"
    case .requestDeclined: "requestDeclined"
    case .unlocked: "unlocked"
    case .finalized: "finalized"
    case .cleanedUp: "cleanedUp"
    case .rollbackBegan: "rollbackBegan"
    case .runPaused: "runPaused"
    case .runHalted: "runHalted"
    case .runBlocked: "runBlocked"
    case .planAdopted: Entry.planAdoptedKind
    case .runEnded: "runEnded"
    case .polled: "polled"
    case .pollDue: "pollDue"
    case .triggerRepeated: "triggerRepeated"
    }
  }

  /// Keys of the payload under which ids of the plan and words of this program stand, never text from outside.
  public var structuralKeys: Set<String> {
    switch kind {
    case .runHalted: Entry.structure.union(["reason"])
    // A plan holds references to secrets, never their text.
    case .planAdopted: Entry.structure.union(["plan"])
    default: Entry.structure
    }
  }

  private static let structure: Set<String> = [
    "at", "effect", "check", "step", "phase", "trigger", "subject", "wish", "response", "verdict", "outcome", "finding", "status", "code",
    "request", "digest", "until", "epoch", "newProcess", "retryAt", "transient", "warnings", "conflicts", "inDoubt",
  ]

  public var payload: Value {
    var map = PayloadWriter(at: at)
    switch kind {
    case .runStarted(let info, let until):
      map["info"] = info
      map.put("until", until)
    case .leaseTaken(let epoch, let newProcess, let holder):
      map["epoch"] = .integer(epoch)
      map["newProcess"] = .bool(newProcess)
      map.put("holder", holder)
    case .effectRequested(let id), .pollDue(let id): map.put("effect", id.description)
    case .effectFinished(let id, let outcome, let retryAt):
      map.put("effect", id.description)
      outcome.write(to: &map)
      map.put("retryAt", retryAt)
    case .verdict(let id, let result, let retryAt):
      map.put("effect", id.description)
      result.write(to: &map)
      map.put("retryAt", retryAt)
    case .checkSkipped(let id): map.put("check", id)
    case .decision(.request(let request)), .requestDeclined(let request): request.write(to: &map)
    case .decision(.answer(let answer)):
      map.put("wish", "answer")
      map.put("subject", answer.subject)
      map["value"] = answer.value
      map.put("who", answer.who)
      map.put("request", answer.requestID)
    case .triggerJudged(let window), .triggerRepeated(let window): window.write(to: &map)
    case .triggerFired(let event): event.write(to: &map)
    case .cancelRequested(let rollback, let who, let reason, let requestID):
      map["rollback"] = .bool(rollback)
      map.put("who", who)
      map.put("reason", reason)
      map.put("request", requestID)
    case .cleanedUp(let targets): map["targets"] = targets
    case .unlocked(let who, let reason), .finalized(let who, let reason):
      map.put("who", who)
      map.put("reason", reason)
    case .rollbackBegan(let phase, let cause):
      map.put("phase", phase)
      map.put("cause", cause)
    case .runPaused(let reason): map.put("reason", reason)
    case .runHalted(let reason): reason.write(to: &map)
    case .runBlocked(let step): map.put("step", step)
    case .planAdopted(let adoption):
      map.put("digest", adoption.digest)
      map.put("plan", adoption.plan)
      map["params"] = adoption.params
    case .runEnded(let status): map.put("status", status.rawValue)
    case .polled(let id, let result, let nextAt, let holdSince, let errors):
      map.put("effect", id.description)
      result.write(to: &map)
      map.put("nextAt", nextAt)
      map.put("holdSince", holdSince)
      map.put("errors", Int64(errors))
    }
    return .map(map.map)
  }

  /// Reads what `kindName`, `version` and `payload` gave.
  public init(kind name: String, version: Int, payload: Value) throws(EntryDecodingError) {
    guard version == 1 else { throw EntryDecodingError(description: "an entry of version \(version) was written by a newer program") }
    let reader = PayloadReader(kind: name, value: payload)
    self.init(at: try reader.integer("at"), version: version, try Entry.kind(name, reader))
  }

  private static func kind(_ name: String, _ reader: PayloadReader) throws(EntryDecodingError) -> Kind {
    switch name {
    case "runStarted": .runStarted(info: reader["info"] ?? .emptyMap, until: reader.optionalText("until"))
    case "leaseTaken":
      .leaseTaken(epoch: try reader.integer("epoch"), newProcess: try reader.flag("newProcess"), holder: try reader.text("holder"))
    case "effectRequested": .effectRequested(try reader.effect())
    case "effectFinished": .effectFinished(try reader.effect(), try Outcome(reader), retryAt: reader.optionalInteger("retryAt"))
    case "verdict": .verdict(try reader.effect(), try CheckResult(reader), retryAt: reader.optionalInteger("retryAt"))
    case "checkSkipped": .checkSkipped(try reader.text("check"))
    case "decision": .decision(try Decision(reader))
    case "triggerJudged": .triggerJudged(try TriggerWindow(reader))
    case "triggerRepeated": .triggerRepeated(try TriggerWindow(reader))
    case "triggerFired": .triggerFired(try TriggerEvent(reader))
    case "cancelRequested":
      .cancelRequested(
        rollback: try reader.flag("rollback"), who: try reader.text("who"), reason: try reader.text("reason"),
        requestID: reader.optionalText("request"))
    case "requestDeclined": .requestDeclined(try Request(reader))
    case "unlocked": .unlocked(who: try reader.text("who"), reason: try reader.text("reason"))
    case "finalized": .finalized(who: try reader.text("who"), reason: try reader.text("reason"))
    case "cleanedUp": .cleanedUp(reader["targets"] ?? .emptyMap)
    case "rollbackBegan": .rollbackBegan(phase: reader.optionalText("phase"), cause: try reader.text("cause"))
    case "runPaused": .runPaused(reason: try reader.text("reason"))
    case "runHalted": .runHalted(try HaltReason(reader))
    case "runBlocked": .runBlocked(step: try reader.text("step"))
    case planAdoptedKind:
      .planAdopted(
        Adoption(digest: try reader.text("digest"), plan: try reader.text("plan"), params: reader["params"] ?? .emptyMap))
    case "runEnded": .runEnded(try reader.word("status"))
    case "pollDue": .pollDue(try reader.effect())
    case "polled":
      .polled(
        try reader.effect(), try CheckResult(reader), nextAt: try reader.integer("nextAt"), holdSince: reader.optionalInteger("holdSince"),
        errors: Int(try reader.integer("errors")))
    default: throw EntryDecodingError(description: "no entry is called '\(name)'")
    }
  }
}

/// Builds a payload; text and numbers that are absent are left out.
struct PayloadWriter {
  var map: ValueMap

  init(at: Int64) {
    map = ValueMap(minimumCapacity: 4)
    map["at"] = .integer(at)
  }

  subscript(key: String) -> Value? {
    get { map[key] }
    set { map[key] = newValue }
  }

  mutating func put(_ key: String, _ text: String?) {
    if let text { map[key] = .string(text) }
  }
  mutating func put(_ key: String, _ number: Int64?) {
    if let number { map[key] = .integer(number) }
  }
}

struct PayloadReader {
  let kind: String
  let value: Value

  subscript(key: String) -> Value? { value[key] }

  func optionalText(_ key: String) -> String? { value[key]?.stringValue }
  func optionalInteger(_ key: String) -> Int64? { value[key]?.integerValue }

  func missing(_ key: String) -> EntryDecodingError { EntryDecodingError(description: "an entry '\(kind)' lacks a good '\(key)'") }

  func text(_ key: String) throws(EntryDecodingError) -> String {
    guard let text = value[key]?.stringValue else { throw missing(key) }
    return text
  }
  func integer(_ key: String) throws(EntryDecodingError) -> Int64 {
    guard let number = value[key]?.integerValue else { throw missing(key) }
    return number
  }
  func flag(_ key: String) throws(EntryDecodingError) -> Bool {
    guard let flag = value[key]?.boolValue else { throw missing(key) }
    return flag
  }
  func word<Word: RawRepresentable>(_ key: String) throws(EntryDecodingError) -> Word where Word.RawValue == String {
    guard let word = Word(rawValue: try text(key)) else { throw missing(key) }
    return word
  }
  func effect() throws(EntryDecodingError) -> EffectID {
    guard let id = EffectID(try text("effect")) else { throw missing("effect") }
    return id
  }
}
