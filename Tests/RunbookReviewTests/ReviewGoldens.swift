import RunbookReview

extension ReviewSamples {
  private static let enough = "      - { id: enough, action: mongodb.count, expect: { atLeast: 100 } }\n".replacing("      -", with: "  -")

  static let checks = [
    Golden(.weaker, "check `enough` was removed from preconditions of the plan; it expected `{ atLeast: 100 }`", (enough, "")),
    Golden(
      .stronger, "check `more` was added to preconditions of the plan; it expects `{ atLeast: 1 }`",
      (enough, enough + "  - { id: more, action: mongodb.count, expect: { atLeast: 1 } }\n")),
    Golden(
      .changed, "check `more` was added to preconditions of the plan; it expects `{ atLeast: 1 }`, and only warns",
      (enough, enough + "  - { id: more, action: mongodb.count, expect: { atLeast: 1 }, onFail: warn }\n")),
    Golden(
      .weaker, "check `enough` expects less: was `{ atLeast: 100 }`, is `{ atLeast: 90 }`",
      ("id: enough, action: mongodb.count, expect: { atLeast: 100 }", "id: enough, action: mongodb.count, expect: { atLeast: 90 }")),
    Golden(
      .stronger, "check `enough` expects more: was `{ atLeast: 100 }`, is `{ above: 100 }`",
      ("id: enough, action: mongodb.count, expect: { atLeast: 100 }", "id: enough, action: mongodb.count, expect: { above: 100 }")),
    Golden(
      .changed, "check `enough` expects something else: was `{ atLeast: 100 }`, is `{ atMost: 100 }`",
      ("id: enough, action: mongodb.count, expect: { atLeast: 100 }", "id: enough, action: mongodb.count, expect: { atMost: 100 }")),
    Golden(
      .weaker,
      "check `writable` expects less: was `{ allOf: [ { equals: true, field: writable }, { below: 250ms, field: roundTrip } ] }`, is `{ equals: true, field: writable }`",
      ("{ allOf: [ { field: writable, equals: true }, { field: roundTrip, below: 250ms } ] }", "{ field: writable, equals: true }")),
    Golden(
      .weaker,
      "check `writable` expects less: was `{ allOf: [ { equals: true, field: writable }, { below: 250ms, field: roundTrip } ] }`, is `{ allOf: [ { equals: true, field: writable }, { below: 1s, field: roundTrip } ] }`",
      ("below: 250ms", "below: 1s")),
    Golden(
      .stronger, "check `still-enough` expects more: was `{ between: [ 90, 110 ] }`, is `{ between: [ 95, 105 ] }`",
      ("[ 90, 110 ]", "[ 95, 105 ]")),
    Golden(
      .weaker, "check `none-left` expects less: was `{ equals: 0 }`, is `{ atMost: 5 }`",
      ("expect: { equals: 0 }, holdFor", "expect: { atMost: 5 }, holdFor")),
    Golden(
      .weaker, "check `total` expects less: was `{ oneOf: [ 100, 101 ] }`, is `{ oneOf: [ 100, 101, 102 ] }`",
      ("[ 100, 101 ]", "[ 100, 101, 102 ]")),
    Golden(.weaker, "check `none-left` has to hold for less long: `holdFor` was `5s`, is `1s`", ("holdFor: 5s", "holdFor: 1s")),
    Golden(.weaker, "check `total` has longer to pass: `within` was `1m`, is `1h`", ("within: 1m", "within: 1h")),
    Golden(
      .weaker, "check `outcome` answers more mildly: `onFail` was `rollback`, is `warn`",
      ("expect: { atLeast: 100 } }\nverifyRollback", "expect: { atLeast: 100 }, onFail: warn }\nverifyRollback")),
    Golden(
      .stronger, "check `outcome` answers more strictly: `onNoData` was `halt`, is `rollback`",
      ("expect: { atLeast: 100 } }\nverifyRollback", "expect: { atLeast: 100 }, onNoData: rollback }\nverifyRollback")),
    Golden(.stronger, "check `still-enough` answers more strictly: `onFail` was `halt`, is `rollback`", (", onFail: halt", "")),
    Golden(
      .weaker, "check `enough` is asked only where `{ equals: 100, value: \"${{ params.expected }}\" }` holds".replacing("\"", with: ""),
      (
        "atLeast: 100 } }\n  - { id: writable",
        "atLeast: 100 }, when: { value: \"${{ params.expected }}\", equals: 100 } }\n  - { id: writable"
      )),
    Golden(
      .changed, "check `outcome` changes `filter.note` from `\"\"` to `x`",
      (
        "{ id: outcome, action: mongodb.count, with: { filter: { note: \"\" } }",
        "{ id: outcome, action: mongodb.count, with: { filter: { note: x } }"
      )),
    Golden(.harmless, "check `total` has another title", ("As many as before", "As many as they were")),
  ]

