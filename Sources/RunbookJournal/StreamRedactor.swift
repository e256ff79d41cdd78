/// Takes secrets out of a text that comes in pieces, also where one is cut by the border of two.
///
/// As many bytes are held back as could be the beginning of a secret; `finish` gives them out. Put together, the pieces given out are what
/// `Redactor.redact` makes of the whole.
public struct StreamRedactor: Sendable {
  private let redactor: Redactor
  /// What was not given out yet.
  private var held: [UInt8] = []
  /// So many bytes at the beginning of `held` belong to a secret whose mark was given out.
  private var marked = 0

  public init(_ redactor: Redactor) { self.redactor = redactor }

  public mutating func feed(_ text: String) -> String { feed(Array(text.utf8)) }

  public mutating func feed(_ bytes: [UInt8]) -> String {
    held.append(contentsOf: bytes)
    let patterns = redactor.snapshot
    return give(upTo: characterBorder(max(0, held.count - max(patterns.longest - 1, 0))), patterns)
  }

  /// What was held back. The next piece begins a new text.
  public mutating func finish() -> String { give(upTo: held.count, redactor.snapshot) }

  /// The border of characters at or before an offset, so that none is cut in two.
  private func characterBorder(_ offset: Int) -> Int {
    var start = offset
    var steps = 0
    while start > 0, steps < 4 {
      // At an offset inside, a continuation byte means that a character is cut; at the end, look at the last character's length.
      if start < held.count, held[start] & 0xC0 != 0x80 { return start }
      start -= 1
      steps += 1
      if start < held.count, held[start] & 0xC0 != 0x80 {
        let length = held[start] >= 0xF0 ? 4 : held[start] >= 0xE0 ? 3 : held[start] >= 0xC0 ? 2 : 1
        return start + length <= offset ? offset : start
      }
    }
    return start == 0 && steps < 4 ? 0 : offset
  }

  private mutating func give(upTo cut: Int, _ patterns: SecretPatterns) -> String {
    var ranges = held.withUnsafeBufferPointer { patterns.ranges(in: $0) }
    var result: [UInt8] = []
    var end = 0
    if marked > 0 {
      // The secret whose mark is out goes on in what touches it.
      var upper = marked
      while let first = ranges.first, first.lowerBound <= upper {
        upper = max(upper, first.upperBound)
        ranges.removeFirst()
      }
      end = upper
    }
    for range in ranges where range.lowerBound < cut {
      result.append(contentsOf: held[end..<range.lowerBound])
      result.append(contentsOf: Redactor.mark.utf8)
      end = range.upperBound
    }
    if end < cut { result.append(contentsOf: held[end..<cut]) }
    marked = max(0, end - cut)
    held.removeFirst(cut)
    return String(decoding: result, as: UTF8.self)
  }
}
