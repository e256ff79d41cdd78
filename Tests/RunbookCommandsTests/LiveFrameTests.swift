import RunbookTestSupport
import Testing

@testable import RunbookCommands
@testable import RunbookReport

/// What a block is made of, without a program: text fit for a terminal, the part of a list that is shown, and frames on a screen.
@Suite struct LiveFrameTests {
  @Test func textIsEscapedAndCutByColumns() {
    #expect(TerminalText.escaped("a\u{1B}[31mb\n\t\u{9B}\u{202E}c\u{7F}") == "a\\x1b[31mb\\n\\t\\x9b\\u{202e}c\\x7f")
    #expect(TerminalText.escaped("été 漢字 👩‍🚀") == "été 漢字 👩‍🚀")
    #expect(TerminalText.lines(of: "one\ntwo\r\n") == ["one", "two"])
    #expect(TerminalText.width(of: "漢字") == 4)
    #expect(TerminalText.cut("漢字漢字", to: 8) == "漢字漢字")
    #expect(TerminalText.cut("漢字漢字", to: 7) == "漢字漢…")
    #expect(TerminalText.cut("漢字漢字", to: 6) == "漢字…")
    #expect(TerminalText.cut("abc", to: 0) == "")
    #expect(TerminalText.cut("e\u{301}tude", to: 3) == "e\u{301}t…")
  }

  @Test func linesKeepToTheirColumns() {
    let texts = ["", "short", "漢字漢字漢字漢字漢字", "a title that is rather long for a narrow terminal", "🚀🚀🚀"]
    for left in texts {
      for right in texts {
        var first = StyledLine(left, .bold)
        first.add(right, .dim)
        for columns in 0...60 {
          for line in [
            first.cut(to: columns), .aligned(first, StyledLine(right), columns: columns),
            .joined(first, StyledLine(right), columns: columns),
          ] {
            #expect(line.width <= columns)
            #expect(line.width == TerminalText.width(of: line.rendered(colored: false)))
          }
        }
      }
    }
  }

  @Test func aWindowHoldsItsItemAndKeepsToItsRows() {
    for count in 1...12 {
      for index in 0..<count {
        for rows in 1...13 {
          let window = Window(count: count, around: index, rows: rows)
          #expect(window.range.contains(index) && window.range.lowerBound >= 0 && window.range.upperBound <= count)
          #expect(window.range.count + (window.showsBefore ? 1 : 0) + (window.showsAfter ? 1 : 0) <= rows)
          if rows >= 3 {
            #expect(window.showsBefore == (window.range.lowerBound > 0))
            #expect(window.showsAfter == (window.range.upperBound < count))
          }
          if rows >= count { #expect(window.range == 0..<count) }
        }
      }
    }
  }

  /// Whatever is drawn and told, at whatever width: the log holds each line once, in order, and the last block stands below it.
  @Test(arguments: 0..<40) func framesOnAScreen(seed: UInt64) {
    var chance = Chance(seed: seed)
    var columns = 40 + chance.next(below: 60)
    var screen = TerminalScreen(columns: columns, rows: 40)
    var frame = LiveFrame()
    var told: [String] = []
    for step in 0..<60 {
      if chance.next(below: 8) == 0 {
        // By degrees, as a window is dragged: what no longer fits the screen is out of reach.
        columns = max(20, columns - 12 + chance.next(below: 24))
        screen.resize(columns: columns, rows: 40)
      }
      let text =
        chance.next(below: 3) == 0 ? (0...chance.next(below: 3)).map { "line \(step).\($0) " + Self.words(chance.next(below: 12)) } : []
      let block =
        chance.next(below: 10) == 0
        ? []
        : (0...chance.next(below: 9)).map { row in
          StyledLine("block \(step).\(row) " + Self.words(chance.next(below: 20))).cut(to: columns - 1)
        }
      told += text
      screen.take(frame.draw(text: text, block: block, columns: columns, colored: chance.next(below: 2) == 0).utf8)
      #expect(screen.unknown.isEmpty && screen.cursorIsShown && !screen.isInFrame)
      let expected = told + block.map { $0.rendered(colored: false) }
      #expect(screen.log.map(Self.trimmed) == expected.map(Self.trimmed))
      #expect(screen.cursor.column == 0)
    }
  }

  private static func words(_ count: Int) -> String {
    (0..<count).map { ["and", "漢字", "a", "longer-word", "🚀"][$0 % 5] }.joined(separator: " ")
  }

  private static func trimmed(_ text: String) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
  }
}

/// A small generator with a seed (xorshift).
struct Chance {
  private var state: UInt64

  init(seed: UInt64) { state = (seed + 1) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next(below limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(limit))
  }
}
