// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb23xx: [String: String] = [
    "RB2301":
      ##"""
      # RB2301: a condition that cannot be judged

      ## Cause

      The value of a `when` is missing, or cannot be compared with what is expected.

      ## What has already been done

      Whatever the condition guards was not started. A step or phase with such a condition fails (`onFailure`, by default rollback); a check has the verdict *error* (`onError`).

      ## What to do now

      Correct the condition; `exists` asks whether a value is there.
      """##,
    "RB2302":
      ##"""
      # RB2302: a capture did not pass

      ## Cause

      A check under `capture:` failed or had no data. A rollback may use only what was captured, so the step must not begin without it.

      ## What has already been done

      The step failed before its effect, so the step itself changed nothing. What follows is the step's `onFailure`: by default the plan is rolled back, or the run ends `failed` (exit status 1) where nothing had been changed before.

      ## What to do now

      See what the capture observed, set it right, and resume or run again.
      """##,
    "RB2303":
      ##"""
      # RB2303: a secret would be recorded

      ## Cause

      What the step records before its effect (arguments, captures, the arguments of its undo) contains the text of a secret.

      ## What has already been done

      The step failed before its effect, so the step itself changed nothing. What follows is the step's `onFailure`: by default the plan is rolled back, or the run ends `failed` (exit status 1) where nothing had been changed before.

      ## What to do now

      Put the secret into `env` or `headers`, where it stays a reference.
      """##,
    "RB2304":
      ##"""
      # RB2304: a probe gave no answer

      ## Cause

      After a crash or a lost answer the program asks whether the effect happened, and could not find out. It never guesses.

      ## What has already been done

      On the way forward the run halts (exit status 9) with its changes standing. In a rollback a guarded change is simply undone, since its guards touch only what is its own; of anything else the rollback is blocked (exit status 5) after five tries.

      ## What to do now

      Look at the target yourself. `runbook resume` starts the step again, `runbook rollback` unwinds; on a blocked run `runbook rollback RUN --skip STEP --reason T` gives the undo of this step up.
      """##,
    "RB2305":
      ##"""
      # RB2305: a reference could not be resolved

      ## Cause

      An argument refers to something that has no value, or one of the wrong type, when it is needed.

      ## What has already been done

      The step failed before its effect, so the step itself changed nothing. What follows is the step's `onFailure`: by default the plan is rolled back, or the run ends `failed` (exit status 1) where nothing had been changed before. In a check the verdict is *error* and `onError` says what follows.

      ## What to do now

      See why the value is missing; `runbook status` shows which steps ran. `outputsWhenSkipped` gives values to a skipped step.
      """##,
    "RB2306":
      ##"""
      # RB2306: an output contains a secret

      ## Cause

      Something later in the plan refers to an output of this step, and the output contains the text of a secret. What is stored has the secret taken out, so after a crash the reference would mean something else.

      ## What has already been done

      The effect happened, and the step failed. `onFailure` says what follows; by default the plan is rolled back, this step included.

      ## What to do now

      Refer to the secret itself, in `env` or `headers`, and not to an output that repeats it.
      """##,
    "RB2307":
      ##"""
      # RB2307: a person said no

      ## Cause

      A step with `manual.confirm` was answered with no, or was not answered in time (`expires`).

      ## What has already been done

      The step failed; `onFailure` says what follows. As a check, a no is a *fail*, and `onFail` says what follows.

      ## What to do now

      `runbook status RUN` shows who answered what. After a halt `runbook resume RUN` asks again.
      """##,
    "RB2308":
      ##"""
      # RB2308: stopped at a limit of its step

      ## Cause

      The step's `deadline` passed, or nothing went on for its `stallTimeout` (10m for batched changes that say nothing else). The effect was asked to stop and stopped at its border.

      ## What has already been done

      What the message counts stands; it is known exactly, and the rollback takes it back. What follows is the step's `onFailure`: by default the plan is rolled back.

      ## What to do now

      See why it took so long: locks, load, a throttle, a limit that is too short. Then run again, or, where the run halted, resume; a batched change goes on where it stopped.
      """##,
    "RB2309":
      ##"""
      # RB2309: cut off, with an unknown outcome

      ## Cause

      The step's `deadline` passed, or nothing went on for its `stallTimeout`, and the effect came to no border in time after it was asked to stop. It was cut off.

      ## What has already been done

      Nobody knows yet whether its last part happened. Batched changes find that out by their guards and records; other actions are probed, or a person is asked, as the step says.
      What follows then is the step's `onFailure`: by default the plan is rolled back.

      ## What to do now

      See what the target was busy with. Then run again, or, where the run halted, look whether the effect happened, and resume.
      """##,
  ]
}
