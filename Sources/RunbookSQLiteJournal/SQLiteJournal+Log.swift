import Foundation
import GRDB
import RunbookJournal
import RunbookPlan

/// The last record of a log.
struct LogEnd: Sendable {
  var head: JournalHead
  /// Of the last record; the least number where there is none.
  var epoch: Int64
}

extension SQLiteJournal {
  public func createRun(_ header: RunHeader, records: [NewRecord], status: StatusNote?) async throws(JournalError) -> JournalHead {
    guard RunID.isValid(header.run) else { throw .refused("'\(header.run)' cannot be the id of a run") }
    let header = header.redacted(by: redactor)
    let encoded = try encode(records)
    return try await write { db in
      guard try Int64.fetchOne(db, sql: "SELECT 1 FROM runs WHERE run = ?", arguments: [header.run]) == nil else {
        throw JournalError.runExists(header.run)
      }
      try Self.insert(header, db)
      let genesis = header.genesis
      try db.execute(
        sql: "INSERT INTO run_state(run, head_seq, head_hash, status, exit_code, updated) VALUES (?, 0, ?, ?, ?, ?)",
        arguments: [header.run, genesis.hash.data, status?.word, status?.exitCode, status?.updated])
      let start = LogEnd(head: genesis, epoch: Int64.min)
      return try Self.insert(encoded, run: header.run, after: start, consuming: [], status: status, db).head
    }
  }

  public func append(
    _ records: [NewRecord], to run: String, expectedHead: Int64, consuming requests: [String], status: StatusNote?
  ) async throws(JournalError) -> JournalHead {
    precondition(requests.isEmpty || !records.isEmpty, "a request is consumed by a record")
    let encoded = try encode(records)
    let waiting = takeNotes()
    // Taken out, so that after a failure the store is asked.
    let known = ends.withLock { $0.removeValue(forKey: run) }
    let end = try await write { db in
      let end = if let known, known.head.seq == expectedHead { known } else { try Self.currentEnd(of: run, db) }
      guard end.head.seq == expectedHead else { throw JournalError.overtaken(run: run, expected: expectedHead, actual: end.head.seq) }
      let newEnd = try Self.insert(encoded, run: run, after: end, consuming: requests, status: status, db)
      try Self.insert(waiting, db)
      return newEnd
    }
    ends.withLock { $0[run] = end }
    return end.head
  }

  private func encode(_ records: [NewRecord]) throws(JournalError) -> [EncodedRecord] {
    var encoded: [EncodedRecord] = []
    for record in records { encoded.append(try EncodedRecord(record, redactor: redactor)) }
    return encoded
  }

  private static func insert(_ header: RunHeader, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO runs(run, plan_id, plan_digest, plan_path, targets, created, tool_version, initiator, sum, params, plan_bytes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        header.run, header.planID, header.planDigest, header.planPath, header.targets.encodedJSON(), header.created, header.toolVersion,
        header.initiator, header.sum.data, header.params.encodedJSON(), Data(header.planBytes),
      ])
  }

  private static func currentEnd(of run: String, _ db: Database) throws -> LogEnd {
    let statement = try db.cachedStatement(
      sql: """
        SELECT s.head_seq, s.head_hash, l.hash, l.epoch FROM run_state s LEFT JOIN log l ON l.run = s.run AND l.seq = s.head_seq
        WHERE s.run = ?
        """)
    guard let row = try Row.fetchOne(statement, arguments: [run]) else { throw JournalError.unknownRun(run) }
    let fields = StoredFields(row: row)
    let head = JournalHead(seq: try fields.number(0), hash: try fields.hash(1))
    if head.seq == 0 { return LogEnd(head: head, epoch: Int64.min) }
    guard try fields.hash(2) == head.hash else {
      throw JournalError.damaged("the last record is not the one that was appended last", seq: head.seq)
    }
    return LogEnd(head: head, epoch: try fields.number(3))
  }

  /// Moves the head, then writes what leads to it.
  private static func insert(
    _ records: [EncodedRecord], run: String, after end: LogEnd, consuming requests: [String], status: StatusNote?, _ db: Database
  ) throws -> LogEnd {
    var hashes = [end.head.hash]
    for (index, record) in records.enumerated() {
      hashes.append(record.hash(previous: hashes[index], run: run, seq: end.head.seq + Int64(index) + 1))
    }
    let head = JournalHead(seq: end.head.seq + Int64(records.count), hash: hashes[records.count])
    try move(from: end.head, to: head, run: run, status: status, db)
    for request in requests { try consume(request, run: run, seq: end.head.seq + 1, db) }
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO log(run, seq, epoch, at, version, kind, payload, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    var epoch = end.epoch
    for (index, record) in records.enumerated() {
      guard record.epoch >= epoch else {
        throw JournalError.refused("a record of epoch \(record.epoch) cannot follow one of epoch \(epoch)")
      }
      epoch = record.epoch
      try statement.execute(arguments: [
        run, end.head.seq + Int64(index) + 1, record.epoch, record.at, record.version, record.kind,
        String(decoding: record.payload, as: UTF8.self), hashes[index].data, hashes[index + 1].data,
      ])
    }
    return LogEnd(head: head, epoch: epoch)
  }

  /// Only where the store still ends as it is thought to, and the last record is the one that was appended last.
  private static func move(from old: JournalHead, to new: JournalHead, run: String, status: StatusNote?, _ db: Database) throws {
    if let status {
      try db.cachedStatement(sql: moveWithStatus)
        .execute(arguments: [new.seq, new.hash.data, status.word, status.exitCode, status.updated, run, old.seq, old.hash.data])
    } else {
      try db.cachedStatement(sql: moveAlone).execute(arguments: [new.seq, new.hash.data, run, old.seq, old.hash.data])
    }
    guard db.changesCount == 0 else { return }
    let actual = try currentEnd(of: run, db).head
    if actual.seq == old.seq { throw JournalError.damaged("the last record is not the one that was appended last", seq: old.seq) }
    throw JournalError.overtaken(run: run, expected: old.seq, actual: actual.seq)
  }

  private static let moveAlone = "UPDATE run_state SET head_seq = ?, head_hash = ? \(whereUnmoved)"
  private static let moveWithStatus =
    "UPDATE run_state SET head_seq = ?, head_hash = ?, status = ?, exit_code = ?, updated = ? \(whereUnmoved)"
  private static let whereUnmoved = """
    WHERE run = ? AND head_seq = ? AND head_hash = ?
      AND (head_seq = 0 OR EXISTS (SELECT 1 FROM log WHERE log.run = run_state.run AND log.seq = head_seq AND log.hash = head_hash))
    """

  private static func consume(_ request: String, run: String, seq: Int64, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "UPDATE requests SET consumed_seq = ? WHERE id = ? AND run = ? AND consumed_seq IS NULL")
    try statement.execute(arguments: [seq, request, run])
    if db.changesCount != 1 { throw JournalError.requestGone(id: request) }
  }
}

