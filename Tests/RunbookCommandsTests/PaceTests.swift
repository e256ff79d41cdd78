import Foundation
import RunbookTestSupport
import Testing

@testable import RunbookCommands

/// How fast the batches go, said while a run goes on.
@Suite struct PaceTests {
  private static let slow = Plans.change.replacing("batch: { size: 20 } }", with: "batch: { size: 20 }, throttle: { pauseBetween: 1s } }")

  @Test func batchesAreHeldBackAndGoOn() async throws {
    try await Workplace.lend { place in
      let running = try await place.program.start("execute", try place.plan(Self.slow))
      try await running.waits("the first batch is written") { _ in try await place.count(with: "extra") > 0 }
      let held = try await place.program.run("pace", "--hold", "--reason", "the backup window")
      #expect(held.status == 0, "\(held)")
      #expect(held.error.contains("it was asked to go on with no batches until further notice, and has taken the request"), "\(held)")
      // A batch that had begun is ended.
      try await Task.sleep(for: .milliseconds(1_500))
      let changed = try await place.count(with: "extra")
      try await Task.sleep(for: .milliseconds(2_500))
      #expect(try await place.count(with: "extra") == changed)
      #expect(changed < Workplace.assets)
      #expect(running.isRunning)
      let freed = try await place.program.run("pace", "--batch-size", "5", "--pause-between", "50ms")
      #expect(freed.error.contains("batches of at most 5 documents, 50ms apart"), "\(freed)")
      #expect(freed.error.contains("it counts from the next batch on"), "\(freed)")
      let ended = try await running.ended()
      #expect(ended.status == 0, "\(ended)")
      #expect(ended.error.contains("asked for no batches until further notice: the backup window"), "\(ended)")
      #expect(ended.error.contains("the throttle held it back:"), "\(ended)")
      #expect(try await place.count(with: "extra") == Workplace.assets)
      let report = try await place.program.run("report", try await place.run())
      #expect(report.output.contains("no batches until further notice"), "\(report)")
    }
  }

  /// Said of a run that nobody leads, it counts from the next resume on.
  @Test func itOutlastsTheProcess() async throws {
    try await Workplace.lend { place in
      let running = try await place.program.start("execute", try place.plan(Self.slow))
      try await running.waits("the first batch is written") { _ in try await place.count(with: "extra") > 0 }
      running.signal(SIGKILL)
      _ = try await running.ended()
      let said = try await place.program.run("pace", "--batch-size", "3")
      #expect(said.status == 0, "\(said)")
      #expect(said.error.contains("from the next resume on: batches of at most 3 documents"), "\(said)")
      let before = try await place.count(with: "extra")
      var program = place.program
      program.environment["RUNBOOK_CRASH_AT"] = "update.recorded#2"
      #expect(try await program.run("resume").status == 137)
      #expect(try await place.count(with: "extra") - before <= 6, "two batches of three")
      #expect(try await place.program.run("pace", "--as-planned").status == 0)
      let resumed = try await place.program.run("resume")
      #expect(resumed.status == 0, "\(resumed)")
      #expect(resumed.error.contains("asked for batches as fast as the plan says"), "\(resumed)")
      #expect(try await place.program.run("pace", try await place.run(), "--hold").status == 64, "it has ended")
    }
  }

  /// A rollback keeps the plan's pauses; a person holds it, and hastens it beyond them.
  @Test func aRollbackFollowsThePlanAndThePerson() async throws {
    try await Workplace.lend { place in
      var program = place.program
      program.environment["RUNBOOK_CRASH_AT"] = "update.recorded#3"
      let plan = try place.plan(Self.slow.replacing("pauseBetween: 1s", with: "pauseBetween: 2s"))
      #expect(try await program.run("execute", plan).status == 137)
      let written = try await place.count(with: "extra")
      let running = try await place.program.start("rollback")
      try await running.waits(for: "by pause: the plan's pause between batches")
      try await running.waits("a block is taken back") { _ in try await place.count(with: "extra") < written }
      let held = try await place.program.run("pace", "--hold", "--reason", "look at it")
      #expect(held.status == 0, "\(held)")
      try await running.waits(for: "look at it; 'runbook pace' lets the rollback go on")
      let left = try await place.count(with: "extra")
      #expect(left > 0)
      try await running.waits("it is held") { $0.error.contains(/throttled for [2-9]s by a person/) }
      #expect(try await place.count(with: "extra") == left)
      let freed = try await place.program.run("pace", "--pause-between", "0s")
      #expect(freed.status == 0, "\(freed)")
      let ended = try await running.ended()
      #expect(ended.status == 3, "\(ended)")
      #expect(ended.error.contains("asked for batches with no pause between them"), "\(ended)")
      #expect(try await place.count(with: "extra") == 0)
    }
  }

  @Test(arguments: [
    ([], "nothing is said about the pace"), (["--as-planned", "--hold"], "--as-planned takes back what the other options say"),
    (["--batch-size", "0"], "--batch-size 0: a batch has 1 to 500 documents"),
    (["--pause-between", "2"], "--pause-between 2: '2' is no duration: the unit is missing"),
    (["--pause-between", "2h"], "--pause-between 2h: at most an hour"),
  ])
  func aPaceThatCannotBe(_ options: [String], _ message: String) async throws {
    try await Workplace.lend { place in
      let ended = try await place.program.run(["pace"] + options)
      #expect(ended.status == 64)
      #expect(ended.error.contains(message), "\(ended)")
    }
  }

  /// Of the lines that tell how far it is, in a log.
  @Test func plainLinesBecomeRarer() {
    #expect(TextObserver.interval(after: .zero) == .seconds(1))
    #expect(TextObserver.interval(after: .seconds(20)) == .seconds(1))
    #expect(TextObserver.interval(after: .seconds(400)) == .seconds(20))
    #expect(TextObserver.interval(after: .seconds(86_400)) == .seconds(60))
  }
}
