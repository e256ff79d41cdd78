/// What a plain scalar is by one of two sets of rules.
public enum ScalarClass: Sendable, Hashable {
  case null
  case boolean
  case integer
  case float
  case text

  /// By the core schema of YAML 1.2 (section 10.3.2): `null ~` and nothing, `true True TRUE`, `0123`, `0o17`, `0x1F`, `.inf`, `1.`
  public static func core(_ text: some Collection<UInt8>) -> ScalarClass {
    let bytes = Array(text)
    switch bytes.count {
    case 0: return .null
    case 1 where bytes[0] == UInt8(ascii: "~"): return .null
    case 4, 5:
      if ["null", "Null", "NULL"].contains(where: { bytes.elementsEqual($0.utf8) }) { return .null }
      if ["true", "True", "TRUE", "false", "False", "FALSE"].contains(where: { bytes.elementsEqual($0.utf8) }) { return .boolean }
    default: break
    }
    var rest = bytes[...]
    if let prefix = bytes.count > 2 && bytes[0] == UInt8(ascii: "0") ? bytes[1] : nil {
      let digits = bytes[2...]
      if prefix == UInt8(ascii: "o"), digits.allSatisfy({ (0x30...0x37).contains($0) }) { return .integer }
      if prefix == UInt8(ascii: "x"), digits.allSatisfy(isHexDigit) { return .integer }
    }
    if [".nan", ".NaN", ".NAN"].contains(where: { bytes.elementsEqual($0.utf8) }) { return .float }
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    if [".inf", ".Inf", ".INF"].contains(where: { rest.elementsEqual($0.utf8) }) { return .float }
    let whole = rest.prefix(while: isDigit)
    rest = rest.dropFirst(whole.count)
    if rest.isEmpty { return whole.isEmpty ? .text : .integer }
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      fraction = rest.prefix(while: isDigit).count
      rest = rest.dropFirst(fraction)
    }
    if whole.isEmpty, fraction == 0 { return .text }
    return rest.isEmpty || isExponent(rest) ? .float : .text
  }

  /// By JSON's grammar (RFC 8259): only what JSON would take as a literal, so that nothing is read two ways.
  public static func json(_ text: some Collection<UInt8>) -> ScalarClass {
    let bytes = Array(text)
    if bytes.elementsEqual("null".utf8) { return .null }
    if bytes.elementsEqual("true".utf8) || bytes.elementsEqual("false".utf8) { return .boolean }
    var rest = bytes[...]
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    let whole = rest.prefix(while: isDigit)
    if whole.isEmpty || (whole.count > 1 && whole.first == UInt8(ascii: "0")) { return .text }
    rest = rest.dropFirst(whole.count)
    if rest.isEmpty { return .integer }
    if rest.first == UInt8(ascii: ".") {
      let fraction = rest.dropFirst().prefix(while: isDigit)
      if fraction.isEmpty { return .text }
      rest = rest.dropFirst(1 + fraction.count)
    }
    return rest.isEmpty || isExponent(rest) ? .float : .text
  }
}

extension NodeHandle {
  /// What a scalar is by the core schema: quoted and block scalars are text, an explicit tag decides. Nil for a mapping or a list.
  public var coreClass: ScalarClass? { resolve(ScalarClass.core) }

  /// The same by JSON's literals. Where ``coreClass`` says more than this, YAML programs disagree about the value (`0123`, `0x1F`,
  /// `~`, `True`), and the author should be asked for quotes.
  public var jsonClass: ScalarClass? { resolve(ScalarClass.json) }

  /// Whether a text can be anything but text, by its first byte: most are told apart here.
  private func canBeLiteral(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = text.first else { return true }
    return isDigit(first) || "~.-+nNtTfF".utf8.contains(first)
  }

  private func resolve(_ classify: (UnsafeBufferPointer<UInt8>) -> ScalarClass) -> ScalarClass? {
    switch tag {
    case .string: .text
    case .integer: .integer
    case .float: .float
    case .boolean: .boolean
    case .null: .null
    case .mapping, .sequence: nil
    case nil: style == .plain ? withText { canBeLiteral($0) ? classify($0) : .text } : .text
    }
  }
}

func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

func isHexDigit(_ byte: UInt8) -> Bool {
  isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
}

private func isExponent(_ text: ArraySlice<UInt8>) -> Bool {
  guard text.first == UInt8(ascii: "e") || text.first == UInt8(ascii: "E") else { return false }
  var digits = text.dropFirst()
  if digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
  return !digits.isEmpty && digits.allSatisfy(isDigit)
}
