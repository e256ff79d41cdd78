import Foundation
import RunbookTestSupport
import Testing

/// `throttle.while` by the built program: batches go out only while a check of the plan holds.
@Suite struct ThrottleCheckTests {
  /// Each asking leaves a line.
  private static let guarded = Plans.change.replacing(
    "batch: { size: 20 } }",
    with: "batch: { size: 20 }, throttle: { while: { action: exec.check, "
      + "with: { argv: [ sh, -c, 'echo asked >> log; test -e go' ] }, expect: { equals: 0 } } } }")

  @Test func batchesGoOutOnlyWhileTheCheckHolds() async throws {
    try await Workplace.lend { place in
      let log = place.program.directory.appendingPathComponent("log")
      func asked() -> Int { ((try? String(contentsOf: log, encoding: .utf8)) ?? "").split(separator: "\n").count }
      let running = try await place.program.start("execute", try place.plan(Self.guarded))
      try await running.waits("it asks") { _ in asked() >= 3 }
      #expect(try await place.count(with: "extra") == 0)
      #expect(running.isRunning)
      try Data().write(to: place.program.directory.appendingPathComponent("go"))
      let ended = try await running.ended()
      #expect(ended.status == 0, "\(ended)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
      #expect(ended.error.contains("by the plan's check (last: it does not hold: exitCode is 1, expected equals 0)"), "\(ended)")
      let report = try await place.program.run("report", try await place.run())
      #expect(report.output.contains("the plan's check"), "\(report)")
    }
  }
}
