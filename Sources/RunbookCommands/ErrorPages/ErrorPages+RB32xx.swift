// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb32xx: [String: String] = [
    "RB3201":
      ##"""
      # RB3201: no target or collection of the right kind

      ## Cause

      The action needs a target of type `mongodb`, or a collection, and got none. The loader finds this; here it is a second guard.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Add `target:` or `collection:`, or set them under `defaults`.
      """##,
    "RB3202":
      ##"""
      # RB3202: a value that BSON cannot hold

      ## Cause

      An Extended JSON value in the plan is malformed, or a value has no form in BSON.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Correct the value at the path that the message names.
      """##,
    "RB3203":
      ##"""
      # RB3203: an argument that does not fit

      ## Cause

      An argument has a form that the action does not take. What can be seen at load is told as [RB2008](RB2008.md).

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Change it as the message says.
      """##,
    "RB3204":
      ##"""
      # RB3204: a part of the action that is not built

      ## Cause

      The action has this, and this version does not carry it out.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Leave it out, or use a version that has it.
      """##,
    "RB3205":
      ##"""
      # RB3205: a backup that was not made

      ## Cause

      A check or step refers to the backup of a step that has made none, because it was skipped or did not run.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Refer to it only where the step has run; a condition on both keeps them together.
      """##,
  ]
}
