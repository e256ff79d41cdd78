/// A stretch of a source file, as byte offsets: `start` is the first byte, `end` the byte after the last one.
///
/// Offsets and not lines, so that keeping one for every key and value costs eight bytes and no search; lines and columns
/// are worked out by ``SourceFile/position(of:)`` when somebody wants to read them.
public struct SourceRange: Sendable, Hashable, Comparable {
  private let startOffset: Int32
  private let endOffset: Int32

  /// Offset of the first byte.
  public var start: Int { Int(startOffset) }
  /// Offset of the byte after the last one.
  public var end: Int { Int(endOffset) }
  /// Length in bytes.
  public var count: Int { end - start }
  public var isEmpty: Bool { startOffset == endOffset }

  /// A range from `start` up to, not including, `end`; an `end` before `start` gives an empty range at `start`.
  public init(_ start: Int, _ end: Int) {
    startOffset = Int32(clamping: start)
    endOffset = Int32(clamping: max(start, end))
  }

  @usableFromInline
  init(start: Int32, end: Int32) {
    startOffset = start
    endOffset = end
  }

  /// Earlier start first; of two with the same start the shorter one.
  public static func < (left: SourceRange, right: SourceRange) -> Bool {
    (left.startOffset, left.endOffset) < (right.startOffset, right.endOffset)
  }
}

/// A place as people count it: both numbers begin at 1, the column counts Unicode scalars.
public struct SourcePosition: Sendable, Hashable {
  public let line: Int
  public let column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// The text of one file under the name by which the user called it.
public final class SourceFile: Sendable {
  /// The path as the user wrote it; diagnostics print it.
  public let path: String
  /// The bytes as read, a byte order mark included.
  public let bytes: [UInt8]
  /// Offset of the first byte of each line. A line ends at LF, CR LF or a lone CR.
  let lineStarts: ContiguousArray<Int32>
  /// Whether every byte is below 0x80, so that characters and bytes are counted alike.
  let isASCII: Bool
  /// 3 where the text begins with a UTF-8 byte order mark, else 0.
  let textStart: Int
  /// The files that this one was joined of, with the offset of each; none for a file that was read.
  let parts: [(start: Int, file: SourceFile)]

  public convenience init(path: String, bytes: [UInt8]) {
    self.init(path: path, bytes: bytes, parts: [])
  }

  init(path: String, bytes: [UInt8], parts: [(start: Int, file: SourceFile)]) {
    self.path = path
    self.bytes = bytes
    self.parts = parts
    textStart = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    (lineStarts, isASCII) = bytes.withUnsafeBufferPointer { [textStart] in SourceFile.scanLines($0, from: textStart) }
  }

  public convenience init(path: String, text: String) {
    self.init(path: path, bytes: Array(text.utf8))
  }

  /// How many lines there are; a line end at the very end of the file opens no further line.
  public var lineCount: Int {
    let last = Int(lineStarts[lineStarts.count - 1])
    return lineStarts.count > 1 && last == bytes.count ? lineStarts.count - 1 : lineStarts.count
  }

  /// The line and column of a byte offset; an offset outside the file counts as its nearest end.
  public func position(of offset: Int) -> SourcePosition {
    let offset = min(max(offset, textStart), bytes.count)
    let line = lineIndex(of: offset)
    var column = 1
    for byte in bytes[Int(lineStarts[line])..<offset] where byte & 0xC0 != 0x80 { column += 1 }
    return SourcePosition(line: line + 1, column: column)
  }

  /// The byte range of line `number` (from 1) without its line end; empty at the end of the file for a number beyond it.
  public func lineRange(_ number: Int) -> SourceRange {
    guard number >= 1, number <= lineStarts.count else { return SourceRange(bytes.count, bytes.count) }
    let start = Int(lineStarts[number - 1])
    var end = number < lineStarts.count ? Int(lineStarts[number]) : bytes.count
    while end > start, bytes[end - 1] == 0x0A || bytes[end - 1] == 0x0D { end -= 1 }
    return SourceRange(start, end)
  }

  /// The text of line `number` (from 1) without its line end; bytes that are no UTF-8 become U+FFFD.
  public func line(_ number: Int) -> String { text(in: lineRange(number)) }

  /// The raw text of a range; bytes that are no UTF-8 become U+FFFD.
  public func text(in range: SourceRange) -> String {
    String(decoding: bytes[min(range.start, bytes.count)..<min(range.end, bytes.count)], as: UTF8.self)
  }

  /// The offset behind the character that begins at `offset`; at the end of the file that is the end.
  func endOfCharacter(at offset: Int) -> Int {
    var end = min(offset + 1, bytes.count)
    while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
    return end
  }

  private func lineIndex(of offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(lineStarts[middle]) <= offset { low = middle } else { high = middle }
    }
    return low
  }

  private static func scanLines(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> (ContiguousArray<Int32>, Bool) {
    var starts: ContiguousArray<Int32> = [Int32(start)]
    starts.reserveCapacity(bytes.count / 24)
    var union: UInt8 = 0
    var wide: UInt64 = 0
    var index = start
    while index < bytes.count {
      if let word = ByteWord(bytes, at: index), !word.hasByte(below: 0x0E) {
        wide |= word.bits
        index += 8
        continue
      }
      let byte = bytes[index]
      union |= byte
      index += 1
      if byte > 0x0D { continue }
      if byte == 0x0A || (byte == 0x0D && !(index < bytes.count && bytes[index] == 0x0A)) { starts.append(Int32(index)) }
    }
    return (starts, union < 0x80 && wide & 0x8080_8080_8080_8080 == 0)
  }
}

extension SourceFile: Hashable {
  /// Two files are the same when path and bytes are.
  public static func == (left: SourceFile, right: SourceFile) -> Bool {
    left === right || (left.path == right.path && left.bytes == right.bytes)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(path)
    hasher.combine(bytes.count)
  }
}

/// A range in a file: what a diagnostic points at.
public struct SourcePlace: Sendable, Hashable {
  public let file: SourceFile
  public let range: SourceRange

  /// - Parameter file: may be joined of several; the place is then one of the file that the range lies in.
  public init(file: SourceFile, range: SourceRange) {
    (self.file, self.range) = file.origin(of: range)
  }

  /// Where the range begins, as people count it.
  public var start: SourcePosition { file.position(of: range.start) }
  /// The position after the last character of the range.
  public var end: SourcePosition { file.position(of: range.end) }
}
