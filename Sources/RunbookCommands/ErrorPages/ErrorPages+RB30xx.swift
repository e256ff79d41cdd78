// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb30xx: [String: String] = [
    "RB3001":
      ##"""
      # RB3001: the server cannot be reached

      ## Cause

      No server answered within the time-out: address, network, TLS or a replica set without a primary.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Check that the server runs and can be reached from this machine; the message names host, port and reason. Then `runbook resume RUN`, or begin again.
      """##,
    "RB3002":
      ##"""
      # RB3002: not authenticated

      ## Cause

      The server refuses user and password, or no secure connection came about.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Check user, password, `authSource` and the TLS settings of the connection string.
      """##,
    "RB3003":
      ##"""
      # RB3003: a right is missing

      ## Cause

      The database user may not do this.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Grant the right that the message names; the program's own records stand in collections whose names begin with `_runbook.` in the same database.
      """##,
    "RB3004":
      ##"""
      # RB3004: the server does not understand the command

      ## Cause

      The server calls something in the plan wrong: an operator, an expression, an option.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Correct the filter, pipeline or option that the message names.
      """##,
    "RB3005":
      ##"""
      # RB3005: the server refuses

      ## Cause

      The server refused for a reason that does not go away by itself.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      The message holds the server's own words and its code.
      """##,
    "RB3006":
      ##"""
      # RB3006: the server could not just now

      ## Cause

      No primary, shutting down, too busy: it may go through when tried again, and nothing was done.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Add `retry` where this is to be expected; else `runbook resume RUN`.
      """##,
    "RB3007":
      ##"""
      # RB3007: the outcome is unknown

      ## Cause

      The answer was lost on the way, or the server could not say that the write is safe. It may have been done.

      ## What has already been done

      It is not guessed: the effect is probed, or asked again under the same session and number, before anything else happens to it. Where no answer can be had, the run halts or, in a rollback, is blocked.

      ## What to do now

      `runbook resume RUN` asks again.
      """##,
    "RB3008":
      ##"""
      # RB3008: an unexpected answer

      ## Cause

      The server's answer cannot be understood.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Look at the server's version and at whatever stands between it and this machine. If it happens again, report it with the message.
      """##,
    "RB3009":
      ##"""
      # RB3009: there is no such collection

      ## Cause

      The collection that the step or check names does not exist in the target's database.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Check the name of the collection and the target's `database`. In a rollback: give a collection that was renamed its name back, then `runbook rollback RUN`; if it was dropped, `runbook rollback RUN --skip STEP --reason T` gives the undo of the step up.
      """##,
    "RB3010":
      ##"""
      # RB3010: a request took too long

      ## Cause

      The server stopped a read at its time limit (`timeout:`, ten minutes unless given).

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Give it more `timeout`, or an index.
      """##,
    "RB3011":
      ##"""
      # RB3011: a duplicate key

      ## Cause

      A unique index does not allow this.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Find the documents with the same key, and correct them or leave them out.
      """##,
    "RB3012":
      ##"""
      # RB3012: the validator refuses

      ## Cause

      The collection's validator does not allow this document.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Correct the document or the validator.
      """##,
    "RB3013":
      ##"""
      # RB3013: not a usable connection string

      ## Cause

      The target's `uri` cannot be read, or names no database and the target does not either.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Write `mongodb://HOST:PORT/DATABASE` or add `database:`. The value is not shown, since it may hold a password.
      """##,
  ]
}
