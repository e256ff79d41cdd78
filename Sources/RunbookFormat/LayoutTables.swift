/// Columns over neighbouring lines: values behind keys, the entries of one-line mappings and lists, comments. A column is made where one of the
/// lines has more than the one blank that is due; so a table that its author made stays one, and nobody gets one that nobody wanted.
enum LayoutTables {
  static func align(_ lines: inout [LayoutLine]) {
    for run in runs(lines, sameTable: isSameMapping) { alignValues(run, &lines) }
    for run in runs(lines, sameTable: isSameRows) { alignRows(run, &lines) }
    alignComments(&lines)
  }

  // MARK: Runs

  /// Groups of lines that stand right below one another, but for comments, and belong to one table.
  private static func runs(_ lines: [LayoutLine], sameTable: ([LayoutLine], Int, Int) -> Bool) -> [[Int]] {
    var runs: [[Int]] = []
    var run: [Int] = []
    for index in lines.indices {
      if lines[index].isBlankBefore, !run.isEmpty {
        runs.append(run)
        run = []
      }
      if lines[index].kind == .comment { continue }
      if let last = run.last, !sameTable(lines, last, index) {
        runs.append(run)
        run = []
      }
      if sameTable(lines, index, index) { run.append(index) }
    }
    runs.append(run)
    return runs.filter { !$0.isEmpty }
  }

  private static func isSameMapping(_ lines: [LayoutLine], _ first: Int, _ second: Int) -> Bool {
    lines[first].mapping != nil && lines[first].mapping == lines[second].mapping && isWhole(lines, first) && isWhole(lines, second)
      && lines[first].colon + 1 < lines[first].pieces.count && lines[second].colon + 1 < lines[second].pieces.count
  }

  /// Whether what begins on a line ends there.
  private static func isWhole(_ lines: [LayoutLine], _ index: Int) -> Bool {
    let line = lines[index]
    guard line.kind == .ordinary else { return false }
    var next = index + 1
    while next < lines.count, lines[next].kind == .comment { next += 1 }
    guard next < lines.count else { return true }
    let column = line.mapping == nil ? line.indentation : line.column(of: max(0, line.colon - 1))
    return lines[next].kind == .ordinary && lines[next].indentation <= column
  }

  private static func isSameRows(_ lines: [LayoutLine], _ first: Int, _ second: Int) -> Bool {
    guard row(lines, first) != nil, row(lines, second) != nil else { return false }
    if let mapping = lines[first].mapping { return mapping == lines[second].mapping }
    return lines[second].mapping == nil && lines[first].list != nil && lines[first].list == lines[second].list
  }

  /// The pieces of a mapping or list in brackets that is all there is of a value or an item.
  private static func row(_ lines: [LayoutLine], _ index: Int) -> Range<Int>? {
    let line = lines[index]
    guard isWhole(lines, index), line.pieces.last?.kind == .close else { return nil }
    var start = line.mapping == nil ? 0 : line.colon + 1
    while start < line.pieces.count, line.pieces[start].kind == .dash || line.pieces[start].kind == .property { start += 1 }
    guard start < line.pieces.count, line.pieces[start].kind == .open else { return nil }
    return start..<line.pieces.count
  }

  // MARK: Columns

  private static func alignValues(_ run: [Int], _ lines: inout [LayoutLine]) {
    let isTable = run.contains { lines[$0].pieces[lines[$0].colon + 1].isWide }
    let column = run.map { lines[$0].column(of: lines[$0].colon) + 2 }.max() ?? 0
    for index in run {
      let colon = lines[index].colon
      lines[index].pieces[colon + 1].spaces = isTable ? column - lines[index].column(of: colon) - 1 : 1
    }
  }

  /// Aligns what stands behind the first comma of each row, behind the second, and so on.
  private static func alignRows(_ run: [Int], _ lines: inout [LayoutLine]) {
    let cells = run.compactMap { index in row(lines, index).map { (index, starts(lines[index].pieces, $0)) } }
    for number in 0..<(cells.map(\.1.count).max() ?? 0) {
      let column = cells.filter { $0.1.count > number }
      guard column.contains(where: { lines[$0.0].pieces[$0.1[number]].isWide }) else { continue }
      let target = column.map { lines[$0.0].column(of: $0.1[number]) }.max() ?? 0
      for (index, starts) in column {
        lines[index].pieces[starts[number]].spaces += target - lines[index].column(of: starts[number])
      }
    }
  }

  /// The pieces that follow the commas of the outermost brackets.
  private static func starts(_ pieces: [LayoutPiece], _ row: Range<Int>) -> [Int] {
    var depth = 0
    var starts: [Int] = []
    for index in row {
      switch pieces[index].kind {
      case .open: depth += 1
      case .close: depth -= 1
      case .comma where depth == 1 && index + 1 < row.upperBound: starts.append(index + 1)
      default: break
      }
    }
    return starts
  }

  /// Comments behind lines that have no empty line between them and stood in one column stay in one column.
  private static func alignComments(_ lines: inout [LayoutLine]) {
    var start = 0
    while start < lines.count {
      var end = start + 1
      while end < lines.count, !lines[end].isBlankBefore { end += 1 }
      let commented = (start..<end).filter { lines[$0].comment != nil && !lines[$0].pieces.isEmpty }
      for (_, column) in Dictionary(grouping: commented, by: { lines[$0].commentColumn }) {
        let target = column.map { lines[$0].endColumn }.max() ?? 0
        for index in column { lines[index].commentSpaces = target + 2 - lines[index].endColumn }
      }
      start = end
    }
  }
}
