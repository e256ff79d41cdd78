// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb31xx: [String: String] = [
    "RB3101":
      ##"""
      # RB3101: the lease is lost

      ## Cause

      The lease of the run in this target has passed, or another process has taken it.

      ## What has already been done

      Nothing more is sent for the run by this process. Exit status 7.

      ## What to do now

      `runbook status RUN` tells who leads it; `runbook resume RUN` goes on when it is free.
      """##,
    "RB3102":
      ##"""
      # RB3102: led by another process

      ## Cause

      Another process holds the lease of the run and keeps renewing it.

      ## What has already been done

      This process did nothing. Exit status 7.

      ## What to do now

      `runbook status RUN` shows how it goes. If that process is to stop, stop it where it runs.
      """##,
    "RB3103":
      ##"""
      # RB3103: the lease may still be held

      ## Cause

      `unlock` waits until a lease and its grace have passed, unless the process is known to be dead on this machine.

      ## What has already been done

      Nothing was given back. Exit status 7.

      ## What to do now

      Stop the process that the message names, or try again when the time it tells is over.
      """##,
    "RB3104":
      ##"""
      # RB3104: the receipt does not fit

      ## Cause

      The receipt or its log in the target is not what this state has written, or cannot be read.

      ## What has already been done

      Nothing was sent after that. On the way forward the effect that was due was not started.

      ## What to do now

      The state was restored from an old copy, or another process went on with the run: see [RB2507](RB2507.md).
      """##,
  ]
}
