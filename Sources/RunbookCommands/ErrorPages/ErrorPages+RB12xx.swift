// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb12xx: [String: String] = [
    "RB1201":
      ##"""
      # RB1201: a reference to nothing

      ## Cause

      The reference names a param, step, check, phase or secret that the plan does not have.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Correct the name, or declare it.
      """##,
    "RB1202":
      ##"""
      # RB1202: a reference to what comes later

      ## Cause

      When this is read, what it refers to has not happened yet.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Refer to something earlier, or move the part.
      """##,
    "RB1203":
      ##"""
      # RB1203: the step may be skipped

      ## Cause

      The step referred to has a condition or may be skipped; then it has no outputs.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Add `outputsWhenSkipped` to that step.
      """##,
    "RB1204":
      ##"""
      # RB1204: a secret in the wrong place

      ## Cause

      Secrets may stand only in `targets`, `env` and `headers`, where they are never stored.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Pass the secret by an environment variable or a header.
      """##,
    "RB1205":
      ##"""
      # RB1205: a reference of the wrong type

      ## Cause

      What is referred to is of a type that the field does not take. Mostly it is found when the plan is loaded; the type of a step's output may be known only when it is there.

      ## What has already been done

      Found at load: nothing, exit status 2. Found while the run goes on: as [RB2305](RB2305.md) says.

      ## What to do now

      Refer to a value of the right type; the message names both.
      """##,
    "RB1206":
      ##"""
      # RB1206: a reference without a value

      ## Cause

      What is referred to has no value at this moment. It is never taken as empty text.

      ## What has already been done

      It is found while a run goes on and told as [RB2305](RB2305.md); found before that, nothing was done.

      ## What to do now

      See why the value is missing: a skipped step gives values with `outputsWhenSkipped`; in a check, `exists: false` on a `value:` is true for a missing one.
      """##,
    "RB1207":
      ##"""
      # RB1207: an undo that needs the effect

      ## Cause

      What an undo uses is recorded before the effect, so it cannot use what only the effect makes known.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Use a captured value, or the output of an earlier step.
      """##,
    "RB1208":
      ##"""
      # RB1208: a reference where none can stand

      ## Cause

      References stand in values that are read while the plan runs, not in keys, ids, titles, defaults of params or params files.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write the text out.
      """##,
  ]
}