  static let triggers = [
    Golden(
      .weaker, "rollback trigger `latency` puts up with more failures: was `{ max: 1, of: 6 }`, is `{ max: 3, of: 6 }`",
      ("max: 1, of: 6", "max: 3, of: 6")),
    Golden(
      .stronger, "rollback trigger `latency` puts up with fewer failures: was `{ max: 1, of: 6 }`, is `{ max: 0, of: 6 }`",
      ("max: 1, of: 6", "max: 0, of: 6")),
    Golden(
      .weaker, "rollback trigger `latency` needs more samples before it can fail: `minSamples` was `3`, is `9`",
      ("minSamples: 3", "minSamples: 9")),
    Golden(
      .weaker, "rollback trigger `latency` judges later, over longer windows: `window` was `10s`, is `5m`", ("window: 10s", "window: 5m")),
    Golden(.weaker, "rollback trigger `latency` looks less often: `every` was `1s`, is `5s`", ("every: 1s", "every: 5s")),
    Golden(
      .weaker, "rollback trigger `latency` expects less: was `{ below: 1s, field: roundTrip }`, is `{ below: 2s, field: roundTrip }`",
      ("roundTrip, below: 1s", "roundTrip, below: 2s")),
    Golden(
      .weaker, "rollback trigger `latency` answers more mildly: `onFail` was `rollback`, is `pause`",
      ("    onFail: rollback\n", "    onFail: pause\n")),
    Golden(.weaker, "the first change no longer waits for a passing window of rollback trigger `latency`", ("    requirePass: true\n", "")),
    Golden(.weaker, "rollback trigger `latency` watches only after step `backup`", ("    requirePass: true\n", "    startAfter: backup\n")),
    Golden(
      .weaker, "rollback trigger `latency` was removed; it expected `{ below: 1s, field: roundTrip }`", (triggerText, "")),
    Golden(
      .weaker, "rollback trigger `latency` watches phase `change` only, and no longer the whole plan", (triggerText, ""),
      ("    title: The change\n", "    title: The change\n" + triggerText.split(separator: "\n").map { "    \($0)\n" }.joined())),
  ]

  private static let triggerText = """
    rollbackTriggers:
      - id: latency
        action: mongodb.ping
        every: 1s
        window: 10s
        minSamples: 3
        failures: { max: 1, of: 6 }
        expect: { field: roundTrip, below: 1s }
        requirePass: true
        onFail: rollback
        onNoData: pause
        onError: pause

    """

  static let steps = [
    Golden(.weaker, "step `backup` (`mongodb.backup`) was removed: there is no such backup any more", (backupText, "")),
    Golden(
      .weaker, "backup `backup` holds fewer documents: `filter` was nothing, is `{ kind: item }`",
      ("keepFor: 30d", "keepFor: 30d, filter: { kind: item }")),
    Golden(.weaker, "backup `backup` is kept less long: `keepFor` was `30d`, is `1d`", ("keepFor: 30d", "keepFor: 1d")),
    Golden(
      .stronger, "backup `backup` is proven more strictly: `prove` was `digest`, is `restore`",
      ("keepFor: 30d", "keepFor: 30d, prove: restore")),
    Golden(
      .weaker, "backup `backup` is now made after `set-note` has changed something", (backupText, ""),
      ("      - id: index\n", backupText + "      - id: index\n")),
    Golden(
      .changed, "step `settle` moved: it stood behind `index`, and stands behind `set-note`", (settleText, ""),
      ("      - id: index\n", settleText + "      - id: index\n")),
    Golden(.changed, "step `settle` (`wait.for`) was removed", (settleText, "")),
    Golden(
      .weaker, "step `more` (`mongodb.createIndex`) was added, behind `index`, and changes something",
      (settleText, "      - { id: more, action: mongodb.createIndex, with: { keys: { kind: 1 } } }\n" + settleText)),
    Golden(.harmless, "step `settle` is now called `rest`, and says so", ("- id: settle\n", "- id: rest\n        renamedFrom: settle\n")),
    Golden(.weaker, "step `settle` waits less long: `duration` was `1m`, is `10s`", ("duration: 1m", "duration: 10s")),
    Golden(
      .weaker,
      "step `set-note` reaches more documents: `filter` was `{ note: { $exists: false }, kind: item }`, is `{ note: { $exists: false } }`",
      ("filter: { note: { $exists: false }, kind: item }", "filter: { note: { $exists: false } }")),
    Golden(
      .changed,
      "step `set-note` reaches fewer documents: `filter` was `{ note: { $exists: false }, kind: item }`, is `{ note: { $exists: false }, kind: item, old: true }`",
      ("kind: item }", "kind: item, old: true }")),
    Golden(
      .weaker, "step `set-note` no longer gives way: `throttle.maxLatency` was `1s`", ("          throttle: { maxLatency: 1s }\n", "")),
    Golden(.changed, "step `set-note` changes `batch.size` from `200` to `500`", ("size: 200", "size: 500")),
    Golden(
      .changed, "step `set-note` works on another collection: was nothing, is `others`",
      ("        title: A note for every item\n", "        title: A note for every item\n        collection: others\n")),
    Golden(.harmless, "step `set-note` has another title", ("A note for every item", "Notes")),
    Golden(
      .weaker, "a failure of step `set-note` answers more mildly: `onFailure` was `rollback`, is `continue`",
      ("        title: A note for every item\n", "        title: A note for every item\n        onFailure: continue\n")),
    Golden(.weaker, "step `ask` no longer asks `told`", ("            - { id: told, by: dba, text: Was everybody told? }\n", "")),
    Golden(
      .weaker, "step `ask`, item `ready`, answers more mildly: `evidence` was `required`, is `optional`",
      ("evidence: required", "evidence: optional")),
    Golden(
      .changed, "step `set-note` now has `deadline` `1h`",
      ("        title: A note for every item\n", "        title: A note for every item\n        deadline: 1h\n")),
  ]

