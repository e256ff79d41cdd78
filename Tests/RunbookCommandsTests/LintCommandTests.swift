import Foundation
import RunbookLint
import RunbookTestSupport
import Testing

@testable import RunbookCommands

/// `runbook lint`, and the forms of data that `validate` shares with it.
@Suite struct LintCommandTests {
  private static let head = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: example, title: An example }
    secrets: { uri: { fromEnv: MONGODB_URI } }
    targets: { shop: { type: mongodb, uri: "${{ secrets.uri }}", database: shop } }
    defaults: { target: shop, collection: orders }

    """
  private static let clean = """
    phases:
      - id: change
        title: The change
        steps:
          - { id: look, title: Look, action: mongodb.count }

    """
  /// Two warnings, an error and a note, and one finding that is ignored.
  private static let dirty = """
    phases:
      - id: change
        title: The change
        steps:
          - { id: backup, title: Back up, action: mongodb.backup, with: { to: orders_backup } }
          - id: mark      # runbook-lint: ignore unfiltered-update: every order is meant
            title: Mark
            action: mongodb.update
            with: { pipeline: [ { $set: { migrated: true } } ] }
            verify:
              - { id: some, title: Some, action: mongodb.count, with: { filter: { migrated: null, token: glpat-012345678901234567890 } }, expect: { above: 0 } }

    """

  /// Lends a directory with plans in it, and the program; no server is needed.
  private static func lend(_ files: [String: String], _ body: (Program) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-lint-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, text) in files { try Data(text.utf8).write(to: directory.appendingPathComponent(name)) }
    var environment: [String: String] = [:]
    for name in ["RUNBOOK_PYTHON"] { environment[name] = ProcessInfo.processInfo.environment[name] }
    try await body(try Program(in: directory, environment: environment))
  }

  private static func objects(_ text: String) throws -> [[String: Any]] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
  }

  @Test func theStatusSaysWhatCameOfIt() async throws {
    try await Self.lend(["clean.yaml": Self.head + Self.clean, "dirty.yaml": Self.head + Self.dirty, "broken.yaml": "kind: Runbook\n"]) {
      program in
      let clean = try await program.run("lint", "clean.yaml")
      #expect(clean.status == 0 && clean.output == "clean.yaml: no findings\n" && clean.error == "", "\(clean)")
      let dirty = try await program.run("lint", "clean.yaml", "dirty.yaml")
      #expect(dirty.status == 1 && dirty.error == "", "\(dirty)")
      #expect(dirty.output.hasPrefix("clean.yaml: no findings\n"))
      #expect(dirty.output.hasSuffix("dirty.yaml: 1 error, 2 warnings, 1 note, 1 ignored with a reason\n"), "\(dirty)")
      #expect(!dirty.output.contains("0123456789"), "a token is not shown")
      let broken = try await program.run("lint", "broken.yaml", "dirty.yaml")
      #expect(broken.status == 2 && broken.error.contains("broken.yaml: the plan has errors, so lint did not look at it"), "\(broken)")
      let usage = try await program.run("lint", "clean.yaml", "--rule", "null-compare")
      #expect(usage.status == 64 && usage.error.contains("did you mean 'null-compared'?"), "\(usage)")
    }
  }

  @Test func rulesAndSeveritiesAreChosen() async throws {
    try await Self.lend(["dirty.yaml": Self.head + Self.dirty]) { program in
      func rules(_ options: String...) async throws -> [String] {
        let ended = try await program.run(["lint", "dirty.yaml", "--format", "json"] + options)
        return try Self.objects(ended.output).filter { $0["ignored"] is NSNull }.compactMap { $0["rule"] as? String }
      }
      #expect(try await rules() == ["backup-not-proven", "fixed-backup-name", "null-compared", "secret-in-text"])
      #expect(try await rules("--rule", "L109") == ["null-compared"])
      #expect(try await rules("--ignore", "secret-in-text", "--ignore", "L130", "--ignore", "L104") == ["null-compared"])
      #expect(try await rules("--min-severity", "warning") == ["backup-not-proven", "null-compared", "secret-in-text"])
      #expect(try await rules("--min-severity", "error") == ["secret-in-text"])
      let nothing = try await program.run("lint", "dirty.yaml", "--rule", "no-baseline")
      #expect(nothing.status == 0)
    }
  }

  @Test func jsonSaysWhatItIsAboutAndWhyItIsIgnored() async throws {
    try await Self.lend(["dirty.yaml": Self.head + Self.dirty]) { program in
      let objects = try Self.objects(try await program.run("lint", "dirty.yaml", "--format", "json").output)
      let ignored = try #require(objects.first { $0["code"] as? String == "L102" })
      #expect(ignored["subject"] as? String == "step:mark" && ignored["ignored"] as? String == "every order is meant")
      #expect(ignored["line"] as? Int == 12 && ignored["severity"] as? String == "warning" && ignored["path"] as? String == "dirty.yaml")
    }
  }

  @Test func gitHubShowsThemBesideTheLines() async throws {
    try await Self.lend(["a,b.yaml": Self.head + Self.dirty, "broken.yaml": "apiVersion: 100%\nkind: Runbook\n"]) { program in
      let ended = try await program.run("lint", "a,b.yaml", "--format", "github", "--rule", "null-compared")
      #expect(
        ended.output == """
          ::warning file=a%2Cb.yaml,line=17,endLine=17,col=89,endColumn=93,title=L109 null-compared::this compares 'migrated' with null, and \
          documents without it count as null here%0Ahelp: write { $exists: false } for documents without it, { $type: "null" } for those \
          where it is null

          """)
      let broken = try await program.run("validate", "broken.yaml", "--format", "github")
      #expect(broken.status == 2 && broken.output.contains("::error file=broken.yaml,line=1,"), "\(broken)")
      #expect(broken.output.contains("100%25"), "\(broken)")
    }
  }

  /// The log is held against the parts of the standard that the program uses, by a validator that knows nothing of it.
  @Test func sarifFitsItsSchema() async throws {
    try await Self.lend(["dirty one.yaml": Self.head + Self.dirty, "clean.yaml": Self.head + Self.clean, "broken.yaml": "kind: 1\nx: [\n"])
    {
      program in
      let root = Program.repository.path
      let calls = [
        ("lint 'dirty one.yaml' clean.yaml", 1), ("lint clean.yaml", 0), ("validate broken.yaml", 2), ("validate clean.yaml", 0),
        ("lint broken.yaml", 2),
      ]
      for (number, call) in calls.enumerated() {
        let made = try await program.shell("runbook \(call.0) --format sarif >\(number).sarif")
        #expect(made.status == call.1, "\(call) \(made)")
      }
      let files = calls.indices.map { "\($0).sarif" }.joined(separator: " ")
      let judged = try await program.shell(
        "'\(root)/tools/python' '\(root)/tools/schema-check' '\(root)/Tests/Fixtures/sarif.json' \(files)")
      #expect(judged.status == 0, "\(judged)")
      let data = try Data(contentsOf: program.directory.appendingPathComponent("0.sarif"))
      let log = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let run = try #require((log["runs"] as? [[String: Any]])?.first)
      let results = try #require(run["results"] as? [[String: Any]])
      #expect(results.count == 5)
      let ignored = try #require(results.first { $0["ruleId"] as? String == "L102" })
      let suppression = try #require((ignored["suppressions"] as? [[String: Any]])?.first)
      #expect(suppression["justification"] as? String == "every order is meant" && suppression["kind"] as? String == "inSource")
      #expect((ignored["partialFingerprints"] as? [String: String]) == ["subject/v1": "unfiltered-update step:mark"])
      let text = String(decoding: data, as: UTF8.self)
      #expect(text.contains("\"uri\": \"dirty%20one.yaml\"") && !text.contains("0123456789"))
    }
  }

  // MARK: explaining rules

  @Test func theReferenceOfRulesIsMadeFromThem() throws {
    let file = Program.repository.appendingPathComponent("docs/lint.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text == RuleReference.markdown, "docs/lint.md is not what the rules say: run 'make docs'")
  }

  @Test func aRuleIsExplainedByNameByCodeAndAsItStandsInAMessage() {
    let explanation = Explanation(catalog: Wiring.catalog())
    let text = explanation.text(explanation.subjects(of: "null-compared"))
    #expect(text.hasPrefix("null-compared (L109, warning): A filter compares a field with null"))
    #expect(text.contains("Not like this\n\n  - { id: without-channel,") && text.contains("Like this\n"))
    #expect(explanation.text(explanation.subjects(of: "L109")) == text)
    #expect(explanation.text(explanation.subjects(of: "warning[L109 null-compared]")) == text)
    #expect(explanation.nearestTopic(to: "null-compare") == "null-compared")
  }
}
