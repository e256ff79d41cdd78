import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import Testing

@testable import RunbookMongoActions

/// `mongodb.compare` with `liveWrites: explain`: what the application changed, told apart from what the run did.
@Suite struct CompareExplainTests {
  private let unpinned = SnapshotPin { _ in nil }

  private func compare(_ bench: ActionBench, _ more: ValueMap = [:], started: Int64 = 0) async throws -> Observation {
    let arguments: ValueMap = ["left": .object(["backup": "backup"]), "right": "assets", "liveWrites": "explain"]
    var context = bench.context(
      arguments.merging(more, uniquingKeysWith: { _, new in new }), collection: nil, subject: "check",
      world: BenchWorld(outputs: ["backup": .object(["to": "copy"])]))
    context.run.startedAt = started
    return try await MongoCompare().read(context)
  }

  /// Fifty documents and their backup.
  private func prepare(_ bench: ActionBench) async throws {
    try await bench.insert((0..<50).map { ["_id": .integer(Int64($0)), "name": .string("asset \($0)")] })
    try await bench.takeLease()
    _ = try await MongoBackup(pin: unpinned).perform(bench.context(["to": "copy"], subject: "backup"), captured: .null)
  }

  private func change(_ bench: ActionBench) -> ActionContext {
    bench.context(
      ["filter": .object(["n": .object(["$exists": false])]), "update": .object(["$set": .object(["n": 1])])], subject: "change")
  }

  private func set(_ bench: ActionBench, _ id: BSONValue, _ change: BSONDocument) async throws {
    try await bench.command(["update": "assets", "updates": [["q": ["_id": id], "u": ["$set": .document(change)]]]])
  }

  private func edit(_ bench: ActionBench) async throws {
    try await set(bench, 3, ["name": "mine"])
    try await bench.command(["delete": "assets", "deletes": [["q": ["_id": 4], "limit": 1]]])
    try await bench.insert([["_id": "new", "n": 7]])
  }

  @Test("What the application changed is explained; what the run changed is not, unless its fields are ignored")
  func forward() async throws {
    try await ActionBench.run { bench in
      try await prepare(bench)
      let same = try await compare(bench).outputs
      #expect(same["unexplained"] == 0 && same["explained"] == 0)
      try await edit(bench)
      let theirs = try await compare(bench).outputs
      #expect((theirs["unexplained"], theirs["explained"]) == (0, 3))
      #expect((theirs["missing"], theirs["added"], theirs["different"]) == (1, 1, 1))
      #expect(theirs["examples"]?.listValue?.count == 3)
      let action = MongoUpdate()
      _ = try await action.perform(change(bench), captured: try await action.capture(change(bench)))
      // Changed by the run and by the application: explained, however often each did it.
      try await set(bench, 5, ["name": "mine, too"])
      let both = try await compare(bench).outputs
      #expect((both["explained"], both["unexplained"]) == (4, 47))
      #expect(both["examples"]?.listValue?.contains(.object(["kind": "different", "id": 3])) == false)
      let ignoring = try await compare(bench, ["ignoreFields": ["n"]]).outputs
      #expect((ignoring["explained"], ignoring["unexplained"]) == (4, 0))
      #expect(try await compare(bench, ["liveWrites": "refuse"]).outputs["unexplained"] == 51)
      let sampled = try await compare(bench, ["sample": 100]).outputs
      #expect((sampled["explained"], sampled["unexplained"]) == (3, 47))
    }
  }

  @Test("After a rollback only the application's changes differ, and they are explained; a change that was not taken back is not")
  func rolledBack() async throws {
    try await ActionBench.run { bench in
      try await prepare(bench)
      let action = MongoUpdate()
      let captured = try await action.capture(change(bench))
      let done = try await action.perform(change(bench), captured: captured)
      try await edit(bench)
      try await set(bench, 6, ["n": 2])
      let undone = try await action.undo(change(bench), captured: captured, outputs: .map(done.outputs))
      #expect(undone.conflicts == 1)
      let after = try await compare(bench).outputs
      #expect((after["explained"], after["unexplained"]) == (4, 0))
      // As if the undo had missed one: our own value stands again by a write that a block accounts for.
      let second = bench.context(
        ["filter": .object(["_id": 9, "n": .object(["$exists": false])]), "update": .object(["$set": .object(["n": 1])])], subject: "second"
      )
      _ = try await action.perform(second, captured: try await action.capture(second))
      let left = try await compare(bench).outputs
      #expect((left["explained"], left["unexplained"]) == (4, 1))
      #expect(left["examples"] == [.object(["kind": "different", "id": 9])])
    }
  }

  @Test("Where nobody can tell there is no data, and never a failure: no time of the backup, a collection made anew, a view")
  func unknown() async throws {
    try await ActionBench.run { bench in
      try await prepare(bench)
      try await set(bench, 3, ["name": "mine"])
      var record = try #require(try await bench.target.backupRecord(of: "copy"))
      let known = record
      record.start = nil
      try await bench.target.writeBackupRecord(record)
      let timeless = try await compare(bench)
      #expect(timeless.noDataReason?.contains("told no time") == true && timeless.outputs["unexplained"] == nil)
      #expect(timeless.outputs["different"] == 1)
      try await bench.target.writeBackupRecord(known)
      #expect(try await compare(bench).noDataReason == nil)
      try await bench.command(["create": "seen", "viewOn": "assets", "pipeline": .array(BSONArray([]))])
      #expect(try await compare(bench, ["right": "seen"]).noDataReason?.contains("is a view") == true)
      try await bench.command(["drop": "assets"])
      try await bench.insert([["_id": 1]])
      #expect(try await compare(bench).noDataReason?.contains("'assets' of target 'registry' was dropped or renamed since") == true)
    }
  }

  @Test("Without a lease nothing is written for it, and without a backup changes count since the run began")
  func unled() async throws {
    try await ActionBench.run { bench in
      try await bench.insert([["_id": 1], ["_id": 2]], into: "before")
      try await bench.insert([["_id": 1, "n": 1]], into: "after")
      let sides: ValueMap = ["left": "before", "right": "after"]
      let found = try await compare(bench, sides, started: -60_000)
      #expect((found.outputs["explained"], found.outputs["unexplained"]) == (2, 0))
      #expect(try await !bench.collections().contains("_runbook.marks"))
    }
  }

  @Test("A backup that somebody has written to is used for nothing: neither compared nor restored")
  func tampered() async throws {
    try await ActionBench.run { bench in
      try await prepare(bench)
      try await bench.command(["delete": "assets", "deletes": [["q": ["_id": 8], "limit": 1]]])
      try await bench.command(["update": "copy", "updates": [["q": ["_id": 8], "u": ["$set": ["name": "other"]]]]])
      for more: ValueMap in [[:], ["ignoreFields": ["name"]], ["sample": 3], ["left": "assets", "right": .object(["backup": "backup"])]] {
        let error = await #expect(throws: ActionError.self) { try await compare(bench, more) }
        #expect(error?.code == "RB3303" && error?.message.contains("is no longer what was proven") == true, "\(more)")
      }
      let restore = bench.context(["from": "copy", "to": "assets"], subject: "back")
      for mode in ["missingOnly", "documents"] {
        var context = restore
        context.arguments["mode"] = .string(mode)
        context.arguments["acceptWriteLoss"] = true
        let error = await #expect(throws: ActionError.self) { try await MongoRestore().capture(context) }
        #expect(error?.code == "RB3303")
        await #expect(throws: ActionError.self) { try await MongoRestore().perform(context, captured: .null) }
      }
      #expect(try await bench.all("assets").count == 49)
    }
  }
}
