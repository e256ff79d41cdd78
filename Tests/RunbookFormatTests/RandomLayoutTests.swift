import Foundation
import RunbookFormat
import RunbookSyntax
import RunbookTestSupport
import Testing

@testable import RunbookPlan

@Suite struct RandomLayoutTests {
  /// Every plan of the repository, and those of `Tests/Fixtures/plans`.
  static func plans() throws -> [(name: String, text: String)] {
    try ["Tests/Fixtures/plans", "plans"].flatMap { folder in
      let folder = Program.repository.appendingPathComponent(folder)
      return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).filter { $0.pathExtension == "yaml" }
        .sorted { $0.path < $1.path }.map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
    }
  }

  /// 500 layouts and more of the plans: the same digest, every comment, and a second run changes nothing.
  /// `RUNBOOK_LAYOUT_SEED=N RUNBOOK_LAYOUTS=1` does one again.
  @Test func layoutsOfPlansKeepTheirMeaning() throws {
    let environment = ProcessInfo.processInfo.environment
    let plans = try Self.plans()
    let first = environment["RUNBOOK_LAYOUT_SEED"].flatMap(UInt64.init) ?? 0
    let count = environment["RUNBOOK_LAYOUTS"].flatMap(UInt64.init) ?? UInt64((500 + plans.count - 1) / plans.count)
    #expect(plans.count >= 6)
    var (total, comments, unchanged) = (0, 0, 0)
    for plan in plans {
      let original = PlanLoader.load(path: plan.name, text: plan.text)
      let digest = try #require(original.normalised?.digest, "\(plan.name) does not load")
      let tree = try #require(NodeTree.parse(SourceFile(path: plan.name, text: plan.text)).tree)
      for seed in first..<first + count {
        var layout = RandomLayout(seed: seed)
        let written = SourceFile(path: plan.name, text: layout.write(tree))
        let parsed = NodeTree.parse(written)
        let name: Comment = "\(plan.name) with seed \(seed)"
        guard let before = parsed.tree, !parsed.hasErrors else {
          Issue.record("\(name): the layout itself is wrong: \(parsed.diagnostics.rendered(colored: false))")
          return
        }
        let result = PlanFormat.format(before)
        guard let after = NodeTree.parse(SourceFile(path: plan.name, bytes: result.bytes)).tree else {
          Issue.record("\(name): what was made of it cannot be read")
          return
        }
        #expect(NormalisedPlan(before).digest == digest && NormalisedPlan(after).digest == digest, name)
        // Loading it whole says no more than the digest does, and takes long.
        if total % 50 == 0 { #expect(PlanLoader.load(SourceFile(path: plan.name, bytes: result.bytes)).normalised?.digest == digest, name) }
        #expect(PlanFormat.isSame(before, after), name)
        // The comments are compared, too: those that were read are those that were written.
        #expect(PlanFormat.format(after) == result, name)
        // Those that the layout put in, each once, and nothing else.
        let kept = result.comments.map { $0.trimmingCharacters(in: .whitespaces) }
        let isComplete = kept == layout.comments
        #expect(isComplete, name)
        total += 1
        comments += kept.count
        if result.bytes == written.bytes { unchanged += 1 }
      }
    }
    if count > 10 {
      #expect(total >= 500 && comments > 5_000 && unchanged == 0, "\(total) layouts, \(comments) comments, \(unchanged) unchanged")
    }
  }
}

/// What the documents show is laid out as `runbook fmt` does it.
@Suite struct ShownPlansTests {
  @Test(arguments: ["README.md", "docs/format.md", "docs/plans.md", "docs/online-change.md"]) func blocksAreInTheCanonicalForm(
    _ page: String
  ) throws {
    let text = try String(contentsOf: Program.repository.appendingPathComponent(page), encoding: .utf8)
    for block in text.components(separatedBy: "```yaml\n").dropFirst().compactMap({ $0.components(separatedBy: "\n```").first }) {
      guard let tree = NodeTree.parse(SourceFile(path: page, text: block + "\n")).tree else { continue }
      let formatted = PlanFormat.format(tree).text
      #expect(formatted == block + "\n", "\(page) shows another form:\n\(formatted)")
    }
  }
}
