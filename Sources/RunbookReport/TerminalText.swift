import RunbookSyntax

/// Text that came from outside (titles, observed values, outputs, what people wrote), made fit for a terminal.
public enum TerminalText {
  /// The text on one line, with every character that could move the cursor, change colours, reorder or hide text written out: `\n`, `\x1b`,
  /// `\u{202e}`.
  public static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isHarmless(scalar) { result.unicodeScalars.append(scalar) } else { result += written(scalar) }
    }
    return result
  }

  /// The lines of a text of several, each escaped; a line break at the end begins no line.
  public static func lines(of text: String) -> [String] {
    // By scalars: to Swift a carriage return and a line feed are one character.
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { escaped(String($0.last == "\r" ? $0.dropLast() : $0)) }
  }

  /// Columns that an escaped text takes on a terminal. Where terminals differ it is the larger number, so that what is cut to it never wraps.
  public static func width(of text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width(of: $1) } }

  /// The beginning of an escaped text that fits, with `…` where something was left out.
  public static func cut(_ text: String, to columns: Int) -> String {
    if text.utf8.count <= columns || width(of: text) <= columns { return columns > 0 ? text : "" }
    guard columns > 0 else { return "" }
    var result = ""
    var used = 0
    // Whole characters: half of one would be another one.
    for character in text {
      let width = character.unicodeScalars.reduce(0) { $0 + self.width(of: $1) }
      if used + width > columns - 1 { break }
      result.append(character)
      used += width
    }
    return result + "…"
  }

  private static func width(of scalar: Unicode.Scalar) -> Int {
    // After a character that has both forms it asks for the emoji, which is wide; not every terminal follows.
    scalar == "\u{FE0F}" ? 1 : displayWidth(of: scalar)
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
    // Joiners are part of emoji and of some scripts; every other format character may reorder or hide text.
    case .format: scalar == "\u{200D}" || scalar == "\u{200C}"
    default: true
    }
  }

  private static func written(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    default:
      let digits = String(scalar.value, radix: 16)
      return scalar.value < 0x100 ? "\\x" + (digits.count < 2 ? "0" : "") + digits : "\\u{\(digits)}"
    }
  }
}

/// One line for a terminal, in pieces of one style each; every piece is escaped when it is added.
public struct StyledLine: Sendable, Hashable {
  public enum Style: Sendable, Hashable { case plain, bold, dim, red, green, yellow, blue }

  public struct Piece: Sendable, Hashable {
    public let text: String
    public let style: Style
  }

  public private(set) var pieces: [Piece] = []
  /// Columns that the line takes.
  public private(set) var width = 0

  public init() {}

  public init(_ text: String, _ style: Style = .plain) { add(text, style) }

  public mutating func add(_ text: String, _ style: Style = .plain) { append(TerminalText.escaped(text), style) }

  public mutating func add(_ line: StyledLine) {
    pieces += line.pieces
    width += line.width
  }

  private mutating func append(_ escaped: String, _ style: Style) {
    guard !escaped.isEmpty else { return }
    pieces.append(Piece(text: escaped, style: style))
    width += TerminalText.width(of: escaped)
  }

  /// The line cut to a number of columns.
  public func cut(to columns: Int) -> StyledLine {
    if width <= columns { return self }
    var line = StyledLine()
    for piece in pieces {
      let left = columns - line.width
      let width = TerminalText.width(of: piece.text)
      // The piece after this one needs a column for its own mark that something is left out.
      if width < left {
        line.append(piece.text, piece.style)
      } else {
        line.append(TerminalText.cut(piece.text + (width == left ? "…" : ""), to: left), piece.style)
        break
      }
    }
    return line
  }

  /// Two parts on one line: the right one at the right edge, where there is room for it and for a fair part of the left one.
  public static func aligned(_ left: StyledLine, _ right: StyledLine, columns: Int) -> StyledLine {
    guard right.width > 0, columns - right.width - 2 >= min(left.width, columns / 2) else { return left.cut(to: columns) }
    var line = left.cut(to: columns - right.width - 2)
    line.append(String(repeating: " ", count: columns - right.width - line.width), .plain)
    line.add(right)
    return line
  }

  /// Two parts one after the other; where they are too long together, the second keeps at most three fifths.
  public static func joined(_ left: StyledLine, _ right: StyledLine, columns: Int) -> StyledLine {
    guard right.width > 0 else { return left.cut(to: columns) }
    let room = columns - 2
    let kept = min(right.width, max(room - left.width, room * 3 / 5))
    var line = left.cut(to: max(room - kept, 0))
    line.append("  ", .plain)
    line.add(right.cut(to: kept))
    return line.cut(to: columns)
  }

  /// The line as it is sent to a terminal.
  public func rendered(colored: Bool) -> String {
    let colors = Colors(isOn: colored)
    return pieces.map { piece in
      switch piece.style {
      case .plain: piece.text
      case .bold: colors.bold(piece.text)
      case .dim: colors.dim(piece.text)
      case .red: colors.red(piece.text)
      case .green: colors.green(piece.text)
      case .yellow: colors.yellow(piece.text)
      case .blue: colors.blue(piece.text)
      }
    }.joined()
  }
}
