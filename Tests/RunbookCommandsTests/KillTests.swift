import Foundation
import RunbookTestSupport
import Testing

/// SIGKILLs of the program and of the server at random moments under three writers, stopped processes that are overtaken, and what a network may
/// do to connections: `tools/soak` judges from the outside.
@Suite(.serialized) struct KillTests {
  /// Commands that may act for seconds less than usual: a take-over waits for them.
  @Test func killsOvertakenProcessesAndABrokenNetwork() async throws {
    let totals = try await soak(
      "--kills 20 --stops 1 --server-kills 1 --faults 20 --most-faults 24 --timing 1.5 --batch 40 --documents 400", named: "soak")
    #expect(try #require(totals["kills"] as? Int) >= 20)
    #expect(try #require(totals["stops"] as? Int) >= 1)
    #expect(try #require(totals["serverKills"] as? Int) >= 1)
    #expect(try #require(totals["faults"] as? Int) >= 20)
  }

  /// The seed makes the first round go to its end, with two kills, and the second go back, with three.
  @Test func killsOfDeletionsInsertionsAndRestoresForwardAndBack() async throws {
    let totals = try await soak("documents --kills 4 --rounds 2 --seed 38", named: "soakDocuments")
    #expect(try #require(totals["kills"] as? Int) >= 4)
    #expect(try #require(totals["forward"] as? Int) >= 1)
    #expect(try #require(totals["back"] as? Int) >= 1)
    #expect(try #require(totals["swapped"] as? Int) >= 1)
  }

  /// Over one state, over two, and after a kill: one process works, the other is sent away with the name of the run.
  @Test func racesOfTwoProcesses() async throws {
    let totals = try await soak("--count 9 --at-once 3", named: "races", tool: "races")
    #expect(totals["races"] as? Int == 9)
  }

  /// - Returns: what it counted; it found no violation.
  private func soak(_ arguments: String, named name: String, tool: String = "soak") async throws -> [String: Any] {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-soak-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    var program = try Program(in: directory)
    let own = ProcessInfo.processInfo.environment
    for name in ["RUNBOOK_SECANTUSD", "RUNBOOK_PYTHON", "MONGODB_URI"] { program.environment[name] = own[name] }
    program.environment["RUNBOOK"] = try Program.built().path
    let soak = Program.repository.appendingPathComponent("tools/\(tool)").path
    let ended = try await program.shell("exec '\(soak)' \(arguments)", limit: .seconds(1_500))
    let last = try #require(ended.output.split(separator: "\n").last, "\(ended)")
    let line = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any], "\(ended)")
    let totals = try #require(line[name] as? [String: Any], "\(ended)")
    #expect(totals["violations"] as? Int == 0, "\(ended)")
    #expect(try #require(totals["acknowledged"] as? Int) > 0)
    #expect(ended.status == 0, "\(ended)")
    return totals
  }
}
