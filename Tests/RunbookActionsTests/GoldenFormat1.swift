import RunbookActions

/// Rules of the format that need the actions to be seen: each is named, broken, and every word that is said about it written down.
extension GoldenPlan {
  static let format1: [GoldenPlan] = [
    GoldenPlan(
      name: "steps.S.outputs.F: names are checked at load",
      text: Bench.steps(
        """
        - { id: a, action: fake.guarded, with: { cell: x } }
        - { id: b, action: note, with: { text: "${{ steps.a.outputs.chnged }}" } }
        """),
      rendered: """
        error[RB2009]: fake.guarded has no output 'chnged'
         --> p.yaml:11:47
           |
        11 |       - { id: b, action: note, with: { text: "${{ steps.a.outputs.chnged }}" } }
           |                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: did you mean 'changed'?
        """),
    GoldenPlan(
      name: "steps.S.outputs.F: a number has no parts",
      text: Bench.steps(
        """
        - { id: a, action: fake.guarded, with: { cell: x } }
        - { id: b, action: note, with: { text: "${{ steps.a.outputs.changed.first }}" } }
        """),
      rendered: """
        error[RB2009]: output 'changed' of fake.guarded is an integer, which has no parts
         --> p.yaml:11:47
           |
        11 |       - { id: b, action: note, with: { text: "${{ steps.a.outputs.changed.first }}" } }
           |                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: end the reference with 'changed'
        """),
    GoldenPlan(
      name: "captured.ID.F: names are checked at load",
      text: Bench.steps(
        """
        - id: a
          action: fake.opaque
          with: { cell: x }
          capture: [ { id: before, action: fake.look, with: { cell: x }, expect: { atLeast: 0 } } ]
          rollback: [ { id: back, action: note, with: { text: "${{ captured.before.valeu }}" } } ]
        """),
      rendered: """
        error[RB2009]: fake.look has no output 'valeu'
         --> p.yaml:14:62
           |
        14 |         rollback: [ { id: back, action: note, with: { text: "${{ captured.before.valeu }}" } } ]
           |                                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: did you mean 'value'?
        """),
    GoldenPlan(
      name: "checks.C.outputs.F: names are checked at load",
      text: Bench.steps(
        """
        - { id: a, action: note, with: { text: t }, verify: [ { id: c, action: fake.look, with: { cell: x }, expect: { equals: 1 } } ] }
        - { id: b, action: note, with: { text: "${{ checks.c.outputs.nothing }}" } }
        """),
      rendered: """
        error[RB2009]: fake.look has no output 'nothing'
         --> p.yaml:11:47
           |
        11 |       - { id: b, action: note, with: { text: "${{ checks.c.outputs.nothing }}" } }
           |                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: its outputs are value, text
        """),
    GoldenPlan(
      name: "baselines.B.F names a step that records a baseline",
      text: Bench.steps(
        """
        - { id: a, action: fake.look, with: { cell: x } }
        - { id: b, action: note, with: { text: "${{ baselines.a.value }}" } }
        """),
      rendered: """
        error[RB2009]: step 'a' records no baseline: its action is fake.look
         --> p.yaml:11:47
           |
        11 |       - { id: b, action: note, with: { text: "${{ baselines.a.value }}" } }
           |                                               ^^^^^^^^^^^^^^^^^^^^^^^^
        help: name a step with action baseline.record
        """),
    GoldenPlan(
      name: "baselines.B.F: outputs of what is measured",
      text: Bench.steps(
        """
        - { id: a, action: baseline.record, with: { measure: { action: fake.look, with: { cell: x } } } }
        - { id: b, action: note, with: { text: "${{ baselines.a.p95 }}" } }
        """),
      rendered: """
        error[RB2009]: fake.look has no output 'p95'
         --> p.yaml:11:47
           |
        11 |       - { id: b, action: note, with: { text: "${{ baselines.a.p95 }}" } }
           |                                               ^^^^^^^^^^^^^^^^^^^^^^
        help: its outputs are value, text
        """),
    GoldenPlan(
      name: "notWorseThan: baseline names a step that records one",
      text: Bench.steps(
        """
        - { id: a, action: fake.look, with: { cell: x } }
        - id: b
          action: note
          with: { text: t }
          verify: [ { id: c, action: fake.look, with: { cell: x }, expect: { notWorseThan: { baseline: a, tolerance: 10% } } } ]
        """),
      rendered: """
        error[RB2009]: step 'a' records no baseline: its action is fake.look
         --> p.yaml:14:102
           |
        14 |         verify: [ { id: c, action: fake.look, with: { cell: x }, expect: { notWorseThan: { baseline: a, tolerance: 10% } } } ]
           |                                                                                                      ^
        help: name a step with action baseline.record
        """),
    GoldenPlan(
      name: "outputsWhenSkipped: outputs of the action, in their types",
      text: Bench.steps(
        """
        - id: a
          when: { value: "${{ run.initiator }}", equals: ana }
          outputsWhenSkipped: { changed: none, chnged: 0 }
          action: fake.guarded
          with: { cell: x }
        """),
      rendered: """
        error[RB1008]: changed: 'none' is no integer
         --> p.yaml:12:40
           |
        12 |         outputsWhenSkipped: { changed: none, chnged: 0 }
           |                                        ^^^^
        help: write a whole number, like 42

        error[RB1004]: unknown key 'chnged' in 'outputsWhenSkipped' of fake.guarded
         --> p.yaml:12:46
           |
        12 |         outputsWhenSkipped: { changed: none, chnged: 0 }
           |                                              ^^^^^^
        help: did you mean 'changed'?
        """),
    GoldenPlan(
      name: "a reference whose type is known against the field's type",
      text: Bench.steps(
        """
        - { id: a, action: fake.look, with: { cell: x, note: "${{ params.hosts }}" } }
        - { id: b, action: fake.guarded, with: { cell: "is ${{ params.hosts }}", by: "${{ params.wait }}" } }
        """,
        more: "params: { hosts: { type: list, of: string }, wait: { type: duration } }"),
      rendered: """
        error[RB1205]: note: 'params.hosts' is a list, and text was expected
         --> p.yaml:10:61
           |
        10 |       - { id: a, action: fake.look, with: { cell: x, note: "${{ params.hosts }}" } }
           |                                                             ^^^^^^^^^^^^^^^^^^^

        error[RB1205]: cell: 'params.hosts' is a list and cannot stand inside a text
         --> p.yaml:11:58
           |
        11 |       - { id: b, action: fake.guarded, with: { cell: "is ${{ params.hosts }}", by: "${{ params.wait }}" } }
           |                                                          ^^^^^^^^^^^^^^^^^^^

        error[RB1205]: by: 'params.wait' is a duration, and an integer was expected
         --> p.yaml:11:85
           |
        11 |       - { id: b, action: fake.guarded, with: { cell: "is ${{ params.hosts }}", by: "${{ params.wait }}" } }
           |                                                                                     ^^^^^^^^^^^^^^^^^^
        """),
    GoldenPlan(
      name: "a value is compared with what it can be compared with",
      text: Bench.steps(
        """
        - id: a
          action: fake.look
          with: { cell: x }
          verify:
            - { id: c, value: "${{ steps.a.outputs.value }}", expect: { equals: two } }
            - { id: d, value: "${{ params.wait }}", expect: { below: 5 } }
            - { id: e, action: fake.look, with: { cell: x }, expect: { atMost: "${{ params.wait }}" } }
        """,
        more: "params: { wait: { type: duration } }"),
      rendered: """
        error[RB2009]: 'steps.a.outputs.value' is an integer, which this cannot be compared with
         --> p.yaml:14:79
           |
        14 |           - { id: c, value: "${{ steps.a.outputs.value }}", expect: { equals: two } }
           |                                                                               ^^^
        help: write a number, like 10

        error[RB2009]: 'params.wait' is a duration, which this cannot be compared with
         --> p.yaml:15:68
           |
        15 |           - { id: d, value: "${{ params.wait }}", expect: { below: 5 } }
           |                                                                    ^
        help: write a duration, like 250ms

        error[RB2009]: output 'value' of fake.look is an integer, which this cannot be compared with
         --> p.yaml:16:78
           |
        16 |           - { id: e, action: fake.look, with: { cell: x }, expect: { atMost: "${{ params.wait }}" } }
           |                                                                              ^^^^^^^^^^^^^^^^^^^^
        help: write a number, like 10
        """),
  ]
}
