/// Plain text that ` #` cut short: YAML takes what follows for a comment, in silence.
extension Diagnostic {
  /// What to say of the plain scalar `text` that one space and `#` follow; nil where that reads as a comment.
  ///
  /// A comment is written with a space behind its `#`. Without one (`Phase #2`, `#oncall`) the author most likely meant text: certain enough for
  /// an error where the text is empty, has several words, is a URL or where a digit follows; a warning where one word stands before a word, and
  /// where nothing but a number follows `# `.
  static func cutText(in file: SourceFile, _ text: SourceRange) -> Diagnostic? {
    let line = SourceLine(file, at: text.end)
    let mark = text.end + 1
    guard text.start >= line.range.start, let severity = line.severityOfCut(text, mark: mark) else { return nil }
    let end = line.openBrackets(before: text.start).isEmpty ? line.endOfCutText(from: mark) : line.flowTextEnd(from: mark)
    let whole = SourceRange(text.isEmpty ? mark : text.start, end)
    return Diagnostic(
      SyntaxCode.cutByComment, severity: severity,
      text.isEmpty ? "'#' begins a comment, so there is no value here" : "' #' begins a comment, so the text ends before it",
      at: SourcePlace(file: file, range: whole),
      help: "put it in quotes if text is meant; "
        + (line.isBlank(at: mark + 1) ? "a comment goes on a line of its own" : "write '# ' with a space if a comment is meant"),
      fixedLine: line.quoting([whole]))
  }
}

extension SourceLine {
  fileprivate func severityOfCut(_ text: SourceRange, mark: Int) -> Severity? {
    guard let next = byte(at: mark + 1) else { return nil }
    let bytes = file.bytes[text.start..<text.end]
    if isBlank(at: mark + 1) {
      let start = skipBlanks(from: mark + 1)
      let rest = file.bytes[start..<max(start, textEnd(from: start))]
      return !rest.isEmpty && rest.allSatisfy(isDigit) && isFreeText(bytes) ? .warning : nil
    }
    guard isLetterOrDigit(next) else { return nil }
    if bytes.isEmpty { return .error }
    guard isFreeText(bytes) else { return nil }
    let isSentence = bytes.contains(0x20) || bytes.contains(UInt8(ascii: "/"))
    return isSentence || isDigit(next) ? .error : .warning
  }

  /// Whether a text is neither a number, a boolean nor the like (`10m`, `5%`), behind which a comment is to be expected.
  private func isFreeText(_ text: ArraySlice<UInt8>) -> Bool {
    guard let first = text.first, ScalarClass.core(text) == .text else { return false }
    return text.contains(0x20) || !(isDigit(first) || "+-.".utf8.contains(first))
  }

  /// The end of the whole line's text, a real comment (`# ` with a space) behind it left out.
  fileprivate func endOfCutText(from mark: Int) -> Int {
    var offset = mark + 1
    var end = offset
    while let byte = byte(at: offset) {
      if byte == UInt8(ascii: "#"), isBlank(at: offset - 1), isBlank(at: offset + 1) { break }
      offset += 1
      if byte != 0x20, byte != 0x09 { end = offset }
    }
    return end
  }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte >= 0x80
}
