// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb33xx: [String: String] = [
    "RB3301":
      ##"""
      # RB3301: the copy exists already

      ## Cause

      There is a collection under the name of the backup, and it is not this step's. A backup is never overwritten.

      ## What has already been done

      The step failed before its effect, so the step itself changed nothing. What follows is the step's `onFailure`: by default the plan is rolled back, or the run ends `failed` (exit status 1) where nothing had been changed before.

      ## What to do now

      Give the copy another name (another `backupDate`, say), or remove the old copy yourself.
      """##,
    "RB3302":
      ##"""
      # RB3302: a source that cannot be backed up

      ## Cause

      Views, capped and time-series collections cannot be copied document by document.

      ## What has already been done

      The step failed before its effect, so the step itself changed nothing. What follows is the step's `onFailure`: by default the plan is rolled back, or the run ends `failed` (exit status 1) where nothing had been changed before.

      ## What to do now

      Back up the collection behind the view, or leave the step out.
      """##,
    "RB3303":
      ##"""
      # RB3303: the copy is not proven

      ## Cause

      What stands in the copy is not what was read from the source, or an index or option differs. With a unique index it can come from documents that changed while they were copied. `mode: swap` of `mongodb.restore` also says so of a backup that was never finished or was changed since it was proven.

      ## What has already been done

      The step failed; the copy is not recorded as proven, and an unfinished copy is dropped by the rollback. The source is as it was.

      ## What to do now

      Make the backup again, when less is written; of a swap, name another backup. If it happens on a quiet collection, look at the server.
      """##,
    "RB3304":
      ##"""
      # RB3304: stopped between two batches

      ## Cause

      A pause, a cancel or a rollback was asked for, and the action stopped at the next border.

      ## What has already been done

      What was done until then is recorded. A pause leaves it, a rollback takes it back.

      ## What to do now

      `runbook resume RUN` goes on where it stopped.
      """##,
  ]
}
