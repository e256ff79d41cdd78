import RunbookSyntax
import Testing

/// What a range covers, as text: the plainest way to say that it is exact.
@Suite struct RangeTests {
  private func root(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Node {
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", text: text))
    #expect(parsed.diagnostics.isEmpty, "\(parsed.diagnostics.rendered())", sourceLocation: sourceLocation)
    return try #require(parsed.tree, sourceLocation: sourceLocation).root
  }

  private func written(_ node: Node?) -> String? {
    node.map { $0.tree.file.text(in: $0.range) }
  }

  @Test func aNodeThatWasLentOutKeepsItsTreeOnceItIsOwned() throws {
    let kept = try root("a: one\nb: { c: [\"t\\u0077o\", 3] }\n").borrowed { lent in
      #expect(lent.entries.map(\.key.text) == ["a", "b"])
      #expect(lent["b"]?["c"]?.elements.map(\.text) == ["two", "3"])
      #expect(lent["b"]?.tree === lent.tree)
      return lent["b"]?["c"]?.owned
    }
    #expect(kept?.elements.map(\.text) == ["two", "3"])
    #expect(written(kept) == "[\"t\\u0077o\", 3]")
  }

  @Test func blockAndFlow() throws {
    let root = try root("# top\na: one two  # no part of it\nb:\n  - x\n  - { c: [1, 'q'], d: }\n\n# tail\n")
    #expect(root.entries.map { written($0.key) } == ["a", "b"])
    #expect(root.entries.map { $0.key.text } == ["a", "b"])
    #expect(written(root) == "a: one two  # no part of it\nb:\n  - x\n  - { c: [1, 'q'], d: }")
    #expect(written(root["a"]) == "one two")
    #expect(written(root["b"]) == "- x\n  - { c: [1, 'q'], d: }")
    let list = try #require(root["b"])
    #expect(list.count == 2)
    #expect(list.elements.map { written($0) } == ["x", "{ c: [1, 'q'], d: }"])
    let flow = try #require(list.elements.map { $0 }.last)
    #expect(written(flow["c"]) == "[1, 'q']")
    #expect(flow["c"]?.elements.map { written($0) } == ["1", "'q'"])
    #expect(flow["c"]?.elements.map { $0.text } == ["1", "q"])
    #expect(flow["d"]?.range.isEmpty == true)
    #expect(flow["d"]?.text == "")
  }

  @Test func quotedAndMultiLineScalars() throws {
    let text = """
      plain: first
        second
      single: 'it''s'
      double: "tab\\t é \\u00e9"
      folded: "a
        b"
      literal: |
        one
          two

      chomped: >-
        x
        y
      last: z
      """
    let root = try root(text)
    #expect(root["plain"]?.text == "first second")
    #expect(written(root["plain"]) == "first\n  second")
    #expect(root["single"]?.text == "it's")
    #expect(written(root["single"]) == "'it''s'")
    #expect(root["single"]?.style == .singleQuoted)
    #expect(root["double"]?.text == "tab\t é é")
    #expect(written(root["double"]) == "\"tab\\t é \\u00e9\"")
    #expect(root["folded"]?.text == "a b")
    #expect(written(root["folded"]) == "\"a\n  b\"")
    #expect(root["literal"]?.text == "one\n  two\n")
    #expect(written(root["literal"]) == "|\n  one\n    two")
    #expect(root["literal"]?.style == .literal)
    #expect(root["chomped"]?.text == "x y")
    #expect(written(root["chomped"]) == ">-\n  x\n  y")
    #expect(root["chomped"]?.style == .folded)
    #expect(written(root["last"]) == "z")
  }

  @Test func columnsCountScalars() throws {
    let root = try root("név: ő🙂x\n'日本': { ключ: значение }\nend: 1\n")
    let first = try #require(root["név"])
    #expect(first.text == "ő🙂x")
    #expect(first.place.start == SourcePosition(line: 1, column: 6))
    #expect(first.place.end == SourcePosition(line: 1, column: 9))
    let inner = try #require(root["日本"]?["ключ"])
    #expect(inner.place.start == SourcePosition(line: 2, column: 15))
    #expect(written(inner) == "значение")
    #expect(root["end"]?.place.start == SourcePosition(line: 3, column: 6))
  }

  @Test func lineEndsOfWindowsAndByteOrderMark() throws {
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", bytes: [0xEF, 0xBB, 0xBF] + Array("a: é\r\nb:\r\n  - c\r\n".utf8)))
    let root = try #require(parsed.tree).root
    #expect(parsed.diagnostics.isEmpty)
    #expect(root.place.start == SourcePosition(line: 1, column: 1))
    #expect(written(root["a"]) == "é")
    let element = try #require(root["b"]?.elements.first { _ in true })
    #expect(element.place.start == SourcePosition(line: 3, column: 5))
    #expect(root.tree.file.line(3) == "  - c")
    #expect(root.tree.file.lineCount == 3)
  }

  @Test func anchorsAndTagsAreNoPartOfANode() throws {
    let root = try root("a: &one !!str 12\nb: &two\n  c: 1\nd: [&three x, *three]\ne: *two\nf: !!seq [*one]\n")
    #expect(written(root["a"]) == "12")
    #expect(root["a"]?.tag == .string)
    #expect(written(root["b"]) == "c: 1")
    #expect(root["d"]?.elements.map { written($0) } == ["x", "*three"])
    #expect(root["d"]?.elements.map { $0.text } == ["x", "x"])
    let alias = try #require(root["e"])
    #expect(alias.isAlias)
    #expect(alias.isMapping)
    #expect(written(alias) == "*two")
    #expect(alias["c"]?.text == "1")
    #expect(root.tree.file.text(in: alias.contentRange) == "c: 1")
    #expect(root["f"]?.elements.map { $0.text } == ["12"])
  }

  @Test func orderIsKeptAndPairsInListsEnd() throws {
    let root = try root("z: 1\na: 2\nm: [k: v, w]\n")
    #expect(root.entries.map { $0.key.text } == ["z", "a", "m"])
    #expect(root["m"]?.elements.map { written($0) } == ["k: v", "w"])
  }
}
