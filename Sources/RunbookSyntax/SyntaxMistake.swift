/// Turns what libyaml says into what the author most likely did, and how to put it right.
///
/// libyaml's sentences are fixed texts of its version 0.2; a sentence that is not known here is passed on as it is.
struct SyntaxMistake {
  let file: SourceFile
  let problem: ParserProblem
  /// The last scalar that was read before the problem.
  let lastScalar: (range: SourceRange, style: ScalarStyle)?

  /// Where the innermost `{` or `[` that is open at the problem stands.
  let openBracket: Int?

  var line: SourceLine { SourceLine(file, at: problem.offset) }
  var byte: UInt8? { problem.offset < file.bytes.count ? file.bytes[problem.offset] : nil }
  /// Behind the character at which libyaml stopped; the same place where a line ends there.
  var problemEnd: Int { problem.offset < line.range.end ? file.endOfCharacter(at: problem.offset) : problem.offset }
  var context: Int { problem.contextOffset ?? problem.offset }

  /// What to say.
  var diagnostic: Diagnostic {
    switch problem.problem {
    case "found character that cannot start any token":
      return byte == 0x09 ? tab() : reservedCharacter(at: problem.offset)
    case "found a tab character that violates indentation", "found a tab character where an indentation space is expected":
      return tab()
    case "did not find expected alphabetic or numeric character":
      return reservedCharacter(at: context)
    case "could not find expected ':'":
      return missingColon()
    case "found unexpected ':'":
      return .missingSpace(in: file, colon: problem.offset)
    case "mapping values are not allowed in this context":
      return unexpectedColon()
    case "found unexpected end of stream", "found unexpected document indicator":
      return unclosedQuote()
    case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
      return brokenFlow()
    case "did not find expected key", "did not find expected '-' indicator":
      return brokenBlock()
    case "did not find expected node content":
      return unexpectedIndicator()
    default:
      return rarer()
    }
  }

  func report(
    _ code: SyntaxCode, _ message: String, _ start: Int, _ end: Int, notes: [DiagnosticNote] = [], help: String? = nil,
    fixedLine: String? = nil
  ) -> Diagnostic {
    Diagnostic(
      code, message, at: SourcePlace(file: file, range: SourceRange(start, end)), notes: notes, help: help, fixedLine: fixedLine)
  }

  /// The plain text from an offset to the end of its line, for a message or a range.
  func textRange(from start: Int) -> SourceRange { SourceRange(start, max(start, SourceLine(file, at: start).textEnd(from: start))) }

  // MARK: Tabs and characters

  private func tab() -> Diagnostic {
    let line = line
    let isLeading = problem.offset <= line.contentStart
    var start = problem.offset
    var end = start
    while line.byte(at: end) == 0x09 { end += 1 }
    guard isLeading else {
      return report(.tab, "a tab stands where YAML wants a space", start, end, help: "replace it by a space")
    }
    while start > line.range.start, line.byte(at: start - 1) == 0x09 { start -= 1 }
    let indentation = SourceRange(line.range.start, line.contentStart)
    let spaces = file.bytes[indentation.start..<indentation.end].reduce(0) { $0 + ($1 == 0x09 ? 2 : 1) }
    return report(
      .tab, "a tab is used for indentation", start, end, help: "YAML is indented with spaces",
      fixedLine: line.replacing([(indentation, String(repeating: " ", count: spaces))]))
  }

  private func reservedCharacter(at offset: Int) -> Diagnostic {
    let line = SourceLine(file, at: offset)
    let isInFlow = openBracket != nil || !line.openBrackets(before: offset).isEmpty
    let text = SourceRange(offset, max(offset + 1, isInFlow ? line.flowTextEnd(from: offset) : line.textEnd(from: offset)))
    let character = file.text(in: SourceRange(offset, offset + 1))
    let meaning =
      switch character {
      case "*": "which YAML reads as an alias"
      case "&": "which YAML reads as an anchor"
      case "?": "which YAML reads as the mark of a key"
      default: "which YAML reserves"
      }
    return report(
      .unquotedText, "text may not begin with '\(character)', \(meaning)", text.start, text.end, help: "put it in quotes",
      fixedLine: line.quoting([text]))
  }

