extension GoldenMessage {
  /// Tabs, colons and what belongs between values.
  static let structure: [GoldenMessage] = [
    GoldenMessage(
      text: "a:\n\tb: 1\n",
      message: """
        error[RB1013]: a tab is used for indentation
         --> p.yaml:2:1
          |
        2 |     b: 1
          | ^^^^
        help: YAML is indented with spaces
          |
        2 |   b: 1
        """),
    GoldenMessage(
      text: "a: x\n\tb: 1\n",
      message: """
        error[RB1013]: a tab is used for indentation
         --> p.yaml:2:1
          |
        2 |     b: 1
          | ^^^^
        help: YAML is indented with spaces
          |
        2 |   b: 1
        """),
    GoldenMessage(
      text: "a: |\n\tfoo\n",
      message: """
        error[RB1013]: a tab is used for indentation
         --> p.yaml:2:1
          |
        2 |     foo
          | ^^^^
        help: YAML is indented with spaces
          |
        2 |   foo
        """),
    GoldenMessage(
      text: "a: {\n  b: 1\n  c: 2\n}\n",
      message: """
        error[RB1001]: a ',' is missing here
         --> p.yaml:2:7
          |
        2 |   b: 1
          |       ^
        note: it belongs before this key
         --> p.yaml:3:3
          |
        3 |   c: 2
          |   ^
        help: end the line with ','
          |
        2 |   b: 1,
        """),
    GoldenMessage(
      text: "a: 1\nkey:value\nb: 2\n",
      message: """
        error[RB1016]: the space after ':' is missing
         --> p.yaml:2:4
          |
        2 | key:value
          |    ^
        help: write a space between ':' and the value
          |
        2 | key: value
        """),
    GoldenMessage(
      text: "key:value\nb: 1\n",
      message: """
        error[RB1016]: the space after ':' is missing
         --> p.yaml:1:4
          |
        1 | key:value
          |    ^
        help: write a space between ':' and the value
          |
        1 | key: value
        """),
    GoldenMessage(
      text: "a:\n  key\n  c: 1\n",
      message: """
        error[RB1016]: 'key' is no key: its ':' is missing
         --> p.yaml:2:3
          |
        2 |   key
          |   ^^^
        help: write 'key: value'; a text of several lines must be indented further than its key
          |
        2 |   key:
        """),
    GoldenMessage(
      text: "a: 1\nkey\nb: 2\n",
      message: """
        error[RB1016]: 'key' is no key: its ':' is missing
         --> p.yaml:2:1
          |
        2 | key
          | ^^^
        help: write 'key: value'; a text of several lines must be indented further than its key
          |
        2 | key:
        """),
    GoldenMessage(
      text: "a: { b:{ c: 1 } }\n",
      message: """
        error[RB1016]: the space after ':' is missing
         --> p.yaml:1:7
          |
        1 | a: { b:{ c: 1 } }
          |       ^
        help: write a space between ':' and the value
          |
        1 | a: { b: { c: 1 } }
        """),
    GoldenMessage(
      text: ": a\n",
      message: """
        error[RB1016]: the key before ':' is missing
         --> p.yaml:1:1
          |
        1 | : a
          | ^
        """),
    GoldenMessage(
      text: "a: 'it's'\n",
      message: """
        error[RB1018]: text goes on after its closing quote
         --> p.yaml:1:4
          |
        1 | a: 'it's'
          |    ^^^^^^
        help: put all of it in one pair of quotes
          |
        1 | a: "it's"
        """),
    GoldenMessage(
      text: "a: \"say \"hi\" now\"\n",
      message: """
        error[RB1018]: text goes on after its closing quote
         --> p.yaml:1:4
          |
        1 | a: "say "hi" now"
          |    ^^^^^^^^^^^^^^
        help: put all of it in one pair of quotes
          |
        1 | a: 'say "hi" now'
        """),
    GoldenMessage(
      text: "a: 'it's'\n",
      message: """
        error[RB1018]: text goes on after its closing quote
         --> p.yaml:1:4
          |
        1 | a: 'it's'
          |    ^^^^^^
        help: put all of it in one pair of quotes
          |
        1 | a: "it's"
        """),
    GoldenMessage(
      text: "a: \"say \"hi\" now\"\n",
      message: """
        error[RB1018]: text goes on after its closing quote
         --> p.yaml:1:4
          |
        1 | a: "say "hi" now"
          |    ^^^^^^^^^^^^^^
        help: put all of it in one pair of quotes
          |
        1 | a: 'say "hi" now'
        """),
  ]
}
