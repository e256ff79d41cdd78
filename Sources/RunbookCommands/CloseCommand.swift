import ArgumentParser
import RunbookEngine
import RunbookJournal
import RunbookRuntime

struct CloseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "End a halted or blocked run with its changes standing.")

  @Argument(help: "The run.")
  var run: String

  @Option(help: "Why; recorded.")
  var reason: String

  @OptionGroup var stateOptions: StateOptions
  @OptionGroup var running: RunningOptions

  func run() async throws {
    let redactor = Redactor()
    let journal = try await stateOptions.open(redactor: redactor, create: false)
    let recorded = try await RecordedRun.read(run, from: journal, of: stateOptions)
    if !recorded.state.status.isEnd, let refusal = recorded.state.refusal(of: .close) {
      throw Messages.usage(
        RollbackCommand.text(of: refusal, run: run),
        help: "only halted and blocked runs can be closed; 'runbook rollback \(run)' unwinds it")
    }
    try await running.lead(
      header: recorded.header, bound: recorded.bound, journal: journal, redactor: redactor, planPath: recorded.header.planPath,
      state: stateOptions.state, plans: recorded.plans
    ) { (launcher) throws(RunFailure) in
      try await launcher.takeUp(.close, reason: reason)
    }
  }
}
