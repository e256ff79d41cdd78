/// The objects that stand for BSON values in Extended JSON v2 (specification "MongoDB Extended JSON (v2)", "Conversion table" and "Parsers").
enum ExtendedJSONWrapper {
  /// The value that `fields` stand for; nil if they are an ordinary document. An object is a wrapper when its keys are exactly a wrapper's;
  /// a `$`-name that is none (a query operator) is an ordinary field.
  /// - Throws: when the keys are a wrapper's and the content is not.
  static func value(of fields: [(String, BSONValue)]) throws(BSONError) -> BSONValue? {
    guard let (name, content) = fields.first, name.hasPrefix("$") else { return nil }
    switch fields.count {
    case 1: return try single(name, content)
    case 2:
      guard name == "$code" || name == "$scope", let code = field("$code", fields), let scope = field("$scope", fields) else { return nil }
      guard case .string(let text) = code, case .document(let document) = scope else { throw wrong("$code with $scope") }
      return .codeWithScope(text, scope: document)
    default: return nil
    }
  }

  private static func wrong(_ name: String) -> BSONError { BSONError(message: "\(name) does not hold what it should") }

  private static func field(_ name: String, _ fields: [(String, BSONValue)]) -> BSONValue? { fields.first { $0.0 == name }?.1 }

  private static func single(_ name: String, _ content: BSONValue) throws(BSONError) -> BSONValue? {
    let value: BSONValue?
    switch (name, content) {
    case ("$oid", .string(let text)): value = ObjectID(hex: text).map(BSONValue.objectID)
    case ("$numberInt", .string(let text)): value = wholeNumber(text).flatMap(Int32.init(exactly:)).map(BSONValue.int32)
    case ("$numberLong", .string(let text)): value = wholeNumber(text).map(BSONValue.int64)
    case ("$numberDouble", .string(let text)): value = double(text).map(BSONValue.double)
    case ("$numberDecimal", .string(let text)): value = Decimal128(text).map(BSONValue.decimal128)
    case ("$symbol", .string(let text)): value = .symbol(text)
    case ("$code", .string(let text)): value = .code(text)
    case ("$uuid", .string(let text)): value = uuid(text)
    case ("$date", .string(let text)): value = BSONValue.datetime(iso8601: text)
    case ("$date", .int64(let milliseconds)): value = .datetime(milliseconds)
    case ("$date", .int32(let milliseconds)): value = .datetime(Int64(milliseconds))
    case ("$undefined", .bool(true)): value = .undefined
    case ("$minKey", .int32(1)): value = .minKey
    case ("$maxKey", .int32(1)): value = .maxKey
    case ("$binary", .document(let document)): value = binary(document)
    case ("$timestamp", .document(let document)): value = timestamp(document)
    case ("$regularExpression", .document(let document)): value = regex(document)
    case ("$dbPointer", .document(let document)): value = pointer(document)
    default: value = nil
    }
    if value == nil, names.contains(name) { throw wrong(name) }
    return value
  }

  private static let names: Set<String> = [
    "$oid", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal", "$symbol", "$code", "$uuid", "$date", "$undefined", "$minKey",
    "$maxKey", "$binary", "$timestamp", "$regularExpression", "$dbPointer",
  ]

  private static func wholeNumber(_ text: String) -> Int64? { text.hasPrefix("+") ? nil : Int64(text) }

  private static func double(_ text: String) -> Double? {
    switch text {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default:
      // Swift would take "nan", "inf" and hexadecimal forms as well.
      guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }) else { return nil }
      return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
  }

  private static func uuid(_ text: String) -> BSONValue? {
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12] else { return nil }
    let digits = groups.joined().utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue.map(UInt8.init) }
    guard digits.count == 32 else { return nil }
    return .binary(BSONBinary(subtype: 4, bytes: stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }))
  }

  private static func binary(_ document: BSONDocument) -> BSONValue? {
    guard Set(document.keys) == ["base64", "subType"], let text = document["base64"]?.string, let bytes = base64Decoded(text),
      let subtype = document["subType"]?.string, (1...2).contains(subtype.utf8.count), let number = UInt8(subtype, radix: 16)
    else { return nil }
    return .binary(BSONBinary(subtype: number, bytes: bytes))
  }

  private static func timestamp(_ document: BSONDocument) -> BSONValue? {
    guard Set(document.keys) == ["t", "i"], let seconds = document["t"]?.integer.flatMap(UInt32.init(exactly:)),
      let increment = document["i"]?.integer.flatMap(UInt32.init(exactly:))
    else { return nil }
    return .timestamp(BSONTimestamp(seconds: seconds, increment: increment))
  }

  /// Options are kept in alphabetical order, as BSON has them.
  private static func regex(_ document: BSONDocument) -> BSONValue? {
    guard Set(document.keys) == ["pattern", "options"], let pattern = document["pattern"]?.string,
      let options = document["options"]?.string,
      BSONDocument.isValidKey(pattern), BSONDocument.isValidKey(options)
    else { return nil }
    return .regex(pattern: pattern, options: String(options.sorted()))
  }

  private static func pointer(_ document: BSONDocument) -> BSONValue? {
    guard Set(document.keys) == ["$ref", "$id"], let namespace = document["$ref"]?.string, let id = document["$id"]?.objectID else {
      return nil
    }
    return .dbPointer(namespace: namespace, id: id)
  }

  /// Base 64 with padding (RFC 4648, section 4); nil if it is not exactly that.
  private static func base64Decoded(_ text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else { return nil }
    let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(characters.count / 4 * 3)
    var word: UInt32 = 0
    for (index, character) in characters.dropLast(padding).enumerated() {
      guard let digit = sextet(character) else { return nil }
      word = word << 6 | digit
      if index % 4 == 3 {
        out += [UInt8(truncatingIfNeeded: word >> 16), UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word)]
        word = 0
      }
    }
    if padding == 1 { out += [UInt8(truncatingIfNeeded: word >> 10), UInt8(truncatingIfNeeded: word >> 2)] }
    if padding == 2 { out.append(UInt8(truncatingIfNeeded: word >> 4)) }
    return out
  }

  private static func sextet(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
