import RunbookPlan

extension Lint {
  /// A param that nothing refers to.
  static let unusedParam = LintRule(
    code: "L119", name: "unused-param", severity: .warning,
    summary: "A param is declared, and nothing refers to it.",
    reason: """
      Whoever gives it a value believes that it does something. Mostly a reference was forgotten, and what should follow the param is written out.
      """,
    bad: [
      """
      params:
        day: { type: date, default: 2025-01-18 }
      """,
      """
      params:
        limit: { type: integer, default: 5 }
        most: { type: integer, default: 5 }
      phases:
        - id: change
          title: The change
          steps:
            - { id: told, title: Tell, action: note, with: { text: "at most ${{ params.most }}" } }
      """,
      """
      # The name of the collection is written out.
      params:
        collection: { type: string, default: orders }
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, title: Look, action: mongodb.count, collection: orders }
      """,
    ],
    good: [
      """
      params:
        day: { type: date, default: 2025-01-18 }
      phases:
        - id: change
          title: The change
          steps:
            - { id: backup, title: Back orders up, action: mongodb.backup, with: { to: "orders_${{ params.day }}" } }
      """,
      """
      params:
        database: { type: string, default: shop }
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: "${{ params.database }}" }
      """,
      """
      params:
        deep: { type: boolean, default: false }
      phases:
        - id: change
          title: The change
          when: { value: "${{ params.deep }}", equals: true }
          steps:
            - { id: told, title: Tell, action: note, with: { text: deep } }
      """,
    ]
  ) { facts, report in
    for param in facts.plan.params where !facts.used.params.contains(param.name) {
      report.add(
        .param(param.name), "nothing refers to the param '\(param.name)'", at: param.nameRange,
        help: "refer to it with ${{ params.\(param.name) }}, or remove it")
    }
  }
}