// MARK: Reading

extension SQLiteJournal {
  public func runs() async throws(JournalError) -> [RunListing] {
    try await read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT r.run, r.plan_id, r.plan_digest, r.plan_path, r.targets, r.created, r.tool_version, r.initiator, s.status, s.exit_code,
            s.updated, s.head_seq
          FROM runs r JOIN run_state s ON s.run = r.run ORDER BY r.created DESC, r.rowid DESC
          """)
      return try rows.map { row in
        let fields = StoredFields(row: row)
        let header = RunHeader(
          run: try fields.text(0), planID: try fields.text(1), planDigest: try fields.text(2), planBytes: [], planPath: try fields.text(3),
          params: .emptyMap, targets: try fields.value(4), created: try fields.number(5), toolVersion: try fields.text(6),
          initiator: try fields.text(7))
        let exitCode = try fields.numberOrNull(9).map { Int32(truncatingIfNeeded: $0) }
        let status = try fields.textOrNull(8).map { StatusNote(word: $0, exitCode: exitCode, updated: try fields.number(10)) }
        return RunListing(header: header, status: status, headSeq: try fields.number(11))
      }
    }
  }

  public func header(of run: String) async throws(JournalError) -> RunHeader {
    try await perform { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT run, plan_id, plan_digest, plan_bytes, plan_path, params, targets, created, tool_version, initiator, sum FROM runs
          WHERE run = ?
          """, arguments: [run])
      guard let row else { throw JournalError.unknownRun(run) }
      let fields = StoredFields(row: row)
      let header = RunHeader(
        run: try fields.text(0), planID: try fields.text(1), planDigest: try fields.text(2), planBytes: try fields.bytes(3),
        planPath: try fields.text(4), params: try fields.value(5), targets: try fields.value(6), created: try fields.number(7),
        toolVersion: try fields.text(8), initiator: try fields.text(9))
      guard try fields.hash(10) == header.sum else { throw JournalError.damaged("the stored plan of run \(run) was changed", seq: nil) }
      return header
    }
  }

  public func head(of run: String) async throws(JournalError) -> JournalHead {
    try await perform { db in try Self.currentEnd(of: run, db).head }
  }

  public func records(of run: String, from seq: Int64, limit: Int) async throws(JournalError) -> [JournalRecord] {
    try await read { db in
      let first = max(seq, 1)
      let last = try Self.currentEnd(of: run, db).head
      if first > last.seq { return [] }
      var head = try Self.head(before: first, run: run, db)
      var records: [JournalRecord] = []
      try Self.eachRecord(of: run, from: first, limit: limit, db) { stored in
        if let fault = stored.fault(after: head, run: run) { throw JournalError.damaged(fault, seq: head.seq + 1) }
        records.append(try stored.decoded(run: run))
        head = JournalHead(seq: stored.seq, hash: stored.hash)
        return true
      }
      if records.count < limit, head != last { throw JournalError.damaged("the last records are missing", seq: head.seq + 1) }
      return records
    }
  }

  public func verifyChain(of run: String) async throws(JournalError) -> ChainVerdict {
    try await read { db in
      var head = try Self.head(before: 1, run: run, db)
      var fault: String?
      try Self.eachRecord(of: run, from: 1, limit: Int.max, db) { stored in
        fault = stored.fault(after: head, run: run)
        if fault == nil { head = JournalHead(seq: stored.seq, hash: stored.hash) }
        return fault == nil
      }
      if let fault { return .broken(seq: head.seq + 1, reason: fault) }
      let row = try Row.fetchOne(db, sql: "SELECT head_seq, head_hash FROM run_state WHERE run = ?", arguments: [run])
      guard let row else { throw JournalError.damaged("the head of run \(run) is missing", seq: nil) }
      let fields = StoredFields(row: row)
      let stored = JournalHead(seq: try fields.number(0), hash: try fields.hash(1))
      if stored == head { return .intact(head: head) }
      return .broken(seq: min(stored.seq, head.seq) + 1, reason: "the log does not end where it was left")
    }
  }

  private static func head(before seq: Int64, run: String, _ db: Database) throws -> JournalHead {
    if seq > 1 {
      let row = try Row.fetchOne(db, sql: "SELECT hash FROM log WHERE run = ? AND seq = ?", arguments: [run, seq - 1])
      guard let row else { throw JournalError.damaged("a record is missing", seq: seq - 1) }
      return JournalHead(seq: seq - 1, hash: try StoredFields(row: row).hash(0))
    }
    guard let row = try Row.fetchOne(db, sql: "SELECT plan_digest FROM runs WHERE run = ?", arguments: [run]) else {
      throw JournalError.unknownRun(run)
    }
    return JournalHead(seq: 0, hash: HashChain.genesis(run: run, planDigest: try StoredFields(row: row).text(0)))
  }

  /// Hands over records in order until `body` says no.
  private static func eachRecord(
    of run: String, from seq: Int64, limit: Int, _ db: Database, _ body: (StoredRecord) throws -> Bool
  ) throws {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT seq, epoch, at, version, kind, payload, prev_hash, hash FROM log WHERE run = ? AND seq >= ? ORDER BY seq LIMIT ?
        """, arguments: [run, seq, limit])
    while let row = try rows.next() {
      let fields = StoredFields(row: row)
      let stored = StoredRecord(
        seq: try fields.number(0), epoch: try fields.number(1), at: try fields.number(2), version: Int(try fields.number(3)),
        kind: try fields.text(4), payload: Array(try fields.text(5).utf8), previousHash: try fields.hash(6), hash: try fields.hash(7))
      if try !body(stored) { return }
    }
  }
}

// MARK: Requests

extension SQLiteJournal {
  public func post(_ request: RequestRow) async throws(JournalError) {
    let request = request.redacted(by: redactor)
    try await write { db in
      guard try Int64.fetchOne(db, sql: "SELECT 1 FROM runs WHERE run = ?", arguments: [request.run]) != nil else {
        throw JournalError.unknownRun(request.run)
      }
      guard try Int64.fetchOne(db, sql: "SELECT 1 FROM requests WHERE id = ?", arguments: [request.id]) == nil else {
        throw JournalError.requestExists(id: request.id)
      }
      try db.execute(
        sql: "INSERT INTO requests(id, run, kind, argument, who, from_where, at, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          request.id, request.run, request.kind, request.argument.encodedJSON(), request.who, request.from, request.at, request.sum.data,
        ])
    }
  }

  public func pendingRequests(of run: String) async throws(JournalError) -> [RequestRow] {
    try await requests(of: run).filter { $0.consumedSeq == nil }
  }

  public func requests(of run: String) async throws(JournalError) -> [RequestRow] {
    try await read { db in
      guard try Int64.fetchOne(db.cachedStatement(sql: "SELECT 1 FROM runs WHERE run = ?"), arguments: [run]) != nil else {
        throw JournalError.unknownRun(run)
      }
      let statement = try db.cachedStatement(
        sql: "SELECT id, run, kind, argument, who, from_where, at, consumed_seq, sum FROM requests WHERE run = ? ORDER BY number")
      return try Row.fetchAll(statement, arguments: [run]).map { row in
        let fields = StoredFields(row: row)
        let request = RequestRow(
          id: try fields.text(0), run: try fields.text(1), kind: try fields.text(2), argument: try fields.value(3),
          who: try fields.text(4), from: try fields.text(5), at: try fields.number(6), consumedSeq: try fields.numberOrNull(7))
        guard try fields.hash(8) == request.sum else { throw JournalError.damaged("request \(request.id) was changed", seq: nil) }
        return request
      }
    }
  }
}
