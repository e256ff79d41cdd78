import Foundation
import GRDB
import RunbookPlan
import Testing

@testable import RunbookJournal
@testable import RunbookSQLiteJournal

@Suite struct SQLiteJournalTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("a/.runbook/state.db")
  }

  func open(create: Bool = true, busyTimeout: Double = 5) async throws -> SQLiteJournal {
    try await SQLiteJournal.open(path: path, redactor: Redactor(), create: create, busyTimeout: busyTimeout)
  }

  func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  /// Changes the file behind the journal's back.
  func tamper(_ sql: String, path: String? = nil) throws {
    let database = try DatabaseQueue(path: path ?? self.path)
    try database.writeWithoutTransaction { try $0.execute(sql: sql) }
    try database.close()
  }

  @Test(arguments: 1...3) func everyOpenIsDurable(_ opens: Int) async throws {
    for _ in 0..<opens {
      let journal = try await open()
      let pragmas = try await journal.perform { db in
        try ["synchronous", "journal_mode", "foreign_keys", "trusted_schema", "cell_size_check"].map { name in
          try String.fetchOne(db, sql: "SELECT CAST(\(name) AS TEXT) FROM pragma_\(name)") ?? ""
        }
      }
      let synchronous = try await journal.perform { try Int64.fetchOne($0, sql: "PRAGMA synchronous") }
      let timeout = try await journal.perform { try Int64.fetchOne($0, sql: "PRAGMA busy_timeout") }
      #expect(synchronous == 2)
      #expect(timeout == 5_000)
      #expect(pragmas == ["2", "wal", "1", "0", "1"])
      if try await journal.runs().isEmpty { _ = try await journal.createRun(sampleHeader()) }
      try await journal.close()
    }
  }

  @Test func onlyTheOwnerMayRead() async throws {
    let journal = try await open()
    _ = try await journal.createRun(sampleHeader(), records: [sampleRecord(1)], status: nil)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("a/.runbook")).sorted()
    #expect(names == ["state.db", "state.db-shm", "state.db-wal"])
    for name in names { #expect(try mode(directory.file("a/.runbook/\(name)")) == 0o600, "\(name)") }
    #expect(try mode(directory.file("a/.runbook")) == 0o700)
    try await journal.close()
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try await open().close()
    #expect(try mode(path) == 0o600)
  }

  @Test func aMissingStateIsOnlyMadeWhenAsked() async throws {
    #expect(await journalError { try await open(create: false) } == .noState(path: path))
    #expect(try directory.files().isEmpty)
    try await open().close()
    try await open(create: false).close()
  }

  @Test func anotherProgramsFileIsRefusedAndLeftAlone() async throws {
    let foreign = directory.file("foreign.db")
    try tamper("CREATE TABLE t(x); INSERT INTO t VALUES (1)", path: foreign)
    let marked = directory.file("marked.db")
    try tamper("PRAGMA application_id = 7; CREATE TABLE t(x)", path: marked)
    let text = directory.file("text.db")
    try Data(String(repeating: "no database at all\n", count: 100).utf8).write(to: URL(fileURLWithPath: text))
    for file in [foreign, marked, text] {
      let before = try Data(contentsOf: URL(fileURLWithPath: file))
      let error = await journalError { try await SQLiteJournal.open(path: file, redactor: Redactor()) }
      guard case .refused(let reason) = error else {
        Issue.record("\(file): \(String(describing: error))")
        continue
      }
      #expect(reason.contains(file == text ? "no database" : "another program"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
    }
    guard case .refused = await journalError({ try await SQLiteJournal.open(path: directory.path, redactor: Redactor()) }) else {
      Issue.record("a directory is no state")
      return
    }
  }

  @Test func aNewerVersionIsRefused() async throws {
    try await open().close()
    try tamper("INSERT INTO schema_version(version) VALUES (\(Schema.newest + 1))")
    let error = await journalError { try await open() }
    #expect(error?.description.contains("newer version of runbook (schema \(Schema.newest + 1)") == true)
    #expect(error?.exitStatus == 74)
  }

  @Test func aFileLeftEmptyByACrashIsTakenOver() async throws {
    try FileManager.default.createDirectory(atPath: directory.file("a/.runbook"), withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: path))
    let journal = try await open()
    _ = try await journal.createRun(sampleHeader())
    try await journal.close()
  }

  @Test func manyOpenANewStateAtOnce() async throws {
    let opened = try await withThrowingTaskGroup(of: SQLiteJournal.self) { group in
      for _ in 0..<6 { group.addTask { try await open() } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for (index, journal) in opened.enumerated() { _ = try await journal.createRun(sampleHeader("r\(index)")) }
    #expect(try await opened[0].runs().count == 6)
    for journal in opened { try await journal.close() }
  }

  // MARK: Two processes

  @Test func ofManyConnectionsExactlyOneAppends() async throws {
    var journals: [SQLiteJournal] = []
    for _ in 0..<4 { journals.append(try await open()) }
    _ = try await journals[0].createRun(sampleHeader())
    for round in 0..<10 as Range<Int64> {
      let errors = await withTaskGroup(of: JournalError?.self) { group in
        for journal in journals {
          group.addTask { await journalError { try await journal.append([sampleRecord(1)], to: "r1", expectedHead: round) } }
        }
        return await group.reduce(into: [JournalError?]()) { $0.append($1) }
      }
      #expect(errors.count { $0 == nil } == 1)
      #expect(errors.count { $0 == .overtaken(run: "r1", expected: round, actual: round + 1) } == 3)
    }
    for journal in journals { try await journal.close() }
  }

  @Test func aRequestFromAnotherConnectionIsNoticed() async throws {
    let (executor, other) = (try await open(), try await open())
    _ = try await executor.createRun(sampleHeader())
    let mark = try await executor.changeMark()
    #expect(try await executor.changeMark() == mark)
    try await other.post(sampleRequest("a"))
    #expect(try await executor.changeMark() != mark)
    #expect(try await executor.pendingRequests(of: "r1").map(\.id) == ["a"])
    for journal in [executor, other] { try await journal.close() }
  }

  @Test func anotherWritersLockIsWaitedForThenSaid() async throws {
    let journal = try await open(busyTimeout: 0.05)
    _ = try await journal.createRun(sampleHeader())
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: path, configuration: configuration)
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    guard case .busy = await journalError({ try await journal.append([sampleRecord(1)], to: "r1", expectedHead: 0) }) else {
      Issue.record("not busy")
      return
    }
    try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    _ = try await journal.append([sampleRecord(1)], to: "r1", expectedHead: 0)
    try other.close()
    try await journal.close()
  }

  // MARK: Nothing recorded

  @Test func aCancelledTaskStillRecords() async throws {
    let journal = try await open()
    _ = try await journal.createRun(sampleHeader())
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await journal.append([sampleRecord(1)], to: "r1", expectedHead: 0)
    }
    task.cancel()
    #expect(try await task.value.seq == 1)
    try await journal.close()
  }

  @Test func aFullDiskRecordsNothing() async throws {
    let journal = try await open()
    _ = try await journal.createRun(sampleHeader())
    let pages = try await journal.perform { try Int64.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
    _ = try await journal.perform { try Int64.fetchOne($0, sql: "PRAGMA max_page_count = \(pages + 2)") }
    let big = sampleRecord(2, payload: .string(String(repeating: "x", count: 100_000)))
    let error = await journalError { try await journal.append([sampleRecord(1), big], to: "r1", expectedHead: 0) }
    guard case .notRecorded(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("full") && error?.exitStatus == 74)
    #expect(try await journal.head(of: "r1").seq == 0)
    _ = try await journal.append([sampleRecord(1)], to: "r1", expectedHead: 0)
    try await journal.close()
  }

  @Test func aReadOnlyStateRecordsNothing() async throws {
    let journal = try await open()
    _ = try await journal.createRun(sampleHeader())
    try await journal.perform { try $0.execute(sql: "PRAGMA query_only = ON") }
    guard case .notRecorded = await journalError({ try await journal.append([sampleRecord(1)], to: "r1", expectedHead: 0) }) else {
      Issue.record("recorded")
      return
    }
    #expect(try await journal.head(of: "r1").seq == 0)
    try await journal.close()
  }

  /// Nobody may make files in these, whoever runs the test.
  @Test(arguments: ["/proc/state.db", "/proc/self/new/state.db", "/sys/runbook/state.db"]) func aPlaceWithoutRoomForFilesIsSaid(
    _ path: String
  )
    async
  {
    let error = await journalError { try await SQLiteJournal.open(path: path, redactor: Redactor()) }
    guard let error, error.exitStatus == 74 else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error.description.contains("/proc") || error.description.contains("/sys"))
  }

  @Test func aStateRemovedUnderneathRecordsNothing() async throws {
    let journal = try await open()
    _ = try await journal.createRun(sampleHeader())
    try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
    guard case .notRecorded = await journalError({ try await journal.append([sampleRecord(1)], to: "r1", expectedHead: 0) }) else {
      Issue.record("recorded into a file that nobody will find")
      return
    }
  }

  @Test func networkFileSystemsAreKnown() throws {
    let table = MountTable(
      text: Array(
        """
        22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
        40 22 0:45 / /mnt/my\\040share rw - nfs4 server:/x rw
        41 22 0:46 / /mnt/ssh rw shared:2 master:1 - fuse.sshfs me@h:/ rw
        42 22 0:47 / /mnt/my\\040share/local rw - tmpfs tmpfs rw
        43 22 0:48 / /data rw - ext4 /dev/a rw
        44 22 0:49 / /data rw - cifs //h/s rw

        """.utf8))
    #expect(table.type(of: "/home/x") == "ext4")
    #expect(table.type(of: "/mnt/my share/x") == "nfs4" && table.type(of: "/mnt/my share") == "nfs4")
    #expect(table.type(of: "/mnt/my sharex") == "ext4")
    #expect(table.type(of: "/mnt/my share/local/y") == "tmpfs")
    #expect(table.type(of: "/data/y") == "cifs")
    for type in ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"] { #expect(NetworkFileSystem.name(ofType: type) == type) }
    for type in ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuse", "zfs"] { #expect(NetworkFileSystem.name(ofType: type) == nil) }
    #expect(MountTable.current()?.type(of: "/proc/self") == "proc")
  }
}
