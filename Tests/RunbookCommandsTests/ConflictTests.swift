import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// What users wrote over our values stays at a rollback, and is listed for people and for programs.
@Suite struct ConflictTests {
  @Test func whatUsersWroteIsKeptAndListed() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.change)
      #expect(try await place.program.run("execute", plan).status == 0)
      let theirs: BSONValue = ["q": ["_id": ["$lt": 7]], "u": ["$set": ["extra": 2]], "multi": true]
      _ = try await place.client.writeCommand(["update": "assets", "updates": [theirs]], database: place.database)
      let ended = try await place.program.run("rollback")
      #expect(ended.status == 4, "\(ended)")
      for line in [
        "7 conflicts left as found", "verified: nothing is left but what is listed",
        "State now:    rolled back; 7 conflicts: left as found, listed below with the reason",
        "Conflicts:    change: 7 documents", "changed by the application since, kept (extra): ", ", …",
      ] {
        #expect(ended.error.contains(line), "'\(line)' is missing in\n\(ended)")
      }
      #expect(!ended.error.contains("\nPhase one"), "a rollback is told without the headings of the way on")
      let left = try await place.all(filter: ["extra": ["$exists": true]])
      #expect(left.map { $0["extra"]?.integer } == Array(repeating: 2, count: 7))
      let (code, report) = try await place.status()
      #expect(code == 4)
      #expect(report["conflicts"] as? Int == 7)
      let steps = try #require(((report["phases"] as? [[String: Any]])?.first?["steps"]) as? [[String: Any]])
      let listed = try #require((steps.first?["undo"] as? [String: Any])?["conflicts"] as? [[String: Any]])
      #expect(Set(listed.compactMap { $0["id"] as? Int }) == Set(0..<7))
    }
  }
}
