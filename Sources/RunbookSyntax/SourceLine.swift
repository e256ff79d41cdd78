/// One line of a file, looked at byte by byte to guess what its author meant. Only ASCII characters are looked for, so that
/// UTF-8 needs no decoding.
struct SourceLine {
  let file: SourceFile
  let range: SourceRange
  let number: Int

  init(_ file: SourceFile, number: Int) {
    self.file = file
    self.number = number
    range = file.lineRange(number)
  }

  init(_ file: SourceFile, at offset: Int) {
    self.init(file, number: file.position(of: offset).line)
  }

  /// Offset of the first character that is no blank.
  var contentStart: Int { skipBlanks(from: range.start) }

  /// Width of the indentation in bytes.
  var indentation: Int { contentStart - range.start }

  var isEmptyOrComment: Bool { contentStart == range.end || byte(at: contentStart) == UInt8(ascii: "#") }

  /// Offset behind the indentation and any `- ` of list items.
  var itemStart: Int {
    var offset = contentStart
    while byte(at: offset) == UInt8(ascii: "-"), isBlank(at: offset + 1) { offset = skipBlanks(from: offset + 1) }
    return offset
  }

  /// Offset behind the last character that is neither blank nor part of a comment.
  var contentEnd: Int { textEnd(from: contentStart) }

  func byte(at offset: Int) -> UInt8? {
    offset >= range.start && offset < range.end ? file.bytes[offset] : nil
  }

  func isBlank(at offset: Int) -> Bool {
    guard let byte = byte(at: offset) else { return false }
    return byte == 0x20 || byte == 0x09
  }

  func skipBlanks(from start: Int) -> Int {
    var offset = start
    while isBlank(at: offset) { offset += 1 }
    return offset
  }

  /// Offset behind the plain text that begins at `start`: before ` #` or the blanks at the end.
  func textEnd(from start: Int) -> Int {
    var offset = start
    var end = start
    while let byte = byte(at: offset) {
      if byte == UInt8(ascii: "#"), offset == range.start || isBlank(at: offset - 1) { break }
      offset += 1
      if byte != 0x20, byte != 0x09 { end = offset }
    }
    return end
  }

  /// The first `:` that separates a plain or quoted key from its value, from `itemStart` on; nil when there is none before `limit`.
  func keyColon(before limit: Int) -> Int? {
    var offset = itemStart
    if let quote = byte(at: offset), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      offset = closingQuote(from: offset) + 1
    }
    while offset < min(limit, range.end) {
      if byte(at: offset) == UInt8(ascii: ":"), isBlank(at: offset + 1) || offset + 1 == range.end { return offset }
      offset += 1
    }
    return nil
  }

  /// A `:` right after a name that begins the line and right before something that is no blank: `key:value`. Nil elsewhere; also for `http://…`.
  var gluedColon: Int? {
    var offset = itemStart
    let start = offset
    while let byte = byte(at: offset), isNameByte(byte) { offset += 1 }
    guard offset > start, byte(at: offset) == UInt8(ascii: ":"), let next = byte(at: offset + 1), next != UInt8(ascii: "/"),
      next != UInt8(ascii: ":"), !isBlank(at: offset + 1)
    else { return nil }
    return offset
  }

  /// Offset of the quote that closes the one at `start`, or the end of the line.
  func closingQuote(from start: Int) -> Int {
    guard let quote = byte(at: start) else { return range.end }
    var offset = start + 1
    while let byte = byte(at: offset) {
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        offset += 2
        continue
      }
      if byte == quote { return offset }
      offset += 1
    }
    return range.end
  }

  /// Where the brackets that are open at `limit` open on this line, outermost first; quoted text is passed over.
  func openBrackets(before limit: Int) -> [Int] {
    var open: [Int] = []
    var offset = itemStart
    // Whether a value can begin here: elsewhere outside brackets a bracket or a quote is part of the text.
    var begins = true
    while offset < limit, let byte = byte(at: offset) {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if begins { offset = closingQuote(from: offset) }
        begins = false
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        if begins || !open.isEmpty { open.append(offset) }
        begins = !open.isEmpty
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        _ = open.popLast()
        begins = false
      case UInt8(ascii: ","): begins = !open.isEmpty
      case UInt8(ascii: ":") where isBlank(at: offset + 1): begins = true
      case UInt8(ascii: "#") where isBlank(at: offset - 1): return open
      case 0x20, 0x09: break
      default: begins = false
      }
      offset += 1
    }
    return open
  }

  /// Offset behind the plain text inside brackets that begins at `start`.
  func flowTextEnd(from start: Int) -> Int {
    var offset = start
    var end = start
    while let byte = byte(at: offset), !",[]{}".utf8.contains(byte) {
      offset += 1
      if !isBlankOrBreak(byte) { end = offset }
    }
    return end
  }

  /// The line with another indentation; nil when it is too long to be shown.
  func indented(by columns: Int) -> String? {
    replacing([(SourceRange(range.start, contentStart), String(repeating: " ", count: columns))])
  }

  /// The text of the line with each of the ranges, which are in order, replaced; nil when the line is too long to be shown.
  func replacing(_ replacements: [(range: SourceRange, text: String)]) -> String? {
    guard range.count <= 400 else { return nil }
    var output = ""
    var offset = range.start
    for replacement in replacements {
      output += file.text(in: SourceRange(offset, replacement.range.start)) + replacement.text
      offset = replacement.range.end
    }
    return output + file.text(in: SourceRange(offset, range.end))
  }

  /// The line with quotes around the given stretch of plain text.
  func quoting(_ ranges: [SourceRange]) -> String? {
    replacing(ranges.map { ($0, quoted(file.text(in: $0))) })
  }
}

/// A text as a quoted YAML scalar on one line: in double quotes where nothing needs escaping, else in single quotes.
func quoted(_ text: String) -> String {
  guard text.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else { return "\"\(text)\"" }
  return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}

private func isNameByte(_ byte: UInt8) -> Bool {
  isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "-")
    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
}
