// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb40xx: [String: String] = [
    "RB4001":
      ##"""
      # RB4001: a wait was stopped

      ## Cause

      `wait.for` was asked to stop before its end.

      ## What has already been done

      Nothing was changed. A pause does not make the wait longer or shorter: its end was fixed when it began.

      ## What to do now

      `runbook resume RUN` waits for the rest.
      """##,
  ]
}
