import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// `mongodb.restore` with `mode: swap` against a real server.
@Suite(.serialized) struct SwapTests {
  static let make: ActionMaker = { MongoRestore(timing: $0, crashPoints: $1) }
  static let swap: ValueMap = ["from": "backup", "to": "assets", "mode": "swap", "acceptWriteLoss": true]

  private func isCrash(_ error: any Error) -> Bool { (error as? ActionError)?.code == "crash" }

  /// A backup of 60, and the collection with options and indexes of its own, in which 20 are gone, 20 are changed and one is new.
  static func damage(_ rig: Rig) async throws -> [RawBSONValue: BSONDocument] {
    try await rig.create("assets", ["validator": ["name": ["$type": "string"]], "validationLevel": "moderate"])
    _ = try await rig.client.writeCommand(
      [
        "createIndexes": "assets",
        "indexes": [
          ["key": ["name": 1], "name": "by_name", "unique": true], ["key": ["at": 1], "name": "by_at", "expireAfterSeconds": 3600],
        ],
      ], database: rig.database)
    try await rig.insert((0..<60).map(asset), into: "backup")
    let now: [BSONDocument] = (0..<60).filter { $0 % 3 != 0 }.map { n in
      n % 3 == 1 ? asset(n) : BSONDocument(asset(n).map { ($0.key, $0.value.decoded) } + [("since", .integer(Int64(n)))])
    }
    try await rig.insert(now + [["_id": "new", "name": "new"]])
    return try await rig.all()
  }

  static func with(_ body: (Rig, [RawBSONValue: BSONDocument]) async throws -> Void) async throws {
    try await Rig.with(swap, make: make) { rig in try await body(rig, try await damage(rig)) }
  }

  static func undo(_ hand: Hand, _ captured: Value) async throws -> UndoResult {
    let undone = try await hand.action.undo(hand.context, captured: captured, outputs: nil)
    #expect(try await hand.action.verifyUndone(hand.context, captured: captured, undone: undone) == nil)
    return undone
  }

  static func names(_ rig: Rig) async throws -> [String] {
    let listed = try await rig.client.documents(["listCollections": 1, "nameOnly": true], database: rig.database)
    return listed.compactMap { $0["name"]?.string }.filter { !["_runbook.runs", "_runbook.renames", "backup"].contains($0) }.sorted()
  }

  static func definition(_ hand: Hand) async throws -> CollectionDefinition {
    try #require(try await hand.target.definition(of: "assets"))
  }

  @Test(
    "It says first what would be lost, swaps with the same options and indexes, keeps what it replaced; undone, everything is as before")
  func thereAndBack() async throws {
    try await Self.with { rig, before in
      let hand = try await rig.takeOver()
      let definition = try await Self.definition(hand)
      let captured = try await hand.capture()
      #expect(captured["wouldLose"] == 41)
      let result = try await hand.perform(captured)
      #expect(result.outputs["restored"] == 60 && result.outputs["wouldLose"] == 41)
      #expect(result.outputs["keptAs"] == "_runbook.dropped.run-1.add-fields")
      #expect(result.warnings.count == 1 && result.warnings[0].contains("41 documents"))
      #expect(try await rig.all() == rig.all("backup"))
      #expect(try await rig.all("_runbook.dropped.run-1.add-fields") == before)
      #expect(definition.differences(to: try await Self.definition(hand), called: "assets") == [])
      let undone = try await Self.undo(hand, captured)
      #expect(undone.conflicts == 0)
      #expect(try await rig.all() == before)
      #expect(definition.differences(to: try await Self.definition(hand), called: "assets") == [])
      #expect(try await Self.names(rig) == ["assets"])
    }
  }

  @Test(
    "Killed at every point on the way: resumed, the backup is in place; rolled back, everything is as before",
    arguments: ["swap.copied", "swap.ready", "swap.between", "swap.in-place", "swap.recorded"], [true, false])
  func forwardCrashes(_ point: String, isResumed: Bool) async throws {
    try await Self.with { rig, before in
      let first = try await rig.takeOver(.abandoning(point))
      let definition = try await Self.definition(first)
      let captured = try await first.capture()
      await #expect { try await first.perform(captured) } throws: { isCrash($0) }
      let second = try await rig.takeOver()
      try await second.resolve()
      if isResumed {
        #expect(try await second.perform(captured).outputs["restored"] == 60)
        #expect(try await rig.all() == rig.all("backup"))
        #expect(definition.differences(to: try await Self.definition(second), called: "assets") == [])
      }
      #expect(try await Self.undo(second, captured).conflicts == 0)
      #expect(try await rig.all() == before)
      #expect(definition.differences(to: try await Self.definition(second), called: "assets") == [])
      #expect(try await Self.names(rig) == ["assets"])
    }
  }

