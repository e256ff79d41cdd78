extension Diagnostic {
  /// The diagnostic as people read it:
  ///
  /// ```
  /// error[RB1004]: unknown key 'collecton' in mongodb.count
  ///  --> plans/x.yaml:31:17
  ///    |
  /// 31 |         with: { collecton: assets }
  ///    |                 ^^^^^^^^^
  /// help: did you mean 'collection'?
  /// ```
  ///
  /// - Parameter colored: whether to use ANSI colours.
  /// - Returns: lines, each with its line end.
  public func rendered(colored: Bool = false) -> String {
    let paint = Paint(isOn: colored)
    let accent =
      switch severity {
      case .error: Paint.red
      case .warning: Paint.yellow
      case .note: Paint.cyan
      }
    var output =
      paint(accent, "\(severity.rawValue)[\(code)\(rule.map { " " + $0 } ?? "")]") + paint(Paint.bold, ": " + singleLine(message)) + "\n"
    output += snippet(place, paint, accent)
    for note in notes {
      output += paint(Paint.bold, "note") + ": " + singleLine(note.message) + "\n" + snippet(note.place, paint, Paint.blue)
    }
    if let help { output += paint(Paint.cyan, "help") + ": " + singleLine(help) + "\n" }
    if let fixedLine {
      if help == nil { output += paint(Paint.cyan, "help") + ": write the line as\n" }
      let number = String(place.start.line)
      output += Gutter(number: number, paint: paint).lines(DisplayLine(fixedLine).text, under: nil)
    }
    return output
  }

  private func snippet(_ place: SourcePlace, _ paint: Paint, _ accent: String) -> String {
    let start = place.start
    let arrow = " " + paint(Paint.blue, "-->") + " "
    let heading = arrow + "\(singleLine(place.file.path)):\(start.line):\(start.column)\n"
    let line = place.file.lineRange(start.line)
    // A path without text (a file that could not be read) has no line to show.
    if place.file.bytes.isEmpty { return heading }
    let near = Self.near(place.range, in: line, of: place.file)
    let shown = DisplayLine(hidingPasswords(place.file.text(in: near)))
    let columnsBefore = start.column - place.file.position(of: near.start).column
    let end = min(place.range.end, near.end)
    let marked = end > place.range.start ? place.file.text(in: SourceRange(place.range.start, end)).unicodeScalars.count : 0
    let (text, from, width) = Window(shown, from: columnsBefore, to: columnsBefore + marked).visible
    let caret = String(repeating: " ", count: from) + paint(accent, String(repeating: "^", count: max(1, width)))
    return heading + Gutter(number: String(start.line), paint: paint).lines(text, under: caret)
  }

  /// The part of a line that may come to be shown: all of it, unless it is so long that looking at it would take a while.
  private static func near(_ range: SourceRange, in line: SourceRange, of file: SourceFile) -> SourceRange {
    guard line.count > 4096 else { return line }
    var start = max(line.start, min(range.start, line.end) - 1024)
    var end = min(line.end, start + 3072)
    while start > line.start, file.bytes[start] & 0xC0 == 0x80 { start -= 1 }
    while end < line.end, file.bytes[end] & 0xC0 == 0x80 { end += 1 }
    return SourceRange(start, end)
  }
}

extension Sequence where Element == Diagnostic {
  /// All of them in order of place, an empty line after each.
  public func rendered(colored: Bool = false) -> String {
    Array(self).inOrderOfPlace().map { $0.rendered(colored: colored) + "\n" }.joined()
  }
}

/// The margin with the line number.
private struct Gutter {
  let number: String
  let paint: Paint

  func lines(_ text: String, under caret: String?) -> String {
    let empty = paint(Paint.blue, String(repeating: " ", count: number.utf8.count) + " |")
    var output = empty + "\n" + paint(Paint.blue, number + " |") + (text.isEmpty ? "" : " " + text) + "\n"
    if let caret { output += empty + " " + caret + "\n" }
    return output
  }
}

/// The part of a long line around what the caret marks.
private struct Window {
  /// Columns shown of a line at most.
  static let width = 160
  /// Columns kept before the caret in a line that is cut.
  static let lead = 60

  /// The text to print, the column (from 0) of the caret in it, and how many columns the caret spans.
  let visible: (text: String, from: Int, width: Int)

  init(_ line: DisplayLine, from first: Int, to last: Int) {
    let columns = line.columns
    let first = min(max(first, 0), columns.count - 1)
    let last = min(max(last, first), columns.count - 1)
    let total = columns[columns.count - 1]
    guard total > Self.width else {
      visible = (line.text, columns[first], columns[last] - columns[first])
      return
    }
    let left = max(0, min(columns[first] - Self.lead, total - Self.width))
    var text = left > 0 ? "…" : ""
    var column = 0
    var kept = left
    var hasStarted = false
    var wasCut = false
    for scalar in line.text.unicodeScalars {
      let width = displayWidth(of: scalar)
      if column >= left, column + width <= left + Self.width {
        if !hasStarted { (kept, hasStarted) = (column, true) }
        text.unicodeScalars.append(scalar)
      } else if column >= left {
        wasCut = true
      }
      column += width
    }
    if wasCut { text += "…" }
    let from = columns[first] - kept + (left > 0 ? 1 : 0)
    visible = (text, from, min(columns[last], left + Self.width) - columns[first])
  }
}

/// ANSI colours, or none.
private struct Paint {
  static let red = "1;31"
  static let yellow = "1;33"
  static let blue = "1;34"
  static let cyan = "1;36"
  static let bold = "1"

  let isOn: Bool

  func callAsFunction(_ style: String, _ text: String) -> String {
    isOn ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
  }
}
