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

extension UnsafeBufferPointer<UInt8> {
  /// Whether another text stands in it at an offset.
  @inline(__always)
  func holds(_ text: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
    guard start + text.count <= count else { return false }
    var index = 0
    while let word = ByteWord(text, at: index), let own = ByteWord(self, at: start + index) {
      if word.bits != own.bits { return false }
      index += 8
    }
    while index < text.count {
      if text[index] != self[start + index] { return false }
      index += 1
    }
    return true
  }
}
