import Foundation
import RunbookTestSupport
import Testing

/// What the documents and the repository offer as a plan is one.
@Suite struct DocumentationTests {
  /// The blocks between ```yaml and ``` that are whole runbooks.
  private static func runbooks(in text: String) -> [String] {
    text.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }
      .filter { $0.hasPrefix("apiVersion:") }
  }

  @Test func theFirstPlanOfTheReadmeRunsAndIsTakenBack() async throws {
    try await Workplace.lend { place in
      let readme = try String(contentsOfFile: Program.repository.path + "/README.md", encoding: .utf8)
      let text = try #require(Self.runbooks(in: readme).first, "the README has a first plan")
      let database = try #require(text.range(of: "database: shop"), "the plan names its database")
      let plan = place.directory.appendingPathComponent("first.yaml").path
      let own = text.replacingCharacters(in: database, with: "database: \(place.database)").replacing(
        "collection: items", with: "collection: assets")
      try own.write(toFile: plan, atomically: true, encoding: .utf8)
      let checked = try await place.program.run("validate", plan)
      #expect(checked.status == 0, "\(checked)")
      let ended = try await place.program.run("execute", plan)
      #expect(ended.status == 0, "\(ended)")
      let back = try await place.program.run("rollback")
      #expect(back.status == 3, "\(back)")
    }
  }

  @Test func everyPlanOfTheRepositoryIsValid() async throws {
    try await Workplace.lend { place in
      let directory = Program.repository.path + "/plans"
      let plans = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".yaml") }
      #expect(!plans.isEmpty)
      for plan in plans {
        let checked = try await place.program.run("validate", "\(directory)/\(plan)")
        #expect(checked.status == 0, "\(checked)")
        #expect(!checked.error.contains("not built"), "a plan that ships runs whole: \(checked)")
      }
    }
  }
}
