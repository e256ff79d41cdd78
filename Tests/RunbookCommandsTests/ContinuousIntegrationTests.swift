import Foundation
import RunbookTestSupport
import Testing

/// What the files for continuous integration do: the commands that they call, the files that they leave, the keys that their formats need.
@Suite struct ContinuousIntegrationTests {
  private static let plan = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: checked }
    phases:
      - id: only
        steps:
          - { id: say, action: note, with: { text: hello } }
        verify:
          - { id: holds, value: 5, expect: { atLeast: 3 } }

    """

  private static func inRepository(_ body: (URL, Program) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-ci-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try plan.write(to: directory.appendingPathComponent("plan.yaml"), atomically: true, encoding: .utf8)
    try plan.replacing("checked", with: "other").write(to: directory.appendingPathComponent("same.yaml"), atomically: true, encoding: .utf8)
    var environment = ["NO_COLOR": "1", "CI": "1"]
    for name in ["RUNBOOK_SECANTUSD", "RUNBOOK_PYTHON"] { environment[name] = ProcessInfo.processInfo.environment[name] }
    let program = try Program(in: directory, environment: environment)
    let made = try await program.shell("git init -q . && git add . && git -c user.name=n -c user.email=e commit -q -m first")
    #expect(made.status == 0, "\(made)")
    try await body(directory, program)
  }

  @Test func plansAreCheckedAndReviewed() async throws {
    try await Self.inRepository { directory, program in
      let script = Program.repository.path + "/ci/check-plans"
      func check(_ plans: String) async throws -> Program.Ended { try await program.shell("'\(script)' --base HEAD --out out -- \(plans)") }
      func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: directory.path + "/out").sorted() }
      let same = try await check("plan.yaml same.yaml")
      #expect(same.status <= 1, "\(same)")
      #expect(try files() == ["runbook.sarif"], "what is as in the base needs no comment")

      let file = directory.appendingPathComponent("plan.yaml")
      try Self.plan.replacing("atLeast: 3", with: "atLeast: 2").write(to: file, atomically: true, encoding: .utf8)
      let changed = try await check("plan.yaml same.yaml")
      #expect(changed.status <= 1, "\(changed)")
      #expect(try files() == ["review-1.md", "runbook.sarif"])
      let comment = try String(contentsOfFile: directory.path + "/out/review-1.md", encoding: .utf8)
      #expect(comment.hasPrefix("<!-- runbook review: plan.yaml -->\n**Weaker**: "), "\(comment)")
      let sarif =
        try JSONSerialization.jsonObject(with: Data(contentsOf: directory.appendingPathComponent("out/runbook.sarif"))) as? [String: Any]
      #expect(sarif?["version"] as? String == "2.1.0")

      try (Self.plan + "phasess: []\n").write(to: file, atomically: true, encoding: .utf8)
      let broken = try await check("plan.yaml same.yaml")
      #expect(broken.status == 2 && broken.error.contains("unknown key 'phasess'"), "\(broken)")
      #expect(try files() == ["runbook.sarif"])
      try Self.plan.replacing("{ id: checked }", with: "{id: checked}").write(to: file, atomically: true, encoding: .utf8)
      let untidy = try await check("plan.yaml")
      #expect(untidy.status == 1 && untidy.error.contains("not in the canonical form, run runbook fmt: plan.yaml"), "\(untidy)")
      #expect(try await program.shell("'\(script)' --out out").status == 64)
    }
  }

  @Test func aReviewIsPostedOnceAndThenUpdated() async throws {
    try await Self.inRepository { _, program in
      let root = Program.repository.path
      let ended = try await program.shell("'\(root)/tools/python' '\(root)/ci/post_review_test.py'")
      #expect(ended.status == 0 && ended.output.contains("as it should be"), "\(ended)")
    }
  }

  /// Read by a YAML reader that shares no code with the program.
  @Test func theFilesAreWhatTheirFormatsNeed() async throws {
    try await Self.inRepository { _, program in
      let root = Program.repository.path
      let script = """
        import json, yaml
        print(json.dumps([yaml.safe_load(open('\(root)/' + name)) for name in ['action.yml', 'ci/gitlab.yml', '.pre-commit-hooks.yaml']]))
        """
      let read = try await program.shell("'\(root)/tools/python' -c \"\(script.replacing("\"", with: "\\\""))\"")
      let files = try #require(try JSONSerialization.jsonObject(with: Data(read.output.utf8)) as? [Any], "\(read)")
      let action = try #require(files[0] as? [String: Any])
      let runs = try #require(action["runs"] as? [String: Any])
      #expect(action["name"] is String && action["description"] is String && runs["using"] as? String == "composite")
      for input in try #require(action["inputs"] as? [String: [String: Any]]).values { #expect(input["description"] is String) }
      let steps = try #require(runs["steps"] as? [[String: Any]])
      for step in steps {
        #expect((step["run"] == nil) != (step["uses"] == nil))
        guard let run = step["run"] as? String else { continue }
        // A step of a composite action needs its shell, and nothing of a request may be put into a script.
        #expect(step["shell"] as? String == "bash" && !run.contains("${{"), "\(run)")
        #expect(try await program.shell("bash -n <<'END'\n\(run)\nEND").status == 0, "\(run)")
      }
      let job = try #require((files[1] as? [String: [String: Any]])?["runbook-plans"])
      #expect(job["script"] is [Any] && job["artifacts"] is [String: Any])
      let hooks = try #require(files[2] as? [[String: Any]])
      #expect(hooks.compactMap { $0["id"] as? String } == ["runbook-fmt", "runbook-validate", "runbook-lint"])
      for hook in hooks { #expect(hook["name"] is String && hook["entry"] is String && hook["language"] as? String == "system") }
    }
  }

  @Test func theHooksDoWhatTheySay() async throws {
    try await Self.inRepository { directory, program in
      let page = try String(contentsOfFile: Program.repository.path + "/.pre-commit-hooks.yaml", encoding: .utf8)
      let entries = page.split(separator: "\n").compactMap { $0.hasPrefix("  entry: ") ? String($0.dropFirst(9)) : nil }
      #expect(entries.count == 3)
      for entry in entries {
        let ended = try await program.shell(entry + " plan.yaml same.yaml")
        #expect(ended.status <= 1, "\(entry): \(ended)")
      }
      try (Self.plan + "phasess: []\n").write(to: directory.appendingPathComponent("plan.yaml"), atomically: true, encoding: .utf8)
      for entry in entries { #expect(try await program.shell(entry + " plan.yaml same.yaml").status == 2, "\(entry)") }
    }
  }
}
