import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import Synchronization
import Testing

@testable import RunbookMongoActions

/// Index builds against a stand-in that answers as MongoDB's documentation of `collMod` says: cut off between any two commands, and stopped while the
/// server is at it.
@Suite struct IndexBuildTests {
  private func build(_ server: StandInServer, isOwn: Bool = true, isStopped: @escaping @Sendable () -> Bool = { false }) throws
    -> IndexBuild
  {
    IndexBuild(
      commands: server, collection: "users",
      index: try IndexDefinition(["keys": .object(["email": 1]), "name": "email", "unique": true]), style: .prepareUnique, limit: 1000,
      isOwn: isOwn, isStopped: isStopped)
  }

  private func isFinished(_ build: IndexBuild) async throws -> Bool {
    if case .finished = try await build.standing() { true } else { false }
  }

  @Test("Without duplicates: built, new duplicates forbidden, looked at, converted")
  func whole() async throws {
    let server = StandInServer(emails: ["a", "b"])
    let build = try build(server)
    try await build.build()
    #expect(server.sent == ["createIndexes email_1", "prepareUnique", "unique dry", "unique"])
    #expect(server.index == ["key": ["email": 1], "name": "email", "unique": true])
    #expect(try await isFinished(build))
    try await build.build()
    #expect(server.sent.count == 4, "once more there is nothing to do")
  }

  @Test("With duplicates: ten of them are listed, what was built is dropped")
  func duplicates() async throws {
    let server = StandInServer(emails: (0..<24).map { "user \($0 / 2)" })
    let build = try build(server)
    let error = await #expect(throws: ActionError.self) { try await build.build() }
    #expect(error?.code == "RB3502" && error?.kind == .refused)
    #expect(error?.message.contains("_id 0, 1; _id 2, 3; _id 4, 5; _id 6, 7; _id 8, 9;") == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("10") == false, "ten, and no more: \(error?.message ?? "")")
    #expect(server.sent == ["createIndexes email_1", "prepareUnique", "unique dry", "drop"])
    #expect(server.index == nil)
  }

  @Test("A duplicate that comes between the look and the conversion cannot come: it is refused, as by a unique index")
  func refusesNewDuplicates() async throws {
    let server = StandInServer(emails: ["a"])
    server.onCommand { name, server in
      if name == "unique dry" { #expect(!server.insert("a"), "prepareUnique is in force") }
      if name == "createIndexes email_1" { #expect(server.insert("b"), "nothing is refused before") }
    }
    try await build(server).build()
    #expect(server.index?["unique"]?.isTruthy == true)
  }

  @Test("Cut off after any command, and done again: it comes to the same end", arguments: 0..<4, [true, false])
  func cutOff(after count: Int, isAnswerLost: Bool) async throws {
    let server = StandInServer(emails: ["a", "b"])
    server.cutOff(after: count, isDone: isAnswerLost)
    let build = try build(server)
    let error = await #expect(throws: ActionError.self) { try await build.build() }
    #expect(error?.kind == .outcomeUnknown)
    if count == 3, isAnswerLost { #expect(try await isFinished(build)) } else { #expect(try await !isFinished(build)) }
    try await build.build()
    #expect(server.index == ["key": ["email": 1], "name": "email", "unique": true])
    #expect(try await isFinished(build))
    try await build.drop()
    #expect(server.index == nil)
  }

  @Test("Refused in the middle, by a server that knows no prepareUnique: nothing is left")
  func refused() async throws {
    let server = StandInServer(emails: ["a"], knowsPrepareUnique: false)
    let error = await #expect(throws: ActionError.self) { try await build(server).build() }
    #expect(error?.kind == .mistake)
    #expect(server.index == nil)
  }

  @Test("Given up when a limit asks for it, before the next command; an index of somebody else is not dropped for it")
  func stopped() async throws {
    for isOwn in [true, false] {
      let server = StandInServer(emails: ["a"])
      let isStopped = Mutex(false)
      server.onCommand { name, _ in if name == "prepareUnique" { isStopped.withLock { $0 = true } } }
      let error = await #expect(throws: ActionError.self) {
        try await build(server, isOwn: isOwn, isStopped: { isStopped.withLock { $0 } }).build()
      }
      #expect(error?.kind == .stopped)
      #expect((server.index == nil) == isOwn)
    }
  }

  @Test("A direct build is ended by a stop while the server is at it, and an index that is still being built is not taken for finished")
  func endedWhileBuilding() async throws {
    let server = StandInServer(emails: ["a"])
    let isStopped = Mutex(false)
    var build = try build(server, isStopped: { isStopped.withLock { $0 } })
    build.style = .direct
    server.holdBuilds()
    let running = Task { [build] in try await build.build() }
    while !server.isBuilding { await Task.yield() }
    if case .building = try await build.standing() {} else { Issue.record("the server is at it") }
    isStopped.withLock { $0 = true }
    let error = await #expect(throws: ActionError.self) { try await running.value }
    #expect(error?.kind == .stopped)
    #expect(server.index == nil)
    #expect(server.sent.contains("drop"))
  }
}
