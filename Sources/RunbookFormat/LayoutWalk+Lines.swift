import RunbookSyntax

/// Where pieces, comments and texts of several lines go.
extension LayoutWalk {
  /// Whether the next piece goes behind the last one.
  var goesOnLine: Bool {
    guard waiting.isEmpty, let last = lines.last else { return false }
    return breaks == 0 || joinsContent && last.comment == nil
  }

  /// Writes a piece: behind the last one, or on a line of its own where a line ends before it.
  mutating func put(_ kind: LayoutPiece.Kind, _ range: SourceRange, column: Int, text: String? = nil) {
    let text = text ?? file.text(in: range)
    if goesOnLine {
      let last = lines[lines.count - 1].pieces.last?.kind
      let isWide = breaks == 0 && range.start - lastEnd > 1
      let spaces = last.map { Self.spaces(behind: $0, before: kind) } ?? 0
      lines[lines.count - 1].pieces.append(LayoutPiece(kind: kind, text: text, spaces: spaces, isWide: isWide && spaces == 1))
    } else {
      let isBlankBefore = breaks > 1 && !(waiting.isEmpty && opensBlock) && kind != .close
      writeWaiting(next: Block(written: self.column(of: range.start), column: column))
      var line = LayoutLine(kind: brackets.isEmpty && kind != .close ? .ordinary : .continuation, indentation: column)
      line.pieces = [LayoutPiece(kind: kind, text: text, spaces: 0, isWide: false)]
      line.isBlankBefore = isBlankBefore && !lines.isEmpty
      lines.append(line)
    }
    breaks = 0
    offset = range.end
    lastEnd = range.end
    lastBlocks = blocks
    joinsContent = false
  }

  /// Whether the last line opens something, so that nothing is to be set apart from it.
  private var opensBlock: Bool {
    guard let last = lines.last else { return true }
    switch last.pieces.last?.kind {
    case .colon, .dash, .property, .open, .question, .marker: return true
    case .scalar, .alias, .close, .comma, nil: return false
    }
  }

  private static func spaces(behind last: LayoutPiece.Kind, before kind: LayoutPiece.Kind) -> Int {
    switch (last, kind) {
    case (.colon, .comma): 1
    case (_, .comma), (.scalar, .colon), (.close, .colon), (.open, .close): 0
    default: 1
    }
  }

  // MARK: Comments

  /// Writes the comments that stand on lines of their own.
  ///
  /// One belongs to what follows, unless it stands further in: then it ends the block whose column it has reached.
  /// - Parameter next: the piece that follows.
  mutating func writeWaiting(next: Block) {
    for (index, comment) in waiting.enumerated() {
      var column = next.column
      if comment.isInBrackets {
        column = (brackets.last?.base ?? next.column - 2) + 2
      } else if comment.written > next.written {
        column = max(column, lastBlocks.last { $0.written <= comment.written }?.column ?? column)
      }
      var line = LayoutLine(kind: .comment, indentation: column)
      line.comment = comment.text
      line.isBlankBefore = comment.isBlankBefore && !lines.isEmpty && !(index == 0 && opensBlock)
      lines.append(line)
    }
    waiting = []
  }

  // MARK: Texts

  /// A plain or quoted scalar, or an alias.
  mutating func text(_ node: Node, column: Int, textColumn: Int) {
    let range = node.range
    let kind = node.isAlias ? LayoutPiece.Kind.alias : .scalar
    let isDoubleQuoted = !node.isAlias && node.style == .doubleQuoted
    // Text that is written as it is read has no line end in it, as an alias has none.
    var parts = node.isAlias || node.textOffset != nil ? [range] : split(range)
    if parts.count == 1 {
      put(kind, range, column: column, text: node.isAlias ? nil : inDoubleQuotes(node))
      return
    }
    parts = parts.enumerated().map { index, part in
      trimmed(part, start: index > 0, end: index < parts.count - 1, isDoubleQuoted: isDoubleQuoted)
    }
    put(kind, range, column: column, text: file.text(in: parts[0]))
    for part in parts.dropFirst() {
      var line = LayoutLine(kind: part.isEmpty ? .verbatim : .continuation, indentation: textColumn)
      if !part.isEmpty { line.pieces = [LayoutPiece(kind: .scalar, text: file.text(in: part), spaces: 0, isWide: false)] }
      lines.append(line)
    }
  }

