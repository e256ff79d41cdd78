// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb11xx: [String: String] = [
    "RB1101":
      ##"""
      # RB1101: another version of the format

      ## Cause

      `apiVersion` names a version that this program does not read.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write `apiVersion: runbook/v1`.
      """##,
    "RB1102":
      ##"""
      # RB1102: another kind of file

      ## Cause

      `kind` is neither `Runbook` nor `Fragment`.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write `kind: Runbook`. (`Fragment` is read and checked; this version does not carry it out.)
      """##,
    "RB1103":
      ##"""
      # RB1103: not an id

      ## Cause

      Ids name their part in journals, references and collection names, so few characters are allowed.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Small letters, digits and `-`, beginning with a letter, at most 60 characters.
      """##,
    "RB1104":
      ##"""
      # RB1104: an id stands twice

      ## Cause

      Phases, steps, checks and triggers share one name space.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Give one of the two another id; the note shows the first.
      """##,
    "RB1105":
      ##"""
      # RB1105: not a name

      ## Cause

      Names of params, people, targets and secrets are used in references and on the command line.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Letters, digits and `-`, beginning with a letter.
      """##,
    "RB1106":
      ##"""
      # RB1106: an unknown person

      ## Cause

      Somebody is named who is not declared under `people`.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Declare the person, or correct the name.
      """##,
    "RB1107":
      ##"""
      # RB1107: an unknown target

      ## Cause

      A target is named that is not declared under `targets`.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Declare the target, or correct the name.
      """##,
    "RB1108":
      ##"""
      # RB1108: not one of the words

      ## Cause

      The key takes one of a few words.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Write one that the message lists.
      """##,
    "RB1109":
      ##"""
      # RB1109: keys that exclude each other

      ## Cause

      Of these keys exactly one may stand here.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Keep the one that is meant.
      """##,
    "RB1110":
      ##"""
      # RB1110: a key that has no meaning here

      ## Cause

      The key is known to the format, but not in this place.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Remove it, or move it to where it belongs.
      """##,
    "RB1111":
      ##"""
      # RB1111: an empty list

      ## Cause

      A list stands here that must hold something.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Add an element, or remove the key.
      """##,
    "RB1112":
      ##"""
      # RB1112: a key that is too long

      ## Cause

      Keys have at most 1,000 bytes; YAML readers give up on longer ones.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Shorten the key.
      """##,
    "RB1113":
      ##"""
      # RB1113: an include that does not work

      ## Cause

      A file that the plan includes cannot be read, is no fragment, includes itself, stands too deep, or needs something that the include does not give: steps of a fragment become a phase, so they need `as:`.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Correct what the message names. Paths in `file:` are relative to the file that includes; a fragment begins with `kind: Fragment`.
      """##,
    "RB1114":
      ##"""
      # RB1114: a target of another type

      ## Cause

      The key needs a target of one type, and the one that is named has another.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Name a target of the type that the message gives, or declare one under `targets`.
      """##,
    "RB1115":
      ##"""
      # RB1115: the same thing twice

      ## Cause

      A list, or two keys that must differ, name the same thing twice.

      ## What has already been done

      Nothing. The plan was not loaded: no run was recorded and no target was contacted. Exit status 2.

      ## What to do now

      Remove one of the two.
      """##,
  ]
}
