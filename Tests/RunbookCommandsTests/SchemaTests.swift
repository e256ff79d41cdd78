import Foundation
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookCommands

/// What `runbook schema` prints, judged by a validator that knows nothing of the program.
@Suite struct SchemaTests {
  /// What the validator found, by file.
  private static func judge(_ place: Workplace, schema: [String] = [], _ files: [String]) async throws -> [[(document: Int, path: String)]]
  {
    let printed = try await place.program.run(["schema"] + schema)
    #expect(printed.status == 0 && printed.error.isEmpty, "\(printed)")
    try place.file("schema.json", printed.output)
    let root = Program.repository.path
    let files = files.map { "'\($0)'" }.joined(separator: " ")
    let ended = try await place.program.shell("'\(root)/tools/python' '\(root)/tools/schema-check' schema.json \(files)")
    #expect(ended.error == "", "\(ended)")
    return try ended.output.split(separator: "\n").map { line in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      return try #require(object["findings"] as? [[String: Any]]).map { ($0["document"] as? Int ?? 0, $0["path"] as? String ?? "") }
    }
  }

  @Test func everyPlanOfTheRepositoryFits() async throws {
    try await Workplace.lend { place in
      let root = Program.repository.path
      var plans: [String] = []
      for folder in ["plans", "Tests/Fixtures/plans"] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").filter { $0.hasSuffix(".yaml") }
        plans += names.map { "\(root)/\(folder)/\($0)" }
      }
      #expect(plans.count >= 5)
      let judged = try await Self.judge(place, plans)
      #expect(judged.count == plans.count)
      for (plan, findings) in zip(plans, judged) { #expect(findings.map(\.path) == [], "\(plan)") }
    }
  }

  @Test func everyExampleFits() async throws {
    try await Workplace.lend { place in
      let plans = DescriptorTests.descriptors.map { ExamplePlan.around($0, example: $0.example) }
      try place.file("examples.yaml", plans.joined(separator: "---\n"))
      let judged = try await Self.judge(place, ["examples.yaml"])
      let findings = judged.joined().map { "\(DescriptorTests.descriptors[$0.document - 1].name): \($0.path)" }
      #expect(findings == [])
    }
  }

  /// What the loader accepts must fit; the loader is asked, too.
  @Test func whatTheLoaderTakesFits() async throws {
    try await Workplace.lend { place in
      let plans = SchemaSamples.good.map { SchemaSamples.plan($0) }
      for plan in plans { #expect(ExamplePlan.diagnostics(plan).rendered(colored: false) == "", "\(plan)") }
      try place.file("good.yaml", plans.joined(separator: "---\n"))
      let findings = try await Self.judge(place, ["good.yaml"]).joined().map { "\(SchemaSamples.good[$0.document - 1]): \($0.path)" }
      #expect(findings == [])
    }
  }

  /// What does not fit is refused by the loader, too: the schema is not stricter than the format.
  @Test func badDocumentsAreRefused() async throws {
    try await Workplace.lend { place in
      let plans = SchemaSamples.bad.map { SchemaSamples.plan($0.text) }
      try place.file("bad.yaml", plans.joined(separator: "---\n"))
      let findings = try await Self.judge(place, ["bad.yaml"]).joined()
      for (index, sample) in SchemaSamples.bad.enumerated() {
        let paths = findings.filter { $0.document == index + 1 }.map(\.path)
        #expect(paths.contains { $0.hasPrefix(sample.path) }, "\(sample.text) should be refused at \(sample.path), not at \(paths)")
        #expect(ExamplePlan.diagnostics(plans[index]).contains { $0.severity == .error }, "the loader takes \(sample.text)")
      }
    }
  }

  @Test func oneActionAlone() async throws {
    try await Workplace.lend { place in
      try place.file("arguments.yaml", "{ filter: { a: 1 }, collection: assets }\n---\n{ filtre: { a: 1 } }\n---\n{ filter: 1 }\n")
      let findings = try await Self.judge(place, schema: ["--action", "mongodb.count"], ["arguments.yaml"]).joined()
      #expect(findings.map(\.document) == [2, 3])
      let unknown = try await place.program.run("schema", "--action", "mongodb.cout")
      #expect(unknown.status == 64)
      #expect(unknown.error == "error[RB0064]: there is no action 'mongodb.cout'\nhelp: did you mean 'mongodb.count'?\n")
    }
  }

  // MARK: the schema itself

  @Test func hasEveryKeyOfTheFormatAndEveryField() throws {
    let schema = PlanSchema(catalog: Wiring.catalog()).document
    func keys(_ definition: Value?) -> Set<String> { Set(definition?["properties"]?.mapValue?.keys.elements ?? []) }
    func definition(_ name: String) -> Value? { schema["$defs"]?[name] }
    for mapping in FormatDescription.mappings where !["runbook", "check", "step"].contains(mapping.name) {
      #expect(keys(definition(mapping.name)) == Set(mapping.keys.map(\.name)), "\(mapping.name)")
    }
    #expect(keys(schema) == Set(FormatDescription.mapping("runbook")?.keys.map(\.name) ?? []))
    #expect(keys(definition("step")) == Set(FormatDescription.mapping("step")?.keys.map(\.name) ?? []))
    let sites = CheckSite.allCases.map { keys(definition("check-\($0.rawValue)")) }
    #expect(sites.reduce([]) { $0.union($1) } == Set(FormatDescription.mapping("check")?.keys.map(\.name) ?? []))
    for descriptor in DescriptorTests.descriptors {
      #expect(keys(definition("with-\(descriptor.name)")).isSuperset(of: descriptor.fields.map(\.name)), "\(descriptor.name)")
    }
  }

  @Test func everyReferenceLeadsSomewhere() throws {
    let schema = PlanSchema(catalog: Wiring.catalog()).document
    let definitions = try #require(schema["$defs"]?.mapValue)
    func references(_ value: Value) -> [String] {
      switch value {
      case .map(let map): map.flatMap { $0.key == "$ref" ? [$0.value.stringValue ?? ""] : references($0.value) }
      case .list(let items): items.flatMap(references)
      default: []
      }
    }
    let missing = Set(references(schema)).filter { definitions[String($0.dropFirst("#/$defs/".count))] == nil }
    #expect(missing.sorted() == [])
  }
}
