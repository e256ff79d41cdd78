import ArgumentParser
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Ask the process that leads a run to pause it at the next border; nothing is undone or broken off.")

  @Argument(help: "The run; left out, the only unfinished one.")
  var run: String?

  @Option(help: "Why; recorded.")
  var reason: String?

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let journal = try await stateOptions.open(redactor: Redactor(), create: false)
    let id = try await RunChoice.resolve(run, from: journal, of: stateOptions, what: "unfinished run", fits: \.isUnfinished)
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    let state = recorded.state
    guard !state.status.isEnd, state.status != .halted, state.status != .blocked else {
      throw Messages.usage(
        RollbackCommand.text(of: .wrongState(state.status), run: id), help: "only a run that is going on can be paused")
    }
    guard let live = try LiveRun.find(id, in: journal, of: stateOptions) else { return tellStanding(recorded) }
    if state.status == .paused {
      Messages.error("\(live.label), and is paused already: \(state.pauseReason ?? "as it was asked")")
      return live.next(["runbook resume \(id)", "runbook rollback \(id)"])
    }
    let answer = try await live.ask(RequestKind.pause, .object(["reason": .string(reason ?? "")]))
    let rest = state.status == .rollingBack ? "the rollback stops on the way, and goes on with the next rollback" : "the run is paused"
    try live.tell(answer, asked: "pause", then: "\(rest), \(recorded.pauseBorder)")
  }

  /// Without a process nothing goes on; what there is to say is where the run stands.
  private func tellStanding(_ recorded: RecordedRun) {
    let (id, state) = (recorded.header.run, recorded.state)
    if state.status == .paused {
      Messages.error("run \(id) is paused already: \(state.pauseReason ?? "as it was asked")")
    } else if state.isSuspended {
      Messages.error("run \(id) was being rolled back and stopped on the way: \(state.pauseReason ?? "as it was asked")")
    } else {
      Messages.error("no process leads run \(id), which is recorded as \(state.status.words): nothing of it goes on")
    }
    let summary = recorded.summary(stateOption: stateOptions.state, isLed: false)
    Messages.error("  state now: \(summary.standing)")
    Messages.next(summary.next, state: nil)
  }
}
