import ArgumentParser
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSyntax

struct PaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pace", abstract: "Say how fast the batches of a run may go, while it goes on.",
    discussion: """
      What is said counts from the next batch on, also after a crash, a resume or the beginning of a rollback, until it is said otherwise. Going forward the \
      slower of it and the plan's own throttle counts. A rollback keeps the plan's pauses unless --pause-between says something else: with 0s it is as fast as \
      it can be. A hold ends where a rollback begins, and --hold then holds the rollback, too. Its batches are as large as they were written.
      """)

  @Argument(help: "The run; left out, the only unfinished one.")
  var run: String?

  @Option(help: "Documents a batch, at most; not in a rollback.")
  var batchSize: Int?

  @Option(help: "How long to wait between two batches, like 2s; in a rollback instead of what the plan says.")
  var pauseBetween: String?

  @Flag(help: "No batch goes out until the pace is changed again; what is running is not broken off.")
  var hold = false

  @Flag(help: "Take back what was said: the plan's own pace.")
  var asPlanned = false

  @Option(help: "Why; recorded.")
  var reason: String?

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let pace = try wanted()
    let journal = try await stateOptions.open(redactor: Redactor(), create: false)
    let id = try await RunChoice.resolve(run, from: journal, of: stateOptions, what: "unfinished run", fits: \.isUnfinished)
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    guard !recorded.state.status.isEnd else {
      throw Messages.usage(
        RollbackCommand.text(of: .wrongState(recorded.state.status), run: id), help: "only a run that can go on has a pace")
    }
    let argument = Value.object(["pace": pace?.value ?? .null, "reason": .string(reason ?? "")])
    let words = PaceText.words(pace)
    guard let live = try LiveRun.find(id, in: journal, of: stateOptions) else {
      try await Inbox.post(RequestKind.pace, argument, run: id, journal: journal, of: stateOptions)
      Messages.error("no process leads run \(id); from the next resume on: \(words)")
      return Messages.next(["runbook resume \(id)"], state: stateOptions.state)
    }
    let answer = try await live.ask(RequestKind.pace, argument)
    let held = "no batch goes out; 'runbook pace \(id) --as-planned' lets them go again"
    try live.tell(
      answer, asked: "go on with \(words)",
      then: pace?.isHeld == true ? held : "it counts from the next batch on")
  }

  private func wanted() throws -> Pace? {
    let saysPace = batchSize != nil || pauseBetween != nil || hold
    guard saysPace != asPlanned else {
      throw Messages.usage(
        saysPace ? "--as-planned takes back what the other options say" : "nothing is said about the pace",
        help: "give --batch-size, --pause-between or --hold, or --as-planned alone")
    }
    if asPlanned { return nil }
    if let batchSize, !(1...500).contains(batchSize) {
      throw Messages.usage("--batch-size \(batchSize): a batch has 1 to 500 documents", help: "--hold lets no batch go out")
    }
    return Pace(batchSize: batchSize.map(Int64.init), pauseBetween: try pauseBetween.map(Self.milliseconds), isHeld: hold)
  }

  private static func milliseconds(_ text: String) throws -> Int64 {
    let milliseconds: Int64
    do throws(TextMistake) {
      milliseconds = try TypedText.milliseconds(text)
    } catch {
      throw Messages.usage("--pause-between \(text): \(error.problem)", help: error.help)
    }
    guard (0...3_600_000).contains(milliseconds) else {
      throw Messages.usage("--pause-between \(text): at most an hour", help: "--hold waits until the pace is changed again")
    }
    return milliseconds
  }
}
