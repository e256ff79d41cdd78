import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// What a person is told when something is wrong before anything happens.
@Suite struct MessageTests {
  @Test func aPlanThatDoesNotLoad() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(
        """
        phases:
          - id: one
            steps:
              - id: look
                action: mongodb.count
                with: { filtr: {} }
              - id: look
                acton: note

        """)
      let expected = """
        error[RB1004]: unknown key 'filtr' in mongodb.count
         --> plan.yaml:14:17
           |
        14 |         with: { filtr: {} }
           |                 ^^^^^
        help: did you mean 'filter'?

        """
      for command in [["execute", plan], ["validate", plan]] {
        let ended = try await place.program.run(command)
        #expect(ended.status == 2, "\(ended)")
        #expect(ended.output == "")
        #expect(ended.error.contains(expected.dropLast()), "\(ended)")
        #expect(ended.error.contains("plan.yaml:15:9"), "all mistakes at once: \(ended)")
        #expect(ended.error.contains("did you mean 'action'?"), "\(ended)")
      }
      let told = try await place.program.run("execute", plan)
      #expect(told.error.hasSuffix("; nothing was run\n"))
      #expect(!FileManager.default.fileExists(atPath: place.directory.appendingPathComponent(".runbook").path), "nothing was recorded")
      #expect(try await place.collections() == ["assets"])
    }
  }

  @Test func validateInBothForms() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked)
      let text = try await place.program.run("validate", plan)
      #expect(text.status == 0)
      #expect(text.output == "plan.yaml: valid: 1 phase, 1 step\n")
      let json = try await place.program.run("validate", plan, "--format", "json")
      #expect(json.status == 0)
      #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [Any] || json.output.contains("\"diagnostics\""), "\(json)")
      try place.plan("phases: []\nphasis: []\n")
      let wrong = try await place.program.run("validate", plan, "--format", "json")
      #expect(wrong.status == 2)
      #expect(wrong.output.contains("\"RB1004\"") && wrong.output.contains("phasis"), "\(wrong)")
      #expect(wrong.error == "")
    }
  }

  @Test(arguments: ["manual.approve"]) func anActionThatIsNotBuilt(action: String) async throws {
    try await Workplace.lend { place in
      let fields = ["manual.approve": "{ by: [dba] }"]
      let plan = try place.plan(
        Plans.change + """
                - id: later
                  action: \(action)
                  with: \(fields[action] ?? "{}")
          people: { dba: { name: Database administrator } }

          """)
      let ended = try await place.program.run("execute", plan)
      #expect(ended.status == 2, "\(ended)")
      #expect(ended.error.contains(action), "\(ended)")
      #expect(ended.error.contains("not built in this version"), "\(ended)")
      #expect(try await place.count(with: "extra") == 0)
      #expect(try await place.collections() == ["assets"])
    }
  }

  @Test func wrongUsage() async throws {
    try await Workplace.lend { place in
      try place.plan(Plans.checked)
      let calls: [([String], String)] = [
        (["frobnicate"], "frobnicate"),
        (["execute"], "<plan>"),
        (["execute", "nothing.yaml"], "there is no such file"),
        (["execute", "plan.yaml", "--param", "nothing=1"], "the plan has no param 'nothing'"),
        (["execute", "plan.yaml", "--param", "before=some"], "param 'before': 'some' is no integer"),
        (["execute", "plan.yaml", "--param", "before"], "--param name=value"),
        (["execute", "plan.yaml", "--state", "ftp://x"], "ftp"),
        (["resume"], "there is no state at"),
        (["status", "nobody"], "there is no state at"),
        (["rollback", "--skip", "x"], "--reason is needed"),
      ]
      for (arguments, text) in calls {
        let ended = try await place.program.run(arguments)
        #expect(ended.status == 64, "\(arguments): \(ended)")
        #expect(ended.error.contains(text), "\(arguments): \(ended)")
      }
      #expect(try await place.collections() == ["assets"])
      let none = try await place.program.run("list")
      #expect(none.status == 0 && none.output == "", "\(none)")
      #expect(try await place.program.run("execute", "plan.yaml").status == 0)
      for arguments in [["status", "nobody"], ["resume"], ["close", "nobody", "--reason", "x"], ["confirm", "nobody"]] {
        let ended = try await place.program.run(arguments)
        #expect(ended.status == 64, "\(arguments): \(ended)")
      }
    }
  }

  @Test func aServerThatIsNotThere() async throws {
    try await Workplace.lend { place in
      var place = place
      let port = try freePort()
      place.program.environment["MONGODB_URI"] = "mongodb://127.0.0.1:\(port)/"
      let plan = try place.plan(Plans.checked)
      let ended = try await place.program.run(["execute", plan], limit: .seconds(30))
      #expect(ended.status == 1, "\(ended)")
      #expect(ended.error.contains("127.0.0.1:\(port)"), "\(ended)")
      #expect(ended.error.contains("refused"), "\(ended)")
      #expect(ended.error.contains("nothing was changed"), "\(ended)")
      #expect(place.commands(in: ended.error).last == "runbook execute plan.yaml")
    }
  }

  @Test func aServerThatNeverAnswers() async throws {
    try await Workplace.lend { place in
      var place = place
      // Takes connections and says nothing.
      let silent = try await place.program.shell("command -v python3 >/dev/null && echo yes")
      #expect(silent.output == "yes\n", "this test needs python3")
      let port = try freePort()
      let script = "import socket,time; s=socket.socket(); s.bind(('127.0.0.1',\(port))); s.listen(); time.sleep(120)"
      let listener = try ChildProcess("python3", ["-c", script])
      defer { listener.signal(SIGKILL) }
      place.program.environment["MONGODB_URI"] = "mongodb://127.0.0.1:\(port)/"
      let ended = try await place.program.run(["execute", try place.plan(Plans.checked)], limit: .seconds(60))
      #expect(ended.status == 1, "\(ended)")
      #expect(ended.error.contains("127.0.0.1:\(port)"), "\(ended)")
    }
  }

  @Test func anotherDatabaseThanThePlanExpects() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.change)
      let path = place.directory.appendingPathComponent(plan)
      let text = try String(contentsOf: path, encoding: .utf8)
      try place.file(
        plan,
        text.replacingOccurrences(of: "database: \(place.database)", with: "database: \(place.database), identity: { replicaSet: other }"))
      let ended = try await place.program.run("execute", plan)
      #expect(ended.status == 1, "\(ended)")
      #expect(ended.error.contains("other") && ended.error.contains("'main'"), "\(ended)")
      #expect(try await place.collections() == ["assets"])
    }
  }

  @Test func aCollectionThatIsNotThere() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(
        """
        phases:
          - id: one
            steps:
              - { id: backup, action: mongodb.backup, collection: nowhere, with: { to: copy } }

        """)
      let ended = try await place.program.run("execute", plan)
      #expect([1, 3].contains(ended.status), "\(ended)")
      #expect(ended.error.contains("nowhere"), "\(ended)")
    }
  }

  @Test func aVariableThatIsNotSet() async throws {
    try await Workplace.lend { place in
      var place = place
      place.program.environment["MONGODB_URI"] = nil
      let ended = try await place.program.run("execute", try place.plan(Plans.change))
      #expect(ended.status == 1, "\(ended)")
      #expect(ended.error.contains("the secret 'uri' cannot be read: the environment variable MONGODB_URI is not set"), "\(ended)")
      #expect(ended.error.contains("export MONGODB_URI="))
    }
  }
}
