import MongoDriver
import RunbookActions
import RunbookPlan
import Testing

@testable import RunbookMongoActions

/// What somebody dropped or renamed must not pass for taken back.
@Suite struct UndoCompletenessTests {
  private func refusal(of undo: () async throws -> UndoResult) async throws -> ActionError? {
    do {
      _ = try await undo()
      return nil
    } catch let error as ActionError {
      return error
    }
  }

  @Test func aMissingBlockIsNoticed() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<60).map(asset))
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      let lost = try #require(try await hand.blocks().dropFirst().first)
      let stored = try await hand.target.findOwn(["_id": .int64(lost.id)], in: hand.change.store, doing: "test")
      try await hand.target.deleteOwn(["_id": .int64(lost.id)], from: hand.change.store, doing: "test")
      let migrated = try await rig.all()
      let refused = try await refusal { try await hand.undo() }
      #expect(refused?.code == "RB3406")
      #expect(refused?.message.hasPrefix("1 undo blocks of '_runbook.undo.run-1.add-fields'") == true)
      #expect(try await rig.all() == migrated)
      _ = try await hand.target.insertOwn(stored, into: hand.change.store, limit: 5000, doing: "test")
      _ = try await hand.undo()
      #expect(try await rig.all() == before)
    }
  }

  @Test func missingNewestBlocksAreNoticedByTheOutputs() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<60).map(asset))
      let hand = try await rig.takeOver()
      let result = try await hand.perform()
      let migrated = try await rig.all()
      _ = try await rig.client.writeCommand(["drop": .string(hand.change.store)], database: rig.database)
      let refused = try await refusal { try await hand.action.undo(hand.context, captured: .null, outputs: .map(result.outputs)) }
      #expect(refused?.code == "RB3406")
      #expect(try await rig.all() == migrated)
    }
  }

  @Test func aRenamedCollectionIsNoticed() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<30).map(asset))
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let result = try await hand.perform()
      func rename(_ from: String, _ to: String) async throws {
        _ = try await rig.client.writeCommand(
          ["renameCollection": .string("\(rig.database).\(from)"), "to": .string("\(rig.database).\(to)")], database: "admin")
      }
      try await rename(rig.collection, "elsewhere")
      let refused = try await refusal { try await hand.action.undo(hand.context, captured: .null, outputs: .map(result.outputs)) }
      #expect(refused?.code == "RB3009")
      #expect(try await hand.blocks().allSatisfy { $0.state == .applied })
      try await rename("elsewhere", rig.collection)
      _ = try await hand.action.undo(hand.context, captured: .null, outputs: .map(result.outputs))
      #expect(try await rig.all() == before)
    }
  }

  /// A step that failed before its first write in a collection that is not there has nothing to take back.
  @Test func nothingIsMissingWhereNothingWasWritten() async throws {
    try await Rig.with(addFields) { rig in
      let hand = try await rig.takeOver()
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0)
      #expect(undone.inDoubt == 0)
    }
  }
}
