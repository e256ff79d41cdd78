/// Parts of plans that the schema must take or refuse. Each is put at the top level of a plan that is right without it, whose step it replaces where
/// it has phases of its own.
enum SchemaSamples {
  static func plan(_ part: String) -> String {
    let own = part.hasPrefix("- ") ? "phases:\n  - id: one\n    steps:\n      " + part.replacing("\n", with: "\n      ") : part
    let hasPhases = own.contains("phases:")
    var text = own.contains("apiVersion:") ? "" : "apiVersion: runbook/v1\n"
    text += own.contains("kind:") ? "" : "kind: Runbook\n"
    text += own.contains("metadata:") ? "" : "metadata: { id: p }\n"
    text +=
      own.contains("params:")
      ? "" : "params: { n: { type: integer, default: 1 }, d: { type: duration, default: 1s }, s: { type: string, default: a } }\n"
    text +=
      own.contains("targets:")
      ? "" : "targets: { db: { type: mongodb, uri: \"mongodb://localhost\", database: d }, web: { type: http, baseUrl: x } }\n"
    text += own.contains("defaults:") ? "" : "defaults: { target: db, collection: c }\n"
    text += hasPhases ? "" : "phases: [ { id: one, steps: [ { id: say, action: note, with: { text: x } } ] } ]\n"
    return text + own + "\n"
  }

  static let good = [
    "x-anything: { at: all }",
    "metadata: { id: p, title: 12:30, keepUndo: 7d, x-y: 1 }",
    "people: { ana: { name: yes, identities: [ana, 0123] } }",
    "params: { a: { type: integer, default: \"3\", min: 0, max: 9 }, b: { type: enum, values: [no, on], default: no } }",
    "params: { a: { type: duration, default: 1h30m }, b: { type: list, of: integer, default: [1, 2] }, c: { type: percentage, default: 0.1% } }",
    "params: { a: { type: duration, min: 1s, max: 1h }, b: { type: size, default: 1MiB, max: 2MiB }, c: { type: date, min: 2025-01-01 }, d: { type: string, value: fixed } }",
    "params: { a: { type: timestamp, default: \"2025-01-18T09:30:00+07:00\" }, b: { type: size, default: 1.5GB }, c: { type: boolean } }",
    "secrets: { a: { fromEnv: A }, b: { fromCommand: [pass, show, b] } }",
    "locks: [ service ]",
    "- { id: a, action: note, with: { text: \"${{ params.n }} of 3\" } }",
    "- { id: a, action: wait.for, with: { duration: \"${{ params.d }}\" }, when: { value: \"${{ params.n }}\", atLeast: 1 } }",
    "- { id: a, action: mongodb.find, collection: \"c_${{ params.s }}\", with: { limit: \"${{ params.n }}\", filter: { a: \"${{ params.s }}\" } } }",
    "- { id: a, action: mongodb.find, with: { collection: other, target: db, limit: \"5\" } }",
    "- { id: a, action: mongodb.update, with: { update: { $set: { a: 1 } }, filter: { a: { $exists: false } } }, rollback: auto, retry: { attempts: 3, backoff: 1s..30s } }",
    "- { id: a, action: exec.run, with: { argv: [x, \"${{ params.n }}\"] }, rollback: { none: it is sent, acknowledged: true }, onInterrupt: rerun, timeout: \"${{ params.d }}\" }",
    "- { id: a, action: mongodb.update, with: { update: { $set: { a: 1 } } }, rollback: [ auto, { id: b, action: note, with: { text: x }, verify: [ { id: c, action: mongodb.count, expect: { equals: 0 }, onFail: warn } ] } ] }",
    "preconditions: [ { id: a, value: \"${{ params.s }}\", expect: { not: { oneOf: [b, c] } }, onFail: warn } ]",
    "preconditions: [ { id: a, action: manual.confirm, with: { text: Is it so } }, { id: b, action: mongodb.count, expect: { between: [0, \"${{ params.n }}\"] }, recheck: true } ]",
    "verify: [ { id: a, action: mongodb.ping, expect: { allOf: [ { field: roundTrip, below: 250ms }, { anyOf: [ { field: version, matches: '^7' } ] } ] }, within: 5m, holdFor: 1s } ]",
    "rollbackTriggers: [ { id: a, action: mongodb.count, every: 10s, minSamples: 1, expect: { equals: 0 }, failures: { max: 1, of: 4 }, onFail: pause, onNoData: warn, onError: rollback } ]",
  ]

