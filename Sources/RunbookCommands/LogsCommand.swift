import ArgumentParser
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookSQLiteJournal
import RunbookSyntax

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Tell what is recorded of a run, line by line: entries, outputs of programs, progress, windows of triggers.",
    discussion: "With --follow it goes on until no process leads the run any more; --format json then gives one object a line.")

  @Argument(help: "The run; left out, the only unfinished one, or else the latest.")
  var run: String?

  @Option(help: ArgumentHelp("Only what is about this step and what belongs to it.", valueName: "id"))
  var step: String?

  @Flag(help: "Go on telling what is recorded, until no process leads the run any more.")
  var follow = false

  @Option(help: "text or json.")
  var format: OutputFormat = .text

  @OptionGroup var stateOptions: StateOptions

  /// How often a followed run is looked at.
  private static let interval = Duration.milliseconds(250)

  func run() async throws {
    let journal = try await stateOptions.open(redactor: Redactor(), create: false)
    let id = try await RunChoice.resolve(run, from: journal, of: stateOptions, what: "run", fits: \.isUnfinished, orElse: { _ in true })
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    if let step, recorded.bound.steps[step] == nil {
      throw Messages.usage(
        "the plan of run \(id) has no step '\(step)'",
        help: nearest(to: step, among: Array(recorded.bound.steps.keys)).map { "did you mean '\($0)'?" })
    }
    var log = RunLog(run: id, titles: PlanTitles(recorded.bound.plan, params: recorded.bound.params), step: step)
    guard follow else {
      let lines = try await lines(of: &log, from: journal)
      if format == .json { return Messages.data(Value.list(lines.map(\.value)).encodedJSON()) }
      for line in lines { Messages.data(line.rendered) }
      return
    }
    while true {
      // Asked before the lines are read, so that the last ones of a process that ends meanwhile are told.
      let isLed = try LiveRun.find(id, in: journal, of: stateOptions) != nil
      for line in try await lines(of: &log, from: journal) {
        Messages.data(format == .json ? line.value.encodedJSON() : line.rendered)
      }
      guard isLed else { return }
      try await Task.sleep(for: Self.interval)
    }
  }

  private func lines(of log: inout RunLog, from journal: SQLiteJournal) async throws -> [LogLine] {
    do throws(JournalError) { return try await log.lines(from: journal) } catch { throw stateOptions.exit(error) }
  }
}
