import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// Deployments that lack something: told before anything is changed, and refused by the name of the step where it is needed.
@Suite(.serialized) struct CapabilityTests {
  private static let index = """
    phases:
      - id: one
        steps:
          - id: index
            action: mongodb.createIndex
            with: { keys: { n: 1 } }

    """

  private static let look = """
    preconditions:
      - { id: enough, title: Enough, action: mongodb.count, expect: { atLeast: 1 } }
    phases:
      - id: one
        steps:
          - { id: count, action: mongodb.count }

    """

  private static let ping = """
    phases:
      - id: one
        steps:
          - { id: ping, action: mongodb.ping }

    """

  /// Runs a plan through a front that hides what it is told to.
  private func execute(_ plan: String, hiding flag: String, _ place: Workplace) async throws -> Program.Ended {
    try place.plan(plan)
    let root = Program.repository.path
    let host = try #require(place.uri.split(separator: "/").dropFirst().first { !$0.isEmpty })
    return try await place.program.shell(
      """
      rm -f front
      '\(root)/tools/python' '\(root)/Tests/Fixtures/lacking.py' --upstream '\(host)' \(flag) > front & F=$!
      while [ ! -s front ]; do sleep 0.05; done
      MONGODB_URI=$(cat front) runbook execute plan.yaml
      S=$?; kill $F; exit $S
      """)
  }

  @Test func aStandaloneServerIsToldAndWorks() async throws {
    let server = try await TestServer.start(.init(arguments: ["--standalone"]))
    try await Workplace.lend(uri: server.uri) { place in
      try place.plan(Plans.change)
      let ended = try await place.program.run("execute", "plan.yaml")
      #expect(ended.status == 0, "\(ended)")
      let told = try #require(ended.error.range(of: "target 'main' (standalone"), "\(ended)")
      #expect(ended.error.contains("has no retryable writes: everything works"), "\(ended)")
      #expect(ended.error.contains("has no change events: "), "\(ended)")
      let began = try #require(ended.error.range(of: "→ change"))
      #expect(told.lowerBound < began.lowerBound, "before the first change")
      #expect(try await place.count(with: "extra") == Workplace.assets)
      let back = try await place.program.run("rollback")
      #expect(back.status == 3, "\(back)")
      #expect(try await place.count(with: "extra") == 0)
    }
    await server.stop()
  }

  @Test(arguments: [
    ("--no-sessions", "sessions", "nothing in it can be read or changed"),
    ("--no-pipelines", "updates by pipeline with the server's clock", "the change of an update has to be a document"),
  ]) func withoutSessionsOrUpdatesByPipelineNothingIsChanged(flag: String, words: String, meaning: String) async throws {
    try await Workplace.lend { place in
      for (plan, step) in [(Plans.change, "change (mongodb.update)"), (Self.index, "index (mongodb.createIndex)")] {
        let refused = try await execute(plan, hiding: flag, place)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.error.contains("step \(step) needs \(words), which target 'main' (standalone"), "\(refused)")
        #expect(refused.error.contains(meaning), "\(refused)")
        #expect(refused.error.contains("RB2205") && refused.error.contains("nothing was changed"), "\(refused)")
      }
      #expect(try await place.collections() == ["assets"])
      // What only looks works, as far as the server has what it looks with.
      let plan = flag == "--no-pipelines" ? Self.look : Self.ping
      let ended = try await execute(plan, hiding: flag, place)
      #expect(ended.status == 0, "\(ended)")
    }
  }
}
