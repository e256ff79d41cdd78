/// Lines that stand further in or out than their neighbours allow, and what stands behind a value that has ended.
extension SyntaxMistake {
  /// Something in a block mapping or list that is neither its next entry nor its end.
  func brokenBlock() -> Diagnostic {
    let line = line
    if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { return closesNothing() }
    if let quoted = afterScalar { return textAfterQuote(quoted, line) }
    if problem.offset > line.contentStart { return behindValue(line) }
    if byte == UInt8(ascii: ":") { return report(.colon, "the key before ':' is missing", problem.offset, problemEnd) }
    if let diagnostic = cutAbove(line) ?? outsideBlockScalar(line) { return diagnostic }
    if let above = lineAbove(line), let colon = above.keyColon(before: above.range.end),
      above.skipBlanks(from: colon + 1) < above.contentEnd,
      line.contentStart - line.range.start > above.itemStart - above.range.start, let end = line.keyColon(before: line.range.end)
    {
      return indentedTooFar(line, SourceRange(line.itemStart, end), below: above)
    }
    return line.indentation == file.position(of: context).column - 1 ? amongOthers(line) : likeNothingAbove(line)
  }

  private var beginning: DiagnosticNote {
    let opening = SourceLine(file, at: context)
    return DiagnosticNote(
      problem.problem.contains("'-'") ? "the list begins here" : "the mapping begins here",
      at: SourcePlace(file: file, range: SourceRange(context, max(context + 1, opening.contentEnd))))
  }

  /// A list item among the keys of a mapping, or the other way round.
  private func amongOthers(_ line: SourceLine) -> Diagnostic {
    let text = SourceRange(line.contentStart, line.contentEnd)
    let columns = columns(above: line)
    if byte == UInt8(ascii: "-") {
      let item = columns.first { $0.isItem }
      return report(
        .indentation, "a list item stands among keys", text.start, text.end, notes: [beginning],
        help: item == nil ? "indent it below the key it belongs to" : "indent it like the item above, or below the key it belongs to",
        fixedLine: item.flatMap { line.indented(by: $0.column) })
    }
    let key = columns.last { !$0.isItem && $0.column > line.indentation }
    return report(
      .indentation, "a key stands among list items", text.start, text.end, notes: [beginning],
      help: key == nil
        ? "begin it with '- ', or indent it like the key of the list"
        : "indent it like the keys of the item above, or like the key of the list",
      fixedLine: key.map { line.indented(by: $0.column) } ?? line.replacing([(SourceRange(text.start, text.start), "- ")]))
  }

  private func likeNothingAbove(_ line: SourceLine) -> Diagnostic {
    let spaces = line.indentation == 1 ? "1 space" : "\(line.indentation) spaces"
    let isItem = line.itemStart > line.contentStart
    let nearest = columns(above: line).filter { $0.isItem == isItem }
      .min { abs($0.column - line.indentation) < abs($1.column - line.indentation) }
    return report(
      .indentation, "this line is indented by \(spaces), like nothing above it", line.contentStart, line.contentEnd, notes: [beginning],
      help: nearest.map { "indent it like line \($0.number), or like another line that it belongs beside" }
        ?? "indent it like the line it belongs beside",
      fixedLine: nearest.flatMap { line.indented(by: $0.column) })
  }

  /// The columns at which the lines above open keys and items that a line may stand beside, innermost first.
  private func columns(above line: SourceLine) -> [(column: Int, isItem: Bool, number: Int)] {
    var found: [(column: Int, isItem: Bool, number: Int)] = []
    var limit = Int.max
    var current = line
    while limit > 0, let above = lineAbove(current) {
      current = above
      var offset = above.contentStart
      var starts: [(column: Int, isItem: Bool, number: Int)] = []
      while offset < above.itemStart {
        starts.append((offset - above.range.start, true, above.number))
        offset = above.skipBlanks(from: offset + 1)
      }
      if above.keyColon(before: above.range.end) != nil { starts.append((offset - above.range.start, false, above.number)) }
      for start in starts.reversed() where start.column < limit {
        found.append(start)
        limit = start.column
      }
    }
    return found
  }

  /// `a: {b: 1} c`
  private func behindValue(_ line: SourceLine) -> Diagnostic {
    let colon = line.keyColon(before: problem.offset)
    let start = colon.map { line.skipBlanks(from: $0 + 1) } ?? line.itemStart
    let value = SourceRange(start, line.textEnd(from: start))
    return report(
      .malformed, "this cannot stand behind a value that has ended", problem.offset, problemEnd,
      help: "put the whole value in quotes, or begin a new line", fixedLine: start < problem.offset ? line.quoting([value]) : nil)
  }

