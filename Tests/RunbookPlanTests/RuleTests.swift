import RunbookPlan
import RunbookSyntax
import Testing

/// A mistake in the sample plan, the rule of the format that it breaks, and every word that is said about it.
struct GoldenRule: Sendable, CustomTestStringConvertible {
  var name: String
  var rule: String
  var old: String
  var new: String
  var expected: String

  init(_ name: String, rule: String, _ old: String, _ new: String, _ expected: String) {
    (self.name, self.rule, self.old, self.new, self.expected) = (name, rule, old, new, expected)
  }

  var testDescription: String { "\(name): \(rule)" }
}

/// The same for a plan that includes other files.
struct GoldenInclude: Sendable, CustomTestStringConvertible {
  var name: String
  var rule: String
  var text: String
  var files: [String: String]
  var expected: String

  init(_ name: String, rule: String, _ text: String, files: [String: String], _ expected: String) {
    (self.name, self.rule, self.text, self.files, self.expected) = (name, rule, text, files, expected)
  }

  var testDescription: String { "\(name): \(rule)" }
}

@Suite struct RuleTests {
  @Test(arguments: GoldenRule.part1 + GoldenRule.part2)
  func aBrokenRuleIsTold(_ golden: GoldenRule) {
    #expect(Samples.rendered(Samples.plan(golden.old, golden.new)).withoutEmptyEnd == golden.expected)
  }

  @Test(arguments: GoldenInclude.part1 + GoldenInclude.part2 + GoldenInclude.part3)
  func anIncludeThatCannotBeIsTold(_ golden: GoldenInclude) {
    let loaded = PlanLoader.load(path: "plans/x.yaml", text: golden.text + "\n", includes: Samples.files(golden.files, under: "plans/"))
    #expect(loaded.diagnostics.rendered().withoutEmptyEnd == golden.expected)
    #expect(loaded.plan == nil)
  }
}

extension Samples {
  /// Files to include, by their paths below a folder.
  static func files(_ files: [String: String], under folder: String = "") -> IncludeReader {
    { (path) throws(IncludeFailure) in
      guard path.hasPrefix(folder), let text = files[String(path.dropFirst(folder.count))] else {
        throw IncludeFailure("there is no such file")
      }
      return Array((text + "\n").utf8)
    }
  }
}

extension String {
  var withoutEmptyEnd: String {
    var text = self[...]
    while text.last == "\n" { text.removeLast() }
    return String(text)
  }
}
