// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb15xx: [String: String] = [
    "RB1501":
      ##"""
      # RB1501: a step that covers nothing

      ## Cause

      `coveredBy` names a step that cannot undo this one: it comes later, has no undo, is covered itself, or is not undone by the same rollback.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Name an earlier step with an undo of its own, in the same phase where `rollbackScope` is `phase`.
      """##,
    "RB1502":
      ##"""
      # RB1502: `probe` against `onInterrupt`

      ## Cause

      The two contradict each other, or `onInterrupt: probe` stands without a probe.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write `probe` alone; it implies `onInterrupt: probe`.
      """##,
    "RB1503":
      ##"""
      # RB1503: no form of `rollback`

      ## Cause

      `rollback` takes one of five forms.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write `auto`, a list of steps, `{ coveredBy: STEP }`, `{ notNeeded: reason }` or `{ none: reason, acknowledged: true }`.
      """##,
    "RB1510":
      ##"""
      # RB1510: a trigger that could never act or never be live

      ## Cause

      With these values the trigger could never act, or never be live: `failures` puts up with as many windows as are looked at, `stopBefore` does not come after `startAfter`,
      or one of the two names something that is no step of the phases, or, for a trigger of a phase, a step of another one.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Correct it as the message says. `failures: { max: 1, of: 4 }` acts at the second failed window among the last four.
      """##,
  ]
}
