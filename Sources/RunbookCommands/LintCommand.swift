import ArgumentParser
import Foundation
import RunbookLint
import RunbookPlan
import RunbookReport
import RunbookSyntax

struct LintCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Look for what plans may do by the format and should not; nothing is run and nothing is contacted.",
    discussion:
      "Ends with 0 where there is nothing to report, with 1 where there is, with 2 where a plan has errors. 'runbook explain rules' lists the rules."
  )

  @Argument(help: "The plans' files.")
  var plans: [String]

  @Option(help: DiagnosticFormat.help)
  var format: DiagnosticFormat = .text

  @Option(name: .customLong("rule"), help: ArgumentHelp("Looks for this rule alone; may be repeated.", valueName: "rule"))
  var only: [String] = []

  @Option(name: .customLong("ignore"), help: ArgumentHelp("Does not look for this rule; may be repeated.", valueName: "rule"))
  var ignored: [String] = []

  @Option(help: "error, warning or note: what is less than that is not reported.")
  var minSeverity: Severity = .note

  @OptionGroup var params: ParamOptions

  func run() async throws {
    let rules = try chosenRules()
    var outcomes: [LintOutcome] = []
    for path in plans { outcomes.append(LintOutcome(try PlanSource.check(path: path, params: params), path, rules, minSeverity)) }
    switch format {
    case .text: for outcome in outcomes { outcome.tell() }
    case .json: Messages.data(LintOutcome.json(outcomes))
    case .sarif, .github: format.tell(outcomes.flatMap(\.reports))
    }
    if outcomes.contains(where: \.hasErrors) { throw ExitCode(2) }
    if outcomes.contains(where: { !$0.reported.isEmpty }) { throw ExitCode(1) }
  }

  private func chosenRules() throws -> [LintRule] {
    func rule(_ name: String) throws -> LintRule {
      guard let rule = Lint.rule(named: name) else {
        throw Messages.usage(
          "there is no rule '\(name)'",
          help: Lint.nearestRule(to: name).map { "did you mean '\($0)'?" } ?? "'runbook explain rules' lists them")
      }
      return rule
    }
    let wanted = try Set(only.map { try rule($0).code })
    let unwanted = try Set(ignored.map { try rule($0).code })
    return Lint.rules.filter { (wanted.isEmpty || wanted.contains($0.code)) && !unwanted.contains($0.code) }
  }
}

/// What looking at one plan came to.
struct LintOutcome {
  let path: String
  let hasErrors: Bool
  /// What loading said, and what lint found, in order of place; ignored findings too.
  let reports: [DiagnosticReport]

  init(_ checked: CheckedPlan, _ path: String, _ rules: [LintRule], _ least: Severity) {
    self.path = path
    hasErrors = checked.hasErrors
    guard let bound = checked.bound, !hasErrors else {
      reports = checked.diagnostics.map { DiagnosticReport($0) }
      return
    }
    let findings = Lint.findings(of: bound, rules: rules).map {
      DiagnosticReport($0.diagnostic, identity: $0.key, justification: $0.ignored)
    }
    let said = Lint.hidingSecrets(checked.diagnostics, of: bound).map { DiagnosticReport($0) }
    reports = (said + findings).filter { $0.diagnostic.severity.rank >= least.rank }
  }

  /// What is not ignored.
  var reported: [DiagnosticReport] { reports.filter { $0.justification == nil } }

  func tell() {
    let diagnostics = reported.map(\.diagnostic)
    if hasErrors {
      Messages.error(diagnostics.shown)
      return Messages.error("\(path): the plan has errors, so lint did not look at it")
    }
    let text = diagnostics.rendered(colored: Messages.showsColors(STDOUT_FILENO))
    Messages.data(text + "\(path): \(summary)")
  }

  private var summary: String {
    let shown = reported.map(\.diagnostic.severity)
    let counts = [Severity.error, .warning, .note].compactMap { severity -> String? in
      let count = shown.count { $0 == severity }
      return count == 0 ? nil : PeopleText.count(count, severity.rawValue)
    }
    let ignored = reports.count - reported.count
    return (counts.isEmpty ? "no findings" : counts.joined(separator: ", ")) + (ignored == 0 ? "" : ", \(ignored) ignored with a reason")
  }

  static func json(_ outcomes: [LintOutcome]) -> String {
    let objects = outcomes.flatMap(\.reports).map { report in
      report.diagnostic.json(with: [
        ("subject", report.identity.map { jsonString(String($0.drop { $0 != " " }.dropFirst())) } ?? "null"),
        ("ignored", report.justification.map(jsonString) ?? "null"),
      ])
    }
    return objects.isEmpty ? "[]" : "[\n" + objects.joined(separator: ",\n") + "\n]"
  }
}

extension Severity: ExpressibleByArgument {
  /// More is worse.
  var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }
}
