import ArgumentParser
import RunbookLint
import RunbookPlan

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Tell what a code, an action, a key of the format or a rule of lint means; without a topic, list them.",
    discussion: "'runbook explain actions' prints the reference of all actions in Markdown, 'runbook explain rules' that of all rules.")

  @Argument(help: "A code like RB2001, an action like mongodb.update, a key like onFail, or a rule like null-compared.")
  var topic: String?

  @Option(help: "text or json.")
  var format: OutputFormat = .text

  func run() async throws {
    let explanation = Explanation(catalog: Wiring.catalog())
    guard let topic else { return Messages.data(format == .json ? IndentedJSON.text(explanation.topics) : Self.list(explanation)) }
    if topic == "actions", format == .text {
      return Messages.data(String(ActionReference(catalog: explanation.catalog).markdown.dropLast()))
    }
    if topic == "rules", format == .text { return Messages.data(String(RuleReference.markdown.dropLast())) }
    let subjects = explanation.subjects(of: topic)
    guard !subjects.isEmpty else {
      throw Messages.usage(
        "there is nothing to explain that is called '\(topic)'",
        help: explanation.nearestTopic(to: topic).map { "did you mean '\($0)'?" }
          ?? "'runbook explain' lists codes, actions, keys and rules")
    }
    Messages.data(format == .json ? IndentedJSON.text(explanation.value(subjects)) : explanation.text(subjects))
  }

  private static func list(_ explanation: Explanation) -> String {
    let catalog = explanation.catalog
    let actions = catalog.names.compactMap { catalog.descriptor(named: $0) }.map { descriptor in
      [descriptor.name, explanation.isBuilt(descriptor) ? "" : "not built", descriptor.summary.replacing("`", with: "")]
    }
    var lines = ["Actions"] + Table.lines(actions).map { "  " + $0 } + ["", "Keys of the format"]
    var line = " "
    for key in explanation.keys {
      if line.count + key.count > 98 {
        lines.append(line)
        line = " "
      }
      line += " " + key
    }
    let rules = Table.lines(Lint.rules.map { [$0.code, $0.name, $0.severity.rawValue, $0.summary.replacing("`", with: "")] })
    lines +=
      [line, "", "Rules of lint"] + rules.map { "  " + $0 } + ["", "Codes"]
      + explanation.codes.map { "  \($0.code)  \($0.title.replacing("`", with: ""))" }
    return lines.joined(separator: "\n")
  }
}
