/// A BSON value as it stands in a document: its type and its exact bytes, not decoded. It can be written into another document as it is.
///
/// Equality is equality of type and bytes: 1 as int32 and 1 as double differ, and so do 0.0 and -0.0.
public struct RawBSONValue: Sendable {
  public let type: BSONType
  /// The bytes after the field's name, without the type byte.
  public let bytes: ArraySlice<UInt8>

  init(unchecked type: BSONType, _ bytes: ArraySlice<UInt8>) {
    self.type = type
    self.bytes = bytes
  }

  /// Checks that `bytes` are exactly one value of `type`.
  public init(type: BSONType, bytes: ArraySlice<UInt8>) throws(BSONError) {
    try bytes.withUnsafeRaw { (b) throws(BSONError) in
      guard BSONScan.valueSize(type, b, at: 0, end: b.count) == b.count else {
        throw BSONError(message: "the bytes are not one value of type \(type.serverName)")
      }
      try BSONScan.validateValue(type, b, at: 0, size: b.count, depth: 0)
    }
    self.type = type
    self.bytes = bytes
  }

  /// The same value in a buffer of its own, so that it does not keep a whole reply in memory.
  public func detached() -> RawBSONValue { RawBSONValue(unchecked: type, Array(bytes)[...]) }
}

extension RawBSONValue: Hashable {
  public static func == (a: RawBSONValue, b: RawBSONValue) -> Bool { a.type == b.type && sameBytes(a.bytes, b.bytes) }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(type)
    bytes.withUnsafeRaw { hasher.combine(bytes: $0) }
  }
}

// Typed readings: nil when the value is of another type.
extension RawBSONValue {
  public var string: String? { type == .string ? textOfString : nil }
  public var document: BSONDocument? { type == .document ? BSONDocument(unchecked: bytes) : nil }
  public var array: BSONArray? { type == .array ? BSONArray(document: BSONDocument(unchecked: bytes)) : nil }
  public var bool: Bool? { type == .bool ? bytes.first == 1 : nil }
  public var int32: Int32? { type == .int32 ? load(Int32.self) : nil }
  public var int64: Int64? { type == .int64 ? load(Int64.self) : nil }
  public var double: Double? { type == .double ? Double(bitPattern: load(UInt64.self)) : nil }
  /// Milliseconds since 1970, UTC.
  public var datetime: Int64? { type == .datetime ? load(Int64.self) : nil }
  public var objectID: ObjectID? { type == .objectID ? ObjectID(bytes: bytes) : nil }
  public var timestamp: BSONTimestamp? { type == .timestamp ? BSONTimestamp(rawValue: load(UInt64.self)) : nil }
  public var isNull: Bool { type == .null }

  /// A whole number from int32, int64, or a double that is one; servers answer counts as any of them.
  public var integer: Int64? {
    switch type {
    case .int32: Int64(load(Int32.self))
    case .int64: load(Int64.self)
    case .double: Int64(exactly: Double(bitPattern: load(UInt64.self)))
    default: nil
    }
  }

  /// The number as a double (int64 beyond 2⁵³ is rounded); decimals are not converted.
  public var number: Double? {
    switch type {
    case .int32: Double(load(Int32.self))
    case .int64: Double(load(Int64.self))
    case .double: Double(bitPattern: load(UInt64.self))
    default: nil
    }
  }

  /// The bytes and the subtype of binary data.
  public var binary: BSONBinary? {
    guard type == .binary else { return nil }
    return BSONBinary(subtype: bytes[bytes.startIndex + 4], bytes: Array(bytes[(bytes.startIndex + 5)...]))
  }

  /// Truth as the server's `ok` is told: a true boolean or a number other than zero.
  public var isTruthy: Bool { bool ?? number.map { $0 != 0 } ?? false }

  func load<T: FixedWidthInteger>(_: T.Type, at offset: Int = 0) -> T {
    bytes.withUnsafeRaw { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }

  private var textOfString: String { text(at: 0).text }

  /// The length-prefixed string at `offset` and the offset behind it.
  private func text(at offset: Int) -> (text: String, end: Int) {
    let length = Int(load(Int32.self, at: offset))
    let start = bytes.startIndex + offset + 4
    return (String(decoding: bytes[start..<(start + length - 1)], as: UTF8.self), offset + 4 + length)
  }

  /// The value decoded. Strings that are not UTF-8 are repaired on the way: where exact bytes matter, use the raw value.
  public var decoded: BSONValue {
    switch type {
    case .double: .double(Double(bitPattern: load(UInt64.self)))
    case .string: .string(textOfString)
    case .document: .document(BSONDocument(unchecked: bytes))
    case .array: .array(BSONArray(document: BSONDocument(unchecked: bytes)))
    case .binary: .binary(BSONBinary(subtype: bytes[bytes.startIndex + 4], bytes: Array(bytes[(bytes.startIndex + 5)...])))
    case .undefined: .undefined
    case .objectID: .objectID(ObjectID(checked: bytes))
    case .bool: .bool(bytes.first == 1)
    case .datetime: .datetime(load(Int64.self))
    case .null: .null
    case .regex: decodedRegex
    case .dbPointer: decodedPointer
    case .code: .code(textOfString)
    case .symbol: .symbol(textOfString)
    case .codeWithScope: decodedCodeWithScope
    case .int32: .int32(load(Int32.self))
    case .timestamp: .timestamp(BSONTimestamp(rawValue: load(UInt64.self)))
    case .int64: .int64(load(Int64.self))
    case .decimal128: .decimal128(Decimal128(low: load(UInt64.self), high: load(UInt64.self, at: 8)))
    case .minKey: .minKey
    case .maxKey: .maxKey
    }
  }

  private var decodedRegex: BSONValue {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    return .regex(
      pattern: String(decoding: parts[0], as: UTF8.self), options: String(decoding: parts[1].dropLast(), as: UTF8.self))
  }

  private var decodedPointer: BSONValue {
    let (namespace, end) = text(at: 0)
    return .dbPointer(namespace: namespace, id: ObjectID(checked: bytes[(bytes.startIndex + end)...]))
  }

  private var decodedCodeWithScope: BSONValue {
    let (code, end) = text(at: 4)
    return .codeWithScope(code, scope: BSONDocument(unchecked: bytes[(bytes.startIndex + end)...]))
  }
}

extension BSONDocument {
  /// The document as a value, without a copy of its bytes.
  public var raw: RawBSONValue { RawBSONValue(unchecked: .document, slice) }
}
