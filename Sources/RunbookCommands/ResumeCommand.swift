import ArgumentParser
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSQLiteJournal
import RunbookSyntax

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on with a run after a crash, a pause, a halt or a confirmation, with the plan as it was stored.")

  @Argument(help: "The run; left out, the only unfinished one.")
  var run: String?

  @Option(help: ArgumentHelp("Go on after a halt by this check, taking its verdict as accepted.", valueName: "check"))
  var acceptCheck: String?

  @Option(
    help: ArgumentHelp(
      "Go on with the plan as its file is now, if this is its digest; another one shows what differs.", valueName: "digest"))
  var accept: String?

  @Option(help: ArgumentHelp("Where the edited plan is, if not where the run's plan was.", valueName: "file"))
  var plan: String?

  @Option(help: "Why; recorded.")
  var reason: String?

  @OptionGroup var stateOptions: StateOptions
  @OptionGroup var running: RunningOptions

  func validate() throws {
    if accept != nil, acceptCheck != nil { throw ValidationError("--accept and --accept-check exclude each other") }
    if plan != nil, accept == nil { throw ValidationError("--plan goes with --accept") }
    if acceptCheck != nil, (reason ?? "").isEmpty {
      throw ValidationError("--reason is needed with --accept-check: it is recorded, and stands in the report")
    }
  }

  func run() async throws {
    let redactor = Redactor()
    let journal = try await stateOptions.open(redactor: redactor, create: false)
    let id = try await RunChoice.resolve(run, from: journal, of: stateOptions, what: "unfinished run", fits: \.isUnfinished)
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    if let acceptCheck { try review(acceptCheck, of: recorded) }
    if let accept { return try await adopt(accept, recorded, journal, redactor) }
    if let live = try LiveRun.find(id, in: journal, of: stateOptions), acceptCheck == nil, recorded.state.status == .paused {
      return try await ask(live)
    }
    recorded.noteEditedPlan()
    let wish: Request.Wish = acceptCheck.map { .acceptCheck($0) } ?? .resume
    try await running.lead(
      header: recorded.header, bound: recorded.bound, journal: journal, redactor: redactor, planPath: recorded.header.planPath,
      state: stateOptions.state, plans: recorded.plans
    ) { (launcher) throws(RunFailure) in
      try await launcher.takeUp(wish, reason: reason ?? "")
    }
  }

  private func adopt(_ digest: String, _ recorded: RecordedRun, _ journal: SQLiteJournal, _ redactor: Redactor) async throws {
    let edited = try EditedPlan(of: recorded, at: plan ?? recorded.header.planPath)
    try edited.review(accepting: digest)
    if edited.adoption.digest == recorded.planDigest {
      throw Messages.usage(
        "run \(recorded.header.run) goes by this plan already", help: "runbook resume \(recorded.header.run)")
    }
    try await running.lead(
      header: recorded.header, bound: edited.bound, journal: journal, redactor: redactor, planPath: edited.path,
      state: stateOptions.state, plans: edited.plans
    ) { (launcher) throws(RunFailure) in
      try await launcher.takeUp(.adopt(digest: edited.adoption.digest), reason: reason ?? "")
    }
  }

  /// A paused run whose process watches its triggers goes on in that process.
  private func ask(_ live: LiveRun) async throws {
    let answer = try await live.ask(RequestKind.resume, .object(["reason": .string(reason ?? "")]))
    try live.tell(answer, asked: "go on", then: "the run goes on in that process")
    throw ExitCode(7)
  }

  /// - Throws: exit 64 where the run does not stand at this check. A run that has ended is left to its summary.
  private func review(_ check: String, of recorded: RecordedRun) throws {
    let (id, state) = (recorded.header.run, recorded.state)
    guard recorded.bound.checks[check] != nil else {
      throw Messages.usage(
        "the plan of run \(id) has no check '\(check)'",
        help: nearest(to: check, among: Array(recorded.bound.checks.keys)).map { "did you mean '\($0)'?" })
    }
    guard !state.status.isEnd, state.refusal(of: .acceptCheck(check)) != nil else { return }
    guard state.status == .halted else {
      throw Messages.usage(
        "run \(id) is \(state.status.words); --accept-check is for a run that a check has halted",
        help: "'runbook status \(id)' shows where it stands")
    }
    switch (state.haltReason, state.cause?.origin) {
    case (.cause, .check(let other, let verdict)):
      throw Messages.usage(
        "run \(id) was halted by check '\(other)' (\(verdict.rawValue)), not by '\(check)'",
        help: "runbook resume \(id) --accept-check \(other) --reason T")
    case (.cause, .step(let step)):
      throw Messages.usage(
        "run \(id) was halted by step '\(step)', not by a check", help: "'runbook resume \(id)' tries the step once more")
    case (.phaseUndone(let phase), _):
      throw Messages.usage(
        "run \(id) stands before phase '\(phase)', which was unwound: no verdict is left to accept",
        help: "'runbook resume \(id)' begins the phase again")
    case (.pointOfNoReturn(let step), _):
      throw Messages.usage(
        "run \(id) stands at the point of no return '\(step)' on its way back: it never goes forward again",
        help: "'runbook rollback \(id) --past \(step) --reason T', or 'runbook close \(id) --reason T'")
    default:
      throw Messages.usage("run \(id) was not halted by check '\(check)'", help: "'runbook status \(id)' shows why it stands")
    }
  }
}
