import Foundation
import RunbookTestSupport
import Testing

/// `runbook fmt`.
@Suite struct FormatCommandTests {
  private static let written = """
    # yaml-language-server: $schema=./runbook.schema.json
    apiVersion: runbook/v1
    kind: Runbook
    metadata: {id: tidy}   # who it is
    phases:
    - id: only
      steps:
      -   id: first
          action: note


          with: {text: 'done'}

    """
  private static let formatted = """
    # yaml-language-server: $schema=./runbook.schema.json
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: tidy }  # who it is
    phases:
      - id: only
        steps:
          - id: first
            action: note

            with: { text: "done" }

    """

  private static func inDirectory(_ body: (URL, Program) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-fmt-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory, try Program(in: directory, environment: ["NO_COLOR": "1", "CI": "1"]))
  }

  @Test func filesAreRewrittenCheckedAndCompared() async throws {
    try await Self.inDirectory { directory, program in
      let file = directory.appendingPathComponent("plan.yaml")
      func text() throws -> String { try String(contentsOf: file, encoding: .utf8) }
      try Self.written.write(to: file, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
      try FileManager.default.createSymbolicLink(atPath: directory.path + "/link.yaml", withDestinationPath: "plan.yaml")

      let checked = try await program.run("fmt", "--check", "plan.yaml")
      #expect(checked.status == 1 && checked.output == "plan.yaml\n", "\(checked)")
      let compared = try await program.run("fmt", "--diff", "plan.yaml")
      #expect(compared.status == 0, "\(compared)")
      #expect(
        compared.output.hasPrefix("--- plan.yaml\n+++ plan.yaml (formatted)\n@@ -1,12 +1,11 @@\n # yaml-language-server"), "\(compared)")
      #expect(compared.output.contains("\n-metadata: {id: tidy}   # who it is\n+metadata: { id: tidy }  # who it is\n"), "\(compared)")
      #expect(try await program.run("fmt", "--diff", "--check", "plan.yaml").status == 1)
      #expect(try text() == Self.written, "nothing was written")

      let written = try await program.run("fmt", "link.yaml")
      #expect(written.status == 0 && written.output == "link.yaml\n", "\(written)")
      #expect(try text() == Self.formatted)
      let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
      #expect(attributes[.posixPermissions] as? Int == 0o640)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory.path + "/link.yaml") == "plan.yaml")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["link.yaml", "plan.yaml"])
      let again = try await program.run("fmt", "--check", "--diff", "plan.yaml")
      #expect(again.status == 0 && again.output == "", "\(again)")
      // The difference is one that others can apply.
      try Self.written.write(to: file, atomically: true, encoding: .utf8)
      try compared.output.write(to: directory.appendingPathComponent("change.diff"), atomically: true, encoding: .utf8)
      #expect(
        try await program.shell("sed -i \"s/ (formatted)//\" change.diff && git apply -p0 change.diff").status == 0)
      #expect(try text() == Self.formatted)
    }
  }

  @Test func standardInputIsPrinted() async throws {
    try await Self.inDirectory { _, program in
      let printed = try await program.run(["fmt", "-"], input: Self.written)
      #expect(printed.status == 0 && printed.output == Self.formatted, "\(printed)")
      #expect(try await program.run(["fmt", "--check", "-"], input: Self.written).status == 1)
      #expect(try await program.run("fmt", "-", "plan.yaml").status == 64)
    }
  }

  @Test func aFileWithErrorsIsLeftAlone() async throws {
    try await Self.inDirectory { directory, program in
      let broken = directory.appendingPathComponent("broken.yaml")
      try (Self.written + "phasess: []\n").write(to: broken, atomically: true, encoding: .utf8)
      try Self.written.write(to: directory.appendingPathComponent("good.yaml"), atomically: true, encoding: .utf8)
      let ended = try await program.run("fmt", "broken.yaml", "good.yaml")
      #expect(ended.status == 2 && ended.output == "good.yaml\n", "\(ended)")
      #expect(
        ended.error.contains("error[RB1004]: unknown key 'phasess'") && ended.error.contains("broken.yaml was left as it is"), "\(ended)")
      #expect(try String(contentsOf: broken, encoding: .utf8) == Self.written + "phasess: []\n")
      #expect(try await program.run("fmt", "nowhere.yaml").status == 64)
    }
  }

  @Test func fragmentsAndWhatIncludesThemAreLaidOut() async throws {
    try await Self.inDirectory { directory, program in
      let fragment = "apiVersion: runbook/v1\nkind: Fragment\nsteps:\n- {id: said, action: note, with: {text: hello}}\n"
      let main = "apiVersion: runbook/v1\nkind: Runbook\nmetadata: {id: all}\ninclude: [{file: ./part.yaml, as: part}]\n"
      try fragment.write(to: directory.appendingPathComponent("part.yaml"), atomically: true, encoding: .utf8)
      try main.write(to: directory.appendingPathComponent("main.yaml"), atomically: true, encoding: .utf8)
      let ended = try await program.run("fmt", "main.yaml", "part.yaml")
      #expect(ended.status == 0, "\(ended)")
      #expect(
        try String(contentsOf: directory.appendingPathComponent("part.yaml"), encoding: .utf8)
          == "apiVersion: runbook/v1\nkind: Fragment\nsteps:\n  - { id: said, action: note, with: { text: hello } }\n")
      #expect(
        try String(contentsOf: directory.appendingPathComponent("main.yaml"), encoding: .utf8)
          == "apiVersion: runbook/v1\nkind: Runbook\nmetadata: { id: all }\ninclude: [ { file: ./part.yaml, as: part } ]\n")
    }
  }

  /// What ships is laid out as everybody's plans are.
  @Test func thePlansOfTheRepositoryAreInThisForm() async throws {
    let directory = Program.repository.path + "/plans"
    let plans = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".yaml") }
    #expect(!plans.isEmpty)
    let program = try Program(in: FileManager.default.temporaryDirectory, environment: ["NO_COLOR": "1", "CI": "1"])
    let tools = Program.repository.path + "/tools"
    let others = try FileManager.default.contentsOfDirectory(atPath: tools).filter { $0.hasSuffix(".yaml") }.map { "\(tools)/\($0)" }
    let ended = try await program.run(["fmt", "--check", "--diff"] + plans.map { "\(directory)/\($0)" } + others)
    #expect(ended.status == 0, "run 'runbook fmt plans/*.yaml tools/*.yaml': \(ended)")
    for plan in plans {
      let text = try String(contentsOfFile: "\(directory)/\(plan)", encoding: .utf8)
      #expect(
        text.hasPrefix("# yaml-language-server: $schema=../runbook.schema.json\n"), "\(plan) names the schema, so that editors check it")
    }
  }
}
