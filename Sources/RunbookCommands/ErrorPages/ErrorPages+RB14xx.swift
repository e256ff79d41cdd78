// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb14xx: [String: String] = [
    "RB1401":
      ##"""
      # RB1401: an empty matcher

      ## Cause

      A matcher without an operator says nothing.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Add an operator, such as `equals: 0` or `atMost: 5`.
      """##,
    "RB1402":
      ##"""
      # RB1402: an operand that does not fit

      ## Cause

      The operator cannot compare with this.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write an operand of the kind that the message names.
      """##,
    "RB1403":
      ##"""
      # RB1403: not a regular expression

      ## Cause

      The text after `matches` cannot be read as one.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Correct it; a backslash is best written in single quotes.
      """##,
    "RB1404":
      ##"""
      # RB1404: not a path of a field

      ## Cause

      `field` takes names joined by dots.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write it like `body.items.0.name`; a name with a dot is quoted: `groups."a.b"`.
      """##,
  ]
}
