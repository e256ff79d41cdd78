import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A way back that overwrites what the application wrote since.
  static let rollbackLosesWrites = LintRule(
    code: "L106", name: "rollback-loses-writes", severity: .warning,
    summary: "The way back overwrites or drops what the application has written since.",
    reason: """
      Restoring a backup over a collection, or dropping and renaming under it, undoes the change and every write that people made after it. The \
      inverse of mongodb.update takes back only what the step wrote, where it still stands, and lists what it could not decide.
      """,
    bad: [
      """
      - id: deploy
        title: Deploy what rewrites orders
        action: exec.run
        with: { argv: [ ./rewrite ] }
        onInterrupt: rerun
        rollback:
          - id: put-back
            title: Put orders back
            action: mongodb.restore
            with: { from: orders_backup, to: orders, mode: documents, acceptWriteLoss: true }
      """,
      """
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        rollback:
          - id: put-back
            title: Put orders back
            action: mongodb.command
            with: { command: { aggregate: orders_backup, pipeline: [ { $out: orders } ], cursor: {} } }
            onInterrupt: rerun
      """,
      """
      - id: rewrite
        title: Rewrite orders
        action: exec.run
        with: { argv: [ ./rewrite ] }
        onInterrupt: rerun
        rollback:
          - { id: put-back, title: Put orders back, action: exec.run, with: { argv: [ mongorestore, --drop, dump ] }, onInterrupt: rerun }
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
      # Only what is missing is brought back.
      - id: rewrite
        title: Rewrite orders
        action: exec.run
        with: { argv: [ ./rewrite ] }
        onInterrupt: rerun
        rollback:
          - { id: put-back, title: Bring missing orders back, action: mongodb.restore, with: { from: orders_backup, to: orders } }
      """,
      """
      - id: hide
        title: Hide an index
        action: mongodb.command
        with: { command: { collMod: orders, index: { name: state_1, hidden: true } } }
        onInterrupt: rerun
        rollback:
          - id: show
            title: Show it
            action: mongodb.command
            with: { command: { collMod: orders, index: { name: state_1, hidden: false } } }
            onInterrupt: rerun
      """,
    ]
  ) { facts, report in
    for step in facts.undoSteps + facts.afterRollback {
      guard let why = losesWrites(step) else { continue }
      report.add(
        .step(step.id), "on the way back '\(step.id)' \(why), and what the application wrote since is lost", at: step.range,
        help: "let rollback: auto take back what the step wrote, or restore with mode: missingOnly")
    }
  }

  private static func losesWrites(_ step: StepFact) -> String? {
    if step.change == .overwrite { return "overwrites documents with older ones" }
    switch step.action {
    case "mongodb.command":
      guard let command = step.argument("command"), let verb = command.entries.first?.key else { return nil }
      switch verb {
      case "drop", "dropDatabase": return "drops a collection"
      case "renameCollection": return command["dropTarget"]?.isPlain("true") ?? false ? "replaces a collection" : nil
      case "aggregate":
        let stages = command["pipeline"]?.items ?? []
        return stages.contains { $0["$out"] != nil } ? "replaces a collection" : nil
      default: return nil
      }
    case "exec.run", "shell.run":
      guard let words = step.argument(step.action == "exec.run" ? "argv" : "run") else { return nil }
      let restores = words.hasText { $0.contains("mongorestore") } && words.hasText { $0.contains("--drop") }
      return restores ? "drops collections before it restores them" : nil
    default: return nil
    }
  }
}
