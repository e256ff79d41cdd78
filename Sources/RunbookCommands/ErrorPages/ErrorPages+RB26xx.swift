// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb26xx: [String: String] = [
    "RB2601":
      ##"""
      # RB2601: a check in an undo list did not pass

      ## Cause

      A step of an undo list ran, and one of its `verify` checks failed, gave no data or ended in an error.

      ## What has already been done

      The effect of that undo step took place; whether it did what it should is not shown. The check is asked again, up to five times; then the rollback is blocked (exit status 5). Everything that it needs is kept.

      ## What to do now

      See what the check observed with `runbook status RUN`, mend what keeps it from passing, and go on with `runbook rollback RUN`. `runbook rollback RUN --skip STEP --reason T` gives the undo of that step up, `runbook close RUN --reason T` ends the run as it stands.
      """##,
    "RB2602":
      ##"""
      # RB2602: a step was cut off and nobody knows whether it happened

      ## Cause

      The process ended, or was stopped at once, while the step's effect was under way, and the action has no way of telling afterwards.

      ## What has already been done

      The effect may have taken place, in part or whole. It was not started again.

      ## What to do now

      Look whether it happened. `runbook resume RUN` starts the step as a new attempt, `runbook rollback RUN` unwinds the run, `runbook close RUN --reason T` ends it with its changes standing. `probe:` or `onInterrupt: rerun` in the plan lets the next run decide by itself.
      """##,
    "RB2603":
      ##"""
      # RB2603: an undo was carried out, and the proof that it is whole failed

      ## Cause

      After the inverse of a step had run, something was not as it had been: the message says what.

      ## What has already been done

      The undo ran and is tried again, up to five times; then the rollback is blocked (exit status 5). Older steps wait, and everything that they need is kept.

      ## What to do now

      Look at what the message names. `runbook rollback RUN` tries again, `runbook rollback RUN --skip STEP --reason T` gives the undo of that step up, `runbook close RUN --reason T` ends the run as it stands.
      """##,
  ]
}
