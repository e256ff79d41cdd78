import GRDB
import RunbookJournal

/// The tables, built by numbered migrations, and the marks by which a file is known as ours.
enum Schema {
  /// "RBKJ" in the header of the file.
  static let applicationID: Int64 = 0x5242_4B4A
  static let newest = Int64(migrations.count)

  /// Migration n makes version n of version n - 1. One that was ever released is never changed.
  private static let migrations = [
    """
    CREATE TABLE runs(
      run TEXT NOT NULL PRIMARY KEY, plan_id TEXT NOT NULL, plan_digest TEXT NOT NULL, plan_path TEXT NOT NULL, targets TEXT NOT NULL,
      created INTEGER NOT NULL, tool_version TEXT NOT NULL, initiator TEXT NOT NULL, sum BLOB NOT NULL, params TEXT NOT NULL,
      plan_bytes BLOB NOT NULL);
    CREATE TABLE run_state(
      run TEXT NOT NULL PRIMARY KEY REFERENCES runs(run), head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL, status TEXT,
      exit_code INTEGER, updated INTEGER) WITHOUT ROWID;
    CREATE TABLE log(
      run TEXT NOT NULL, seq INTEGER NOT NULL, epoch INTEGER NOT NULL, at INTEGER NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL,
      payload TEXT NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(run, seq)) WITHOUT ROWID;
    CREATE TABLE requests(
      number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, run TEXT NOT NULL REFERENCES runs(run), kind TEXT NOT NULL,
      argument TEXT NOT NULL, who TEXT NOT NULL, from_where TEXT NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL, consumed_seq INTEGER);
    CREATE INDEX requests_of_run ON requests(run);
    CREATE TABLE progress(
      run TEXT NOT NULL, effect TEXT NOT NULL, at INTEGER NOT NULL, payload TEXT NOT NULL, PRIMARY KEY(run, effect)) WITHOUT ROWID;
    CREATE TABLE windows(
      number INTEGER PRIMARY KEY, run TEXT NOT NULL, trigger TEXT NOT NULL, verdict TEXT NOT NULL, count INTEGER NOT NULL,
      first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, payload TEXT NOT NULL);
    CREATE INDEX windows_of_trigger ON windows(run, trigger);
    CREATE TABLE output(
      number INTEGER PRIMARY KEY, run TEXT NOT NULL, effect TEXT NOT NULL, stream TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL,
      text TEXT NOT NULL);
    CREATE INDEX output_of_effect ON output(run, effect);
    """
  ]

  /// Whether the file is new, ours and not from the future; reads only, so that another program's file stays as it is.
  /// - Throws: `refused`.
  static func recognise(_ db: Database, path: String) throws {
    // Before the mark, which is made in one transaction with the first table: another process may be about to make them.
    let tables = try Int64.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    let mark = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    if mark == applicationID {
      let version = try version(db)
      if version > newest {
        throw JournalError.refused(
          "\(path) was written by a newer version of runbook (schema \(version), this one knows up to \(newest)); update runbook")
      }
      return
    }
    if mark != 0 || tables > 0 {
      throw JournalError.refused("\(path) is the database of another program; choose another file for the state")
    }
  }

  /// Brings the tables up to date, in one transaction.
  static func migrate(_ db: Database, path: String) throws {
    if try Int64.fetchOne(db, sql: "PRAGMA application_id") == applicationID, try version(db) == newest { return }
    try db.inTransaction(.immediate) {
      // Another process may have been faster.
      try recognise(db, path: path)
      let isNew = try Int64.fetchOne(db, sql: "PRAGMA application_id") != applicationID
      if isNew {
        try db.execute(sql: "CREATE TABLE schema_version(version INTEGER NOT NULL PRIMARY KEY)")
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      }
      let current = isNew ? 0 : try version(db)
      for (index, migration) in migrations.enumerated() where Int64(index) >= current {
        try db.execute(sql: migration)
        try db.execute(sql: "INSERT INTO schema_version(version) VALUES (?)", arguments: [index + 1])
      }
      return .commit
    }
  }

  private static func version(_ db: Database) throws -> Int64 {
    guard let version = try Int64.fetchOne(db, sql: "SELECT max(version) FROM schema_version") else {
      throw JournalError.damaged("the version of the tables is missing", seq: nil)
    }
    return version
  }
}
