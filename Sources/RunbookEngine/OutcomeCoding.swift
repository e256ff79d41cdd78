import RunbookPlan

extension Outcome {
  func write(to map: inout PayloadWriter) {
    switch self {
    case .done(let outputs, let warnings):
      map.put("outcome", "done")
      map["outputs"] = outputs
      if warnings > 0 { map.put("warnings", Int64(warnings)) }
    case .failed(let failure):
      map.put("outcome", "failed")
      failure.write(to: &map)
    case .unknown(let failure):
      map.put("outcome", "unknown")
      failure.write(to: &map)
    case .interrupted: map.put("outcome", "interrupted")
    case .undone(let conflicts, let inDoubt, let details):
      map.put("outcome", "undone")
      map.put("conflicts", Int64(conflicts))
      map.put("inDoubt", Int64(inDoubt))
      map["details"] = details
    case .condition(let holds):
      map.put("outcome", "condition")
      map["holds"] = .bool(holds)
    case .checked(let result):
      map.put("outcome", "checked")
      result.write(to: &map)
    case .probed(let finding):
      map.put("outcome", "probed")
      finding.write(to: &map)
    }
  }

  init(_ reader: PayloadReader) throws(EntryDecodingError) {
    switch try reader.text("outcome") {
    case "done": self = .done(outputs: reader["outputs"] ?? .emptyMap, warnings: Int(reader.optionalInteger("warnings") ?? 0))
    case "failed": self = .failed(try Failure(reader))
    case "unknown": self = .unknown(try Failure(reader))
    case "interrupted": self = .interrupted
    case "undone":
      self = .undone(
        conflicts: Int(try reader.integer("conflicts")), inDoubt: Int(try reader.integer("inDoubt")),
        details: reader["details"] ?? .emptyMap)
    case "condition": self = .condition(try reader.flag("holds"))
    case "checked": self = .checked(try CheckResult(reader))
    case "probed": self = .probed(try ProbeFinding(reader))
    default: throw reader.missing("outcome")
    }
  }
}

extension Failure {
  func write(to map: inout PayloadWriter) {
    map.put("code", code)
    map.put("message", message)
    if transient { map["transient"] = true }
  }

  init(_ reader: PayloadReader) throws(EntryDecodingError) {
    self.init(code: try reader.text("code"), message: try reader.text("message"), transient: reader["transient"]?.boolValue ?? false)
  }
}

extension ProbeFinding {
  func write(to map: inout PayloadWriter) {
    switch self {
    case .happened(let outputs):
      map.put("finding", "happened")
      map["outputs"] = outputs
    case .notHappened: map.put("finding", "notHappened")
    case .partly: map.put("finding", "partly")
    case .unknown(let failure):
      map.put("finding", "unknown")
      failure.write(to: &map)
    }
  }

  init(_ reader: PayloadReader) throws(EntryDecodingError) {
    switch try reader.text("finding") {
    case "happened": self = .happened(outputs: reader["outputs"] ?? .emptyMap)
    case "notHappened": self = .notHappened
    case "partly": self = .partly
    case "unknown": self = .unknown(try Failure(reader))
    default: throw reader.missing("finding")
    }
  }
}

extension CheckResult {
  func write(to map: inout PayloadWriter) {
    map.put("verdict", verdict.rawValue)
    if observed != .null { map["observed"] = observed }
    if outputs != .emptyMap { map["outputs"] = outputs }
    if !message.isEmpty { map.put("message", message) }
    if transient { map["transient"] = true }
  }

  init(_ reader: PayloadReader) throws(EntryDecodingError) {
    self.init(
      try reader.word("verdict"), observed: reader["observed"] ?? .null, outputs: reader["outputs"] ?? .emptyMap,
      message: reader.optionalText("message") ?? "", transient: reader["transient"]?.boolValue ?? false)
  }
}

extension HaltReason {
  func write(to map: inout PayloadWriter) {
    switch self {
    case .cause: map.put("reason", "cause")
    case .phaseUndone(let phase):
      map.put("reason", "phaseUndone")
      map.put("phase", phase)
    case .pointOfNoReturn(let step):
      map.put("reason", "pointOfNoReturn")
      map.put("step", step)
    }
  }

  init(_ reader: PayloadReader) throws(EntryDecodingError) {
    switch try reader.text("reason") {
    case "cause": self = .cause
    case "phaseUndone": self = .phaseUndone(try reader.text("phase"))
    case "pointOfNoReturn": self = .pointOfNoReturn(try reader.text("step"))
    default: throw reader.missing("reason")
    }
  }
}

extension Request {
  func write(to map: inout PayloadWriter) {
    switch wish {
    case .pause: map.put("wish", "pause")
    case .resume: map.put("wish", "resume")
    case .acceptCheck(let check):
      map.put("wish", "acceptCheck")
      map.put("subject", check)
    case .adopt(let digest):
      map.put("wish", "adopt")
      map.put("digest", digest)
    case .cancel(let rollback):
      map.put("wish", "cancel")
      map["rollback"] = .bool(rollback)
    case .rollback: map.put("wish", "rollback")
    case .skipUndo(let step):
      map.put("wish", "skipUndo")
      map.put("subject", step)
    case .pastPoint(let step):
      map.put("wish", "pastPoint")
      map.put("subject", step)
    case .pace(let pace):
      map.put("wish", "pace")
      map["pace"] = pace?.value ?? .null
    case .close: map.put("wish", "close")
    }
    map.put("who", who)
    map.put("reason", reason)
    map.put("request", requestID)
  }

  private static func wish(_ reader: PayloadReader) throws(EntryDecodingError) -> Wish {
    switch try reader.text("wish") {
    case "pause": .pause
    case "resume": .resume
    case "acceptCheck": .acceptCheck(try reader.text("subject"))
    case "adopt": .adopt(digest: try reader.text("digest"))
    case "cancel": .cancel(rollback: try reader.flag("rollback"))
    case "rollback": .rollback
    case "skipUndo": .skipUndo(try reader.text("subject"))
    case "pastPoint": .pastPoint(try reader.text("subject"))
    case "pace": .pace(Pace(reader["pace"]))
    case "close": .close
    default: throw reader.missing("wish")
    }
  }

  init(_ reader: PayloadReader) throws(EntryDecodingError) {
    self.init(
      try Request.wish(reader), who: try reader.text("who"), reason: try reader.text("reason"), requestID: reader.optionalText("request"))
  }
}

extension Entry.Decision {
  init(_ reader: PayloadReader) throws(EntryDecodingError) {
    if try reader.text("wish") == "answer" {
      self = .answer(
        Answer(
          subject: try reader.text("subject"), value: reader["value"] ?? .null, who: try reader.text("who"),
          requestID: reader.optionalText("request")))
    } else {
      self = .request(try Request(reader))
    }
  }
}
