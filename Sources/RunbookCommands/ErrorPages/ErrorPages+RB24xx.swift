// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb24xx: [String: String] = [
    "RB2401":
      ##"""
      # RB2401: waiting for people

      ## Cause

      A `manual.confirm` has items that nobody has answered, and there is no terminal at which to ask.

      ## What has already been done

      The run is paused, exit status 6. Everything before it is done and recorded; reservations stay.

      ## What to do now

      `runbook confirm RUN` shows what is asked, `runbook confirm RUN ITEM…` answers; then `runbook resume RUN`.
      """##,
  ]
}
