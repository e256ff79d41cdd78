import ArgumentParser
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Stop a run for good: halted with its changes, or rolled back.",
    discussion: """
      A live run is asked through its inbox. Without a process the command leads the run to its halt, or through its rollback, itself. It ends \
      with 0 where the run came to what was asked for, and else with the status of the run.
      """)

  @Argument(help: "The run; left out, the only unfinished one.")
  var run: String?

  @Flag(help: "Unwind the whole plan.")
  var rollback = false

  @Option(help: "Why; recorded.")
  var reason: String?

  @OptionGroup var stateOptions: StateOptions
  @OptionGroup var running: RunningOptions

  func run() async throws {
    let redactor = Redactor()
    let journal = try await stateOptions.open(redactor: redactor, create: false)
    let id = try await RunChoice.resolve(run, from: journal, of: stateOptions, what: "unfinished run", fits: \.isUnfinished)
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    if let refusal = recorded.state.refusal(of: .cancel(rollback: rollback)) { throw refused(refusal, recorded) }
    if let live = try LiveRun.find(id, in: journal, of: stateOptions) { return try await ask(live, recorded) }
    recorded.noteEditedPlan()
    try await running.lead(
      header: recorded.header, bound: recorded.bound, journal: journal, redactor: redactor, planPath: recorded.header.planPath,
      state: stateOptions.state, plans: recorded.plans, endsWell: { [rollback] in Self.isDone($0, rollback: rollback) }
    ) { (launcher) throws(RunFailure) in
      try await launcher.takeUp(.cancel(rollback: rollback), reason: reason ?? "")
    }
  }

  private func ask(_ live: LiveRun, _ recorded: RecordedRun) async throws {
    let answer = try await live.ask(RequestKind.cancel, .object(["rollback": .bool(rollback), "reason": .string(reason ?? "")]))
    let rest: String
    if rollback {
      rest = "the whole plan is unwound, last step first"
    } else {
      let standing = recorded.state.standing
      rest =
        standing.isEmpty
        ? "the run ends, and nothing was changed" : "the run halts, and changes of \(standing.joined(separator: ", ")) stand"
    }
    try live.tell(answer, asked: rollback ? "cancel and roll back" : "cancel", then: "it stops \(recorded.cancelBorder); \(rest)")
  }

  private func refused(_ refusal: Refusal, _ recorded: RecordedRun) -> ExitCode {
    let id = recorded.header.run
    let help: String
    switch recorded.state.status {
    case .halted: help = "it has stopped already: 'runbook rollback \(id)' unwinds it, 'runbook close \(id) --reason T' ends it as it is"
    case .blocked, .rollingBack: help = "'runbook rollback \(id)' goes on with its rollback"
    case .succeeded: help = "'runbook rollback \(id)' takes it back"
    default: help = "'runbook status \(id)' shows where it stands"
    }
    return Messages.usage(RollbackCommand.text(of: refusal, run: id), help: help)
  }

  private static func isDone(_ state: RunState, rollback: Bool) -> Bool {
    switch state.status {
    case .failed: true
    case .halted: !rollback
    case .rolledBack: rollback
    default: false
    }
  }
}
