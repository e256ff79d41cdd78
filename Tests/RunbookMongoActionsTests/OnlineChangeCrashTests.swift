import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookMongoActions

/// Processes that die or are overtaken at every point, while applications write.
@Suite(.serialized) struct OnlineChangeCrashTests {
  /// Abandoned forward, resumed, taken back; the application writes all the while, and never a value of ours.
  @Test(arguments: ["update.captured", "update.block-written", "update.sent", "update.recorded"], [1, 3] as [Int64])
  func forwardCrashes(_ point: String, _ time: Int64) async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<90).map(asset))
      let writers = try await Writers(rig)
      let first = try await rig.takeOver(.abandoning(point, at: time))
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "crash" }
      let second = try await rig.takeOver(.abandoning("update.sent", at: 1))
      try await second.resolve()
      await #expect { try await second.perform() } throws: { ($0 as? ActionError)?.code == "crash" }
      let third = try await rig.takeOver()
      try await third.resolve()
      let result = try await third.perform()
      #expect(result.outputs["failed"] == 0)
      await writers.stop()
      // Whoever needs the change got it, but for documents that came after the last pass.
      _ = try await third.perform()
      let changed = try await rig.all()
      #expect(changed.values.allSatisfy { $0["extra"] != nil && $0["label"] != nil })
      try await writers.expectNothingLost(changed)
      let undone = try await third.undo()
      try await writers.expectRolledBack(try await rig.all(), undone)
    }
  }

  @Test(arguments: ["undo.announced", "undo.sent", "undo.recorded"], [1, 3] as [Int64])
  func undoCrashes(_ point: String, _ time: Int64) async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<90).map(asset))
      let writers = try await Writers(rig)
      let first = try await rig.takeOver(.abandoning("update.sent", at: 4))
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "crash" }
      let second = try await rig.takeOver(.abandoning(point, at: time))
      try await second.resolve()
      // A block of which the application has changed every document has nothing to announce, so that the third time may not come.
      do {
        _ = try await second.undo()
        #expect(time > 1)
      } catch {
        #expect((error as? ActionError)?.code == "crash", "\(error)")
      }
      let third = try await rig.takeOver(.abandoning("resolve.marked"))
      do { try await third.resolve() } catch { #expect((error as? ActionError)?.code == "crash") }
      let fourth = try await rig.takeOver()
      try await fourth.resolve()
      let undone = try await fourth.undo()
      await writers.stop()
      try await writers.expectRolledBack(try await rig.all(), undone)
      let problem = try await fourth.verify(undone)
      #expect(problem == nil)
      let repeated = try await fourth.undo()
      #expect(repeated.conflicts == undone.conflicts)
    }
  }

  /// A batch whose answer had no error is repeated by every server: nothing is in doubt.
  @Test func anAnswerThatGotLostIsAskedAgain() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<40).map(asset))
      let before = try await rig.all()
      let first = try await rig.takeOver(.abandoning("update.sent", at: 2))
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "crash" }
      // The application writes exactly our value where we wrote it already: the server's record still says that it was ours.
      let second = try await rig.takeOver()
      try await second.resolve()
      let blocks = try await second.blocks()
      #expect(blocks.map(\.state) == [.applied, .applied])
      #expect(blocks.allSatisfy { $0.missed.isEmpty && $0.doubt.isEmpty })
      let result = try await second.perform()
      #expect(result.outputs["inDoubt"] == 0)
      let undone = try await second.undo()
      #expect(undone.inDoubt == 0 && undone.conflicts == 0)
      let after = try await rig.all()
      #expect(after == before)
    }
  }

  /// Where the server has no record, an equal value of the application's is in doubt, reported, and left alone.
  @Test(arguments: ["report", "restore", "never"]) func doubtIsReported(_ policy: String) async throws {
    var arguments = addFields
    if policy == "restore" { arguments["inDoubt"] = "restore" }
    if policy == "never" { arguments["appWrites"] = "never" }
    try await Rig.with(arguments) { rig in
      try await rig.insert((0..<5).map(asset))
      let first = try await rig.takeOver(
        .interleaving("update.block-written") {
          // The block is there, its command never goes out; the application writes our value.
          try await rig.update(3, ["$set": ["label": "about 3", "extra": .null]])
          throw Rig.Failure("crash")
        })
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "test" }
      let second = try await rig.takeOver()
      try await second.resolve()
      let block = try #require(try await second.blocks().first)
      #expect(block.missed.count == (policy == "never" ? 4 : 4))
      #expect(block.doubt == (policy == "never" ? [] : [3]))
      let result = try await second.perform()
      #expect(result.outputs["inDoubt"] == (policy == "never" ? 0 : 1))
      #expect(result.warnings.count == (policy == "never" ? 0 : 1))
      let undone = try await second.undo()
      let after = try await rig.all()[BSONValue.int32(3).raw]
      if policy == "report" {
        #expect(undone.inDoubt == 1)
        #expect(undone.details["inDoubt"]?.listValue?.first?["id"] == 3)
        #expect(after?["label"]?.string == "about 3")
      } else {
        #expect(undone.inDoubt == 0)
        #expect(after?["label"] == nil && after?["extra"] == nil)
      }
      let repeated = try await second.undo()
      #expect(repeated.inDoubt == undone.inDoubt)
    }
  }

  /// A process that slept while another took over and rolled back: its command comes too late, and it is told so.
  @Test func anOvertakenProcessChangesNothing() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<30).map(asset))
      let before = try await rig.all()
      let overtaken = CrashPoints.interleaving("update.block-written", at: 2) {
        let second = try await rig.takeOver()
        try await second.resolve()
        _ = try await second.undo()
      }
      let first = try await rig.takeOver(overtaken)
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.kind == .leaseLost }
      let after = try await rig.all()
      #expect(after == before)
    }
  }

  /// A block that a late process writes after the take-over has resolved everything is marked missed without a question.
  @Test func aLateBlockNeverRan() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<30).map(asset))
      let before = try await rig.all()
      let first = try await rig.takeOver(.abandoning("update.sent", at: 1))
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "crash" }
      let second = try await rig.takeOver()
      try await second.resolve()
      let block = try #require(try await second.blocks().first)
      #expect(block.state == .applied && block.missed.isEmpty && block.doubt.isEmpty)
      var late = UndoBlock(
        id: block.id + 1, step: block.step, delivery: block.delivery, database: block.database, collection: block.collection,
        fields: block.fields, inputs: block.inputs, isAlone: false, entries: block.entries, count: block.count)
      late.state = .intent
      _ = try await rig.client.writeCommand(
        ["insert": .string(second.change.store), "documents": [.document(late.encoded())]], database: rig.database)
      let result = try await second.perform()
      #expect(result.outputs["changed"] == 30)
      let marked = try await second.blocks().first { $0.id == late.id }
      #expect(marked?.missed.count == late.count)
      _ = try await second.undo()
      let after = try await rig.all()
      #expect(after == before)
    }
  }

  /// A late process records a block as undone while its successor takes back what came later: what that block leaves standing, older ones leave as well.
  @Test func aLateRecordOfAnUndoIsHeeded() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert([asset(3)])
      let late = CrashPoints.interleaving("undo.recorded", at: 1) {
        let store = RunbookCollections.undo(run: rig.run, step: rig.step)
        let second = try await rig.all(store).values.compactMap { $0["_id"]?.integer }.sorted()[1]
        let change: BSONDocument = ["$set": ["st": "undone", "standing": [0]]]
        let command: BSONDocument = ["update": .string(store), "updates": [["q": ["_id": .int64(second)], "u": .document(change)]]]
        _ = try await rig.client.writeCommand(command, database: rig.database)
      }
      let hand = try await rig.takeOver(late)
      _ = try await hand.perform()
      try await rig.update(3, ["$unset": ["label": 1, "extra": 1]])
      _ = try await hand.perform()
      let changed = try await rig.all()[BSONValue.int32(3).raw]
      try await rig.insert([asset(4)])
      _ = try await hand.perform()
      #expect(try await hand.blocks().count == 3)
      let undone = try await hand.undo()
      #expect(undone.inDoubt == 1)
      let after = try await rig.all()
      #expect(after[BSONValue.int32(3).raw] == changed)
      #expect(after[BSONValue.int32(4).raw] == asset(4))
    }
  }

  /// Connections that break before an update, an insert, a record; a write concern that fails after the effect.
  @Test(arguments: ["update", "insert", "getMore", "concern", "interrupted"]) func faults(_ fault: String) async throws {
    let server = try await TestServer.start(.init(enableTestCommands: true))
    try await Rig.with(addFields, server: server) { rig in
      try await rig.insert((0..<50).map(asset))
      let before = try await rig.all()
      let fail: BSONDocument =
        switch fault {
        case "concern": ["failCommands": ["update"], "writeConcernError": ["code": 91, "errmsg": "shutting down"]]
        case "interrupted": ["failCommands": ["update"], "errorCode": 11602]
        default: ["failCommands": [.string(fault)], "closeConnection": true]
        }
      @Sendable func arm(_ times: Int32) async throws {
        _ = try await rig.client.runCommand(
          ["configureFailPoint": "failCommand", "mode": ["times": .int32(times)], "data": .document(fail)], database: "admin")
      }
      let hand = try await rig.takeOver(.interleaving("update.captured", at: 2) { try await arm(2) })
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 50)
      #expect(result.outputs["inDoubt"] == 0)
      try await arm(2)
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      let after = try await rig.all()
      #expect(after == before)
    }
    await server.stop()
  }
}

