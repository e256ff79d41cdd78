import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// The plan that the product is measured by, on the 1,681 assets that the demo loads.
@Suite(.serialized) struct StagingTests {
  private static let fields = ["creatorDescription", "albumArt", "aiMetadata"]
  private static let assets = 1_681

  private struct Staging {
    let place: Workplace
    let execute: [String]

    func migrated() async throws -> [Int] {
      var counts: [Int] = []
      for field in StagingTests.fields { counts.append(try await place.count(with: field)) }
      return counts
    }

    func assets() async throws -> [BSONDocument] { try await place.all() }

    /// Batches that were announced so far.
    func announced() async throws -> Int {
      var count = 0
      for name in try await place.collections() where name.hasPrefix("_runbook.undo.") { count += try await place.all(name).count }
      return count
    }
  }

  private static func lend(_ body: (Staging) async throws -> Void) async throws {
    try await Workplace.lend { place in
      let repository = Program.repository
      let loaded = try await place.program.shell(
        "'\(repository.path)/tools/python' '\(repository.path)/demo/load_assets.py' --uri \"$MONGODB_URI\" --database \(place.database)")
      #expect(loaded.status == 0, "\(loaded)")
      let set = try await place.client.hello().setName ?? ""
      let plan = repository.appendingPathComponent("plans/staging-2b.yaml").path
      // Few samples and a wide floor: how fast the server is on a machine that does other things is no matter of this test.
      let params = ["database=\(place.database)", "replicaSet=\(set)", "samples=40", "latencyFloor=10s"]
      let execute = ["execute", plan, "--yes"] + params.flatMap { ["--param", $0] }
      try await body(Staging(place: place, execute: execute))
    }
  }

  @Test func itEndsGreen() async throws {
    try await Self.lend { staging in
      let preview = try await PreviewedRun(staging.place, execute: staging.execute)
      let ended = try await staging.place.program.run(staging.execute)
      #expect(ended.status == 0, "\(ended)")
      #expect(try await preview.holds() == 1, "the update")
      #expect(try await staging.migrated() == [Self.assets, Self.assets, Self.assets])
      for line in [
        "Assets migrated: 100 %", "Phase schema: Schema migration (zero downtime), owner dba", "confirmed by", "(by --yes)",
        "observed 1,681",
        "The new fields have the types that the release expects", "Looking an asset up uses an index and reads nothing else",
        "Search and retrieval: no slower than before", "metric", "verdict", "Reversible:   for 7d",
      ] { #expect(ended.error.contains(line), "'\(line)' is missing in\n\(ended.error)") }
      #expect(!ended.error.contains("${{"), "\(ended)")
    }
  }

  @Test(arguments: ["schema", "validation"]) func aCheckThatFailsBringsTheOldStateBack(phase: String) async throws {
    try await Self.lend { staging in
      let before = try await staging.assets()
      let ended = try await staging.place.program.run(staging.execute + ["--param", "failAt=\(phase)"])
      #expect(ended.status == 3, "\(ended)")
      #expect(try await staging.assets() == before)
      #expect(try await staging.place.all("assets_backup_2025-01-18").count == Self.assets)
      #expect(ended.error.contains("rehearse-\(phase)"), "\(ended)")
      #expect(!ended.error.contains("${{"), "\(ended)")
    }
  }

  @Test func aFailingPrecondition() async throws {
    try await Self.lend { staging in
      let ended = try await staging.place.program.run(staging.execute + ["--param", "expectedAssets=1700"])
      #expect(ended.status == 1, "\(ended)")
      #expect(ended.error.contains("count is 1681, expected equals 1700"), "\(ended)")
      #expect(try await staging.migrated() == [0, 0, 0])
      #expect(try await !staging.place.collections().contains("assets_backup_2025-01-18"))
    }
  }

  @Test func withoutYesItWaitsForPeople() async throws {
    try await Self.lend { staging in
      let ended = try await staging.place.program.run(staging.execute.filter { $0 != "--yes" })
      #expect(ended.status == 6, "\(ended)")
      #expect(ended.error.contains("rehearsed by Database administrator (#db-oncall)"), "\(ended)")
      let run = try await staging.place.run()
      let confirmed = try await staging.place.program.run("confirm", run, "--all")
      #expect(confirmed.status == 0, "\(confirmed)")
      // Triggers are live at the second gate, so without --detach the process would wait there for answers.
      let resumed = try await staging.place.program.run("resume", "--detach")
      #expect(resumed.status == 6, "the second gate: \(resumed)")
      #expect(resumed.error.contains("'browsing' waits for people"), "\(resumed)")
      #expect(try await staging.place.program.run("confirm", run, "--all").status == 0)
      #expect(try await staging.place.program.run("resume").status == 0)
      #expect(try await staging.migrated() == [Self.assets, Self.assets, Self.assets])
    }
  }

  /// Starts the run and waits until the update has announced some batches.
  private static func inMidUpdate(_ staging: Staging) async throws -> RunningProgram {
    let running = try await staging.place.program.start(staging.execute)
    try await running.waits("the update never began") { _ in try await staging.announced() >= 2 }
    return running
  }

  private static func expectMigrated(_ staging: Staging) async throws {
    let (code, _) = try await staging.place.status()
    #expect(code == 0)
    #expect(try await staging.migrated() == [assets, assets, assets])
  }

  @Test func ctrlCPausesAtABatchBorder() async throws {
    try await Self.lend { staging in
      let running = try await Self.inMidUpdate(staging)
      running.signal(SIGINT)
      let ended = try await running.ended()
      #expect(ended.status == 6, "\(ended)")
      #expect(ended.error.contains("stopping at the next batch border of 'add-fields'; once more stops at once"), "\(ended)")
      #expect(ended.error.contains("changes of backup, add-fields stand"), "\(ended)")
      let counts = try await staging.migrated()
      #expect(counts[0] < Self.assets, "it was stopped in the middle")
      #expect(Set(counts).count == 1, "no document is half changed")
      let resumed = try await staging.place.program.run("resume", "--yes")
      #expect(resumed.status == 0, "\(resumed)")
      try await Self.expectMigrated(staging)
    }
  }

  @Test func aSecondCtrlCStopsAtOnce() async throws {
    try await Self.lend { staging in
      let running = try await Self.inMidUpdate(staging)
      running.signal(SIGINT)
      try await running.waits(for: "once more stops at once")
      running.signal(SIGINT)
      let ended = try await running.ended()
      #expect(ended.status == 6, "\(ended)")
      let resumed = try await staging.place.program.run("resume", "--yes")
      #expect(resumed.status == 0, "\(resumed)")
      try await Self.expectMigrated(staging)
    }
  }

  @Test func killedInMidUpdateAndResumed() async throws {
    try await Self.lend { staging in
      let running = try await Self.inMidUpdate(staging)
      running.signal(SIGKILL)
      #expect(try await running.ended().status == 137)
      let (code, _) = try await staging.place.status()
      #expect(code == 6)
      let resumed = try await staging.place.program.run("resume", "--yes")
      #expect(resumed.status == 0, "\(resumed)")
      try await Self.expectMigrated(staging)
    }
  }

  @Test func killedInMidUpdateAndRolledBack() async throws {
    try await Self.lend { staging in
      let before = try await staging.assets()
      let running = try await Self.inMidUpdate(staging)
      running.signal(SIGKILL)
      _ = try await running.ended()
      let ended = try await staging.place.program.run("rollback")
      #expect(ended.status == 3, "\(ended)")
      #expect(try await staging.assets() == before)
    }
  }
}
