import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// Rollback triggers against a server: while a person decides, in mid-change, over a crash, with a source that goes away.
@Suite struct TriggerRunTests {
  /// Watches that no asset is marked as broken.
  private static func trigger(_ more: String, every: String = "200ms") -> String {
    """
    rollbackTriggers:
      - id: health
        title: No asset is broken
        action: mongodb.count
        with: { filter: { broken: true } }
        every: \(every)
        expect: { equals: 0 }
    \(more.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))

    """
  }

  private static let policies = "onFail: rollback\nonNoData: pause\nonError: pause"

  private static let gate =
    Plans.change + """
            - { id: ask, title: Ask people, action: manual.confirm, with: { text: Everything is fine } }

      """

  private func breakAsset(_ place: Workplace) async throws { try await place.insert([["_id": 9_999, "broken": true, "extra": 0]]) }

  private func mend(_ place: Workplace) async throws {
    let delete: BSONDocument = ["q": ["_id": 9_999], "limit": 1]
    _ = try await place.client.writeCommand(["delete": "assets", "deletes": [.document(delete)]], database: place.database)
  }

  @Test func aTriggerFiresWhileAPersonDecides() async throws {
    try await Workplace.lend { place in
      let running = try await place.program.start("execute", try place.plan(Self.trigger(Self.policies) + Self.gate))
      try await running.waits(for: "waits for people")
      #expect(running.error.contains("watching health (No asset is broken): every 200ms"), "\(running.error)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
      try await breakAsset(place)
      let ended = try await running.ended()
      #expect(ended.status == 3, "\(ended)")
      #expect(ended.error.contains("trigger health: fail"), "\(ended)")
      #expect(try await place.count(with: "extra") == 1, "only the one that was inserted so")
      #expect(try await place.status().code == 3)
    }
  }

  @Test func aGateIsAnsweredWhileATriggerWatches() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Self.trigger(Self.policies) + Self.gate)
      let running = try await place.program.start("execute", plan)
      try await running.waits(for: "health watches meanwhile")
      let run = try await place.run()
      #expect(running.error.contains("'runbook confirm \(run)' answers"), "\(running.error)")
      #expect(try await place.program.run("confirm", run, "ask").status == 0)
      let ended = try await running.ended()
      #expect(ended.status == 0, "\(ended)")
    }
  }

  @Test func whoDetachesIsToldWhatSleeps() async throws {
    try await Workplace.lend { place in
      let ended = try await place.program.run("execute", try place.plan(Self.trigger(Self.policies) + Self.gate), "--detach")
      #expect(ended.status == 6, "\(ended)")
      #expect(ended.error.contains("trigger asleep until the run goes on: health"), "\(ended)")
    }
  }

  @Test func aChangeUnderWayStopsAtABatchBorderAndIsUnwound() async throws {
    try await Workplace.lend { place in
      try await place.insert((1_000..<4_000).map { ["_id": .integer(Int64($0)), "name": "more"] })
      let change = Plans.change.replacing("size: 20", with: "size: 4")
      // The change itself makes the trigger fire, long before it is done.
      let watched = Self.trigger("window: 400ms\nonFail: rollback\nonNoData: warn\nonError: warn", every: "50ms").replacing(
        "{ broken: true }", with: "{ extra: 1 }"
      ).replacing(
        "equals: 0", with: "below: 100")
      let ended = try await place.program.run("execute", try place.plan(watched + change))
      #expect(ended.status == 3, "\(ended)")
      #expect(ended.error.contains("stopped at a border"), "\(ended)")
      #expect(ended.error.contains("verified: nothing of it is left"), "\(ended)")
      #expect(try await place.count(with: "extra") == 0)
    }
  }

  @Test func whatFailedBeforeAKillCountsAfterIt() async throws {
    try await Workplace.lend { place in
      let watched = Self.trigger("failures: { max: 1, of: 5 }\n" + Self.policies, every: "2s")
      let running = try await place.program.start("execute", try place.plan(watched + Self.gate))
      try await running.waits(for: "waits for people")
      try await breakAsset(place)
      try await running.waits(for: "✗ health")
      running.signal(SIGKILL)
      _ = try await running.ended()
      let resumed = try await place.program.run("resume")
      #expect(resumed.status == 3, "\(resumed)")
      #expect(resumed.error.contains("2 of the last"), "\(resumed)")
      #expect(try await place.count(with: "extra") == 1)
    }
  }

  @Test func theFirstChangeWaitsForAPassingWindow() async throws {
    try await Workplace.lend { place in
      try await breakAsset(place)
      let watched = Self.trigger("requirePass: true\nonFail: warn\nonNoData: pause\nonError: pause")
      let running = try await place.program.start("execute", try place.plan(watched + Plans.change))
      try await running.waits(for: "waiting for a passing window of health")
      try await running.waits(for: "✗ health")
      #expect(try await place.count(with: "extra") == 1)
      try await mend(place)
      let ended = try await running.ended()
      #expect(ended.status == 0, "\(ended)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
    }
  }

  @Test func aSourceThatGoesAwayFollowsOnError() async throws {
    let source = try await TestServer.start()
    defer { Task { await source.stop() } }
    try await Workplace.lend { place in
      var program = place.program
      program.environment["SOURCE_URI"] = source.uri
      let plan = """
        apiVersion: runbook/v1
        kind: Runbook
        metadata: { id: away }
        secrets: { uri: { fromEnv: MONGODB_URI }, source: { fromEnv: SOURCE_URI } }
        targets:
          main: { type: mongodb, uri: "${{ secrets.uri }}", database: \(place.database) }
          source: { type: mongodb, uri: "${{ secrets.source }}", database: metrics }
        defaults: { target: main, collection: assets }
        rollbackTriggers:
          - id: errors
            action: mongodb.count
            target: source
            collection: errors
            every: 500ms
            window: 3s
            expect: { equals: 0 }
            onFail: warn
            onNoData: warn
            onError: rollback

        """
      let running = try await program.start("execute", try place.file("away.yaml", plan + Self.gate))
      try await running.waits(for: "✓ errors")
      await source.crash()
      let ended = try await running.ended()
      #expect(ended.status == 3, "\(ended)")
      #expect(ended.error.contains("trigger errors: error"), "\(ended)")
      #expect(try await place.count(with: "extra") == 0)
    }
  }
}
