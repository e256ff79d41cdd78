/// Reads JSON text (RFC 8259) into BSON values, MongoDB Extended JSON v2 wrappers included.
///
/// libbson's own reader (1.23.1) is not used: inside arrays it gives `$code` and `$dbPointer` the name of another element, or refuses them.
struct ExtendedJSONReader {
  private let text: [UInt8]
  private var position = 0
  private var depth = 0

  init(_ text: String) { self.text = Array(text.utf8) }

  /// The whole text as one document.
  mutating func readDocument() throws(BSONError) -> BSONDocument {
    skipSpace()
    guard peek == UInt8(ascii: "{") else { throw error("the text is not a JSON object") }
    let fields = try object()
    skipSpace()
    guard position == text.count else { throw error("there is text behind the JSON object") }
    return BSONDocument(fields)
  }

  func error(_ message: String) -> BSONError { BSONError(message: message, offset: position) }

  private var peek: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard let byte = peek, UInt32(byte) == character.value else { return false }
    position += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard text[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func value() throws(BSONError) -> BSONValue {
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"):
      let start = position
      let fields = try object()
      // A wrapper's place is its first byte.
      do {
        return try ExtendedJSONWrapper.value(of: fields) ?? .document(BSONDocument(fields))
      } catch {
        throw BSONError(message: error.message, offset: start)
      }
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t") where take(word: "true"): return .bool(true)
    case UInt8(ascii: "f") where take(word: "false"): return .bool(false)
    case UInt8(ascii: "n") where take(word: "null"): return .null
    default: return try number()
    }
  }

  private mutating func enter() throws(BSONError) {
    position += 1
    depth += 1
    guard depth <= BSONScan.maxDepth else { throw error("values are nested more than \(BSONScan.maxDepth) deep") }
  }

  private mutating func object() throws(BSONError) -> [(String, BSONValue)] {
    try enter()
    defer { depth -= 1 }
    var fields: [(String, BSONValue)] = []
    if take("}") { return fields }
    repeat {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw error("a field name in quotes is missing") }
      let key = try string()
      guard BSONDocument.isValidKey(key) else { throw error("a field name holds NUL") }
      guard take(":") else { throw error("a colon is missing behind a field name") }
      fields.append((key, try value()))
    } while take(",")
    guard take("}") else { throw error("an object does not end") }
    return fields
  }

  private mutating func array() throws(BSONError) -> BSONValue {
    try enter()
    defer { depth -= 1 }
    var values: [BSONValue] = []
    if take("]") { return .array(BSONArray(values)) }
    repeat { values.append(try value()) } while take(",")
    guard take("]") else { throw error("an array does not end") }
    return .array(BSONArray(values))
  }

  private mutating func string() throws(BSONError) -> String {
    position += 1
    var bytes: [UInt8] = []
    while let byte = peek {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"): bytes += try escape()
      case 0..<0x20: throw error("a control character stands in a string")
      default: bytes.append(byte)
      }
    }
    throw error("a string does not end")
  }

  private mutating func escape() throws(BSONError) -> [UInt8] {
    guard let byte = peek else { throw error("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "u"): return Array(String(try unicodeEscape()).utf8)
    default: throw error("an unknown escape stands in a string")
    }
  }

  /// The scalar of `\uXXXX`, or of the two that make up a surrogate pair.
  private mutating func unicodeEscape() throws(BSONError) -> Unicode.Scalar {
    let unit = try hexUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xDC00, take(word: "\\u") else { throw error("half of a surrogate pair stands alone") }
    let low = try hexUnit()
    guard (0xDC00..<0xE000).contains(low), let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) else {
      throw error("half of a surrogate pair stands alone")
    }
    return scalar
  }

  private mutating func hexUnit() throws(BSONError) -> UInt32 {
    let digits = text[position...].prefix(4).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == 4 else { throw error("\\u wants four hexadecimal digits") }
    position += 4
    return digits.reduce(0) { $0 << 4 | UInt32($1) }
  }

  /// A whole number is int32 where it fits, else int64; one that fits neither, or has a fraction or exponent, is a double.
  private mutating func number() throws(BSONError) -> BSONValue {
    let start = position
    if peek == UInt8(ascii: "-") { position += 1 }
    let first = peek
    let whole = digits()
    guard whole > 0, whole == 1 || first != UInt8(ascii: "0") else { throw error("a value is missing or no JSON") }
    var isWhole = true
    if peek == UInt8(ascii: ".") {
      position += 1
      isWhole = false
      guard digits() > 0 else { throw error("digits are missing behind the point") }
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      position += 1
      isWhole = false
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
      guard digits() > 0 else { throw error("digits are missing in the exponent") }
    }
    let literal = String(decoding: text[start..<position], as: UTF8.self)
    if isWhole, let value = Int64(literal) { return .integer(value) }
    guard let value = Double(literal), value.isFinite else { throw error("a number is too large") }
    return .double(value)
  }

  /// Skips digits and counts them.
  private mutating func digits() -> Int {
    let start = position
    while let byte = peek, (0x30...0x39).contains(byte) { position += 1 }
    return position - start
  }
}
