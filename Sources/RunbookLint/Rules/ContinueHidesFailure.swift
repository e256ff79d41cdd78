import RunbookPlan

extension Lint {
  /// A failure that the run goes on after, and that nothing looks at.
  static let continueHidesFailure = LintRule(
    code: "L115", name: "continue-hides-failure", severity: .warning,
    summary: "A step may fail without stopping the run, and nothing later looks whether it did.",
    reason: """
      `onFailure: continue` goes on as if the step had been done. Where a later step or check asks for its status, that is a decision; where none \
      does, the failure is a number in a summary.
      """,
    bad: [
      """
      - id: warm
        title: Warm the cache
        action: exec.run
        with: { argv: [ ./warm ] }
        onFailure: continue
        onInterrupt: rerun
        rollback: { notNeeded: a warm cache harms nobody }
      """,
      """
      - { id: look, title: Look at orders, action: mongodb.count, onFailure: continue }
      - { id: said, title: Say so, action: note, with: { text: looked } }
      """,
      """
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        onFailure: continue
        verify:
          - { id: none-left, title: None is left, action: mongodb.count, with: { filter: { state: done } }, expect: { equals: 0 } }
      """,
    ],
    good: [
      """
      - id: warm
        title: Warm the cache
        action: exec.run
        with: { argv: [ ./warm ] }
        onFailure: continue
        onInterrupt: rerun
        rollback: { notNeeded: a warm cache harms nobody }
      - id: warm-slowly
        title: Warm it in another way
        when: { value: "${{ steps.warm.status }}", equals: failed }
        action: exec.run
        with: { argv: [ ./warm, --slowly ] }
        onInterrupt: rerun
        rollback: { notNeeded: a warm cache harms nobody }
      """,
      """
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, title: Look at orders, action: mongodb.count, onFailure: continue }
          verify:
            - { id: looked, title: It could be read, value: "${{ steps.look.status }}", expect: { equals: done }, onFail: warn }
      """,
      """
      - { id: look, title: Look at orders, action: mongodb.count, onFailure: halt }
      """,
    ]
  ) { facts, report in
    let careless = facts.steps.filter { $0.step.onFailure == .continue }
    guard !careless.isEmpty else { return }
    var asked: Set<String> = []
    facts.eachTemplate { _, template, subject in
      for reference in template.references where reference.root == .steps {
        if let id = reference.path.first, subject != .step(id) { asked.insert(id) }
      }
    }
    for step in careless where !asked.contains(step.id) {
      report.add(
        .step(step.id), "the run goes on where step '\(step.id)' fails, and nothing looks whether it did", at: step.range,
        help: "judge ${{ steps.\(step.id).status }} in a check, or leave 'onFailure' out")
    }
  }
}
