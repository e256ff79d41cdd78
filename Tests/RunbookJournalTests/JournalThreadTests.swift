import Foundation
import GRDB
import RunbookPlan
import Testing

@testable import RunbookJournal
@testable import RunbookSQLiteJournal

@Suite struct JournalThreadTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("state.db")
  }

  func open() async throws -> SQLiteJournal { try await SQLiteJournal.open(path: path, redactor: Redactor()) }

  @Test func allWorkIsDoneOnOneThreadWhoeverAsks() async throws {
    let journal = try await open()
    let home = try await journal.perform { _ in pthread_self() }
    let there = await Task.detached(executorPreference: journal.executor) { pthread_self() }.value
    #expect(pthread_equal(home, there) != 0)
    let asked = try await withThrowingTaskGroup(of: pthread_t.self) { group in
      for index in 0..<40 {
        group.addTask(executorPreference: index.isMultiple(of: 2) ? journal.executor : nil) {
          try await journal.perform { _ in pthread_self() }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(asked.count == 40)
    #expect(asked.allSatisfy { pthread_equal($0, home) != 0 })
    try await journal.close()
  }

  @Test(arguments: [true, false]) func aCancelledTaskStillAppends(_ isOnThread: Bool) async throws {
    let journal = try await open()
    let start = try await journal.createRun(sampleHeader())
    let task = Task.detached(executorPreference: isOnThread ? journal.executor : nil) {
      while !Task.isCancelled { await Task.yield() }
      return try await journal.append([sampleRecord(1)], to: "r1", expectedHead: start.seq)
    }
    task.cancel()
    #expect(try await task.value.seq == 1)
    #expect(try await journal.records(of: "r1").count == 1)
    try await journal.close()
  }

  /// What a process remembers of its last append is not believed where another one went on.
  @Test func aRememberedEndIsCheckedAgainstTheStore() async throws {
    let (one, two) = (try await open(), try await open())
    let start = try await one.createRun(sampleHeader())
    let first = try await one.append([sampleRecord(1)], to: "r1", expectedHead: start.seq)
    let second = try await two.append([sampleRecord(2), sampleRecord(3)], to: "r1", expectedHead: first.seq)
    await #expect(throws: JournalError.overtaken(run: "r1", expected: 1, actual: 3)) {
      try await one.append([sampleRecord(4)], to: "r1", expectedHead: first.seq)
    }
    #expect(try await one.append([sampleRecord(4)], to: "r1", expectedHead: second.seq).seq == 4)
    #expect(try await one.records(of: "r1").count == 4)
    try await one.close()
    try await two.close()
  }

  @Test(arguments: [
    "DELETE FROM log WHERE seq = 2", "UPDATE log SET hash = zeroblob(32) WHERE seq = 2", "UPDATE run_state SET head_hash = zeroblob(32)",
  ]) func damageBehindTheBackStopsTheNextAppend(_ sql: String) async throws {
    let journal = try await open()
    let start = try await journal.createRun(sampleHeader())
    let head = try await journal.append([sampleRecord(1), sampleRecord(2)], to: "r1", expectedHead: start.seq)
    let other = try DatabaseQueue(path: path)
    try await other.writeWithoutTransaction { try $0.execute(sql: sql) }
    try other.close()
    for _ in 1...2 {
      do {
        _ = try await journal.append([sampleRecord(3)], to: "r1", expectedHead: head.seq)
        Issue.record("appended behind a record that is not there")
      } catch JournalError.damaged {}
    }
    let count = try await journal.perform { try Int64.fetchOne($0, sql: "SELECT count(*) FROM log WHERE seq > 2") }
    #expect(count == 0)
    try await journal.close()
  }
}
