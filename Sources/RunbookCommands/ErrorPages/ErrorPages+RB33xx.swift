// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb33xx: [String: String] = [
    "RB3301":
      ##"""
      # RB3301: the copy exists already

      ## Cause

      There is a collection under the name of the backup, and it is not this step's. What is not this step's own is never overwritten. With `ifExists: verifyAndReuse` it also says so of a backup that was never finished, is of other documents, or is no longer what was proven; with `replaceOwn`, of one that another step or plan made.

      ## What has already been done

      The step failed before its effect, so the step itself changed nothing. What follows is the step's `onFailure`: by default the plan is rolled back, or the run ends `failed` (exit status 1) where nothing had been changed before.

      ## What to do now

      Give the copy another name (another `backupDate`, say), let `ifExists` use or replace it where that is meant, or remove the old copy yourself.
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

      What stands in the copy is not what was read from the source, or an index or option differs; the documents are named where they differ from the source's although nothing tells that they changed. With a unique index it can come from documents that changed while they were copied. `mongodb.restore` and `mongodb.compare` also say so of a backup that was never finished or was changed since it was proven.

      ## What has already been done

      The step failed; the copy is not recorded as proven, and an unfinished copy is dropped by the rollback. The source is as it was.

      ## What to do now

      Make the backup again, when less is written; of a restore or comparison, name another backup, and find out who wrote to this one. If it happens on a quiet collection, look at the server.
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
    "RB3305":
      ##"""
      # RB3305: the server no longer keeps the moment

      ## Cause

      A read was pinned to a moment, and the server keeps moments only for some time (`minSnapshotHistoryWindowInSeconds`, five minutes by default).

      ## What has already been done

      A backup that meets this goes on by itself: what was copied stays, and what changed since is copied again.

      ## What to do now

      Nothing, where a backup went on. Else try again: `runbook resume RUN` where the run halted.
      """##,
    "RB3306":
      ##"""
      # RB3306: the collection was replaced while it was copied

      ## Cause

      The source of a backup was dropped, renamed or made anew while it was copied, so that there is no one collection that the copy could show.

      ## What has already been done

      The step failed; the copy is not recorded as proven, and the rollback drops it. The source was not touched.

      ## What to do now

      Find out who replaces the collection (a restore, an `$out`, a deployment), and run again when that is over.
      """##,
  ]
}
