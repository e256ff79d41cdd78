// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb20xx: [String: String] = [
    "RB2001":
      ##"""
      # RB2001: unknown action

      ## Cause

      The catalog of actions has no such name.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Correct the name; the nearest one is suggested.
      """##,
    "RB2002":
      ##"""
      # RB2002: a check that changes something

      ## Cause

      Checks, preconditions, captures and probes only look.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Make it a step, or use an action that reads.
      """##,
    "RB2003":
      ##"""
      # RB2003: no target, or the wrong one

      ## Cause

      Each action works on targets of one type, or on none.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Name a target of that type beside `action`, or set one under `defaults`.
      """##,
    "RB2004":
      ##"""
      # RB2004: no collection

      ## Cause

      The action works on a collection and none is named, or it works on none and one is named.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Add `collection:` beside `action` or under `defaults`, or remove it.
      """##,
    "RB2005":
      ##"""
      # RB2005: a name that is known too late

      ## Cause

      A run reserves everything that it changes before it begins, so it must know target and collection by then.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Refer only to params, run and metadata in `target` and `collection` of a step that changes something.
      """##,
    "RB2006":
      ##"""
      # RB2006: no way back

      ## Cause

      The step changes something, its action has no inverse of its own, and nothing says how it is taken back.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Add `rollback:` with a list of steps, `coveredBy`, `notNeeded`, or `none` with `acknowledged: true`.
      """##,
    "RB2007":
      ##"""
      # RB2007: a rollback that does nothing

      ## Cause

      The step changes nothing, or `auto` stands where the action has no inverse.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Remove it, or write the steps that undo the effect.
      """##,
    "RB2008":
      ##"""
      # RB2008: arguments that do not fit the action

      ## Cause

      The action's own rules refuse this: fields that exclude each other, a pipeline that cannot be undone field by field, a name that is the program's own.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Change it as the message says; the help line shows what to write.
      """##,
    "RB2009":
      ##"""
      # RB2009: not an output of the action

      ## Cause

      The check looks at an output that the action does not have, or compares it with a value of another type. Or `notWorseThan` compares what cannot be: a value, text, another action's
      measurement, or an output of a latency that is no quantile.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Use one of the outputs that the message lists; `notWorseThan` takes p50, p95 or p99 of a latency, and numbers and durations of everything else.
      """##,
    "RB2010":
      ##"""
      # RB2010: a cover that is none

      ## Cause

      The covering step changes nothing, or is not undone by the same rollback.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Name a step that changes something and is undone together with this one.
      """##,
    "RB2011":
      ##"""
      # RB2011: not built in this version

      ## Cause

      The format has this, and it was checked as far as it can be, but this version of the program does not carry it out.

      ## What has already been done

      Nothing. `validate` says so as a note and ends 0; `execute` refuses with exit status 2 before anything is contacted.

      ## What to do now

      Leave it out, or use a version that has it. The README lists what is not built yet.
      """##,
    "RB2012":
      ##"""
      # RB2012: a point of no return that nobody acknowledged

      ## Cause

      Beyond such a step nothing can be taken back, so somebody has to say that this is known.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Add `acknowledged: true` beside `none`.
      """##,
    "RB2013":
      ##"""
      # RB2013: nothing to decide about an interrupted step

      ## Cause

      `onInterrupt` and `probe` say what to do where a crash leaves it unknown whether the effect happened. The action of this step finds that out itself, or changes nothing.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Remove `onInterrupt` and `probe` from the step.
      """##,
    "RB2015":
      ##"""
      # RB2015: a trigger that cannot be sampled or judged so

      ## Cause

      A trigger samples an action at even intervals and judges whole windows of samples. Here `window` is no multiple of `every`, `minSamples` is never reached in a window,
      `confidence` is given where the action has no rate or `expect` sets no upper bound for it, a number of the trigger is known only later, or the action waits for people or time.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Correct the values as the message says. Without a rate, `failures: { max: 1, of: 4 }` bears single failures.
      """##,
    "RB2016":
      ##"""
      # RB2016: the address of a target holds a password

      ## Cause

      A plan and its params are stored with each run as they are, so that the run can be resumed, rolled back and reported on. A password that stands in the address of a target, or comes into it by a
      param, would be stored with them. Secrets are never stored: the run keeps their names and asks for their values when it needs them.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2. The message shows stars where the password stands.

      ## What to do now

      Declare the whole address, or the password alone, as a secret, and refer to it:

      ```yaml
      secrets:
        mongodbUri: { fromEnv: MONGODB_URI }
      targets:
        main: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
      ```

      If the plan was committed or shared with the password in it, change the password.
      """##,
  ]
}
