// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb13xx: [String: String] = [
    "RB1301":
      ##"""
      # RB1301: a literal that programs disagree about

      ## Cause

      In MongoDB documents only JSON literals have a type. `0123`, `0x1F`, `~` and `True` are read as text by some programs and as something else by others.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Put it in quotes for text, or write a JSON literal.
      """##,
    "RB1302":
      ##"""
      # RB1302: a number that is too large

      ## Cause

      The number does not fit into 64 bits.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Put it in quotes, or write `{ $numberDecimal: "…" }` in a MongoDB document.
      """##,
    "RB1303":
      ##"""
      # RB1303: not a value for a MongoDB document

      ## Cause

      A MongoDB document has no durations.

      ## What has already been done

      Found at load: nothing, exit status 2. Found while the run goes on: as [RB2305](RB2305.md) says.

      ## What to do now

      Use a number of milliseconds, or a param of another type.
      """##,
  ]
}
