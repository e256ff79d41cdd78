import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// What people decide about runs: pause, cancel, a verdict that is accepted, and giving a rollback up.
@Suite struct DecisionCommandTests {
  private static let waiting =
    Plans.change + """
            - { id: settle, action: wait.for, with: { duration: 5m } }

      """

  @Test func aLiveRunIsPausedAndCancelled() async throws {
    try await Workplace.lend { place in
      let running = try await place.program.start("execute", try place.plan(Self.waiting))
      try await running.waits(for: "→ settle")
      let run = try await place.run()
      let paused = try await place.program.run("pause", "--reason", "lunch")
      #expect(paused.status == 0, "\(paused)")
      #expect(paused.output == "")
      #expect(
        paused.error.contains("run \(run) is led by process \(running.pid) on ")
          && paused.error.contains("it was asked to pause, and has taken"),
        "\(paused)")
      #expect(
        paused.error.contains("then:      the run is paused, at once, since nothing that changes something is under way"), "\(paused)")
      #expect(place.commands(in: paused.error) == ["runbook status \(run)", "runbook logs \(run) --follow"])
      let ended = try await running.ended()
      #expect(ended.status == 6 && ended.error.contains("Why:          lunch"), "\(ended)")

      let again = try await place.program.run("pause", run)
      #expect(again.status == 0 && again.error.contains("run \(run) is paused already: lunch"), "\(again)")
      #expect(place.commands(in: again.error) == ["runbook resume \(run)", "runbook rollback \(run)"])

      let resumed = try await place.program.start("resume")
      try await resumed.waits("it does not run") { _ in try await place.status(run).code == 7 }
      let cancelled = try await place.program.run("cancel", "--reason", "not today")
      #expect(cancelled.status == 0, "\(cancelled)")
      #expect(cancelled.error.contains("the run halts, and changes of change stand"), "\(cancelled)")
      let halted = try await resumed.ended()
      #expect(halted.status == 9 && halted.error.contains("cancelled by ") && halted.error.contains(": not today"), "\(halted)")

