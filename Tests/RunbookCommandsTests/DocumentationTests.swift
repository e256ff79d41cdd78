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

  /// Commands of the contract that are still to come; the documents may speak of them.
  private static let toCome: Set<String> = [
    "approve", "reject", "serve", "init", "import", "doctor", "rehearse",
  ]

  /// Every `runbook …` in a code span or block of the documents.
  private static func commands(in text: String) -> [[String]] {
    let spans = text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    let blocks = text.components(separatedBy: "\n```").enumerated().filter { $0.offset % 2 == 1 }.flatMap {
      $0.element.split(separator: "\n")
    }
    return (spans.filter { !$0.contains("\n") } + blocks).compactMap { line in
      guard line.hasPrefix("runbook ") else { return nil }
      let words = line.split(separator: "#")[0].split { " |[]…,".contains($0) }.dropFirst().map(String.init)
      return words.first.map { $0.allSatisfy { $0.isLowercase } } == true ? words : nil
    }
  }

  @Test func everyCommandThatTheDocumentsShowIsThere() async throws {
    let repository = Program.repository.path
    let files =
      try ["README.md", "CHANGELOG.md"] + FileManager.default.subpathsOfDirectory(atPath: repository + "/docs").map { "docs/" + $0 }
    var shown: [String: Set<String>] = [:]
    for file in files where file.hasSuffix(".md") {
      for words in Self.commands(in: try String(contentsOfFile: "\(repository)/\(file)", encoding: .utf8))
      where !Self.toCome.contains(words[0]) {
        shown[words[0], default: []].formUnion(words.filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) })
      }
    }
    #expect(shown.count >= 12 && shown["resume"]?.contains("--accept") == true, "the documents show the commands: \(shown.keys.sorted())")
    try await Workplace.lend { place in
      for (command, options) in shown.sorted(by: { $0.key < $1.key }) {
        let help = try await place.program.run("help", command)
        #expect(help.status == 0 && help.output.contains("USAGE: runbook \(command)"), "'runbook \(command)' is shown and does not exist")
        for option in options { #expect(help.output.contains(option), "'runbook \(command) \(option)' is shown and does not exist") }
      }
    }
  }
}
