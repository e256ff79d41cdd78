import RunbookActions
import RunbookPlan
import RunbookSyntax

/// Looks for what a plan may do by the format and should not: see ``LintRule``.
public enum Lint {
  /// The rule with a name or code; case makes no difference.
  public static func rule(named text: String) -> LintRule? {
    let text = text.lowercased()
    return rules.first { $0.name == text || $0.code.lowercased() == text }
  }

  /// The name of a rule that was most likely meant.
  public static func nearestRule(to text: String) -> String? {
    nearest(to: text, among: rules.map(\.name)) ?? nearest(to: text, among: rules.map(\.code))
  }

  /// All findings of the rules in order of place, those included that the plan ignores with a reason. A fragment by itself is looked at only by
  /// rules that need nothing of what stands around it.
  /// - Parameter bound: a plan that loaded and bound without errors. Params without a value and without a default are not known, and nothing is
  ///   found that depends on them.
  public static func findings(of bound: BoundPlan, rules: [LintRule] = Lint.rules) -> [Finding] {
    let facts = PlanFacts(bound)
    let rules = bound.plan.isFragment ? rules.filter { $0.isLocal } : rules
    var findings: [Finding] = []
    for rule in rules {
      var report = LintReport(rule, bound.plan)
      rule.look(facts, &report)
      findings += report.findings
    }
    if mayBeIgnored(bound.plan.file) {
      var ignores = InlineIgnores(bound.plan)
      ignores.apply(to: &findings)
      if let rule = rules.first(where: { $0.code == inlineIgnore.code }) {
        var report = LintReport(rule, bound.plan)
        ignores.review(ran: rules, &report)
        findings += report.findings
      }
    }
    let secrets = facts.secrets.map(\.secret)
    if !secrets.isEmpty {
      var mask = Mask(secrets)
      for index in findings.indices { mask.cover(&findings[index].diagnostic) }
    }
    return inOrderOfPlace(findings)
  }

  /// Diagnostics of a plan as they can be shown where it has secrets in its text.
  public static func hidingSecrets(_ diagnostics: [Diagnostic], of bound: BoundPlan) -> [Diagnostic] {
    let secrets = PlanFacts(bound).secrets.map(\.secret)
    guard !secrets.isEmpty else { return diagnostics }
    var mask = Mask(secrets)
    return diagnostics.map { diagnostic in
      var covered = diagnostic
      mask.cover(&covered)
      return covered
    }
  }

  /// Whether the text has a word to lint at all, so that most plans are not read again for it.
  private static func mayBeIgnored(_ file: SourceFile) -> Bool { !InlineIgnores.marks(in: file.bytes).isEmpty }

  /// As diagnostics are told: by file, then by place; at one place errors first.
  private static func inOrderOfPlace(_ findings: [Finding]) -> [Finding] {
    var fileOrder: [String: Int] = [:]
    for finding in findings where fileOrder[finding.diagnostic.path] == nil { fileOrder[finding.diagnostic.path] = fileOrder.count }
    return findings.enumerated()
      .map { (file: fileOrder[$0.element.diagnostic.path] ?? 0, range: $0.element.diagnostic.range, number: $0.offset, value: $0.element) }
      .sorted { ($0.file, $0.range, $0.number) < ($1.file, $1.range, $1.number) }
      .map(\.value)
  }
}