  private static let backupText = "      - id: backup\n        action: mongodb.backup\n        with: { to: items_backup, keepFor: 30d }\n"
  private static let settleText = "      - id: settle\n        action: wait.for\n        with: { duration: 1m }\n"

  static let ways = [
    Golden(
      .weaker, "step `index` is no longer undone (`rollback` was `[ auto, say ]`, is `{ notNeeded: it does no harm }`)",
      ("rollback: [ auto, { id: say, action: note, with: { text: undone } } ]", "rollback: { notNeeded: it does no harm }")),
    Golden(
      .weaker,
      "step `index` became a point of no return: nothing before it is undone once it has begun (`rollback` was `[ auto, say ]`, is `{ acknowledged: true, none: why }`)",
      ("rollback: [ auto, { id: say, action: note, with: { text: undone } } ]", "rollback: { none: why, acknowledged: true }")),
    Golden(
      .weaker, "step `say` (`note`) was removed from the rollback of step index",
      (", { id: say, action: note, with: { text: undone } } ]", " ]")),
    Golden(
      .weaker, "the rollback of step `index` no longer has the action's own inverse, `auto`", ("rollback: [ auto, {", "rollback: [ {")),
    Golden(
      .stronger,
      "step `tidy` is no longer a point of no return (`rollback` was `{ acknowledged: true, none: nothing to undo }`, is `[ back ]`)",
      (
        "rollback: { none: nothing to undo, acknowledged: true }",
        "rollback: [ { id: back, action: mongodb.command, with: { command: { collMod: items } } } ]"
      )),
    Golden(
      .weaker, "what fails in phase `change` unwinds this phase only, and leaves what stands before it",
      ("    title: The change\n", "    title: The change\n    rollbackScope: phase\n")),
    Golden(
      .weaker, "`late` now stands before the point of no return `tidy`, and stays once that has begun",
      (settleText, settleText + "      - { id: late, action: mongodb.createIndex, with: { keys: { kind: 1 } } }\n")),
    Golden(
      .weaker, "check `restored` was removed from verifyRollback; it expected `{ equals: 0 }`",
      ("verifyRollback:\n  - { id: restored, action: mongodb.count, with: { filter: { note: \"\" } }, expect: { equals: 0 } }\n", "")),
  ]

  static let declarations = [
    Golden(.changed, "param `expected` is `200` instead of `100` where it is not given", ("default: 100", "default: 200")),
    Golden(.harmless, "param `expected` has another description", ("description: How many", "description: The number")),
    Golden(.weaker, "target `main` is no longer checked to be `{ replicaSet: rs0 }`", (", identity: { replicaSet: rs0 }", "")),
    Golden(.changed, "target `main` is another place: `database` was `shop`, is `store`", ("database: shop", "database: store")),
    Golden(.weaker, "`imports` is no longer reserved: other runs with this lock may run beside it", ("locks: [ imports ]\n", "")),
    Golden(.weaker, "a succeeded run can be rolled back for less long: `keepUndo` was `7d`, is `1d`", ("keepUndo: 7d", "keepUndo: 1d")),
    Golden(.weaker, "anybody may answer for person `dba`", (", identities: [ ana, ben ]", "")),
    Golden(.weaker, "`eve` may answer for person `dba`, too", ("[ ana, ben ]", "[ ana, ben, eve ]")),
    Golden(
      .changed, "secret `uri` changes `source.fromEnv` from `MONGODB_URI` to `OTHER_URI`", ("fromEnv: MONGODB_URI", "fromEnv: OTHER_URI")),
    Golden(
      .changed, "`defaults.collection` was `items`, is `things`: 8 steps, checks and triggers name none of their own",
      ("collection: items }", "collection: things }")),
    Golden(.changed, "phase `change` now has `owner` `dba`", ("    title: The change\n", "    title: The change\n    owner: dba\n")),
    Golden(.harmless, "the plan has another title", ("title: A sample", "title: An example")),
  ]
}
