import ArgumentParser
import RunbookLint
import RunbookPlan
import RunbookSyntax

/// How what is wrong with a plan is told: to people, to programs, to a code host, or beside the lines of a pull request.
enum DiagnosticFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, sarif, github

  static let help: ArgumentHelp = "text, json, sarif (SARIF 2.1.0), or github (workflow commands)."

  /// Writes data in one of the two forms that are the same for every command.
  func tell(_ reports: [DiagnosticReport]) {
    switch self {
    case .sarif: Messages.data(String(SARIF.log(reports, rules: DiagnosticRule.all, version: ProgramVersion.text).dropLast()))
    case .github:
      let commands = reports.filter { $0.justification == nil }.map(\.diagnostic).gitHubCommands
      if !commands.isEmpty { Messages.data(String(commands.dropLast())) }
    case .text, .json: preconditionFailure("each command tells text and JSON in its own words")
    }
  }
}

extension DiagnosticRule {
  /// What is known of every code that can be told: pages of errors, and rules of lint.
  static var all: [DiagnosticRule] {
    let pages = ErrorPages.all.sorted { $0.key < $1.key }.map { code, page in
      let title = String(page.prefix { $0 != "\n" }.dropFirst("# \(code): ".count))
      return DiagnosticRule(code: code, summary: title.replacing("`", with: ""), explanation: page, severity: .error)
    }
    return pages
      + Lint.rules.map { rule in
        DiagnosticRule(
          code: rule.code, name: rule.name, summary: rule.summary, explanation: RuleReference.markdown(rule), severity: rule.severity)
      }
  }
}
