extension Lint {
  /// A password, token or key in the text of a plan.
  static let secretInText = LintRule(
    code: "L113", name: "secret-in-text", severity: .error, isLocal: true,
    summary: "A password, a token or a key stands in the plan.",
    reason: """
      A plan lies in a repository, in the journal of every run and in reports. What is written in it is known to everybody who reads one of them, \
      and stays in their history when it is removed. It has to be taken back where it is good for something, and come from the environment, a \
      file or a command. What was found is never shown.
      """,
    bad: [
      """
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
        api: { type: http, baseUrl: "https://app:not-a-real-one@api.example.org" }
      """,
      """
      - id: deploy
        title: Deploy
        action: exec.run
        with:
          argv: [ ./deploy ]
          env: { API_TOKEN: not-a-real-one }
        onInterrupt: rerun
        rollback: { notNeeded: the old release goes on beside it }
      """,
      """
      - id: dump
        title: Dump
        action: exec.run
        with: { argv: [ mongodump, --password, not-a-real-one ] }
        onInterrupt: rerun
        rollback: { notNeeded: a dump harms nobody }
      """,
      """
      # The example key of the documentation of AWS.
      - { id: told, title: Tell, action: note, with: { text: "the bucket is read with AKIAIOSFODNN7EXAMPLE" } }
      """,
    ],
    good: [
      """
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop }
      """,
      """
      secrets:
        mongodbUri: { fromEnv: MONGODB_URI }
        token: { fromFile: /run/secrets/token }
      phases:
        - id: change
          title: The change
          steps:
            - id: deploy
              title: Deploy
              action: exec.run
              with:
                argv: [ ./deploy, --token-file, /run/secrets/token ]
                env: { API_TOKEN: "${{ secrets.token }}" }
              onInterrupt: rerun
              rollback: { notNeeded: the old release goes on beside it }
      """,
      """
      # The name of a field is no secret.
      - { id: hashed, title: Passwords are hashed, action: mongodb.count, with: { filter: { password: { $not: { $regex: "^\\\\$2b" } } } } }
      """,
    ]
  ) { facts, report in
    for found in facts.secrets {
      let help = "take it back where it is good for something, and refer to a secret: see 'runbook explain secrets'"
      switch found.kind {
      case .passwordInURI: report.add(found.subject, "a password stands in this address", at: found.secret.place, help: help)
      case .privateKey: report.add(found.subject, "this is a private key", at: found.secret.place, help: help)
      case .named(let name): report.add(found.subject, "'\(name)' stands in the plan as it is", at: found.secret.place, help: help)
      case .token(let service): report.add(found.subject, "this looks like a token of \(service)", at: found.secret.place, help: help)
      }
    }
  }
}