  static let bad: [(text: String, path: String)] = [
    ("apiVersion: runbook/v2", "apiVersion"),
    ("kind: Runbok", "kind"),
    ("metadata: { title: no id }", "metadata"),
    ("metadata: { id: Not-An-Id }", "metadata/id"),
    ("metadata: { id: \(String(repeating: "a", count: 61)) }", "metadata/id"),
    ("metadata: { id: p, keepUndo: 7 }", "metadata/keepUndo"),
    ("metadata: { id: p, title: null }", "metadata/title"),
    ("metadata: { id: p, title: \"${{ params.s }}\" }", "metadata/title"),
    ("phasen: []", ""),
    ("phases: []", "phases"),
    ("phases: [ { id: one } ]", "phases/0"),
    ("phases: [ { id: one, steps: [] } ]", "phases/0/steps"),
    ("phases: [ { id: one, rollbackScope: step, steps: [ { id: a, action: note, with: { text: x } } ] } ]", "phases/0/rollbackScope"),
    ("params: { a: { type: text } }", "params/a/type"),
    ("params: { a: { type: integer, default: x } }", "params/a"),
    ("params: { a: { type: enum } }", "params/a"),
    ("params: { a: { type: boolean, default: yes } }", "params/a"),
    ("params: { a: { type: duration, default: 10 } }", "params/a"),
    ("params: { a_b: { type: string } }", "params"),
    ("params: { a: { type: string, values: [b] } }", "params/a"),
    ("secrets: { a: literal }", "secrets/a"),
    ("secrets: { a: { fromEnv: A, fromFile: b } }", "secrets/a"),
    ("targets: { db: { type: mongo, uri: x } }", "targets/db/type"),
    ("targets: { db: { type: mongodb } }", "targets/db"),
    ("targets: { db: { type: http, baseUrl: x, uri: y } }", "targets/db"),
    ("targets: { db: { type: mongodb, uri: x, identity: {} } }", "targets/db"),
    ("- { id: a, action: note }", "phases/0/steps/0"),
    ("- { id: a, action: mongodb.cuont }", "phases/0/steps/0/action"),
    ("- { id: a, action: note, with: { text: x, color: red } }", "phases/0/steps/0/with"),
    ("- { id: a, action: note, with: { text: x }, onFailure: retry }", "phases/0/steps/0/onFailure"),
    ("- { id: a, action: note, with: { text: x }, retry: { backoff: 1s } }", "phases/0/steps/0/retry"),
    ("- { id: a, action: note, with: { text: x }, timeout: soon }", "phases/0/steps/0/timeout"),
    ("- { id: a, action: note, with: { text: [x] } }", "phases/0/steps/0/with"),
    ("- { id: a, action: mongodb.find, with: { limit: 0 } }", "phases/0/steps/0/with/limit"),
    ("- { id: a, action: mongodb.find, with: { filter: all } }", "phases/0/steps/0/with/filter"),
    ("- { id: a, action: mongodb.backup, with: { to: b, onRollback: burn } }", "phases/0/steps/0/with/onRollback"),
    ("- { id: a, action: mongodb.createIndex, with: { name: x } }", "phases/0/steps/0/with"),
    ("- { id: a, action: wait.for, with: { duration: 10 } }", "phases/0/steps/0/with/duration"),
    ("- { id: a, action: mongodb.update, with: { pipeline: { $set: { a: 1 } } } }", "phases/0/steps/0/with/pipeline"),
    (
      "- { id: a, action: exec.run, with: { argv: [x], captureLimit: 5 }, rollback: { notNeeded: x } }",
      "phases/0/steps/0/with/captureLimit"
    ),
    ("- { id: a, action: http.probe, target: web, with: { path: /, slowerThan: 2 } }", "phases/0/steps/0/with/slowerThan"),
    (
      "- { id: a, action: mongodb.command, with: { command: { ping: 1 } }, rollback: { none: x, notNeeded: y } }",
      "phases/0/steps/0/rollback"
    ),
    ("- { id: a, action: mongodb.command, with: { command: { ping: 1 } }, rollback: [] }", "phases/0/steps/0/rollback"),
    (
      "- { id: a, action: mongodb.command, with: { command: { ping: 1 } }, rollback: [ { id: b, action: note, with: { text: x }, onFailure: halt } ] }",
      "phases/0/steps/0/rollback"
    ),
    ("preconditions: [ { id: a, action: mongodb.count } ]", "preconditions/0"),
    ("preconditions: [ { id: a, action: mongodb.count, expect: {} } ]", "preconditions/0/expect"),
    ("preconditions: [ { id: a, action: mongodb.count, expect: { field: count } } ]", "preconditions/0/expect"),
    ("preconditions: [ { id: a, action: mongodb.count, expect: { equal: 0 } } ]", "preconditions/0/expect"),
    ("preconditions: [ { id: a, action: mongodb.count, expect: { between: [1] } } ]", "preconditions/0/expect/between"),
    ("preconditions: [ { id: a, action: mongodb.count, expect: { above: many } } ]", "preconditions/0/expect/above"),
    ("preconditions: [ { id: a, action: mongodb.count, value: x, expect: { equals: 0 } } ]", "preconditions/0"),
    ("preconditions: [ { id: a, value: x, target: db, expect: { equals: 0 } } ]", "preconditions/0"),
    ("preconditions: [ { id: a, action: mongodb.count, expect: { equals: 0 }, onFail: skip } ]", "preconditions/0/onFail"),
    (
      "preconditions: [ { id: a, action: mongodb.update, with: { update: { $set: { a: 1 } } }, expect: { equals: 0 } } ]",
      "preconditions/0/action"
    ),
    ("verify: [ { id: a, action: mongodb.count, expect: { equals: 0 }, recheck: true } ]", "verify/0"),
    ("verifyRollback: [ { id: a, action: mongodb.count, expect: { equals: 0 }, onError: warn } ]", "verifyRollback/0"),
    ("afterRollback: [ { id: a, action: note, with: { text: x }, rollback: auto } ]", "afterRollback/0"),
    (
      "rollbackTriggers: [ { id: a, action: mongodb.count, expect: { equals: 0 }, onFail: pause, onNoData: warn, onError: warn } ]",
      "rollbackTriggers/0"
    ),
    (
      "rollbackTriggers: [ { id: a, action: mongodb.count, every: 1s, expect: { equals: 0 }, onFail: pause, onNoData: warn } ]",
      "rollbackTriggers/0"
    ),
    (
      "rollbackTriggers: [ { id: a, action: mongodb.count, every: 1s, expect: { equals: 0 }, onFail: halt, onNoData: warn, onError: warn } ]",
      "rollbackTriggers/0/onFail"
    ),
    (
      "rollbackTriggers: [ { id: a, value: 1, every: 1s, expect: { equals: 0 }, onFail: warn, onNoData: warn, onError: warn } ]",
      "rollbackTriggers/0"
    ),
  ]
}
