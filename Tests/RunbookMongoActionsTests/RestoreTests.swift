import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// `mongodb.restore` against a real server.
@Suite(.serialized) struct RestoreTests {
  private let make: ActionMaker = { MongoRestore(timing: $0, crashPoints: $1) }
  private let missing: ValueMap = ["from": "backup", "to": "assets"]
  private let whole: ValueMap = ["from": "backup", "to": "assets", "mode": "documents", "acceptWriteLoss": true]

  private func isCrash(_ error: any Error) -> Bool { (error as? ActionError)?.code == "crash" }

  /// A backup of 250; of the collection a part is gone, a part is changed, and something is new.
  private func damage(_ rig: Rig) async throws -> [RawBSONValue: BSONDocument] {
    try await rig.insert((0..<250).map(asset), into: "backup")
    let now: [BSONDocument] = (0..<250).filter { $0 % 3 != 0 }.map { n in
      n % 3 == 1 ? asset(n) : BSONDocument(asset(n).map { ($0.key, $0.value.decoded) } + [("since", .integer(Int64(n)))])
    }
    try await rig.insert(now + [["_id": "new"]])
    return try await rig.all()
  }

  @Test("missingOnly brings back what is absent and touches nothing else; undone, it is gone again")
  func missingOnly() async throws {
    try await Rig.with(missing, make: make) { rig in
      let before = try await damage(rig)
      let hand = try await rig.takeOver()
      let captured = try await hand.capture()
      let result = try await hand.perform(captured)
      #expect(result.outputs["restored"] == 84 && result.outputs["wouldLose"] == 0)
      let after = try await rig.all()
      #expect(after.count == 251)
      for (key, document) in before { #expect(after[key] == document) }
      try await rig.update(0, ["$set": ["used": true]])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 1)
      #expect(try await hand.verify(undone) == nil)
      #expect(try await rig.all().count == before.count + 1)
      #expect(try await hand.undo().conflicts == 1)
    }
  }

  @Test("documents replaces what differs, says first how many, and gives each back in the undo")
  func documents() async throws {
    try await Rig.with(whole, make: make) { rig in
      let before = try await damage(rig)
      let hand = try await rig.takeOver()
      let captured = try await hand.capture()
      #expect(captured["wouldLose"] == 83)
      let result = try await hand.perform(captured)
      #expect(result.outputs["restored"] == 167 && result.outputs["wouldLose"] == 83)
      let backup = try await rig.all("backup")
      var after = try await rig.all()
      #expect(after.removeValue(forKey: BSONValue.string("new").raw) != nil)
      #expect(after == backup)
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      #expect(try await hand.verify(undone) == nil)
      #expect(try await rig.all() == before)
      // Again, and with edits and deletions before the undo.
      _ = try await hand.perform(try await hand.capture())
      try await rig.update(2, ["$set": ["used": true]])
      try await rig.delete(5)
      let second = try await hand.undo()
      #expect(second.conflicts == 1)
      let left = try await rig.all()
      #expect(left[BSONValue.int32(2).raw]?["used"]?.bool == true && left[BSONValue.int32(2).raw]?["since"] == nil)
      #expect(left[BSONValue.int32(5).raw] == nil)
    }
  }

  @Test("What is written after the count is told, too, and comes back in the undo")
  func writtenAfterTheCount() async throws {
    try await Rig.with(whole, make: make) { rig in
      _ = try await damage(rig)
      let hand = try await rig.takeOver()
      let captured = try await hand.capture()
      try await rig.update(1, ["$set": ["late": true]])
      let result = try await hand.perform(captured)
      #expect(result.warnings.count == 1 && result.warnings[0].hasPrefix("1 more documents were written"), "\(result.warnings)")
      _ = try await hand.undo()
      #expect(try await rig.all()[BSONValue.int32(1).raw]?["late"]?.bool == true)
      let calm = try await hand.perform(try await hand.capture())
      #expect(calm.warnings.isEmpty)
    }
  }

