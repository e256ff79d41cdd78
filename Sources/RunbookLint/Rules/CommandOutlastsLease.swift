import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A command that may still run when another process takes the run up.
  static let commandOutlastsLease = LintRule(
    code: "L112", name: "command-outlasts-lease", severity: .warning, isLocal: true,
    summary: "A command of the server may take longer than the lease under which it is sent.",
    reason: """
      The lease says which process acts for the run, and lasts 30 s where nobody renews it. When this process dies, its command goes on in the \
      server, and another process may take the run up while it does: what that one sees and undoes is then not what is there a moment later. The \
      actions of the program itself keep to this; mongodb.command takes as long as it is let.
      """,
    bad: [
      """
      - id: compact
        title: Compact orders
        action: mongodb.command
        timeout: 10m
        with: { command: { compact: orders } }
        onInterrupt: rerun
        rollback: { notNeeded: a compact collection holds the same }
      """,
      """
      - id: rewrite
        title: Rewrite orders
        action: mongodb.command
        with: { command: { aggregate: orders, pipeline: [ { $out: orders_new } ], cursor: {}, maxTimeMS: 600000 } }
        onInterrupt: halt
        rollback: { notNeeded: nobody reads the new collection }
      """,
      """
      params:
        patience: { type: duration, default: 5m }
      phases:
        - id: change
          title: The change
          steps:
            - id: compact
              title: Compact orders
              action: mongodb.command
              timeout: "${{ params.patience }}"
              with: { command: { compact: orders } }
              onInterrupt: rerun
              rollback: { notNeeded: a compact collection holds the same }
      """,
    ],
    good: [
      """
      - id: hide
        title: Hide an index
        action: mongodb.command
        with: { command: { collMod: orders, index: { name: state_1, hidden: true } } }
        onInterrupt: rerun
        rollback: { notNeeded: a hidden index is kept up to date }
      """,
      """
      - id: hide
        title: Hide an index
        action: mongodb.command
        timeout: 20s
        with: { command: { collMod: orders, index: { name: state_1, hidden: true } } }
        onInterrupt: rerun
        rollback: { notNeeded: a hidden index is kept up to date }
      """,
      """
      # A build is found by whoever takes the run up, in progress or finished.
      - { id: by-state, title: An index by state, action: mongodb.createIndex, timeout: 2h, with: { keys: { state: 1 } } }
      """,
    ]
  ) { facts, report in
    for step in facts.steps + facts.undoSteps where step.action == "mongodb.command" {
      let command = step.argument("command")
      var limit = step.bound.limits.timeout ?? facts.values.duration(step.step.timeout)
      var place = step.step.timeout?.range
      if let own = command?["maxTimeMS"] {
        limit = facts.values.number(own).map { Int64(min($0, 1e12)) * 1000 }
        place = own.range
      }
      guard let limit, limit > lease else { continue }
      report.add(
        .step(step.id), "this command may take \(DurationText.format(microseconds: limit)), and the lease it is sent under lasts 30s",
        at: place ?? step.range, help: "let it take 30s at most, or make it a program that can be asked whether it is done")
    }
  }

  /// Microseconds, where the environment does not say otherwise.
  private static let lease: Int64 = 30_000_000
}
