import RunbookPlan

extension Lint {
  /// A secret that nothing refers to.
  static let unusedSecret = LintRule(
    code: "L121", name: "unused-secret", severity: .warning,
    summary: "A secret is declared, and nothing refers to it.",
    reason: """
      What a plan does not need it should not ask for: whoever runs it has to be given the secret, and a program that prints its environment shows it.
      """,
    bad: [
      """
      secrets:
        mongodbUri: { fromEnv: MONGODB_URI }
        token: { fromEnv: TOKEN }
      """,
      """
      secrets:
        mongodbUri: { fromEnv: MONGODB_URI }
        password: { fromFile: /run/secrets/password }
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
      """,
      """
      # An environment variable of that name is not the secret.
      secrets:
        mongodbUri: { fromEnv: MONGODB_URI }
        token: { fromCommand: [ pass, show, token ] }
      phases:
        - id: change
          title: The change
          steps:
            - id: deploy
              title: Deploy
              action: exec.run
              with: { argv: [ ./deploy ], env: { TOKEN_NAME: token } }
              onInterrupt: rerun
              rollback: { notNeeded: the old release goes on beside it }
      """,
    ],
    good: [
      """
      secrets:
        mongodbUri: { fromEnv: MONGODB_URI }
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
      """,
      """
      secrets:
        mongodbUri: { fromEnv: MONGODB_URI }
        token: { fromEnv: TOKEN }
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
        api: { type: http, baseUrl: "https://api.example.org", headers: { Authorization: "Bearer ${{ secrets.token }}" } }
      """,
      """
      secrets:
        mongodbUri: { fromEnv: MONGODB_URI }
        token: { fromEnv: TOKEN }
      phases:
        - id: change
          title: The change
          steps:
            - id: deploy
              title: Deploy
              action: exec.run
              with: { argv: [ ./deploy ], env: { TOKEN: "${{ secrets.token }}" } }
              onInterrupt: rerun
              rollback: { notNeeded: the old release goes on beside it }
      """,
    ]
  ) { facts, report in
    for secret in facts.plan.secrets where !facts.used.secrets.contains(secret.name) {
      report.add(
        .secret(secret.name), "nothing refers to the secret '\(secret.name)'", at: secret.range,
        help: "refer to it with ${{ secrets.\(secret.name) }}, or remove it")
    }
  }
}
