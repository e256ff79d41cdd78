extension NodeTree {
  /// Reads a file: one YAML document without merge keys, custom tags or duplicate keys, within `limits`.
  ///
  /// All mistakes are in the result's diagnostics; the first one of YAML's own syntax ends the reading.
  public static func parse(_ file: SourceFile, limits: SyntaxLimits = SyntaxLimits()) -> ParsedSource {
    if let diagnostic = checkSize(of: file, limits) ?? checkEncoding(of: file) {
      return ParsedSource(tree: nil, diagnostics: [diagnostic])
    }
    return file.bytes.withUnsafeBufferPointer { source in
      var builder = TreeBuilder(file: file, source: source, limits: limits)
      let problem = EventReader.read(source, from: file.textStart, isASCII: file.isASCII, into: &builder)
      let mistake = problem.map {
        SyntaxMistake(file: file, problem: $0, lastScalar: builder.lastScalar, openBracket: builder.openBracket)
      }
      builder.closeOpenCollections()
      var diagnostics = builder.diagnostics
      if let diagnostic = mistake?.diagnostic, !isExplained(diagnostic, by: diagnostics) { diagnostics.append(diagnostic) }
      let tree = problem == nil ? builder.makeTree() : nil
      if tree == nil, diagnostics.isEmpty { diagnostics.append(emptyFile(file)) }
      return ParsedSource(tree: tree, diagnostics: diagnostics.inOrderOfPlace())
    }
  }

  /// Whether a bracket is open only because ` #` cut off what stands behind it, which was reported.
  private static func isExplained(_ mistake: Diagnostic, by others: [Diagnostic]) -> Bool {
    mistake.code == SyntaxCode.unclosed.rawValue
      && others.contains {
        $0.code == SyntaxCode.cutByComment.rawValue && $0.severity == .error && $0.place.start.line == mistake.place.start.line
      }
  }

  private static func checkSize(of file: SourceFile, _ limits: SyntaxLimits) -> Diagnostic? {
    guard file.bytes.count > limits.size else { return nil }
    return Diagnostic(
      SyntaxCode.limit, "the file has \(file.bytes.count) bytes; at most \(limits.size) are read",
      at: SourcePlace(file: file, range: SourceRange(file.textStart, file.textStart)), help: "split the plan, or keep data out of it")
  }

  private static func emptyFile(_ file: SourceFile) -> Diagnostic {
    Diagnostic(
      SyntaxCode.documentCount, "the file holds no document",
      at: SourcePlace(file: file, range: SourceRange(file.textStart, file.textStart)))
  }
}

/// The first byte sequence that YAML does not let stand in a file, as a diagnostic.
func checkEncoding(of file: SourceFile) -> Diagnostic? {
  file.bytes.withUnsafeBufferPointer { bytes in
    func report(_ message: String, _ start: Int, _ end: Int, help: String?) -> Diagnostic {
      Diagnostic(SyntaxCode.encoding, message, at: SourcePlace(file: file, range: SourceRange(start, end)), help: help)
    }
    if bytes.count >= 2, (bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF) {
      return report("the file is UTF-16; plans are UTF-8", 0, 2, help: "save it as UTF-8")
    }
    var index = file.textStart
    while index < bytes.count {
      if let word = ByteWord(bytes, at: index), word.isPrintableASCII {
        index += 8
        continue
      }
      let byte = bytes[index]
      if (byte >= 0x20 && byte < 0x7F) || byte == 0x0A || byte == 0x09 || byte == 0x0D {
        index += 1
        continue
      }
      if byte < 0x80 {
        let help = byte == 0 ? "is this a text file, saved as UTF-8?" : "remove it, or write '\\x\(hex(byte))' inside double quotes"
        return report("character U+00\(hex(byte)) must not stand in a plan", index, index + 1, help: help)
      }
      guard let (scalar, length) = decodeScalar(bytes, at: index) else {
        return report("byte 0x\(hex(byte)) is not valid UTF-8", index, index + 1, help: "save the file as UTF-8")
      }
      if scalar == 0xFEFF {
        return report("a byte order mark stands inside the file", index, index + length, help: "remove the invisible character U+FEFF")
      }
      // YAML 1.1 ends a line at these, YAML 1.2 does not, and no editor shows which it was.
      if scalar == 0x85 || scalar == 0x2028 || scalar == 0x2029 {
        let name = scalar == 0x85 ? "0085" : String(scalar, radix: 16)
        return report(
          "character U+\(name) ends a line for some YAML programs and for others not", index, index + length,
          help: "remove it, or write '\\u\(name)' inside double quotes")
      }
      if scalar < 0xA0 || scalar == 0xFFFE || scalar == 0xFFFF {
        let name = String(scalar, radix: 16, uppercase: true)
        return report("character U+\(name) must not stand in a plan", index, index + length, help: "remove it")
      }
      index += length
    }
    return nil
  }
}

private func hex(_ byte: UInt8) -> String {
  (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
}

/// One scalar of two to four bytes by the table of well-formed sequences (Unicode, table 3-7); nil for anything else.
private func decodeScalar(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> (scalar: UInt32, length: Int)? {
  let lead = bytes[index]
  let length: Int
  var low: UInt8 = 0x80
  var high: UInt8 = 0xBF
  switch lead {
  case 0xC2...0xDF: length = 2
  case 0xE0...0xEF:
    length = 3
    if lead == 0xE0 { low = 0xA0 }
    if lead == 0xED { high = 0x9F }
  case 0xF0...0xF4:
    length = 4
    if lead == 0xF0 { low = 0x90 }
    if lead == 0xF4 { high = 0x8F }
  default: return nil
  }
  guard index + length <= bytes.count else { return nil }
  var scalar = UInt32(lead) & (0xFF >> UInt32(length + 1))
  for position in index + 1..<index + length {
    guard bytes[position] >= low, bytes[position] <= high else { return nil }
    scalar = scalar << 6 | UInt32(bytes[position] & 0x3F)
    low = 0x80
    high = 0xBF
  }
  return (scalar, length)
}
