import CLibMongoC

/// A 12-byte object id.
public struct ObjectID: Sendable, Hashable, CustomStringConvertible {
  private let high: UInt64
  private let low: UInt32

  /// nil unless there are exactly 12 bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 12 else { return nil }
    self.init(checked: bytes)
  }

  init(checked bytes: some Collection<UInt8>) {
    precondition(bytes.count == 12, "an object id has 12 bytes")
    high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// nil unless `hex` is exactly 24 hexadecimal digits.
  public init?(hex: String) {
    let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
    guard hex.utf8.count == 24, digits.count == 24 else { return nil }
    self.init(checked: stride(from: 0, to: 24, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
  }

  public var bytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) } + (0..<4).map { UInt8(truncatingIfNeeded: low >> (24 - 8 * $0)) }
  }

  /// 24 lower-case hexadecimal digits.
  public var hex: String { hexadecimal(bytes) }

  public var description: String { hex }
}

/// Lower-case hexadecimal digits, two a byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// A 128-bit decimal in the binary integer form of IEEE 754-2008. Equality is equality of bits: 1.0 and 1.00 differ.
public struct Decimal128: Sendable, Hashable, CustomStringConvertible {
  public let low: UInt64
  public let high: UInt64

  public init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// Reads a decimal as the MongoDB specification writes it; nil if the text is none or cannot be held exactly.
  public init?(_ text: String) {
    var value = bson_decimal128_t()
    guard !text.utf8.contains(0), bson_decimal128_from_string(text, &value) else { return nil }
    self.init(low: value.low, high: value.high)
  }

  public var description: String {
    var value = bson_decimal128_t(low: low, high: high)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(BSON_DECIMAL128_STRING)) { buffer in
      buffer.initialize(repeating: 0)
      guard let start = buffer.baseAddress else { return "" }
      bson_decimal128_to_string(&value, start)
      return String(cString: start)
    }
  }
}

/// A replication timestamp: seconds since 1970 and a counter within the second.
public struct BSONTimestamp: Sendable, Hashable, Comparable {
  /// Seconds in the upper half, counter in the lower.
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(seconds: UInt32, increment: UInt32) { rawValue = UInt64(seconds) << 32 | UInt64(increment) }

  public var seconds: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
  public var increment: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

  public static func < (a: BSONTimestamp, b: BSONTimestamp) -> Bool { a.rawValue < b.rawValue }
}

/// Binary data with its subtype (0 generic, 4 UUID, …).
public struct BSONBinary: Sendable, Hashable {
  public let subtype: UInt8
  public let bytes: [UInt8]

  public init(subtype: UInt8 = 0, bytes: [UInt8]) {
    self.subtype = subtype
    self.bytes = bytes
  }
}
