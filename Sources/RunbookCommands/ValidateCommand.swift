import ArgumentParser
import Foundation
import RunbookActions
import RunbookPlan
import RunbookSyntax

struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Load a plan and tell every mistake in it; nothing is run and nothing is contacted.")

  @Argument(help: "The plan's file.")
  var plan: String

  @OptionGroup var params: ParamOptions

  @Option(help: DiagnosticFormat.help)
  var format: DiagnosticFormat = .text

  func run() async throws {
    let result = try PlanSource.check(path: plan, params: params)
    switch format {
    case .json: Messages.data(result.diagnostics.json)
    case .sarif, .github: format.tell(result.diagnostics.map { DiagnosticReport($0) })
    case .text:
      if !result.diagnostics.isEmpty { Messages.error(result.diagnostics.shown) }
      for part in result.unbuilt {
        Messages.error("note: \(result.place(of: part)): \(part.what) is not built in this version; running the plan would be refused")
      }
      if !result.hasErrors { Messages.data("\(plan): \(result.counts)") }
    }
    if result.hasErrors { throw ExitCode(2) }
  }
}
