import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// Several runs at once, each a program of its own, on one database.
@Suite(.serialized) struct SideBySideTests {
  /// Changes half of a collection, waits until the other run has changed something of its own, and changes the rest: only two that go on at once end.
  private func plan(_ collection: String, other: String, _ place: Workplace) throws {
    let phases = """
      phases:
        - id: one
          steps:
            - id: half
              action: mongodb.update
              collection: \(collection)
              with: { filter: { extra: { $exists: false }, n: { $lt: 3 } }, pipeline: [ { $set: { extra: 1 } } ], batch: { size: 10 } }
            - id: other
              action: wait.until
              with:
                check:
                  id: other-began
                  action: mongodb.count
                  collection: \(other)
                  with: { filter: { extra: 1 } }
                  expect: { above: 0 }
                within: 60s
            - id: rest
              action: mongodb.update
              collection: \(collection)
              with: { filter: { extra: { $exists: false } }, pipeline: [ { $set: { extra: 1 } } ], batch: { size: 10 } }

      """
    try place.plan(phases, id: "change-\(collection)", name: "\(collection).yaml")
  }

  @Test(arguments: [true, false]) func runsOnDifferentCollectionsGoOnSideBySide(shareState: Bool) async throws {
    try await Workplace.lend { place in
      try await place.insert((0..<60).map { ["_id": .integer(Int64($0)), "n": .integer(Int64($0 % 7))] }, into: "songs")
      let before = [try await place.all(), try await place.all("songs")]
      try plan("assets", other: "songs", place)
      try plan("songs", other: "assets", place)
      let state = shareState ? [] : ["--state", "sqlite:elsewhere/state.db"]
      let first = try await place.program.start("execute", "assets.yaml")
      let second = try await place.program.start(["execute", "songs.yaml"] + state)
      for ended in [try await first.ended(), try await second.ended()] { #expect(ended.status == 0, "\(ended)") }
      #expect(try await place.count(with: "extra") == Workplace.assets)
      #expect(try await place.count(with: "extra", in: "songs") == 60)
      // The ways back do not wait for each other either.
      let runs = try await place.runs().compactMap { $0["run"] as? String }
      let back = try await place.program.start("rollback", try #require(runs.last))
      let other =
        shareState ? try await place.program.start("rollback", runs[0]) : try await place.program.start(["rollback"] + state)
      for ended in [try await back.ended(), try await other.ended()] { #expect(ended.status == 3, "\(ended)") }
      #expect([try await place.all(), try await place.all("songs")] == before)
    }
  }

  /// Whoever comes second on the same collection is told who has it, wherever its state is; nothing of it is begun.
  @Test func aSecondRunOnTheSameCollectionIsToldWhoHasIt() async throws {
    try await Workplace.lend { place in
      try plan("assets", other: "songs", place)
      try place.plan(
        "phases:\n  - id: one\n    steps:\n      - id: mine\n        action: mongodb.update\n"
          + "        with: { filter: { mine: { $exists: false } }, pipeline: [ { $set: { mine: 1 } } ] }\n", id: "another",
        name: "another.yaml")
      let first = try await place.program.start("execute", "assets.yaml")
      try await first.waits("the first waits") { _ in try await place.count(with: "extra") > 0 }
      let run = try await place.run()
      for state in [[], ["--state", "sqlite:elsewhere/state.db"]] {
        let second = try await place.program.run(["execute", "another.yaml"] + state)
        #expect(second.status == 7, "\(second)")
        #expect(second.error.contains(run), "the holder is named: \(second)")
      }
      #expect(try await place.count(with: "mine") == 0)
      try await place.insert([["_id": 1, "extra": 1]], into: "songs")
      let ended = try await first.ended()
      #expect(ended.status == 0, "\(ended)")
      let free = try await place.program.run("execute", "another.yaml")
      #expect(free.status == 0, "\(free)")
    }
  }
}
