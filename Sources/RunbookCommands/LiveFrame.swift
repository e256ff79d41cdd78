import RunbookReport

/// The bytes that put text and a block of lines onto a terminal, from what stands there already. Pure; `StandardError` sends them.
///
/// A frame is sent in one write, inside a synchronised update for terminals that know it. The cursor is hidden within a frame only, so that
/// a process that is killed never leaves a terminal without one; between frames it stands at the beginning of the block's last line.
struct LiveFrame {
  /// Columns that each line of the block took when it was drawn.
  private(set) var widths: [Int] = []
  /// Of the terminal, then.
  private var columns = 0

  private static let begin = "\u{1B}[?2026h\u{1B}[?25l"
  private static let end = "\u{1B}[?25h\u{1B}[?2026l"
  private static let eraseLine = "\u{1B}[2K"
  private static let eraseBelow = "\u{1B}[J"

  var isEmpty: Bool { widths.isEmpty }

  /// Rows between the top of the block that stands there and the cursor. A terminal that was made narrower has wrapped its lines.
  func rowsAbove(columns: Int) -> Int {
    widths.dropLast().reduce(0) { $0 + max(1, ($1 + columns - 1) / max(columns, 1)) }
  }

  /// Takes the block away, writes lines of text, which scroll away above, and draws the block anew below them.
  /// - Returns: what has to be sent.
  mutating func draw(text: [String], block: [StyledLine], columns: Int, colored: Bool) -> String {
    // Lines are written over those that stand there, which shows no gap. Not where the terminal may wrap text, or has wrapped the block.
    let isOver = text.isEmpty && columns == self.columns && !block.isEmpty
    var frame = Self.begin + (isOver ? toTop(columns: columns) : erasing(columns: columns))
    frame += text.map { $0 + "\r\n" }.joined()
    for (index, line) in block.enumerated() {
      // A whole line is erased, not its rest: where a terminal wraps its lines anew, some count what was erased at their end.
      if isOver, index < widths.count, widths[index] > line.width { frame += Self.eraseLine }
      frame += line.rendered(colored: colored) + (index == block.count - 1 ? "" : "\r\n")
    }
    if isOver, block.count < widths.count { frame += Self.eraseBelow }
    if !block.isEmpty { frame += "\r" }
    (widths, self.columns) = (block.map(\.width), columns)
    return frame + Self.end
  }

  /// Something else wrote to the terminal, and where the block is now nobody knows.
  mutating func forget() { widths = [] }

  private func toTop(columns: Int) -> String {
    let rows = rowsAbove(columns: columns)
    return isEmpty ? "" : rows > 0 ? "\r\u{1B}[\(rows)A" : "\r"
  }

  /// Goes to the top of the block and erases it. Never from the first row of the screen to its end: some terminals keep in their scrollback
  /// what is erased so.
  private func erasing(columns: Int) -> String {
    guard !isEmpty else { return "" }
    let erase = rowsAbove(columns: columns) > 0 ? "\u{1B}[K\u{1B}[1B\u{1B}[J\u{1B}[1A" : Self.eraseBelow
    return toTop(columns: columns) + erase
  }
}
