import RunbookActions

/// Mistakes between the parts of a plan, and in arguments and outputs.
extension GoldenPlan {
  static let rules: [GoldenPlan] = [
    GoldenPlan(
      name: "no way back",
      text: Bench.steps("- { id: a, action: fake.opaque, with: { cell: x } }"),
      rendered: """
        error[RB2006]: step 'a' changes something and does not say how it is taken back
         --> p.yaml:10:15
           |
        10 |       - { id: a, action: fake.opaque, with: { cell: x } }
           |               ^
        help: add 'rollback:' with steps, coveredBy, notNeeded or none
        """),
    GoldenPlan(
      name: "rollback of a reading step",
      text: Bench.steps("- { id: a, action: fake.look, with: { cell: x }, rollback: auto }"),
      rendered: """
        error[RB2007]: step 'a' changes nothing, so there is nothing to roll back
         --> p.yaml:10:66
           |
        10 |       - { id: a, action: fake.look, with: { cell: x }, rollback: auto }
           |                                                                  ^^^^
        help: remove 'rollback'
        """),
    GoldenPlan(
      name: "no inverse",
      text: Bench.steps("- { id: a, action: fake.opaque, with: { cell: x }, rollback: auto }"),
      rendered: """
        error[RB2007]: fake.opaque has no inverse of its own, so 'auto' can do nothing
         --> p.yaml:10:68
           |
        10 |       - { id: a, action: fake.opaque, with: { cell: x }, rollback: auto }
           |                                                                    ^^^^
        help: write the steps that undo it
        """),
    GoldenPlan(
      name: "refused argument",
      text: Bench.steps("- { id: a, action: fake.guarded, with: { cell: x, bad: yes-it-is } }"),
      rendered: """
        error[RB2008]: fake.guarded: 'bad' may not be used
         --> p.yaml:10:57
           |
        10 |       - { id: a, action: fake.guarded, with: { cell: x, bad: yes-it-is } }
           |                                                         ^^^
        help: remove it
        """),
    GoldenPlan(
      name: "manual.confirm",
      text: Bench.steps(
        """
        - { id: a, action: manual.confirm, with: { text: t, items: [ { id: i, text: t } ] } }
        - { id: b, action: manual.confirm, with: { expires: 1h } }
        - { id: c, action: manual.confirm, with: { items: [ { id: i, text: t }, { id: i, text: u } ] } }
        - { id: d, action: manual.confirm, with: { items: [] } }
        """),
      rendered: """
        error[RB2008]: manual.confirm: 'items' and 'text' exclude each other
         --> p.yaml:10:50
           |
        10 |       - { id: a, action: manual.confirm, with: { text: t, items: [ { id: i, text: t } ] } }
           |                                                  ^^^^
        help: write the text as one of the items

        error[RB2008]: manual.confirm: 'items' or 'text' is needed
         --> p.yaml:11:26
           |
        11 |       - { id: b, action: manual.confirm, with: { expires: 1h } }
           |                          ^^^^^^^^^^^^^^
        help: write 'text: what is confirmed', or a list of items

        error[RB2008]: manual.confirm: two items have the id 'i'
         --> p.yaml:12:81
           |
        12 |       - { id: c, action: manual.confirm, with: { items: [ { id: i, text: t }, { id: i, text: u } ] } }
           |                                                                                 ^^

        error[RB2008]: manual.confirm: there is nothing to confirm
         --> p.yaml:13:50
           |
        13 |       - { id: d, action: manual.confirm, with: { items: [] } }
           |                                                  ^^^^^
        help: list at least one item
        """),
    GoldenPlan(
      name: "outputs",
      text: Bench.steps(
        """
        - id: a
          action: fake.guarded
          with: { cell: x }
          verify:
            - { id: v, action: fake.look, with: { cell: x }, expect: { field: valeu, equals: 1 } }
            - { id: w, action: fake.look, with: { cell: x }, expect: { field: zzzzzz, equals: 1 } }
            - { id: u, action: fake.look, with: { cell: x }, expect: { equals: lots } }
        """),
      rendered: """
        error[RB2009]: fake.look has no output 'valeu'
         --> p.yaml:14:84
           |
        14 |           - { id: v, action: fake.look, with: { cell: x }, expect: { field: valeu, equals: 1 } }
           |                                                                                    ^^^^^^^^^
        help: did you mean 'value'?

        error[RB2009]: fake.look has no output 'zzzzzz'
         --> p.yaml:15:85
           |
        15 |           - { id: w, action: fake.look, with: { cell: x }, expect: { field: zzzzzz, equals: 1 } }
           |                                                                                     ^^^^^^^^^
        help: its outputs are value, text

        error[RB2009]: output 'value' of fake.look is an integer, which this cannot be compared with
         --> p.yaml:16:78
           |
        16 |           - { id: u, action: fake.look, with: { cell: x }, expect: { equals: lots } }
           |                                                                              ^^^^
        help: write a number, like 10
        """),
    GoldenPlan(
      name: "cover of nothing",
      text: Bench.steps(
        """
        - { id: l, action: fake.look, with: { cell: x } }
        - { id: a, action: fake.guarded, with: { cell: x }, rollback: { coveredBy: l } }
        """),
      rendered: """
        error[RB2010]: 'l' changes nothing, so its undo covers nothing
         --> p.yaml:11:82
           |
        11 |       - { id: a, action: fake.guarded, with: { cell: x }, rollback: { coveredBy: l } }
           |                                                                                  ^
        """),
    GoldenPlan(
      name: "cover in another scope",
      text: Bench.steps("- { id: a, action: fake.guarded, with: { cell: x } }") + """

          - id: two
            rollbackScope: phase
            steps:
              - { id: d, action: fake.guarded, with: { cell: x } }
          - id: three
            steps:
              - { id: c, action: fake.guarded, with: { cell: x }, rollback: { coveredBy: d } }
        """,
      rendered: """
        error[RB2010]: a rollback of phase 'two' alone would undo 'd' and with it 'c', which stands outside
         --> p.yaml:17:82
           |
        17 |       - { id: c, action: fake.guarded, with: { cell: x }, rollback: { coveredBy: d } }
           |                                                                                  ^
        help: name a step of the same phase, or write 'rollbackScope: plan' there
        """),
    GoldenPlan(
      name: "nobody acknowledged",
      text: Bench.steps("- { id: a, action: fake.opaque, with: { cell: x }, rollback: { none: it is sent } }"),
      rendered: """
        error[RB2012]: step 'a' is a point of no return that nobody acknowledged
         --> p.yaml:10:68
           |
        10 |       - { id: a, action: fake.opaque, with: { cell: x }, rollback: { none: it is sent } }
           |                                                                    ^^^^^^^^^^^^^^^^^^^^
        help: add 'acknowledged: true', or let people decide by manual.approve in a step before it
        """),
    GoldenPlan(
      name: "not built",
      text: Bench.steps(
        """
        - { id: a, action: http.check, target: web, with: { path: /x } }
        - { id: b, action: fake.guarded, with: { cell: x, unbuilt: y } }
        - { id: c, action: fake.guarded, with: { cell: x, bad: later } }
        """),
      unbuilt: ["the action http.check", "the key 'unbuilt' of fake.guarded", "fake.guarded: 'bad' is 'later'"]),
    GoldenPlan(
      name: "arguments",
      text: Bench.steps("- { id: a, action: fake.guarded, with: { cel: x, by: some } }"),
      rendered: """
        error[RB1009]: fake.guarded needs the key 'cell'
         --> p.yaml:10:26
           |
        10 |       - { id: a, action: fake.guarded, with: { cel: x, by: some } }
           |                          ^^^^^^^^^^^^
        help: Which.

        error[RB1004]: unknown key 'cel' in fake.guarded
         --> p.yaml:10:48
           |
        10 |       - { id: a, action: fake.guarded, with: { cel: x, by: some } }
           |                                                ^^^
        help: did you mean 'cell'?

        error[RB1008]: by: 'some' is no integer
         --> p.yaml:10:60
           |
        10 |       - { id: a, action: fake.guarded, with: { cel: x, by: some } }
           |                                                            ^^^^
        help: write a whole number, like 42
        """),
  ]
}