  /// `'text'` as `"text"` where that is the same: there is one way to write it.
  private func inDoubleQuotes(_ node: Node) -> String? {
    guard node.style == .singleQuoted,
      !file.bytes[(node.range.start + 1)..<(node.range.end - 1)].contains(where: { "\"\\'\t".utf8.contains($0) })
    else { return nil }
    return "\"" + file.text(in: SourceRange(node.range.start + 1, node.range.end - 1)) + "\""
  }

  /// The stretches of a range between its line ends.
  private func split(_ range: SourceRange) -> [SourceRange] {
    var parts: [SourceRange] = []
    var start = range.start
    var index = range.start
    while index < range.end {
      guard source[index] == 0x0A || source[index] == 0x0D else {
        index += 1
        continue
      }
      parts.append(SourceRange(start, index))
      index += source[index] == 0x0D && index + 1 < range.end && source[index + 1] == 0x0A ? 2 : 1
      start = index
    }
    return parts + [SourceRange(start, range.end)]
  }

  /// Without the blanks that folding drops. One behind a backslash is text.
  private func trimmed(_ part: SourceRange, start cutsStart: Bool, end cutsEnd: Bool, isDoubleQuoted: Bool) -> SourceRange {
    var (start, end) = (part.start, part.end)
    while cutsStart, start < end, source[start] == 0x20 || source[start] == 0x09 { start += 1 }
    while cutsEnd, end > start, source[end - 1] == 0x20 || source[end - 1] == 0x09 { end -= 1 }
    if isDoubleQuoted, end < part.end {
      var slashes = 0
      while end - slashes > start, source[end - slashes - 1] == UInt8(ascii: "\\") { slashes += 1 }
      if slashes % 2 == 1 { end += 1 }
    }
    return SourceRange(start, end)
  }

  // MARK: Block scalars

  /// A `|` or `>` text: its content moves to two columns behind its block, and stays as it is otherwise.
  mutating func blockScalar(_ node: Node, column: Int, block: Int) {
    let start = node.range.start
    var index = start + 1
    var keep = ""
    var explicit: Int?
    while index < source.count, "+-123456789".utf8.contains(source[index]) {
      if source[index] == UInt8(ascii: "+") || source[index] == UInt8(ascii: "-") {
        keep = file.text(in: SourceRange(index, index + 1))
      } else {
        explicit = Int(source[index] - UInt8(ascii: "0"))
      }
      index += 1
    }
    let indicator = file.text(in: SourceRange(start, start + 1)) + (explicit == nil ? "" : "2") + keep
    put(.scalar, SourceRange(start, index), column: column, text: indicator)
    let header = file.position(of: start).line
    scan(to: file.lineRange(header).end, column: column)
    let content = contentLines(below: header, indentation: explicit.map { max(0, blocks.last?.written ?? 0) + $0 }, keepsEnd: keep == "+")
    for part in content {
      var line = LayoutLine(kind: .verbatim, indentation: block + 2)
      if !part.isEmpty { line.pieces = [LayoutPiece(kind: .scalar, text: file.text(in: part), spaces: 0, isWide: false)] }
      lines.append(line)
    }
    guard !content.isEmpty else { return }
    let last = header + content.count
    offset = last < file.lineCount ? file.lineRange(last + 1).start : source.count
    endsInsideText = offset == source.count && source.last != 0x0A && source.last != 0x0D
    lastEnd = offset
    breaks = 1
  }

  /// The lines of a block scalar's content, without their indentation.
  private func contentLines(below header: Int, indentation: Int?, keepsEnd: Bool) -> [SourceRange] {
    var found: [SourceRange] = []
    var lastText = 0
    var indentation = indentation
    var number = header + 1
    while number <= file.lineCount {
      let line = file.lineRange(number)
      var blanks = 0
      while line.start + blanks < line.end, source[line.start + blanks] == 0x20 { blanks += 1 }
      let isBlank = blanks == line.count
      if indentation == nil, !isBlank { indentation = max(blanks, minimalIndentation) }
      if !isBlank, blanks < indentation ?? 0 { break }
      let start = min(line.start + (indentation ?? blanks), line.end)
      found.append(SourceRange(start, line.end))
      if start < line.end { lastText = found.count }
      number += 1
    }
    return Array(found.prefix(keepsEnd ? found.count : lastText))
  }

  /// Text of a block scalar is indented further than its block.
  private var minimalIndentation: Int { (blocks.last?.written ?? -1) + 1 }
}
