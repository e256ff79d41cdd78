import GRDB
import RunbookJournal

/// What an error of SQLite's means for a run.
enum SQLiteFailure {
  static func journalError(_ error: any Error) -> JournalError {
    if let error = error as? JournalError { return error }
    guard let error = error as? DatabaseError else { return .notRecorded("\(error)") }
    let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: return .busy(reason)
    case .SQLITE_NOTADB: return .refused("the state is no database of this program, or its beginning is damaged (\(reason))")
    // SQLITE_ERROR here is a table or a column that is not there: our statements are fixed.
    case .SQLITE_CORRUPT, .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_FORMAT: return .damaged(reason, seq: nil)
    case .SQLITE_FULL: return .notRecorded("the disk is full (\(reason))")
    case .SQLITE_READONLY: return .notRecorded("the state is read-only (\(reason))")
    default: return .notRecorded(reason)
    }
  }
}
