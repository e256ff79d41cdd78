/// Eight bytes of a text looked at together: most of a file is plain letters, which nothing has to be done about.
struct ByteWord {
  let bits: UInt64

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highBits: UInt64 = 0x8080_8080_8080_8080

  /// - Returns: nil where fewer than eight bytes are left.
  @inline(__always)
  init?(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) {
    guard index + 8 <= bytes.count else { return nil }
    bits = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: index, as: UInt64.self)
  }

  /// Whether a byte is less than `limit`, which is at most 0x80.
  @inline(__always)
  func hasByte(below limit: UInt8) -> Bool { (bits &- Self.ones &* UInt64(limit)) & ~bits & Self.highBits != 0 }

  /// Whether all bytes are from 0x20 to 0x7E.
  @inline(__always)
  var isPrintableASCII: Bool {
    bits & Self.highBits == 0 && !hasByte(below: 0x20) && (bits &+ Self.ones) & Self.highBits == 0
  }
}
