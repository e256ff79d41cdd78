import Dispatch
import GRDB
import RunbookJournal
import RunbookPlan

/// What waits to be written without being waited for.
struct PendingNotes: Sendable {
  var buffer = NoteBuffer()
  var streams: OutputStreams
  /// Whether a flush is under way or planned.
  var isScheduled = false
}

extension SQLiteJournal {
  /// Notes go with the next append, or after this many milliseconds.
  private static let patience = 250

  public func noteProgress(run: String, effect: String, at: Int64, _ payload: Value) {
    let row = ProgressRow(effect: effect, at: at, payload: redactor.redact(payload))
    note { $0.buffer.add(run: run, progress: row) }
  }

  public func noteWindow(run: String, trigger: String, at: Int64, verdict: String, _ payload: Value) {
    let window = NoteBuffer.WindowNote(run: run, trigger: trigger, verdict: verdict, at: at, payload: redactor.redact(payload))
    note { $0.buffer.add(window) }
  }

  public func noteOutput(run: String, effect: String, stream: String, at: Int64, _ text: String) {
    note { $0.buffer.add($0.streams.feed(run: run, effect: effect, stream: stream, at: at, text)) }
  }

  public func endOutput(run: String, effect: String, at: Int64) {
    note { pending in
      for piece in pending.streams.end(run: run, effect: effect, at: at) { pending.buffer.add(piece) }
    }
  }

  func endAllOutput() {
    notes.withLock { pending in
      for piece in pending.streams.endAll(at: 0) { pending.buffer.add(piece) }
    }
  }

  func takeNotes() -> NoteBuffer { notes.withLock { $0.buffer.take() } }

  public func flushNotes() async throws(JournalError) {
    let waiting = takeNotes()
    if waiting.isEmpty { return }
    try await write { db in try Self.insert(waiting, db) }
  }

  private func note(_ change: (inout PendingNotes) -> Void) {
    let mustSchedule = notes.withLock { pending in
      change(&pending)
      if pending.isScheduled || pending.buffer.isEmpty { return false }
      pending.isScheduled = true
      return true
    }
    guard mustSchedule else { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Self.patience)) { [weak self] in
      guard let self else { return }
      notes.withLock { $0.isScheduled = false }
      Task {
        // Notes may be lost; a state that cannot be written is told by the next append.
        try? await self.flushNotes()
      }
    }
  }
}

// MARK: Rows

extension SQLiteJournal {
  static func insert(_ notes: NoteBuffer, _ db: Database) throws {
    if notes.isEmpty { return }
    for (key, row) in notes.progress {
      try db.cachedStatement(sql: "INSERT OR REPLACE INTO progress(run, effect, at, payload) VALUES (?, ?, ?, ?)")
        .execute(arguments: [key.run, key.effect, row.at, row.payload.encodedJSON()])
    }
    for window in notes.windows { try insert(window, db) }
    for note in notes.output {
      try db.cachedStatement(sql: "INSERT INTO output(run, effect, stream, at, bytes, text) VALUES (?, ?, ?, ?, ?, ?)")
        .execute(arguments: [note.run, note.effect, note.row.stream, note.row.at, note.row.text.utf8.count, note.row.text])
    }
    for key in Set(notes.output.map { NoteBuffer.EffectKey(run: $0.run, effect: $0.effect) }) { try boundOutput(key, db) }
  }

  private static func insert(_ window: NoteBuffer.WindowNote, _ db: Database) throws {
    let update = try db.cachedStatement(
      sql: """
        UPDATE windows SET count = count + 1, last_at = ?, payload = ?
        WHERE number = (SELECT max(number) FROM windows WHERE run = ? AND trigger = ?) AND verdict = ?
        """)
    let payload = window.payload.encodedJSON()
    try update.execute(arguments: [window.at, payload, window.run, window.trigger, window.verdict])
    if db.changesCount == 1 { return }
    try db.cachedStatement(
      sql: "INSERT INTO windows(run, trigger, verdict, count, first_at, last_at, payload) VALUES (?, ?, ?, 1, ?, ?, ?)"
    ).execute(arguments: [window.run, window.trigger, window.verdict, window.at, window.at, payload])
    try db.cachedStatement(
      sql: """
        DELETE FROM windows WHERE run = ? AND trigger = ? AND number <=
          (SELECT number FROM windows WHERE run = ? AND trigger = ? ORDER BY number DESC LIMIT 1 OFFSET ?)
        """
    ).execute(arguments: [window.run, window.trigger, window.run, window.trigger, NoteBounds.windows])
  }

  private static func boundOutput(_ key: NoteBuffer.EffectKey, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        DELETE FROM output WHERE run = ? AND effect = ? AND number <= (SELECT max(number) FROM
          (SELECT number, sum(bytes) OVER (ORDER BY number DESC) AS total FROM output WHERE run = ? AND effect = ?) WHERE total > ?)
        """
    ).execute(arguments: [key.run, key.effect, key.run, key.effect, NoteBounds.outputBytes])
  }

  public func progress(of run: String) async throws(JournalError) -> [ProgressRow] {
    try await fetch("SELECT effect, at, payload FROM progress WHERE run = ? ORDER BY effect", run, [run]) { fields in
      ProgressRow(effect: try fields.text(0), at: try fields.number(1), payload: try fields.value(2))
    }
  }

  public func windows(of run: String) async throws(JournalError) -> [WindowRow] {
    try await fetch(
      "SELECT trigger, verdict, count, first_at, last_at, payload FROM windows WHERE run = ? ORDER BY number", run, [run]
    ) { fields in
      WindowRow(
        trigger: try fields.text(0), verdict: try fields.text(1), count: try fields.number(2), firstAt: try fields.number(3),
        lastAt: try fields.number(4), payload: try fields.value(5))
    }
  }

  public func output(of run: String, effect: String) async throws(JournalError) -> [OutputRow] {
    try await fetch("SELECT stream, at, text FROM output WHERE run = ? AND effect = ? ORDER BY number", run, [run, effect]) { fields in
      OutputRow(stream: try fields.text(0), at: try fields.number(1), text: try fields.text(2))
    }
  }

  private func fetch<Item: Sendable>(
    _ sql: String, _ run: String, _ arguments: [String], _ make: @escaping @Sendable (StoredFields) throws -> Item
  ) async throws(JournalError) -> [Item] {
    try await read { db in
      guard try Int64.fetchOne(db, sql: "SELECT 1 FROM runs WHERE run = ?", arguments: [run]) != nil else {
        throw JournalError.unknownRun(run)
      }
      return try Row.fetchAll(db, sql: sql, arguments: StatementArguments(arguments)).map { try make(StoredFields(row: $0)) }
    }
  }
}
