import RunbookPlan
import RunbookSyntax

extension Lint {
  /// The environment that a param names, and a target that names another.
  static let environmentMismatch = LintRule(
    code: "L114", name: "environment-mismatch", severity: .error,
    summary: "A target names another environment than the plan's param does, or than another target.",
    reason: """
      A plan that says staging and reaches production is how production is changed by a rehearsal. What is compared are the names: those of \
      databases, addresses and identities, as far as they are known.
      """,
    bad: [
      """
      params:
        environment: { type: enum, values: [staging, production], default: staging }
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop-production }
      """,
      """
      params:
        environment: { type: enum, values: [staging, production], default: production }
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop, identity: { replicaSet: stg-rs0 } }
      """,
      """
      # The two disagree with each other.
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop-prod }
        api: { type: http, baseUrl: "https://api.staging.example.org" }
      """,
    ],
    good: [
      """
      params:
        environment: { type: enum, values: [staging, production], default: staging }
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: shop-staging, identity: { replicaSet: staging-rs } }
      """,
      """
      params:
        environment: { type: enum, values: [staging, production], default: staging }
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: "shop-${{ params.environment }}" }
      """,
      """
      # A word that begins like one is another word.
      params:
        environment: { type: enum, values: [staging, production], default: staging }
      targets:
        shop: { type: mongodb, uri: "${{ secrets.mongodbUri }}", database: products }
      """,
    ]
  ) { facts, report in
    let param = facts.plan.params.first { ["environment", "env", "stage"].contains($0.name.lowercased()) }
    let wanted = param.flatMap { param in
      facts.values.value(of: Reference(root: .params, path: [param.name], text: "params.\(param.name)", range: param.nameRange))?
        .stringValue
    }
    var first: (environment: Environment, name: String, range: SourceRange)?
    for target in facts.plan.targets {
      for (words, range) in names(of: target, facts.values) {
        guard let named = Environment(in: words) else { continue }
        if let param, let wanted, let expected = Environment(word: wanted) {
          guard named != expected else { continue }
          report.add(
            .target(target.name), "target '\(target.name)' names \(named.words), and '\(param.name)' is \(wanted)", at: range,
            notes: [("the environment is declared here", param.nameRange)],
            help: "refer to params.\(param.name) in the name, or mend what is wrong")
        } else if let first, first.environment != named {
          report.add(
            .target(target.name),
            "target '\(target.name)' names \(named.words), and target '\(first.name)' names \(first.environment.words)",
            at: range, notes: [("the other one is named here", first.range)], help: "let all targets be of one environment")
        } else if first == nil {
          first = (named, target.name, range)
        }
      }
    }
  }

  /// What a target is called where it stands, as far as that is known.
  private static func names(of target: TargetDeclaration, _ values: KnownValues) -> [(words: String, range: SourceRange)] {
    let wanted: Set<String> = ["uri", "database", "baseUrl"]
    var templates = target.fields.filter { wanted.contains($0.key) }.map(\.value)
    if let identity = target.identity { templates += identity.entries.flatMap { $0.value.items.isEmpty ? [$0.value] : $0.value.items } }
    return templates.map { (values.name($0), $0.range) }
  }
}

/// Kinds of environments that people name alike.
enum Environment: Equatable {
  case production, staging, development, testing

  var words: String {
    switch self {
    case .production: "production"
    case .staging: "staging"
    case .development: "development"
    case .testing: "a test environment"
    }
  }

  init?(word: some StringProtocol) {
    switch word.lowercased() {
    case "production", "prod", "prd", "live": self = .production
    case "staging", "stage", "stg": self = .staging
    case "development", "dev": self = .development
    case "test", "testing", "qa", "uat": self = .testing
    default: return nil
    }
  }

  /// The one that a word of a name says; nil where none does, or where two disagree.
  init?(in text: String) {
    let found = text.split { !$0.isLetter }.compactMap { Environment(word: $0) }
    guard let first = found.first, found.allSatisfy({ $0 == first }) else { return nil }
    self = first
  }
}
