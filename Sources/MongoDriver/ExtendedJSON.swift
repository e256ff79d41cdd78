extension BSONDocument {
  /// Reads MongoDB Extended JSON v2, canonical or relaxed. Key order is kept; a whole number becomes int32 where it fits, else int64.
  /// - Throws: `BSONError` with the place in the text, in bytes.
  public init(extendedJSON text: String) throws(BSONError) {
    var reader = ExtendedJSONReader(text)
    self = try reader.readDocument()
  }

  /// The document as Extended JSON v2 on one line: canonical keeps every type exactly, relaxed writes plain numbers and ISO dates.
  public func extendedJSON(canonical: Bool) -> String {
    var out = ExtendedJSONWriter(canonical: canonical)
    out.document(self)
    return out.text
  }
}

extension BSONValue {
  /// The value as Extended JSON v2.
  public func extendedJSON(canonical: Bool) -> String {
    var out = ExtendedJSONWriter(canonical: canonical)
    out.value(self)
    return out.text
  }
}

extension RawBSONValue {
  /// The value as Extended JSON v2.
  public func extendedJSON(canonical: Bool) -> String { decoded.extendedJSON(canonical: canonical) }
}

extension BSONDocument: CustomStringConvertible {
  /// Relaxed Extended JSON.
  public var description: String { extendedJSON(canonical: false) }
}

/// Writes Extended JSON v2 (specification "MongoDB Extended JSON (v2)", section "Conversion table").
private struct ExtendedJSONWriter {
  let canonical: Bool
  var text = ""

  init(canonical: Bool) { self.canonical = canonical }

  mutating func document(_ document: BSONDocument) {
    text += "{"
    var first = true
    for element in document {
      if !first { text += "," }
      first = false
      quoted(element.key)
      text += ":"
      value(element.value.decoded)
    }
    text += "}"
  }

  mutating func value(_ value: BSONValue) {
    switch value {
    case .string(let string): quoted(string)
    case .document(let inner): document(inner)
    case .array(let values): array(values)
    case .bool(let flag): text += flag ? "true" : "false"
    case .null: text += "null"
    case .int32(let number): canonical ? wrapped("$numberInt", "\(number)") : (text += "\(number)")
    case .int64(let number): canonical ? wrapped("$numberLong", "\(number)") : (text += "\(number)")
    case .double(let number): double(number)
    case .datetime(let milliseconds): date(milliseconds)
    case .objectID(let id): wrapped("$oid", id.hex)
    case .decimal128(let number): wrapped("$numberDecimal", number.description)
    case .symbol(let symbol): wrapped("$symbol", symbol)
    case .code(let code): wrapped("$code", code)
    case .undefined: text += #"{"$undefined":true}"#
    case .minKey: text += #"{"$minKey":1}"#
    case .maxKey: text += #"{"$maxKey":1}"#
    default: composite(value)
    }
  }

  private mutating func composite(_ value: BSONValue) {
    switch value {
    case .binary(let binary):
      text += #"{"$binary":{"base64":"\#(base64(binary.bytes))","subType":"\#(hexadecimal([binary.subtype]))"}}"#
    case .regex(let pattern, let options):
      text += #"{"$regularExpression":{"pattern":"#
      quoted(pattern)
      text += #","options":"#
      quoted(options)
      text += "}}"
    case .dbPointer(let namespace, let id):
      text += #"{"$dbPointer":{"$ref":"#
      quoted(namespace)
      text += #","$id":{"$oid":"\#(id.hex)"}}}"#
    case .codeWithScope(let code, let scope):
      text += #"{"$code":"#
      quoted(code)
      text += #","$scope":"#
      document(scope)
      text += "}"
    case .timestamp(let stamp):
      text += #"{"$timestamp":{"t":\#(stamp.seconds),"i":\#(stamp.increment)}}"#
    default: preconditionFailure("every simple BSON type is written by value(_:)")
    }
  }

  private mutating func array(_ values: BSONArray) {
    text += "["
    var first = true
    for raw in values {
      if !first { text += "," }
      first = false
      value(raw.decoded)
    }
    text += "]"
  }

  private mutating func double(_ number: Double) {
    let digits = number.isNaN ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : number.description
    if canonical || !number.isFinite { wrapped("$numberDouble", digits) } else { text += digits }
  }

  private mutating func date(_ milliseconds: Int64) {
    if !canonical, let iso = ISODate.text(milliseconds) {
      wrapped("$date", iso)
    } else {
      text += #"{"$date":{"$numberLong":"\#(milliseconds)"}}"#
    }
  }

  private mutating func wrapped(_ name: String, _ content: String) {
    text += #"{"\#(name)":"#
    quoted(content)
    text += "}"
  }

  private mutating func quoted(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F: text += "\\u00" + hexadecimal([UInt8(scalar.value)])
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

/// Base 64 with padding (RFC 4648, section 4).
private func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var out: [UInt8] = []
  out.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let chunk = bytes[start..<min(start + 3, bytes.count)]
    let word = (0..<3).reduce(0) { $0 << 8 | Int($1 < chunk.count ? chunk[start + $1] : 0) }
    for place in 0..<4 {
      out.append(place <= chunk.count ? alphabet[word >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
    }
  }
  return String(decoding: out, as: UTF8.self)
}
