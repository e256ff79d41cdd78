// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb40xx: [String: String] = [
    "RB4001":
      ##"""
      # RB4001: a wait was stopped

      ## Cause

      `wait.for` or `wait.until` was asked to stop before its end.

      ## What has already been done

      Nothing was changed. A pause does not make the wait longer or shorter: its end was fixed when it began.

      ## What to do now

      `runbook resume RUN` waits for the rest.
      """##,
    "RB4002":
      ##"""
      # RB4002: the moment of a wait cannot be understood

      ## Cause

      `at` or `zone` of `wait.until` got its text from a reference, and that text is no moment or no time zone.

      ## What has already been done

      Nothing was waited for, and the step changed nothing. What follows is the step's `onFailure`; by default the run is rolled back.

      ## What to do now

      Write `at` as a moment with an offset (`2025-01-18T02:00:00Z`), or as a day and time or a time alone (`2025-01-18T02:00`, `02:00`) with a `zone` of the IANA database like `Europe/Berlin`. Correct the param or the step that the text comes from.
      """##,
    "RB4003":
      ##"""
      # RB4003: what was waited for did not come true in time

      ## Cause

      The check of a `wait.until` did not hold within the time that `within` gives. The message says what was seen last. The time counts from when the step first began, over pauses and crashes.

      ## What has already been done

      Nothing was changed by the step. What follows is its `onFailure`; by default the run is rolled back.

      ## What to do now

      Look at what was seen last. Where it only takes longer, give it more in `within`; where the run should stay as it is and wait for a person, write `onFailure: halt`, after which `runbook resume RUN` begins the wait anew.
      """##,
  ]
}