  @Test(
    "Killed at every point on the way back, it goes on", arguments: ["swap.returning", "swap.back-between", "swap.back", "swap.undone"])
  func backwardCrashes(_ point: String) async throws {
    try await Self.with { rig, before in
      let first = try await rig.takeOver(.abandoning(point))
      let captured = try await first.capture()
      _ = try await first.perform(captured)
      await #expect { try await first.action.undo(first.context, captured: captured, outputs: nil) } throws: { isCrash($0) }
      let second = try await rig.takeOver()
      try await second.resolve()
      #expect(try await Self.undo(second, captured).conflicts == 0)
      #expect(try await rig.all() == before)
      #expect(try await Self.names(rig) == ["assets"])
      // And once more the whole way, as a phase that is begun again does.
      let again = try await second.capture()
      #expect(try await second.perform(again).outputs["restored"] == 60)
      #expect(try await Self.undo(second, again).conflicts == 0)
      #expect(try await rig.all() == before)
    }
  }

  @Test("What the application inserts between the two renames is brought along; what has its key taken is kept and told, also by the undo")
  func insertedBetween() async throws {
    try await Self.with { rig, before in
      let insert: @Sendable () async throws -> Void = {
        try await rig.insert([
          ["_id": "between", "name": "b"], ["_id": 4, "name": "mine"], ["_id": "taken", "name": "asset 7"], ["_id": "too", "name": "c"],
        ])
        #expect(try await rig.all().count == 4)
      }
      let hand = try await rig.takeOver(.interleaving("swap.between", insert))
      let captured = try await hand.capture()
      let result = try await hand.perform(captured)
      let now = try await rig.all()
      #expect(now.count == 62 && now[BSONValue.string("between").raw]?["name"]?.string == "b")
      #expect(now[BSONValue.int32(4).raw] == asset(4))
      #expect(try await rig.all("_runbook.stray.run-1.add-fields/1")[BSONValue.int32(4).raw]?["name"]?.string == "mine")
      #expect(result.warnings.contains { $0.contains("2 documents that the application inserted") })
      #expect(try await hand.perform(captured).warnings == result.warnings)
      // The application has written to the restored collection: it stays.
      let undone = try await Self.undo(hand, captured)
      #expect(undone.conflicts == 2)
      #expect(try await rig.all() == now)
      #expect(try await rig.all("_runbook.dropped.run-1.add-fields") == before)
      let kept = try await hand.target.kept(for: "run-1")
      #expect(kept.dropped.map(\.step) == ["add-fields", "add-fields"])
    }
  }

  @Test("Killed between the two renames while the application goes on inserting: rolled back, everything is as before, and those are in it")
  func rolledBackFromBetween() async throws {
    try await Self.with { rig, before in
      let first = try await rig.takeOver(.abandoning("swap.between"))
      let captured = try await first.capture()
      await #expect { try await first.perform(captured) } throws: { isCrash($0) }
      #expect(try await rig.all().isEmpty)
      try await rig.insert([["_id": "between", "name": "between"]])
      let second = try await rig.takeOver(.abandoning("swap.set-aside"))
      await #expect { try await second.action.undo(second.context, captured: captured, outputs: nil) } throws: { isCrash($0) }
      try await rig.insert([["_id": "again", "name": "again"]])
      let third = try await rig.takeOver()
      try await third.resolve()
      #expect(try await Self.undo(third, captured).conflicts == 0)
      var left = try await rig.all()
      #expect(left.removeValue(forKey: BSONValue.string("between").raw) != nil)
      #expect(left.removeValue(forKey: BSONValue.string("again").raw) != nil)
      #expect(left == before)
      #expect(try await Self.names(rig).filter { !$0.hasPrefix("_runbook.undo.") } == ["assets"])
    }
  }

  @Test("What is written to the restored collection after it was looked at and before it is renamed is kept and told, once")
  func writtenWhileSwappedBack() async throws {
    try await Self.with { rig, before in
      let hand = try await rig.takeOver(.interleaving("swap.returning") { try await rig.update(4, ["$set": ["late": true]]) })
      let captured = try await hand.capture()
      _ = try await hand.perform(captured)
      #expect(try await Self.undo(hand, captured).conflicts == 1)
      #expect(try await rig.all() == before)
      #expect(try await rig.all("_runbook.stray.run-1.add-fields/1")[BSONValue.int32(4).raw]?["late"]?.bool == true)
      #expect(try await Self.undo(hand, captured).conflicts == 1, "the same is told again")
    }
  }

  @Test("finalize drops all that a swap kept")
  func finalized() async throws {
    try await Self.with { rig, _ in
      let hand = try await rig.takeOver(.interleaving("swap.between") { try await rig.insert([["_id": 4]]) })
      _ = try await hand.perform(try await hand.capture())
      let done = try await hand.target.cleanUp(run: "run-1")
      #expect(done.removed.dropped.count == 2)
      #expect(try await Self.names(rig) == ["assets"])
      #expect(try await rig.all("_runbook.renames").isEmpty)
      #expect(try await rig.all().count == 60)
    }
  }
}

