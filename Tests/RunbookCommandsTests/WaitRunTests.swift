import Foundation
import RunbookTestSupport
import Testing

/// `wait.until` by the built program: killed in the wait, and resumed.
@Suite struct WaitRunTests {
  private func lend(_ with: String, _ body: (Program) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-wait-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let plan = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: waits }
      phases:
        - id: one
          steps:
            - id: quiet
              action: wait.until
              with: \(with)
      """
    try Data(plan.utf8).write(to: directory.appendingPathComponent("plan.yaml"))
    try await body(try Program(in: directory, environment: ["NO_COLOR": "1", "CI": "1"]))
  }

  /// Each asking leaves a line.
  private func check(within: String) -> String {
    "{ within: \(within), check: { action: exec.check, with: { argv: [ sh, -c, 'echo asked >> log; test -e go' ] }, expect: { equals: 0 } } }"
  }

  private func asked(_ program: Program) -> Int {
    let log = (try? String(contentsOf: program.directory.appendingPathComponent("log"), encoding: .utf8)) ?? ""
    return log.split(separator: "\n").count
  }

  @Test func aKillInTheWaitAndAResume() async throws {
    try await lend(check(within: "1h")) { program in
      let running = try await program.start("execute", "plan.yaml")
      try await running.waits("it asks") { _ in asked(program) >= 2 }
      let status = try await program.run("status")
      #expect(status.status == 7, "\(status)")
      running.signal(SIGKILL)
      #expect(try await running.ended().status == 137)
      try Data().write(to: program.directory.appendingPathComponent("go"))
      let resumed = try await program.run("resume")
      #expect(resumed.status == 0, "\(resumed)")
    }
  }

  /// The time counts from when the step began, not from when the process came back: then one question is asked, and no more.
  @Test func theTimeOfAKilledWaitGoesOn() async throws {
    try await lend(check(within: "4s")) { program in
      let began = ContinuousClock.now
      let running = try await program.start("execute", "plan.yaml")
      try await running.waits("it asks") { _ in asked(program) >= 2 }
      running.signal(SIGKILL)
      #expect(try await running.ended().status == 137)
      let before = asked(program)
      // Four seconds after the step began have passed for sure when that long has passed since it last asked.
      try await Task.sleep(until: max(began, .now) + .seconds(4), clock: .continuous)
      let resumed = try await program.run("resume")
      #expect(resumed.status == 1, "\(resumed)")
      #expect(resumed.error.contains("it did not hold within 4s; last: exitCode is 1, expected equals 0"), "\(resumed)")
      #expect(asked(program) == before + 1)
    }
  }

  @Test func aMomentThatHasPassedIsAWarning() async throws {
    try await lend("{ at: \"2026-03-29T02:30\", zone: Europe/Berlin }") { program in
      let ended = try await program.run("execute", "plan.yaml")
      #expect(ended.status == 0, "\(ended)")
      #expect(ended.error.contains("skip 2026-03-29T02:30:00"), "\(ended)")
      #expect(ended.error.contains("had passed when the step began"), "\(ended)")
    }
  }
}
