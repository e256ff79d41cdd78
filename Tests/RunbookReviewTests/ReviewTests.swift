import Foundation
import RunbookActions
import RunbookPlan
import RunbookReport
import RunbookReview
import RunbookTestSupport
import Testing

@Suite struct ReviewTests {
  static func load(_ text: String) throws -> LoadedPlan {
    let loaded = PlanLoader.load(path: "plan.yaml", text: text)
    try #require(loaded.normalised != nil, "\(loaded.diagnostics.rendered(colored: false))")
    return loaded
  }

  static func bound(_ loaded: LoadedPlan) throws -> BoundPlan {
    let plan = try #require(loaded.plan)
    let result = TestCatalog.whole.bind(plan, params: bindParams(plan.params, given: [], file: nil, requiresAll: false).values)
    return try #require(result.bound, "\(result.diagnostics.rendered(colored: false))")
  }

  static func review(_ old: String, _ new: String) throws -> PlanReview {
    PlanReview(old: try load(old).normalised, new: try #require(try load(new).normalised)) { TestCatalog.whole.descriptor(named: $0) }
  }

  @Test(arguments: ReviewSamples.goldens) func aChangeIsToldByItsSentence(_ golden: ReviewSamples.Golden) throws {
    var text = ReviewSamples.plan
    for edit in golden.edits {
      try #require(text.contains(edit.from), "the sample has no \(edit.from)")
      let range = try #require(text.range(of: edit.from))
      text.replaceSubrange(range, with: edit.to)
    }
    let review = try Self.review(ReviewSamples.plan, text)
    let told = review.changes.map { "\($0.effect): \($0.sentence)" }.joined(separator: "\n")
    #expect(review.changes.contains { $0.sentence == golden.sentence }, "\(told)")
    #expect(review.verdict == golden.verdict, "\(told)")
    #expect(review.changes.allSatisfy { $0.kind != "other" })
    // Looked at the other way round, nothing that is taken away may be harmless.
    let back = try Self.review(text, ReviewSamples.plan)
    #expect(!back.changes.isEmpty && back.changes.allSatisfy { $0.kind != "other" })
    if golden.verdict == .stronger { #expect(back.verdict == .weaker || back.verdict == .changed, "\(back.changes.map(\.sentence))") }
    if golden.verdict != .harmless { #expect(back.verdict != .harmless, "\(back.changes.map(\.sentence))") }
  }

  @Test func thereAreEnoughGoldens() { #expect(ReviewSamples.goldens.count >= 40) }

  @Test func layoutIsNoChange() throws {
    let other =
      "# a comment\n"
      + ReviewSamples.plan.replacing(
        "metadata: { id: sample, title: A sample, keepUndo: 7d }",
        with: "metadata:\n  title: 'A sample'\n  x-note: mine\n  id: sample\n  keepUndo: \"7d\"")
    let review = try Self.review(ReviewSamples.plan, other)
    #expect(review.changes.isEmpty && review.verdict == .harmless)
  }

  /// Two plans with different digests: something is said, whatever differs.
  @Test func everyDifferenceIsSaid() throws {
    var generator = SplitMix(state: 7)
    let part = try #require(Self.load(ReviewSamples.plan).normalised)
    let words = ["true", "false", "5", "1m", "50%", "warn", "halt", "x", "rollback"]
    var (told, wordless) = (0, 0)
    for _ in 0..<200 {
      // A scalar of the normal form is replaced: it need not be a valid plan to be compared.
      let text = part.text
      var pieces = text.components(separatedBy: ":")
      let index = Int.random(in: 1..<pieces.count, using: &generator)
      guard let end = pieces[index].firstIndex(where: { ",}".contains($0) }), !"{[".contains(pieces[index].first ?? "{") else { continue }
      pieces[index].replaceSubrange(..<end, with: "\"\(words.randomElement(using: &generator)!)\"")
      guard let changed = PlanLoader.load(path: "p.yaml", text: pieces.joined(separator: ":")).normalised, changed.digest != part.digest
      else { continue }
      let review = PlanReview(old: part, new: changed) { TestCatalog.whole.descriptor(named: $0) }
      #expect(!review.changes.isEmpty)
      told += 1
      if review.changes.contains(where: { $0.kind == "other" }) { wordless += 1 }
    }
    #expect(told > 40 && wordless == 0, "\(told) told, \(wordless) without words")
  }

  /// Random weakenings, several at once, among harmless edits: none is called harmless.
  @Test func noWeakeningIsHarmless() throws {
    var generator = SplitMix(state: 3)
    let weakenings = ReviewSamples.goldens.filter { $0.verdict == .weaker }
    let harmless = ReviewSamples.goldens.filter { $0.verdict == .harmless && !$0.sentence.contains("is now called") }
    var (tried, weaker) = (0, 0)
    for _ in 0..<80 {
      var text = ReviewSamples.plan
      var isApplied = false
      for golden in Array(weakenings.shuffled(using: &generator).prefix(Int.random(in: 1...3, using: &generator)))
        + harmless.shuffled(using: &generator).prefix(2)
      {
        var edited = text
        let fits = golden.edits.allSatisfy { edit in
          guard let range = edited.range(of: edit.from) else { return false }
          edited.replaceSubrange(range, with: edit.to)
          return true
        }
        guard fits, PlanLoader.load(path: "p.yaml", text: edited).plan != nil else { continue }
        text = edited
        if golden.verdict == .weaker { isApplied = true }
      }
      guard isApplied else { continue }
      let review = try Self.review(ReviewSamples.plan, text)
      #expect(review.verdict == .weaker, "\(review.changes.map(\.sentence))")
      tried += 1
      if review.verdict == .weaker { weaker += 1 }
    }
    #expect(tried > 50 && weaker == tried, "\(weaker) of \(tried)")
  }

  // MARK: what is made of it

  @Test func theUnwindingOfEachStepIsTold() throws {
    let table = UnwindTable(try Self.bound(try Self.load(ReviewSamples.plan)))
    #expect(table.rows.map(\.step) == ["backup", "set-note", "index", "tidy"])
    #expect(table.rows.map { $0.undone.map(\.step) } == [[], ["set-note"], ["index", "set-note"], []])
    #expect(table.rows.map { $0.stays.map(\.step) } == [["backup"], ["backup"], ["backup"], ["tidy", "index", "set-note", "backup"]])
    #expect(table.rows.map(\.stopsAt) == [nil, nil, nil, "tidy"])
    #expect(table.pointsOfNoReturn == ["tidy"] && table.verifications == ["restored"])
    let phaseOnly = try Self.bound(
      try Self.load(ReviewSamples.plan.replacing("    title: The change\n", with: "    title: The change\n    rollbackScope: phase\n")))
    let row = try #require(UnwindTable(phaseOnly).rows.first { $0.step == "index" })
    #expect(row.undone.map(\.step) == ["index", "set-note"] && row.stays.map(\.step) == ["backup"] && row.isPhaseOnly)
  }

  @Test func theCommentHasVerdictGraphAndTable() throws {
    let new = ReviewSamples.plan.replacing(", holdFor: 5s", with: "").replacing(
      "id: settle\n", with: "id: rest\n        renamedFrom: settle\n"
    ).replacing(
      "      - id: tidy\n",
      with: "      - { id: extra, action: mongodb.createIndex, collection: other, with: { keys: { a: 1 } } }\n      - id: tidy\n")
    let (before, after) = (try Self.load(ReviewSamples.plan), try Self.load(new))
    let report = ReviewReport(
      try Self.review(ReviewSamples.plan, new), path: "plans/a b.yaml", base: "main", bound: try Self.bound(after),
      formerBound: try Self.bound(before),
      findings: [.init(severity: "warning", rule: "unbounded-step", subject: "extra", message: "a | b <!-- @someone", line: 4)])
    let text = report.markdown
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "<!-- runbook review: plans/a_b.yaml -->")
    #expect(
      lines[1]
        == "**Weaker**: 2 changes take safety away, 1 change does something else than before, 1 change is for readers only", "\(lines[1])")
    for part in [
      "- check `none-left` has to hold for less long: `holdFor` was `5s`, is nothing", "### What else it changes\n\n- `other in main`",
      "- warning `unbounded-step`, line 4: `a | b <!-- @someone`", "```mermaid\nflowchart TD\n", "{{\"ask<br/>manual.confirm\"}}",
      "[[\"tidy<br/>mongodb.command\"]]",
      "| `tidy` | nothing | **stops at `tidy`**: ", "The restored state is checked by `restored`.",
    ] {
      #expect(text.contains(part), "no \(part) in\n\(text)")
    }
    #expect(report.text.hasPrefix("plans/a b.yaml against main: Weaker: 2 changes"))
    #expect(report.value["verdict"] == "weaker" && report.value["changes"]?.listValue?.count == report.review.changes.count)
  }

  @Test func aLongCommentIsShortenedAndSaysSo() throws {
    let many = (0..<1_500).map {
      "  - { id: check-\($0), title: \"\(String(repeating: "long ", count: 8))\", action: mongodb.count, expect: { atLeast: \($0) } }\n"
    }.joined()
    let old = ReviewSamples.plan.replacing("verifyRollback:\n", with: many + "verifyRollback:\n")
    let loaded = try Self.load(ReviewSamples.plan)
    let report = ReviewReport(
      try Self.review(old, ReviewSamples.plan), path: "p.yaml", base: "main", bound: try Self.bound(loaded), formerBound: nil)
    #expect(report.markdown.count <= ReviewReport.mostCharacters)
    #expect(report.markdown.contains("**Weaker**: 1,500 changes take safety away"))
    #expect(report.markdown.contains("Left out here since a comment has at most 60,000 characters: the graph, the table of unwinding, "))
  }

  @Test func passwordsInAddressesAreHidden() throws {
    let new = ReviewSamples.plan.replacing("\"${{ secrets.uri }}\"", with: "\"mongodb://u:p%40ss:word@h/d\"")
    let told = try Self.review(ReviewSamples.plan, new).changes.map(\.sentence).joined(separator: "\n")
    #expect(told.contains("mongodb://u:***@h/d") && !told.contains("word"), "\(told)")
  }

  @Test func whatAPlanSaysIsNoMarkup() throws {
    let new = ReviewSamples.plan.replacing("default: 100", with: "default: 200").replacing(
      "replicaSet: rs0", with: "replicaSet: \"`]<img> @all\\n# x\"")
    let review = try Self.review(ReviewSamples.plan, new)
    let told = try #require(review.changes.first { $0.kind == "identity-changed" })
    #expect(
      told.sentence == "target `main` has to be `{ replicaSet: ']<img> @all # x }` instead of `{ replicaSet: rs0 }`", "\(told.sentence)")
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same plans in every run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
