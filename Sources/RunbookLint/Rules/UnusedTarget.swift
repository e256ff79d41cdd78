import RunbookPlan

extension Lint {
  /// A target that nothing works on.
  static let unusedTarget = LintRule(
    code: "L120", name: "unused-target", severity: .warning,
    summary: "A target is declared, and nothing works on it.",
    reason: """
      Each MongoDB target of a plan is asked for its identity and holds the plan's locks, used or not. One that nothing uses is mostly a step that \
      names the wrong one, by `defaults` for instance.
      """,
    bad: [
      """
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
      """,
      """
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
        archive: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: archive }
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, title: Look, action: mongodb.count }
      """,
      """
      # A default target of another type is not used by the action.
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
      phases:
        - id: change
          title: The change
          steps:
            - id: look
              title: Look
              action: exec.run
              with: { argv: [ ./look ] }
              onInterrupt: rerun
              rollback: { notNeeded: it only looks }
      """,
    ],
    good: [
      """
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
      preconditions:
        - { id: writable, title: It is writable, action: mongodb.ping, expect: { field: writable, equals: true } }
      """,
      """
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
        copy: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: copy }
      preconditions:
        - id: same
          title: Both are the same
          action: mongodb.compare
          with: { left: orders, right: { target: copy, collection: orders }, liveWrites: refuse }
          expect: { field: unexplained, equals: 0 }
      """,
      """
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
        chat: { type: http, baseUrl: "https://chat.example.org" }
      preconditions:
        - { id: writable, title: It is writable, action: mongodb.ping, expect: { field: writable, equals: true } }
      notify:
        - { events: [succeeded], target: chat }
      """,
    ]
  ) { facts, report in
    for target in facts.plan.targets where !facts.used.targets.contains(target.name) {
      report.add(
        .target(target.name), "nothing works on the target '\(target.name)'", at: target.nameRange,
        help: "name it where it is meant, or remove it")
    }
  }
}
