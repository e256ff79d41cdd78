import OrderedCollections

/// An ordered map from text to values: the order of keys is kept, since it means something inside MongoDB documents.
public typealias ValueMap = OrderedDictionary<String, Value>

/// What a param, an output, an observation or an argument can be. Text that came in by reference stays `string` and is never parsed again.
public indirect enum Value: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int64)
  case double(Double)
  /// A decimal number as text, as Decimal128 prints it.
  case decimal(String)
  case string(String)
  /// A moment in milliseconds since 1970-01-01T00:00:00Z.
  case timestamp(Int64)
  /// A length of time in microseconds.
  case duration(Int64)
  case list([Value])
  case map(ValueMap)
}

extension Value {
  public static let emptyMap = Value.map([:])

  /// A map of the pairs given, in their order; a later pair replaces an earlier one of the same key.
  public static func object(_ pairs: KeyValuePairs<String, Value>) -> Value {
    var map = ValueMap(minimumCapacity: pairs.count)
    for (key, value) in pairs { map[key] = value }
    return .map(map)
  }

  public var mapValue: ValueMap? { if case .map(let map) = self { map } else { nil } }
  public var listValue: [Value]? { if case .list(let list) = self { list } else { nil } }
  public var stringValue: String? { if case .string(let text) = self { text } else { nil } }
  public var integerValue: Int64? { if case .integer(let number) = self { number } else { nil } }
  public var boolValue: Bool? { if case .bool(let flag) = self { flag } else { nil } }
  /// Microseconds, where the value is a duration.
  public var durationValue: Int64? { if case .duration(let microseconds) = self { microseconds } else { nil } }
  public var timestampValue: Int64? { if case .timestamp(let milliseconds) = self { milliseconds } else { nil } }
  public var isNull: Bool { self == .null }

  /// The entry of a map, or nil where this is no map or has no such key.
  public subscript(key: String) -> Value? { mapValue?[key] }

  /// What a type error calls this value.
  public var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer: "integer"
    case .double, .decimal: "number"
    case .string: "text"
    case .timestamp: "timestamp"
    case .duration: "duration"
    case .list: "list"
    case .map: "map"
    }
  }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: Value...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, Value)...) { self = .map(ValueMap(elements) { $1 }) }
}
