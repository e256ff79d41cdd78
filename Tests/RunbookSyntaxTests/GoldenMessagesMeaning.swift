extension GoldenMessage {
  /// Text that YAML reads otherwise than its author meant, and bytes that it does not take.
  static let meaning: [GoldenMessage] = [
    GoldenMessage(
      text: "title: Phase #2\n",
      message: """
        error[RB1020]: ' #' begins a comment, so the text ends before it
         --> p.yaml:1:8
          |
        1 | title: Phase #2
          |        ^^^^^^^^
        help: put it in quotes if text is meant; write '# ' with a space if a comment is meant
          |
        1 | title: "Phase #2"
        """),
    GoldenMessage(
      text: "title: Phase #2 of 3 # really\n",
      message: """
        error[RB1020]: ' #' begins a comment, so the text ends before it
         --> p.yaml:1:8
          |
        1 | title: Phase #2 of 3 # really
          |        ^^^^^^^^^^^^^
        help: put it in quotes if text is meant; write '# ' with a space if a comment is meant
          |
        1 | title: "Phase #2 of 3" # really
        """),
    GoldenMessage(
      text: "url: https://x.example/ #part\n",
      message: """
        error[RB1020]: ' #' begins a comment, so the text ends before it
         --> p.yaml:1:6
          |
        1 | url: https://x.example/ #part
          |      ^^^^^^^^^^^^^^^^^^^^^^^^
        help: put it in quotes if text is meant; write '# ' with a space if a comment is meant
          |
        1 | url: "https://x.example/ #part"
        """),
    GoldenMessage(
      text: "contact: #oncall\n",
      message: """
        error[RB1020]: '#' begins a comment, so there is no value here
         --> p.yaml:1:10
          |
        1 | contact: #oncall
          |          ^^^^^^^
        help: put it in quotes if text is meant; write '# ' with a space if a comment is meant
          |
        1 | contact: "#oncall"
        """),
    GoldenMessage(
      text: "contact: dba #oncall\n",
      message: """
        warning[RB1020]: ' #' begins a comment, so the text ends before it
         --> p.yaml:1:10
          |
        1 | contact: dba #oncall
          |          ^^^^^^^^^^^
        help: put it in quotes if text is meant; write '# ' with a space if a comment is meant
          |
        1 | contact: "dba #oncall"
        """),
    GoldenMessage(
      text: "title: Batch # 2\n",
      message: """
        warning[RB1020]: ' #' begins a comment, so the text ends before it
         --> p.yaml:1:8
          |
        1 | title: Batch # 2
          |        ^^^^^^^^^
        help: put it in quotes if text is meant; a comment goes on a line of its own
          |
        1 | title: "Batch # 2"
        """),
    GoldenMessage(
      text: "tags: [ Phase #2, x ]\n",
      message: """
        error[RB1020]: ' #' begins a comment, so the text ends before it
         --> p.yaml:1:9
          |
        1 | tags: [ Phase #2, x ]
          |         ^^^^^^^^
        help: put it in quotes if text is meant; write '# ' with a space if a comment is meant
          |
        1 | tags: [ "Phase #2", x ]
        """),
    GoldenMessage(
      text: "a: one two # first\n  three\n",
      message: """
        error[RB1020]: a comment ends the text here, so the next line is no part of it
         --> p.yaml:1:12
          |
        1 | a: one two # first
          |            ^^^^^^^
        note: this line
         --> p.yaml:2:3
          |
        2 |   three
          |   ^^^^^
        help: put the comment on a line of its own above the text, or the whole text in quotes
        """),
    GoldenMessage(
      text: "a: \"x\"# c\n",
      message: """
        error[RB1020]: the space before '#' is missing
         --> p.yaml:1:7
          |
        1 | a: "x"# c
          |       ^
        help: put a space before a comment, or all of the value in one pair of quotes
          |
        1 | a: "x" # c
        """),
    GoldenMessage(
      text: "a: `cmd`\n",
      message: """
        error[RB1018]: text may not begin with '`', which YAML reserves
         --> p.yaml:1:4
          |
        1 | a: `cmd`
          |    ^^^^^
        help: put it in quotes
          |
        1 | a: "`cmd`"
        """),
    GoldenMessage(
      text: "a: { b: %foo }\n",
      message: """
        error[RB1018]: text may not begin with '%', which YAML reserves
         --> p.yaml:1:9
          |
        1 | a: { b: %foo }
          |         ^^^^
        help: put it in quotes
          |
        1 | a: { b: "%foo" }
        """),
    GoldenMessage(
      text: "%x: 1\n",
      message: """
        error[RB1018]: a line may not begin with '%', which YAML keeps for directives
         --> p.yaml:1:1
          |
        1 | %x: 1
          | ^^^^^
        help: put the key in quotes
          |
        1 | "%x": 1
        """),
    GoldenMessage(
      text: "%FOO bar\n---\na: 1\n",
      message: """
        error[RB1001]: a plan has no such YAML directive
         --> p.yaml:1:1
          |
        1 | %FOO bar
          | ^^^^^^^^
        help: remove the line; plans are YAML 1.2
        """),
    GoldenMessage(
      text: "a: !important do\n",
      message: """
        error[RB1011]: tag '!important' is not known here
         --> p.yaml:1:4
          |
        1 | a: !important do
          |    ^^^^^^^^^^
        help: put the text in quotes; '!' at its beginning makes a tag of it
          |
        1 | a: "!important do"
        """),
    GoldenMessage(
      text: "argv: [test, !, -f]\n",
      message: """
        error[RB1011]: tag '!' is not known here
         --> p.yaml:1:14
          |
        1 | argv: [test, !, -f]
          |              ^
        help: put the text in quotes; '!' at its beginning makes a tag of it
          |
        1 | argv: [test, "!", -f]
        """),
    GoldenMessage(
      text: "a: !!binary aGk=\n",
      message: """
        error[RB1011]: tag '!!binary' is not known here
         --> p.yaml:1:4
          |
        1 | a: !!binary aGk=
          |    ^^^^^^^^
        help: remove it; the type of a value follows from where it stands
          |
        1 | a: aGk=
        """),
    GoldenMessage(
      text: "a: &b:c d\n",
      message: """
        error[RB1006]: the name of an anchor has letters, digits, '-' and '_' only
         --> p.yaml:1:4
          |
        1 | a: &b:c d
          |    ^^^^^^
        help: put a space behind the name, or the value in quotes if text is meant
        """),
    GoldenMessage(
      text: "a: \"\\x4\"\n",
      message: """
        error[RB1018]: this is no character's number in an escape
         --> p.yaml:1:7
          |
        1 | a: "\\x4"
          |       ^
        help: '\\x' takes two hexadecimal digits, '\\u' four, '\\U' eight; a backslash itself is written '\\\\'
        """),
    GoldenMessage(
      text: "a: { b: 1 c: 2 }\n",
      message: """
        error[RB1018]: text with ': ' in it must stand in quotes
         --> p.yaml:1:9
          |
        1 | a: { b: 1 c: 2 }
          |         ^^^^^^
        help: put it in quotes, or a ',' before the next key
          |
        1 | a: { b: "1 c: 2" }
        """),
    GoldenMessage(
      text: "a: \u{2028}b\n",
      message: """
        error[RB1007]: character U+2028 ends a line for some YAML programs and for others not
         --> p.yaml:1:4
          |
        1 | a: �b
          |    ^
        help: remove it, or write '\\u2028' inside double quotes
        """),
    GoldenMessage(
      text: "a: \u{85}b\n",
      message: """
        error[RB1007]: character U+0085 ends a line for some YAML programs and for others not
         --> p.yaml:1:4
          |
        1 | a: �b
          |    ^
        help: remove it, or write '\\u0085' inside double quotes
        """),
    GoldenMessage(
      text: "a: \u{feff}b\n",
      message: """
        error[RB1007]: a byte order mark stands inside the file
         --> p.yaml:1:4
          |
        1 | a: �b
          |    ^
        help: remove the invisible character U+FEFF
        """),
    GoldenMessage(
      text: " \u{0}\n",
      message: """
        error[RB1007]: character U+0000 must not stand in a plan
         --> p.yaml:1:2
          |
        1 |  �
          |  ^
        help: is this a text file, saved as UTF-8?
        """),
    GoldenMessage(
      text: "<<: { a: 1 }\n",
      message: """
        error[RB1003]: merge keys '<<' are not supported
         --> p.yaml:1:1
          |
        1 | <<: { a: 1 }
          | ^^
        help: write the keys out; plain anchors and aliases ('&name', '*name') work for whole values
        """),
    GoldenMessage(
      text: "a: \"b\"c: d\n",
      message: """
        error[RB1018]: text goes on after its closing quote
         --> p.yaml:1:4
          |
        1 | a: "b"c: d
          |    ^^^^^^^
        help: put all of it in one pair of quotes
          |
        1 | a: '"b"c: d'
        """),
    GoldenMessage(
      text: "a: 1\nb\n  c: 2\n",
      message: """
        error[RB1016]: 'b' is no key: its ':' is missing
         --> p.yaml:2:1
          |
        2 | b
          | ^
        help: write 'key: value'; a text of several lines must be indented further than its key
          |
        2 | b:
        """),
  ]
}
