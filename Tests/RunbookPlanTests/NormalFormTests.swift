import Foundation
import RunbookPlan
import RunbookSyntax
import Testing

@Suite struct NormalFormTests {
  private func load(_ text: String) throws -> NormalisedPlan {
    let loaded = PlanLoader.load(path: "x.yaml", text: text)
    return try #require(loaded.normalised, "\(loaded.diagnostics.rendered())")
  }

  @Test func readingItAgainGivesTheSame() throws {
    let first = try load(Samples.plan)
    let second = try load(first.text)
    #expect(second == first)
    #expect(first.digest.hasPrefix("v1:") && first.digest.utf8.count == 67)
  }

  @Test func plansOfTheRepositoryLoadAndAreStable() throws {
    let plans = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "plans")
    let names = try FileManager.default.contentsOfDirectory(atPath: plans.path()).filter { $0.hasSuffix(".yaml") }
    #expect(!names.isEmpty)
    for name in names {
      let text = try String(contentsOf: plans.appending(path: name), encoding: .utf8)
      let first = try load(text)
      #expect(try load(first.text) == first, "\(name)")
    }
  }

  @Test func aliasesAreExpandedAndExtensionsDropped() throws {
    let plain = try load(Samples.plan)
    let text = Samples.plan.replacing("argv: [ ./tidy ]", with: "argv: &a [ ./tidy ]").replacing(
      "locks: [ registry ]", with: "x-note: { a: b }\nlocks: [ registry ]")
    #expect(try load(text) == plain)
    #expect(
      plain.text.contains(#""argv":["./tidy"]"#) && plain.text.contains(#""atLeast":0"#)
        && plain.text.contains(#""day":{"type":"date","default":"2025-01-18"}"#))
  }

  @Test func orderCountsOnlyInsideDocuments() throws {
    let plain = try load(Samples.plan)
    #expect(try load(Samples.plan.replacing("id: sample, title: A sample", with: "title: A sample, id: sample")).digest == plain.digest)
    let one = try load(Samples.plan("pipeline: [ { $set: {", "pipeline: [ { $set: { a: 1, b: 2,"))
    let other = try load(Samples.plan("pipeline: [ { $set: {", "pipeline: [ { $set: { b: 2, a: 1,"))
    #expect(one.digest != other.digest && one.digest != plain.digest)
  }

  @Test func oddCharactersSurvive() throws {
    let odd = #"title: "a\u2028b\u0085c\ufeffd\te\"\\ \U0001F600 \x07 $${{ x }}""#
    let first = try load(Samples.plan("title: A sample", odd))
    #expect(try load(first.text) == first)
    #expect(try load(first.text).text.contains(#"a\u2028b\u0085c\ufeffd\te\"\\ 😀 \u0007 $${{ x }}"#))
  }

  @Test func theApprovalHoldsForPlanParamsAndProgram() {
    func digest(_ plan: String, _ params: ValueMap, _ version: String) -> String {
      NormalisedPlan.approvalDigest(planDigest: plan, params: params, programVersion: version)
    }
    let base = digest("v1:a", ["x": 1, "y": 2], "1.0")
    #expect(base == digest("v1:a", ["y": 2, "x": 1], "1.0"))
    #expect(
      Set([base, digest("v1:b", ["x": 1, "y": 2], "1.0"), digest("v1:a", ["x": 1], "1.0"), digest("v1:a", ["x": 1, "y": 2], "1.1")]).count
        == 4)
  }

  @Test func randomMutationsNeverCrash() {
    var random = SeededGenerator(state: 20_250_118)
    let pieces = [
      "{", "}", "[", "]", ": ", "- ", "${{", "}}", "\"", "'", "#", "&a ", "*a", "!!int ", "null", "~", "\n", "  ", "|", "0x1F", "with:",
      "rollback:", "\u{2028}",
    ]
    for _ in 0..<400 {
      var bytes = Array(Samples.plan.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let start = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 0...12, using: &random))
        let piece = pieces.randomElement(using: &random) ?? ""
        bytes.replaceSubrange(start..<end, with: Array(piece.utf8))
      }
      let loaded = PlanLoader.load(SourceFile(path: "x.yaml", bytes: bytes))
      #expect(loaded.plan != nil || loaded.hasErrors)
      #expect(loaded.diagnostics.isEmpty || !loaded.diagnostics.rendered().isEmpty)
      if let first = loaded.normalised {
        #expect(
          PlanLoader.load(path: "x.yaml", text: first.text).normalised?.digest == first.digest, "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
  }
}

/// A generator that gives the same numbers every time (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
