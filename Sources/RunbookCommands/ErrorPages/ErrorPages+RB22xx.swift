// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb22xx: [String: String] = [
    "RB2201":
      ##"""
      # RB2201: there is no such target

      ## Cause

      Something asked for a target that the plan does not declare. The loader refuses such plans; this is a second guard.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Declare the target under `targets`.
      """##,
    "RB2202":
      ##"""
      # RB2202: a type of target that is not built

      ## Cause

      This version connects targets of type `mongodb` only.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Leave out what uses the target, or use a version that has it.
      """##,
    "RB2203":
      ##"""
      # RB2203: a field of a target cannot be read

      ## Cause

      A reference in the target's fields or in `identity` has no value, or one of the wrong type.

      ## What has already been done

      Depends on where it happened. At the start of `execute`: nothing was changed, exit status 1. When a run is taken up again: the run stays as it was recorded, exit status 6. In a check: the verdict is *error*, and `onError` says what follows. In a step: the step failed, and `onFailure` says what follows. In a rollback: the undo is tried five times, then the run is blocked, exit status 5.

      ## What to do now

      Correct the field; the message names target and field.
      """##,
    "RB2204":
      ##"""
      # RB2204: a target that cannot hold reservations

      ## Cause

      Something would be changed in a target that has no place for reservation, lease and receipt.

      ## What has already been done

      Nothing was changed.

      ## What to do now

      Change things only in targets of type `mongodb`.
      """##,
    "RB2205":
      ##"""
      # RB2205: a deployment lacks what a step needs

      ## Cause

      Not every deployment that speaks MongoDB's protocol can do all that a step needs. Before a run begins, each target that it changes is asked: what it says of itself (`hello`), and an update by pipeline that fits no document.

      | what may be missing | where | what does not work | what works |
      | --- | --- | --- | --- |
      | updates by pipeline with the server's clock | MongoDB before 4.2, some servers of other makers | every change: leases and guarded writes are made of them | whatever only reads |
      | sessions | MongoDB before 3.6, some servers of other makers | every change, and reading | `mongodb.ping` |
      | retryable writes | a standalone server | nothing; after a crash documents may be in doubt, and are listed | everything |
      | change events | a standalone server | telling the application's writes from others by events | everything else |

      The last two are told at the start and refuse nothing.

      ## What has already been done

      Nothing: the run was not begun, nothing was reserved, and no document was changed.

      ## What to do now

      Run the plan on a replica set (a set of one member will do) or a sharded cluster of MongoDB 4.2 or later; or take the step that the message names out of the plan.
      """##,
  ]
}
