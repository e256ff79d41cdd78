import RunbookLint
import RunbookSyntax

/// The reference of all rules of lint, and the explanation of each, in Markdown.
enum RuleReference {
  static var markdown: String {
    let rows = Lint.rules.map { "| [\($0.code)](#\(anchor($0))) | `\($0.name)` | \($0.severity.rawValue) | \($0.summary) |" }
    return """
      # Rules of lint

      Made from the rules by `make docs`; a change here is lost. `runbook explain RULE` tells the same.

      `runbook lint PLAN…` looks for what a plan may do by the format and should not. It ends with 0 where it has nothing to report, with 1 where it
      has, with 2 where a plan has errors. `--rule` looks for one rule alone and `--ignore` for all but one (both may be repeated);
      `--min-severity` reports errors alone, or errors and warnings. `--format` is `text`, `json`, `sarif` (for a code host) or `github` (workflow
      commands, shown beside the lines of a pull request). What depends on a value that is not known, like a param without a default, gives no
      finding; `--param` and `--params-file` make it known.

      ## Ignoring a finding

      What is meant is said where it stands, with the reason:

      ```yaml
      # runbook-lint: ignore unfiltered-update: every order is meant
      - id: mark
        action: mongodb.update
        with: { pipeline: [ { $set: { migrated: true } } ] }
      ```

      The comment stands at the end of a line, or alone before one, and covers what begins on that line with everything in it: a step, a key, an
      element of a list. Several rules are parted by commas; a rule's code is as good as its name. On the line of `metadata`, and before the first
      key of the file, it also covers findings about the plan as a whole. An ignore without a reason, of a rule that is not there, or that
      ignores nothing, is itself a finding. Ignored findings are counted in the summary, and are suppressions in SARIF.

      ## All rules

      | code | name | severity | what is found |
      | --- | --- | --- | --- |
      \(rows.joined(separator: "\n"))

      \(Lint.rules.map { "## \($0.code): \($0.name)\n\n" + body($0) }.joined(separator: "\n"))
      """
  }

  /// One rule, with a heading.
  static func markdown(_ rule: LintRule) -> String { "# \(rule.code): \(rule.name)\n\n" + body(rule) }

  private static func body(_ rule: LintRule) -> String {
    var text = "\(rule.summary) (\(rule.severity.rawValue))\n\n\(wrapped(rule.reason))\n\n"
    text += "Not like this:\n\n" + rule.bad.map { "```yaml\n\($0.text)\n```\n\n" }.joined()
    text += "Like this:\n\n" + rule.good.map { "```yaml\n\($0.text)\n```\n\n" }.joined()
    return String(text.dropLast())
  }

  /// As code hosts make it of a heading.
  private static func anchor(_ rule: LintRule) -> String { "\(rule.code.lowercased())-\(rule.name)" }

  /// Lines of at most 150 characters.
  private static func wrapped(_ text: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      if !line.isEmpty, line.count + 1 + word.count > 150 {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
