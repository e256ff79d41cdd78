import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A copy whose name is the same in every run, so that the second run is refused.
  static let fixedBackupName = LintRule(
    code: "L130", name: "fixed-backup-name", severity: .note, isLocal: true,
    summary: "The name of a copy is the same in every run, and a copy is not overwritten: a second run is refused.",
    reason: """
      A rollback keeps the copy, so the try after a failed one finds its name taken, in the middle of the night. A param for the day, or the id of the \
      run, makes it another one.
      """,
    bad: [
      """
      - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup } }
      """,
      """
      - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup, prove: digest, keepFor: 30d } }
      """,
      """
      - id: backup
        title: Back carts up
        action: mongodb.backup
        with: { to: carts_backup, filter: { state: cart }, ifExists: refuse }
      """,
    ],
    good: [
      """
      - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: "orders_backup_${{ run.id }}" } }
      """,
      """
      params:
        day: { type: date, default: 2025-01-18 }
      phases:
        - id: change
          title: The change
          steps:
            - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: "orders_backup_${{ params.day }}" } }
      """,
      """
      # It goes with a rollback.
      - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup, onRollback: drop } }
      """,
    ]
  ) { facts, report in
    for step in facts.steps where step.action == "mongodb.backup" {
      guard let name = step.argument("to"), let text = name.scalar?.text else { continue }
      if let mode = step.argument("ifExists"), facts.values.text(mode) != "refuse" { continue }
      if let mode = step.argument("onRollback"), facts.values.text(mode) != "keep" { continue }
      report.add(
        .step(step.id), "every run calls this copy '\(text)', and the second one is refused", at: name.range,
        help: "put a param or the run into the name, like \(text)_${{ run.id }}")
    }
  }
}
