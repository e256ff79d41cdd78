import ArgumentParser
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookSQLiteJournal

struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Report on a run from its journal: what was done, by whom, and what it came to.",
    discussion: "The same journal always gives the same report. The names of the JSON form are described in docs/report.md.")

  @Argument(help: "The run; left out, the only unfinished one, or else the latest.")
  var run: String?

  @Option(help: "text, markdown or json.")
  var format: ReportFormat = .text

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let journal = try await stateOptions.open(redactor: Redactor(), create: false)
    let id = try await RunChoice.resolve(run, from: journal, of: stateOptions, what: "run", fits: \.isUnfinished, orElse: { _ in true })
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    let isLed = try LiveRun.find(id, in: journal, of: stateOptions) != nil
    let report: RunReport
    do throws(JournalError) {
      report = try await RunReport.read(
        header: recorded.header, state: recorded.state, plan: recorded.bound.plan, params: recorded.bound.params,
        summary: recorded.summary(stateOption: stateOptions.state, isLed: isLed), from: journal)
    } catch {
      throw stateOptions.exit(error)
    }
    switch format {
    case .text: Messages.data(report.text)
    case .markdown: Messages.data(report.markdown)
    case .json: Messages.data(report.value.encodedJSON())
    }
  }
}

/// Which form a report has.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
  case text, markdown, json
}
