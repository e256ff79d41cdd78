import RunbookFormat
import RunbookSyntax
import Testing

/// What the canonical form is, one rule a case.
@Suite struct FormatTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var written: String
    var formatted: String
    var testDescription: String { name }
  }

  static func formatted(_ text: String) throws -> FormattedText {
    let parsed = NodeTree.parse(SourceFile(path: "plan.yaml", text: text))
    let tree = try #require(parsed.tree, "\(parsed.diagnostics)")
    let result = PlanFormat.format(tree)
    let again = NodeTree.parse(SourceFile(path: "plan.yaml", bytes: result.bytes))
    let after = try #require(again.tree, "no longer readable:\n\(result.text)")
    #expect(PlanFormat.isSame(tree, after), "another meaning:\n\(result.text)")
    #expect(
      PlanFormat.format(after) == result, "formatting it again changes it:\n\(result.text)\n-- becomes --\n\(PlanFormat.format(after).text)"
    )
    return result
  }

  @Test(arguments: Self.cases) func oneRule(_ sample: Case) throws {
    let text = try Self.formatted(sample.written).text
    #expect(text == sample.formatted, "\(text)")
  }

  static let cases: [Case] = blocks + brackets + texts + comments + tables + rare

  static let blocks = [
    Case(name: "two columns a level", written: "a:\n    b:\n        c: 1\n", formatted: "a:\n  b:\n    c: 1\n"),
    Case(name: "lists below their key", written: "a:\n- b\n- c: 1\n  d: 2\n", formatted: "a:\n  - b\n  - c: 1\n    d: 2\n"),
    Case(name: "one blank behind a dash", written: "a:\n  -   b: 1\n      c: 2\n", formatted: "a:\n  - b: 1\n    c: 2\n"),
    Case(
      name: "content goes behind its dash", written: "a:\n  -\n    b: 1\n    c: 2\n  -\n    - d\n",
      formatted: "a:\n  - b: 1\n    c: 2\n  - - d\n"),
    Case(name: "an empty item stays empty", written: "a:\n  -\n  - b\n", formatted: "a:\n  -\n  - b\n"),
    Case(name: "one blank behind a colon", written: "a:    1\nb :  2\n'c':\t3\n", formatted: "a:   1\nb:   2\n\"c\": 3\n"),
    Case(name: "one empty line at most", written: "\n\na: 1\n\n\n\nb: 2\n\n", formatted: "a: 1\n\nb: 2\n"),
    Case(name: "no empty line behind what opens", written: "a:\n\n  - b: 1\n\n    c: 2\n", formatted: "a:\n  - b: 1\n\n    c: 2\n"),
    Case(name: "blanks at the end, line ends", written: "a: 1  \r\nb: 2\t\r\n", formatted: "a: 1\nb: 2\n"),
    Case(name: "a last line end", written: "a: 1", formatted: "a: 1\n"),
    Case(name: "a byte order mark goes", written: "\u{FEFF}a: 1\n", formatted: "a: 1\n"),
    Case(name: "keys stay in their order", written: "b: 1\na: 2\n", formatted: "b: 1\na: 2\n"),
  ]

  static let brackets = [
    Case(name: "blanks inside brackets", written: "a: {b: 1,c:  [1,2 , 3]}\n", formatted: "a: { b: 1, c: [ 1, 2, 3 ] }\n"),
    Case(name: "empty brackets", written: "a: { }\nb: [ ]\n", formatted: "a: {}\nb: []\n"),
    Case(name: "glued quotes", written: "a: {\"b\":1,'c':\"d\"}\n", formatted: "a: { \"b\": 1, \"c\": \"d\" }\n"),
    Case(name: "no comma before the end", written: "a: [1, 2,]\n", formatted: "a: [ 1, 2 ]\n"),
    Case(
      name: "lines inside brackets", written: "a: [\n 1,\n     { b: 2,\n c: 3 }, {\n d: 4\n }\n\n ]\n",
      formatted: "a: [\n  1,\n  { b: 2,\n    c: 3 }, {\n    d: 4\n  }\n]\n"),
    Case(
      name: "brackets that open together", written: "- f: { a: [\n1,\n2\n] }\n  g: [\n  3 ]\n- [\n4\n]\n",
      formatted: "- f: { a: [\n    1,\n    2\n  ] }\n  g: [\n    3 ]\n- [\n    4\n  ]\n"),
    Case(name: "a bracket below its key", written: "a:\n    {b: 1}\nc:\n      [\n1]\n", formatted: "a:\n  { b: 1 }\nc:\n  [\n    1 ]\n"),
    Case(name: "keys without values", written: "a: {b, c: , \"d\"}\n", formatted: "a: { b, c: , \"d\" }\n"),
    Case(name: "pairs in a list", written: "a: [b: 1,   c]\n", formatted: "a: [ b: 1, c ]\n"),
  ]

  static let texts = [
    Case(
      name: "plain text of several lines", written: "a: one\n        two\n\n     three\nb: 1\n",
      formatted: "a: one\n  two\n\n  three\nb: 1\n"),
    Case(
      name: "quoted text of several lines", written: "- a: \"one  \n      two\\\n      \\  three \\ \n    four\"\n",
      formatted: "- a: \"one\n    two\\\n    \\  three \\ \n    four\"\n"),
    Case(
      name: "single quotes", written: "a: 'b'\nc: 'd''e'\nf: 'g\\h'\ni: 'j\"'\n", formatted: "a: \"b\"\nc: 'd''e'\nf: 'g\\h'\ni: 'j\"'\n"),
    Case(name: "plain and quoted stay", written: "a: 5\nb: \"5\"\nc: text\n", formatted: "a: 5\nb: \"5\"\nc: text\n"),
    Case(
      name: "a literal text", written: "a:\n     b: |\n         one\n           two  \n\n         three\n     c: 1\n",
      formatted: "a:\n  b: |\n    one\n      two  \n\n    three\n  c: 1\n"),
    Case(name: "a folded text in a list", written: "-    >-\n          one\n          two\n", formatted: "- >-\n  one\n  two\n"),
    Case(name: "a text with an indicator", written: "a:\n b: |1-\n    one\n  two\n", formatted: "a:\n  b: |2-\n      one\n    two\n"),
    Case(name: "a text that keeps its end", written: "a: |+\n one\n\n\nb: 1\n", formatted: "a: |+\n  one\n\n\nb: 1\n"),
    Case(name: "empty lines behind a text", written: "a: |\n one\n\n\nb: 1\n", formatted: "a: |\n  one\n\nb: 1\n"),
    Case(name: "a line of blanks in a text", written: "a: |\n one\n    \n two\n", formatted: "a: |\n  one\n     \n  two\n"),
    Case(name: "a text without a last line end", written: "a: |\n one", formatted: "a: |\n  one"),
    Case(name: "a comment behind the mark of a text", written: "a:   |   # why\n one\n", formatted: "a: |  # why\n  one\n"),
  ]

  static let comments = [
    Case(
      name: "two blanks before a comment", written: "a: 1 # one\nb:      # two\n  c: 1\n", formatted: "a: 1  # one\nb:  # two\n  c: 1\n"),
    Case(
      name: "a comment goes with what follows", written: "a:\n# one\n      # two\n    b: 1\n", formatted: "a:\n  # one\n  # two\n  b: 1\n"),
    Case(
      name: "a comment ends the block it stands in",
      written: "a:\n    - b: 1\n      # in the item\n    # in the list\n# at the edge\nc: 1\n",
      formatted: "a:\n  - b: 1\n    # in the item\n  # in the list\n# at the edge\nc: 1\n"),
    Case(
      name: "comments at the end", written: "a:\n    b: 1\n    # in a\n\n\n# at the end\n",
      formatted: "a:\n  b: 1\n  # in a\n\n# at the end\n"),
    Case(
      name: "comments in brackets", written: "a: [ # first\n1, # one\n      # two\n2 ]\n",
      formatted: "a: [  # first\n  1,  # one\n  # two\n  2 ]\n"),
    Case(
      name: "a comment behind a text", written: "a:\n  b: |\n        one\n     # no text\n  c: 1\n",
      formatted: "a:\n  b: |\n    one\n  # no text\n  c: 1\n"),
    Case(name: "a comment behind a dash", written: "-   # why\n    a: 1\n", formatted: "-  # why\n  a: 1\n"),
    Case(
      name: "the first line stays first", written: "# yaml-language-server: $schema=./schema.json\n\n\na: 1\n",
      formatted: "# yaml-language-server: $schema=./schema.json\n\na: 1\n"),
    Case(
      name: "comments in a column", written: "a: 1        # one\nb: 200\nc: 30       # two\n\nd: 1 # x\n",
      formatted: "a: 1   # one\nb: 200\nc: 30  # two\n\nd: 1  # x\n"),
  ]

  static let tables = [
    Case(name: "a column of values", written: "a:   1\nlong:  2\nb: 3\n", formatted: "a:    1\nlong: 2\nb:    3\n"),
    Case(name: "no column where none was meant", written: "a: 1\nlong: 2\n", formatted: "a: 1\nlong: 2\n"),
    Case(name: "an empty line ends a column", written: "a:   1\n\nlong: 2\n", formatted: "a: 1\n\nlong: 2\n"),
    Case(name: "a block ends a column", written: "a:   1\nlong:\n  b: 1\nc: 2\n", formatted: "a: 1\nlong:\n  b: 1\nc: 2\n"),
    Case(name: "a column beside a dash", written: "- a:   1\n  long: 2\n- b: 3\n", formatted: "- a:    1\n  long: 2\n- b: 3\n"),
    Case(
      name: "rows", written: "- { id: a,   by: b, text: c }\n- { id: long, by: bb, text: d,  more: e }\n- { id: x }\n",
      formatted: "- { id: a,    by: b, text: c }\n- { id: long, by: bb, text: d, more: e }\n- { id: x }\n"),
    Case(
      name: "rows of a mapping", written: "a:  { b: 1,  c: { d: 1,  e: 2 } }\nlong: { b: 100, c: 2 }\n",
      formatted: "a:    { b: 1,   c: { d: 1, e: 2 } }\nlong: { b: 100, c: 2 }\n"),
    Case(name: "wide characters", written: "日本:   1\nab: 2\n", formatted: "日本: 1\nab:   2\n"),
  ]

  static let rare = [
    Case(
      name: "anchors and aliases", written: "a:   &x\n     b: 1\nc: *x\nd: &y   [1]\n*y : 2\n",
      formatted: "a: &x\n  b: 1\nc: *x\nd: &y [ 1 ]\n*y : 2\n"),
    Case(
      name: "an anchor on a line of its own", written: "a:\n    &x\n    b: 1\nc:\n     !!str\n     5\n",
      formatted: "a:\n  &x\n  b: 1\nc:\n  !!str\n  5\n"),
    Case(name: "an anchor of nothing", written: "a: &x\nb:\n   &y\nc: 1\n", formatted: "a: &x\nb:\n  &y\nc: 1\n"),
    Case(name: "written-out keys", written: "?   a\n:   b\n?\n  c\n", formatted: "? a\n: b\n? c\n"),
    Case(
      name: "directive and marker", written: "%YAML 1.1   # why\n---\n\na: 1\n...\n# end\n",
      formatted: "%YAML 1.1  # why\n---\na: 1\n...\n# end\n"),
    Case(
      name: "lists in lists", written: "a:\n  -   - 1\n      - 2\n  -   - b: 1\n        c: 2\n",
      formatted: "a:\n  - - 1\n    - 2\n  - - b: 1\n      c: 2\n"),
  ]

  @Test func whatIsUnlikeIsNotTheSame() throws {
    func tree(_ text: String) throws -> NodeTree { try #require(NodeTree.parse(SourceFile(path: "p", text: text)).tree) }
    let first = try tree("a: { b: [ 1, x ], x-c: 2 }\nd: &e f\ng: *e\n")
    #expect(PlanFormat.isSame(first, try tree("a:\n  b: [1, x]\n  x-c: 2\nd: &e f\ng: *e\n")))
    for other in [
      "a: { b: [ \"1\", x ], x-c: 2 }\nd: &e f\ng: *e\n", "a: { b: [ 1, x ], x-c: 3 }\nd: &e f\ng: *e\n",
      "a: { b: [ 1, x ] }\nd: &e f\ng: *e\n",
      "a: { b: [ 1, x ], x-c: 2 }\nd: &e f\ng: f\n", "a: { x-c: 2, b: [ 1, x ] }\nd: &e f\ng: *e\n",
      "a: { b: [ 1, !!str x ], x-c: 2 }\nd: &e f\ng: *e\n",
    ] {
      #expect(!PlanFormat.isSame(first, try tree(other)), "\(other)")
    }
  }
}
