import RunbookActions
import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A change that no rollback takes back.
  static let noWayBack = LintRule(
    code: "L105", name: "no-way-back", severity: .warning,
    summary: "A step changes something, and no rollback takes it back.",
    reason: """
      `none` is a point of no return: unwinding stops there, and whatever came before stands. `notNeeded` is for what a rollback may leave as it \
      is, which changed documents seldom are. An action that can take itself back should be let.
      """,
    bad: [
      """
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        rollback: { notNeeded: nobody minds }
      """,
      """
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
        rollback: { none: carts are worth nothing, acknowledged: true }
      """,
      """
      - id: charge
        title: Charge the cards
        action: http.request
        target: api
        with: { path: /charges }
        rollback: { none: what is charged is charged, acknowledged: true }
      """,
    ],
    good: [
      """
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        rollback: auto
      """,
      """
      - id: clear-cache
        title: Clear the cache
        action: http.request
        target: api
        with: { path: /cache/purge }
        rollback: { notNeeded: an empty cache fills by itself }
      """,
      """
      - id: deploy
        title: Deploy
        action: exec.run
        with: { argv: [ ./deploy, new ] }
        onInterrupt: rerun
        rollback:
          - { id: deploy-old, title: Put the old release back, action: exec.run, with: { argv: [ ./deploy, old ] }, onInterrupt: rerun }
      """,
    ]
  ) { facts, report in
    for step in facts.steps {
      let hasInverse = if case .automatic = step.bound.call.descriptor.inverse { true } else { false }
      let place = step.step.rollback?.place ?? step.range
      switch step.bound.wayBack {
      case .pointOfNoReturn:
        report.add(
          .step(step.id), "step '\(step.id)' is a point of no return: a rollback stops there, and what came before it stands", at: place,
          severity: hasInverse ? .warning : .note,
          help: hasInverse
            ? "write rollback: auto, which \(step.action) can do" : "put it as late as can be, with the checks that may fail before it")
      case .notNeeded where step.change.writesDocuments:
        report.add(
          .step(step.id), "step '\(step.id)' \(step.change.words) documents, and a rollback leaves them so", at: place,
          help: hasInverse ? "write rollback: auto, which \(step.action) can do" : "write the steps that undo it")
      default: continue
      }
    }
  }
}

extension RollbackDeclaration {
  /// Where it is written.
  var place: SourceRange {
    switch self {
    case .automatic(let range), .steps(_, let range), .coveredBy(_, let range), .notNeeded(_, let range), .none(_, _, let range): range
    }
  }
}
