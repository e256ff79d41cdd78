import RunbookSyntax

/// A terminal as far as this program uses one: text with wide characters and line wrap, a scrollback, and the control sequences for moving up,
/// erasing, colours, the cursor and synchronised updates. Made narrower or wider it wraps its lines anew, as most terminals do.
///
/// Whatever else is sent is kept in `unknown`, so that a test notices.
public struct TerminalScreen: Sendable {
  private struct Cell: Sendable, Equatable {
    /// Empty behind a wide character.
    var text: String
    var isColored = false
  }

  private struct Row: Sendable {
    var cells: [Cell] = []
    /// The line goes on in the next row, since it was too long.
    var wraps = false
  }

  public private(set) var columns: Int
  public private(set) var rows: Int
  /// All rows since the beginning; the last `rows` of them are on the screen.
  private var lines: [Row] = [Row()]
  /// The first row of the screen.
  private var top = 0
  /// From the first of all rows.
  private var row = 0
  private var column = 0
  /// The cursor stands behind the last column: the next character goes to the next row.
  private var wrapIsDue = false
  private var isColored = false
  private var waiting: [UInt8] = []
  public private(set) var cursorIsShown = true
  /// Frames that were drawn inside a synchronised update, and whether one is open.
  public private(set) var frames = 0
  public private(set) var isInFrame = false
  public private(set) var unknown: [String] = []
  public private(set) var hasColors = false

  public init(columns: Int, rows: Int) {
    (self.columns, self.rows) = (columns, rows)
  }

  // MARK: what stands there

  /// What is on the screen, without empty rows at its end.
  public var screen: [String] { trimmed(lines[top...].map(text)) }
  /// The scrollback and the screen, as whole lines.
  public var log: [String] {
    var whole: [String] = []
    var open = false
    for row in lines {
      if open { whole[whole.count - 1] += text(row) } else { whole.append(text(row)) }
      open = row.wraps
    }
    return trimmed(whole)
  }
  public var cursor: (row: Int, column: Int) { (row - top, column) }

  private func text(_ row: Row) -> String {
    var text = row.cells.map(\.text).joined()
    // What goes on in the next row has no end of its own.
    while !row.wraps, text.last == " " { text.removeLast() }
    return text
  }

  private func trimmed(_ rows: [String]) -> [String] {
    var rows = rows
    while rows.last?.isEmpty == true { rows.removeLast() }
    return rows
  }

  // MARK: what is sent

  public mutating func take(_ bytes: some Sequence<UInt8>) {
    waiting += bytes
    while let used = takeNext() { waiting.removeFirst(used) }
  }

  /// - Returns: how many bytes were one thing; nil where more have to come.
  private mutating func takeNext() -> Int? {
    guard let first = waiting.first else { return nil }
    switch first {
    case 0x1B: return takeSequence()
    case UInt8(ascii: "\r"): (column, wrapIsDue) = (0, false)
    case UInt8(ascii: "\n"): lineFeed()
    case 0x08: column = max(column - 1, 0)
    case 0..<0x20, 0x7F: unknown.append("control \(first)")
    default:
      let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
      guard waiting.count >= length else { return nil }
      for scalar in String(decoding: waiting[..<length], as: UTF8.self).unicodeScalars { put(scalar) }
      return length
    }
    return 1
  }

  private mutating func takeSequence() -> Int? {
    guard waiting.count > 1 else { return nil }
    guard waiting[1] == UInt8(ascii: "[") else {
      unknown.append("escape \(waiting[1])")
      return 2
    }
    guard let end = waiting.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else { return nil }
    obey(String(decoding: waiting[2...end], as: UTF8.self))
    return end + 1
  }

  private mutating func obey(_ sequence: String) {
    let number = Int(sequence.dropLast())
    switch sequence {
    case "?25l": cursorIsShown = false
    case "?25h": cursorIsShown = true
    case "?2026h": isInFrame = true
    case "?2026l":
      isInFrame = false
      frames += 1
    case "K": erase(row, from: column)
    case "2K": erase(row, from: 0)
    case "J":
      erase(row, from: column)
      lines.removeSubrange((row + 1)...)
    case _ where sequence.hasSuffix("A") && number != nil: (row, wrapIsDue) = (max(row - (number ?? 0), top), false)
    case _ where sequence.hasSuffix("B") && number != nil:
      (row, wrapIsDue) = (min(row + (number ?? 0), top + rows - 1), false)
      while lines.count <= row { lines.append(Row()) }
    case _ where sequence.hasSuffix("m") && number != nil:
      isColored = number != 0
      hasColors = hasColors || isColored
    default: unknown.append(sequence)
    }
  }

  private mutating func put(_ scalar: Unicode.Scalar) {
    let width = displayWidth(of: scalar)
    if width == 0 {
      if column > 0, lines[row].cells.count >= column { lines[row].cells[column - 1].text.unicodeScalars.append(scalar) }
      return
    }
    if wrapIsDue || column + width > columns {
      lines[row].wraps = true
      column = 0
      lineFeed()
    }
    while lines[row].cells.count < column + width { lines[row].cells.append(Cell(text: " ")) }
    lines[row].cells[column] = Cell(text: String(Character(scalar)), isColored: isColored)
    if width == 2 { lines[row].cells[column + 1] = Cell(text: "") }
    column += width
    wrapIsDue = column >= columns
    if wrapIsDue { column = columns - 1 }
  }

  private mutating func lineFeed() {
    wrapIsDue = false
    row += 1
    while lines.count <= row { lines.append(Row()) }
    top = max(top, row - rows + 1)
  }

  private mutating func erase(_ row: Int, from column: Int) {
    lines[row].wraps = false
    if lines[row].cells.count > column { lines[row].cells.removeSubrange(column...) }
  }

  // MARK: another size

  /// Changes the size; lines that no longer fit are wrapped, wrapped ones that fit again are joined, and the cursor stays at its character.
  public mutating func resize(columns: Int, rows: Int) {
    var wrapped: [Row] = []
    var cursorRow = 0
    var start = 0
    while start < lines.count {
      var end = start
      while end < lines.count - 1, lines[end].wraps { end += 1 }
      let cells = lines[start...end].flatMap(\.cells)
      if (start...end).contains(row) {
        let offset = lines[start..<row].reduce(0) { $0 + $1.cells.count } + column
        cursorRow = wrapped.count + offset / columns
        column = offset % columns
      }
      var rest = cells[...]
      repeat {
        // Half of a wide character goes to no other row.
        let splits = rest.count > columns && rest[rest.startIndex + columns].text.isEmpty
        let part = rest.prefix(splits ? columns - 1 : columns)
        rest = rest.dropFirst(part.count)
        wrapped.append(Row(cells: Array(part), wraps: !rest.isEmpty))
      } while !rest.isEmpty
      start = end + 1
    }
    (lines, self.columns, self.rows, wrapIsDue) = (wrapped, columns, rows, false)
    row = cursorRow
    while lines.count <= row { lines.append(Row()) }
    // Rows stay where they are as seen from the end.
    top = max(lines.count - rows, row - rows + 1, 0)
    top = min(top, row)
  }
}
