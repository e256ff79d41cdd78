import Foundation
import RunbookTestSupport
import Testing

/// A run that goes on with an edited plan: `resume --accept`.
@Suite struct AdoptionTests {
  private static func plan(expected: Int, step: String = "change", filter: String = "extra", more: String = "") -> String {
    """
    phases:
      - id: one
        steps:
          - id: \(step)
            action: mongodb.update
            with: { filter: { \(filter): { $exists: false } }, pipeline: [ { $set: { extra: 1 } } ] }
        verify:
          - { id: enough, action: mongodb.count, with: { filter: { extra: 1 } }, expect: { equals: \(expected) }, onFail: halt }
      - id: two
        steps:
          - { id: farewell, action: note, with: { text: done } }
    \(more)
    """
  }

  @Test func anEditedPlanIsShownRefusedByAWrongDigestAndThenTaken() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Self.plan(expected: 1))
      #expect(try await place.program.run("execute", plan).status == 9)
      let run = try await place.run()
      try place.plan(Self.plan(expected: Workplace.assets, step: "mark\n        renamedFrom: change"))
      let shown = try await place.program.run("resume", "--accept", "v1:0000000000000000")
      #expect(shown.status == 8, "\(shown)")
      #expect(shown.error.contains("  done      mark (was change)\n  phase     one: verify\n"), "\(shown)")
      #expect(shown.error.contains("RB2518"))
      #expect(try await place.status().code == 9, "nothing has changed")
      let offered = try #require(shown.error.range(of: "runbook resume \(run) --accept v1:").map { String(shown.error[$0.lowerBound...]) })
      let taken = try await place.program.shell(String(offered.prefix { $0 != "\n" }))
      #expect(taken.status == 0, "\(taken)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
      // The undo finds what was done under the old name, and the stored plan is the edited one from here on.
      #expect(try await place.program.run("rollback").status == 3)
      #expect(try await place.count(with: "extra") == 0)
      let report = try await place.program.run("report", run, "--format", "text")
      #expect(report.status == 0 && report.output.contains("mark"), "\(report)")
    }
  }

  @Test func whatHasBegunMustStayAsItIs() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Self.plan(expected: 1))
      #expect(try await place.program.run("execute", plan).status == 9)
      try place.plan(Self.plan(expected: Workplace.assets, filter: "other"))
      let refused = try await place.program.run("resume", "--accept", "v1:0000000000000000")
      #expect(refused.status == 8 && refused.error.contains("RB2517"), "\(refused)")
      #expect(refused.error.contains("step 'change' has begun, and what it does or how it is undone differs"), "\(refused)")
      try place.plan(Self.plan(expected: Workplace.assets, more: "params: { fresh: { type: string } }\n"))
      let param = try await place.program.run("resume", "--accept", "v1:0000000000000000")
      #expect(param.status == 8 && param.error.contains("the new param 'fresh' has no default"), "\(param)")
      let resumed = try await place.program.run("resume")
      #expect(resumed.status == 9 && resumed.error.contains("was edited since the run began; the stored plan is used"), "\(resumed)")
      #expect(try await place.program.run("rollback").status == 3)
    }
  }
}
