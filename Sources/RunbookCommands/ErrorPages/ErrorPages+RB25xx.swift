// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb25xx: [String: String] = [
    "RB2501":
      ##"""
      # RB2501: the lease was lost

      ## Cause

      The right to act for the run was not renewed in time, or another process has it now.

      ## What has already been done

      Nothing more was sent for the run by this process. A command that was on its way acts, if at all, before its own deadline on the server's clock. Exit status 7.

      ## What to do now

      `runbook status RUN` shows who leads it. `runbook resume RUN` goes on when the lease is free, and first finds out what became of what was under way.
      """##,
    "RB2502":
      ##"""
      # RB2502: stopped at once

      ## Cause

      A stop was asked for a second time (Ctrl-C twice).

      ## What has already been done

      What was under way has an unknown outcome; it is recorded as started. Exit status 6.

      ## What to do now

      `runbook resume RUN` finds out what became of it before it goes on; `runbook rollback RUN` does the same and unwinds.
      """##,
    "RB2503":
      ##"""
      # RB2503: the receipt could not be written

      ## Cause

      Before each effect that changes something, the run's receipt in the target is brought up to date. That failed.

      ## What has already been done

      The effect that is named was not started. Everything before it stands as recorded. Exit status 6, or 7 where the lease was lost.

      ## What to do now

      Set right what the message says, then `runbook resume RUN`.
      """##,
    "RB2504":
      ##"""
      # RB2504: the state cannot be used

      ## Cause

      The state could not be read or written: the disk is full, the file is read-only, damaged, of another program or a newer version, on a network file system, or another process holds it. The message says which.

      ## What has already been done

      Nothing was done after that. An effect whose intent could not be recorded was not started; an effect whose outcome could not be recorded is found out about by the next `resume`. Exit status 74; 64 where there is no such run or state, 7 where another process on this machine leads the run.

      ## What to do now

      Make room, or set rights and place of the file right, then `runbook resume RUN`. A damaged state is not repaired: bring back a copy that is as new as the receipt in the target ([RB2507](RB2507.md)).
      """##,
    "RB2505":
      ##"""
      # RB2505: taken up by another process

      ## Cause

      Between reading the run and taking its lease, another process went on with it.

      ## What has already been done

      This process did nothing. Exit status 7.

      ## What to do now

      `runbook status RUN`.
      """##,
    "RB2506":
      ##"""
      # RB2506: not the target that the plan expects

      ## Cause

      The target says it is another replica set, cluster or host than `identity` names.

      ## What has already been done

      At the start: nothing was changed, exit status 1. When a run is taken up again: the run stays as it is, exit status 8.

      ## What to do now

      Check the address of the target and its `identity` in the plan. A run goes on only in the deployment that it began in.
      """##,
    "RB2507":
      ##"""
      # RB2507: the state is older than the target

      ## Cause

      The receipt in the target names a journal entry that this state does not have: the state file was restored from an old copy, or is another copy of the run.

      ## What has already been done

      Nothing was sent for the run. Exit status 8.

      ## What to do now

      Bring the newer state file back. Where it is lost, add to this one what the target knows: `runbook recover --target URI --run RUN` (with `env:NAME` or `file:PATH` in place of an address that has a password), then `runbook resume RUN` or `runbook rollback RUN`.
      """##,
    "RB2508":
      ##"""
      # RB2508: reserved by another run

      ## Cause

      Another run changes the same collection, or holds the same lock. It keeps its reservations until it has ended, also while it is paused, halted or blocked.

      ## What has already been done

      This run changed nothing. Exit status 7.

      ## What to do now

      `runbook status` of the run that is named; wait until it has ended, resume it or roll it back. `runbook unlock RUN --reason T` gives its reservations back if nobody leads it any more.
      """##,
    "RB2509":
      ##"""
      # RB2509: the plan has an unfinished run

      ## Cause

      A run of the same plan has not ended, in this state or in the target.

      ## What has already been done

      Nothing was changed by this command. Exit status 7.

      ## What to do now

      Take the run that is named up with `runbook resume`, `runbook rollback` or, where it is halted or blocked, `runbook close RUN --reason T`.
      """##,
    "RB2510":
      ##"""
      # RB2510: the stored plan cannot be read

      ## Cause

      The run was begun by a version of the program whose plan this one does not read.

      ## What has already been done

      The run stays as it is. Exit status 70.

      ## What to do now

      Use the version that began the run; `runbook list --format json` shows it.
      """##,
    "RB2511":
      ##"""
      # RB2511: the run is alive

      ## Cause

      `unlock` is for runs whose process is gone, and this one is led by a process on this machine.

      ## What has already been done

      Nothing was given back. Exit status 7.

      ## What to do now

      Stop that process first; Ctrl-C pauses it. Then `runbook unlock RUN --reason T` if that is still wanted.
      """##,
    "RB2512":
      ##"""
      # RB2512: a later run changed the same collections

      ## Cause

      A run that began after this one changed something that this one changed too, and its changes may stand. Taking this run back would pull the ground away under the later one.

      ## What has already been done

      Nothing: the run stays as it is, nothing was sent for it (exit status 8).

      ## What to do now

      Roll the later run back first, as the message says, then this one.
      """##,
    "RB2513":
      ##"""
      # RB2513: the request does not fit the state of the run

      ## Cause

      What was asked for means something only in another state: `close` needs a halted or blocked run, `--skip` a blocked one that stands at that step, `--past` one that stands at that point of no return.

      ## What has already been done

      Nothing: the run stays as it is (exit status 64).

      ## What to do now

      `runbook status RUN` shows where the run stands and which commands can come next.
      """##,
    "RB2514":
      ##"""
      # RB2514: a param contains a secret

      ## Cause

      The value of a param contains the text of a secret that the plan uses, or the password inside it. Params are stored with the run, and secrets never are.

      ## What has already been done

      Nothing: the run was not begun (exit status 1).

      ## What to do now

      Declare the value under `secrets` and refer to it in `targets`, `env` or `headers`. Where the two only look alike because the secret is an ordinary word, choose a better secret.
      """##,
    "RB2515":
      ##"""
      # RB2515: the run was finalized

      ## Cause

      Somebody ran `runbook finalize`, or `finalize --expired` was run after `metadata.keepUndo` was over: with that the undo entries of the run were given up, so that it cannot be rolled back any more.

      ## What has already been done

      Nothing was done by this command. The run stays as it ended, with its changes. Exit status 64.

      ## What to do now

      `runbook report RUN` shows what the run changed and who finalized it. What has to be taken back is taken back by a plan of its own. A backup that has not expired yet is still there: `runbook list --sizes` names it.
      """##,
    "RB2516":
      ##"""
      # RB2516: the run has not ended

      ## Cause

      `finalize` gives up that an ended run can be rolled back, and this run has not ended: it goes on, is paused or halted, or its rollback is blocked.

      ## What has already been done

      Nothing was removed. Exit status 64.

      ## What to do now

      Bring the run to its end first: `runbook resume RUN`, `runbook rollback RUN`, or `runbook close RUN --reason T` where its changes are to stand.
      """##,
    "RB2517":
      ##"""
      # RB2517: An edited plan cannot be adopted

      ## Cause

      The plan's file was edited since the run began, and `runbook resume RUN --accept DIGEST` asks to go on with it. That is not possible:
      the message says for each step, phase, param or target why.

      - A step that has changed something must be there as it was: what it does and how it is undone belong together, and its undo is still to
        come. Titles, checks, limits, retries and policies may change.
      - A new step must stand behind the place where the run is; in front of it, it would never run.
      - What has begun keeps its order, which is the order of its undoing.
      - A run keeps its params and targets. A new param needs a default.
      - A run that goes back, has ended, or stands at a point of no return keeps the plan it has.

      ## What has already been done

      Nothing: the run stands as it stood and goes by its stored plan.

      ## What to do now

      - Mend the plan as the message says, and try again.
      - Or go on with the stored plan: `runbook resume RUN`.
      - Or roll the run back and begin anew with the edited plan: `runbook rollback RUN`, then `runbook execute PLAN`.
      """##,
    "RB2518":
      ##"""
      # RB2518: The digest is not that of the edited plan

      ## Cause

      `runbook resume RUN --accept DIGEST` goes on with an edited plan only if the digest is that of the file as it is now, so that what was
      reviewed is what runs. The digest that was given belongs to something else: the file was edited again, or `--plan` names another one.

      ## What has already been done

      Nothing: the run stands as it stood and goes by its stored plan.

      ## What to do now

      Read what differs, which the command prints above the message. If that is what is wanted, run the command that the message ends with; it has
      the right digest. At least the first 12 digits of it are needed.
      """##,
    "RB2519":
      ##"""
      # RB2519: a run cannot be made again from its target

      ## Cause

      What the target keeps of the run is not whole: entries are missing (`runbook finalize` removes them), cannot be read, or are not those that the receipt speaks of.

      ## What has already been done

      No state was made or changed. Exit status 8.

      ## What to do now

      Where the run changed several targets, ask another one (`runbook recover --target …`). Look for a copy of the state file. What the run did is still in the undo entries (`_runbook.undo.…`) and backups of the target; a finalized run cannot be rolled back any more.
      """##,
    "RB2520":
      ##"""
      # RB2520: the state and the target know different histories of a run

      ## Cause

      Both hold entries of the run, and they do not follow from each other: two copies of the state file have gone on with it, one after the other.

      ## What has already been done

      Nothing. Exit status 8.

      ## What to do now

      Take the run up with the state that went on last (the target knows that one). Where that is lost, make a new state beside this one: `runbook recover --target … --run RUN --state sqlite:PATH`.
      """##,
    "RB2531":
      ##"""
      # RB2531: a fact that the review relied on has moved

      ## Cause

      A saved plan pins what `runbook plan` saw: the identity and version of each target, and of each collection that the plan changes whether it exists, how many documents it
      has, its indexes and its validator. One of these is no longer so; the message says which, what it was and what it is. Numbers of documents may move by the tolerance that the plan was saved with (5 % unless told).

      ## What has already been done

      The run was not begun and nothing was changed. Exit status 8.

      ## What to do now

      Look at the plan again with `runbook plan PLAN`. If it still is what should happen, save it anew (`--out FILE`, with a wider `--tolerance` where the collection grows) and execute that.
      """##,
    "RB2532":
      ##"""
      # RB2532: not what was approved

      ## Cause

      An approval is for one plan with the values of its params and one version of the program: its digest is made of the three. What would be executed has another approval digest.

      ## What has already been done

      The run was not begun and nothing was changed. Exit status 8.

      ## What to do now

      `runbook plan PLAN` with the same params shows the approval digest of what would be executed, and what it would do. Have that approved, or execute what was.
      """##,
  ]
}
