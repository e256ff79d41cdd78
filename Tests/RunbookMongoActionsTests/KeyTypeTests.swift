import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// Documents under keys of every type, and large ones: none is skipped, none is changed twice.
@Suite(.serialized) struct KeyTypeTests {
  /// Every type that a key may have; within one the values that order or equality treats in ways of their own.
  private static let keys: [BSONValue] = [
    .double(-0.0), .double(1.5), .double(.infinity), 7, .int64(1 << 40), .decimal128(Decimal128("2.50")!), .decimal128(Decimal128("1E+3")!),
    "", "a", "A",
    "ünï", .null, true, false, .minKey, .maxKey, .datetime(-1), .datetime(1_700_000_000_000), .objectID(ObjectID(bytes: Array(1...12))!),
    .binary(BSONBinary(subtype: 4, bytes: Array(0..<16))), .binary(BSONBinary(bytes: [])), .timestamp(BSONTimestamp(rawValue: 77)),
    [:], ["a": 1, "b": ["c": [1, 2.5]]], ["b": 1, "a": 1], ["x.y": 1],
  ]

  @Test("Keys of all types are changed once, written again by the application, and taken back to the byte") func everyKey() async throws {
    try await Rig.with(addFields) { given in
      let rig = given.unhurried
      try await rig.insert(Self.keys.map { ["_id": $0, "description": "d"] })
      let before = try await rig.all()
      #expect(before.count == Self.keys.count)
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") {
          for key in Self.keys where key.raw.type != .document { try await rig.update(key, ["$inc": ["seen": 1]]) }
        })
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == .integer(Int64(Self.keys.count)))
      #expect(result.outputs["guarded"] == 0 && result.outputs["inDoubt"] == 0)
      let changed = try await rig.all()
      #expect(changed.values.allSatisfy { $0["label"]?.string == "d" && $0["extra"]?.isNull == true })
      let captured = try await hand.blocks().flatMap { try $0.readEntries().map { $0.key.detached() } }
      #expect(Set(captured) == Set(before.keys) && captured.count == before.count)
      try await rig.update(.null, ["$set": ["label": "edited"]])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 1)
      let after = try await rig.all()
      for (key, document) in before {
        let found = try #require(after[key])
        #expect(found["description"] == document["description"] && found["extra"] == nil)
        #expect(found["label"]?.string == (key.isNull ? "edited" : nil))
      }
    }
  }

  @Test("A server that cannot update a document under NaN leaves it as it was, and the step says that documents still need the change")
  func notANumber() async throws {
    try await Rig.with(addFields) { given in
      let rig = given.unhurried
      let documents: [BSONDocument] = [["_id": .double(.nan), "description": "n"], ["_id": 1, "description": "d"]]
      try await rig.insert(documents)
      let hand = try await rig.takeOver()
      let result = try await hand.perform()
      let isChanged = try await rig.all()[BSONValue.double(.nan).raw]?["extra"] != nil
      // A mongod does it; the test server does not, and nothing passes over that in silence.
      #expect(isChanged == result.warnings.isEmpty)
      #expect(isChanged || result.warnings.contains { $0.contains("still need the change") })
      #expect(result.outputs["changed"] == (isChanged ? 2 : 1))
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      #expect(documents.allSatisfy { after[$0["_id"]!] == $0 })
    }
  }

  @Test(
    "Documents near the greatest size are changed where nothing large is touched, and come back; one that is too large for its undo is named"
  )
  func largeDocuments() async throws {
    try await Rig.with(addFields) { given in
      let rig = given.unhurried
      let large = String(repeating: "x", count: (16 << 20) - 4096)
      for id in [1, 2] { try await rig.insert([["_id": .int32(Int32(id)), "description": "d", "payload": .string(large)]]) }
      try await rig.insert([["_id": 3, "description": "small"]])
      let hand = try await rig.takeOver()
      #expect(try await hand.perform().outputs["changed"] == 3)
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      #expect(after.values.allSatisfy { $0["label"] == nil && $0["extra"] == nil })
      #expect(after[BSONValue.int32(2).raw]?["payload"]?.string?.utf8.count == large.utf8.count)
      var touching = rig
      touching.step = "touch"
      touching.arguments = [
        "filter": .object(["copied": .object(["$exists": false])]),
        "pipeline": [.object(["$set": .object(["payload": "gone", "copied": true])])],
      ]
      let other = Hand(rig: touching, target: hand.target, crashPoints: CrashPoints())
      await #expect { try await other.perform() } throws: { error in
        let error = error as? ActionError
        return error?.code == UpdateErrorCode.documentsRefused && error?.message.contains("its undo entry would be too large") == true
      }
      #expect(try await other.undo().conflicts == 0)
      #expect(try await rig.all()[BSONValue.int32(1).raw]?["payload"]?.string?.utf8.count == large.utf8.count)
    }
  }
}
