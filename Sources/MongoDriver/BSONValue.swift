/// A BSON value of any type. Equality is that of type and bytes, as with `RawBSONValue`.
public enum BSONValue: Sendable {
  case double(Double)
  case string(String)
  case document(BSONDocument)
  case array(BSONArray)
  case binary(BSONBinary)
  case undefined
  case objectID(ObjectID)
  case bool(Bool)
  /// Milliseconds since 1970, UTC.
  case datetime(Int64)
  case null
  case regex(pattern: String, options: String)
  case dbPointer(namespace: String, id: ObjectID)
  case code(String)
  case symbol(String)
  case codeWithScope(String, scope: BSONDocument)
  case int32(Int32)
  case timestamp(BSONTimestamp)
  case int64(Int64)
  case decimal128(Decimal128)
  case minKey
  case maxKey

  public var type: BSONType {
    switch self {
    case .double: .double
    case .string: .string
    case .document: .document
    case .array: .array
    case .binary: .binary
    case .undefined: .undefined
    case .objectID: .objectID
    case .bool: .bool
    case .datetime: .datetime
    case .null: .null
    case .regex: .regex
    case .dbPointer: .dbPointer
    case .code: .code
    case .symbol: .symbol
    case .codeWithScope: .codeWithScope
    case .int32: .int32
    case .timestamp: .timestamp
    case .int64: .int64
    case .decimal128: .decimal128
    case .minKey: .minKey
    case .maxKey: .maxKey
    }
  }

  /// A whole number as Extended JSON types it: int32 where it fits, else int64.
  public static func integer(_ value: Int64) -> BSONValue {
    Int32(exactly: value).map(BSONValue.int32) ?? .int64(value)
  }

  /// A date from ISO 8601 text such as `2024-05-01T12:30:00.250Z` or with an offset such as `+02:00`; nil if it is none.
  public static func datetime(iso8601 text: String) -> BSONValue? {
    ISODate.milliseconds(text).map(BSONValue.datetime)
  }

  /// The value's exact bytes.
  public var raw: RawBSONValue {
    switch self {
    case .document(let document): return RawBSONValue(unchecked: .document, document.slice)
    case .array(let array): return RawBSONValue(unchecked: .array, array.document.slice)
    default:
      var bytes: [UInt8] = []
      appendBytes(to: &bytes)
      return RawBSONValue(unchecked: type, bytes[...])
    }
  }
}

extension BSONValue: Hashable {
  public static func == (a: BSONValue, b: BSONValue) -> Bool {
    switch (a, b) {
    case (.int32(let x), .int32(let y)): x == y
    case (.int64(let x), .int64(let y)): x == y
    case (.double(let x), .double(let y)): x.bitPattern == y.bitPattern
    case (.bool(let x), .bool(let y)): x == y
    case (.datetime(let x), .datetime(let y)): x == y
    case (.objectID(let x), .objectID(let y)): x == y
    // Swift's own equality of strings is canonical equivalence; the server compares bytes.
    case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
    default: a.type == b.type && a.raw == b.raw
    }
  }

  public func hash(into hasher: inout Hasher) { raw.hash(into: &hasher) }
}

extension BSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(nilLiteral: ()) { self = .null }
  public init(arrayLiteral elements: BSONValue...) { self = .array(BSONArray(elements)) }
  public init(dictionaryLiteral elements: (String, BSONValue)...) { self = .document(BSONDocument(elements)) }
}

extension BSONDocument: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, BSONValue)...) { self.init(elements) }

  /// The fields in the order given; a name given twice stands there twice.
  public init(_ elements: some Sequence<(String, BSONValue)>) {
    self.init { writer in
      for (key, value) in elements { writer.append(key, value) }
    }
  }
}
