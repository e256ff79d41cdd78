// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb10xx: [String: String] = [
    "RB1001":
      ##"""
      # RB1001: not valid YAML

      ## Cause

      The text breaks YAML's rules in a way for which no better guess can be made.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Look at the marked place and the line above it; most often a quote, a bracket or a colon is missing there.
      """##,
    "RB1002":
      ##"""
      # RB1002: a key stands twice

      ## Cause

      One mapping has the same key two times. YAML programs disagree about which one counts, so neither does.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Remove one of the two; the note shows where the first one stands.
      """##,
    "RB1003":
      ##"""
      # RB1003: a merge key `<<`

      ## Cause

      Plans have no merge keys: what a step does should stand where the step stands.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write the keys out. Plain anchors and aliases (`&name`, `*name`) work inside one file.
      """##,
    "RB1004":
      ##"""
      # RB1004: unknown key

      ## Cause

      The key means nothing where it stands. It would be ignored by a laxer program; here nothing is ignored in silence.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Correct it; the nearest known key is suggested. Keys that begin with `x-` are passed over and may hold anything.
      """##,
    "RB1005":
      ##"""
      # RB1005: the file is too large

      ## Cause

      The file has too many bytes, values or levels, or so many mistakes that reading ended. The bounds keep a hostile or broken file from using up the machine.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Make the file smaller or flatter; the message names the bound.
      """##,
    "RB1006":
      ##"""
      # RB1006: an alias that leads nowhere

      ## Cause

      An alias has no anchor, stands inside its own anchor, expands too far (together to more than 100,000 values), or an anchor is defined twice or under a name that YAML programs read differently. A text that begins with `*` or `&` is an alias or anchor for YAML: it needs quotes.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Define the anchor before its use, under a name of its own.
      """##,
    "RB1007":
      ##"""
      # RB1007: bytes that are no text

      ## Cause

      The file holds bytes that are no UTF-8, a control character, a byte order mark inside the text, or a line separator (U+0085, U+2028, U+2029) that YAML 1.1 and YAML 1.2 read differently. A byte order mark at the very beginning is fine.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Save the file as UTF-8 without byte order mark; write control characters as escapes in double quotes.
      """##,
    "RB1008":
      ##"""
      # RB1008: a value of the wrong type

      ## Cause

      The value cannot be read as what is due here: a duration without a unit, `yes` for a boolean, null where text is due.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write it as the message shows: `30s`, `true`, `100%`, `"text"`.
      """##,
    "RB1009":
      ##"""
      # RB1009: a key is missing

      ## Cause

      Something must be said here and is not. The mark points at the key that opens the mapping.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Add the key that the message names.
      """##,
    "RB1010":
      ##"""
      # RB1010: a reference that is none

      ## Cause

      What stands inside `${{ }}` is not a reference.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write it as `${{ params.NAME }}`, `${{ steps.ID.outputs.NAME }}` and so on. A literal `${{` is written `$${{`.
      """##,
    "RB1011":
      ##"""
      # RB1011: a tag

      ## Cause

      YAML tags other than the core ones (`!!str`, `!!int` and so on) are not used: the type of a value follows from where it stands. A text that begins with `!`, or is nothing but `!`, is a tag for YAML.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Put the text in quotes if text was meant, as the message prints it; else remove the tag.
      """##,
    "RB1012":
      ##"""
      # RB1012: no document, or several

      ## Cause

      A plan is exactly one YAML document.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Remove the `---` that begins a second one, or write the plan if the file is empty.
      """##,
    "RB1013":
      ##"""
      # RB1013: a tab

      ## Cause

      YAML allows no tabs where this one stands.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Replace it by spaces.
      """##,
    "RB1014":
      ##"""
      # RB1014: a quote or bracket that is never closed

      ## Cause

      What opens at the marked place has no end, or ends with a bracket of the other kind.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Close it, or put text that contains the character in quotes.
      """##,
    "RB1015":
      ##"""
      # RB1015: indentation

      ## Cause

      The line stands further in or out than its neighbours allow: a key below a line that has its value already, a list item among keys or a key among list items, a line of a text that is indented less than the text. A line `- item` that is indented further than the item above would become part of that item's text; it is refused too.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Line it up with the keys that it belongs to. The message prints the line at the column that is most likely meant; look whether it is the one that you mean.
      """##,
    "RB1016":
      ##"""
      # RB1016: colon and space

      ## Cause

      `key:value` without the space after the colon, or a key without its colon.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write `key: value`.
      """##,
    "RB1017":
      ##"""
      # RB1017: `${{ }}` without quotes

      ## Cause

      Inside `{ }` or `[ ]` the braces of a reference would be read as YAML. `{{ name }}`, as other tools write it, is a mapping for YAML everywhere.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Put the reference in double quotes; the message prints the line as it should be.
      """##,
    "RB1018":
      ##"""
      # RB1018: text that needs quotes

      ## Cause

      YAML would read this text as something else.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Put it in quotes.
      """##,
    "RB1019":
      ##"""
      # RB1019: a key that is no text

      ## Cause

      A list or a mapping stands where a key should stand.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write a plain word as key; put text in brackets or braces in quotes.
      """##,
    "RB1020":
      ##"""
      # RB1020: text cut by ` #`

      ## Cause

      A space and `#` begin a comment, so the text ends before it: `title: Phase #2` is the text `Phase`. A comment is written with a space behind its `#`, so a `#` that
      stands right before a letter or digit was most likely meant as text. It is an error where that is all but certain (several words, a URL, no text at all before it, or a
      digit behind it), a warning where one word stands before one word (`dba #oncall`) or a lone number follows (`Batch # 2`). Numbers, durations and the like before it
      (`10m #note`) are left alone. Two more cases have this code: a comment between the lines of one text, and a `#` glued to a quote or bracket.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2. A warning stops nothing: the text is taken as far as the `#`.

      ## What to do now

      Put the whole text in quotes, as the message prints it, or write the comment with a space behind `#` or on a line of its own.
      """##,
  ]
}
