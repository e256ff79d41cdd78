import RunbookSyntax
import Testing

@Suite struct RenderingTests {
  private func diagnostic(_ text: String, at target: String, path: String = "plans/x.yaml") throws -> Diagnostic {
    let file = SourceFile(path: path, text: text)
    let before = try #require(text.range(of: target)).lowerBound
    let start = text.utf8.distance(from: text.startIndex, to: before)
    let range = SourceRange(start, start + target.utf8.count)
    return Diagnostic(SyntaxCode.unknownKey, "unknown key '\(target)'", at: SourcePlace(file: file, range: range))
  }

  @Test func theContractsExample() throws {
    let lines = String(repeating: "x: 1\n", count: 30) + "        with: { collecton: assets }\n"
    var diagnostic = try diagnostic(lines, at: "collecton")
    diagnostic.message = "unknown key 'collecton' in mongodb.count"
    diagnostic.help = "did you mean 'collection'?"
    #expect(
      diagnostic.rendered() == """
        error[RB1004]: unknown key 'collecton' in mongodb.count
         --> plans/x.yaml:31:17
           |
        31 |         with: { collecton: assets }
           |                 ^^^^^^^^^
        help: did you mean 'collection'?

        """)
  }

  @Test func caretsStandRightAfterTabsAndWideCharacters() throws {
    #expect(
      try diagnostic("\tk: 日本é\u{301} 🙂 bad", at: "bad").rendered() == """
        error[RB1004]: unknown key 'bad'
         --> plans/x.yaml:1:12
          |
        1 |     k: 日本é\u{301} 🙂 bad
          |                 ^^^

        """)
    #expect(try diagnostic("k: 日本", at: "日本").rendered().hasSuffix("1 | k: 日本\n  |    ^^^^\n"))
  }

  @Test func whatWouldForgeOutputIsMadeVisible() throws {
    let text = try diagnostic("k: \u{202E}a\u{1B}[2J b", at: "b").rendered()
    #expect(text.contains("1 | k: \u{FFFD}a\u{FFFD}[2J b\n"))
    var forged = try diagnostic("k: b", at: "b")
    forged.message = "a\nerror: b"
    #expect(forged.rendered().hasPrefix("error[RB1004]: a\u{FFFD}error: b\n"))
  }

  @Test func passwordsInAddressesAreHidden() throws {
    let line = "a: { uri: \"mongodb://üser:cänary@h:1/?x=y@z\", colection: http://u:canary@h/ }"
    var mistake = try diagnostic(line, at: "colection")
    let shown = mistake.rendered()
    #expect(!shown.contains("cänary") && !shown.contains("canary"))
    #expect(shown.contains("a: { uri: \"mongodb://üser:******@h:1/?x=y@z\", colection: http://u:******@h/ }"))
    // The caret stands where it stood.
    let before = String(repeating: " ", count: 1 + "a: { uri: \"mongodb://üser:cänary@h:1/?x=y@z\", ".count)
    #expect(shown.contains("\n  |" + before + "^^^^^^^^^"), "\(shown)")
    mistake = Diagnostic(
      code: "RB0000", message: "unknown value 'x://u:canary@h'", place: mistake.place, help: "write y://u:canary@h",
      fixedLine: "u: z://u:canary@h")
    for text in [mistake.rendered(), mistake.json, mistake.gitHubCommand] {
      #expect(!text.contains("canary") && text.contains("y://u:******@h"))
    }
    for text in ["mongodb://h:27017", "mongodb://${{secrets.u}}:${{secrets.p}}@h", "a@b:c://d", "mongodb://user@h", "x:y@z"] {
      #expect(hidingPasswords(text) == text)
    }
  }

  @Test func longLinesAreCutAroundTheCaret() throws {
    let line = "k: " + String(repeating: "a", count: 300) + "bad" + String(repeating: "z", count: 300)
    let lines = try diagnostic(line, at: "bad").rendered().split(separator: "\n")
    let shown = String(repeating: "a", count: 60) + "bad" + String(repeating: "z", count: 97)
    #expect(lines[3] == "1 | …\(shown)…")
    #expect(lines[4] == "  | " + String(repeating: " ", count: 61) + "^^^")
  }

  @Test func veryLongLinesAreCutToo() throws {
    let line = "é: " + String(repeating: "é", count: 5000) + "bad" + String(repeating: "z", count: 5000)
    let lines = try diagnostic(line, at: "bad").rendered().split(separator: "\n")
    #expect(lines[1] == " --> plans/x.yaml:1:5004")
    #expect(lines[3] == "1 | …\(String(repeating: "é", count: 60))bad\(String(repeating: "z", count: 97))…")
    #expect(lines[4] == "  | " + String(repeating: " ", count: 61) + "^^^")
  }

  @Test func notesHaveTheirOwnPlaceAndColoursAreAskedFor() throws {
    let file = SourceFile(path: "p.yaml", text: "a: 1\na: 2\n")
    let diagnostic = try #require(NodeTree.parse(file).diagnostics.first)
    #expect(!diagnostic.rendered().contains("\u{1B}"))
    #expect(diagnostic.rendered(colored: true).hasPrefix("\u{1B}[1;31merror[RB1002]\u{1B}[0m"))
    #expect(
      diagnostic.rendered() == """
        error[RB1002]: key 'a' is defined twice
         --> p.yaml:2:1
          |
        2 | a: 2
          | ^
        note: first defined here
         --> p.yaml:1:1
          |
        1 | a: 1
          | ^
        help: remove one of the two, or rename it

        """)
  }

  @Test func rangesOverSeveralLinesAndAtTheEnd() throws {
    #expect(try diagnostic("a: |\n  x\n", at: "|\n  x").rendered().hasSuffix("1 | a: |\n  |    ^\n"))
    let file = SourceFile(path: "p.yaml", text: "a: 1")
    let end = Diagnostic(SyntaxCode.malformed, severity: .warning, "here", at: SourcePlace(file: file, range: SourceRange(4, 4)))
    #expect(end.rendered() == "warning[RB1001]: here\n --> p.yaml:1:5\n  |\n1 | a: 1\n  |     ^\n")
  }

  @Test func orderOfPlaceKeepsFilesTogether() throws {
    let text = "a b c"
    let list = [
      try diagnostic(text, at: "c", path: "1"), try diagnostic(text, at: "b", path: "2"), try diagnostic(text, at: "a", path: "1"),
    ]
    #expect(list.inOrderOfPlace().map { "\($0.path)\($0.range.start)" } == ["10", "14", "22"])
    var collector = DiagnosticCollector()
    collector.add(contentsOf: list)
    collector.add(list[0])
    #expect(collector.all.count == 3)
    #expect(collector.hasErrors)
  }

  @Test func jsonHasTheSameFacts() throws {
    var diagnostic = try diagnostic("x: é \"q\"", at: "\"q\"")
    diagnostic.notes = [DiagnosticNote("see\tthere", at: diagnostic.place)]
    diagnostic.fixedLine = "x: 1"
    let place = "\"path\":\"plans/x.yaml\",\"line\":1,\"column\":6,\"endLine\":1,\"endColumn\":9,\"offset\":6,\"length\":3"
    #expect(
      [diagnostic].json == "[\n{\"code\":\"RB1004\",\"severity\":\"error\",\"message\":\"unknown key '\\\"q\\\"'\",\(place),"
        + "\"notes\":[{\"message\":\"see\\tthere\",\(place)}],\"help\":null,\"fixedLine\":\"x: 1\"}\n]")
    #expect([Diagnostic]().json == "[]")
    #expect(jsonString("\u{1}\\\u{2028}é") == "\"\\u0001\\\\\\u2028é\"")
  }

  @Test func codesAreUniqueAndOfThisRoom() {
    let codes = SyntaxCode.allCases.map(\.rawValue)
    #expect(Set(codes).count == codes.count)
    #expect(codes.allSatisfy { $0.hasPrefix("RB10") && $0.count == 6 })
  }
}

extension String {
  fileprivate func range(of text: String) -> Range<String.Index>? {
    indices.lazy.filter { self[$0...].hasPrefix(text) }.map { $0..<self.index($0, offsetBy: text.count) }.first
  }
}