      let twice = try await place.program.run("cancel", run)
      #expect(twice.status == 64 && twice.error.contains("run \(run) is halted; this does not apply to it"), "\(twice)")
      #expect(try await place.program.run("pause", run).status == 64)
      let rolledBack = try await place.program.run("cancel", "--rollback", "--reason", "take it back")
      #expect(rolledBack.status == 0, "it came to what was asked for: \(rolledBack)")
      #expect(rolledBack.error.contains(": rolled back  ("), "\(rolledBack)")
      #expect(try await place.count(with: "extra") == 0)
      #expect(try await place.status(run).code == 3)
    }
  }

  @Test func withoutAProcessCancelLeadsTheRunItself() async throws {
    try await Workplace.lend { place in
      let gate = "      - { id: ask, action: manual.confirm, with: { text: Go on? } }\n"
      let nothing = try place.plan("phases:\n  - id: one\n    steps:\n" + gate)
      #expect(try await place.program.run("execute", nothing).status == 6)
      let failed = try await place.program.run("cancel", "--reason", "no need")
      #expect(failed.status == 0, "\(failed)")
      #expect(failed.error.contains(": failed  (") && failed.error.contains("State now:    nothing was changed"), "\(failed)")
      #expect(try await place.status().code == 1)

      #expect(try await place.program.run("execute", try place.plan(Plans.change + gate)).status == 6)
      let halted = try await place.program.run("cancel")
      #expect(halted.status == 0 && halted.error.contains("State now:    halted; changes of change stand"), "\(halted)")
      #expect(try await place.status().code == 9)
    }
  }

  @Test func aVerdictIsAcceptedByName() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(
        Plans.change + """
          verify:
            - { id: never, title: Never, value: 1, expect: { equals: 2 }, onFail: halt }
            - { id: other, value: 1, expect: { equals: 1 } }

          """)
      let ended = try await place.program.run("execute", plan)
      #expect(ended.status == 9)
      let run = try await place.run()
      let offered = "runbook resume \(run) --accept-check never --reason T"
      #expect(place.commands(in: ended.error).contains(offered), "\(ended)")
      for (check, text) in [
        ("other", "run \(run) was halted by check 'never' (fail), not by 'other'"),
        ("nevr", "the plan of run \(run) has no check 'nevr'\nhelp: did you mean 'never'?"),
      ] {
        let refused = try await place.program.run("resume", run, "--accept-check", check, "--reason", "x")
        #expect(refused.status == 64 && refused.error.contains(text), "\(refused)")
      }
      #expect(try await place.program.run("resume", run, "--accept-check", "never").status == 64, "a reason is needed")
      let accepted = try await place.program.shell(offered)
      #expect(accepted.status == 0, "\(accepted)")
      #expect(accepted.error.contains("The verdict of 'never' was accepted by "), "\(accepted)")
      #expect(accepted.error.contains("fail, accepted by "), "\(accepted)")
      let report = try await place.program.run("report", run, "--format", "json")
      #expect(report.output.contains("\"acceptedBy\":"), "\(report)")
    }
  }

  @Test func aLaterRunThatStandsIsNamedAndAFinalizedOneStaysAsItIs() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(
        Plans.change + "      - { id: backup, action: mongodb.backup, with: { to: copy, keepFor: 1s } }\n")
      #expect(try await place.program.run("execute", plan).status == 0)
      let first = try await place.run()
      let other = try place.plan(
        """
        phases:
          - id: one
            steps:
              - { id: more, action: mongodb.update, with: { filter: { more: { $exists: false } }, update: { $set: { more: 1 } } } }

        """, id: "later", name: "later.yaml")
      #expect(try await place.program.run("execute", other).status == 0)
      let later = try await place.run()
      let refused = try await place.program.run("rollback", first)
      #expect(refused.status == 8, "\(refused)")
      #expect(
        refused.error.contains("run \(later) of plan 'later' changed 'collection:assets' after this run, and is succeeded"), "\(refused)")
      #expect(place.commands(in: refused.error) == ["runbook rollback \(later)", "runbook rollback \(first)"])

      let listed = try await place.program.run("list", "--sizes")
      #expect(listed.output.contains("kept for 7d") && listed.output.contains(" KiB, backups "), "\(listed)")
      let several = try await place.program.run("finalize")
      #expect(several.status == 64 && several.error.contains(first) && several.error.contains(later), "\(several)")
      let asked = try await place.program.run("finalize", later)
      #expect(asked.status == 64 && asked.error.contains("nothing was removed"), "\(asked)")
      #expect(asked.error.contains("given up:  its rollback, for good"))
      #expect(try await place.collections().contains("_runbook.undo.\(later).more"))

      let done = try await place.program.run("finalize", later, "--yes", "--reason", "accepted")
      #expect(done.status == 0, "\(done)")
      #expect(done.error.contains("run \(later): finalized; removed the undo entries of 1 step ("), "\(done)")
      #expect(try await !place.collections().contains("_runbook.undo.\(later).more"))
      let back = try await place.program.run("rollback", later)
      #expect(back.status == 64, "\(back)")
      #expect(back.error.contains("error[RB2515]: run \(later) was finalized by ") && back.error.contains("(accepted)"), "\(back)")
      #expect(back.error.contains("state now: the run stays succeeded, with its changes"))
      let status = try await place.program.run("status", later)
      #expect(status.status == 0 && status.output.contains("Finalized:    by "), "\(status)")
      #expect(place.commands(in: status.output) == ["runbook report \(later)"])
      let stuck = try await place.program.run("rollback", first)
      #expect(stuck.status == 8 && stuck.error.contains("stands for good"), "\(stuck)")
      let idle = try await place.program.run("finalize", later)
      #expect(idle.status == 0 && idle.error.contains("nothing is left to remove"), "\(idle)")

      try await Task.sleep(for: .milliseconds(1_100))
      let expired = try await place.program.run("finalize", first, "--yes")
      #expect(expired.status == 0 && expired.error.contains("the expired backup 'copy'"), "\(expired)")
      #expect(try await !place.collections().contains("copy"))
      let none = try await place.program.run("finalize", "--expired", "--yes")
      #expect(none.status == 0 && none.error.contains("nothing is past its keepUndo or keepFor"), "\(none)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
    }
  }

  /// By the clock of a process that lives days ahead, before and after the undo entries' time is over.
  @Test(arguments: [5, 9]) func aRollbackDaysLaterKeepsWhatWasWrittenSince(days: Int) async throws {
    try await Workplace.lend { place in
      let name = try place.plan(Plans.change)
      let kept = try String(contentsOf: place.directory.appendingPathComponent(name), encoding: .utf8)
        .replacing("title: A simple plan }", with: "title: A simple plan, keepUndo: 7d }")
      let plan = try place.file("kept.yaml", kept)
      #expect(try await place.program.run("execute", plan).status == 0)
      #expect(try await place.all("_runbook.reservations").isEmpty)
      try await place.insert([["_id": 500, "name": "new", "extra": 9]])
      for write: BSONValue in [["q": ["_id": 3], "u": ["$set": ["extra": 77]]], ["q": ["_id": 5], "u": ["$set": ["name": 5]]]] {
        _ = try await place.client.writeCommand(["update": "assets", "updates": [write]], database: place.database)
      }
      let later = try await place.program.later(days: days)
      let due = try await later.run("finalize", "--expired")
      #expect(due.error.contains("nothing is past its keepUndo") == (days < 7), "\(due)")
      let ended = try await later.run("rollback")
      #expect(ended.status == 4, "\(ended)")
      let left = try await place.all(filter: ["extra": ["$exists": true]])
      #expect(left.map { $0["_id"]?.integer } == [3, 500])
      #expect(left.first?["extra"]?.integer == 77)
      #expect(try await place.all(filter: ["_id": 5]).first?["name"]?.integer == 5)
      #expect(try await place.all("_runbook.reservations").isEmpty)
    }
  }

  @Test func skipAndPastSayWhereTheyFit() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(
        """
        phases:
          - id: one
            steps:
              - { id: first, action: mongodb.update, with: { filter: { a: { $exists: false } }, update: { $set: { a: 1 } } } }
              - id: point
                action: mongodb.update
                with: { filter: { b: { $exists: false } }, update: { $set: { b: 1 } } }
                rollback: { none: customers were told, acknowledged: true }

        """)
      #expect(try await place.program.run("execute", plan).status == 0)
      let run = try await place.run()
      let early = try await place.program.run("rollback", run, "--past", "point", "--reason", "x")
      #expect(early.status == 64 && early.error.contains("--past is for a run that stands at a point of no return"), "\(early)")
      let halted = try await place.program.run("rollback", run)
      #expect(halted.status == 9, "\(halted)")
      let wrong = try await place.program.run("rollback", run, "--past", "first", "--reason", "x")
      let right = "runbook rollback \(run) --past point --reason T"
      #expect(wrong.status == 64 && wrong.error.contains("help: \(right)"), "\(wrong)")
      #expect(try await place.program.run("rollback", run, "--skip", "first", "--reason", "x").status == 64)
      #expect(place.commands(in: halted.error).contains(right))
      let past = try await place.program.shell(right)
      #expect(past.status == 4, "\(past)")
      #expect(past.error.contains("changes of point stand"), "\(past)")
      #expect(try await place.count(with: "a") == 0)
      #expect(try await place.count(with: "b") == Workplace.assets)
    }
  }
}
