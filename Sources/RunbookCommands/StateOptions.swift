import ArgumentParser
import Foundation
import RunbookJournal
import RunbookRuntime
import RunbookSQLiteJournal

/// Where the state is.
struct StateOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where runs are recorded; default sqlite:.runbook/state.db, or RUNBOOK_STATE.", valueName: "url"))
  var state: String?

  /// Tells the failure, with commands that name this state.
  func exit(_ failure: RunFailure) -> ExitCode { Messages.exit(failure, state: state) }

  func exit(_ failure: JournalError) -> ExitCode { Messages.exit(failure, state: state) }

  /// Opens the state.
  /// - Parameter create: whether a new one is made where there is none.
  func open(redactor: Redactor, create: Bool) async throws -> SQLiteJournal {
    do throws(JournalError) { return try await journal(redactor: redactor, create: create) } catch { throw exit(error) }
  }

  func journal(redactor: Redactor, create: Bool) async throws(JournalError) -> SQLiteJournal {
    let location = try StateLocation.resolve(option: state, environment: ProcessInfo.processInfo.environment)
    guard case .sqlite(let path) = location else { throw JournalError.usage("this kind of state is not built yet") }
    return try await SQLiteJournal.open(path: path, redactor: redactor, create: create)
  }
}

/// Which form reading commands answer in.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

/// Which form a run is told in while it goes on.
enum ProgressFormat: String, ExpressibleByArgument, CaseIterable {
  case text, ndjson
}
