import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A step without a title in a plan that can reach production.
  static let stepWithoutTitle = LintRule(
    code: "L123", name: "step-without-title", severity: .note,
    summary: "A step or phase has no title, in a plan that can reach production.",
    reason: """
      In the middle of the night people read titles: in the live view, in what they are asked, in the report afterwards. An id says what a step is \
      called, a title what it is for.
      """,
    bad: [
      """
      params:
        environment: { type: enum, values: [staging, production], default: staging }
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, action: mongodb.count }
      """,
      """
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop-production }
      phases:
        - id: change
          steps:
            - { id: look, title: Look, action: mongodb.count }
      """,
      """
      params:
        environment: { type: string, default: prod }
      phases:
        - id: change
          title: The change
          steps:
            - { id: told, action: note, with: { text: "in ${{ params.environment }}" } }
      """,
    ],
    good: [
      """
      params:
        environment: { type: enum, values: [staging, production], default: staging }
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, title: Look at orders, action: mongodb.count }
      """,
      """
      # Nothing here names production.
      - { id: look, action: mongodb.count }
      """,
      """
      params:
        environment: { type: enum, values: [dev, staging], default: dev }
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, action: mongodb.count }
      """,
    ]
  ) { facts, report in
    guard facts.canReachProduction else { return }
    for phase in facts.plan.phases where phase.title == nil {
      report.add(.phase(phase.id), "phase '\(phase.id)' has no title", at: phase.idRange, help: "add title: what it is for")
    }
    for step in facts.steps where step.step.title == nil {
      report.add(.step(step.id), "step '\(step.id)' has no title", at: step.range, help: "add title: what it is for")
    }
  }
}

extension PlanFacts {
  /// Whether a param or a target names production.
  var canReachProduction: Bool {
    for param in plan.params {
      if case .choice(let words) = param.type, words.contains(where: { Environment(word: $0) == .production }) { return true }
      if case .string(let text)? = param.defaultValue, Environment(word: text) == .production { return true }
    }
    return plan.targets.contains { target in
      target.fields.contains { ["uri", "database", "baseUrl"].contains($0.key) && Environment(in: values.name($0.value)) == .production }
    }
  }
}
