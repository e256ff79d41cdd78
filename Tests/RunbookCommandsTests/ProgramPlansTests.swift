import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// The plans whose work an outside program does: forward and back, failing by a mistake of the program, killed and gone on with. After each, a script
/// that knows nothing of runbook reads the database and judges it.
@Suite(.serialized) struct ProgramPlansTests {
  private struct Case {
    var place: Workplace
    let script: String
    let execute: [String]

    func script(_ arguments: String) async throws -> Program.Ended {
      let root = Program.repository.path
      return try await place.program.shell(
        "'\(root)/tools/python' '\(root)/demo/\(script).py' \(arguments) --uri \"$MONGODB_URI\" --database \(place.database)"
          + " --snapshot loaded.bson")
    }

    func expect(_ state: String) async throws {
      let judged = try await script("check --expect \(state)")
      #expect(judged.status == 0, "\(judged)")
    }

    /// What the judge says of a database that is not in that state: a judge that is never against is none.
    func expectNot(_ state: String) async throws {
      let judged = try await script("check --expect \(state)")
      #expect(judged.status == 1 && judged.output.contains("\(state): "), "\(judged)")
    }

    @discardableResult
    func run(_ status: Int32, _ arguments: String...) async throws -> Program.Ended {
      let ended = try await place.program.run(execute + arguments)
      #expect(ended.status == status, "\(ended)")
      return ended
    }
  }

  private static func lend(_ plan: String, _ script: String, count: Int, _ body: (Case) async throws -> Void) async throws {
    try await Workplace.lend { place in
      var place = place
      place.program.environment["AI_TOKEN"] = "canary-token"
      let set = try await place.client.hello().setName ?? ""
      let path = Program.repository.appendingPathComponent("plans/\(plan).yaml").path
      // How fast the server is on a machine that does other things is no matter of these tests.
      let params = ["database=\(place.database)", "replicaSet=\(set)"] + (plan == "ai-metadata" ? ["maxLatency=30s"] : [])
      let lent = Case(place: place, script: script, execute: ["execute", path, "--yes"] + params.flatMap { ["--param", $0] })
      let loaded = try await lent.script("load --count \(count)")
      #expect(loaded.status == 0, "\(loaded)")
      try await body(lent)
    }
  }

  @Test func assetsAreDescribedAndBackAndDescribedAgain() async throws {
    try await Self.lend("ai-metadata", "metadata", count: 250) { assets in
      try await assets.expectNot("described")
      let preview = try await PreviewedRun(assets.place, execute: assets.execute)
      let ended = try await assets.run(0)
      #expect(try await preview.holds() > 0)
      for line in ["left as they are", "outside the content policy", "quality: confirmed by"] {
        #expect(ended.error.contains(line), "'\(line)' is missing in\n\(ended)")
      }
      try await assets.expect("described")
      try await assets.expectNot("restored")
      // The way back needs nothing of the program, not even its secret.
      var without = assets.place.program
      without.environment["AI_TOKEN"] = nil
      let back = try await without.run("rollback")
      #expect(back.status == 3, "\(back)")
      try await assets.expect("restored")
      try await assets.run(0, "--param", "pilot=false")
      try await assets.expect("described")
      let state = try Data(contentsOf: assets.place.directory.appendingPathComponent(".runbook/state.db"))
      #expect(state.range(of: Data("canary-token".utf8)) == nil)
    }
  }

  /// The next day: only the new ones, and those that the service refuses, are asked about.
  @Test func theNextDayTakesTheNewOnes() async throws {
    try await Self.lend("ai-metadata", "metadata", count: 250) { assets in
      try await assets.run(0, "--param", "pilot=false")
      #expect(try await assets.script("add").status == 0)
      let ended = try await assets.run(0, "--param", "pilot=false")
      #expect(ended.error.contains("changed 25, "), "\(ended)")
      #expect(try await assets.place.all(filter: ["category": "NEW", "aiMetadata.model": "small"]).count == 25)
    }
  }

  /// A program that prints what is no answer, in the middle: everything unwinds.
  @Test func anAnswerThatIsNoneBringsTheOldStateBack() async throws {
    try await Self.lend("ai-metadata", "metadata", count: 250) { assets in
      let root = Program.repository.path
      let broken = try assets.place.file(
        "broken",
        "#!/bin/sh\ncase $* in *--check*) exec '\(root)/demo/enrich' \"$@\";; esac\nexec '\(root)/demo/enrich' \"$@\" --break-at 1\n")
      let path = assets.place.directory.appendingPathComponent(broken).path
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      let ended = try await assets.run(3, "--param", "pilot=false", "--param", "enricher=\(path)")
      #expect(ended.error.contains("No answer of the program was unusable"), "\(ended)")
      #expect(ended.error.contains("begins 'oops'"), "\(ended)")
      try await assets.expect("restored")
    }
  }

  /// Killed twice while batches are written, gone on with, and taken back.
  @Test func aKilledDescriptionGoesOn() async throws {
    try await Self.lend("ai-metadata", "metadata", count: 250) { assets in
      for (point, command) in [
        ("transform.sent#2", assets.execute + ["--param", "pilot=false"]), ("transform.block-written#2", ["resume"]),
      ] {
        var killed = assets.place.program
        killed.environment.merge(["RUNBOOK_CRASH_AT": point, "RUNBOOK_UPDATE_WINDOW": "1", "RUNBOOK_UPDATE_LIMIT": "1"]) { $1 }
        let ended = try await killed.run(command)
        #expect(ended.status == 137, "\(ended)")
      }
      let resumed = try await assets.place.program.run("resume")
      #expect(resumed.status == 0, "\(resumed)")
      try await assets.expect("described")
      let back = try await assets.place.program.run("rollback")
      #expect(back.status == 3, "\(back)")
      try await assets.expect("restored")
    }
  }

  /// The store's address is known only when it runs, so data and run are made beside it.
  @Test func albumArtIsCheckedAndBack() async throws {
    try await Self.lend("album-art-check", "art", count: 250) { assets in
      let root = Program.repository.path
      let load =
        "'\(root)/tools/python' '\(root)/demo/art.py' load --count 250 --uri '\(assets.place.uri)' --database \(assets.place.database)"
        + " --snapshot loaded.bson"
      let script = try assets.place.file(
        "both.sh",
        "set -e\n\(load)\nrunbook \(assets.execute.map { "'\($0)'" }.joined(separator: " ")) --param \"artBase=$ART_BASE\" \"$@\"\n")
      let preview = try await PreviewedRun(assets.place, execute: assets.execute + ["--param", "artBase=http://127.0.0.1:1/"])
      let ended = try await assets.place.program.shell(
        "'\(root)/tools/python' '\(root)/demo/art.py' with-store sh \(script) --param maxBroken=10")
      #expect(ended.status == 0, "\(ended)")
      #expect(try await preview.holds() > 0)
      #expect(ended.error.contains("the store answers 503"), "\(ended)")
      #expect(ended.error.contains("expected at most 10"), "more broken ones than agreed are told: \(ended)")
      try await assets.expect("checked")
      try await assets.expectNot("restored")
      let back = try await assets.place.program.run("rollback")
      #expect(back.status == 3, "\(back)")
      try await assets.expect("restored")
    }
  }
}
