import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// A state that is lost, old, or another one, and what the target makes of it.
@Suite struct RecoverTests {
  /// `verify` of the sample stands behind the phases, so the second step is put in there.
  private static let twoSteps = Plans.checked.replacing(
    Plans.change,
    with: Plans.change + """
            - id: second
              title: Another field
              action: mongodb.update
              with: { filter: { more: { $exists: false } }, pipeline: [ { $set: { more: 1 } } ], batch: { size: 20 } }

      """)

  /// With commands of short lives, so that their end need not be waited for long.
  private static func hurried(_ program: Program) -> Program {
    var program = program
    for name in ["RUNBOOK_UPDATE_WINDOW", "RUNBOOK_UPDATE_LIMIT"] { program.environment[name] = "1.5" }
    return program
  }

  private func lose(_ place: Workplace) throws {
    try FileManager.default.removeItem(at: place.directory.appendingPathComponent(".runbook"))
  }

  private func recover(_ place: Workplace, _ more: String...) async throws -> Program.Ended {
    try await place.program.run(["recover", "--target", "env:MONGODB_URI", "--database", place.database] + more)
  }

  /// Killed in the second step, its state lost: the run goes on from the target's copy, or back.
  @Test(arguments: ["resume", "rollback"]) func aLostState(command: String) async throws {
    try await Workplace.lend { place in
      var program = Self.hurried(place.program)
      program.environment["RUNBOOK_CRASH_AT"] = "update.sent#9"
      #expect(try await program.run("execute", try place.plan(Self.twoSteps)).status == 137)
      let run = try await place.run()
      try lose(place)
      #expect(try await place.program.run("resume", run).status != 0, "nothing is known of it here")
      let recovered = try await recover(place)
      #expect(recovered.status == 0, "\(recovered)")
      #expect(recovered.error.contains("run \(run) of plan 'simple': made again, "), "\(recovered)")
      #expect(place.commands(in: recovered.error).contains("runbook resume \(run)"), "\(recovered)")
      #expect(try await recover(place).error.contains("this state has all that the target knows"))
      let ended = try await place.program.run(command, run)
      #expect(ended.status == (command == "resume" ? 0 : 3), "\(ended)")
      for field in ["extra", "more"] { #expect(try await place.count(with: field) == (command == "resume" ? Workplace.assets : 0)) }
      #expect(try await place.program.run("verify", run).status == 0)
    }
  }

  /// Rolled back days later from another machine.
  @Test func aSucceededRun() async throws {
    try await Workplace.lend { place in
      #expect(try await place.program.run("execute", try place.plan(Self.twoSteps)).status == 0)
      let run = try await place.run()
      try lose(place)
      let unnamed = try await recover(place)
      #expect(unnamed.status == 64, "\(unnamed)")
      #expect(unnamed.error.contains("every run that this target knows has ended"), "\(unnamed)")
      #expect(unnamed.error.contains("\(run)  simple  succeeded, begun "), "\(unnamed)")
      let recovered = try await recover(place, "--run", run)
      #expect(recovered.status == 0, "\(recovered)")
      let ended = try await place.program.run("rollback", run)
      #expect(ended.status == 3, "\(ended)")
      #expect(try await place.count(with: "extra") == 0)
    }
  }

  /// An old copy of the state is refused, told how to go on, and brought up to date.
  @Test func anOldCopy() async throws {
    try await Workplace.lend { place in
      var program = Self.hurried(place.program)
      program.environment["RUNBOOK_CRASH_AT"] = "update.sent#2"
      #expect(try await program.run("execute", try place.plan(Self.twoSteps)).status == 137)
      let run = try await place.run()
      let (state, copy) = (place.directory.appendingPathComponent(".runbook"), place.directory.appendingPathComponent("copy"))
      try FileManager.default.copyItem(at: state, to: copy)
      program.environment["RUNBOOK_CRASH_AT"] = "update.sent#7"
      #expect(try await program.run("resume", run).status == 137)
      try FileManager.default.removeItem(at: state)
      try FileManager.default.copyItem(at: copy, to: state)
      let refused = try await place.program.run("resume", run)
      #expect(refused.status == 8, "\(refused)")
      #expect(refused.error.contains("runbook recover --target URI --run \(run)"), "\(refused)")
      let recovered = try await recover(place)
      #expect(recovered.error.contains("were added, up to"), "\(recovered)")
      let ended = try await place.program.run("resume", run)
      #expect(ended.status == 0, "\(ended)")
      #expect(try await place.count(with: "more") == Workplace.assets)
    }
  }

  /// What cannot be made whole makes nothing.
  @Test func aDamagedReceipt() async throws {
    try await Workplace.lend { place in
      var program = Self.hurried(place.program)
      program.environment["RUNBOOK_CRASH_AT"] = "update.sent#2"
      #expect(try await program.run("execute", try place.plan(Plans.checked)).status == 137)
      try lose(place)
      let entries = try await place.all("_runbook.receiptLog")
      let text = try #require(entries[1]["text"]?.string)
      func set(_ text: String) async throws {
        let update: BSONValue = ["q": ["seq": 2], "u": ["$set": ["text": .string(text)]]]
        _ = try await place.client.writeCommand(["update": "_runbook.receiptLog", "updates": [update]], database: place.database)
      }
      try await set(text.replacing("\"at\":", with: "\"at\":1"))
      let changed = try await recover(place)
      #expect(changed.status == 8 && changed.error.contains("RB2519"), "\(changed)")
      #expect(changed.error.contains("its entries are not those that the receipt speaks of"), "\(changed)")
      _ = try await place.client.writeCommand(
        ["delete": "_runbook.receiptLog", "deletes": [["q": ["seq": 2], "limit": 1]]], database: place.database)
      let missing = try await recover(place)
      #expect(missing.status == 8 && missing.error.contains("entry 2 is missing"), "\(missing)")
      #expect(!FileManager.default.fileExists(atPath: place.directory.appendingPathComponent(".runbook/state.db").path))
    }
  }

  @Test func whatCannotBeMeant() async throws {
    try await Workplace.lend { place in
      let secret = try await place.program.run("recover", "--target", "mongodb://u:canary-word@127.0.0.1:1/d")
      #expect(secret.status == 64 && secret.error.contains("list of processes") && !secret.error.contains("canary"), "\(secret)")
      let unset = try await place.program.run("recover", "--target", "env:NO_SUCH_VARIABLE")
      #expect(unset.status == 64 && unset.error.contains("the variable NO_SUCH_VARIABLE is not set"), "\(unset)")
      let empty = try await recover(place)
      #expect(empty.status == 64 && empty.error.contains("no run has left anything in this target"), "\(empty)")
      let silent = try await place.program.run("recover", "--target", "mongodb://127.0.0.1:1/d?serverSelectionTimeoutMS=300")
      #expect(silent.status == 1 && silent.error.contains("no state was made or changed"), "\(silent)")
    }
  }
}
