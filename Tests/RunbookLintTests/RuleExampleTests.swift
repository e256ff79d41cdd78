import RunbookLint
import RunbookSyntax
import Testing

/// Every rule finds what its bad examples show, and nothing in its good ones; all of them are plans that load.
@Suite struct RuleExampleTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let rule: LintRule
    let number: Int
    let example: LintExample
    let isBad: Bool
    var testDescription: String { "\(rule.name), \(isBad ? "bad" : "good") \(number + 1)" }
  }

  static let cases: [Case] = Lint.rules.flatMap { rule in
    rule.bad.enumerated().map { Case(rule: rule, number: $0, example: $1, isBad: true) }
      + rule.good.enumerated().map { Case(rule: rule, number: $0, example: $1, isBad: false) }
  }

  @Test(arguments: cases) func example(_ sample: Case) throws {
    let found = try LintBench.findings(sample.example.plan).filter { $0.rule.code == sample.rule.code && $0.ignored == nil }
    #expect(found.isEmpty != sample.isBad, "\(sample.example.plan)\n\(found.map { $0.diagnostic.rendered() }.joined())")
    for finding in found {
      #expect(finding.diagnostic.help?.isEmpty == false)
      #expect(!finding.diagnostic.message.hasSuffix("."))
      #expect(finding.diagnostic.rule == sample.rule.name)
    }
  }

  @Test func rulesAreComplete() {
    #expect(Set(Lint.rules.map(\.code)).count == Lint.rules.count)
    #expect(Set(Lint.rules.map(\.name)).count == Lint.rules.count)
    #expect(Lint.rules.map(\.code) == Lint.rules.map(\.code).sorted())
    for rule in Lint.rules {
      #expect(rule.code.wholeMatch(of: #/L1[0-9]{2}/#) != nil)
      #expect(rule.name.wholeMatch(of: #/[a-z]+(-[a-z]+)*/#) != nil)
      #expect(rule.bad.count >= 3 && rule.good.count >= 3, "\(rule.name)")
      #expect(rule.summary.hasSuffix(".") && rule.reason.hasSuffix("."), "\(rule.name)")
      #expect(Lint.rule(named: rule.code)?.name == rule.name && Lint.rule(named: rule.name.uppercased())?.code == rule.code)
    }
  }
}
