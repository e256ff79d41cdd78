extension Lint {
  /// What is wrong with the comments that ignore findings. ``InlineIgnores`` looks for it, since it needs to know what the other rules found.
  static let inlineIgnore = LintRule(
    code: "L100", name: "inline-ignore", severity: .warning,
    summary: "A comment that ignores a rule gives no reason, names no rule that there is, or ignores nothing.",
    reason: """
      `# runbook-lint: ignore RULE: reason` is for what is meant, and says so to whoever reads the plan next. Without a reason nothing is \
      ignored. One that ignores nothing is left over from a mistake that was mended, and would hide the next.
      """,
    bad: [
      """
      - id: mark
        title: Mark every order
        action: mongodb.update
        with: { pipeline: [ { $set: { migrated: true } } ] }     # runbook-lint: ignore unfiltered-update
      """,
      """
      # runbook-lint: ignore unfilterd-update: every order is meant
      - id: mark
        title: Mark every order
        action: mongodb.update
        with: { pipeline: [ { $set: { migrated: true } } ] }
      """,
      """
      # runbook-lint: ignore unfiltered-update: every order is meant
      - id: mark
        title: Mark orders that are not marked
        action: mongodb.update
        with: { filter: { migrated: { $ne: true } }, pipeline: [ { $set: { migrated: true } } ] }
      """,
    ],
    good: [
      """
      # runbook-lint: ignore unfiltered-update: every order is meant
      - id: mark
        title: Mark every order
        action: mongodb.update
        with: { pipeline: [ { $set: { migrated: true } } ] }
      """,
      """
      - id: mark      # runbook-lint: ignore unfiltered-update, L101: every order is meant, and the mark is new
        title: Mark every order
        action: mongodb.update
        with: { pipeline: [ { $set: { migrated: true } } ] }
      """,
      """
      - id: mark
        title: Mark every order
        action: mongodb.update
        with:
          # runbook-lint: ignore L102: every order is meant
          filter: {}
          pipeline: [ { $set: { migrated: true } } ]
      """,
    ]
  ) { _, _ in }
}
