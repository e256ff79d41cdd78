// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb34xx: [String: String] = [
    "RB3401":
      ##"""
      # RB3401: a collection that cannot be changed this way

      ## Cause

      Views, capped, time-series and sharded collections, and those with a collation of their own, are refused by this version of `mongodb.update`.

      ## What has already been done

      Nothing was written: this is looked at before the first write. The step failed, and `onFailure` says what follows; by default the plan is rolled back.

      ## What to do now

      Change the collection behind a view; for the others use a version that has them.
      """##,
    "RB3402":
      ##"""
      # RB3402: a change that does not make its own filter false

      ## Cause

      After the change documents would still fit the filter, so it could not be seen which had been changed, and each pass would change them again.

      ## What has already been done

      Nothing was written: this is looked at before the first write. The step failed, and `onFailure` says what follows; by default the plan is rolled back.

      ## What to do now

      Let the filter ask for what the change removes, such as `{ field: { $exists: false } }`.
      """##,
    "RB3403":
      ##"""
      # RB3403: the validator would refuse

      ## Cause

      The collection's validator does not allow the documents as they would be. It was asked before the first write.

      ## What has already been done

      Nothing was written: this is looked at before the first write. The step failed, and `onFailure` says what follows; by default the plan is rolled back.

      ## What to do now

      Change the validator first, or leave such documents out by the filter.
      """##,
    "RB3404":
      ##"""
      # RB3404: documents were refused

      ## Cause

      The server refused documents of a batch (validator, unique index), or a document is too large for its undo entry.

      ## What has already been done

      The other documents of the batch are changed and recorded. With `onDocumentError: stop` (the default) the step failed with them standing, and `onFailure` says what follows; with `rollback` they were taken back first.

      ## What to do now

      Correct the documents or leave them out by the filter, then `runbook resume RUN` or run again.
      """##,
    "RB3405":
      ##"""
      # RB3405: documents keep arriving

      ## Cause

      After twenty passes there are still documents that need the change: something keeps inserting them. Told only with `onNotConverged: fail`; with `warn` it is a warning.

      ## What has already been done

      Every document that was found is changed and recorded. The step failed; `onFailure` says what follows.

      ## What to do now

      Stop what keeps inserting such documents, then `runbook resume RUN`; or set `onNotConverged: warn` and sweep once more later.
      """##,
    "RB3406":
      ##"""
      # RB3406: an undo block that cannot be read

      ## Cause

      A block in `_runbook.undo.RUN.STEP` is of another version, incomplete, or was changed by somebody else; or blocks of the step are gone, because somebody deleted them or dropped the collection.

      ## What has already been done

      Nothing was changed on its account. A rollback that needs it is blocked, exit status 5.

      ## What to do now

      Use the version of the program that wrote it, or look at the block; bring blocks that are gone back from a backup of the database. `runbook rollback RUN --skip STEP --reason T` gives the undo of the step up.
      """##,
    "RB3407":
      ##"""
      # RB3407: the server does not tell

      ## Cause

      For about forty seconds no answer was to be had about a batch that was sent.

      ## What has already been done

      The block stays open. Nothing else goes out in its session; it is resolved before anything else happens to its documents.

      ## What to do now

      `runbook resume RUN` asks again. A document of which the server has lost its record and which holds the changed value is listed as in doubt.
      """##,
  ]
}
