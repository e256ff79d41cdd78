import Synchronization

/// Text out of bytes that come in pieces: a character that is cut by the border of two waits for the rest of it. What is no UTF-8 becomes U+FFFD.
struct StreamDecoder {
  private var held: [UInt8] = []

  mutating func feed(_ bytes: some Sequence<UInt8>) -> String {
    held.append(contentsOf: bytes)
    let whole = held.count - Self.unfinished(held)
    defer { held.removeFirst(whole) }
    return String(decoding: held[..<whole], as: UTF8.self)
  }

  mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  /// How many bytes at the end begin a character that may yet be finished.
  private static func unfinished(_ bytes: [UInt8]) -> Int {
    for (index, byte) in bytes.reversed().prefix(3).enumerated() {
      if byte & 0xC0 == 0x80 { continue }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > index + 1 ? index + 1 : 0
    }
    return 0
  }
}

/// What a program wrote to one of its streams, as much of it as is kept: all of it up to a limit; beyond that the first and the last half of
/// the limit, with a line between them that says how much was left out.
struct CapturedText {
  /// A secret that begins in what is kept is found whole in so much beyond it.
  static let margin = 128 * 1_024

  private let limit: Int
  /// The first bytes.
  private var head: [UInt8] = []
  /// The last of those behind them.
  private var tail: [UInt8] = []
  private(set) var count = 0

  init(limit: Int) { self.limit = limit }

  var isCut: Bool { count > limit }

  mutating func append(_ bytes: ArraySlice<UInt8>) {
    count += bytes.count
    let room = max(0, limit + Self.margin - head.count)
    head.append(contentsOf: bytes.prefix(room))
    tail.append(contentsOf: bytes.dropFirst(room))
    let kept = limit / 2 + Self.margin
    if tail.count > 4 * kept { tail.removeFirst(tail.count - kept) }
  }

  /// The whole, where it was not cut.
  var bytes: [UInt8] { head }

  /// - Parameter redact: takes secrets out of a text, before it is cut: a part of one would not be found any more.
  func text(redact: (String) -> String) -> String {
    guard isCut else { return String(decoding: head, as: UTF8.self) }
    let half = limit / 2
    let first = redact(String(decoding: head.prefix(half + Self.margin), as: UTF8.self))
    let all = head + tail
    let last = redact(String(decoding: all.suffix(half + Self.margin), as: UTF8.self))
    // What stands at the very beginning of the last part may be the rest of a secret.
    let safe = last.utf8.count - Self.margin
    return Self.start(of: first, bytes: half) + "\n… \(count - 2 * half) bytes were left out …\n"
      + Self.end(of: last, bytes: min(half, safe))
  }

  private static func start(of text: String, bytes: Int) -> String {
    var end = text.utf8.index(text.startIndex, offsetBy: bytes, limitedBy: text.endIndex) ?? text.endIndex
    while end > text.startIndex, String.Index(end, within: text) == nil { end = text.utf8.index(before: end) }
    return String(text[..<end])
  }

  private static func end(of text: String, bytes: Int) -> String {
    guard bytes > 0 else { return "" }
    var start = text.utf8.index(text.endIndex, offsetBy: -bytes, limitedBy: text.startIndex) ?? text.startIndex
    while start < text.endIndex, String.Index(start, within: text) == nil { start = text.utf8.index(after: start) }
    return String(text[start...])
  }
}
