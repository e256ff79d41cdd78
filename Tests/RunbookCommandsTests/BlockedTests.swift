import Foundation
import RunbookTestSupport
import Testing

/// A rollback that cannot go on: exit 5, and the three ways out that are offered.
@Suite struct BlockedTests {
  /// The undo of `change` copies to a name that is taken.
  private static let plan =
    Plans.change + """
              rollback:
                - { id: put-aside, action: mongodb.backup, with: { to: taken } }
      verify:
        - { id: never, value: 1, expect: { equals: 2 } }

      """

  @Test func itIsToldAndEachWayOutWorks() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Self.plan)
      try await place.insert([["_id": 1]], into: "taken")
      let ended = try await place.program.run("execute", plan)
      #expect(ended.status == 5, "\(ended)")
      let run = try await place.run()
      #expect(ended.error.contains(": rollback blocked"))
      #expect(ended.error.contains("State now:    the rollback is blocked; changes of change still stand"), "\(ended)")
      #expect(ended.error.contains("What failed:"))
      let offered = place.commands(in: ended.error).suffix(3)
      #expect(
        Array(offered) == [
          "runbook rollback \(run)", "runbook rollback \(run) --skip change --reason T", "runbook close \(run) --reason T",
        ], "\(ended)")
      #expect(try await place.status().code == 5)
      #expect(try await place.program.run("resume", run).status == 5)
      #expect(try await place.program.run("execute", plan).status == 7, "what it needs is kept, its reservations too")
      let skipped = try await place.program.shell(try #require(offered.dropFirst().first))
      #expect([4, 9].contains(skipped.status), "\(skipped)")
      #expect(skipped.error.contains("The undo of 'change' is given up by "), "\(skipped)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
      #expect(try await place.all("_runbook.reservations").isEmpty)
    }
  }
}
