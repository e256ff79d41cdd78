import ArgumentParser
import Foundation
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSQLiteJournal

struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Unwind a run in any state, or go on with an unwinding; what users wrote meanwhile is kept.")

  @Argument(help: "The run; left out, the only unfinished one, or else the latest that succeeded.")
  var run: String?

  @Option(help: ArgumentHelp("Give up the undo of this step, at which the rollback is blocked.", valueName: "step"))
  var skip: String?

  @Option(help: ArgumentHelp("Go on past this point of no return.", valueName: "step"))
  var past: String?

  @Option(help: "Why; recorded.")
  var reason: String?

  @OptionGroup var stateOptions: StateOptions
  @OptionGroup var running: RunningOptions

  func validate() throws {
    if skip != nil, past != nil { throw ValidationError("--skip and --past exclude each other") }
    if skip != nil || past != nil, (reason ?? "").isEmpty {
      throw ValidationError("--reason is needed with --skip and --past: it is recorded")
    }
  }

  func run() async throws {
    let redactor = Redactor()
    let journal = try await stateOptions.open(redactor: redactor, create: false)
    let id = try await RunChoice.resolve(
      run, from: journal, of: stateOptions, what: "run that could be rolled back", fits: \.isUnfinished,
      orElse: { $0.status?.word == "succeeded" })
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    recorded.noteEditedPlan()
    let wish: Request.Wish = skip.map { .skipUndo($0) } ?? past.map { .pastPoint($0) } ?? .rollback
    if let live = try LiveRun.find(id, in: journal, of: stateOptions) {
      if wish != .rollback {
        throw Messages.usage(
          "\(live.label); --skip and --past are for a run that stands",
          help: "wait until it stands, or pause it with Ctrl-C there")
      }
      return try await ask(live, recorded.state)
    }
    if wish != .rollback, let refusal = recorded.state.refusal(of: wish) {
      throw Messages.usage(Self.text(of: refusal, run: id), help: "'runbook status \(id)' shows where the run stands")
    }
    try await running.lead(
      header: recorded.header, bound: recorded.bound, journal: journal, redactor: redactor, planPath: recorded.header.planPath,
      state: stateOptions.state
    ) { (launcher) throws(RunFailure) in
      try await launcher.takeUp(wish, reason: reason ?? "")
    }
  }

  /// A live run is asked through its inbox, and goes on under the lease of its process.
  private func ask(_ live: LiveRun, _ state: RunState) async throws {
    let answer = try await live.ask(RequestKind.rollback, .object(["reason": .string(reason ?? "")]))
    try live.tell(
      answer, asked: "roll back", then: "it stops \(state.cancelBorder); the whole plan is unwound, last step first")
    throw ExitCode(7)
  }

  static func text(of refusal: Refusal, run: String) -> String {
    switch refusal {
    case .wrongState(let status): "run \(run) is \(status.words); this does not apply to it"
    case .underWay: "run \(run) is going on already"
    case .neverForward: "run \(run) turned back and can only be unwound further, or closed"
    case .pointOfNoReturn(let step): "run \(run) stands at the point of no return '\(step)'"
    case .notTheReason(let id): "run \(run) does not stand at '\(id)'"
    case .nothingChanged: "run \(run) changed nothing that could be unwound"
    case .finalized(let decision):
      "run \(run) was finalized by \(decision.who) at \(TimestampText.format(milliseconds: decision.at)): what its rollback would need is given up"
    }
  }
}
