extension GoldenMessage {
  /// Quotes and brackets that are not closed, and references that YAML takes for mappings.
  static let brackets: [GoldenMessage] = [
    GoldenMessage(
      text: "a: \"abc\nb: 1\n",
      message: """
        error[RB1014]: this quote is never closed
         --> p.yaml:1:4
          |
        1 | a: "abc
          |    ^^^^
        help: close it with "
          |
        1 | a: "abc"
        """),
    GoldenMessage(
      text: "a: \"abc\nb: \"def\"\nc: 1\n",
      message: """
        error[RB1014]: this quote is closed only on line 2
         --> p.yaml:1:4
          |
        1 | a: "abc
          |    ^^^^
        note: it ends here
         --> p.yaml:2:4
          |
        2 | b: "def"
          |    ^
        help: close it on its own line
          |
        1 | a: "abc"
        """),
    GoldenMessage(
      text: "a: [1, 2\nb: 1\n",
      message: """
        error[RB1014]: this '[' is never closed
         --> p.yaml:1:4
          |
        1 | a: [1, 2
          |    ^
        note: ']' or ',' was expected before this
         --> p.yaml:2:2
          |
        2 | b: 1
          |  ^
        help: close it with ']', and put ',' between what stands inside
          |
        1 | a: [1, 2]
        """),
    GoldenMessage(
      text: "a: { x: 1",
      message: """
        error[RB1014]: this '{' is never closed
         --> p.yaml:1:4
          |
        1 | a: { x: 1
          |    ^
        note: '}' or ',' was expected before this
         --> p.yaml:1:10
          |
        1 | a: { x: 1
          |          ^
        help: close it with '}', and put ',' between what stands inside
          |
        1 | a: { x: 1 }
        """),
    GoldenMessage(
      text: "w: { a: ${{ params.x }}, b: \"${{ y }}\" } # c\n",
      message: """
        error[RB1017]: '${{ }}' must stand in quotes inside { }
         --> p.yaml:1:9
          |
        1 | w: { a: ${{ params.x }}, b: "${{ y }}" } # c
          |         ^^^^^^^^^^^^^^^
        help: put it in quotes
          |
        1 | w: { a: "${{ params.x }}", b: "${{ y }}" } # c
        """),
    GoldenMessage(
      text: "w: [ ${{ params.x }}, 2, 'x', y${{ b }}-z ]\n",
      message: """
        error[RB1017]: '${{ }}' must stand in quotes inside [ ]
         --> p.yaml:1:6
          |
        1 | w: [ ${{ params.x }}, 2, 'x', y${{ b }}-z ]
          |      ^^^^^^^^^^^^^^^
        help: put it in quotes
          |
        1 | w: [ "${{ params.x }}", 2, 'x', "y${{ b }}-z" ]
        """),
    GoldenMessage(
      text: "w: {\n  a: ${{ params.x }},\n}\n",
      message: """
        error[RB1017]: '${{ }}' must stand in quotes inside { }
         --> p.yaml:2:6
          |
        2 |   a: ${{ params.x }},
          |      ^^^^^^^^^^^^^^^
        help: put it in quotes
          |
        2 |   a: "${{ params.x }}",
        """),
    GoldenMessage(
      text: "a: { x: [1, 2 }\n",
      message: """
        error[RB1014]: this '[' is closed by '}'
         --> p.yaml:1:9
          |
        1 | a: { x: [1, 2 }
          |         ^
        note: it ends here
         --> p.yaml:1:15
          |
        1 | a: { x: [1, 2 }
          |               ^
        help: close it with ']'
          |
        1 | a: { x: [1, 2] }
        """),
    GoldenMessage(
      text: "a: [1, 2}\n",
      message: """
        error[RB1014]: this '[' is closed by '}'
         --> p.yaml:1:4
          |
        1 | a: [1, 2}
          |    ^
        note: it ends here
         --> p.yaml:1:9
          |
        1 | a: [1, 2}
          |         ^
        help: close it with ']'
          |
        1 | a: [1, 2]
        """),
    GoldenMessage(
      text: "a: {\n  x: [1, 2\n}\n",
      message: """
        error[RB1014]: this '[' is closed by '}'
         --> p.yaml:2:6
          |
        2 |   x: [1, 2
          |      ^
        note: it ends here
         --> p.yaml:3:1
          |
        3 | }
          | ^
        help: close it with ']'
        """),
    GoldenMessage(
      text: "a: {{ params.x }}\n",
      message: """
        error[RB1017]: a reference is written '${{ }}', in quotes where it begins a value
         --> p.yaml:1:4
          |
        1 | a: {{ params.x }}
          |    ^^^^^^^^^^^^^^
        help: write it with '$' and in quotes
          |
        1 | a: "${{ params.x }}"
        """),
    GoldenMessage(
      text: "a: [ {{ params.x }}, 1 ]\n",
      message: """
        error[RB1017]: a reference is written '${{ }}', in quotes where it begins a value
         --> p.yaml:1:6
          |
        1 | a: [ {{ params.x }}, 1 ]
          |      ^^^^^^^^^^^^^^
        help: write it with '$' and in quotes
          |
        1 | a: [ "${{ params.x }}", 1 ]
        """),
    GoldenMessage(
      text: "a: { x: [1, 2 }\n",
      message: """
        error[RB1014]: this '[' is closed by '}'
         --> p.yaml:1:9
          |
        1 | a: { x: [1, 2 }
          |         ^
        note: it ends here
         --> p.yaml:1:15
          |
        1 | a: { x: [1, 2 }
          |               ^
        help: close it with ']'
          |
        1 | a: { x: [1, 2] }
        """),
    GoldenMessage(
      text: "a: [1, 2}\n",
      message: """
        error[RB1014]: this '[' is closed by '}'
         --> p.yaml:1:4
          |
        1 | a: [1, 2}
          |    ^
        note: it ends here
         --> p.yaml:1:9
          |
        1 | a: [1, 2}
          |         ^
        help: close it with ']'
          |
        1 | a: [1, 2]
        """),
    GoldenMessage(
      text: "a: {\n  x: [1, 2\n}\n",
      message: """
        error[RB1014]: this '[' is closed by '}'
         --> p.yaml:2:6
          |
        2 |   x: [1, 2
          |      ^
        note: it ends here
         --> p.yaml:3:1
          |
        3 | }
          | ^
        help: close it with ']'
        """),
    GoldenMessage(
      text: "a: {{ params.x }}\n",
      message: """
        error[RB1017]: a reference is written '${{ }}', in quotes where it begins a value
         --> p.yaml:1:4
          |
        1 | a: {{ params.x }}
          |    ^^^^^^^^^^^^^^
        help: write it with '$' and in quotes
          |
        1 | a: "${{ params.x }}"
        """),
    GoldenMessage(
      text: "a: [ {{ params.x }}, 1 ]\n",
      message: """
        error[RB1017]: a reference is written '${{ }}', in quotes where it begins a value
         --> p.yaml:1:6
          |
        1 | a: [ {{ params.x }}, 1 ]
          |      ^^^^^^^^^^^^^^
        help: write it with '$' and in quotes
          |
        1 | a: [ "${{ params.x }}", 1 ]
        """),
  ]
}