/// Three applications, each with documents of its own, that never write a value of ours. What they have acknowledged is what must be there.
final class Writers: Sendable {
  private let rig: Rig
  private let ghost: Mutex<[Int: BSONDocument?]>
  private let task: Mutex<Task<Void, any Error>?>

  init(_ rig: Rig) async throws {
    self.rig = rig
    ghost = Mutex(Dictionary(uniqueKeysWithValues: (0..<90).map { ($0, asset($0)) }))
    task = Mutex(nil)
    let started = Task { [self] in
      try await withThrowingTaskGroup { group in
        for writer in 0..<3 { group.addTask { try await self.write(writer) } }
        try await group.waitForAll()
      }
    }
    task.withLock { $0 = started }
  }

  func stop() async {
    let running = task.withLock { $0 }
    running?.cancel()
    do { try await running?.value } catch is CancellationError {} catch { Issue.record("a writer failed: \(error)") }
  }

  private func write(_ writer: Int) async throws {
    var generator = SystemRandomNumberGenerator()
    var count = 0
    while !Task.isCancelled {
      count += 1
      let n = Int.random(in: 0..<30, using: &generator) * 3 + writer
      let id = BSONValue.int32(Int32(n))
      let text = BSONValue.string("w\(writer)-\(count)")
      let now = ghost.withLock { $0[n] ?? nil }
      guard let now else {
        let fresh: BSONDocument = Bool.random() ? ["_id": id, "name": text] : ["_id": id, "name": text, "label": text]
        try await rig.insert([fresh])
        ghost.withLock { $0[n] = fresh }
        continue
      }
      switch Int.random(in: 0..<10, using: &generator) {
      case 0:
        try await rig.delete(id)
        ghost.withLock { $0[n] = .some(nil) }
      case 1, 2: try await set("label", text, n, now)
      case 3: try await set("extra", text, n, now)
      case 4: try await set("description", text, n, now)
      case 5:
        // Whoever wrote it: from now on the document needs the change again.
        try await rig.update(id, ["$unset": ["label": 1]])
        ghost.withLock { $0[n] = BSONDocument(now.filter { !$0.hasKey("label") }.map { ($0.key, $0.value.decoded) }) }
      default: try await set("name", text, n, now)
      }
      // Not faster than the update can follow.
      try? await Task.sleep(for: .milliseconds(8))
    }
  }

