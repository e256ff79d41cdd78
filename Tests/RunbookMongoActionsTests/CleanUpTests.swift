import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// What `finalize` removes from a database, and what it leaves.
@Suite struct CleanUpTests {
  private func backUp(_ bench: ActionBench, to: String, keepFor: Int64, run: String = "run1") async throws {
    let context = bench.context(["to": .string(to), "keepFor": .duration(keepFor)], subject: "backup-\(to)", run: run)
    _ = try await MongoBackup().perform(context, captured: .null)
  }

  private func change(_ bench: ActionBench) async throws {
    let context = bench.context(
      ["filter": .object(["n": .object(["$exists": false])]), "update": .object(["$set": .object(["n": 1])])], subject: "change")
    let action = MongoUpdate()
    _ = try await action.perform(context, captured: try await action.capture(context))
  }

  @Test(
    "Undo entries and expired backups go, others stay with their size, what is another run's is not touched; a second time finds nothing")
  func cleaned() async throws {
    try await ActionBench.run { bench in
      try await bench.insert((0..<30).map { ["_id": .integer(Int64($0))] })
      try await bench.takeLease()
      try await backUp(bench, to: "old_copy", keepFor: 1_000)
      try await backUp(bench, to: "new_copy", keepFor: 86_400_000_000)
      try await change(bench)
      try await bench.insert([["_id": 1]], into: RunbookCollections.undo(run: "run10", step: "change"))
      try await bench.insert([["_id": "run1/1", "run": "run1"], ["_id": "run2/1", "run": "run2"]], into: RunbookCollections.receiptLog)
      let kept = try await bench.target.kept(for: "run1")
      #expect(kept.undo.map(\.name) == ["_runbook.undo.run1.change"])
      #expect(kept.undoBytes > 0)
      #expect(kept.backups.map(\.collection.name) == ["new_copy", "old_copy"])
      #expect(kept.backups.map(\.isExpired) == [false, true])

      let done = try await bench.target.cleanUp(run: "run1")
      #expect(done.removed.undo == kept.undo)
      #expect(done.removed.backups.map(\.collection.name) == ["old_copy"])
      #expect(done.left.backups.map(\.collection.name) == ["new_copy"])
      #expect(done.left.backups.first?.collection.documents == 30)
      #expect(done.notes == [])
      let collections = try await bench.collections()
      #expect(!collections.contains("old_copy") && collections.contains("new_copy"))
      #expect(!collections.contains("_runbook.undo.run1.change") && collections.contains("_runbook.undo.run10.change"))
      #expect(try await bench.all("_runbook.receiptLog").map { $0["run"]?.string } == ["run2"])
      #expect(try await bench.all("assets").count == 30)
      let again = try await bench.target.cleanUp(run: "run1")
      #expect(again.removed == KeptForRun())
      #expect(again.left == done.left)
    }
  }

  @Test("What stands under an expired backup's name and is not what was proven is left, and named")
  func replaced() async throws {
    try await ActionBench.run { bench in
      try await bench.insert((0..<5).map { ["_id": .integer(Int64($0))] })
      try await bench.takeLease()
      try await backUp(bench, to: "copy", keepFor: 1_000)
      try await bench.insert([["_id": 99, "precious": true]], into: "copy")
      let done = try await bench.target.cleanUp(run: "run1")
      #expect(done.removed.backups.isEmpty)
      #expect(done.left.backups.map(\.collection.name) == ["copy"])
      #expect(done.notes.count == 1 && done.notes[0].contains("'copy' is no longer the backup"))
      #expect(try await bench.all("copy").count == 6)
    }
  }

  @Test("Nothing is removed without the lease")
  func withoutLease() async throws {
    try await ActionBench.run { bench in
      try await bench.insert([["_id": 1]], into: RunbookCollections.undo(run: "run1", step: "change"))
      await #expect(throws: ActionError.self) { try await bench.target.cleanUp(run: "run1") }
      #expect(try await bench.collections().contains("_runbook.undo.run1.change"))
      #expect(try await bench.target.kept(for: "run1").undo.count == 1, "to look needs none")
    }
  }
}
