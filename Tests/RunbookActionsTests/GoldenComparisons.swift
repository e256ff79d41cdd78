import RunbookActions

/// What is said of `notWorseThan` and of measurements when a plan meets its actions.
extension GoldenPlan {
  private static let measured = """
    - id: a
      action: baseline.record
      with: { measure: { action: http.latency, target: web, with: { path: /x } } }
    """

  private static func check(_ check: String) -> String {
    Bench.steps(measured + "\n- { id: b, action: note, with: { text: t }, verify: [ \(check) ] }")
  }

  static let comparisons: [GoldenPlan] = [
    GoldenPlan(
      name: "notWorseThan: the same action on both sides",
      text: check("{ id: c, action: fake.look, with: { cell: x }, expect: { notWorseThan: { baseline: a, tolerance: 10% } } }"),
      rendered: """
        error[RB2009]: the baseline of 'a' comes from http.latency, and the check asks fake.look
         --> p.yaml:13:144
           |
        13 | …id: b, action: note, with: { text: t }, verify: [ { id: c, action: fake.look, with: { cell: x }, expect: { notWorseThan: { baseline: a, tolerance: 10% } } } ] }
           |                                                                                                                                       ^
        help: compare what the same action measured
        """),
    GoldenPlan(
      name: "notWorseThan: of a latency a quantile",
      text: check(
        "{ id: c, action: http.latency, target: web, with: { path: /x }, expect: { notWorseThan: { baseline: a, field: mean, tolerance: 1% } } }"
      ),
      rendered: """
        error[RB2009]: 'notWorseThan' compares the samples of http.latency at a quantile, and 'mean' is none
         --> p.yaml:13:171
           |
        13 | …text: t }, verify: [ { id: c, action: http.latency, target: web, with: { path: /x }, expect: { notWorseThan: { baseline: a, field: mean, tolerance: 1% } } } ] }
           |                                                                                                                                     ^^^^
        help: write field: p50, p95 or p99
        """),
    GoldenPlan(
      name: "notWorseThan: a confidence needs samples, and text is not compared",
      text: check(
        """
        { id: c, action: fake.look, with: { cell: x }, expect: { notWorseThan: { measure: { action: fake.look, with: { cell: y } }, field: text, tolerance: 1%, confidence: 95% } } }
        """),
      rendered: """
        error[RB2009]: output 'text' of fake.look is text, and 'notWorseThan' compares numbers and durations
         --> p.yaml:13:192
           |
        13 | …fake.look, with: { cell: x }, expect: { notWorseThan: { measure: { action: fake.look, with: { cell: y } }, field: text, tolerance: 1%, confidence: 95% } } } ] }
           |                                                                                                                    ^^^^

        error[RB2009]: 'confidence' is about samples, and fake.look gives one number
         --> p.yaml:13:225
           |
        13 | …fake.look, with: { cell: x }, expect: { notWorseThan: { measure: { action: fake.look, with: { cell: y } }, field: text, tolerance: 1%, confidence: 95% } } } ] }
           |                                                                                                                                                     ^^^
        help: remove 'confidence'; 'tolerance' and 'floor' say how much worse is borne
        """),
    GoldenPlan(
      name: "notWorseThan: a value is no measurement",
      text: check(#"{ id: c, value: "${{ baselines.a.p95 }}", expect: { notWorseThan: { baseline: a, tolerance: 10% } } }"#),
      rendered: """
        error[RB2009]: 'notWorseThan' compares what an action measured, and this is a value
         --> p.yaml:13:113
           |
        13 | … - { id: b, action: note, with: { text: t }, verify: [ { id: c, value: "${{ baselines.a.p95 }}", expect: { notWorseThan: { baseline: a, tolerance: 10% } } } ] }
           |                                                                                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: write a check with an action, or compare with atMost and a reference to baselines.ID
        """),
    GoldenPlan(
      name: "baseline.record: what waits or asks people measures nothing",
      text: Bench.steps(
        """
        - id: a
          action: baseline.record
          with: { measure: { action: wait.for, with: { duration: 5s } } }
        """),
      rendered: """
        error[RB2008]: wait.for measures nothing
         --> p.yaml:12:36
           |
        12 |         with: { measure: { action: wait.for, with: { duration: 5s } } }
           |                                    ^^^^^^^^
        help: name an action that looks at a target
        """),
    GoldenPlan(
      name: "baseline.record: only what reads",
      text: Bench.steps(
        """
        - id: a
          action: baseline.record
          with: { measure: { action: fake.guarded, with: { cell: x } } }
        """),
      rendered: """
        error[RB2002]: fake.guarded changes something and cannot be used inside arguments
         --> p.yaml:12:36
           |
        12 |         with: { measure: { action: fake.guarded, with: { cell: x } } }
           |                                    ^^^^^^^^^^^^
        help: use an action that reads
        """),
  ]
}
