import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookMongoActions

/// Several commands of one change under way at a time.
@Suite(.serialized) struct UpdateWorkerTests {
  private static var arguments: ValueMap {
    var arguments = addFields
    arguments["batch"] = .object(["size": 10, "workers": 4])
    return arguments
  }

  @Test func changesAllAndTakesAllBack() async throws {
    try await Rig.with(Self.arguments) { rig in
      try await rig.insert((0..<120).map(asset))
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 120 && result.outputs["inDoubt"] == 0)
      let blocks = try await hand.blocks()
      #expect(blocks.map { $0.id & 0xFFFF_FFFF } == Array(1...Int64(blocks.count)), "numbers without a gap")
      #expect(Set(blocks.map(\.delivery.session)).count == 4)
      for (_, ofSession) in Dictionary(grouping: blocks, by: \.delivery.session) {
        let numbers = ofSession.compactMap(\.delivery.number)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
      }
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      #expect(after == before)
    }
  }

  /// From the n-th time on that a point is reached nothing goes on anywhere, as in a process that is killed.
  private static func dying(_ point: String, at n: Int64) -> CrashPoints {
    let counter = HitCounter(n)
    let isDead = Mutex(false)
    return CrashPoints { (hit) throws(ActionError) in
      if hit == point, counter.isReached() { isDead.withLock { $0 = true } }
      if isDead.withLock({ $0 }) { throw ActionError(code: "crash", message: hit, kind: .leaseLost) }
    }
  }

  @Test(
    "Killed with several batches under way: the take-over makes all of them known",
    arguments: ["update.block-written", "update.sent", "update.recorded"], [2, 5] as [Int64])
  func crashes(_ point: String, _ time: Int64) async throws {
    try await Rig.with(Self.arguments) { given in
      let rig = given.hurried
      try await rig.insert((0..<90).map(asset))
      let writers = try await Writers(rig)
      let first = try await rig.takeOver(Self.dying(point, at: time))
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "crash" }
      let second = try await rig.takeOver()
      try await second.resolve()
      #expect(try await second.blocks().allSatisfy { $0.state == .applied })
      _ = try await second.perform()
      await writers.stop()
      _ = try await second.perform()
      let changed = try await rig.all()
      #expect(changed.values.allSatisfy { $0["extra"] != nil && $0["label"] != nil })
      try await writers.expectNothingLost(changed)
      let undone = try await second.undo()
      try await writers.expectRolledBack(try await rig.all(), undone)
    }
  }

  @Test("The first that fails stops the others; what was under way is known when the step ends")
  func aFailure() async throws {
    let arguments: ValueMap = [
      "filter": .object(["key": .object(["$exists": false])]), "pipeline": [.object(["$set": .object(["key": "$name"])])],
      "batch": .object(["size": 5, "workers": 4]), "onDocumentError": .object(["collect": .object(["limit": 1])]),
    ]
    try await Rig.with(arguments) { given in
      let rig = given.unhurried
      try await rig.insert((0..<100).map { ["_id": .integer(Int64($0)), "name": .integer(Int64($0 < 20 ? $0 % 10 : $0))] })
      let index: BSONValue = ["key": ["key": 1], "name": "k", "unique": true, "partialFilterExpression": ["key": ["$exists": true]]]
      _ = try await rig.client.writeCommand(["createIndexes": .string(rig.collection), "indexes": [index]], database: rig.database)
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      await #expect { try await hand.perform() } throws: { ($0 as? ActionError)?.code == UpdateErrorCode.documentsRefused }
      let blocks = try await hand.blocks()
      #expect(blocks.allSatisfy { $0.state == .applied })
      #expect(blocks.count < 16, "no more than what was under way: \(blocks.count)")
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      #expect(after == before)
    }
  }

  @Test func aStopWaitsForWhatIsUnderWay() async throws {
    try await Rig.with(Self.arguments) { rig in
      try await rig.insert((0..<100).map(asset))
      let stop = rig.stop
      let hand = try await rig.takeOver(.interleaving("update.sent", at: 2) { stop.request() })
      await #expect { try await hand.perform() } throws: { ($0 as? ActionError)?.kind == .stopped }
      let blocks = try await hand.blocks()
      #expect(!blocks.isEmpty && blocks.allSatisfy { $0.state == .applied })
      stop.request(false)
      #expect(try await hand.perform().outputs["changed"] == 100)
    }
  }

  @Test("A document that is under way is not sent once more beside it")
  func oneDocumentAtATime() async throws {
    try await Rig.with(Self.arguments) { given in
      let rig = given.unhurried
      try await rig.insert([asset(1)])
      let hand = try await rig.takeOver()
      let work = try UpdateWork(hand.context, rig.timing, CrashPoints())
      let throttle = Throttle(ThrottleSettings(), signals: [], clock: FakeClock(), isStopped: { false }, onPause: { _ in })
      let writer = try await OnlineChangeWriter(
        work.change, collection: rig.collection, points: "update", batchSize: 10, workers: 2, throttle: throttle, isStopped: { false },
        onBatch: { _ in })
      defer { writer.end() }
      var applied: [Int] = []
      writer.onRecorded = { applied.append($0.applied.count) }
      let command: BSONDocument = [
        "aggregate": .string(rig.collection), "pipeline": .array(BSONArray(work.definition.capture.map(BSONValue.document))), "cursor": [:],
      ]
      let row = try #require(try await rig.client.documents(command, database: rig.database).first)
      for _ in 0..<3 {
        var builder = BlockBuilder(work.definition, size: 10)
        let isRow = builder.add(row)
        #expect(isRow)
        _ = try await writer.write(&builder, keys: [KeyHash(BSONValue.int32(1).raw)])
      }
      try await writer.drain()
      // Both later ones find what the first made of it.
      #expect(applied == [1, 0, 0])
    }
  }
}
