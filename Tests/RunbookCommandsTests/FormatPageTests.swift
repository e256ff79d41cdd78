import Foundation
import RunbookTestSupport
import Testing

/// Every block of YAML in docs/format.md is what it says it is: a plan, a file to include, keys of a plan, or steps; all of them are valid.
@Suite struct FormatPageTests {
  private struct Block {
    var text: String
    /// The path in the first line of a file that others include.
    var path: String?
  }

  private static func blocks() throws -> [Block] {
    let page = try String(contentsOfFile: Program.repository.path + "/docs/format.md", encoding: .utf8)
    return page.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }.map { text in
      let first = text.prefix { $0 != "\n" }
      return Block(text: text + "\n", path: first.hasPrefix("# ") ? String(first.dropFirst(2)) : nil)
    }
  }

  /// What an excerpt needs around it, by key; its own keys take the place of these.
  private static let surroundings: [(key: String, text: String)] = [
    ("apiVersion", "apiVersion: runbook/v1\n"), ("kind", "kind: Runbook\n"), ("metadata", "metadata: { id: page }\n"),
    ("people", "people: { dba: { name: Database administrator } }\n"), ("secrets", "secrets: { uri: { fromEnv: MONGODB_URI } }\n"),
    (
      "targets",
      "targets: { registry: { type: mongodb, uri: \"${{ secrets.uri }}\", database: d }, api: { type: http, baseUrl: \"http://x\" } }\n"
    ),
    ("defaults", "defaults: { target: registry, collection: assets }\n"),
    ("phases", "phases: [ { id: only, steps: [ { id: first, action: note, with: { text: done } } ] } ]\n"),
  ]

  private static func plan(_ block: Block) -> String {
    var text = block.text
    if text.hasPrefix("- id:") {
      let steps = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "      " + $0 }
      text = "phases:\n  - id: only\n    steps:\n" + steps.joined(separator: "\n")
    }
    let keys = text.split(separator: "\n").filter { $0.first?.isLetter == true }.map { $0.prefix { $0 != ":" } }
    return surroundings.filter { part in !keys.contains { $0 == part.key } }.map(\.text).joined() + text
  }

  @Test func everyBlockIsValid() async throws {
    let blocks = try Self.blocks()
    #expect(blocks.count >= 12)
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-page-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let program = try Program(in: directory, environment: ["NO_COLOR": "1", "CI": "1"])
    for block in blocks {
      guard let path = block.path else { continue }
      let file = directory.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try block.text.write(to: file, atomically: true, encoding: .utf8)
    }
    for (number, block) in blocks.enumerated() {
      let file = block.path ?? "block-\(number).yaml"
      if block.path == nil {
        try Self.plan(block).write(to: directory.appendingPathComponent(file), atomically: true, encoding: .utf8)
      }
      let checked = try await program.run("validate", file)
      #expect(checked.status == 0, "block \(number) of docs/format.md: \(checked)")
    }
  }

  /// Complete plans as users write them load without a complaint; what a later version carries out is named in notes.
  @Test func completePlansLoadWithoutAComplaint() async throws {
    let directory = Program.repository.path + "/Tests/Fixtures/plans"
    let plans = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".yaml") }
    #expect(plans.count >= 4)
    let program = try Program(in: FileManager.default.temporaryDirectory, environment: ["NO_COLOR": "1", "CI": "1"])
    for plan in plans {
      let checked = try await program.run("validate", "\(directory)/\(plan)")
      #expect(checked.status == 0, "\(checked)")
      let complaints = checked.error.split(separator: "\n").filter { !$0.hasPrefix("note: ") && !$0.contains("WARNING") }
      #expect(complaints == [], "\(plan)")
    }
  }
}
