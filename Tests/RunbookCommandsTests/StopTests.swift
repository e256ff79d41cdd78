import Foundation
import RunbookTestSupport
import Testing

/// Gates without a terminal, Ctrl-C, a second Ctrl-C, SIGKILL: where the run stands, and that it goes on.
@Suite struct StopTests {
  private static let gate =
    Plans.change + """
            - id: ask
              title: Ask people
              action: manual.confirm
              with:
                items:
                  - { id: fine, text: Everything is fine, evidence: required }
                  - { id: seen, text: Somebody looked }

      """

  @Test func aGateWithoutATerminal() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Self.gate)
      let ended = try await place.program.run("execute", plan)
      #expect(ended.status == 6, "\(ended)")
      let run = try await place.run()
      #expect(ended.error.contains("Why:          'ask' waits for people: fine, seen"), "\(ended)")
      #expect(place.commands(in: ended.error).contains("runbook confirm \(run)"))
      #expect(try await place.status().code == 6)

      let second = try await place.program.run("execute", plan)
      #expect(second.status == 7, "\(second)")
      #expect(second.error.contains("has an unfinished run: \(run) (paused)"))

      let asked = try await place.program.run("confirm", run)
      #expect(asked.status == 0)
      #expect(asked.output.contains("fine: Everything is fine") && asked.output.contains("with evidence"), "\(asked)")
      #expect(try await place.program.run("confirm", run, "--all").status == 64, "one asks for evidence")
      #expect(try await place.program.run("confirm", run, "nothing").status == 64)
      #expect(try await place.program.run("confirm", run, "fine", "--evidence", "the page loads").status == 0)
      let stillWaiting = try await place.program.run("resume", run)
      #expect(stillWaiting.status == 6, "\(stillWaiting)")
      #expect(stillWaiting.error.contains("waits for people: seen"))
      #expect(try await place.program.run("confirm", run, "seen").status == 0)
      #expect(try await place.program.run("confirm", run).error.contains("everything that 'ask' asks is answered"))
      let resumed = try await place.program.run("resume")
      #expect(resumed.status == 0, "\(resumed)")
      #expect(resumed.error.contains("seen: confirmed by "))
      #expect(try await place.program.run("confirm", run).status == 64, "nothing is asked any more")
    }
  }

  @Test func aNoAtAGateTurnsTheRunBack() async throws {
    try await Workplace.lend { place in
      #expect(try await place.program.run("execute", try place.plan(Self.gate)).status == 6)
      let run = try await place.run()
      #expect(try await place.program.run("confirm", run, "fine", "--no").status == 0)
      let resumed = try await place.program.run("resume")
      #expect(resumed.status == 3, "\(resumed)")
      #expect(try await place.count(with: "extra") == 0)
    }
  }

  @Test func yesAnswersWhatNeedsNoEvidence() async throws {
    try await Workplace.lend { place in
      let ended = try await place.program.run("execute", try place.plan(Self.gate), "--yes")
      #expect(ended.status == 6, "\(ended)")
      #expect(ended.error.contains("waits for people: fine"), "\(ended)")
    }
  }

  private static let waiting =
    Plans.change + """
            - { id: settle, action: wait.for, with: { duration: 6s } }
            - { id: bye, action: note, with: { text: that was all } }

      """

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalDuringAWaitPauses(signal: Int32) async throws {
    try await Workplace.lend { place in
      let running = try await place.program.start("execute", try place.plan(Self.waiting))
      try await running.waits(for: "→ settle")
      running.signal(signal)
      let ended = try await running.ended()
      #expect(ended.status == 6, "\(ended)")
      #expect(ended.error.contains("Why:          interrupted at the terminal"), "\(ended)")
      #expect(!ended.error.contains("that was all"))
      let (code, report) = try await place.status()
      #expect(code == 6)
      #expect(report["status"] as? String == "paused")
      let resumed = try await place.program.run("resume")
      #expect(resumed.status == 0, "\(resumed)")
      #expect(resumed.error.contains("that was all"))
    }
  }

  @Test func oneLeadsAndTheOthersAreToldWho() async throws {
    try await Workplace.lend { place in
      // Long enough for a slow machine; the rollback that is asked for ends the wait.
      let plan = try place.plan(Self.waiting.replacing("6s", with: "5m"))
      let running = try await place.program.start("execute", plan)
      try await running.waits(for: "→ settle")
      let run = try await place.run()
      let (code, report) = try await place.status(run)
      #expect(code == 7, "it runs under a live lease")
      #expect((report["ledBy"] as? [String: Any])?["pid"] as? Int == Int(running.pid))
      let second = try await place.program.run("execute", plan)
      #expect(second.status == 7)
      #expect(second.error.contains(run))
      let resumed = try await place.program.run("resume", run)
      #expect(resumed.status == 7)
      #expect(resumed.error.contains("led by process \(running.pid)"), "\(resumed)")
      let unlocked = try await place.program.run("unlock", run, "--reason", "a try")
      #expect(unlocked.status == 7, "\(unlocked)")
      let rolledBack = try await place.program.run("rollback", run)
      #expect(rolledBack.status == 7)
      #expect(rolledBack.error.contains("it was asked to roll back"))
      let ended = try await running.ended()
      #expect(ended.status == 3, "\(ended)")
      #expect(try await place.count(with: "extra") == 0)
    }
  }

  @Test func twoRunsOnOneCollection() async throws {
    try await Workplace.lend { place in
      let running = try await place.program.start("execute", try place.plan(Self.waiting))
      try await running.waits(for: "→ settle")
      let first = try await place.run()
      let other = try place.plan(Plans.change, id: "another", name: "another.yaml")
      let ended = try await place.program.run("execute", other)
      #expect(ended.status == 7, "\(ended)")
      #expect(ended.error.contains("is reserved by run \(first) of plan 'simple'"), "\(ended)")
      #expect(ended.error.contains("this run changed nothing"))
      #expect(try await running.ended().status == 0)
    }
  }

  @Test func killedAndUnlocked() async throws {
    try await Workplace.lend { place in
      let running = try await place.program.start("execute", try place.plan(Self.waiting))
      try await running.waits(for: "→ settle")
      running.signal(SIGKILL)
      #expect(try await running.ended().status == 137)
      #expect(!FileManager.default.fileExists(atPath: "/dev/shm/mongoc-\(running.pid)"), "no file of libmongoc's is left behind")
      let run = try await place.run()
      let (code, report) = try await place.status(run)
      #expect(code == 6, "its process is gone")
      #expect(report["status"] as? String == "running")
      let unlocked = try await place.program.run("unlock", run, "--reason", "its machine is gone")
      #expect(unlocked.status == 0, "\(unlocked)")
      #expect(try await place.all("_runbook.reservations").isEmpty)
      let resumed = try await place.program.run("resume", run)
      #expect(resumed.status == 0, "\(resumed)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
    }
  }
}
