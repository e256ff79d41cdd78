import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// Blocks whose undo is more than one command can hold: values with many numbers in them, each of which is asserted.
@Suite(.serialized) struct UndoPartsTests {
  private static let vectors: ValueMap = [
    "filter": .object(["vector": .object(["$exists": false])]), "pipeline": [.object(["$set": .object(["vector": "$numbers"])])],
  ]

  private static func document(_ n: Int) -> BSONDocument {
    ["_id": .int32(Int32(n)), "numbers": .array(BSONArray((0..<40).map { .double(Double(n * $0) + 0.5) }))]
  }

  @Test(
    "The undo goes out in parts, each announced; the application's edits are kept",
    arguments: [nil, "undo.announced", "undo.sent"] as [String?])
  func inParts(_ crashPoint: String?) async throws {
    try await Rig.with(Self.vectors) { given in
      let rig = given.hurried
      try await rig.insert((0..<12).map(Self.document))
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      #expect(try await hand.perform().outputs["changed"] == 12)
      try await rig.update(3, ["$set": ["vector": [1]]])
      try await rig.delete(4)

      func small(_ hand: Hand, _ points: CrashPoints) -> OnlineChange {
        var change = OnlineChange(target: hand.target, run: rig.run, step: rig.step, timing: rig.timing, crashPoints: points)
        change.mostCommandBytes = 24_000
        return change
      }
      func finish(_ change: OnlineChange) async throws {
        var rollback = try await UndoRollback(change, restoresDoubt: false)
        defer { rollback.end() }
        for block in try await change.read([:], withEntries: true, newestFirst: true) where block.state == .applied {
          try await rollback.finish(block)
        }
      }
      // At the second part, when the first is done and no longer told of by the announcement.
      let points = crashPoint.map { CrashPoints.abandoning($0, at: 2) } ?? CrashPoints()
      do { try await finish(small(hand, points)) } catch let error as ActionError { #expect(error.message == crashPoint) }
      if crashPoint != nil {
        let announced = try await hand.blocks().compactMap { $0.undo?.entries.count }
        #expect(announced.allSatisfy { $0 < 12 } && !announced.isEmpty)
        let second = try await rig.takeOver()
        let change = small(second, CrashPoints())
        try await change.wait(until: try await second.blocks().compactMap { $0.undo?.delivery.end }.max() ?? 0)
        try await finish(change)
      }
      let blocks = try await hand.blocks()
      #expect(blocks.allSatisfy { $0.state == .undone && $0.standing.isEmpty })
      #expect(blocks.flatMap(\.kept).count == 1)
      var expected = before
      expected[BSONValue.int32(4).raw] = nil
      let after = try await rig.all()
      #expect(after[BSONValue.int32(3).raw]?["vector"]?.decoded == [1])
      for (key, document) in expected where key != BSONValue.int32(3).raw { #expect(after[key] == document) }
    }
  }

  @Test("A document alone that is too much for a command is left as it is, and listed") func oneAlone() async throws {
    try await Rig.with(Self.vectors) { rig in
      try await rig.insert([Self.document(1)])
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      var change = hand.change
      change.mostCommandBytes = 3000
      var rollback = try await UndoRollback(change, restoresDoubt: false)
      defer { rollback.end() }
      let block = try #require(try await hand.blocks().first)
      try await rollback.finish(block)
      let undone = try await hand.undo()
      #expect(undone.conflicts == 1)
      #expect(undone.details["conflicts"]?.listValue?.first?["reason"]?.stringValue?.contains("10334") == true)
    }
  }
}
