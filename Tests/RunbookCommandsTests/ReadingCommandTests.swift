import Foundation
import RunbookTestSupport
import Testing

/// Commands that only read what is recorded.
@Suite struct ReadingCommandTests {
  private func object(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }

  @Test func whatIsRecordedIsToldInEveryForm() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(
        Plans.checked.replacing(
          "\nverify:", with: "\n      - { id: ask, action: manual.confirm, with: { text: Is it fine? } }\n\nverify:"))
      #expect(try await place.program.run("execute", plan).status == 6)
      let run = try await place.run()
      let asked = try await place.program.run("confirm", run, "--format", "json")
      let open = try #require((try object(asked.output) as? [String: Any])?["open"] as? [[String: Any]], "\(asked)")
      #expect(open.map { $0["text"] as? String } == ["Is it fine?"])
      #expect(try await place.program.run("confirm", run, "--all").status == 0)
      #expect(try await place.program.run("resume").status == 0)

      let logs = try await place.program.run("logs", run, "--follow")
      #expect(logs.status == 0 && logs.error == "", "\(logs)")
      let lines = logs.output.split(separator: "\n")
      #expect(lines.first?.hasSuffix("Z  run started by \(NSUserName())") == true, "\(logs)")
      #expect(lines.last?.hasSuffix("Z  ended: succeeded") == true, "\(logs)")
      let step = try await place.program.run("logs", "--step", "change", "--format", "json")
      let entries = try #require(try object(step.output) as? [[String: Any]])
      #expect(!entries.isEmpty && entries.allSatisfy { $0["subject"] as? String == "change" }, "\(step)")
      let unknown = try await place.program.run("logs", "--step", "chang")
      #expect(unknown.status == 64 && unknown.error.contains("did you mean 'change'?"), "\(unknown)")

      let text = try await place.program.run("report")
      #expect(text.status == 0 && text.output.hasPrefix("Run \(run): succeeded\n===="), "\(text)")
      let markdown = try await place.program.run("report", run, "--format", "markdown")
      #expect(markdown.output.contains("| All have the field | equals 120 | 120 | pass | mongodb.count, entry "), "\(markdown)")
      #expect(markdown.output.contains("| change: Set a field | mongodb.update on main/assets | done | "), "\(markdown)")
      #expect(markdown.output == (try await place.program.run("report", run, "--format", "markdown").output))
      let json = try await place.program.run("report", run, "--format", "json")
      #expect((try object(json.output) as? [String: Any])?["format"] as? String == "runbook-report/v1")
      for secret in [place.uri] { #expect(!json.output.contains(secret) && !logs.output.contains(secret)) }

      let whole = try await place.program.run("verify", run)
      #expect(whole.status == 0 && whole.output.contains("the chain is intact, head "), "\(whole)")
      // One byte of one entry, changed behind the program's back.
      let state = place.directory.appendingPathComponent(".runbook/state.db").path
      let script = "import sqlite3; d = sqlite3.connect('\(state)'); d.execute(\"update log set at = at + 1 where seq = 3\"); d.commit()"
      #expect(try await place.program.shell("python3 -c \"\(script.replacing("\"", with: "\\\""))\"").status == 0)
      let broken = try await place.program.run("verify", run, "--format", "json")
      #expect(broken.status == 1 && broken.output.contains("\"intact\":false,\"brokenAt\":3"), "\(broken)")
      let told = try await place.program.run("verify", run)
      #expect(told.status == 1 && told.output.contains("run \(run): entry 3 is damaged: "), "\(told)")
      #expect(try await place.program.run("report", run).status == 74)
      #expect(try await place.program.run("verify", "nobody").status == 64)
    }
  }
}
