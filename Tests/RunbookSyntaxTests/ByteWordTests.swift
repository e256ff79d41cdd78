import RunbookSyntax
import Testing

/// Eight bytes are looked at together where nothing has to be done about them: wherever something has to be done, it must be seen.
@Suite struct ByteWordTests {
  @Test(arguments: 0..<20)
  func aForbiddenCharacterIsFoundWhereverItStands(_ offset: Int) throws {
    for byte: UInt8 in [0x00, 0x01, 0x0B, 0x1F, 0x7F] {
      var bytes = Array("key: abcdefghijklmnopqrstuvwxyz\n".utf8)
      bytes[offset + 5] = byte
      let parsed = NodeTree.parse(SourceFile(path: "plan.yaml", bytes: bytes))
      #expect(parsed.tree == nil)
      #expect(parsed.diagnostics.map(\.code) == ["RB1007"])
      #expect(parsed.diagnostics.first?.range == SourceRange(offset + 5, offset + 6))
    }
  }

  @Test(arguments: 0..<20)
  func aLineEndIsCountedWhereverItStands(_ offset: Int) {
    for (end, length) in [("\n", 1), ("\r", 1), ("\r\n", 2)] {
      var text = Array("abcdefghijklmnopqrstuvwxyz0123".utf8)
      text.insert(contentsOf: Array(end.utf8), at: offset)
      let file = SourceFile(path: "plan.yaml", bytes: text)
      #expect(file.lineCount == 2)
      #expect(file.lineRange(1) == SourceRange(0, offset))
      #expect(file.position(of: offset + length) == SourcePosition(line: 2, column: 1))
    }
  }

  @Test(arguments: 0..<20)
  func charactersOfSeveralBytesAreCountedAsOne(_ offset: Int) throws {
    let text = "k: \"" + String(repeating: "a", count: offset) + "ä\"\nb: 1\n"
    let tree = try #require(NodeTree.parse(SourceFile(path: "plan.yaml", text: text)).tree)
    #expect(tree.root["b"]?.place.start == SourcePosition(line: 2, column: 4))
    #expect(tree.root["k"]?.place.end.column == offset + 7)
  }
}
