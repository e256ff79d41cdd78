// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb21xx: [String: String] = [
    "RB2101":
      ##"""
      # RB2101: a secret cannot be read

      ## Cause

      The environment variable is not set, the file cannot be read, the program failed, or the secret is empty. The value itself is never shown.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Set it, then begin or resume. Relative paths and programs start in the directory of the plan.
      """##,
    "RB2102":
      ##"""
      # RB2102: there is no such secret

      ## Cause

      Something asked for a secret that the plan does not declare. The loader refuses such plans; this is a second guard.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Declare the secret under `secrets`.
      """##,
    "RB2103":
      ##"""
      # RB2103: a secret is too short

      ## Cause

      The secret has fewer than four characters. So short a text turns up everywhere by chance and cannot be taken out of journals, reports and messages.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Use a longer secret.
      """##,
  ]
}