  private func unexpectedIndicator() -> Diagnostic {
    if let openBracket, !isClosed(from: openBracket) { return unclosedBracket(at: openBracket) }
    switch byte {
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      return closesNothing()
    case UInt8(ascii: ","), UInt8(ascii: "%"), UInt8(ascii: "@"):
      return reservedCharacter(at: problem.offset)
    default:
      return report(.malformed, "a value is expected here", problem.offset, problemEnd)
    }
  }

  /// A line that begins with `%`.
  private func directive() -> Diagnostic {
    let line = SourceLine(file, at: context)
    let text = textRange(from: line.range.start)
    guard line.byte(at: line.range.start) == UInt8(ascii: "%") else {
      return report(.malformed, "not valid YAML: \(problem.problem)", problem.offset, problemEnd)
    }
    if let colon = line.keyColon(before: line.range.end) {
      return report(
        .unquotedText, "a line may not begin with '%', which YAML keeps for directives", text.start, text.end,
        help: "put the key in quotes",
        fixedLine: line.quoting([SourceRange(line.range.start, colon)]))
    }
    return report(
      .malformed, "a plan has no such YAML directive", text.start, text.end, help: "remove the line; plans are YAML 1.2")
  }

  func closesNothing() -> Diagnostic {
    let bracket = file.text(in: SourceRange(problem.offset, problemEnd))
    let line = line
    let begin = line.keyColon(before: problem.offset).map { line.skipBlanks(from: $0 + 1) } ?? line.itemStart
    return report(
      .malformed, "'\(bracket)' closes nothing that is open here", problem.offset, problemEnd,
      help: "remove it, or put the text in quotes",
      fixedLine: begin == problem.offset
        ? line.quoting([textRange(from: begin)]) : line.replacing([(SourceRange(problem.offset, problemEnd), "")]))
  }

  private func rarer() -> Diagnostic {
    let offset = problem.offset
    switch problem.problem {
    case "block sequence entries are not allowed in this context":
      return listBesideKey()
    case "mapping keys are not allowed in this context":
      return reservedCharacter(at: offset)
    case "found unknown escape character":
      let end = file.endOfCharacter(at: offset + 1)
      let written = file.text(in: SourceRange(offset, end))
      return report(
        .unquotedText, "'\(written)' is no escape that double quotes know", offset, end,
        help: "write '\\\(written)', or use single quotes, in which a backslash is itself",
        fixedLine: line.replacing([(SourceRange(offset, offset + 1), "\\\\")]))
    case "did not find expected hexdecimal number", "found invalid Unicode character escape code":
      return report(
        .unquotedText, "this is no character's number in an escape", offset, problemEnd,
        help: "'\\x' takes two hexadecimal digits, '\\u' four, '\\U' eight; a backslash itself is written '\\\\'")
    case "did not find expected comment or line break":
      return report(
        .malformed, "nothing may follow '|' or '>' on its line", offset, textRange(from: offset).end,
        help: "begin the text on the next line, or put it in quotes",
        fixedLine: line.quoting([textRange(from: min(context, offset))]))
    case "found undefined tag handle":
      return .unknownTag(in: file, at: offset, isScalar: true)
    case "did not find expected <document start>":
      return outsideDocument()
    case "found incompatible YAML document", "found duplicate %YAML directive", "found unknown directive name",
      "found unexpected non-alphabetical character", "could not find expected directive name":
      return directive()
    default:
      let context = problem.context.isEmpty ? "" : " (\(problem.context))"
      return report(.malformed, "not valid YAML: \(problem.problem)\(context)", offset, problemEnd)
    }
  }
}
