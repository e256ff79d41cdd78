import RunbookReport

/// The bytes that put text and a block of lines onto a terminal, from what stands there already. Pure; `StandardError` sends them.
///
/// A frame is sent in one write, inside a synchronised update for terminals that know it. The cursor is hidden within a frame only, so that
/// a process that is killed never leaves a terminal without one; between frames it stands at the beginning of the block's last line.
struct LiveFrame {
  /// Columns that each line of the block took when it was drawn.
  private(set) var widths: [Int] = []

  private static let begin = "\u{1B}[?2026h\u{1B}[?25l"
  private static let end = "\u{1B}[?25h\u{1B}[?2026l"
  private static let eraseLine = "\u{1B}[K"
  private static let eraseBelow = "\u{1B}[J"

  var isEmpty: Bool { widths.isEmpty }

  /// Rows between the top of the block that stands there and the cursor. A terminal that was made narrower has wrapped its lines.
  func rowsAbove(columns: Int) -> Int {
    widths.dropLast().reduce(0) { $0 + max(1, ($1 + columns - 1) / max(columns, 1)) }
  }

  /// Takes the block away, writes lines of text, which scroll away above, and draws the block anew below them.
  /// - Returns: what has to be sent.
  mutating func draw(text: [String], block: [StyledLine], columns: Int, colored: Bool) -> String {
    var frame = Self.begin + toTop(columns: columns)
    if !text.isEmpty {
      // What is erased at once needs no erasing in lines that the terminal wraps.
      frame += Self.eraseBelow + text.map { $0 + "\r\n" }.joined()
    }
    for (index, line) in block.enumerated() {
      let isLast = index == block.count - 1
      frame += line.rendered(colored: colored) + (isLast ? Self.eraseBelow + "\r" : Self.eraseLine + "\r\n")
    }
    if block.isEmpty { frame += Self.eraseBelow }
    widths = block.map(\.width)
    return frame + Self.end
  }

  /// Takes the block away.
  mutating func erase(columns: Int) -> String {
    guard !isEmpty else { return "" }
    let frame = Self.begin + toTop(columns: columns) + Self.eraseBelow + Self.end
    widths = []
    return frame
  }

  /// Something else wrote to the terminal, and where the block is now nobody knows.
  mutating func forget() { widths = [] }

  private func toTop(columns: Int) -> String {
    let rows = rowsAbove(columns: columns)
    return isEmpty ? "" : rows > 0 ? "\r\u{1B}[\(rows)A" : "\r"
  }
}
