import Foundation
import RunbookTestSupport
import Testing

/// What a preview says, held against what the run of the same plan then does.
struct PreviewedRun {
  private let place: Workplace
  private let steps: [[String: Any]]

  /// Previews what is about to be executed.
  /// - Parameter execute: `execute PLAN --yes …`.
  init(_ place: Workplace, execute: [String]) async throws {
    self.place = place
    let options = ["plan"] + execute.dropFirst().filter { $0 != "--yes" } + ["--format", "json", "--samples", "1"]
    let ended = try await place.program.run(options)
    #expect(ended.status == 0, "\(ended)")
    let preview = try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any], "\(ended)")
    steps = try Self.steps(preview)
    let coverage = try #require(preview["coverage"] as? [String: Int])
    #expect(coverage.values.reduce(0, +) == steps.count { $0["mutating"] as? Bool == true && $0["skipped"] as? Bool == false })
  }

  private static func steps(_ document: [String: Any]) throws -> [[String: Any]] {
    try #require(document["phases"] as? [[String: Any]]).flatMap { $0["steps"] as? [[String: Any]] ?? [] }
  }

  /// Every step that was told exactly did so to exactly so many documents.
  /// - Returns: how many steps were compared.
  func holds() async throws -> Int {
    let ended = try await place.program.run("report", try await place.run(), "--format", "json")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any], "\(ended)")
    var compared = 0
    for done in try Self.steps(report) {
      guard let id = done["id"] as? String, let outputs = done["outputs"] as? [String: Any],
        let told = steps.first(where: { $0["id"] as? String == id }), told["coverage"] as? String == "exact",
        let documents = told["documents"] as? Int
      else { continue }
      let did = ["changed", "deleted", "inserted", "documents"].lazy.compactMap { outputs[$0] as? Int }.first
      #expect(did == documents, "step \(id)")
      compared += 1
    }
    return compared
  }
}
