// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb35xx: [String: String] = [
    "RB3501":
      ##"""
      # RB3501: an index is in the way

      ## Cause

      There is an index of the same name that is defined otherwise, or one with the same keys under another name. The server has at most one of each. An index is never changed into another by `mongodb.createIndex`.

      ## What has already been done

      The step did not build anything: the index that is there is as it was. What follows is the step's `onFailure`: by default the plan is rolled back.

      ## What to do now

      `mongodb.indexes` shows how the other index is defined. Ask for exactly that one, give yours another name, or drop the other one first, with a step `mongodb.dropIndex`, which keeps its definition for the way back.
      """##,
    "RB3502":
      ##"""
      # RB3502: a unique index meets duplicates

      ## Cause

      Documents have the same key, so that the index cannot be unique. The message lists ten of them with their keys. An array has a key for each of its elements, and a missing field has the key of null.

      ## What has already been done

      What the step had built is dropped; the documents are as they were. With `build: prepareUnique` the server refused new duplicates while the step was looking, and does so no more.

      ## What to do now

      Make the keys differ, or leave such documents out by `partialFilterExpression`, then do the step again. In an undo of `mongodb.dropIndex` the same is told as a conflict: the application has taken a key twice while the index was gone, its documents stay, and the index has to be built by a person once they are put right.
      """##,
    "RB3503":
      ##"""
      # RB3503: a collection is in the way

      ## Cause

      The name is taken: by a collection with other options (`mongodb.createCollection`), or by any collection (`mongodb.renameCollection`, `mongodb.dropCollection`; `mode: swap` of `mongodb.restore`, where what an earlier swap of the step had replaced is still kept). A collection is never overwritten.

      ## What has already been done

      Nothing was renamed or created. What follows is the step's `onFailure`: by default the plan is rolled back.

      ## What to do now

      Take another name, ask for the options that are there, or rename what is in the way first.
      """##,
    "RB3504":
      ##"""
      # RB3504: documents do not fit the validator

      ## Cause

      The collection holds documents that the validator of `mongodb.setValidator` does not allow; the message names ten. The server itself would accept the validator and refuse later writes to these documents, also those of the application.

      ## What has already been done

      The validator of before is in force. The documents were counted before the validator was set, and once more with it in force; where only the second count found some, the previous validator was put back.

      ## What to do now

      Change the documents in a step before this one, or set `allowExistingViolations: true`, together with `level: moderate`, which spares documents that did not fit before.
      """##,
    "RB3505":
      ##"""
      # RB3505: changed since it was recorded

      ## Cause

      Before its effect a step records what it is about to change, so that it can put exactly that back. When the step is done later, what is there is neither what was recorded nor what the step makes: somebody else changed it in between.

      ## What has already been done

      The step did nothing: it would have taken away what it could not bring back.

      ## What to do now

      Find out who changed it and whether that shall stay. A new run, or a phase that is started again, records it as it is now.
      """##,
    "RB3506":
      ##"""
      # RB3506: the command was not done in full

      ## Cause

      The server answered a `mongodb.command` with ok, but refused some of its statements.

      ## What has already been done

      What the other statements did stands; a command is one effect of which the program knows no parts. What follows is the step's `onFailure`: the undo list of the step is carried out by a rollback.

      ## What to do now

      Look at the message for the first refusal. Where such an answer is fine, write `expectOk: false` and judge `reply` in `verify`.
      """##,
    "RB3507":
      ##"""
      # RB3507: not a plain collection

      ## Cause

      The name is that of a view or of a time-series collection. Views have no indexes or validators of their own, and time-series collections cannot be renamed.

      ## What has already been done

      Nothing was changed.

      ## What to do now

      Name the collection behind the view, or use `mongodb.command` with an undo of your own.
      """##,
    "RB3508":
      ##"""
      # RB3508: what was recorded cannot be read

      ## Cause

      What a step recorded before its effect is not in a form that this version reads: it was written by another version, or the state was changed by hand.

      ## What has already been done

      Nothing was done: without it the step cannot tell what it must put back.

      ## What to do now

      `runbook verify RUN` tells whether the journal is as it was written. Take the run up with the version that began it, or undo the step by hand and pass it over with `runbook rollback --skip STEP --reason …`.
      """##,
  ]
}
