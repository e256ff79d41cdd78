import Foundation
import RunbookTestSupport
import Testing

/// `execute`, told as text and as JSON, with each exit status that a plan can end in.
@Suite struct ExecuteTests {
  @Test func aRunToItsEnd() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      let ended = try await place.program.run("execute", plan)
      #expect(ended.status == 0, "\(ended)")
      #expect(ended.output == "", "stdout carries data; a run told as text has none")
      for line in [
        "Preconditions", "  ✓ As many assets as expected  observed 120", "Phase one: The only phase", "  → change: Set a field",
        "changed 120", "Outcome", "  ✓ All have the field  observed 120", ": succeeded", "Reversible:   for 7d",
      ] {
        #expect(ended.error.contains(line), "'\(line)' is missing in\n\(ended.error)")
      }
      #expect(try await place.count(with: "extra") == Workplace.assets)
      let (code, report) = try await place.status()
      #expect(code == 0)
      #expect(report["status"] as? String == "succeeded")
      let state = place.directory.appendingPathComponent(".runbook/state.db").path
      let mode = try FileManager.default.attributesOfItem(atPath: state)[.posixPermissions] as? Int
      #expect(mode == 0o600)
    }
  }

  @Test func theSameAsLinesOfJSON() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      let ended = try await place.program.run("execute", plan, "--output", "ndjson")
      #expect(ended.status == 0, "\(ended)")
      let lines = try ended.output.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
      let run = try await place.run()
      #expect(lines.allSatisfy { $0["run"] as? String == run && $0["event"] is String })
      #expect(lines.first?["event"] as? String == "runStarted")
      #expect(lines.contains { $0["event"] as? String == "verdict" })
      let summary = try #require(lines.last?["summary"] as? [String: Any])
      #expect(lines.last?["event"] as? String == "summary")
      #expect(summary["exitCode"] as? Int == 0)
      #expect((summary["next"] as? [String])?.first == "runbook rollback \(run)")
    }
  }

  @Test func aPreconditionThatFailsChangesNothingAndGivesEverythingBack() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      let before = try await place.all()
      let ended = try await place.program.run("execute", plan, "--param", "before=7")
      #expect(ended.status == 1, "\(ended)")
      #expect(ended.error.contains("check 'as-many' (As many assets as expected): fail, count is 120, expected equals 7"), "\(ended)")
      #expect(ended.error.contains("State now:    nothing was changed"))
      #expect(try await place.all() == before)
      #expect(try await place.all("_runbook.reservations").isEmpty)
      #expect(try await place.status().code == 1)
      // What is offered next is the same command with the same params, and fails in the same way.
      let again = try #require(place.commands(in: ended.error).last)
      #expect(again == "runbook execute plan.yaml --param before=7")
      #expect(try await place.program.shell(again).status == 1)
      // The collection is free for another run.
      #expect(try await place.program.run("execute", plan).status == 0)
    }
  }

  @Test func aFailedCheckRollsBackByItself() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      let before = try await place.all()
      let ended = try await place.program.run("execute", plan, "--param", "after=7")
      #expect(ended.status == 3, "\(ended)")
      #expect(ended.error.contains("Rollback of the whole plan\n  because: check outcome: fail, count is 120, expected equals 7"))
      #expect(ended.error.contains("  ← undoing change: Set a field"))
      #expect(ended.error.contains("verified: nothing of it is left"))
      #expect(ended.error.contains("State now:    rolled back and verified: nothing of the run remains but its own records"))
      #expect(try await place.all() == before)
      #expect(try await place.status().code == 3)
      #expect(try await place.all("_runbook.reservations").isEmpty)
      // An ended run stays as it is.
      let resumed = try await place.program.run("resume", try await place.run())
      #expect(resumed.status == 3, "\(resumed)")
    }
  }

  @Test func aBackupStaysAndItsNameIsTold() async throws {
    try await Workplace.lend { place in
      let backup = """
        phases:
          - id: one
            steps:
              - id: backup
                action: mongodb.backup
                with: { to: assets_backup, prove: digest }
            verify:
              - { id: never, value: 1, expect: { equals: 2 } }

        """
      let ended = try await place.program.run("execute", try place.plan(backup))
      #expect(ended.status == 3, "\(ended)")
      #expect(ended.error.contains("nothing to undo: 'assets_backup' is kept"), "\(ended)")
      #expect(!ended.error.contains("verified: nothing of it is left"), "the backup is left")
      #expect(ended.error.contains("Kept:         'assets_backup', the backup of step 'backup'"), "\(ended)")
      #expect(try await place.all("assets_backup").count == Workplace.assets)
      #expect(place.commands(in: ended.error) == ["runbook status \(try await place.run())"], "execute would find the name taken")
    }
  }

  @Test func aRollbackThatCannotBeVerified() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(
        Plans.change + """
          verify:
            - { id: never, value: 1, expect: { equals: 2 } }
          verifyRollback:
            - { id: neither, value: 1, expect: { equals: 2 } }

          """)
      let ended = try await place.program.run("execute", plan)
      #expect(ended.status == 4, "\(ended)")
      #expect(ended.error.contains("not verified: neither"), "\(ended)")
      #expect(try await place.count(with: "extra") == 0)
      #expect(try await place.status().code == 4)
    }
  }

  @Test func aHaltKeepsWhatStandsAndCloseEndsIt() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(
        Plans.change + """
          verify:
            - { id: never, title: Never, value: 1, expect: { equals: 2 }, onFail: halt }

          """)
      let ended = try await place.program.run("execute", plan)
      #expect(ended.status == 9, "\(ended)")
      #expect(ended.error.contains("State now:    halted; changes of change stand"), "\(ended)")
      let run = try await place.run()
      #expect(
        place.commands(in: ended.error).suffix(4) == [
          "runbook resume \(run)", "runbook resume \(run) --accept-check never --reason T", "runbook rollback \(run)",
          "runbook close \(run) --reason T",
        ])
      #expect(try await place.status().code == 9)
      #expect(try await place.program.run("resume").status == 9, "the check is asked again, and fails again")
      #expect(try await place.program.run("close", run).status == 64, "a reason is needed")
      let closed = try await place.program.run("close", run, "--reason", "it is fine as it is")
      #expect(closed.status == 9, "\(closed)")
      #expect(closed.error.contains("Closed by "))
      #expect(closed.error.contains("State now:    closed; changes of change stand"), "\(closed)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
      #expect(try await place.all("_runbook.reservations").isEmpty)
      #expect(try await place.program.run("close", run, "--reason", "again").status == 9, "it stays closed")
    }
  }

  @Test func aSucceededRunIsRolledBackOnDemand() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      let before = try await place.all()
      #expect(try await place.program.run("execute", plan).status == 0)
      let ended = try await place.program.run("rollback", "--output", "ndjson")
      #expect(ended.status == 3, "\(ended)")
      #expect(try await place.all() == before)
    }
  }

  @Test func untilAStep() async throws {
    try await Workplace.lend { place in
      let two = """
        phases:
          - id: one
            steps:
              - { id: first, action: note, with: { text: the first } }
              - { id: second, action: note, with: { text: the second } }

        """
      let plan = try place.plan(two)
      let ended = try await place.program.run("execute", plan, "--until", "one/first")
      #expect(ended.status == 6, "\(ended)")
      #expect(ended.error.contains("the first") && !ended.error.contains("the second"), "\(ended)")
      #expect(try await place.program.run("resume").status == 0)
      let wrong = try await place.program.run("execute", plan, "--until", "one/frist")
      #expect(wrong.status == 64)
      #expect(wrong.error.contains("did you mean 'first'?"), "\(wrong)")
    }
  }
}
