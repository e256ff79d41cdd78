// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb34xx: [String: String] = [
    "RB3401":
      ##"""
      # RB3401: a collection that cannot be changed this way

      ## Cause

      Views, capped and time-series collections are refused by `mongodb.update` and the other actions that change documents one by one. `mongodb.insert`, `delete` and `restore` also refuse sharded collections, `insert` and `restore` those with
      a collation of their own.

      ## What has already been done

      Nothing was written: this is looked at before the first write. The step failed, and `onFailure` says what follows; by default the plan is rolled back.

      ## What to do now

      Change the collection behind a view; for the others use a version that has them.
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

      The other documents of the batch are changed and recorded. With `onDocumentError: stop` (the default) the step failed with them standing, and `onFailure` says what follows; with `rollback` they were taken back first; with `collect` there were more such documents than its limit.

      ## What to do now

      Correct the documents or leave them out by the filter (with `collect` they are tried again then), then `runbook resume RUN` or run again.
      """##,
    "RB3405":
      ##"""
      # RB3405: documents keep arriving

      ## Cause

      After twenty passes there are still documents that need the change: something keeps inserting them. Or, of a change after which documents still fit its filter, the application changed some of them each time just before they were to be. Told only with `onNotConverged: fail`; with `warn` it is a warning, and `wait` goes on until none is left.

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
    "RB3408":
      ##"""
      # RB3408: a document is there already

      ## Cause

      `mongodb.insert` was to insert a document whose `_id` is taken in the collection: by a document that was there, by one that somebody inserted meanwhile, or by another of the documents to insert.

      ## What has already been done

      With documents of the plan and of a file, all of them are looked up first, and nothing was written unless the message says that it was inserted meanwhile. What was written is recorded. The document that is there was not touched.

      ## What to do now

      `ifExists: skip` leaves documents that are there alone. Otherwise remove the document from what is to be inserted, or give it another `_id`. What stands can be taken back by `runbook rollback RUN`.
      """##,
    "RB3409":
      ##"""
      # RB3409: the file of documents does not fit

      ## Cause

      The file that `mongodb.insert` names cannot be read, a line of it holds no document, or it was changed after the step began. The message names the line and, where it is known, the byte in it.

      ## What has already been done

      The whole file is read before anything is written; for a line that is no document, nothing was. If it changed during a run, what was written before is recorded and can be taken back.

      ## What to do now

      Correct the line: each holds one document in Extended JSON (v2), in UTF-8, without line breaks inside; empty lines are passed over. The path counts from the plan's directory. A file that was changed has to be put back as it was for the run to go on; to insert the new one, roll the run back and begin another.
      """##,
    "RB3410":
      ##"""
      # RB3410: writes would be lost

      ## Cause

      `mongodb.restore` with `mode: documents` would put the backup's documents in the place of documents that were written since. `mode: swap` would put a copy of the whole backup in the collection's place. The message says how many.

      ## What has already been done

      Nothing was written.

      ## What to do now

      If losing those writes is meant, set `acceptWriteLoss: true`. `mode: missingOnly` brings back only what is absent and loses nothing. To take back what a run changed, `runbook rollback RUN` keeps the application's writes and needs no backup.
      """##,
    "RB3411":
      ##"""
      # RB3411: the throttle cannot read a signal

      ## Cause

      The plan's `throttle` names a signal that this deployment, or this user, cannot be asked for at all: `replSetGetStatus` needs the privilege of that name (role `clusterMonitor`), and a router does not know how far secondaries are behind.

      ## What has already been done

      Nothing was written in this attempt: the signals are read once before the first batch. What an earlier attempt wrote is recorded and can be rolled back.

      ## What to do now

      Give the user the privilege, or leave that part of `throttle` out, then `runbook resume RUN` where the run halted, or run again. A signal that merely fails now and then never causes this: the change then waits, and says why.
      """##,
    "RB3420":
      ##"""
      # RB3420: something on the way to a nested field is no document

      ## Cause

      A change of `owner.name` needs `owner` to be a document, or to be absent: then it is made, and a rollback removes it again. In the documents named it is something else: a value, null, or an array. A server would put a document
      in the place of the value, or change each element of the array, and neither could be taken back without what the application writes there.

      ## What has already been done

      These documents were not written. Where there were any before the first write, nothing was written at all; where one came in later, or changed, what was written before it stands, is recorded, and is taken back by a rollback. The step failed,
      and `onFailure` says what follows; by default the plan is rolled back.

      ## What to do now

      Leave such documents out by the filter (`{ owner: { $type: object } }`; `{ owner: { $exists: false } }` where it is to be made), or set the field as a whole: `{ $set: { owner: { $cond: [ … ] } } }` of the top-level field, and an array with `$map`.
      """##,
    "RB3421":
      ##"""
      # RB3421: a part of the shard key is a target

      ## Cause

      The collection is sharded, and the change sets a field that says on which shard a document is. A document whose shard key changes goes to another shard; every command of the change finds its documents by `_id` and shard key, and so would its undo.

      ## What has already been done

      Nothing was written: this is looked at before the first write. The step failed, and `onFailure` says what follows; by default the plan is rolled back.

      ## What to do now

      Leave the shard key as it is. To spread documents otherwise, use the server's own `reshardCollection`.
      """##,
    "RB3430":
      ##"""
      # RB3430: the change would make duplicates

      ## Cause

      Two documents would have the same key of a unique index after the change: two that are changed, or a changed one and another. Indexes with a collation of their own, keys that hold arrays, and documents found by `select` that meet others are not looked at beforehand; there the write tells (RB3404).

      ## What has already been done

      Nothing was written: this is looked at before the first write. The step failed, and `onFailure` says what follows; by default the plan is rolled back.

      ## What to do now

      Let the change give different values, leave such documents out by the filter, or set `onDocumentError: collect`, which lists the documents that the index refuses and goes on with the others.
      """##,
    "RB3431":
      ##"""
      # RB3431: a document would be too large

      ## Cause

      After the change a document would be larger than the 16 MiB that a server allows.

      ## What has already been done

      Nothing was written: this is looked at before the first write. The step failed, and `onFailure` says what follows; by default the plan is rolled back.

      ## What to do now

      Leave it out by the filter, let the change store less, or set `onDocumentError: collect`, which lists such documents and goes on with the others.
      """##,
    "RB3432":
      ##"""
      # RB3432: a privilege that the change or its undo needs is missing

      ## Cause

      The target's user may not do to the collection what the change or its way back does: `find` and `update`, also `insert` and `remove` where documents are inserted or deleted, and where it has a validator `bypassDocumentValidation`. A rollback puts documents back as they were, whether or not the present validator likes them, and a server allows that to those only who have the last of these; the role `readWrite` alone has not.

      ## What has already been done

      Nothing was written: this is looked at before the first write, so that no change is made that could not be taken back. The step failed, and `onFailure` says what follows.

      ## What to do now

      Grant the role `dbAdmin` of the database besides `readWrite`, or a role of your own with these three actions on the collection; then `runbook resume RUN` or run again.
      """##,
    "RB3450":
      ##"""
      # RB3450: a program could not say how documents are to be changed

      ## Cause

      The program of a `mongodb.transform` answered documents with `$error`, or with what cannot be used: a line that is no JSON, another document's `_id` or none, a change of a field that `fields` does not name. Under
      `onDocumentError: collect` more documents were left so than its limit allows.

      ## What has already been done

      What the program could answer was written and recorded, the rest of its last batch included; the documents that are named were left as they are. With `onDocumentError: rollback` the step has taken back what it wrote. Otherwise what follows is the step's
      `onFailure`.

      ## What to do now

      Look at the documents that the message names, and at what the program said (`runbook logs RUN`). Correct the program or leave such documents out by the filter; or let them be collected, so that the step goes on and lists them.
      """##,
  ]
}
