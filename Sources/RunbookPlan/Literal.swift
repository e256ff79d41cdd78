import RunbookSyntax

/// A written value that has no type of its own: operands of matchers, values in MongoDB documents.
enum Literal {
  struct Mistake: Error {
    var code: PlanCode
    var message: String
    var help: String?
  }

  /// Plain JSON literals are typed, other text is text. What YAML's core schema would take for more than text, but JSON would not, is refused,
  /// since programs disagree about it.
  static func value(_ scalar: Scalar) throws(Mistake) -> Value {
    let text = scalar.text
    // Most text begins with a letter that begins no literal.
    guard scalar.isPlain, mayBeTyped(text) else { return .string(text) }
    switch ScalarClass.json(text.utf8) {
    case .null: return .null
    case .boolean: return .bool(text == "true")
    case .integer:
      if let number = Int64(text) { return .integer(number) }
      throw Mistake(
        code: .numberTooLarge, message: "\(text) does not fit into 64 bits",
        help: "put it in quotes, or write { $numberDecimal: \"\(text)\" } in a MongoDB document")
    case .float:
      if let number = Double(text), number.isFinite { return .double(number) }
      throw Mistake(code: .numberTooLarge, message: "\(text) is too large for a number", help: "put it in quotes")
    case .text: break
    }
    let core = ScalarClass.core(text.utf8)
    if core == .text { return .string(text) }
    throw ambiguous(text, core)
  }

  private static func mayBeTyped(_ text: String) -> Bool {
    guard let first = text.utf8.first else { return true }
    switch first {
    case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "~"): return true
    case UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"): return true
    default: return false
    }
  }

  private static func ambiguous(_ text: String, _ core: ScalarClass) -> Mistake {
    if text.isEmpty { return Mistake(code: .ambiguousLiteral, message: "a value is missing", help: "write null, or \"\" for empty text") }
    var json: String?
    switch core {
    case .null: json = "null"
    case .boolean: json = text.lowercased()
    case .integer:
      if text.hasPrefix("0x") {
        json = Int64(text.dropFirst(2), radix: 16).map { String($0) }
      } else if text.hasPrefix("0o") {
        json = Int64(text.dropFirst(2), radix: 8).map { String($0) }
      } else {
        json = Int64(text).map { String($0) }
      }
    case .float: json = Double(text).flatMap { $0.isFinite ? "\($0)" : nil }
    case .text: break
    }
    return Mistake(
      code: .ambiguousLiteral, message: "'\(text)' is read as text by some programs and as \(name(core)) by others",
      help: "write \"\(text)\" for text" + (json.map { ", or \($0)" } ?? ""))
  }

  private static func name(_ core: ScalarClass) -> String {
    switch core {
    case .null: "null"
    case .boolean: "a boolean"
    case .integer, .float: "a number"
    case .text: "text"
    }
  }

  /// Whether greater and smaller mean something for the text.
  static func isOrdered(_ text: String) -> Bool {
    switch ScalarClass.json(text.utf8) {
    case .integer, .float: true
    case .null, .boolean: false
    case .text:
      (try? TypedText.milliseconds(text)) != nil || (try? TypedText.percentage(text)) != nil || (try? TypedText.bytes(text)) != nil
        || (try? TypedText.date(text)) != nil || (try? TypedText.timestamp(text)) != nil
    }
  }
}
