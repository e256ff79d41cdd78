/// Mistakes with colons, quotes, brackets and indentation.
extension SyntaxMistake {
  // MARK: Colons

  /// A line that ought to be a key has no colon.
  func missingColon() -> Diagnostic {
    let line = SourceLine(file, at: context)
    if let colon = line.gluedColon { return .missingSpace(in: file, colon: colon) }
    let text = textRange(from: context)
    return report(
      .colon, "'\(file.text(in: text))' is no key: its ':' is missing", text.start, text.end,
      help: "write 'key: value'; a text of several lines must be indented further than its key")
  }

  /// A `: ` where no key may stand: inside a text, or on a line that is indented too far.
  func unexpectedColon() -> Diagnostic {
    let line = line
    if let colon = line.keyColon(before: problem.offset) {
      let start = line.skipBlanks(from: colon + 1)
      let value = SourceRange(start, line.textEnd(from: start))
      if let first = line.byte(at: start), first != UInt8(ascii: "\""), first != UInt8(ascii: "'") {
        return report(
          .unquotedText, "text with ': ' in it must stand in quotes", value.start, value.end, help: "put it in quotes",
          fixedLine: line.quoting([value]))
      }
      return report(
        .malformed, "a second ':' stands on this line", problem.offset, problemEnd,
        help: "put the whole value in one pair of quotes")
    }
    let key = SourceRange(line.itemStart, max(line.itemStart, problem.offset))
    guard let above = lineAbove(line) else {
      return report(.malformed, "a ':' is not expected here", problem.offset, problemEnd)
    }
    if let colon = above.gluedColon { return .missingSpace(in: file, colon: colon) }
    if above.keyColon(before: above.range.end) == nil, above.itemStart - above.range.start == line.itemStart - line.range.start {
      let text = SourceRange(above.itemStart, above.contentEnd)
      return report(
        .colon, "'\(file.text(in: text))' is no key: its ':' is missing", text.start, text.end,
        help: "write 'key: value'; a text of several lines must be indented further than its key")
    }
    let name = file.text(in: key)
    return report(
      .indentation, "key '\(name)' is indented too far", key.start, key.end, notes: [alreadyHasValue(above)],
      help: "indent it like the key it belongs beside")
  }

  private func alreadyHasValue(_ line: SourceLine) -> DiagnosticNote {
    DiagnosticNote(
      "this line already has its value, so nothing can stand below it",
      at: SourcePlace(file: file, range: SourceRange(line.contentStart, line.contentEnd)))
  }

  /// The nearest line above that says something.
  private func lineAbove(_ line: SourceLine) -> SourceLine? {
    var number = line.number - 1
    while number >= 1 {
      let above = SourceLine(file, number: number)
      if !above.isEmptyOrComment { return above }
      number -= 1
    }
    return nil
  }

  // MARK: Quotes and brackets

  func unclosedQuote() -> Diagnostic {
    let line = SourceLine(file, at: context)
    let text = SourceRange(context, line.contentEnd)
    let quote = file.text(in: SourceRange(context, context + 1))
    return report(
      .unclosed, "this quote is never closed", text.start, text.end, help: "close it with \(quote)",
      fixedLine: line.replacing([(SourceRange(text.end, text.end), quote)]))
  }

  /// Something inside `{ }` or `[ ]` that is neither a comma nor the end.
  func brokenFlow() -> Diagnostic {
    let line = line
    let opening = file.text(in: SourceRange(context, context + 1))
    let closing = opening == "{" ? "}" : "]"
    let start = context >= line.range.start ? context : line.range.start
    let references = line.unquotedReferences(from: start)
    if let first = references.first(where: { $0.start <= problem.offset && problem.offset <= $0.end }) {
      return report(
        .unquotedReference, "'${{ }}' must stand in quotes inside \(opening) \(closing)", first.start, first.end,
        help: "put it in quotes", fixedLine: line.quoting(references))
    }
    if !isClosed(from: context) { return unclosedBracket(at: context) }
    if let last = afterScalar {
      let text = SourceRange(last.start, max(problem.offset, min(endOfFlowText(line, from: problem.offset), line.range.end)))
      return report(
        .unquotedText, "text goes on after its closing quote", text.start, text.end,
        help: "put all of it in one pair of quotes, or a ',' before what is the next value")
    }
    if byte == UInt8(ascii: ":"), let last = lastScalar, last.style == .plain, last.range.start >= line.range.start,
      last.range.end <= problem.offset
    {
      let text = SourceRange(last.range.start, endOfFlowText(line, from: problem.offset))
      return report(
        .unquotedText, "text with ': ' in it must stand in quotes", text.start, text.end, help: "put it in quotes",
        fixedLine: line.quoting([text]))
    }
    if byte == UInt8(ascii: ":"), line.contentStart > context {
      return report(
        .malformed, "a ',' is missing before this key", line.contentStart, problem.offset, help: "end the line above with ','")
    }
    return report(
      .malformed, "'\(closing)' or ',' is expected here", problem.offset, problemEnd,
      help: "text with one of , [ ] { } in it must stand in quotes")
  }

