extension SourceLine {
  /// The plain texts of this line that hold a `${{ … }}` and stand inside a `{ }` or `[ ]`, where YAML reads its braces as a mapping.
  ///
  /// - Parameter start: where the bracket opens on this line, or the line's start when it opened before.
  func unquotedReferences(from start: Int) -> [SourceRange] {
    var found: [SourceRange] = []
    var offset = start
    var textStart = start
    var hasReference = false
    func close(at end: Int) {
      guard hasReference else { return }
      let first = skipBlanks(from: textStart)
      var last = end
      while last > first, isBlank(at: last - 1) { last -= 1 }
      found.append(SourceRange(first, last))
      hasReference = false
    }
    while let byte = byte(at: offset) {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        // A quote opens quoted text only where a value begins.
        if skipBlanks(from: textStart) == offset { offset = closingQuote(from: offset) }
      case UInt8(ascii: "$") where isReference(at: offset):
        hasReference = true
        offset = endOfReference(from: offset) - 1
      case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"):
        close(at: offset)
        textStart = offset + 1
      case UInt8(ascii: ":") where isBlank(at: offset + 1):
        close(at: offset)
        textStart = offset + 1
      case UInt8(ascii: "#") where isBlank(at: offset - 1):
        close(at: offset)
        return found
      default: break
      }
      offset += 1
    }
    close(at: min(offset, range.end))
    return found
  }

  private func isReference(at offset: Int) -> Bool {
    byte(at: offset) == UInt8(ascii: "$") && byte(at: offset + 1) == UInt8(ascii: "{") && byte(at: offset + 2) == UInt8(ascii: "{")
  }

  private func endOfReference(from start: Int) -> Int {
    var offset = start + 3
    while offset < range.end {
      if byte(at: offset) == UInt8(ascii: "}"), byte(at: offset + 1) == UInt8(ascii: "}") { return offset + 2 }
      offset += 1
    }
    return range.end
  }
}
