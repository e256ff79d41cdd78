/// What is wrong with text that should be a stored value.
public struct ValueDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, without the place.
  public let reason: String
  /// Offset in bytes.
  public let offset: Int

  public var description: String { "\(reason) at byte \(offset)" }
}

extension Value {
  /// Reads the stored form (see `encodedJSON`). Any JSON text is accepted; numbers without point or exponent that fit are integers.
  public init(encodedJSON text: String) throws(ValueDecodingError) {
    var reader = JSONReader(bytes: Array(text.utf8))
    self = try reader.readWhole()
  }

  public init(encodedJSON bytes: [UInt8]) throws(ValueDecodingError) {
    var reader = JSONReader(bytes: bytes)
    self = try reader.readWhole()
  }

  /// Reads JSON of others, in which no key has a meaning for this program.
  public init(plainJSON bytes: [UInt8]) throws(ValueDecodingError) {
    var reader = JSONReader(bytes: bytes, readsTags: false)
    self = try reader.readWhole()
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  /// Whether an object with a key like `@duration` is a value of that type.
  var readsTags = true
  var offset = 0
  var depth = 0

  func failure(_ text: String) -> ValueDecodingError { ValueDecodingError(reason: text, offset: offset) }

  mutating func skipSpace() {
    while offset < bytes.count, bytes[offset] == 0x20 || bytes[offset] == 0x0A || bytes[offset] == 0x0D || bytes[offset] == 0x09 {
      offset += 1
    }
  }

  mutating func readWhole() throws(ValueDecodingError) -> Value {
    let value = try read()
    skipSpace()
    if offset != bytes.count { throw failure("text after the value") }
    return value
  }

  mutating func read() throws(ValueDecodingError) -> Value {
    skipSpace()
    guard offset < bytes.count else { throw failure("the text ends too early") }
    switch bytes[offset] {
    case UInt8(ascii: "{"): return try nested { (reader) throws(ValueDecodingError) in try reader.readObject() }
    case UInt8(ascii: "["): return try nested { (reader) throws(ValueDecodingError) in try reader.readArray() }
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try readNumber()
    }
  }

  mutating func nested(_ body: (inout JSONReader) throws(ValueDecodingError) -> Value) throws(ValueDecodingError) -> Value {
    depth += 1
    if depth > 200 { throw failure("nested too deeply") }
    let value = try body(&self)
    depth -= 1
    return value
  }

  mutating func word(_ text: String, _ value: Value) throws(ValueDecodingError) -> Value {
    guard bytes[offset...].starts(with: text.utf8) else { throw failure("unknown word") }
    offset += text.utf8.count
    return value
  }

  mutating func readNumber() throws(ValueDecodingError) -> Value {
    let start = offset
    var whole = true
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): whole = false
      default:
        return try number(start, whole)
      }
      offset += 1
    }
    return try number(start, whole)
  }

  private func number(_ start: Int, _ whole: Bool) throws(ValueDecodingError) -> Value {
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if whole, let number = Int64(text) { return .integer(number) }
    guard let number = Double(text) else { throw failure("no value") }
    return .double(number)
  }

  mutating func readArray() throws(ValueDecodingError) -> Value {
    offset += 1
    var list: [Value] = []
    skipSpace()
    if offset < bytes.count, bytes[offset] == UInt8(ascii: "]") {
      offset += 1
      return .list(list)
    }
    while true {
      list.append(try read())
      if try separator(closing: UInt8(ascii: "]")) { return .list(list) }
    }
  }

  mutating func readObject() throws(ValueDecodingError) -> Value {
    let map = try readMap()
    guard readsTags, map.count == 1, let (key, value) = map.elements.first, key.utf8.first == UInt8(ascii: "@") else { return .map(map) }
    switch (key, value) {
    case ("@map", .map): return value
    case ("@duration", .integer(let microseconds)): return .duration(microseconds)
    case ("@timestamp", .integer(let milliseconds)): return .timestamp(milliseconds)
    case ("@decimal", .string(let text)): return .decimal(text)
    case ("@double", .string(let text)):
      guard let number = Double(text) else { throw failure("no double") }
      return .double(number)
    default: throw failure("unknown tag \(key)")
    }
  }

  /// The map behind `{`; what stands behind `@map` is read without looking for tags, since it is the user's.
  private mutating func readMap(isUsers: Bool = false) throws(ValueDecodingError) -> ValueMap {
    offset += 1
    var map = ValueMap()
    skipSpace()
    if offset < bytes.count, bytes[offset] == UInt8(ascii: "}") {
      offset += 1
      return map
    }
    while true {
      skipSpace()
      guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else { throw failure("a key was expected") }
      let key = try readString()
      skipSpace()
      guard offset < bytes.count, bytes[offset] == UInt8(ascii: ":") else { throw failure("a colon was expected") }
      offset += 1
      skipSpace()
      if key == "@map", readsTags, !isUsers, map.isEmpty, offset < bytes.count, bytes[offset] == UInt8(ascii: "{") {
        map[key] = .map(try readMap(isUsers: true))
      } else {
        map[key] = try read()
      }
      if try separator(closing: UInt8(ascii: "}")) { return map }
    }
  }

  private mutating func separator(closing: UInt8) throws(ValueDecodingError) -> Bool {
    skipSpace()
    guard offset < bytes.count else { throw failure("the text ends too early") }
    defer { offset += 1 }
    if bytes[offset] == closing { return true }
    if bytes[offset] == UInt8(ascii: ",") { return false }
    throw failure("a comma was expected")
  }

  mutating func readString() throws(ValueDecodingError) -> String {
    offset += 1
    var text: [UInt8] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
      if byte == UInt8(ascii: "\\") { try readEscape(into: &text) } else { text.append(byte) }
    }
    throw failure("a string is not closed")
  }

  private mutating func readEscape(into text: inout [UInt8]) throws(ValueDecodingError) {
    guard offset < bytes.count else { throw failure("a string is not closed") }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "u"):
      var code = try readHex()
      if (0xD800..<0xDC00).contains(code) {
        guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u") else {
          throw failure("half a surrogate")
        }
        offset += 2
        let low = try readHex()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("half a surrogate") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("no character") }
      text.append(contentsOf: String(Character(scalar)).utf8)
    default: text.append(byte)
    }
  }

  private mutating func readHex() throws(ValueDecodingError) -> UInt32 {
    guard offset + 4 <= bytes.count, let code = UInt32(String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16) else {
      throw failure("four hexadecimal digits were expected")
    }
    offset += 4
    return code
  }
}
