extension GoldenMessage {
  /// Lines that stand too far in or out.
  static let indentation: [GoldenMessage] = [
    GoldenMessage(
      text: "a:\n  b: 1\n c: 2\n",
      message: """
        error[RB1015]: this line is indented by 1 space, like nothing above it
         --> p.yaml:3:2
          |
        3 |  c: 2
          |  ^^^^
        note: the mapping begins here
         --> p.yaml:1:1
          |
        1 | a:
          | ^^
        help: indent it like line 2, or like another line that it belongs beside
          |
        3 |   c: 2
        """),
    GoldenMessage(
      text: "a:\n  b: 1\n    c: 2\n",
      message: """
        error[RB1015]: key 'c' is indented too far
         --> p.yaml:3:5
          |
        3 |     c: 2
          |     ^
        note: this line already has its value, so nothing can stand below it
         --> p.yaml:2:3
          |
        2 |   b: 1
          |   ^^^^
        help: indent it like the key it belongs beside
          |
        3 |   c: 2
        """),
    GoldenMessage(
      text: "a:\n  - x\n - y\n",
      message: """
        error[RB1015]: this line is indented by 1 space, like nothing above it
         --> p.yaml:3:2
          |
        3 |  - y
          |  ^^^
        note: the mapping begins here
         --> p.yaml:1:1
          |
        1 | a:
          | ^^
        help: indent it like line 2, or like another line that it belongs beside
          |
        3 |   - y
        """),
    GoldenMessage(
      text: "- a\nb: c\n",
      message: """
        error[RB1015]: a key stands among list items
         --> p.yaml:2:1
          |
        2 | b: c
          | ^^^^
        note: the list begins here
         --> p.yaml:1:1
          |
        1 | - a
          | ^^^
        help: begin it with '- ', or indent it like the key of the list
          |
        2 | - b: c
        """),
    GoldenMessage(
      text: "a: 1\n- b\n",
      message: """
        error[RB1015]: a list item stands among keys
         --> p.yaml:2:1
          |
        2 | - b
          | ^^^
        note: the mapping begins here
         --> p.yaml:1:1
          |
        1 | a: 1
          | ^^^^
        help: indent it below the key it belongs to
        """),
    GoldenMessage(
      text: "a: - b\n",
      message: """
        error[RB1015]: a list item may not begin on the line of its key
         --> p.yaml:1:4
          |
        1 | a: - b
          |    ^^^
        help: begin the list on the next line, or put the text in quotes if no list is meant
          |
        1 | a: [b]
        """),
    GoldenMessage(
      text: "{a: 1}\nb: 2\n",
      message: """
        error[RB1015]: this stands outside the document, which ended above
         --> p.yaml:2:1
          |
        2 | b: 2
          | ^^^^
        help: the whole file must be one mapping
        """),
    GoldenMessage(
      text: "phases:\n- id: a\n   steps:\n",
      message: """
        error[RB1015]: key 'steps' is indented too far
         --> p.yaml:3:4
          |
        3 |    steps:
          |    ^^^^^
        note: this line already has its value, so nothing can stand below it
         --> p.yaml:2:1
          |
        2 | - id: a
          | ^^^^^^^
        help: indent it like the key it belongs beside
          |
        3 |   steps:
        """),
    GoldenMessage(
      text: "a: \"b\"\n  c: d\n",
      message: """
        error[RB1015]: key 'c' is indented too far
         --> p.yaml:2:3
          |
        2 |   c: d
          |   ^
        note: this line already has its value, so nothing can stand below it
         --> p.yaml:1:1
          |
        1 | a: "b"
          | ^^^^^^
        help: indent it like the key it belongs beside
          |
        2 | c: d
        """),
    GoldenMessage(
      text: "phases:\n  - id: a\n    steps:\n    - id: b\n      action: note\n     with: { text: x }\n",
      message: """
        error[RB1015]: this line is indented by 5 spaces, like nothing above it
         --> p.yaml:6:6
          |
        6 |      with: { text: x }
          |      ^^^^^^^^^^^^^^^^^
        note: the mapping begins here
         --> p.yaml:2:5
          |
        2 |   - id: a
          |     ^^^^^
        help: indent it like line 5, or like another line that it belongs beside
          |
        6 |       with: { text: x }
        """),
    GoldenMessage(
      text: "phases:\n  - id: a\n  steps:\n    - id: b\n",
      message: """
        error[RB1015]: a key stands among list items
         --> p.yaml:3:3
          |
        3 |   steps:
          |   ^^^^^^
        note: the list begins here
         --> p.yaml:2:3
          |
        2 |   - id: a
          |   ^^^^^^^
        help: indent it like the keys of the item above, or like the key of the list
          |
        3 |     steps:
        """),
    GoldenMessage(
      text: "steps:\n  - id: a\n    action: note\n    - id: b\n",
      message: """
        error[RB1015]: a list item stands among keys
         --> p.yaml:4:5
          |
        4 |     - id: b
          |     ^^^^^^^
        note: the mapping begins here
         --> p.yaml:2:5
          |
        2 |   - id: a
          |     ^^^^^
        help: indent it like the item above, or below the key it belongs to
          |
        4 |   - id: b
        """),
    GoldenMessage(
      text: "a:\n- x\n - y\n",
      message: """
        error[RB1015]: this line goes on with the text above it; it is no list item
         --> p.yaml:3:2
          |
        3 |  - y
          |  ^^^
        note: the text begins here
         --> p.yaml:2:3
          |
        2 | - x
          |   ^
        help: indent it like the item above; a text of several lines is written with '|' or in quotes
          |
        3 | - y
        """),
    GoldenMessage(
      text: "a: text\n  - x\n",
      message: """
        error[RB1015]: this line goes on with the text above it; it is no list item
         --> p.yaml:2:3
          |
        2 |   - x
          |   ^^^
        note: the text begins here
         --> p.yaml:1:4
          |
        1 | a: text
          |    ^^^^
        help: a list may not follow a text; write a text of several lines with '|' or in quotes
        """),
    GoldenMessage(
      text: "a: |\n  text\n less\nb: 1\n",
      message: """
        error[RB1015]: the text above ends before this line, which is indented less
         --> p.yaml:3:2
          |
        3 |  less
          |  ^^^^
        note: the text begins here
         --> p.yaml:2:3
          |
        2 |   text
          |   ^^^^
        help: indent it like the rest of the text
          |
        3 |   less
        """),
    GoldenMessage(
      text: "a: |\n  text\nless\n",
      message: """
        error[RB1015]: the text above ends before this line, which is indented less
         --> p.yaml:3:1
          |
        3 | less
          | ^^^^
        note: the text begins here
         --> p.yaml:2:3
          |
        2 |   text
          |   ^^^^
        help: indent it like the rest of the text
          |
        3 |   less
        """),
    GoldenMessage(
      text: "  a: 1\nb: 2\n",
      message: """
        error[RB1015]: this line is indented less than the first one, so it stands outside the document
         --> p.yaml:2:1
          |
        2 | b: 2
          | ^^^^
        note: the document begins here
         --> p.yaml:1:3
          |
        1 |   a: 1
          |   ^^^^
        help: begin both at the same column
          |
        2 |   b: 2
        """),
    GoldenMessage(
      text: "a: - b c\n",
      message: """
        error[RB1015]: a list item may not begin on the line of its key
         --> p.yaml:1:4
          |
        1 | a: - b c
          |    ^^^^^
        help: begin the list on the next line, or put the text in quotes if no list is meant
          |
        1 | a: "- b c"
        """),
  ]
}
