import Foundation
import RunbookActions
import RunbookLint
import RunbookMongoActions
import RunbookPlan
import RunbookSyntax
import RunbookTestSupport
import Testing

/// The repository's root.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

enum LintBench {
  /// Every action that the format has, built or announced.
  static let catalog = ActionCatalog(
    actions: FlowActions.all() + ProgramActions.all(ProgramRunning(programs: Programs(), environment: [:])) + MongoActions.all(),
    announced: AnnouncedActions.all + MongoActions.announced)

  /// A plan that must load and bind without an error.
  static func bound(_ text: String, path: String = "plan.yaml", params: ValueMap = [:], includes: IncludeReader? = nil) throws -> BoundPlan
  {
    let loaded = PlanLoader.load(SourceFile(path: path, text: text), includes: includes)
    #expect(!loaded.hasErrors, "\(loaded.diagnostics.rendered())")
    let plan = try #require(loaded.plan)
    let result = catalog.bind(plan, params: params)
    #expect(!result.diagnostics.contains { $0.severity == .error }, "\(result.diagnostics.rendered())")
    return try #require(result.bound)
  }

  static func findings(_ text: String, path: String = "plan.yaml", rules: [LintRule] = Lint.rules) throws -> [Finding] {
    Lint.findings(of: try bound(text, path: path), rules: rules)
  }

  /// Those that are to be reported, as people read them.
  static func told(_ text: String, path: String = "plan.yaml", rules: [LintRule] = Lint.rules) throws -> String {
    try findings(text, path: path, rules: rules).filter { $0.ignored == nil }.map { $0.diagnostic.rendered() }.joined(separator: "\n")
  }
}