  private func set(_ field: String, _ value: BSONValue, _ n: Int, _ now: BSONDocument) async throws {
    try await rig.update(.int32(Int32(n)), ["$set": .document(BSONDocument([(field, value)]))])
    let fields = now.filter { !$0.hasKey(field) }.map { ($0.key, $0.value.decoded) } + [(field, value)]
    ghost.withLock { $0[n] = BSONDocument(fields) }
  }

  /// Every field of the ghost is there with its value, and no document is there too much.
  func expectNothingLost(_ documents: [RawBSONValue: BSONDocument]) async throws {
    for (n, ghost) in ghost.withLock({ $0 }) {
      let found = documents[BSONValue.int32(Int32(n)).raw]
      #expect((found == nil) == (ghost == nil), "document \(n)")
      for element in ghost ?? [:] { #expect(found?[element.key] == element.value, "\(element.key) of \(n)") }
    }
  }

  /// Documents are as if only the applications had written, but for those listed as in doubt.
  func expectRolledBack(_ documents: [RawBSONValue: BSONDocument], _ undone: UndoResult) async throws {
    try await expectNothingLost(documents)
    let doubt = Set((undone.details["inDoubt"]?.listValue ?? []).compactMap { $0["id"]?.integerValue })
    #expect(Int64(doubt.count) == undone.inDoubt)
    for (n, ghost) in ghost.withLock({ $0 }) {
      guard let ghost, let found = documents[BSONValue.int32(Int32(n)).raw], !doubt.contains(Int64(n)) else { continue }
      #expect(Set(found.keys) == Set(ghost.keys), "document \(n): \(ExtendedText.of(found)) and not \(ExtendedText.of(ghost))")
      if ghost == asset(n) { #expect(found == ghost, "an untouched document is the same to the byte") }
    }
  }
}

enum ExtendedText {
  static func of(_ document: BSONDocument) -> String { MongoValues.text(BSONValue.document(document).raw) }
}
