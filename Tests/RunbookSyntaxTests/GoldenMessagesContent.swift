extension GoldenMessage {
  /// Text that needs quotes, and what a plan does not have.
  static let content: [GoldenMessage] = [
    GoldenMessage(
      text: "a: @foo\n",
      message: """
        error[RB1018]: text may not begin with '@', which YAML reserves
         --> p.yaml:1:4
          |
        1 | a: @foo
          |    ^^^^
        help: put it in quotes
          |
        1 | a: "@foo"
        """),
    GoldenMessage(
      text: "a: *.js # c\n",
      message: """
        error[RB1018]: text may not begin with '*', which YAML reads as an alias
         --> p.yaml:1:4
          |
        1 | a: *.js # c
          |    ^^^^
        help: put it in quotes
          |
        1 | a: "*.js" # c
        """),
    GoldenMessage(
      text: "a: & foo\n",
      message: """
        error[RB1018]: text may not begin with '&', which YAML reads as an anchor
         --> p.yaml:1:4
          |
        1 | a: & foo
          |    ^^^^^
        help: put it in quotes
          |
        1 | a: "& foo"
        """),
    GoldenMessage(
      text: "a: , b\n",
      message: """
        error[RB1018]: text may not begin with ',', which YAML reserves
         --> p.yaml:1:4
          |
        1 | a: , b
          |    ^^^
        help: put it in quotes
          |
        1 | a: ", b"
        """),
    GoldenMessage(
      text: "a: b: c # x\n",
      message: """
        error[RB1018]: text with ': ' in it must stand in quotes
         --> p.yaml:1:4
          |
        1 | a: b: c # x
          |    ^^^^
        help: put it in quotes
          |
        1 | a: "b: c" # x
        """),
    GoldenMessage(
      text: "a: say \"b\": c\n",
      message: """
        error[RB1018]: text with ': ' in it must stand in quotes
         --> p.yaml:1:4
          |
        1 | a: say "b": c
          |    ^^^^^^^^^^
        help: put it in quotes
          |
        1 | a: 'say "b": c'
        """),
    GoldenMessage(
      text: "a: \"x\" y\n",
      message: """
        error[RB1018]: text goes on after its closing quote
         --> p.yaml:1:4
          |
        1 | a: "x" y
          |    ^^^^^
        help: put all of it in one pair of quotes
          |
        1 | a: '"x" y'
        """),
    GoldenMessage(
      text: "a: { x: \"${{ p }}\" y }\n",
      message: """
        error[RB1018]: text goes on after its closing quote
         --> p.yaml:1:9
          |
        1 | a: { x: "${{ p }}" y }
          |         ^^^^^^^^^^^^
        help: put all of it in one pair of quotes, or a ',' before what is the next value
        """),
    GoldenMessage(
      text: "a: {b: c: d}\n",
      message: """
        error[RB1018]: text with ': ' in it must stand in quotes
         --> p.yaml:1:8
          |
        1 | a: {b: c: d}
          |        ^^^^
        help: put it in quotes
          |
        1 | a: {b: "c: d"}
        """),
    GoldenMessage(
      text: "a: \"\\d\"\n",
      message: """
        error[RB1018]: '\\d' is no escape that double quotes know
         --> p.yaml:1:5
          |
        1 | a: "\\d"
          |     ^^
        help: write '\\\\d', or use single quotes, in which a backslash is itself
          |
        1 | a: "\\\\d"
        """),
    GoldenMessage(
      text: "a: {b: 1} c\n",
      message: """
        error[RB1001]: this cannot stand behind a value that has ended
         --> p.yaml:1:11
          |
        1 | a: {b: 1} c
          |           ^
        help: put the whole value in quotes, or begin a new line
          |
        1 | a: "{b: 1} c"
        """),
    GoldenMessage(
      text: "a: ]\n",
      message: """
        error[RB1001]: ']' closes nothing that is open here
         --> p.yaml:1:4
          |
        1 | a: ]
          |    ^
        help: remove it, or put the text in quotes
          |
        1 | a: "]"
        """),
    GoldenMessage(
      text: "a: [a, b]]\n",
      message: """
        error[RB1001]: ']' closes nothing that is open here
         --> p.yaml:1:10
          |
        1 | a: [a, b]]
          |          ^
        help: remove it, or put the text in quotes
          |
        1 | a: [a, b]
        """),
    GoldenMessage(
      text: "a: |x\n b\n",
      message: """
        error[RB1001]: nothing may follow '|' or '>' on its line
         --> p.yaml:1:5
          |
        1 | a: |x
          |     ^
        help: begin the text on the next line, or put it in quotes
          |
        1 | a: "|x"
        """),
    GoldenMessage(
      text: "%YAML 2.0\n---\na: 1\n",
      message: """
        error[RB1001]: a plan has no such YAML directive
         --> p.yaml:1:1
          |
        1 | %YAML 2.0
          | ^^^^^^^^^
        help: remove the line; plans are YAML 1.2
        """),
    GoldenMessage(
      text: "a: ? b\n",
      message: """
        error[RB1018]: text may not begin with '?', which YAML reads as the mark of a key
         --> p.yaml:1:4
          |
        1 | a: ? b
          |    ^^^
        help: put it in quotes
          |
        1 | a: "? b"
        """),
    GoldenMessage(
      text: "a: !foo bar\n",
      message: """
        error[RB1011]: tag '!foo' is not known here
         --> p.yaml:1:4
          |
        1 | a: !foo bar
          |    ^^^^
        help: put the text in quotes; '!' at its beginning makes a tag of it
          |
        1 | a: "!foo bar"
        """),
    GoldenMessage(
      text: "a: !x!foo bar\n",
      message: """
        error[RB1011]: tag '!x!foo' is not known here
         --> p.yaml:1:4
          |
        1 | a: !x!foo bar
          |    ^^^^^^
        help: put the text in quotes; '!' at its beginning makes a tag of it
          |
        1 | a: "!x!foo bar"
        """),
    GoldenMessage(
      text: "a: {{ x }}\n",
      message: """
        error[RB1017]: a reference is written '${{ }}', in quotes where it begins a value
         --> p.yaml:1:4
          |
        1 | a: {{ x }}
          |    ^^^^^^^
        help: write it with '$' and in quotes
          |
        1 | a: "${{ x }}"
        """),
    GoldenMessage(
      text: "x: &a { y: 1 }\n<<: *a\n",
      message: """
        error[RB1003]: merge keys '<<' are not supported
         --> p.yaml:2:1
          |
        2 | <<: *a
          | ^^
        help: write the keys out; plain anchors and aliases ('&name', '*name') work for whole values
        """),
    GoldenMessage(
      text: "a: &base 1\nb: *bse\n",
      message: """
        error[RB1006]: alias '*bse' has no anchor '&bse' before it
         --> p.yaml:2:4
          |
        2 | b: *bse
          |    ^^^^
        help: did you mean '*base'?
        """),
    GoldenMessage(
      text: "a: &x [*x]\n",
      message: """
        error[RB1006]: alias '*x' stands inside its own anchor and would never end
         --> p.yaml:1:8
          |
        1 | a: &x [*x]
          |        ^^
        note: its anchor is here
         --> p.yaml:1:7
          |
        1 | a: &x [*x]
          |       ^
        """),
    GoldenMessage(
      text: "a: &x 1\nb: &x 2\n",
      message: """
        error[RB1006]: anchor '&x' is defined twice
         --> p.yaml:2:4
          |
        2 | b: &x 2
          |    ^^
        note: its anchor is here
         --> p.yaml:1:7
          |
        1 | a: &x 1
          |       ^
        """),
    GoldenMessage(
      text: "a: 1\nb:\n  c: 1\n  \"c\": 2\n",
      message: """
        error[RB1002]: key 'c' is defined twice
         --> p.yaml:4:3
          |
        4 |   "c": 2
          |   ^^^
        note: first defined here
         --> p.yaml:3:3
          |
        3 |   c: 1
          |   ^
        help: remove one of the two, or rename it
        """),
    GoldenMessage(
      text: "# nothing\n",
      message: """
        error[RB1012]: the file holds no document
         --> p.yaml:1:1
          |
        1 | # nothing
          | ^
        """),
    GoldenMessage(
      text: "a: 1\n---\nb: 2\n",
      message: """
        error[RB1012]: a second document begins here; a file holds one
         --> p.yaml:2:1
          |
        2 | ---
          | ^^^
        help: remove the '---', or move what follows into a file of its own
        """),
    GoldenMessage(
      text: "a: é\nb: \u{1}\n",
      message: """
        error[RB1007]: character U+0001 must not stand in a plan
         --> p.yaml:2:4
          |
        2 | b: �
          |    ^
        help: remove it, or write '\\x01' inside double quotes
        """),
  ]
}
