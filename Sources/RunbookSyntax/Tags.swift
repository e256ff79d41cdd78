extension Diagnostic {
  /// A tag that a plan does not have, with the line as it should be: `!text` in quotes, `!!type` taken away.
  ///
  /// - Parameter isScalar: whether the tag stands before a scalar, so that text may have been meant.
  static func unknownTag(in file: SourceFile, at start: Int, isScalar: Bool) -> Diagnostic {
    let line = SourceLine(file, at: start)
    let isInFlow = !line.openBrackets(before: start).isEmpty
    var end = start
    while let byte = line.byte(at: end), !isBlankOrBreak(byte), !(isInFlow && ",[]{}".utf8.contains(byte)) { end += 1 }
    let written = file.text(in: SourceRange(start, end))
    let message = "tag '\(written)' is not known here"
    let value = line.skipBlanks(from: end)
    let isText =
      isScalar && !written.hasPrefix("!!") && !written.hasPrefix("!<") && !(line.byte(at: value).map("\"'[{|>&*".utf8.contains) ?? false)
    let place = SourcePlace(file: file, range: SourceRange(start, end))
    guard isText else {
      return Diagnostic(
        SyntaxCode.tag, message, at: place, help: "remove it; the type of a value follows from where it stands",
        fixedLine: line.replacing([(SourceRange(start, value), "")]))
    }
    let textEnd = max(end, isInFlow ? line.flowTextEnd(from: start) : line.textEnd(from: start))
    return Diagnostic(
      SyntaxCode.tag, message, at: place, help: "put the text in quotes; '!' at its beginning makes a tag of it",
      fixedLine: line.quoting([SourceRange(start, textEnd)]))
  }
}
