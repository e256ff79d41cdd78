import Foundation
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookCommands

/// `runbook explain`: everything that the program can say about itself, without a file beside it.
@Suite struct ExplainTests {
  private static let explanation = Explanation(catalog: Wiring.catalog())

  private static func text(_ topic: String) -> String { explanation.text(explanation.subjects(of: topic)) }

  // MARK: what is made from elsewhere

  @Test func thePagesInsideAreThoseOfTheDocumentation() throws {
    let folder = Program.repository.appendingPathComponent("docs/errors")
    var pages: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix("RB") && name.hasSuffix(".md") {
      let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      pages[String(name.dropLast(3))] = text.trimmingCharacters(in: .newlines)
    }
    let all = Set(pages.keys).union(ErrorPages.all.keys)
    let differing = all.filter { pages[$0] != ErrorPages.all[$0] }.sorted()
    #expect(differing == [], "the program's pages are not those of docs/errors: run 'make pages'")
  }

  @Test func theReferenceOfActionsIsMadeFromTheDescriptors() throws {
    let file = Program.repository.appendingPathComponent("docs/actions.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text == ActionReference(catalog: Wiring.catalog()).markdown, "docs/actions.md is not what the descriptors say: run 'make docs'")
  }

  @Test func theBlocksOfTheReferenceLoad() throws {
    let file = Program.repository.appendingPathComponent("docs/actions.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let blocks = text.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }
    #expect(blocks.count == DescriptorTests.descriptors.count)
    for block in blocks {
      let name = try #require(block.firstMatch(of: #/action: ([A-Za-z.]+)/#)?.1)
      let descriptor = try #require(DescriptorTests.catalog.descriptor(named: String(name)))
      #expect(ExamplePlan.diagnostics(ExamplePlan.around(descriptor, example: block)).map(\.message) == [], "\(block)")
    }
  }

  // MARK: topics

  @Test func aCodeIsItsPage() {
    #expect(Self.text("RB2001").hasPrefix("RB2001: unknown action\n\nCause\n\nThe catalog of actions has no such name."))
    #expect(Self.text("rb2001") == Self.text("RB2001"))
    #expect(Self.text("error[RB2001]") == Self.text("RB2001"), "as it stands in a message")
  }

  @Test func anActionTellsFieldsOutputsStoppingResumingAndItsWayBack() {
    let text = Self.text("mongodb.update")
    #expect(text.contains("after a crash  open writes are resolved with the server"))
    #expect(text.contains("stopping       it stops at the next batch border"))
    #expect(text.contains("way back       rollback: auto (the default) puts each field back"))
    #expect(text.contains("batch.size"))
    #expect(text.contains("The main output. Documents changed"))
    #expect(text.contains("  - id: add-fields"))
    #expect(!text.contains("`"))
    let unbuilt = Self.text("http.probe")
    #expect(unbuilt.contains("not built      a plan with it loads and is checked; running the plan is refused"))
    #expect(unbuilt.contains("minSamples counts samples; confidence judges errorRate, made of failures and samples"))
  }

  @Test func aKeyTellsWhatItMeansWhereverItStands() {
    let text = Self.text("onFail")
    #expect(text.contains("'onFail' in a check: What follows when what is seen is not what is expected."))
    #expect(text.contains("'onFail' in a rollback trigger: "))
    #expect(text.contains("  takes    rollback, pause, warn\n  required"))
    #expect(Self.text("rollbackScope").contains("  default  plan"))
    #expect(Self.text("failures").contains("max"), "a key with keys of its own lists them")
    #expect(Self.text("target").contains("of type mongodb"))
    #expect(Self.text("inDoubt").contains("mongodb.update"), "a field of an action")
  }

  @Test func everyKeyActionAndCodeIsATopic() {
    for key in Self.explanation.keys { #expect(!Self.explanation.subjects(of: key).isEmpty, "\(key)") }
    for name in Wiring.catalog().names { #expect(!Self.explanation.subjects(of: name).isEmpty, "\(name)") }
    for code in Self.explanation.codes { #expect(!code.title.isEmpty && code.title.first != "#", "\(code)") }
  }

  // MARK: the command

  @Test func unknownTopicsAreMet() async throws {
    try await Workplace.lend { place in
      func help(_ topic: String) async throws -> String {
        let ended = try await place.program.run("explain", topic)
        #expect(ended.status == 64 && ended.output.isEmpty, "\(ended)")
        return ended.error
      }
      let key = try await help("onFial")
      #expect(key == "error[RB0064]: there is nothing to explain that is called 'onFial'\nhelp: did you mean 'onFail'?\n")
      let action = try await help("mongodb.updat")
      #expect(action.contains("did you mean 'mongodb.update'?"))
      let code = try await help("RB9999")
      #expect(code.contains("help: 'runbook explain' lists codes, actions, keys and rules"))
    }
  }

  @Test func listsItsTopics() async throws {
    try await Workplace.lend { place in
      let ended = try await place.program.run("explain")
      #expect(ended.status == 0)
      for part in ["mongodb.update", "rollbackScope", "RB2001  unknown action"] { #expect(ended.output.contains(part), "\(part)") }
      let data = try await place.program.run("explain", "--format", "json")
      let topics = try #require(try JSONSerialization.jsonObject(with: Data(data.output.utf8)) as? [String: [Any]])
      #expect(topics["codes"]?.count == ErrorPages.all.count)
      let one = try await place.program.run("explain", "mongodb.count", "--format", "json")
      let subjects = try #require(try JSONSerialization.jsonObject(with: Data(one.output.utf8)) as? [[String: Any]])
      #expect(subjects.first?["effectClass"] as? String == "read")
    }
  }
}
