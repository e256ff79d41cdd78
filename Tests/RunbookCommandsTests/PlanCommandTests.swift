import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

@testable import RunbookCommands

/// `runbook plan`, and what is executed of what it saved.
@Suite struct PlanCommandTests {
  private func preview(_ place: Workplace, _ plan: String, _ options: String...) async throws -> [String: Any] {
    let ended = try await place.program.run(["plan", plan, "--format", "json"] + options)
    #expect(ended.status == 0, "\(ended)")
    return try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any], "\(ended)")
  }

  private func steps(_ preview: [String: Any]) throws -> [[String: Any]] {
    try #require(preview["phases"] as? [[String: Any]]).flatMap { $0["steps"] as? [[String: Any]] ?? [] }
  }

  @Test func itReadsAndTellsWhatWouldBeChanged() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      let before = try await place.collections()
      let told = try await place.program.run("plan", plan)
      #expect(told.status == 0, "\(told)")
      #expect(told.output.contains("changes 'extra' of 120 documents"), "\(told)")
      #expect(told.output.contains("+ extra: 1"), "\(told)")
      #expect(told.output.contains("✓ As many assets as expected  120"), "\(told)")
      #expect(told.output.contains("If something fails after\n  change  undoes 'change', about "), "\(told)")
      #expect(told.output.contains("Preview coverage: of 1 changing step 1 exact, 0 estimated, 0 opaque"), "\(told)")
      #expect(try await place.collections() == before, "nothing is reserved or recorded")
      #expect(!FileManager.default.fileExists(atPath: place.directory.appendingPathComponent(".runbook").path))
      let step = try #require(try steps(try await preview(place, plan)).first)
      #expect(step["documents"] as? Int == 120)
      let executed = try await place.program.run("execute", plan)
      #expect(executed.status == 0, "\(executed)")
      #expect(try await place.count(with: "extra") == 120)
      let again = try #require(try steps(try await preview(place, plan)).first)
      #expect(again["documents"] as? Int == 0)
      let markdown = try await place.program.run("plan", plan, "--format", "markdown")
      #expect(
        markdown.output.contains("| change | mongodb.update on assets of main | changes 'extra' of 0 documents | exact | 0 |"),
        "\(markdown)")
    }
  }

  /// What an earlier step changes is told as it is before it, and counted as not exact.
  @Test func whatDependsOnAStepIsNotExact() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(
        """
        phases:
          - id: two
            steps:
              - id: first
                action: mongodb.update
                with: { filter: { extra: { $exists: false } }, pipeline: [ { $set: { extra: 1 } } ] }
                verify:
                  - { id: all-have-it, action: mongodb.count, with: { filter: { extra: 1 } }, expect: { equals: 120 } }
              - id: second
                action: mongodb.update
                with: { filter: { extra: 1 }, pipeline: [ { $set: { extra: 2 } } ] }
              - id: elsewhere
                action: mongodb.insert
                collection: others
                with: { documents: [ { _id: 1 } ] }

        """)
      try await place.insert([["_id": 7]], into: "others")
      let told = try await preview(place, plan)
      let steps = try steps(told)
      #expect(steps.map { $0["coverage"] as? String } == ["exact", "estimated", "exact"])
      #expect(steps[1]["dependsOn"] as? [String] == ["first"])
      #expect(told["coverage"] as? [String: Int] == ["exact": 2, "estimated": 1, "opaque": 0])
      let check = try #require((steps[0]["verify"] as? [[String: Any]])?.first)
      #expect(check["verdict"] as? String == "fail")
      #expect(check["precedes"] as? [String] == ["first"])
    }
  }

  /// A preview starts no program of the plan, but the one that gives it a secret which a read needs.
  @Test func noProgramIsStarted() async throws {
    try await Workplace.lend { place in
      let plan = try place.file(
        "programs.yaml",
        """
        apiVersion: runbook/v1
        kind: Runbook
        metadata: { id: programs, title: Programs }
        secrets:
          uri: { fromCommand: [/bin/sh, -c, 'echo "$MONGODB_URI"; touch asked'] }
        targets:
          main: { type: mongodb, uri: "${{ secrets.uri }}", database: \(place.database) }
        preconditions:
          - { id: looks, action: exec.check, with: { argv: [/bin/sh, -c, "touch looked"] }, expect: { equals: 0 } }
          - { id: assets, action: mongodb.count, target: main, collection: assets, expect: { equals: 120 } }
        phases:
          - id: run
            steps:
              - id: touch
                action: shell.run
                with: { run: touch ran }
                rollback: { notNeeded: "a file" }

        """)
      let told = try await place.program.run("plan", plan)
      #expect(told.status == 0, "\(told)")
      #expect(told.output.contains("starts a program, which a preview never does"), "\(told)")
      #expect(told.output.contains("a program of the plan, which a preview never starts"), "\(told)")
      #expect(told.output.contains("✓ assets  120"), "\(told)")
      let files = try FileManager.default.contentsOfDirectory(atPath: place.directory.path)
      #expect(files.contains("asked"))
      #expect(!files.contains("looked") && !files.contains("ran"), "\(files)")
    }
  }

  @Test func whatWasSavedIsWhatRuns() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.change)
      let saved = try await place.program.run("plan", plan, "--out", "saved.json")
      #expect(saved.error.contains("saved to saved.json: runbook execute saved.json"), "\(saved)")
      // The file is edited afterwards: what was reviewed is what runs.
      try place.plan(Plans.change.replacing("$set: { extra: 1 }", with: "$set: { extra: 2 }"))
      let given = try await place.program.run("execute", "saved.json", "--param", "a=1")
      #expect(given.status == 64)
      #expect(given.error.contains("its params were fixed when it was reviewed"), "\(given)")
      let executed = try await place.program.run("execute", "saved.json")
      #expect(executed.status == 0, "\(executed)")
      #expect(try await place.all(filter: ["extra": 1]).count == 120)
    }
  }

  @Test func whatMovedIsNamed() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.change)
      _ = try await place.program.run("plan", plan, "--out", "saved.json", "--tolerance", "10%")
      try await place.insert((200..<210).map { ["_id": .integer($0)] })
      _ = try await place.client.writeCommand(
        ["createIndexes": "assets", "indexes": [["key": ["n": 1], "name": "n_1"]]], database: place.database)
      let index = try await place.program.run("execute", "saved.json")
      #expect(index.status == 8, "\(index)")
      #expect(index.error.contains("error[RB2531]"), "\(index)")
      #expect(
        index.error.contains("the indexes of 'assets' of target 'main' are others (new: {\"key\":{\"n\":1},\"name\":\"n_1\"})"), "\(index)")
      #expect(!index.error.contains("documents and has"), "ten of 120 are within 10 %: \(index)")
      _ = try await place.client.writeCommand(["dropIndexes": "assets", "index": "n_1"], database: place.database)
      try await place.insert((300..<310).map { ["_id": .integer($0)] })
      let count = try await place.program.run("execute", "saved.json")
      #expect(count.status == 8)
      #expect(count.error.contains("'assets' of target 'main' had 120 documents and has 140, more than 10 % off"), "\(count)")
      #expect(try await place.count(with: "extra") == 0)
      #expect(try await place.runs().isEmpty, "a run that was not begun is none")
      let path = place.directory.appendingPathComponent("saved.json")
      let text = try String(contentsOf: path, encoding: .utf8)
      try place.file("edited.json", text.replacing("\"tolerance\": 0.1", with: "\"tolerance\": 9"))
      let edited = try await place.program.run("execute", "edited.json")
      #expect(edited.status == 64)
      #expect(edited.error.contains("edited.json: it was edited after it was saved"), "\(edited)")
    }
  }

  @Test func onlyWhatWasApprovedRuns() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      let digest = try #require(try await preview(place, plan)["approvalDigest"] as? String)
      let others = try await place.program.run("execute", plan, "--approved", digest, "--param", "after=119")
      #expect(others.status == 8, "\(others)")
      #expect(others.error.contains("error[RB2532]"), "\(others)")
      let short = try await place.program.run("execute", plan, "--approved", String(digest.prefix(8)))
      #expect(short.status == 8)
      #expect(try await place.count(with: "extra") == 0)
      let executed = try await place.program.run("execute", plan, "--approved", String(digest.dropFirst(3).prefix(16)))
      #expect(executed.status == 0, "\(executed)")
    }
  }

  @Test func whatCannotBeReachedIsSaid() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.change)
      var program = place.program
      program.environment["MONGODB_URI"] = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300"
      let ended = try await program.run("plan", plan)
      #expect(ended.status == 1, "\(ended)")
      #expect(ended.error.contains("nothing was changed; a preview only reads"), "\(ended)")
      for (options, message) in [
        (["--samples", "99"], "--samples is from 0 to 50"), (["--tolerance", "5"], "--tolerance is a share, like 5%"),
      ] {
        let refused = try await program.run(["plan", plan] + options)
        #expect(refused.status == 64)
        #expect(refused.error.contains(message), "\(refused)")
      }
    }
  }
}
