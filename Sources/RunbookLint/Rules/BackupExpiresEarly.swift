import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A backup that may be cleaned up while the run can still be rolled back.
  static let backupExpiresEarly = LintRule(
    code: "L129", name: "backup-expires-early", severity: .warning,
    summary: "A backup may be dropped while the run can still be rolled back.",
    reason: """
      A succeeded run stays reversible for `keepUndo`. A check of the rollback that reads the copy, and whoever looks into it, needs it for as \
      long; `finalize --expired` drops it after `keepFor`.
      """,
    bad: [
      """
      metadata: { id: example, title: An example, keepUndo: 14d }
      phases:
        - id: change
          title: The change
          steps:
            - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup, keepFor: 7d } }
      """,
      """
      # A copy is kept for 30 days where nothing else is said.
      metadata: { id: example, title: An example, keepUndo: 60d }
      phases:
        - id: change
          title: The change
          steps:
            - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup } }
      """,
      """
      params:
        keep: { type: duration, default: 1d }
      phases:
        - id: change
          title: The change
          steps:
            - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup, keepFor: "${{ params.keep }}" } }
      """,
    ],
    good: [
      """
      metadata: { id: example, title: An example, keepUndo: 14d }
      phases:
        - id: change
          title: The change
          steps:
            - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup, keepFor: 14d } }
      """,
      """
      - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup } }
      """,
      """
      params:
        keep: { type: duration }
      phases:
        - id: change
          title: The change
          steps:
            - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: orders_backup, keepFor: "${{ params.keep }}" } }
      """,
    ]
  ) { facts, report in
    let undo = facts.plan.metadata.keepUndo
    for step in facts.steps where step.action == "mongodb.backup" {
      let written = step.argument("keepFor")
      guard let kept = written.map({ facts.values.duration($0) }) ?? 30 * 86_400_000_000, kept < undo else { continue }
      report.add(
        .step(step.id),
        "the copy is kept for \(DurationText.format(microseconds: kept)), and a run can be rolled back for \(DurationText.format(microseconds: undo))",
        at: written?.range ?? step.range, help: "write keepFor: \(DurationText.format(microseconds: undo)), or more")
    }
  }
}
