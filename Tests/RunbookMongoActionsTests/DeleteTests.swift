import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookMongoActions

/// `mongodb.delete` against a real server, while an application writes.
@Suite(.serialized) struct DeleteTests {
  private let make: ActionMaker = { MongoDelete(timing: $0, crashPoints: $1) }
  private let old: ValueMap = ["filter": .object(["old": true]), "batch": .object(["size": 10])]

  private func isCrash(_ error: any Error) -> Bool { (error as? ActionError)?.code == "crash" }

  private func documents(_ range: Range<Int>) -> [BSONDocument] {
    range.map { ["_id": .integer(Int64($0)), "old": .bool($0 % 2 == 0), "parts": [1, 2.5, ["n": .int64(Int64($0))]]] }
  }

  @Test("What fits and the guard allows goes, and comes back to the byte; twice, and again")
  func thereAndBack() async throws {
    var arguments = old
    arguments["guard"] = .object(["keep": .object(["$exists": false])])
    try await Rig.with(arguments, make: make) { rig in
      try await rig.insert(documents(0..<60) + [["_id": "kept", "old": true, "keep": 1]])
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      for _ in 0..<2 {
        let result = try await hand.perform()
        #expect(result.outputs["deleted"] == 30 && result.outputs["guarded"] == 1 && result.outputs["matched"] == 31)
        #expect(try await rig.all().count == 31)
        #expect(try await hand.perform().outputs["deleted"] == 30)
        let undone = try await hand.undo()
        #expect(undone.conflicts == 0 && undone.inDoubt == 0)
        #expect(try await hand.verify(undone) == nil)
        #expect(try await rig.all() == before)
        #expect(try await hand.undo().conflicts == 0)
      }
    }
  }

  @Test("Found by a pipeline, with a guard")
  func selected() async throws {
    let arguments: ValueMap = [
      "select": .object([
        "pipeline": [
          .object(["$sort": .object(["_id": -1])]), .object(["$limit": 5]), .object(["$project": .object(["_id": 1])]),
        ]
      ]), "guard": .object(["old": true]),
    ]
    try await Rig.with(arguments, make: make) { rig in
      try await rig.insert(documents(0..<4))
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let result = try await hand.perform()
      #expect(result.outputs["deleted"] == 2 && result.outputs["guarded"] == 2)
      _ = try await hand.undo()
      #expect(try await rig.all() == before)
    }
  }

