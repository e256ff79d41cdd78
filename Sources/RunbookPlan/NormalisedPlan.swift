import Crypto
import RunbookSyntax

/// A plan in one line of JSON: aliases expanded, `x-` keys dropped, defaults not applied. Plain JSON literals stay, all other text is quoted; keys
/// keep their order. Reading it again gives an equal plan, so it is what a run stores.
public struct NormalisedPlan: Sendable, Hashable {
  public let text: String
  public var bytes: [UInt8] { Array(text.utf8) }
  /// `v1:` and the SHA-256 of this form with all keys sorted, except inside MongoDB documents, where order has a meaning.
  public let digest: String

  init(_ tree: NodeTree) {
    var writer = NormalForm(sortsKeys: false)
    writer.write(tree.root)
    text = String(decoding: writer.bytes, as: UTF8.self)
    var sorted = NormalForm(sortsKeys: true)
    sorted.write(tree.root)
    digest = "v1:" + hexadecimal(SHA256.hash(data: sorted.bytes))
  }

  /// Whether a person has named this digest: all of it, or at least its first twelve digits, with `v1:` or without.
  public static func isDigest(_ digest: String, named text: String) -> Bool {
    let hex = text.hasPrefix("v1:") ? String(text.dropFirst(3)) : text
    return hex.utf8.count >= 12 && digest.dropFirst(3).hasPrefix(hex)
  }

  /// What an approval holds for: the plan, the values of its params and the program that carries it out.
  public static func approvalDigest(planDigest: String, params: ValueMap, programVersion: String) -> String {
    var bytes: [UInt8] = []
    let sorted = ValueMap(uniqueKeysWithValues: params.sorted { $0.key < $1.key })
    Value.list([.string(planDigest), .map(sorted), .string(programVersion)]).appendJSON(to: &bytes)
    return "v1:" + hexadecimal(SHA256.hash(data: bytes))
  }
}

extension NormalisedPlan {
  /// Arguments of actions whose values are MongoDB documents, in which the order of keys has a meaning.
  public static var documentKeys: Set<String> { NormalForm.documentKeys }

  /// A part of a plan in the form that the digest is made of, so that parts can be compared: keys sorted, except inside MongoDB documents.
  /// - Parameter key: the key that it stands under.
  static func canonical(_ node: Node, key: String = "") -> [UInt8] {
    var writer = NormalForm(sortsKeys: true)
    writer.write(node, under: key)
    return writer.bytes
  }
}

func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in digest {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

/// Writes nodes as JSON that the YAML reader reads back as the same nodes.
private struct NormalForm {
  let sortsKeys: Bool
  var bytes: [UInt8] = []

  /// Arguments whose values are MongoDB documents.
  static let documentKeys: Set<String> = [
    "filter", "pipeline", "update", "document", "documents", "command", "validator", "keys", "sort", "projection",
    "partialFilterExpression",
    "collation", "let", "schema", "guard",
  ]

  init(sortsKeys: Bool) { self.sortsKeys = sortsKeys }

  mutating func write(_ node: Node) { write(node, inArguments: false, keepsOrder: !sortsKeys) }
  mutating func write(_ node: Node, under key: String) { write(node, inArguments: key == "with", keepsOrder: !sortsKeys) }

  private mutating func write(_ node: Node, inArguments: Bool, keepsOrder: Bool) {
    switch node.kind {
    case .scalar: writeScalar(node)
    case .sequence:
      bytes.append(UInt8(ascii: "["))
      var isFirst = true
      for element in node.elements {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        write(element, inArguments: inArguments, keepsOrder: keepsOrder)
      }
      bytes.append(UInt8(ascii: "]"))
    case .mapping:
      bytes.append(UInt8(ascii: "{"))
      writeEntries(node, inArguments: inArguments, keepsOrder: keepsOrder)
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private mutating func writeEntries(_ node: Node, inArguments: Bool, keepsOrder: Bool) {
    var entries: [(key: String, value: Node)] = []
    entries.reserveCapacity(node.count)
    for (key, value) in node.entries {
      let name = key.text ?? ""
      if name.utf8.first == UInt8(ascii: "x"), name.hasPrefix("x-") { continue }
      entries.append((name, value))
    }
    if !keepsOrder { entries.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
    for (index, entry) in entries.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      appendQuoted(entry.key)
      bytes.append(UInt8(ascii: ":"))
      let isDocument = inArguments && Self.documentKeys.contains(entry.key)
      write(entry.value, inArguments: inArguments || entry.key == "with", keepsOrder: keepsOrder || isDocument)
    }
  }

  private mutating func writeScalar(_ node: Node) {
    let isLiteral = node.withText { text in
      switch node.tag {
      case .string: false
      case nil: node.style == .plain && ScalarClass.json(text) != .text
      default: ScalarClass.json(text) != .text
      }
    }
    guard let text = node.text else { return }
    if isLiteral == true { bytes.append(contentsOf: text.utf8) } else { appendQuoted(text) }
  }

  /// A JSON string. What YAML takes for a line end or does not let stand in a file is escaped too.
  private mutating func appendQuoted(_ text: String) {
    if text.utf8.allSatisfy({ $0 < 0x7F }) {
      Value.appendQuoted(text, to: &bytes)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x80..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
        let digits = String(scalar.value, radix: 16)
        bytes.append(contentsOf: "\\u".utf8)
        bytes.append(contentsOf: String(repeating: "0", count: 4 - digits.utf8.count).utf8)
        bytes.append(contentsOf: digits.utf8)
      case 0..<0x80:
        var quoted: [UInt8] = []
        Value.appendQuoted(String(scalar), to: &quoted)
        bytes.append(contentsOf: quoted.dropFirst().dropLast())
      default: bytes.append(contentsOf: String(scalar).utf8)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
