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
    commandName: "rollback", abstract: "Unwind a run in any state, or go on with an unwinding; what users wrote meanwhile is kept.",
    discussion:
      "A change in batches is taken back with the pauses of its plan; 'runbook pace' hastens, delays or holds it while it goes on.")

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
      return try await ask(live, recorded)
    }
    if wish != .rollback, let refusal = recorded.state.refusal(of: wish) {
      throw Messages.usage(Self.text(of: refusal, run: id), help: help(recorded.state, run: id))
    }
    try await running.lead(
      header: recorded.header, bound: recorded.bound, journal: journal, redactor: redactor, planPath: recorded.header.planPath,
      state: stateOptions.state, plans: recorded.plans
    ) { (launcher) throws(RunFailure) in
      try await launcher.takeUp(wish, reason: reason ?? "")
    }
  }

  /// Where `--skip` or `--past` would fit.
  private func help(_ state: RunState, run: String) -> String {
    switch state.status {
    case .blocked:
      guard let step = state.currentStep, skip != nil else { break }
      return "its rollback is blocked at '\(step)': runbook rollback \(run) --skip \(step) --reason T"
    case .halted:
      guard case .pointOfNoReturn(let step) = state.haltReason else { break }
      return "runbook rollback \(run) --past \(step) --reason T"
    default: break
    }
    let fits =
      skip == nil ? "--past is for a run that stands at a point of no return" : "--skip is for a run whose rollback is blocked at that step"
    return "\(fits); 'runbook status \(run)' shows where this one stands"
  }

  /// A live run is asked through its inbox, and goes on under the lease of its process.
  private func ask(_ live: LiveRun, _ recorded: RecordedRun) async throws {
    let answer = try await live.ask(RequestKind.rollback, .object(["reason": .string(reason ?? "")]))
    try live.tell(
      answer, asked: "roll back", then: "it stops \(recorded.cancelBorder); the whole plan is unwound, last step first")
    throw ExitCode(7)
  }

  static func text(of refusal: Refusal, run: String) -> String {
    switch refusal {
    case .wrongState(let status): "run \(run) is \(status == .blocked ? "blocked" : status.words); this does not apply to it"
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
