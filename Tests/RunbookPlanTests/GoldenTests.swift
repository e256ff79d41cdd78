import RunbookPlan
import RunbookSyntax
import Testing

/// A mistake and what is said about it.
struct Golden: Sendable, CustomTestStringConvertible {
  var name: String
  var old: String
  var new: String
  var expected: String

  init(_ name: String, _ old: String, _ new: String, _ expected: String) {
    self.name = name
    self.old = old
    self.new = new
    self.expected = expected
  }

  var testDescription: String { name }
}

@Suite struct GoldenTests {
  @Test func theSamplePlanLoadsWithoutAWord() {
    let loaded = PlanLoader.load(path: "x.yaml", text: Samples.plan)
    #expect(loaded.diagnostics.rendered() == "")
    #expect(loaded.plan?.unbuilt == [])
  }

  @Test(arguments: Golden.part1 + Golden.part2 + Golden.part3 + Golden.triggers + Golden.triggerPlaces)
  func aMistakeIsTold(_ golden: Golden) {
    #expect(Samples.rendered(Samples.plan(golden.old, golden.new)) == golden.expected)
  }

  @Test func everyCodeOfTheLoaderIsShownOnce() {
    // These are said elsewhere: when a plan runs, or of params on the command line.
    let elsewhere: Set<PlanCode> = [
      .notForDocuments, .paramGivenTwice, .paramValue, .fixedParam, .numberTooLarge, .keyTooLong,
    ]
    let rules = (GoldenRule.part1 + GoldenRule.part2).map(\.expected)
    let includes = (GoldenInclude.part1 + GoldenInclude.part2 + GoldenInclude.part3).map(\.expected)
    let triggers = (Golden.triggers + Golden.triggerPlaces).map(\.expected)
    let shown = ((Golden.part1 + Golden.part2 + Golden.part3).map(\.expected) + rules + includes + triggers).joined()
    for code in PlanCode.allCases where !elsewhere.contains(code) {
      #expect(shown.contains("error[\(code.rawValue)]"), "no golden message shows \(code)")
    }
  }

  @Test func codesAreDistinctAndExplained() {
    #expect(Set(PlanCode.allCases.map(\.rawValue)).count == PlanCode.allCases.count)
    for code in PlanCode.allCases { #expect(code.explanation.cause != "The plan is not as it must be.", "\(code) has no explanation") }
  }

  @Test func allMistakesOfAFileAreToldInOrder() {
    let text = Samples.plan.replacing("owner: dba", with: "owner: nobody").replacing("timeout: 1m", with: "timeout: 1")
      .replacing("keepUndo: 2d", with: "keepUndo: 2")
    let loaded = PlanLoader.load(path: "x.yaml", text: text)
    #expect(loaded.diagnostics.map(\.code) == ["RB1008", "RB1106", "RB1008"])
    #expect(loaded.plan == nil && loaded.draft != nil && loaded.hasErrors)
  }

  @Test func whatIsNotCarriedOutIsNamedWithItsPlace() throws {
    let text = Samples.plan.replacing("phases:\n", with: "notify: [ { events: [succeeded], target: api } ]\nphases:\n")
    let plan = try #require(PlanLoader.load(path: "x.yaml", text: text).plan)
    #expect(plan.unbuilt.map(\.key) == ["notify"])
    #expect(plan.unbuilt.map { plan.place(of: $0.range).start.line } == [25])
  }
}
