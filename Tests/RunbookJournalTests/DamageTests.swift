import Foundation
import GRDB
import RunbookPlan
import Testing

@testable import RunbookJournal
@testable import RunbookSQLiteJournal

/// Whatever happens to the file: it is detected, or everything is as it was.
@Suite struct DamageTests {
  /// All that a resumed run would act on.
  struct Content: Hashable {
    var header: RunHeader
    var records: [JournalRecord]
    var requests: [RequestRow]
  }

  static func content(_ journal: SQLiteJournal) async throws -> [Content] {
    var result: [Content] = []
    for run in ["r1", "r2"] {
      let records = try await journal.records(of: run)
      guard case .intact = try await journal.verifyChain(of: run) else { throw JournalError.damaged("chain", seq: nil) }
      result.append(
        Content(header: try await journal.header(of: run), records: records, requests: try await journal.requests(of: run)))
    }
    return result
  }

  /// A state with two runs, all in the main file.
  static func makeState(at path: String) async throws -> [Content] {
    let journal = try await SQLiteJournal.open(path: path, redactor: Redactor())
    for run in ["r1", "r2"] {
      _ = try await journal.createRun(sampleHeader(run))
      for number in 0..<40 as Range<Int64> {
        let text = String(repeating: "payload \(number) ", count: Int(number) * 3)
        _ = try await journal.append([sampleRecord(number, payload: .string(text))], to: run, expectedHead: number)
      }
      try await journal.post(sampleRequest("q-\(run)", run: run))
    }
    let content = try await content(journal)
    try await journal.close()
    return content
  }

  /// - Returns: whether the damage was noticed; what was read where not.
  static func judge(_ path: String) async -> (noticed: Bool, content: [Content]) {
    do {
      let journal = try await SQLiteJournal.open(path: path, redactor: Redactor(), create: false)
      let result: [Content]?
      do { result = try await content(journal) } catch { result = nil }
      try? await journal.close()
      return (result == nil, result ?? [])
    } catch { return (true, []) }
  }

  @Test func flippedBitsAreNoticedOrHarmless() async throws {
    let directory = try TemporaryDirectory()
    let original = directory.file("state.db")
    let expected = try await Self.makeState(at: original)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: original))
    var random = SeededGenerator(state: 11)
    var noticed = 0
    let offsets = Array(0..<100) + (0..<150).map { _ in Int.random(in: 0..<bytes.count, using: &random) }
    for (number, offset) in offsets.enumerated() {
      var damaged = bytes
      damaged[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      let path = directory.file("damaged-\(number).db")
      try damaged.write(to: URL(fileURLWithPath: path))
      let verdict = await Self.judge(path)
      if verdict.noticed { noticed += 1 } else { #expect(verdict.content == expected, "a bit at offset \(offset) went unnoticed") }
      for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
    #expect(noticed > 60, "most of the file matters")
  }

  @Test func truncatedFilesAreNoticed() async throws {
    let directory = try TemporaryDirectory()
    let original = directory.file("state.db")
    let expected = try await Self.makeState(at: original)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: original))
    var random = SeededGenerator(state: 12)
    let lengths = stride(from: 4_096, to: bytes.count, by: 4_096) + (0..<40).map { _ in Int.random(in: 1..<bytes.count, using: &random) }
    for length in lengths {
      let path = directory.file("cut-\(length).db")
      try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
      let verdict = await Self.judge(path)
      #expect(verdict.noticed || verdict.content == expected, "cut to \(length) of \(bytes.count) bytes")
    }
    #expect(lengths.count > 50)
  }

  @Test(
    arguments: [
      ("UPDATE log SET payload = '\"x\"' WHERE run = 'r1' AND seq = 5", 5), ("UPDATE log SET kind = 'k' WHERE run = 'r1' AND seq = 5", 5),
      ("UPDATE log SET at = at + 1 WHERE run = 'r1' AND seq = 1", 1), ("UPDATE log SET epoch = 9 WHERE run = 'r1' AND seq = 40", 40),
      ("DELETE FROM log WHERE run = 'r1' AND seq = 7", 7), ("DELETE FROM log WHERE run = 'r1' AND seq > 38", 39),
      ("DELETE FROM log WHERE run = 'r1' AND seq < 3", 1), ("DELETE FROM log WHERE run = 'r1'", 1),
      ("UPDATE log SET hash = randomblob(32) WHERE run = 'r1' AND seq = 3", 3),
      ("UPDATE log SET prev_hash = randomblob(32) WHERE run = 'r1' AND seq = 3", 3),
      ("UPDATE run_state SET head_seq = 39 WHERE run = 'r1'", 40), ("UPDATE runs SET plan_digest = 'x' WHERE run = 'r1'", 1),
    ] as [(String, Int64)])
  func aChangedLogIsBrokenAtItsPlace(_ sql: String, _ seq: Int64) async throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("state.db")
    _ = try await Self.makeState(at: path)
    let database = try DatabaseQueue(path: path)
    try await database.writeWithoutTransaction { try $0.execute(sql: sql) }
    try database.close()
    let journal = try await SQLiteJournal.open(path: path, redactor: Redactor())
    guard case .broken(seq, _) = try await journal.verifyChain(of: "r1") else {
      Issue.record("\(try await journal.verifyChain(of: "r1"))")
      return
    }
    guard case .damaged = await journalError({ try await journal.records(of: "r1") }) else {
      Issue.record("read as if nothing were")
      return
    }
    guard case .intact = try await journal.verifyChain(of: "r2") else {
      Issue.record("another run is broken too")
      return
    }
    try await journal.close()
  }

  @Test(arguments: [
    "UPDATE runs SET plan_bytes = x'00'", "UPDATE runs SET params = '{}'", "UPDATE runs SET initiator = 'eve'",
    "UPDATE runs SET targets = '{}'", "UPDATE runs SET created = 'soon'",
  ])
  func aChangedHeaderIsNoticed(_ sql: String) async throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("state.db")
    _ = try await Self.makeState(at: path)
    let database = try DatabaseQueue(path: path)
    try await database.writeWithoutTransaction { try $0.execute(sql: sql) }
    try database.close()
    let journal = try await SQLiteJournal.open(path: path, redactor: Redactor())
    guard case .damaged = await journalError({ try await journal.header(of: "r1") }) else {
      Issue.record("unnoticed")
      return
    }
    try await journal.close()
  }

  @Test func anUnfinishedCommitInTheLogFileIsDropped() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("state.db")
    let journal = try await SQLiteJournal.open(path: path, redactor: Redactor())
    _ = try await journal.createRun(sampleHeader())
    _ = try await journal.append([sampleRecord(1)], to: "r1", expectedHead: 0)
    let before = try Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count
    _ = try await journal.append([sampleRecord(2)], to: "r1", expectedHead: 1)
    let main = try Data(contentsOf: URL(fileURLWithPath: path))
    let wal = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
    // A copy as a power failure leaves it: the second commit reached the disk in part.
    let crashed = directory.file("crashed.db")
    try main.write(to: URL(fileURLWithPath: crashed))
    try wal.prefix(before + (wal.count - before) / 2).write(to: URL(fileURLWithPath: crashed + "-wal"))
    let recovered = try await SQLiteJournal.open(path: crashed, redactor: Redactor())
    #expect(try await recovered.records(of: "r1").map(\.seq) == [1])
    _ = try await recovered.append([sampleRecord(2)], to: "r1", expectedHead: 1)
    for journal in [journal, recovered] { try await journal.close() }
  }
}
