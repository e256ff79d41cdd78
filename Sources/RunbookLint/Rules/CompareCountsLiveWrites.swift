import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A comparison that counts what the application wrote meanwhile as a difference.
  static let compareCountsLiveWrites = LintRule(
    code: "L127", name: "compare-counts-live-writes", severity: .warning,
    summary: "After a write, a comparison with the collection of now counts every write of the application as a difference.",
    reason: """
      `liveWrites: refuse` is for where nobody writes. After a change that goes on while people work, the first edit makes the comparison fail, and \
      the run is rolled back for it. `liveWrites: explain` excuses what change events say the application did.
      """,
    bad: [
      """
      - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup } }
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        verify:
          - id: nothing-else
            title: Nothing else changed
            action: mongodb.compare
            with: { left: { backup: backup }, right: orders, ignoreFields: [state], liveWrites: refuse }
            expect: { field: unexplained, equals: 0 }
      """,
      """
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
        verify:
          - id: rest
            title: The rest is as in the copy
            action: mongodb.compare
            with: { left: orders_backup, right: [ orders ], filter: { state: done }, liveWrites: refuse }
            expect: { field: unexplained, equals: 0 }
      """,
      """
      phases:
        - id: change
          title: The change
          steps:
            - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup } }
            - { id: clean, title: Delete carts, action: mongodb.delete, with: { filter: { state: cart } } }
      verifyRollback:
        - id: restored
          title: As before
          action: mongodb.compare
          with: { left: { backup: backup }, right: orders, liveWrites: refuse }
          expect: { field: unexplained, equals: 0 }
      """,
    ],
    good: [
      """
      - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup } }
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        verify:
          - id: nothing-else
            title: Nothing else changed
            action: mongodb.compare
            with: { left: { backup: backup }, right: orders, ignoreFields: [state], liveWrites: explain }
            expect: { field: unexplained, equals: 0 }
      """,
      """
      # Nothing was written yet.
      preconditions:
        - id: same
          title: Both are the same
          action: mongodb.compare
          with: { left: orders_old, right: orders, liveWrites: refuse }
          expect: { field: unexplained, equals: 0 }
      """,
      """
      # Two copies, which nobody writes.
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
        verify:
          - id: copies
            title: The two copies are the same
            action: mongodb.compare
            with: { left: orders_backup, right: orders_backup_2, liveWrites: refuse }
            expect: { field: unexplained, equals: 0 }
      """,
    ]
  ) { facts, report in
    var firstWrite: [String: StepFact] = [:]
    for step in facts.steps where step.change.touchesDocuments {
      if let name = step.collection?.name, firstWrite[name] == nil { firstWrite[name] = step }
    }
    guard !firstWrite.isEmpty else { return }
    for check in facts.checks where check.action == "mongodb.compare" {
      guard let call = check.bound.call, let mode = call.argument("liveWrites"), facts.values.text(mode) == "refuse",
        let right = call.argument("right")
      else { continue }
      let sides = (right.items.isEmpty ? [right] : right.items).map { $0["collection"] ?? $0 }
      let writes = sides.filter { !$0.isMap }.compactMap { firstWrite[facts.values.name($0)] }
      guard let write = writes.first(where: { $0.index < check.stepsBefore }) else { continue }
      report.add(
        .check(check.id), "check '\(check.id)' counts what the application wrote meanwhile as a difference", at: mode.range,
        notes: [("the collection was changed here", write.range)], help: "write liveWrites: explain")
    }
  }
}
