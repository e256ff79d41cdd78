/// A few lines of a plan that show a rule: items of `steps`, or keys of the plan's top level. What they do not say is said by a small plan around
/// them.
public struct LintExample: Sendable, ExpressibleByStringLiteral {
  /// As it is shown.
  public let text: String

  public init(stringLiteral value: String) { text = value }

  /// A whole plan with it.
  public var plan: String {
    let isSteps = text.split(separator: "\n").first { !$0.drop { $0 == " " }.hasPrefix("#") }?.hasPrefix("- ") ?? false
    let own = Set(text.split(separator: "\n").compactMap { $0.first?.isLetter == true ? $0.split(separator: ":").first : nil })
    var plan = isSteps ? "" : text + "\n"
    // The first line of a plan may be an inline ignore, so what stands around comes behind.
    for (key, lines) in Self.surroundings where isSteps || !own.contains(Substring(key)) {
      plan += lines + (key == "phases" ? (isSteps ? Self.indented(text) : Self.harmlessStep) : "")
    }
    return plan
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "\n" : "      \($0)\n" }.joined()
  }

  private static let harmlessStep = "      - { id: said, title: Say so, action: note, with: { text: done } }\n"

  private static let surroundings = [
    ("apiVersion", "apiVersion: runbook/v1\n"),
    ("kind", "kind: Runbook\n"),
    ("metadata", "metadata: { id: example, title: An example }\n"),
    ("people", "people:\n  dba: { name: Database administrator, contact: \"#db-oncall\" }\n"),
    ("secrets", "secrets:\n  mongodbUri: { fromEnv: MONGODB_URI }\n"),
    (
      "targets",
      "targets:\n  shop: { type: mongodb, uri: \"${{ secrets.mongodbUri }}\", database: shop }\n"
        + "  api: { type: http, baseUrl: \"https://api.example.org\" }\n"
    ),
    ("defaults", "defaults: { target: shop, collection: orders }\n"),
    ("phases", "phases:\n  - id: change\n    title: The change\n    owner: dba\n    steps:\n"),
  ]
}
