import RunbookSyntax
import Testing

/// A text with mistakes and all that is said about them.
struct GoldenMessage: Sendable, CustomTestStringConvertible {
  let text: String
  let message: String
  var testDescription: String { text.split(separator: "\n").joined(separator: "⏎") }
}

/// The messages in full: these words are what users see.
@Suite struct SyntaxMistakeTests {
  @Test(
    arguments: GoldenMessage.structure + GoldenMessage.brackets + GoldenMessage.indentation + GoldenMessage.content
      + GoldenMessage.meaning)
  func messageInFull(_ example: GoldenMessage) {
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", text: example.text))
    #expect(parsed.diagnostics.rendered() == example.message + "\n\n")
  }

  @Test func allMistakesOfAFileAreToldInOrderOfPlace() {
    let text = "b: { x: 1, x: 2 }\na: *nobody\nc: !custom 1\nb: 3\nd: [\n"
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", text: text))
    #expect(parsed.tree == nil)
    #expect(parsed.diagnostics.map(\.code) == ["RB1002", "RB1006", "RB1011", "RB1002", "RB1014"])
    #expect(parsed.diagnostics.map(\.place.start.line) == [1, 2, 3, 4, 5])
  }

  @Test(
    arguments: [
      "a: 1 # one", "a: text # a comment", "a: two words  #12", "a: 10m #note", "a: 5% #x", "a: true #yes", "a: x #", "a: x # ",
      "a: x # \n\nb: y",
      "a: x ## y", "a: x #- y", "a: # nothing", "a: x # 12 of them", "a: http://x/#y", "a: x#y", "a: 'x' #y", "a: | #y\n  text #2",
      "a: [x, # y\n  z]",
      "a: &b x # 2nd", "#a: b #2",
    ])
  func realCommentsStayAsTheyAre(text: String) {
    #expect(NodeTree.parse(SourceFile(path: "p.yaml", text: "k: v\n" + text)).diagnostics == [])
  }

  @Test func aTreeIsWholeBesideDuplicateKeys() throws {
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", text: "a: 1\nb: { c: 2 }\na: 3\n"))
    #expect(parsed.hasErrors)
    #expect(try #require(parsed.tree).root["b"]?["c"]?.text == "2")
  }

  @Test func duplicatesAreFoundInLargeMappings() {
    let keys = (0..<40).map { "key\($0): 1\n" }.joined()
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", text: keys + "'key7': 2\n\"key7\": 3\n"))
    #expect(parsed.diagnostics.map(\.place.start.line) == [41, 42])
    #expect(parsed.diagnostics.allSatisfy { $0.notes.first?.place.start.line == 8 })
  }

  @Test func aKeyGluedToItsValueInsideBrackets() {
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", text: "a: { x:1, 'y:2': , http://z, w: 3 }\n"))
    #expect(parsed.diagnostics.map(\.code) == ["RB1016"])
    #expect(parsed.diagnostics.first?.fixedLine == "a: { x: 1, 'y:2': , http://z, w: 3 }")
  }

  @Test func aFloodOfMistakesIsCutOff() {
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", text: "{ a: 1" + String(repeating: ", a: 1", count: 20_000) + " }"))
    #expect(parsed.tree == nil)
    #expect(parsed.diagnostics.count == 501)
    #expect(parsed.diagnostics.last?.message == "more than 500 mistakes; reading ends here")
    #expect(parsed.diagnostics.last?.rendered().hasSuffix("^\n") == true)
  }

  @Test func limits() {
    func codes(_ text: String, _ change: (inout SyntaxLimits) -> Void = { _ in }) -> [String] {
      var limits = SyntaxLimits()
      change(&limits)
      return NodeTree.parse(SourceFile(path: "p.yaml", text: text), limits: limits).diagnostics.map(\.code)
    }
    #expect(codes(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) == [])
    #expect(codes(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)) == ["RB1005"])
    #expect(codes("a: 123", { $0.size = 6 }) == [])
    #expect(codes("a: 1234", { $0.size = 6 }) == ["RB1005"])
    #expect(codes("[1, 2]", { $0.nodes = 3 }) == [])
    #expect(codes("[1, 2, 3]", { $0.nodes = 3 }) == ["RB1005"])
    #expect(codes("[&a [1, 2], *a, *a]", { $0.aliasedNodes = 6 }) == [])
    #expect(codes("[&a [1, 2], *a, *a, *a]", { $0.aliasedNodes = 6 }) == ["RB1006"])
    #expect(codes("[&a [[1]], [*a]]", { $0.depth = 4 }) == [])
    #expect(codes("[&a [[1]], [[*a]]]", { $0.depth = 4 }) == ["RB1005"])
  }

  @Test func aliasesThatMultiplyAreCutOff() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...40 { text += "a\(level): &a\(level) [\((0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]\n" }
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", text: text))
    #expect(parsed.tree == nil)
    #expect(parsed.diagnostics.map(\.message) == ["aliases expand to more than 100000 nodes"])
  }

  @Test(
    arguments: [
      ([0xFF, 0xFE, 0x61, 0x00], "the file is UTF-16; plans are UTF-8", 1),
      ([0x61, 0x3A, 0x20, 0x00], "character U+0000 must not stand in a plan", 4),
      ([0x61, 0x3A, 0x20, 0xC3, 0x28], "byte 0xC3 is not valid UTF-8", 4),
      ([0x61, 0x3A, 0x20, 0xED, 0xA0, 0x80], "byte 0xED is not valid UTF-8", 4),
      ([0x61, 0x3A, 0x20, 0xC3, 0xA9, 0xF0, 0x9F], "byte 0xF0 is not valid UTF-8", 5),
      ([0x61, 0x3A, 0x20, 0xEF, 0xBB, 0xBF], "a byte order mark stands inside the file", 4),
      ([0x61, 0x3A, 0x20, 0xC2, 0x80], "character U+80 must not stand in a plan", 4),
    ] as [([UInt8], String, Int)])
  func encoding(bytes: [UInt8], message: String, column: Int) {
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", bytes: bytes))
    #expect(parsed.tree == nil)
    #expect(parsed.diagnostics.map(\.message) == [message])
    #expect(parsed.diagnostics.map(\.code) == ["RB1007"])
    #expect(parsed.diagnostics.first?.place.start == SourcePosition(line: 1, column: column))
    #expect(!parsed.diagnostics.rendered().isEmpty)
  }
}