  /// Whether the bracket at `start` finds its partner further down. Quoted text and comments are passed over.
  func isClosed(from start: Int) -> Bool {
    var open = 0
    var quote: UInt8?
    var offset = start
    while offset < file.bytes.count {
      let byte = file.bytes[offset]
      let before = offset > start ? file.bytes[offset - 1] : 0x20
      switch byte {
      case _ where quote != nil:
        if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { offset += 1 }
        if byte == quote { quote = nil }
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if isBlankOrBreak(before) || "[{,".utf8.contains(before) { quote = byte }
      case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): open -= 1
      case UInt8(ascii: "#") where isBlankOrBreak(before):
        while offset < file.bytes.count, file.bytes[offset] != 0x0A, file.bytes[offset] != 0x0D { offset += 1 }
      default: break
      }
      if open == 0 { return true }
      offset += 1
    }
    return false
  }

  func unclosedBracket(at start: Int) -> Diagnostic {
    let opening = file.text(in: SourceRange(start, start + 1))
    let closing = opening == "{" ? "}" : "]"
    let note = DiagnosticNote(
      "'\(closing)' or ',' was expected before this", at: SourcePlace(file: file, range: SourceRange(problem.offset, problemEnd)))
    return report(
      .unclosed, "this '\(opening)' is never closed", start, start + 1, notes: [note],
      help: "close it with '\(closing)', and put ',' between what stands inside")
  }

  /// The quoted text that ends right before the problem on the same line.
  private var afterScalar: SourceRange? {
    guard let last = lastScalar, last.style == .singleQuoted || last.style == .doubleQuoted, last.range.end <= problem.offset,
      line.skipBlanks(from: last.range.end) == problem.offset
    else { return nil }
    return last.range
  }

  private func endOfFlowText(_ line: SourceLine, from start: Int) -> Int {
    var offset = start
    var end = start
    while let byte = line.byte(at: offset), !",[]{}".utf8.contains(byte) {
      offset += 1
      if !isBlankOrBreak(byte) { end = offset }
    }
    return end
  }

  // MARK: Indentation

  /// Something in a block mapping or list that is neither its next entry nor its end.
  func brokenBlock() -> Diagnostic {
    let line = line
    if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { return closesNothing() }
    if let quoted = afterScalar { return textAfterQuote(quoted, line) }
    if problem.offset > line.contentStart {
      return report(
        .malformed, "this cannot stand behind a value that has ended", problem.offset, textRange(from: problem.offset).end,
        help: "put the whole value in quotes, or begin a new line")
    }
    if byte == UInt8(ascii: ":") { return report(.colon, "the key before ':' is missing", problem.offset, problemEnd) }
    let isItem = byte == UInt8(ascii: "-")
    let text = SourceRange(line.contentStart, line.contentEnd)
    let opening = SourceLine(file, at: context)
    let columns = file.position(of: context).column - 1
    let note = DiagnosticNote(
      problem.problem.contains("'-'") ? "the list begins here" : "the mapping begins here",
      at: SourcePlace(file: file, range: SourceRange(context, max(context + 1, opening.contentEnd))))
    if line.indentation == columns {
      return report(
        .indentation, isItem ? "a list item stands among keys" : "a key stands among list items", text.start, text.end, notes: [note],
        help: isItem ? "indent it below the key it belongs to" : "begin it with '- ', or indent it like the key of the list")
    }
    let spaces = line.indentation == 1 ? "1 space" : "\(line.indentation) spaces"
    return report(
      .indentation, "this line is indented by \(spaces), like nothing above it", text.start, text.end, notes: [note],
      help: "indent it like the line it belongs beside")
  }

  private func textAfterQuote(_ quoted: SourceRange, _ line: SourceLine) -> Diagnostic {
    let first = SourceLine(file, at: quoted.start)
    guard first.number == line.number else {
      return report(
        .unclosed, "this quote is closed only on line \(line.number)", quoted.start, first.contentEnd,
        notes: [DiagnosticNote("it ends here", at: SourcePlace(file: file, range: SourceRange(quoted.end - 1, quoted.end)))],
        help: "close it on its own line")
    }
    let value = SourceRange(quoted.start, line.textEnd(from: problem.offset))
    return report(
      .unquotedText, "text goes on after its closing quote", value.start, value.end, help: "put all of it in one pair of quotes",
      fixedLine: line.quoting([value]))
  }
}

extension Diagnostic {
  /// `key:value`, with the line as it should be.
  static func missingSpace(in file: SourceFile, colon: Int) -> Diagnostic {
    Diagnostic(
      SyntaxCode.colon, "the space after ':' is missing", at: SourcePlace(file: file, range: SourceRange(colon, colon + 1)),
      help: "write a space between ':' and the value",
      fixedLine: SourceLine(file, at: colon).replacing([(SourceRange(colon + 1, colon + 1), " ")]))
  }
}
