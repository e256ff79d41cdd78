import Glibc

/// Complaints about what the engine must not reach: time, chance and waiting arrive in its inputs. A case of an enumeration may be
/// called `await`; a use of the keyword is followed by what is awaited.
func engineComplaints(file: String, text: String) -> [Complaint] {
  let uses: [(word: String, pattern: Regex<Substring>)] = [
    ("async", #/(?:^|[^.\w`])async(?:\W|$)/#), ("await", #/(?:^|[^.\w`])await\s+[\w.(]/#), ("Task", #/(?:^|[^.\w])Task(?:\W|$)/#),
    ("a clock", #/(?:^|[^.\w])(?:ContinuousClock|SuspendingClock)(?:\W|$)/#), ("a date", #/(?:^|[^.\w])Date(?:\W|$)/#),
    ("randomness", #/SystemRandomNumberGenerator(?:\W|$)|\.(?:random|randomElement|shuffled?)(?:\W|$)|(?:^|[^.\w])UUID(?:\W|$)/#),
  ]
  return SwiftText(text).lines.enumerated().flatMap { index, line in
    uses.filter { line.contains($0.pattern) }.map {
      Complaint(file: file, line: index + 1, text: "the engine may not use \($0.word)")
    }
  }
}

/// Complaints about a file of more than 400 lines.
func lengthComplaints(file: String, text: String) -> [Complaint] {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count - (text.hasSuffix("\n") ? 1 : 0)
  return lines > 400 ? [Complaint(file: file, line: lines, text: "\(lines) lines; look whether the file has outgrown its name")] : []
}

/// Complaints about functions and initialisers of more than 60 lines, from the keyword to the closing brace.
func functionComplaints(file: String, text: String) -> [Complaint] {
  let lines = SwiftText(text).lines.map { Array($0.utf8) }
  var complaints: [Complaint] = []
  for (index, line) in lines.enumerated() {
    for column in line.indices where beginsFunction(line, at: column) {
      guard let end = endOfFunction(lines, line: index, column: column) else { continue }
      let length = end - index + 1
      if length > 60 { complaints.append(Complaint(file: file, line: index + 1, text: "a function of \(length) lines")) }
    }
  }
  return complaints
}

private func beginsFunction(_ line: [UInt8], at column: Int) -> Bool {
  guard line[column] == UInt8(ascii: "f") || line[column] == UInt8(ascii: "i"), line.count > column + 4 else { return false }
  let before = column == 0 ? " " : Character(UnicodeScalar(line[column - 1]))
  guard !isWordCharacter(before), before != ".", before != "`" else { return false }
  switch String(decoding: line[column..<(column + 4)], as: UTF8.self) {
  case "func": return line[column + 4] == UInt8(ascii: " ")
  case "init": return "(?!<".utf8.contains(line[column + 4])
  default: return false
  }
}

/// The line of the brace that closes the function; nil where it has no body (a requirement of a protocol).
private func endOfFunction(_ lines: [[UInt8]], line: Int, column: Int) -> Int? {
  var parentheses = 0
  var braces = 0
  for row in line..<lines.count {
    if row > line, braces == 0, parentheses == 0, beginsAnother(lines[row]) { return nil }
    for character in row == line ? lines[row][column...] : lines[row][...] {
      switch character {
      case UInt8(ascii: "("): parentheses += 1
      case UInt8(ascii: ")"): parentheses -= 1
      case UInt8(ascii: "{"): braces += 1
      case UInt8(ascii: "}"):
        braces -= 1
        if braces < 0 { return nil }
        if braces == 0, parentheses == 0 { return row }
      default: break
      }
    }
  }
  return nil
}

/// Whether a line after a head without a body begins something else.
private func beginsAnother(_ line: [UInt8]) -> Bool {
  let text = String(decoding: line, as: UTF8.self).drop(while: \.isWhitespace)
  if text.isEmpty || text.hasPrefix("}") || text.hasPrefix("@") || text.hasPrefix("#") { return true }
  let others: Set<String> = [
    "func", "var", "let", "init", "subscript", "associatedtype", "typealias", "static", "mutating", "public", "private", "package",
    "case", "struct", "enum", "class", "actor", "extension", "protocol", "deinit",
  ]
  return words(in: String(text.prefix(20))).first.map(others.contains) ?? false
}

/// Complaints about a database address with a password in it.
func passwordComplaints(file: String, text: String) -> [Complaint] {
  guard mentions(text, "mongodb") else { return [] }
  return eachLine(file, text, complaint: "an address with a password in it") { line in
    line.contains(#/mongodb(?:\+srv)?:\/\/[^ \/"$<{]+:[^ @\/"$<{]{3,}@/#)
  }
}

/// Complaints about paths that exist on one machine only: somebody's home, or a folder at the top that no system has.
func machinePathComplaints(file: String, text: String) -> [Complaint] {
  guard ["work", "home", "root"].contains(where: { mentions(text, "/\($0)/") }) else { return [] }
  return eachLine(file, text, complaint: "a path of one machine") { line in
    line.contains(#/(?:^|[^A-Za-z0-9_.$}\-\/\]\)])\/(?:work|root|home\/[a-z]+)\//#)
  }
}

/// Complaints about marks of unfinished work.
func unfinishedComplaints(file: String, text: String) -> [Complaint] {
  guard mentions(text, "TO" + "DO") || mentions(text, "FIX" + "ME") else { return [] }
  return eachLine(file, text, complaint: "a mark of unfinished work") { line in
    words(in: line).contains { $0 == "TO" + "DO" || $0 == "FIX" + "ME" }
  }
}

/// Complaints about tests that may be left out: a missing server must fail them.
func skipComplaints(file: String, text: String) -> [Complaint] {
  var complaints: [Complaint] = []
  for (index, line) in SwiftText(text).lines.enumerated() where line.contains(".disabled(") || line.contains(".enabled(if") {
    complaints.append(Complaint(file: file, line: index + 1, text: "a test that can be left out"))
  }
  return complaints
}

/// Whether the bytes of `word` stand anywhere in the text: most files need no closer look, and a debug build looks slowly.
private func mentions(_ text: String, _ word: String) -> Bool {
  text.withCString { strstr($0, word) != nil }
}

private func eachLine(_ file: String, _ text: String, complaint: String, where holds: (String) -> Bool) -> [Complaint] {
  text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter { holds(String($0.element)) }.map {
    Complaint(file: file, line: $0.offset + 1, text: complaint)
  }
}

/// The identifiers and keywords of a line.
func words(in line: String) -> [String] {
  line.split { !isWordCharacter($0) }.map(String.init)
}

private func isWordCharacter(_ character: Character) -> Bool {
  character.isLetter || character.isNumber || character == "_"
}
