import Foundation
import GRDB
import RunbookJournal
import RunbookPlan
import Synchronization

/// The journal in one SQLite file, written by one connection with `journal_mode=WAL` and `synchronous=FULL`.
///
/// All work on the file is done on one thread of the journal's own, never on Swift's cooperative threads, and is not cut short when the
/// task that asked for it is cancelled. Who leads a run on that thread (`executor`) commits without waking another one. A `DatabasePool` would set `synchronous` back to NORMAL in silence, and so would GRDB's own setting
/// for WAL; both pragmas are therefore set by hand and asserted at every open.
public final class SQLiteJournal: Journal {
  let database: DatabaseQueue
  private let thread: JournalThread
  let redactor: Redactor
  let file: StateFile
  /// Of the file that was opened. Another one under its name means that what is written here is lost.
  private let identity: FileIdentity
  private let ownChanges = Atomic<Int64>(0)
  /// Where the logs end that this process appends to, as its last append left them.
  let ends = Mutex<[String: LogEnd]>([:])
  let notes: Mutex<PendingNotes>

  private init(database: DatabaseQueue, thread: JournalThread, redactor: Redactor, file: StateFile, identity: FileIdentity) {
    self.database = database
    self.thread = thread
    self.redactor = redactor
    self.file = file
    self.identity = identity
    notes = Mutex(PendingNotes(streams: OutputStreams(redactor)))
  }

  /// Opens the state and checks it (`PRAGMA quick_check`); brings its tables up to date.
  /// - Parameters:
  ///   - create: whether a file that does not exist is made, with its directory.
  ///   - busyTimeout: in seconds, how long to wait for another process that writes.
  /// - Throws: `noState`, `refused`, `damaged`, `busy`, `notRecorded`.
  public static func open(
    path: String, redactor: Redactor, create: Bool = true, busyTimeout: Double = 5
  ) async throws(JournalError) -> SQLiteJournal {
    let thread = JournalThread()
    return try await done(on: thread) {
      try openNow(path: path, thread: thread, redactor: redactor, create: create, busyTimeout: busyTimeout)
    }
  }

  private static func openNow(
    path: String, thread: JournalThread, redactor: Redactor, create: Bool, busyTimeout: Double
  ) throws -> SQLiteJournal {
    let file = try StateFile(path: path)
    try file.prepare(create: create)
    var configuration = Configuration()
    configuration.label = "runbook.journal"
    configuration.busyMode = .timeout(busyTimeout)
    configuration.foreignKeysEnabled = true
    configuration.prepareDatabase { db in try prepare(db, path: file.path) }
    let database = try DatabaseQueue(path: file.path, configuration: configuration)
    try database.writeWithoutTransaction { db in
      try Schema.migrate(db, path: file.path)
      try assertDurable(db)
      let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
      guard verdict == "ok" else { throw JournalError.damaged(verdict ?? "quick_check says nothing", seq: nil) }
    }
    guard let identity = file.identity() else { throw JournalError.notRecorded("\(file.path) was removed") }
    return SQLiteJournal(database: database, thread: thread, redactor: redactor, file: file, identity: identity)
  }

  private static func prepare(_ db: Database, path: String) throws {
    try db.execute(sql: "PRAGMA trusted_schema = OFF")
    try db.execute(sql: "PRAGMA cell_size_check = ON")
    try Schema.recognise(db, path: path)
    try db.execute(sql: "PRAGMA synchronous = FULL")
    try enterWAL(db)
  }

  /// Two processes that make the file at once meet here, and SQLite's busy time-out does not cover this change.
  private static func enterWAL(_ db: Database) throws {
    for attempt in 1... {
      do {
        try db.execute(sql: "PRAGMA journal_mode = WAL")
        return
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && attempt < 50 {
        usleep(50_000)
      }
    }
  }

  private static func assertDurable(_ db: Database) throws {
    let synchronous = try Int64.fetchOne(db, sql: "PRAGMA synchronous")
    let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode")
    guard synchronous == 2, mode == "wal" else {
      throw JournalError.notRecorded(
        "SQLite does not give the durability asked for (synchronous \(synchronous ?? -1), journal mode \(mode ?? "unknown"))")
    }
  }

  /// The directory of the file, absolute: there are the runs' lock files too.
  public var directory: String { file.directory }

  public func changeMark() async throws(JournalError) -> ChangeMark {
    let others = try await perform { db in
      try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA data_version")) ?? 0
    }
    return ChangeMark(others: others, own: ownChanges.load(ordering: .sequentiallyConsistent))
  }

  public func close() async throws(JournalError) {
    endAllOutput()
    try await flushNotes()
    let database = database
    try await Self.done(on: thread) { try database.close() }
  }
}

// MARK: Where the work is done

extension SQLiteJournal {
  public var executor: (any TaskExecutor)? { thread }

  /// Runs on the journal's thread: at once where the caller does, too.
  func perform<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws(JournalError) -> Result {
    if thread.isCurrent { return try Self.answer(of: body, database) }
    return try await Self.done(on: thread) { [database] in try Self.answer(of: body, database) }
  }

  /// One transaction that holds SQLite's write lock from its beginning.
  func write<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws(JournalError) -> Result {
    let file = file
    let identity = identity
    let result = try await perform { db in
      guard file.identity() == identity else {
        throw JournalError.notRecorded("\(file.path) was removed or replaced while this process used it")
      }
      // Cached, which GRDB's own transactions are not: they would be parsed anew for each commit.
      try db.cachedStatement(sql: "BEGIN IMMEDIATE").execute()
      do {
        let result = try body(db)
        try db.cachedStatement(sql: "COMMIT").execute()
        return result
      } catch {
        // Some failures end the transaction by themselves; the first one is what is told.
        if db.isInsideTransaction { try? db.rollback() }
        throw error
      }
    }
    ownChanges.add(1, ordering: .sequentiallyConsistent)
    return result
  }

  /// Several reads that see one state.
  func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws(JournalError) -> Result {
    try await perform { db in
      var result: Result?
      try db.inTransaction(.deferred) {
        result = try body(db)
        return .commit
      }
      guard let result else { preconditionFailure("a finished transaction has a result") }
      return result
    }
  }

  private static func answer<Result>(of body: (Database) throws -> Result, _ database: DatabaseQueue) throws(JournalError) -> Result {
    do {
      return try database.writeWithoutTransaction(body)
    } catch {
      throw SQLiteFailure.journalError(error)
    }
  }

  /// A task of its own, so that it surely begins on the thread, and is not cancelled with the one that waits for it.
  private static func done<Result: Sendable>(
    on thread: JournalThread, _ body: @escaping @Sendable () throws -> Result
  ) async throws(JournalError) -> Result {
    do {
      return try await Task.detached(executorPreference: thread) { try body() }.value
    } catch {
      throw SQLiteFailure.journalError(error)
    }
  }
}
