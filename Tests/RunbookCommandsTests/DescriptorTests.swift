import RunbookActions
import RunbookPlan
import RunbookSyntax
import RunbookTestSupport
import Testing

@testable import RunbookCommands

/// What the descriptors of all actions promise each other, and examples that load.
@Suite struct DescriptorTests {
  static let catalog = Wiring.catalog()
  static let descriptors = catalog.names.compactMap { catalog.descriptor(named: $0) }

  /// The actions of format v1.
  private static let names = [
    "baseline.record", "exec.check", "exec.run", "http.check", "http.latency", "http.probe", "http.request", "manual.approve",
    "manual.confirm", "metric.prometheus", "mongodb.aggregate", "mongodb.backup", "mongodb.command", "mongodb.compare", "mongodb.count",
    "mongodb.createCollection", "mongodb.createIndex", "mongodb.delete", "mongodb.distribution", "mongodb.dropCollection",
    "mongodb.dropIndex", "mongodb.explain", "mongodb.fields", "mongodb.find", "mongodb.indexes", "mongodb.insert", "mongodb.latency",
    "mongodb.ping", "mongodb.renameCollection", "mongodb.restore", "mongodb.setValidator", "mongodb.transform", "mongodb.update",
    "mongodb.validate", "note", "notify.webhook", "shell.run", "wait.for", "wait.until",
  ]

  @Test func everyActionOfTheFormatIsDescribed() {
    #expect(Self.catalog.names == Self.names)
  }

  @Test(arguments: names) func isWhole(_ name: String) throws {
    let descriptor = try #require(Self.catalog.descriptor(named: name))
    let outputs = descriptor.outputs.map(\.name)
    #expect(descriptor.summary.last == "." && descriptor.summary.count > 15)
    #expect(Set(outputs).count == outputs.count)
    if descriptor.hasOutputsByArgument, descriptor.mainOutput == nil {
      #expect(outputs.isEmpty)
    } else {
      let main = try #require(descriptor.mainOutput)
      #expect(outputs.contains(main))
    }
    for output in descriptor.outputs { #expect(output.summary.last == ".", "\(output.name)") }
    for flat in descriptor.flatFields {
      #expect(flat.field.summary.last == ".", "\(flat.path)")
      #expect(!(flat.field.isRequired && flat.field.defaultText != nil), "\(flat.path) is required and has a default")
    }
    if let rate = descriptor.rate {
      #expect(Set([rate.output, rate.failures, rate.samples]).isSubset(of: outputs))
      #expect(descriptor.operations == rate.samples)
    }
    if let operations = descriptor.operations { #expect(outputs.contains(operations)) }
    #expect(descriptor.isMutating != (descriptor.inverse == .notNeeded), "what changes something has a way back or says that it has none")
    if descriptor.effectClass == .read { #expect(!descriptor.isMutating) }
  }

  /// Defaults are shown as they would be written, so each must be a value of its field.
  @Test(arguments: names) func defaultsAreValues(_ name: String) throws {
    let descriptor = try #require(Self.catalog.descriptor(named: name))
    for field in descriptor.fields {
      guard let text = field.defaultText else { continue }
      let plan = ExamplePlan.around(descriptor, example: Self.step(name, argument: "\(field.name): \(text)"))
      let mistakes = ExamplePlan.diagnostics(plan).filter {
        $0.message.hasPrefix("\(field.name): ") || $0.message.contains("'\(field.name)'")
      }
      #expect(mistakes.map(\.message) == [], "\(field.name): \(text)")
    }
  }

  private static func step(_ name: String, argument: String) -> String {
    "- id: x\n  action: \(name)\n  with: { \(argument) }"
  }

  @Test(arguments: names) func examplesLoad(_ name: String) throws {
    let descriptor = try #require(Self.catalog.descriptor(named: name))
    #expect(descriptor.example.contains("action: \(name)"))
    let plan = ExamplePlan.around(descriptor, example: descriptor.example)
    let found = ExamplePlan.diagnostics(plan).rendered(colored: false)
    #expect(found == "", "\(plan)")
  }
}

/// A plan around the example of an action, with everything that examples refer to.
enum ExamplePlan {
  static func around(_ descriptor: ActionDescriptor, example: String) -> String {
    let backup = "- { id: backup, action: mongodb.backup, with: { to: assets_backup } }"
    let needsBackup = example.contains("backup: backup")
    var lists: [String] = []
    switch descriptor.exampleKind {
    case .step: lists = ["    steps:", indented((needsBackup ? backup + "\n" : "") + example, by: 6)]
    case .check:
      lists = ["    steps:", indented(needsBackup ? backup : "- { id: say, action: note, with: { text: x } }", by: 6)]
      lists += ["    verify:", indented(example, by: 6)]
    case .trigger:
      lists = ["    steps: [ { id: say, action: note, with: { text: x } } ]", "    rollbackTriggers:", indented(example, by: 6)]
    }
    return head + "phases:\n  - id: one\n" + lists.joined(separator: "\n") + "\n"
  }

  static func diagnostics(_ text: String) -> [Diagnostic] {
    let loaded = PlanLoader.load(path: "example.yaml", text: text)
    guard let plan = loaded.plan else { return loaded.diagnostics }
    return (loaded.diagnostics + Wiring.catalog().bind(plan, params: [:]).diagnostics).inOrderOfPlace()
  }

  private static func indented(_ text: String, by count: Int) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : String(repeating: " ", count: count) + $0 }
      .joined(separator: "\n")
  }

  private static let head = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: example }
    people: { dba: { name: Database administrator }, qa: { name: QA engineer } }
    params: { backupDate: { type: date, default: 2025-01-18 } }
    secrets: { uri: { fromEnv: MONGODB_URI }, apiToken: { fromEnv: API_TOKEN } }
    targets:
      main: { type: mongodb, uri: "${{ secrets.uri }}", database: shop }
      api: { type: http, baseUrl: "http://localhost:8080" }
      chat: { type: http, baseUrl: "http://localhost:8081" }
      metrics: { type: prometheus, baseUrl: "http://localhost:9090" }
    defaults: { target: main, collection: assets }

    """
}
