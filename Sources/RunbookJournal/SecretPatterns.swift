/// A set of texts to look for, all at least four bytes long, found in one pass over the bytes searched.
struct SecretPatterns: Sendable {
  /// Bit n stands for a first pair of bytes n: most places are dismissed by this alone.
  private var pairs = [UInt64](repeating: 0, count: 1_024)
  /// By the first four bytes.
  private var byPrefix: [UInt32: [[UInt8]]] = [:]
  private(set) var longest = 0

  var isEmpty: Bool { longest == 0 }

  mutating func insert(_ pattern: [UInt8]) {
    precondition(pattern.count >= 4, "a pattern has at least four bytes")
    let prefix = pattern.withUnsafeBufferPointer { Self.prefix($0, at: 0) }
    guard byPrefix[prefix]?.contains(pattern) != true else { return }
    byPrefix[prefix, default: []].append(pattern)
    let pair = Int(pattern[0]) << 8 | Int(pattern[1])
    pairs[pair >> 6] |= 1 << UInt64(pair & 63)
    longest = max(longest, pattern.count)
  }

  private static func prefix(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt32 {
    UInt32(bytes[index]) << 24 | UInt32(bytes[index + 1]) << 16 | UInt32(bytes[index + 2]) << 8 | UInt32(bytes[index + 3])
  }

  /// Every byte that belongs to any occurrence of any pattern, as ranges that neither overlap nor touch.
  func ranges(in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    guard longest > 0, bytes.count >= 4 else { return found }
    for index in 0...(bytes.count - 4) {
      let pair = Int(bytes[index]) << 8 | Int(bytes[index + 1])
      guard pairs[pair >> 6] & (1 << UInt64(pair & 63)) != 0, let end = longestMatch(bytes, at: index) else { continue }
      if let last = found.last, index <= last.upperBound {
        found[found.count - 1] = last.lowerBound..<max(last.upperBound, end)
      } else {
        found.append(index..<end)
      }
    }
    return found
  }

  private func longestMatch(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int? {
    guard let candidates = byPrefix[Self.prefix(bytes, at: index)] else { return nil }
    var best: Int?
    for pattern in candidates where index + pattern.count <= bytes.count {
      let same = pattern.indices.allSatisfy { pattern[$0] == bytes[index + $0] }
      if same, index + pattern.count > best ?? 0 { best = index + pattern.count }
    }
    return best
  }
}
