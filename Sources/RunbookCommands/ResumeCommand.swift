import ArgumentParser
import RunbookEngine
import RunbookJournal
import RunbookRuntime

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on with a run after a crash, a pause, a halt or a confirmation, with the plan as it was stored.")

  @Argument(help: "The run; left out, the only unfinished one.")
  var run: String?

  @OptionGroup var stateOptions: StateOptions
  @OptionGroup var running: RunningOptions

  func run() async throws {
    let redactor = Redactor()
    let journal = try await stateOptions.open(redactor: redactor, create: false)
    let id = try await RunChoice.resolve(run, from: journal, of: stateOptions, what: "unfinished run", fits: \.isUnfinished)
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    recorded.noteEditedPlan()
    try await running.lead(
      header: recorded.header, bound: recorded.bound, journal: journal, redactor: redactor, planPath: recorded.header.planPath,
      state: stateOptions.state
    ) { (launcher) throws(RunFailure) in
      try await launcher.takeUp(.resume, reason: "")
    }
  }
}
