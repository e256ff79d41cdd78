import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// A collection swapped for its backup: the program killed with SIGKILL at each place, on the way and on the way back, then taken up by `resume` and by `rollback`.
@Suite(.serialized) struct SwapKillTests {
  private static let plan = """
    phases:
      - id: one
        title: The only phase
        steps:
          - id: swap
            title: Swap the assets for their backup
            action: mongodb.restore
            with: { from: backup, to: assets, mode: swap, acceptWriteLoss: true }
            rollback: auto

    """
  private static let between: BSONDocument = ["_id": "between", "name": "inserted while the name was free"]

  /// A world in which a third of the assets were changed since the backup, and one is new.
  private func lend(_ body: (Workplace, [BSONDocument], [BSONDocument]) async throws -> Void) async throws {
    try await Workplace.lend { place in
      let backup = try await place.all()
      try await place.insert(backup, into: "backup")
      let changed = try await place.client.writeCommand(
        ["update": "assets", "updates": [["q": ["n": ["$lt": 2]], "u": ["$set": ["since": true]], "multi": true]]], database: place.database
      )
      #expect(WriteReply(changed).count > 30)
      try await place.insert([["_id": 1000, "n": 9]])
      try place.plan(Self.plan)
      try await body(place, try await place.all(), backup)
    }
  }

  private func killed(_ place: Workplace, at point: String, _ arguments: [String]) async throws {
    var program = place.program
    program.environment["RUNBOOK_CRASH_AT"] = point
    let ended = try await program.run(arguments)
    #expect(ended.status != 0 && ended.status != 3, "\(ended)")
    // The name is free: nothing is found, and what is inserted makes a collection of that name.
    if point.hasSuffix("between") {
      #expect(try await place.all().isEmpty)
      try await place.insert([Self.between])
    }
  }

  private func expect(_ wanted: [BSONDocument], _ point: String, in place: Workplace) async throws {
    let now = try await place.all()
    #expect(Set(now) == Set(wanted + (point.hasSuffix("between") ? [Self.between] : [])))
  }

  @Test(
    arguments: ["swap.copied", "swap.ready", "swap.between", "swap.in-place", "swap.recorded"], ["resume", "rollback"])
  func onTheWay(_ point: String, _ command: String) async throws {
    try await lend { place, before, backup in
      try await killed(place, at: point, ["execute", "plan.yaml"])
      let ended = try await place.program.run(command, try await place.run())
      #expect(ended.status == (command == "resume" ? 0 : 3), "\(ended)")
      try await expect(command == "resume" ? backup : before, point, in: place)
      let kept = try await place.collections().filter { $0.hasPrefix("_runbook.dropped.") }
      #expect(kept.count == (command == "resume" ? 1 : 0))
      if let kept = kept.first { #expect(try await Set(place.all(kept)) == Set(before)) }
    }
  }

  @Test(arguments: ["swap.returning", "swap.back-between", "swap.back", "swap.undone"], ["resume", "rollback"])
  func onTheWayBack(_ point: String, _ command: String) async throws {
    try await lend { place, before, backup in
      let done = try await place.program.run("execute", "plan.yaml")
      #expect(done.status == 0, "\(done)")
      try await expect(backup, "", in: place)
      let run = try await place.run()
      try await killed(place, at: point, ["rollback", run])
      let ended = try await place.program.run(command, run)
      #expect(ended.status == 3, "\(ended)")
      try await expect(before, point, in: place)
      #expect(try await !place.collections().contains { $0.hasPrefix("_runbook.dropped.") || $0.hasPrefix("_runbook.beside.") })
    }
  }

  @Test func whatIsLostIsSaidBeforeItIsWritten() async throws {
    try await lend { place, _, _ in
      let ended = try await place.program.run("execute", "plan.yaml")
      let told = try #require(ended.error.range(of: "copying; the writes since the backup to "), "\(ended)")
      let done = try #require(ended.error.range(of: "✓ done"), "\(ended)")
      #expect(told.lowerBound < done.lowerBound)
    }
  }
}