  @Test("Without acceptance the loss is told and nothing is written; a plan that says neither is told so at load")
  func lossIsTold() async throws {
    var arguments = whole
    arguments["acceptWriteLoss"] = false
    try await Rig.with(arguments, make: make) { rig in
      let before = try await damage(rig)
      let hand = try await rig.takeOver()
      await #expect { try await hand.capture() } throws: {
        ($0 as? ActionError)?.code == UpdateErrorCode.writeLoss && ($0 as? ActionError)?.message.contains("83 documents") == true
      }
      #expect(try await rig.all() == before)
    }
    #expect(MongoRestore().review(arguments: arguments, unknown: []).count == 1)
    #expect(MongoRestore().review(arguments: ["from": "a", "to": "b", "mode": "swap"], unknown: []).count == 1)
    #expect(MongoRestore().review(arguments: ["from": "a", "to": "b", "mode": "swap"], unknown: ["acceptWriteLoss"]).isEmpty)
    #expect(MongoRestore().review(arguments: ["from": "a", "to": "a"], unknown: []).count == 1)
  }

  @Test(
    "Killed at every point, taken over, and back; what the application wrote to a restored document meanwhile stays",
    arguments: ["restore.captured", "restore.block-written", "restore.sent", "restore.recorded"], [1, 3] as [Int64])
  func crashes(_ point: String, _ time: Int64) async throws {
    try await Rig.with(whole, make: make) { rig in
      let before = try await damage(rig)
      let first = try await rig.takeOver(.abandoning(point, at: time))
      let captured = try await first.capture()
      await #expect { try await first.perform(captured) } throws: { isCrash($0) }
      let second = try await rig.takeOver()
      try await second.resolve()
      let result = try await second.perform(captured)
      // A batch that came too late in part is in doubt, since the test server keeps no record of such an answer.
      let doubt = result.outputs["inDoubt"]?.integerValue ?? 0
      var after = try await rig.all()
      after[BSONValue.string("new").raw] = nil
      #expect(after == (try await rig.all("backup")))
      try await rig.update(8, ["$set": ["mine": true]])
      #expect(try await second.perform(captured).outputs["restored"] == .integer(167 - doubt))
      #expect(try await rig.all()[BSONValue.int32(8).raw]?["mine"]?.bool == true)
      try await rig.update(8, ["$unset": ["mine": 1]])
      let third = try await rig.takeOver(.abandoning("undo.sent", at: 2))
      try await third.resolve()
      await #expect { try await third.undo() } throws: { isCrash($0) }
      let fourth = try await rig.takeOver()
      try await fourth.resolve()
      let undone = try await fourth.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == doubt)
      let left = try await rig.all()
      #expect(Set(left.keys).union(before.keys).filter { left[$0] != before[$0] }.count == Int(doubt))
    }
  }

  @Test("A validator that came since does not keep a document out, going or coming back")
  func validator() async throws {
    try await Rig.with(missing, make: make) { rig in
      try await rig.insert([["_id": 1, "n": 1]], into: "backup")
      try await rig.create("assets", ["validator": ["n": ["$exists": false]]])
      let hand = try await rig.takeOver()
      #expect(try await hand.perform(try await hand.capture()).outputs["restored"] == 1)
      _ = try await hand.undo()
      #expect(try await rig.all().isEmpty)
    }
  }

  @Test(
    "Deleted by one step, brought back by the next, then deleted by the application: the way back of both leaves it gone, and all others are there",
    arguments: [nil, "undo.announced", "undo.removed", "undo.sent"] as [String?])
  func deletedByTheApplicationInBetween(_ point: String?) async throws {
    let old: ValueMap = ["filter": .object(["old": true]), "batch": .object(["size": 3])]
    try await Rig.with(old, make: { MongoDelete(timing: $0, crashPoints: $1) }) { given in
      let rig = given.unhurried
      var second = rig
      (second.step, second.make, second.arguments) = ("bring-back", make, missing)
      let documents: [BSONDocument] = (0..<10).map { ["_id": .integer(Int64($0)), "old": .bool($0 % 2 == 0)] }
      try await rig.insert(documents)
      try await rig.insert(documents, into: "backup")
      let before = try await rig.all()
      let deletion = try await rig.takeOver()
      #expect(try await deletion.perform().outputs["deleted"] == 5)
      second.timing.window = 1500
      let restoring = try await second.takeOver(point.map { .abandoning($0) } ?? CrashPoints())
      #expect(try await restoring.perform(try await restoring.capture()).outputs["restored"] == 5)
      try await rig.delete(4)
      try await rig.update(6, ["$set": ["mine": true]])
      if point == nil {
        #expect(try await restoring.undo().conflicts == 1)
      } else {
        await #expect(throws: ActionError.self) { try await restoring.undo() }
      }
      let last = try await second.takeOver()
      try await last.resolve()
      let undone = try await last.undo()
      #expect(undone.conflicts == 1 && undone.inDoubt == 0)
      #expect(try await last.verify(undone) == nil)
      let back = try await rig.takeOver()
      try await back.resolve()
      #expect(try await back.undo().conflicts == 1)
      var wanted = before
      wanted[BSONValue.int32(4).raw] = nil
      wanted[BSONValue.int32(6).raw] = ["_id": 6, "old": true, "mine": true]
      #expect(try await rig.all() == wanted)
    }
  }
}
