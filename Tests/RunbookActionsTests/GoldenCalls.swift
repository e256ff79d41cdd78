import RunbookActions

/// Mistakes in one call: its name, target, collection, and where it stands.
extension GoldenPlan {
  static let calls: [GoldenPlan] = [
    GoldenPlan(
      name: "unknown action",
      text: Bench.steps("- { id: a, action: fake.loook, with: { cell: x } }"),
      rendered: """
        error[RB2001]: unknown action 'fake.loook'
         --> p.yaml:10:26
           |
        10 |       - { id: a, action: fake.loook, with: { cell: x } }
           |                          ^^^^^^^^^^
        help: did you mean 'fake.look'?
        """),
    GoldenPlan(
      name: "unknown action, nothing near",
      text: Bench.steps("- { id: a, action: zzzzzzzzz.qqqqq, with: { cell: x } }"),
      rendered: """
        error[RB2001]: unknown action 'zzzzzzzzz.qqqqq'
         --> p.yaml:10:26
           |
        10 |       - { id: a, action: zzzzzzzzz.qqqqq, with: { cell: x } }
           |                          ^^^^^^^^^^^^^^^
        help: actions are baseline.record, exec.check, exec.run, fake.guarded, fake.look, fake.opaque, fake.probed, fake.set, fake.times, http.check, http.latency, http.probe, http.request, manual.approve, manual.confirm, metric.prometheus, note, notify.webhook, shell.run, wait.for, wait.until
        """),
    GoldenPlan(
      name: "mutating check",
      text: Bench.steps(
        """
        - id: a
          action: fake.guarded
          with: { cell: x }
          verify: [ { id: v, action: fake.guarded, with: { cell: x }, expect: { equals: 1 } } ]
        """),
      rendered: """
        error[RB2002]: fake.guarded changes something and cannot be used as a check
         --> p.yaml:13:36
           |
        13 |         verify: [ { id: v, action: fake.guarded, with: { cell: x }, expect: { equals: 1 } } ]
           |                                    ^^^^^^^^^^^^
        help: make it a step, or use an action that reads
        """),
    GoldenPlan(
      name: "target of another type",
      text: Bench.steps("- { id: a, action: fake.look, target: web, with: { cell: x } }"),
      rendered: """
        error[RB2003]: fake.look needs a target of type mongodb, and 'web' is of type http
         --> p.yaml:10:45
           |
        10 |       - { id: a, action: fake.look, target: web, with: { cell: x } }
           |                                             ^^^
        help: write 'target: db'
        """),
    GoldenPlan(
      name: "target where none is due",
      text: Bench.steps("- { id: a, action: note, target: db, with: { text: x } }"),
      rendered: """
        error[RB2003]: note works on no target
         --> p.yaml:10:40
           |
        10 |       - { id: a, action: note, target: db, with: { text: x } }
           |                                        ^^
        help: remove 'target'
        """),
    GoldenPlan(
      name: "no target",
      text: Bench.steps("- { id: a, action: fake.look, with: { cell: x } }").replacing("defaults: { target: db, ", with: "defaults: { "),
      rendered: """
        error[RB2003]: fake.look needs a target of type mongodb
         --> p.yaml:10:26
           |
        10 |       - { id: a, action: fake.look, with: { cell: x } }
           |                          ^^^^^^^^^
        help: add 'target: db', or set it under 'defaults'
        """),
    GoldenPlan(
      name: "no collection",
      text: Bench.steps("- { id: a, action: fake.guarded, with: { cell: x } }").replacing(", collection: cells", with: ""),
      rendered: """
        error[RB2004]: fake.guarded needs a collection
         --> p.yaml:10:26
           |
        10 |       - { id: a, action: fake.guarded, with: { cell: x } }
           |                          ^^^^^^^^^^^^
        help: add 'collection: NAME' beside 'action', or under 'defaults'
        """),
    GoldenPlan(
      name: "collection where none is due",
      text: Bench.steps("- { id: a, action: fake.look, collection: c, with: { cell: x } }"),
      rendered: """
        error[RB2004]: fake.look works on no collection
         --> p.yaml:10:49
           |
        10 |       - { id: a, action: fake.look, collection: c, with: { cell: x } }
           |                                                 ^
        help: remove 'collection'
        """),
    GoldenPlan(
      name: "late reservation",
      text: Bench.steps(
        """
        - { id: l, action: fake.look, with: { cell: x } }
        - { id: a, action: fake.guarded, collection: "${{ steps.l.outputs.text }}", with: { cell: x } }
        """),
      rendered: """
        error[RB2005]: what step 'a' changes must be known when the run begins, but 'steps.l.outputs.text' is known only later
         --> p.yaml:11:53
           |
        11 |       - { id: a, action: fake.guarded, collection: "${{ steps.l.outputs.text }}", with: { cell: x } }
           |                                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: refer to params, run or metadata
        """),
  ]
}
