import Foundation
import RunbookTestSupport
import Testing

/// `runbook review`, with bases out of git and out of files.
@Suite struct ReviewCommandTests {
  private static let main = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: reviewed }
    include: [ { file: ../common/checks.yaml, as: pre } ]
    phases:
      - id: only
        steps:
          - { id: say, action: note, with: { text: hello } }
        verify:
          - { id: holds, value: 5, expect: { atLeast: 3 } }

    """
  private static let common = """
    apiVersion: runbook/v1
    kind: Fragment
    preconditions:
      - { id: ready, value: 5, expect: { atLeast: 2 } }

    """

  private static func inRepository(_ body: (URL, Program) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-review-\(UUID().uuidString)")
    for folder in ["plans", "common"] {
      try FileManager.default.createDirectory(at: directory.appendingPathComponent(folder), withIntermediateDirectories: true)
    }
    defer { try? FileManager.default.removeItem(at: directory) }
    let program = try Program(in: directory, environment: ["NO_COLOR": "1", "CI": "1"])
    try write(main, directory, "plans/a.yaml")
    try write(common, directory, "common/checks.yaml")
    let git = "git -c user.name=n -c user.email=e"
    let made = try await program.shell("git init -q . && git add . && \(git) commit -q -m first")
    #expect(made.status == 0, "\(made)")
    try await body(directory, program)
  }

  private static func write(_ text: String, _ directory: URL, _ path: String) throws {
    try text.write(to: directory.appendingPathComponent(path), atomically: true, encoding: .utf8)
  }

  @Test func theBaseComesOutOfGitWithWhatItIncludes() async throws {
    try await Self.inRepository { directory, program in
      let same = try await program.run("review", "plans/a.yaml")
      #expect(same.status == 0 && same.output.hasPrefix("plans/a.yaml against HEAD: Harmless: the two versions say the same"), "\(same)")
      // The fragment is loosened; the plan's own file stays as it is.
      try Self.write(Self.common.replacing("atLeast: 2", with: "atLeast: 1"), directory, "common/checks.yaml")
      let weaker = try await program.run("review", "plans/a.yaml", "--base", "HEAD", "--format", "markdown")
      #expect(weaker.status == 0, "\(weaker)")
      #expect(weaker.output.hasPrefix("<!-- runbook review: plans/a.yaml -->\n**Weaker**: 1 change takes safety away\n"), "\(weaker)")
      #expect(weaker.output.contains("- check `pre-ready` expects less: was `{ atLeast: 2 }`, is `{ atLeast: 1 }`\n"), "\(weaker)")
      let data = try await program.run("review", "plans/a.yaml", "--format", "json")
      let value = try #require(try JSONSerialization.jsonObject(with: Data(data.output.utf8)) as? [String: Any], "\(data)")
      #expect(value["verdict"] as? String == "weaker" && value["format"] as? String == "runbook-review/v1")
      // From within a folder, and under another name in the base.
      #expect(try await program.shell("cd plans && runbook review a.yaml").output.hasPrefix("a.yaml against HEAD: Weaker"))
      #expect(try await program.shell("git mv plans/a.yaml plans/b.yaml").status == 0)
      #expect(try await program.run("review", "plans/b.yaml", "--base", "HEAD:plans/a.yaml").output.contains(": Weaker: 1 change"))
      let new = try await program.run("review", "plans/b.yaml")
      #expect(new.status == 0 && new.output.hasPrefix("plans/b.yaml against nothing: New plan"), "\(new)")
    }
  }

  @Test func whatCannotBeComparedIsSaid() async throws {
    try await Self.inRepository { directory, program in
      let unknown = try await program.run("review", "plans/a.yaml", "--base", "nowhere")
      #expect(unknown.status == 64 && unknown.error.contains("there is no file and no revision 'nowhere'"), "\(unknown)")
      let option = try await program.run("review", "plans/a.yaml", "--base=--help")
      #expect(option.status == 64, "\(option)")
      try Self.write(Self.main.replacing("atLeast: 3", with: "atLeast: 4"), directory, "other.yaml")
      let outside = try await program.run("review", "plans/a.yaml", "--base", "plans/a.yaml")
      #expect(outside.status == 0 && outside.output.contains("Harmless"), "\(outside)")
      // A base with errors: the plan is a new one, and why is told.
      try Self.write(Self.main + "phasess: []\n", directory, "plans/broken.yaml")
      let broken = try await program.run("review", "plans/a.yaml", "--base", "plans/broken.yaml")
      #expect(
        broken.status == 0 && broken.output.contains("New plan") && broken.error.contains("the plan has errors in plans/broken.yaml"),
        "\(broken)")
      let wrong = try await program.run("review", "plans/broken.yaml")
      #expect(wrong.status == 2 && wrong.error.contains("unknown key 'phasess'"), "\(wrong)")
      #expect(try await program.run("review", "common/checks.yaml").status == 64)
    }
  }

  @Test func passwordsAreHidden() async throws {
    try await Self.inRepository { directory, program in
      let target = "targets: { a: { type: mongodb, uri: \"mongodb://u:hidden-word@h/\", database: d } }\n"
      try Self.write(Self.main + target, directory, "plans/a.yaml")
      for format in ["text", "markdown", "json"] {
        let told = try await program.run("review", "plans/a.yaml", "--format", format)
        #expect(told.status == 0 && told.output.contains("target") && !told.output.contains("hidden-word"), "\(told)")
      }
    }
  }
}
