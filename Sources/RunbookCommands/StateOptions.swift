import ArgumentParser
import Foundation
import RunbookJournal
import RunbookSQLiteJournal

/// Where the state is.
struct StateOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where runs are recorded; default sqlite:.runbook/state.db, or RUNBOOK_STATE.", valueName: "url"))
  var state: String?

  /// Opens the state.
  /// - Parameter create: whether a new one is made where there is none.
  func open(redactor: Redactor, create: Bool) async throws -> SQLiteJournal {
    do throws(JournalError) {
      let location = try StateLocation.resolve(option: state, environment: ProcessInfo.processInfo.environment)
      guard case .sqlite(let path) = location else { throw JournalError.usage("this kind of state is not built yet") }
      return try await SQLiteJournal.open(path: path, redactor: redactor, create: create)
    } catch {
      throw Messages.exit(error)
    }
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
