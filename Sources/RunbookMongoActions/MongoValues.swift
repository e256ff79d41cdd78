import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// Plan values as BSON, in the shapes of MongoDB Extended JSON v2 (specification "MongoDB Extended JSON (v2)"), and back.
///
/// A map of one of the format's own shapes (`{$oid: …}`, `{$date: …}`, `{$numberLong: …}` …) is the typed value; every other map is a document with
/// its keys in their order. A whole number is an int32 where it fits, else an int64; a timestamp is a date. A duration has no BSON type and is refused.
public enum MongoValues {
  /// - Parameter path: where the value stands in the plan's arguments, for messages: `filter.name`.
  /// - Throws: `ActionError` of kind `mistake` that names the path.
  public static func document(_ value: Value, at path: String) throws(ActionError) -> BSONDocument {
    guard case .document(let document) = try bson(value, at: path) else {
      throw unfit(path, "a document is due here, not \(value.typeName)")
    }
    return document
  }

  /// A list of documents, such as a pipeline.
  public static func documents(_ value: Value, at path: String) throws(ActionError) -> [BSONDocument] {
    guard case .list(let items) = value else { throw unfit(path, "a list of documents is due here, not \(value.typeName)") }
    var documents: [BSONDocument] = []
    for (index, item) in items.enumerated() { documents.append(try document(item, at: "\(path).\(index)")) }
    return documents
  }

  public static func bson(_ value: Value, at path: String) throws(ActionError) -> BSONValue {
    switch value {
    case .null: return .null
    case .bool(let flag): return .bool(flag)
    case .integer(let number): return .integer(number)
    case .double(let number): return .double(number)
    case .decimal(let text): return .decimal128(try decimal(text, path))
    case .string(let text): return .string(text)
    case .timestamp(let milliseconds): return .datetime(milliseconds)
    case .duration: throw unfit(path, "a duration has no type in MongoDB", help: "write a number of milliseconds or seconds")
    case .list(let items):
      var values: [BSONValue] = []
      for (index, item) in items.enumerated() { values.append(try bson(item, at: "\(path).\(index)")) }
      return .array(BSONArray(values))
    case .map(let map):
      if let first = map.keys.first, first.hasPrefix("$"), let typed = try ExtendedShape(map, path).bson(first) { return typed }
      var writer = BSONWriter()
      for (key, value) in map {
        guard BSONDocument.isValidKey(key) else { throw unfit(path, "a key holds the character NUL") }
        writer.append(key, try bson(value, at: "\(path).\(key)"))
      }
      return .document(writer.finish())
    }
  }

  /// A BSON value for outputs: numbers, text, dates and containers as plain values, every other type in its Extended JSON shape, so that the value can
  /// be put into a document again. (An int64 that fits an int32 comes back as one.)
  public static func value(_ bson: BSONValue) -> Value {
    switch bson {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .int32(let number): .integer(Int64(number))
    case .int64(let number): .integer(number)
    case .double(let number): .double(number)
    case .decimal128(let number): .decimal(number.description)
    case .string(let text): .string(text)
    case .datetime(let milliseconds): .timestamp(milliseconds)
    case .array(let items): .list(items.map { value($0.decoded) })
    case .document(let document): .map(map(document))
    case .objectID(let id): .object(["$oid": .string(id.hex)])
    default: shape(bson)
    }
  }

  public static func map(_ document: BSONDocument) -> ValueMap {
    var map: ValueMap = [:]
    for element in document { map[element.key] = value(element.value.decoded) }
    return map
  }

  private static func shape(_ bson: BSONValue) -> Value {
    switch bson {
    case .binary(let binary):
      let kind = String(binary.subtype, radix: 16)
      return .object([
        "$binary": .object(["base64": .string(Base64.text(binary.bytes)), "subType": .string(kind.count == 1 ? "0" + kind : kind)])
      ])
    case .regex(let pattern, let options):
      return .object(["$regularExpression": .object(["pattern": .string(pattern), "options": .string(options)])])
    case .timestamp(let stamp):
      return .object(["$timestamp": .object(["t": .integer(Int64(stamp.seconds)), "i": .integer(Int64(stamp.increment))])])
    case .dbPointer(let namespace, let id):
      return .object(["$dbPointer": .object(["$ref": .string(namespace), "$id": .object(["$oid": .string(id.hex)])])])
    case .code(let code): return .object(["$code": .string(code)])
    case .codeWithScope(let code, let scope): return .object(["$code": .string(code), "$scope": .map(map(scope))])
    case .symbol(let symbol): return .object(["$symbol": .string(symbol)])
    case .undefined: return .object(["$undefined": true])
    case .minKey: return .object(["$minKey": 1])
    case .maxKey: return .object(["$maxKey": 1])
    default: preconditionFailure("every plain BSON type is read by value(_:)")
    }
  }

  static func decimal(_ text: String, _ path: String) throws(ActionError) -> Decimal128 {
    guard let number = Decimal128(text) else { throw unfit(path, "'\(text)' is no decimal of at most 34 digits") }
    return number
  }

  static func unfit(_ path: String, _ message: String, help: String? = nil) -> ActionError {
    ActionError(code: MongoErrorCode.unfitValue, message: "at '\(path)': \(message)", kind: .mistake, help: help)
  }
}

/// Base 64 with padding (RFC 4648, section 4).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let chunk = bytes[start..<min(start + 3, bytes.count)]
      let word = (0..<3).reduce(0) { $0 << 8 | Int($1 < chunk.count ? chunk[start + $1] : 0) }
      for place in 0..<4 { out.append(place <= chunk.count ? alphabet[word >> (18 - 6 * place) & 63] : UInt8(ascii: "=")) }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// Nil for what is no base 64.
  static func bytes(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 4 == 0 else { return nil }
    let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var out: [UInt8] = []
    var word = 0
    for (index, digit) in digits.dropLast(padding).enumerated() {
      guard let value = alphabet.firstIndex(of: digit) else { return nil }
      word = (word << 6 | value) & 0xFF_FFFF
      switch index % 4 {
      case 1: out.append(UInt8(word >> 4 & 0xFF))
      case 2: out.append(UInt8(word >> 2 & 0xFF))
      case 3: out.append(UInt8(word & 0xFF))
      default: break
      }
    }
    return out
  }
}
