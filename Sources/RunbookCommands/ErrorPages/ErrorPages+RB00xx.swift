// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb00xx: [String: String] = [
    "RB0064":
      ##"""
      # RB0064: wrong usage

      ## Cause

      The command line cannot be understood, or it asks for something that does not apply: a file that cannot be read, a run that is not in this state, a decision that does not fit where the run stands.

      ## What has already been done

      Nothing. Exit status 64.

      ## What to do now

      Do what the line `help:` says. `runbook help COMMAND` shows a command's options, `runbook list` the runs of this state.
      """##,
  ]
}