  /// `a: - b`
  func listBesideKey() -> Diagnostic {
    let line = line
    let text = textRange(from: problem.offset)
    let item = SourceRange(line.skipBlanks(from: problem.offset + 1), text.end)
    // A single plain word can be shown as a list in brackets; anything else might need more than that.
    let isWord = !item.isEmpty && !file.bytes[item.start..<item.end].contains { " ,:[]{}#&*!|>'\"%@`".utf8.contains($0) }
    return report(
      .indentation, "a list item may not begin on the line of its key", text.start, text.end,
      help: "begin the list on the next line, or put the text in quotes if no list is meant",
      fixedLine: isWord ? line.replacing([(text, "[\(file.text(in: item))]")]) : line.quoting([text]))
  }

  /// The document ended before this line, which stands further out than its first one.
  func outsideDocument() -> Diagnostic {
    let line = line
    var first = SourceLine(file, number: 1)
    while first.number < line.number, first.isEmptyOrComment || first.byte(at: first.range.start) == UInt8(ascii: "%") {
      first = SourceLine(file, number: first.number + 1)
    }
    let text = textRange(from: problem.offset)
    guard first.number < line.number, first.indentation > line.indentation else {
      return report(
        .indentation, "this stands outside the document, which ended above", text.start, text.end,
        help: "the whole file must be one mapping")
    }
    return report(
      .indentation, "this line is indented less than the first one, so it stands outside the document", text.start, text.end,
      notes: [
        DiagnosticNote(
          "the document begins here", at: SourcePlace(file: file, range: SourceRange(first.contentStart, first.contentEnd)))
      ],
      help: "begin both at the same column", fixedLine: line.indented(by: first.indentation))
  }

  /// A line right below a `|` or `>` text that is indented less than it, and no key either.
  func outsideBlockScalar(_ line: SourceLine) -> Diagnostic? {
    guard let last = lastScalar, last.style == .literal || last.style == .folded, let above = lineAbove(line) else { return nil }
    let header = SourceLine(file, at: last.range.start)
    var first = SourceLine(file, number: header.number + 1)
    while first.number < above.number, first.contentStart == first.range.end { first = SourceLine(file, number: first.number + 1) }
    guard above.range.end >= last.range.end, above.range.start < last.range.end, above.number > header.number,
      line.indentation < first.indentation, line.keyColon(before: line.range.end) == nil || line.indentation > header.indentation
    else { return nil }
    return report(
      .indentation, "the text above ends before this line, which is indented less", line.contentStart, line.contentEnd,
      notes: [
        DiagnosticNote("the text begins here", at: SourcePlace(file: file, range: SourceRange(first.contentStart, first.contentEnd)))
      ],
      help: "indent it like the rest of the text", fixedLine: line.indented(by: first.indentation))
  }

  /// A text of several lines that a comment at the end of one of them cut off.
  func cutAbove(_ line: SourceLine) -> Diagnostic? {
    guard let above = lineAbove(line), let last = lastScalar, last.style == .plain, above.contentEnd < above.range.end,
      last.range.end == above.contentEnd,
      line.indentation > above.indentation || line.indentation == above.indentation && above.itemStart == above.contentStart,
      let mark = (above.contentEnd..<above.range.end).first(where: { above.byte(at: $0) == UInt8(ascii: "#") }),
      line.keyColon(before: line.range.end) == nil, line.itemStart == line.contentStart
    else { return nil }
    return report(
      .cutByComment, "a comment ends the text here, so the next line is no part of it", mark, above.range.end,
      notes: [DiagnosticNote("this line", at: SourcePlace(file: file, range: SourceRange(line.contentStart, line.contentEnd)))],
      help: "put the comment on a line of its own above the text, or the whole text in quotes")
  }

  /// The quoted text that ends right before the problem on the same line.
  var afterScalar: SourceRange? {
    guard let last = lastScalar, last.style == .singleQuoted || last.style == .doubleQuoted, last.range.end <= problem.offset,
      line.skipBlanks(from: last.range.end) == problem.offset
    else { return nil }
    return last.range
  }

  private func textAfterQuote(_ text: SourceRange, _ line: SourceLine) -> Diagnostic {
    let first = SourceLine(file, at: text.start)
    let quote = file.text(in: SourceRange(text.start, text.start + 1))
    guard first.number == line.number else {
      return report(
        .unclosed, "this quote is closed only on line \(line.number)", text.start, first.contentEnd,
        notes: [DiagnosticNote("it ends here", at: SourcePlace(file: file, range: SourceRange(text.end - 1, text.end)))],
        help: "close it on its own line", fixedLine: first.replacing([(SourceRange(first.contentEnd, first.contentEnd), quote)]))
    }
    let value = SourceRange(text.start, line.textEnd(from: problem.offset))
    let written = file.text(in: value)
    // `'it's'`: a quote that is glued to what follows was meant as part of the text, and the last one as its end.
    let isGlued = problem.offset == text.end && written.hasSuffix(quote)
    return report(
      .unquotedText, "text goes on after its closing quote", value.start, value.end, help: "put all of it in one pair of quotes",
      fixedLine: line.replacing([(value, quoted(isGlued ? String(written.dropFirst().dropLast()) : written))]))
  }
}