/// What a swap refuses before it replaces anything.
@Suite(.serialized) struct SwapRefusalTests {
  private func refused(_ code: String, _ words: String, _ error: any Error) -> Bool {
    (error as? ActionError)?.code == code && (error as? ActionError)?.message.contains(words) == true
  }

  @Test("A view, a capped collection, one that is not there, and a loss that nobody accepted")
  func unfit() async throws {
    let cases: [(options: BSONDocument?, code: String)] = [
      (["viewOn": "backup", "pipeline": []], StructureErrorCode.unfitCollection),
      (["capped": true, "size": 4096], UpdateErrorCode.unfitCollection), (nil, MongoErrorCode.missingCollection),
    ]
    for (options, code) in cases {
      try await Rig.with(SwapTests.swap, make: SwapTests.make) { rig in
        try await rig.insert([["_id": 1]], into: "backup")
        if let options { try await rig.create("assets", options) }
        let hand = try await rig.takeOver()
        await #expect { try await hand.capture() } throws: { refused(code, "assets", $0) }
      }
    }
    var arguments = SwapTests.swap
    arguments["acceptWriteLoss"] = false
    try await Rig.with(arguments, make: SwapTests.make) { rig in
      _ = try await SwapTests.damage(rig)
      let hand = try await rig.takeOver()
      await #expect { try await hand.capture() } throws: { refused(UpdateErrorCode.writeLoss, "41 documents", $0) }
    }
  }

  @Test("Documents that break a unique index of the collection: nothing is replaced, nothing is left")
  func brokenIndex() async throws {
    try await SwapTests.with { rig, before in
      try await rig.insert([["_id": 1000, "name": "asset 1"]], into: "backup")
      let hand = try await rig.takeOver()
      let captured = try await hand.capture()
      await #expect { try await hand.perform(captured) } throws: { refused(StructureErrorCode.duplicates, "by_name", $0) }
      #expect(try await SwapTests.undo(hand, captured).conflicts == 0)
      #expect(try await rig.all() == before)
      #expect(try await SwapTests.names(rig) == ["assets"])
    }
  }

  @Test("A proven backup that was written to, or one that was never finished")
  func brokenBackup() async throws {
    try await Rig.with(SwapTests.swap, make: SwapTests.make) { rig in
      try await rig.insert((0..<10).map(asset))
      let hand = try await rig.takeOver()
      let backup = ActionContext(
        run: hand.context.run, subject: "backup", effect: "e", attempt: 1, requestedAt: 0, arguments: ["to": "backup"], target: hand.target,
        collection: "assets", timeout: nil, stallTimeout: nil, clock: hand.context.clock, stop: rig.stop, people: Nothing(),
        world: Nothing(),
        progress: { _ in })
      _ = try await MongoBackup().perform(backup, captured: .null)
      let captured = try await hand.capture()
      #expect(captured["wouldLose"] == 0)
      try await rig.insert([["_id": 77]], into: "backup")
      await #expect { try await hand.perform(captured) } throws: { refused(MongoErrorCode.proofFailed, "no longer what was proven", $0) }
      _ = try await rig.client.writeCommand(
        ["update": "_runbook.backups", "updates": [["q": ["_id": "backup"], "u": ["$set": ["state": "making"]]]]], database: rig.database)
      await #expect { try await hand.perform(captured) } throws: { refused(MongoErrorCode.proofFailed, "never finished", $0) }
      #expect(try await rig.all().count == 10)
    }
  }

  @Test("A collection that was given an index while the backup was copied, or was made anew since it was captured")
  func changedMeanwhile() async throws {
    try await SwapTests.with { rig, before in
      let change: BSONDocument = ["createIndexes": "assets", "indexes": [["key": ["n": 1], "name": "by_n"]]]
      let hand = try await rig.takeOver(
        .interleaving("swap.copied") { _ = try await rig.client.writeCommand(change, database: rig.database) })
      let captured = try await hand.capture()
      await #expect { try await hand.perform(captured) } throws: { refused(StructureErrorCode.changedMeanwhile, "assets", $0) }
      #expect(try await rig.all() == before)
      // The undo leaves the index as it is, and tells of it.
      #expect(try await SwapTests.undo(hand, captured).conflicts == 1)
      #expect(try await SwapTests.definition(hand).indexes["by_n"] != nil)
      _ = try await rig.client.writeCommand(["drop": "assets"], database: rig.database)
      try await rig.insert([["_id": 1]])
      await #expect { try await hand.perform(captured) } throws: { refused(StructureErrorCode.changedMeanwhile, "made anew", $0) }
      #expect(try await rig.all().count == 1)
    }
  }
}
