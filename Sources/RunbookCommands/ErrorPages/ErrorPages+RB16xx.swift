// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb16xx: [String: String] = [
    "RB1601":
      ##"""
      # RB1601: a param that contradicts itself

      ## Cause

      The declaration has keys that do not fit its type, or bounds that exclude each other.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Correct it as the message says.
      """##,
    "RB1602":
      ##"""
      # RB1602: a param is missing

      ## Cause

      The param has no default and was not given.

      ## What has already been done

      Nothing. No run was recorded and no target was contacted. Exit status 64, or 2 where the mistake stands in a params file.

      ## What to do now

      Give it with `--param NAME=VALUE`, or in a file with `--params-file`.
      """##,
    "RB1603":
      ##"""
      # RB1603: an unknown param

      ## Cause

      A param was given that the plan does not declare.

      ## What has already been done

      Nothing. No run was recorded and no target was contacted. Exit status 64, or 2 where the mistake stands in a params file.

      ## What to do now

      Correct its name; the nearest one is suggested.
      """##,
    "RB1604":
      ##"""
      # RB1604: a param given twice

      ## Cause

      Only lists may be given more than once.

      ## What has already been done

      Nothing. No run was recorded and no target was contacted. Exit status 64, or 2 where the mistake stands in a params file.

      ## What to do now

      Give it once. `--param` wins over a params file, so one in each is no mistake.
      """##,
    "RB1605":
      ##"""
      # RB1605: not a value of the param's type

      ## Cause

      The text given cannot be read as the param's type, or is outside its bounds or words.

      ## What has already been done

      Nothing. No run was recorded and no target was contacted. Exit status 64, or 2 where the mistake stands in a params file.

      ## What to do now

      Give a value as the message shows.
      """##,
    "RB1606":
      ##"""
      # RB1606: a param that the plan itself decides

      ## Cause

      The plan gives this param its value: it has `value:`, or it belongs to a fragment that the plan includes. Nobody else can give it one.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Leave it out. Where the value is wrong, change the plan or the `with:` of the include.
      """##,
  ]
}
