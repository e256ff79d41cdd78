/// Swift source with comments and the insides of strings blanked out, line breaks kept, so that rules can look for words and braces
/// without being misled by text. A literal of one line ends with its line whatever stands in it: a slip stays local.
struct SwiftText {
  /// The blanked source, by line.
  private(set) var lines: [String] = []
  private let source: [UInt8]
  private var code: [UInt8] = []
  private var at = 0

  private static let quote = UInt8(ascii: "\"")
  private static let hash = UInt8(ascii: "#")
  private static let slash = UInt8(ascii: "/")
  private static let star = UInt8(ascii: "*")
  private static let escape = UInt8(ascii: "\\")
  private static let newline = UInt8(ascii: "\n")

  init(_ text: String) {
    source = Array(text.utf8)
    code.reserveCapacity(source.count)
    while at < source.count { step() }
    lines = String(decoding: code, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private mutating func step() {
    switch (source[at], byte(at + 1)) {
    case (Self.slash, Self.slash):
      while at < source.count, source[at] != Self.newline { blank() }
    case (Self.slash, Self.star): comment()
    case (Self.quote, _): string()
    case (Self.hash, Self.quote), (Self.hash, Self.hash): if opensRawString() { string() } else { keep() }
    default: keep()
    }
  }

  private mutating func comment() {
    var depth = 0
    repeat {
      switch (source[at], byte(at + 1)) {
      case (Self.slash, Self.star):
        depth += 1
        blank(2)
      case (Self.star, Self.slash):
        depth -= 1
        blank(2)
      default: blank()
      }
    } while depth > 0 && at < source.count
  }

  /// A string of any kind, from its first `#` or quote to its end; interpolations are blanked as well.
  private mutating func string() {
    var hashes: [UInt8] = []
    while byte(at) == Self.hash {
      hashes.append(Self.hash)
      blank()
    }
    let quote = [UInt8](repeating: Self.quote, count: byte(at + 1) == Self.quote && byte(at + 2) == Self.quote ? 3 : 1)
    blank(quote.count)
    while at < source.count {
      if source[at] == Self.quote, starts(quote + hashes) { return blank(quote.count + hashes.count) }
      if source[at] == Self.newline, quote.count == 1 { return }
      if source[at] == Self.escape, starts([Self.escape] + hashes + [UInt8(ascii: "(")]) {
        blank(2 + hashes.count)
        interpolation()
      } else {
        blank(source[at] == Self.escape && hashes.isEmpty ? 2 : 1)
      }
    }
  }

  private mutating func interpolation() {
    var depth = 1
    while at < source.count, depth > 0, source[at] != Self.newline {
      switch source[at] {
      case Self.quote:
        string()
        continue
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")"): depth -= 1
      default: break
      }
      blank()
    }
  }

  private func opensRawString() -> Bool {
    var ahead = at
    while byte(ahead) == Self.hash { ahead += 1 }
    return byte(ahead) == Self.quote
  }

  private func byte(_ index: Int) -> UInt8? {
    index < source.count ? source[index] : nil
  }

  private func starts(_ text: [UInt8]) -> Bool {
    text.indices.allSatisfy { byte(at + $0) == text[$0] }
  }

  private mutating func keep() {
    code.append(source[at])
    at += 1
  }

  private mutating func blank(_ count: Int = 1) {
    for _ in 0..<count where at < source.count {
      code.append(source[at] == Self.newline ? Self.newline : UInt8(ascii: " "))
      at += 1
    }
  }
}
