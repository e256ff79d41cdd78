import ArgumentParser
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookReport
import RunbookRuntime

struct UnlockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlock", abstract: "Give the reservations and the lease of a run back whose process is gone; the run itself stays.")

  @Argument(help: "The run.")
  var run: String

  @Option(help: "Why; recorded.")
  var reason: String

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let redactor = Redactor()
    let journal = try await stateOptions.open(redactor: redactor, create: false)
    let recorded = try await RecordedRun.read(run, from: journal, of: stateOptions)
    if let leader = try StatusCommand.leader(of: run, in: journal, of: stateOptions) {
      throw stateOptions.exit(
        RunFailure(
          code: "RB2511", exitStatus: 7, message: "run \(run) is led by process \(leader.pid) on \(leader.host), which is alive",
          standing: "nothing was given back", next: ["stop that process first (Ctrl-C pauses it), then: runbook unlock \(run) --reason T"]))
    }
    let setting = Wiring.setting(
      bound: recorded.bound, header: recorded.header, journal: journal, redactor: redactor, observer: SilentObserver(),
      answersByItself: false)
    let targets = Wiring.targets(setting: setting, planDirectory: RunningOptions.directory(of: recorded.header.planPath))
    do throws(RunFailure) {
      try await RunLauncher(setting: setting, targets: targets, onLeading: { _ in }).unlock(reason: reason)
    } catch {
      throw stateOptions.exit(error)
    }
    Messages.error("run \(run): reservations and lease were given back; the run is \(recorded.state.status.rawValue) as before")
    Messages.error("  next: " + NextCommands.complete("runbook resume \(run)", stateOption: stateOptions.state))
    await targets.closeAll()
  }
}

/// Says nothing.
struct SilentObserver: RunObserver {
  func observe(_ event: RunEvent) {}
}
