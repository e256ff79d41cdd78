/// Mistakes with colons, quotes, brackets and indentation.
extension SyntaxMistake {
  // MARK: Colons

  /// A line that ought to be a key has no colon.
  func missingColon() -> Diagnostic {
    let line = SourceLine(file, at: context)
    if let colon = line.gluedColon { return .missingSpace(in: file, colon: colon) }
    return cutAbove(line) ?? outsideBlockScalar(line) ?? noColon(line, textRange(from: context))
  }

  private func noColon(_ line: SourceLine, _ text: SourceRange) -> Diagnostic {
    let name = file.text(in: text)
    return report(
      .colon, "'\(name)' is no key: its ':' is missing", text.start, text.end,
      help: "write 'key: value'; a text of several lines must be indented further than its key",
      fixedLine: name.utf8.contains(0x20) ? nil : line.replacing([(SourceRange(text.end, text.end), ":")]))
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
      return noColon(above, SourceRange(above.itemStart, above.contentEnd))
    }
    return cutAbove(line) ?? indentedTooFar(line, key, below: above)
  }

  func indentedTooFar(_ line: SourceLine, _ key: SourceRange, below above: SourceLine) -> Diagnostic {
    report(
      .indentation, "key '\(file.text(in: key))' is indented too far", key.start, key.end, notes: [alreadyHasValue(above)],
      help: "indent it like the key it belongs beside", fixedLine: line.indented(by: above.itemStart - above.range.start))
  }

  private func alreadyHasValue(_ line: SourceLine) -> DiagnosticNote {
    DiagnosticNote(
      "this line already has its value, so nothing can stand below it",
      at: SourcePlace(file: file, range: SourceRange(line.contentStart, line.contentEnd)))
  }

  /// The nearest line above that says something.
  func lineAbove(_ line: SourceLine) -> SourceLine? {
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
    if let byte, byte == UInt8(ascii: opening == "{" ? "]" : "}") { return wrongBracket(closing) }
    if let last = afterScalar {
      let text = SourceRange(last.start, max(problem.offset, min(line.flowTextEnd(from: problem.offset), line.range.end)))
      return report(
        .unquotedText, "text goes on after its closing quote", text.start, text.end,
        help: "put all of it in one pair of quotes, or a ',' before what is the next value")
    }
    if byte == UInt8(ascii: ":"), let last = lastScalar, last.style == .plain, last.range.start >= line.range.start,
      last.range.end <= problem.offset
    {
      let text = SourceRange(last.range.start, line.flowTextEnd(from: problem.offset))
      return report(
        .unquotedText, "text with ': ' in it must stand in quotes", text.start, text.end,
        help: file.text(in: last.range).utf8.contains(0x20) ? "put it in quotes, or a ',' before the next key" : "put it in quotes",
        fixedLine: line.quoting([text]))
    }
    if byte == UInt8(ascii: ":"), line.contentStart > context, let above = lineAbove(line) {
      let end = SourceRange(above.contentEnd, above.contentEnd)
      let note = DiagnosticNote(
        "it belongs before this key", at: SourcePlace(file: file, range: SourceRange(line.contentStart, problem.offset)))
      return report(
        .malformed, "a ',' is missing here", end.start, end.end, notes: [note], help: "end the line with ','",
        fixedLine: above.replacing([(end, ",")]))
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
      help: "close it with '\(closing)', and put ',' between what stands inside", fixedLine: closingBrackets(from: start))
  }

  /// The line at `start` with everything closed that opens on it; nil where nothing stands behind the bracket, so that it goes on below.
  private func closingBrackets(from start: Int) -> String? {
    let line = SourceLine(file, at: start)
    var end = line.textEnd(from: line.contentStart)
    if line.byte(at: end - 1) == UInt8(ascii: ",") { end -= 1 }
    guard end > start + 1 else { return nil }
    var closing = ""
    for bracket in line.openBrackets(before: end).reversed() {
      closing += (line.isBlank(at: bracket + 1) ? " " : "") + (line.byte(at: bracket) == UInt8(ascii: "{") ? "}" : "]")
    }
    return closing.isEmpty ? nil : line.replacing([(SourceRange(end, line.contentEnd), closing)])
  }

  /// `[1, 2}`: a bracket closed by one of the other kind.
  private func wrongBracket(_ closing: String) -> Diagnostic {
    let line = line
    let found = SourceRange(problem.offset, problemEnd)
    let opening = file.text(in: SourceRange(context, context + 1))
    let outer = line.openBrackets(before: context).last
    var fixedLine: String?
    if context >= line.range.start {
      var end = problem.offset
      while line.isBlank(at: end - 1) { end -= 1 }
      let fits = outer.map { line.byte(at: $0) == (byte == UInt8(ascii: "]") ? UInt8(ascii: "[") : UInt8(ascii: "{")) } ?? false
      let space = line.isBlank(at: context + 1) ? " " : ""
      fixedLine = fits ? line.replacing([(SourceRange(end, end), space + closing)]) : line.replacing([(found, closing)])
    }
    return report(
      .unclosed, "this '\(opening)' is closed by '\(file.text(in: found))'", context, context + 1,
      notes: [DiagnosticNote("it ends here", at: SourcePlace(file: file, range: found))], help: "close it with '\(closing)'",
      fixedLine: fixedLine)
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
