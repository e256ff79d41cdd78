import RunbookSyntax

/// Why a text is no reference.
struct ReferenceMistake: Error {
  var message: String
  var help: String?
}

extension Reference {
  /// Takes the text between the braces apart.
  static func parse(_ text: String, range: SourceRange) throws(ReferenceMistake) -> Reference {
    let (first, path) = try PathText.split(text, what: "reference '\(text)'")
    guard let root = Root(rawValue: first) else {
      let meant = nearest(to: first, among: Root.allCases.map(\.rawValue))
      throw ReferenceMistake(
        message: "nothing is called '\(first)' in a reference",
        help: meant.map { "did you mean '\($0)'?" } ?? "references begin with \(Root.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let reference = Reference(root: root, path: path, text: text, range: range)
    try reference.checkShape()
    return reference
  }

  private func checkShape() throws(ReferenceMistake) {
    switch root {
    case .params, .secrets, .metadata, .run:
      guard path.count == 1 else { throw shape("\(root.rawValue).NAME") }
      if root == .run { try member(of: ["id", "startedAt", "date", "initiator"], at: 0) }
      if root == .metadata { try member(of: ["id", "title", "keepUndo"], at: 0) }
    case .steps:
      guard path.count >= 2 else { throw shape("steps.STEP.status or steps.STEP.outputs.NAME") }
      try member(of: ["status", "outputs"], at: 1)
      guard path[1] == "status" ? path.count == 2 : path.count >= 3 else { throw shape("steps.STEP.status or steps.STEP.outputs.NAME") }
    case .checks:
      guard path.count >= 2 else { throw shape("checks.CHECK.verdict, checks.CHECK.observed or checks.CHECK.outputs.NAME") }
      try member(of: ["verdict", "observed", "outputs"], at: 1)
      guard path[1] == "outputs" ? path.count >= 3 : path[1] == "observed" || path.count == 2 else {
        throw shape("checks.CHECK.verdict, checks.CHECK.observed or checks.CHECK.outputs.NAME")
      }
    case .triggers:
      guard path.count == 2 else { throw shape("triggers.TRIGGER.NAME") }
      try member(of: ["verdict", "observed", "samples", "failures", "errorRate", "longestGap", "p50", "p95"], at: 1)
    case .phases:
      guard path.count == 2 else { throw shape("phases.PHASE.status") }
      try member(of: ["status"], at: 1)
    case .captured, .baselines:
      guard path.count >= 2 else { throw shape("\(root.rawValue).ID.NAME") }
    case .sample:
      guard !path.isEmpty else { throw shape("sample.n or sample.body.NAME") }
      try member(of: ["n", "body"], at: 0)
    }
  }

  private func shape(_ form: String) -> ReferenceMistake {
    ReferenceMistake(message: "'\(text)' is no complete reference", help: "write \(form)")
  }

  private func member(of names: [String], at index: Int) throws(ReferenceMistake) {
    if names.contains(path[index]) { return }
    let owner = ([root.rawValue] + path[..<index]).joined(separator: ".")
    let meant = RunbookSyntax.nearest(to: path[index], among: names)
    throw ReferenceMistake(
      message: "'\(owner)' has no '\(path[index])'",
      help: meant.map { "did you mean '\($0)'?" } ?? "it has \(names.joined(separator: ", "))")
  }
}

/// Names joined by dots; one that holds a dot stands in double quotes.
enum PathText {
  /// - Returns: the first name and those behind it.
  static func split(_ text: String, what: @autoclosure () -> String) throws(ReferenceMistake) -> (first: String, rest: [String]) {
    var text = text
    let result = text.withUTF8 { bytes in Result { () throws(ReferenceMistake) in try split(bytes, what: what) } }
    return try result.get()
  }

  private static func split(_ bytes: UnsafeBufferPointer<UInt8>, what: () -> String) throws(ReferenceMistake) -> (String, [String]) {
    var first: String?
    var rest: [String] = []
    var start = 0
    while true {
      let name: Slice<UnsafeBufferPointer<UInt8>>
      var end = start
      if start < bytes.count, bytes[start] == UInt8(ascii: "\"") {
        guard let quote = bytes[(start + 1)...].firstIndex(of: UInt8(ascii: "\"")) else {
          throw ReferenceMistake(message: "a quote is not closed in \(what())", help: "close it, like groups.\"a.b\"")
        }
        name = bytes[(start + 1)..<quote]
        end = quote + 1
      } else {
        while end < bytes.count, bytes[end] != UInt8(ascii: ".") { end += 1 }
        if end == start { throw ReferenceMistake(message: "a name is missing in \(what())", help: "write names joined by single dots") }
        if let odd = bytes[start..<end].first(where: isOdd) {
          let mark = String(decoding: [odd], as: UTF8.self)
          throw ReferenceMistake(
            message: odd == 0x20 ? "a blank stands inside \(what())" : "'\(mark)' cannot stand in \(what())",
            help: "only names joined by dots are allowed; there is no expression language")
        }
        name = bytes[start..<end]
      }
      if first == nil {
        first = String(decoding: name, as: UTF8.self)
        // Most paths have three names behind their root.
        rest.reserveCapacity(3)
      } else {
        rest.append(String(decoding: name, as: UTF8.self))
      }
      if end == bytes.count { return (first ?? "", rest) }
      guard bytes[end] == UInt8(ascii: ".") else {
        throw ReferenceMistake(message: "a dot is missing in \(what())", help: "write names joined by dots")
      }
      start = end + 1
    }
  }

  private static func isOdd(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x00...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"),
      UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"), UInt8(ascii: "+"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "="),
      UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: ","), UInt8(ascii: "?"), UInt8(ascii: ":"):
      true
    default: false
    }
  }
}

extension FieldPath {
  init(parsing text: String) throws(ReferenceMistake) {
    let (first, rest) = try PathText.split(text, what: "field '\(text)'")
    self.init(text: text, parts: [first] + rest)
  }
}