  @Test(
    "Written between reading and removing: what no longer fits stays, what still fits goes in its newest form; what the application deletes is not ours"
  )
  func writtenMeanwhile() async throws {
    try await Rig.with(old, make: make) { given in
      let rig = given.unhurried
      try await rig.insert(documents(0..<10))
      let hand = try await rig.takeOver(
        .interleaving("delete.block-written") {
          try await rig.update(2, ["$set": ["old": false, "why": "wanted again"]])
          try await rig.update(4, ["$set": ["late": true]])
          try await rig.delete(6)
        })
      let result = try await hand.perform()
      #expect(result.outputs["deleted"] == 3)
      #expect(try await rig.all()[BSONValue.int32(2).raw]?["why"] != nil)
      // The application inserts one anew.
      try await rig.insert([["_id": 8, "mine": true]])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 1)
      #expect(undone.details["conflicts"]?.listValue?.first?["id"] == 8)
      let after = try await rig.all()
      #expect(after[BSONValue.int32(4).raw]?["late"]?.bool == true)
      #expect(after[BSONValue.int32(6).raw] == nil)
      #expect(after[BSONValue.int32(8).raw] == ["_id": 8, "mine": true])
      #expect(after.count == 9)
    }
  }

  @Test("An image that the server's equality cannot tell from the one that was read comes back as it was when it went")
  func exactImage() async throws {
    try await Rig.with(old, make: make) { given in
      let rig = given.unhurried
      try await rig.insert([["_id": 1, "old": true, "n": ["deep": 1]]])
      let hand = try await rig.takeOver(
        .interleaving("delete.block-written") { try await rig.update(1, ["$set": ["n": ["deep": 1.0]]]) })
      #expect(try await hand.perform().outputs["deleted"] == 1)
      _ = try await hand.undo()
      #expect(try await rig.all()[BSONValue.int32(1).raw]?["n"]?.document?["deep"]?.type == .double)
    }
  }

  @Test(
    "Killed at every point on the way, taken over twice, rolled back, under a writing application",
    arguments: ["delete.captured", "delete.block-written", "delete.removed", "delete.sent", "delete.recorded"], [1, 4] as [Int64])
  func forwardCrashes(_ point: String, _ time: Int64) async throws {
    try await Rig.with(old, make: make) { rig in
      let application = try await Application(rig)
      let first = try await rig.takeOver(.abandoning(point, at: time))
      do { _ = try await first.perform() } catch { #expect(isCrash(error)) }
      let second = try await rig.takeOver(.abandoning("delete.removed", at: 3))
      do {
        try await second.resolve()
        _ = try await second.perform()
      } catch { #expect(isCrash(error)) }
      let third = try await rig.takeOver()
      try await third.resolve()
      _ = try await third.perform()
      try await application.stop()
      _ = try await third.perform()
      try await application.expectDeleted(try await rig.all(), doubt: [])
      let undone = try await third.undo()
      #expect(try await third.verify(undone) == nil)
      try await application.expectGhost(try await rig.all(), undone)
    }
  }

  @Test("Killed at every point on the way back", arguments: ["undo.announced", "undo.sent", "undo.recorded"], [1, 3] as [Int64])
  func undoCrashes(_ point: String, _ time: Int64) async throws {
    try await Rig.with(old, make: make) { rig in
      let application = try await Application(rig)
      let first = try await rig.takeOver(.abandoning("delete.removed", at: 21))
      do { _ = try await first.perform() } catch { #expect(isCrash(error)) }
      let second = try await rig.takeOver(.abandoning(point, at: time))
      try await second.resolve()
      application.insertNothing()
      do { _ = try await second.undo() } catch { #expect(isCrash(error)) }
      let third = try await rig.takeOver(.abandoning("resolve.marked"))
      do { try await third.resolve() } catch { #expect(isCrash(error)) }
      let fourth = try await rig.takeOver()
      try await fourth.resolve()
      let undone = try await fourth.undo()
      try await application.stop()
      try await application.expectGhost(try await rig.all(), undone)
      #expect(try await fourth.undo().conflicts == undone.conflicts)
    }
  }

  @Test("A process that slept while another took over and rolled back deletes nothing")
  func overtaken() async throws {
    try await Rig.with(old, make: make) { rig in
      try await rig.insert(documents(0..<60))
      let before = try await rig.all()
      let overtaker = CrashPoints.interleaving("delete.removed", at: 13) {
        let second = try await rig.takeOver()
        try await second.resolve()
        _ = try await second.undo()
      }
      let first = try await rig.takeOver(overtaker)
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.kind == .leaseLost }
      #expect(try await rig.all() == before)
    }
  }

  @Test("Gone, and nobody can say by whose doing: listed, not brought back")
  func doubt() async throws {
    try await Rig.with(old, make: make) { rig in
      try await rig.insert(documents(0..<4))
      let first = try await rig.takeOver(
        .interleaving("delete.block-written") {
          try await rig.delete(2)
          throw Rig.Failure("crash")
        })
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "test" }
      let second = try await rig.takeOver()
      try await second.resolve()
      let result = try await second.perform()
      #expect(result.outputs["deleted"] == 1 && result.outputs["inDoubt"] == 1)
      #expect(result.warnings.count == 1)
      let undone = try await second.undo()
      #expect(undone.inDoubt == 1 && undone.conflicts == 0)
      #expect(undone.details["inDoubt"]?.listValue?.first?["id"] == 2)
      #expect(try await rig.all().count == 3)
    }
  }

  @Test("Connections that break, concerns that fail: nothing in doubt, everything back", arguments: ["closed", "concern"])
  func faults(_ fault: String) async throws {
    let server = try await TestServer.start(.init(enableTestCommands: true))
    try await Rig.with(old, server: server, make: make) { rig in
      try await rig.insert(documents(0..<20))
      let before = try await rig.all()
      let data: BSONDocument =
        fault == "closed"
        ? ["failCommands": ["findAndModify"], "closeConnection": true, "appName": "runbook"]
        : ["failCommands": ["findAndModify", "update"], "writeConcernError": ["code": 91, "errmsg": "shutting down"]]
      @Sendable func arm() async throws {
        _ = try await rig.client.runCommand(
          ["configureFailPoint": "failCommand", "mode": ["times": 2], "data": .document(data)], database: "admin")
      }
      let hand = try await rig.takeOver(.interleaving("delete.block-written") { try await arm() })
      let result = try await hand.perform()
      #expect(result.outputs["deleted"] == 10 && result.outputs["inDoubt"] == 0)
      try await arm()
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      #expect(try await rig.all() == before)
    }
    await server.stop()
  }
}

/// An application that writes the documents that are being deleted, and knows what it was told. What does not find its document changes nothing.
final class Application: Sendable {
  private static let count = 60
  private let rig: Rig
  private let ghost = Mutex<[Int: BSONDocument]>([:])
  private let task = Mutex<Task<Void, any Error>?>(nil)
  private let inserts = Mutex(true)
  /// Inserted anew, perhaps in the place of one that we had deleted, and deleted again: absent is absent, and what we deleted may come back.
  private let ambiguous = Mutex<Set<Int>>([])

  init(_ rig: Rig) async throws {
    self.rig = rig
    let all: [BSONDocument] = (0..<Self.count).map { ["_id": .integer(Int64($0)), "old": .bool($0 % 2 == 0), "n": [1, 2.5]] }
    try await rig.insert(all)
    ghost.withLock { ghost in for (n, document) in all.enumerated() { ghost[n] = document } }
    let started = Task { [self] in try await self.write() }
    task.withLock { $0 = started }
  }

  func stop() async throws {
    let running = task.withLock { $0 }
    running?.cancel()
    try await running?.value
  }

  /// From now on nothing is inserted anew, so that no answer to an undo holds an error, of which the test server would keep no record.
  func insertNothing() { inserts.withLock { $0 = false } }

  private func write() async throws {
    var count = 0
    while !Task.isCancelled {
      count += 1
      let n = Int.random(in: 0..<Self.count)
      let id = BSONValue.integer(Int64(n))
      let now = ghost.withLock { $0[n] }
      switch Int.random(in: 0..<8) {
      case 0:
        if try await hits(["delete": .string(rig.collection), "deletes": [["q": ["_id": id], "limit": 1]]]) {
          if ghost.withLock({ $0[n]?["anew"] }) != nil { ambiguous.withLock { _ = $0.insert(n) } }
          set(n, nil)
        }
      case 1 where inserts.withLock { $0 }, 2 where inserts.withLock { $0 }:
        // Inserted anew where nothing stands, be it by our doing.
        let fresh: BSONDocument = ["_id": id, "old": .bool(Bool.random()), "anew": true, "by": .integer(Int64(count))]
        if try await hits(["insert": .string(rig.collection), "documents": [.document(fresh)]]) { set(n, fresh) }
      case 3: try await change(n, now, "old", .bool(Bool.random()))
      default: try await change(n, now, "by", .integer(Int64(count)))
      }
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  private func change(_ n: Int, _ now: BSONDocument?, _ field: String, _ value: BSONValue) async throws {
    let id = BSONValue.integer(Int64(n))
    guard
      try await hits([
        "update": .string(rig.collection), "updates": [["q": ["_id": id], "u": ["$set": .document(BSONDocument([(field, value)]))]]],
      ]),
      let now
    else { return }
    let isNew = now[field] == nil
    set(n, BSONDocument(now.map { ($0.key, $0.hasKey(field) ? value : $0.value.decoded) } + (isNew ? [(field, value)] : [])))
  }

  private func set(_ n: Int, _ document: BSONDocument?) { ghost.withLock { $0[n] = document } }

  private func hits(_ command: BSONDocument) async throws -> Bool {
    let full = BSONDocument {
      $0.append(fieldsOf: command); $0.append("writeConcern", ["w": "majority", "j": true] as BSONDocument)
    }
    return WriteReply(try await rig.client.writeCommand(full, database: rig.database)).count == 1
  }

  /// Old ones are gone, all others are as the application wrote them.
  func expectDeleted(_ documents: [RawBSONValue: BSONDocument], doubt: Set<Int64>) async throws {
    for (n, ghost) in ghost.withLock({ $0 }) {
      let found = documents[BSONValue.integer(Int64(n)).raw]
      if ghost["old"]?.bool == true { #expect(found == nil, "document \(n)") } else { #expect(found == ghost, "document \(n)") }
    }
  }

  /// Everything is as if only the application had written, but for what is listed as in doubt.
  func expectGhost(_ documents: [RawBSONValue: BSONDocument], _ undone: UndoResult) async throws {
    let doubt = Set((undone.details["inDoubt"]?.listValue ?? []).compactMap { $0["id"]?.integerValue })
    #expect(Int64(doubt.count) == undone.inDoubt)
    let all = ghost.withLock { $0 }
    let ambiguous = ambiguous.withLock { $0 }
    for n in 0..<Self.count where !doubt.contains(Int64(n)) {
      if all[n] == nil, ambiguous.contains(n) { continue }
      #expect(documents[BSONValue.integer(Int64(n)).raw] == all[n], "document \(n)")
    }
  }
}
