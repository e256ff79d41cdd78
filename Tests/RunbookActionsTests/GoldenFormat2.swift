import RunbookActions

/// Rules of the format that need the actions to be seen: each is named, broken, and every word that is said about it written down.
extension GoldenPlan {
  static let format2: [GoldenPlan] = [
    GoldenPlan(
      name: "when: a word that the enum does not have",
      text: Bench.steps(
        """
        - { id: a, when: { value: "${{ params.mode }}", equals: fsat }, action: note, with: { text: t } }
        - { id: b, when: { value: "${{ params.quick }}", oneOf: [true, often] }, action: note, with: { text: t } }
        """,
        more: "params: { mode: { type: enum, values: [fast, slow] }, quick: { type: boolean } }"),
      rendered: """
        error[RB2009]: 'params.mode' is one of fast, slow, which this cannot be compared with
         --> p.yaml:10:63
           |
        10 |       - { id: a, when: { value: "${{ params.mode }}", equals: fsat }, action: note, with: { text: t } }
           |                                                               ^^^^
        help: it is one of fast, slow

        error[RB2009]: 'params.quick' is a boolean, which this cannot be compared with
         --> p.yaml:11:70
           |
        11 |       - { id: b, when: { value: "${{ params.quick }}", oneOf: [true, often] }, action: note, with: { text: t } }
           |                                                                      ^^^^^
        help: write true or false
        """),
    GoldenPlan(
      name: "manual.confirm: by is one person or a list",
      text: Bench.steps(
        """
        - { id: a, action: manual.confirm, with: { text: go on, by: dbaa } }
        - { id: b, action: manual.confirm, with: { items: [ { id: i, text: fine, by: [qa, qa, nobody] } ] } }
        """,
        more: "people: { dba: { name: D }, qa: { name: Q } }"),
      rendered: """
        error[RB1106]: nobody called 'dbaa' is declared under 'people'
         --> p.yaml:10:67
           |
        10 |       - { id: a, action: manual.confirm, with: { text: go on, by: dbaa } }
           |                                                                   ^^^^
        help: did you mean 'dba'?

        error[RB2008]: 'qa' is listed twice
         --> p.yaml:11:89
           |
        11 |       - { id: b, action: manual.confirm, with: { items: [ { id: i, text: fine, by: [qa, qa, nobody] } ] } }
           |                                                                                         ^^
        help: remove one of the two

        error[RB1106]: nobody called 'nobody' is declared under 'people'
         --> p.yaml:11:93
           |
        11 |       - { id: b, action: manual.confirm, with: { items: [ { id: i, text: fine, by: [qa, qa, nobody] } ] } }
           |                                                                                             ^^^^^^
        help: people are dba, qa
        """),
    GoldenPlan(
      name: "manual.approve: by names people, minimum of them",
      text: Bench.steps(
        """
        - { id: a, action: manual.approve, with: { by: [dba, zz], minimum: 3 } }
        """,
        more: "people: {}"),
      rendered: """
        error[RB1106]: nobody called 'dba' is declared under 'people'
         --> p.yaml:10:55
           |
        10 |       - { id: a, action: manual.approve, with: { by: [dba, zz], minimum: 3 } }
           |                                                       ^^^
        help: write people: { dba: { name: … } }

        error[RB1106]: nobody called 'zz' is declared under 'people'
         --> p.yaml:10:60
           |
        10 |       - { id: a, action: manual.approve, with: { by: [dba, zz], minimum: 3 } }
           |                                                            ^^
        help: write people: { zz: { name: … } }

        error[RB2008]: manual.approve: 3 people have to approve, and 'by' names 2
         --> p.yaml:10:74
           |
        10 |       - { id: a, action: manual.approve, with: { by: [dba, zz], minimum: 3 } }
           |                                                                          ^
        help: lower 'minimum', or name more people
        """),
    GoldenPlan(
      name: "references are refused inside shell.run scripts",
      text: Bench.steps(
        """
        - { id: a, action: shell.run, with: { run: "deploy ${{ params.name }}" }, rollback: { notNeeded: a test } }
        """,
        more: "params: { name: { type: string } }"),
      rendered: """
        error[RB1208]: a script takes no reference: a shell would read its value as commands
         --> p.yaml:10:58
           |
        10 |       - { id: a, action: shell.run, with: { run: "deploy ${{ params.name }}" }, rollback: { notNeeded: a test } }
           |                                                          ^^^^^^^^^^^^^^^^^^
        help: write env: { NAME: "${{ params.name }}" }, and "$NAME" in the script
        """),
    GoldenPlan(
      name: "onInterrupt and probe: for actions the engine cannot probe itself",
      text: Bench.steps(
        """
        - { id: a, action: fake.guarded, with: { cell: x }, onInterrupt: rerun }
        - id: b
          action: fake.look
          with: { cell: x }
          probe: { id: done, action: fake.look, with: { cell: x }, expect: { equals: 1 } }
        """),
      rendered: """
        error[RB2013]: fake.guarded finds out itself what a crash left of it
         --> p.yaml:10:15
           |
        10 |       - { id: a, action: fake.guarded, with: { cell: x }, onInterrupt: rerun }
           |               ^
        help: remove 'onInterrupt' from step 'a'

        error[RB2013]: fake.look changes nothing, so after a crash it is simply done again
         --> p.yaml:14:16
           |
        14 |         probe: { id: done, action: fake.look, with: { cell: x }, expect: { equals: 1 } }
           |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: remove 'probe' and 'onInterrupt' from step 'b'
        """),
    GoldenPlan(
      name: "a wait has a moment or a check, and each of the two what it needs",
      text: Bench.steps(
        """
        - { id: a, action: wait.until, with: { zone: Europe/Berlin } }
        - { id: b, action: wait.until, with: { at: "02:00" } }
        - { id: c, action: wait.until, with: { at: "25:00", zone: UTC } }
        - { id: d, action: wait.until, with: { at: "02:00", zone: Europe/Berln } }
        - { id: e, action: wait.until, with: { at: "2025-01-18T02:00:00Z", zone: UTC } }
        - { id: f, action: wait.until, with: { check: { action: fake.look, with: { cell: x }, expect: { equals: 1 } } } }
        - { id: g, action: wait.until, with: { within: 5m, check: { value: x, expect: { equals: x } } } }
        - { id: h, action: wait.until, with: { within: 5m, check: { action: fake.look, with: { cell: x }, expect: { equals: 1 }, holdFor: 5s } } }
        """),
      rendered: """
        error[RB2008]: wait.until: it does not say what is waited for
         --> p.yaml:10:26
           |
        10 |       - { id: a, action: wait.until, with: { zone: Europe/Berlin } }
           |                          ^^^^^^^^^^
        help: write 'at', or 'check' and 'within'

        error[RB2008]: wait.until: '02:00' does not say by which clock
         --> p.yaml:11:46
           |
        11 |       - { id: b, action: wait.until, with: { at: "02:00" } }
           |                                              ^^
        help: add zone: Europe/Berlin (or another), or an offset

        error[RB2008]: wait.until: '25:00' is no moment
         --> p.yaml:12:46
           |
        12 |       - { id: c, action: wait.until, with: { at: "25:00", zone: UTC } }
           |                                              ^^
        help: write 2025-01-18T02:00 or 02:00 and a zone, or a moment with an offset, like 2025-01-18T02:00:00Z

        error[RB2008]: wait.until: there is no time zone 'Europe/Berln'
         --> p.yaml:13:59
           |
        13 |       - { id: d, action: wait.until, with: { at: "02:00", zone: Europe/Berln } }
           |                                                           ^^^^
        help: did you mean Europe/Berlin?

        error[RB2008]: wait.until: '2025-01-18T02:00:00Z' has an offset of its own
         --> p.yaml:14:74
           |
        14 |       - { id: e, action: wait.until, with: { at: "2025-01-18T02:00:00Z", zone: UTC } }
           |                                                                          ^^^^
        help: remove 'zone', or the offset

        error[RB2008]: wait.until: it does not say how long the check may take to hold
         --> p.yaml:15:46
           |
        15 |       - { id: f, action: wait.until, with: { check: { action: fake.look, with: { cell: x }, expect: { equals: 1 } } } }
           |                                              ^^^^^
        help: add within: 10m

        error[RB2008]: a value does not change while it is waited for
         --> p.yaml:16:65
           |
        16 |       - { id: g, action: wait.until, with: { within: 5m, check: { value: x, expect: { equals: x } } } }
           |                                                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: write a check with an action

        error[RB1110]: a check inside 'with' takes no 'holdFor'
         --> p.yaml:17:128
           |
        17 |       - { id: h, action: wait.until, with: { within: 5m, check: { action: fake.look, with: { cell: x }, expect: { equals: 1 }, holdFor: 5s } } }
           |                                                                                                                                ^^^^^^^
        help: remove 'holdFor'
        """),
    GoldenPlan(
      name: "a check inside arguments has the keys of a check",
      text: Bench.steps(
        """
        - { id: a, action: wait.until, with: { within: 5m, check: { action: fake.look, wth: { cell: x }, expect: { eqals: 1 } } } }
        - { id: b, action: wait.until, with: { within: 5m, check: { action: fake.look, with: { cel: x } } } }
        """),
      rendered: """
        error[RB1004]: unknown key 'wth' in a check
         --> p.yaml:10:86
           |
        10 |       - { id: a, action: wait.until, with: { within: 5m, check: { action: fake.look, wth: { cell: x }, expect: { eqals: 1 } } } }
           |                                                                                      ^^^
        help: did you mean 'with'?

        error[RB1004]: unknown key 'eqals' in 'expect'
         --> p.yaml:10:114
           |
        10 |       - { id: a, action: wait.until, with: { within: 5m, check: { action: fake.look, wth: { cell: x }, expect: { eqals: 1 } } } }
           |                                                                                                                  ^^^^^
        help: did you mean 'equals'?

        error[RB1009]: a check needs the key 'expect'
         --> p.yaml:11:67
           |
        11 |       - { id: b, action: wait.until, with: { within: 5m, check: { action: fake.look, with: { cel: x } } } }
           |                                                                   ^^^^^^
        help: say what must be seen, like expect: { equals: 0 }
        """),
    GoldenPlan(
      name: "a check inside arguments has no policies",
      text: Bench.steps(
        """
        - { id: a, action: wait.until, with: { within: 5m, check: { action: fake.look, with: { cell: x }, expect: { equals: 1 }, onFail: halt } } }
        """),
      rendered: """
        error[RB1110]: a check inside 'with' takes no 'onFail'
         --> p.yaml:10:128
           |
        10 |       - { id: a, action: wait.until, with: { within: 5m, check: { action: fake.look, with: { cell: x }, expect: { equals: 1 }, onFail: halt } } }
           |                                                                                                                                ^^^^^^
        help: remove 'onFail'
        """),
    GoldenPlan(
      name: "a check inside arguments is read-only",
      text: Bench.steps(
        """
        - { id: a, action: wait.until, with: { within: 5m, check: { action: fake.set, with: { cell: x }, expect: { equals: 1 } } } }
        """),
      rendered: """
        error[RB2002]: fake.set changes something and cannot be used inside arguments
         --> p.yaml:10:75
           |
        10 |       - { id: a, action: wait.until, with: { within: 5m, check: { action: fake.set, with: { cell: x }, expect: { equals: 1 } } } }
           |                                                                           ^^^^^^^^
        help: use an action that reads
        """),
    GoldenPlan(
      name: "a check inside arguments looks at an output of its type",
      text: Bench.steps(
        """
        - { id: a, action: wait.until, with: { within: 5m, check: { action: fake.look, with: { cell: x }, expect: { field: velue, equals: 1 } } } }
        """),
      rendered: """
        error[RB2009]: fake.look has no output 'velue'
         --> p.yaml:10:129
           |
        10 |       - { id: a, action: wait.until, with: { within: 5m, check: { action: fake.look, with: { cell: x }, expect: { field: velue, equals: 1 } } } }
           |                                                                                                                                 ^^^^^^^^^
        help: did you mean 'value'?
        """),
    GoldenPlan(
      name: "measure: an action that reads, with its own fields",
      text: Bench.steps(
        """
        - { id: a, action: baseline.record, with: { measure: { action: fake.guarded, with: { cell: x } } } }
        - { id: b, action: baseline.record, with: { measure: { action: fake.look, wth: { cell: x } } } }
        - { id: c, action: baseline.record, with: { measure: { with: { cell: x } } } }
        - { id: d, action: baseline.record, with: { measure: { action: fake.look, target: dbb, with: { cell: x } } } }
        """),
      rendered: """
        error[RB2002]: fake.guarded changes something and cannot be used inside arguments
         --> p.yaml:10:70
           |
        10 |       - { id: a, action: baseline.record, with: { measure: { action: fake.guarded, with: { cell: x } } } }
           |                                                                      ^^^^^^^^^^^^
        help: use an action that reads

        error[RB1004]: unknown key 'wth' in a measurement
         --> p.yaml:11:81
           |
        11 |       - { id: b, action: baseline.record, with: { measure: { action: fake.look, wth: { cell: x } } } }
           |                                                                                 ^^^
        help: did you mean 'with'?

        error[RB1009]: a measurement needs the key 'action'
         --> p.yaml:12:62
           |
        12 |       - { id: c, action: baseline.record, with: { measure: { with: { cell: x } } } }
           |                                                              ^^^^

        error[RB1107]: no target is called 'dbb'
         --> p.yaml:13:89
           |
        13 |       - { id: d, action: baseline.record, with: { measure: { action: fake.look, target: dbb, with: { cell: x } } } }
           |                                                                                         ^^^
        help: did you mean 'db'?
        """),
    GoldenPlan(
      name: "target and collection of everything that changes are known when the run begins",
      text: Bench.steps(
        """
        - id: a
          action: fake.opaque
          with: { cell: x }
          capture: [ { id: before, action: fake.look, with: { cell: x }, expect: { atLeast: 0 } } ]
          rollback: [ { id: back, action: fake.set, collection: "${{ captured.before.text }}", with: { cell: x } } ]
        """),
      rendered: """
        error[RB2005]: what step 'back' changes must be known when the run begins, but 'captured.before.text' is known only later
         --> p.yaml:14:64
           |
        14 |         rollback: [ { id: back, action: fake.set, collection: "${{ captured.before.text }}", with: { cell: x } } ]
           |                                                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: refer to params, run or metadata
        """),
  ]
}
