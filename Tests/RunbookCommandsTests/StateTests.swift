import Foundation
import RunbookTestSupport
import Testing

/// A state that cannot be written: exit 74, and nothing is done after that.
@Suite struct StateTests {
  @Test func aDirectoryInWhichNothingCanBeMade() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      // Nobody, not even root, makes a directory in /proc.
      let ended = try await place.program.run("execute", plan, "--state", "sqlite:/proc/runbook/state.db")
      #expect(ended.status == 74, "\(ended)")
      #expect(ended.error.contains("/proc/runbook"), "\(ended)")
      #expect(ended.error.contains("state now:") && ended.error.contains("next:"), "\(ended)")
      #expect(try await place.collections() == ["assets"])
    }
  }

  /// The shell's limit on the size of files stands in for a disk that is full: writes beyond it fail.
  @Test func aDiskThatFillsUpStopsBeforeTheNextEffect() async throws {
    try await Workplace.lend { place in
      let notes = (0..<200).map { "      - { id: n\($0), action: note, with: { text: note \($0) } }" }.joined(separator: "\n")
      let change =
        "{ id: change, action: mongodb.update, with: { filter: { extra: { $exists: false } }, pipeline: [ { $set: { extra: 1 } } ] } }"
      let plan = try place.plan("phases:\n  - id: one\n    steps:\n\(notes)\n      - \(change)\n")
      let ended = try await place.program.shell("trap '' XFSZ; ulimit -f 400; runbook execute \(plan)")
      #expect(ended.status == 74, "\(ended)")
      #expect(ended.error.contains("the state could not be recorded"), "\(ended)")
      #expect(ended.error.contains("nothing was done after that"), "\(ended)")
      #expect(try await place.count(with: "extra") == 0)
      let run = try await place.run()
      #expect(place.commands(in: ended.error).suffix(2) == ["runbook status \(run)", "runbook resume \(run)"])
      let resumed = try await place.program.run("resume", run)
      #expect(resumed.status == 0, "\(resumed)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
    }
  }

  @Test func theStateOptionStandsInWhatIsOfferedNext() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      let ended = try await place.program.run("execute", plan, "--state", "sqlite:it's here/state.db")
      #expect(ended.status == 0, "\(ended)")
      let offered = place.commands(in: ended.error)
      #expect(offered.count == 2)
      for command in offered.reversed() {
        let typed = try await place.program.shell(command)
        #expect(typed.status == (command.contains("rollback") ? 3 : 0), "\(command): \(typed)")
      }
      #expect(try await place.count(with: "extra") == 0)
    }
  }

  @Test func severalUnfinishedRunsHaveToBeNamed() async throws {
    try await Workplace.lend { place in
      for id in ["first", "second"] {
        let plan = try place.file(
          "\(id).yaml",
          """
          apiVersion: runbook/v1
          kind: Runbook
          metadata: { id: \(id) }
          phases:
            - id: one
              steps:
                - { id: ask, action: manual.confirm, with: { text: Is it fine? } }

          """)
        #expect(try await place.program.run("execute", plan).status == 6)
      }
      let ended = try await place.program.run("resume")
      #expect(ended.status == 64, "\(ended)")
      for run in try await place.runs() { #expect(ended.error.contains(try #require(run["run"] as? String)), "\(ended)") }
      let listed = try await place.program.run("list")
      #expect(listed.output.split(separator: "\n").count == 3, "\(listed)")
    }
  }
}
