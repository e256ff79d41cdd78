import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A check that asks for a rollback which cannot go back far enough.
  static let checkAfterPointOfNoReturn = LintRule(
    code: "L107", name: "check-after-point-of-no-return", severity: .warning,
    summary: "A check after a point of no return asks for a rollback, which stops at that point.",
    reason: """
      Unwinding ends where a step has no way back: the run stops with changes standing, some of them undone and some not, which is seldom what \
      anybody planned for. After such a point a failing check should halt, so that a person decides, or stand before it.
      """,
    bad: [
      """
      - id: charge
        title: Charge the cards
        action: http.request
        target: api
        with: { path: /charges }
        rollback: { none: what is charged is charged, acknowledged: true }
        verify:
          - { id: charged, title: All are charged, action: mongodb.count, with: { filter: { charged: false } }, expect: { equals: 0 } }
      """,
      """
      - id: charge
        title: Charge the cards
        action: http.request
        target: api
        with: { path: /charges }
        rollback: { none: what is charged is charged, acknowledged: true }
      - id: told
        title: Say so
        action: note
        with: { text: charged }
        preconditions:
          - { id: charged, title: All are charged, action: mongodb.count, with: { filter: { charged: false } }, expect: { equals: 0 } }
      """,
      """
      phases:
        - id: change
          title: The change
          steps:
            - id: charge
              title: Charge the cards
              action: http.request
              target: api
              with: { path: /charges }
              rollback: { none: what is charged is charged, acknowledged: true }
      verify:
        - { id: charged, title: All are charged, action: mongodb.count, with: { filter: { charged: false } }, expect: { equals: 0 } }
      """,
    ],
    good: [
      """
      - id: charge
        title: Charge the cards
        action: http.request
        target: api
        with: { path: /charges }
        rollback: { none: what is charged is charged, acknowledged: true }
        verify:
          - id: charged
            title: All are charged
            action: mongodb.count
            with: { filter: { charged: false } }
            expect: { equals: 0 }
            onFail: halt
      """,
      """
      - id: charge
        title: Charge the cards
        preconditions:
          - { id: chargeable, title: All can be charged, action: mongodb.count, with: { filter: { card: "" } }, expect: { equals: 0 } }
        action: http.request
        target: api
        with: { path: /charges }
        rollback: { none: what is charged is charged, acknowledged: true }
      """,
      """
      # A rollback of this phase alone never comes to the point.
      phases:
        - id: charge
          title: Charge
          steps:
            - id: charge-cards
              title: Charge the cards
              action: http.request
              target: api
              with: { path: /charges }
              rollback: { none: what is charged is charged, acknowledged: true }
        - id: mark
          title: Mark what is charged
          rollbackScope: phase
          steps:
            - { id: said, title: Say so, action: note, with: { text: charged } }
          verify:
            - { id: charged, title: All are charged, action: mongodb.count, with: { filter: { charged: false } }, expect: { equals: 0 } }
      """,
    ]
  ) { facts, report in
    let points = facts.steps.filter { if case .pointOfNoReturn = $0.bound.wayBack { true } else { false } }
    guard !points.isEmpty else { return }
    var (next, last) = (0, StepFact?.none)
    // Checks come in the order in which they are asked.
    for check in facts.checks where check.isForward {
      while next < points.count, points[next].index < check.stepsBefore { (last, next) = (points[next], next + 1) }
      guard check.check.onFail == .rollback, let point = last else { continue }
      let phase = facts.phase(of: check)
      // A rollback of a phase alone comes to no step before it.
      if let phase, facts.plan.phases[phase].rollbackScope == .phase, point.phase != phase { continue }
      report.add(
        .check(check.id), "check '\(check.id)' asks for a rollback, which stops at step '\(point.id)'", at: check.check.idRange,
        notes: [("this step has no way back", point.step.rollback?.place ?? point.range)],
        help: "write onFail: halt, or put the check before '\(point.id)'")
    }
  }
}

extension PlanFacts {
  /// The phase that a check stands in; nil for those of the plan.
  func phase(of check: CheckFact) -> Int? {
    switch check.place {
    case .planPrecondition, .planVerify, .verifyRollback: nil
    case .phasePrecondition(let phase), .phaseVerify(let phase): phase
    case .precondition(let id), .capture(let id), .probe(let id), .verify(let id): step(id)?.phase
    case .undoVerify(let id): undoSteps.first { $0.id == id }?.phase
    }
  }
}
