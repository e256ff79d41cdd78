import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import Testing

@testable import RunbookMongoActions

@Suite struct CompareTests {
  private func compare(_ bench: ActionBench, _ more: ValueMap = [:], world: BenchWorld = BenchWorld()) async throws -> ValueMap {
    let arguments: ValueMap = ["left": "before", "right": "after", "liveWrites": "refuse"]
    return try await MongoCompare().read(
      bench.context(arguments.merging(more, uniquingKeysWith: { _, new in new }), collection: nil, world: world)
    ).outputs
  }

  @Test("Planted differences are found, and nothing else")
  func planted() async throws {
    try await ActionBench.run { bench in
      let documents = (0..<300).map { n -> BSONDocument in
        ["_id": .integer(Int64(n)), "name": .string("asset \(n)"), "deep": ["a": .integer(Int64(n)), "b": 1]]
      }
      try await bench.insert(documents, into: "before")
      try await bench.insert(documents.reversed(), into: "after")
      #expect(try await compare(bench)["unexplained"] == 0)
      #expect(try await compare(bench)["examples"] == [])
      try await bench.command(["update": "after", "updates": [["q": ["_id": 7], "u": ["$set": ["name": "another"]]]]])
      try await bench.command(["update": "after", "updates": [["q": ["_id": 8], "u": ["$set": ["deep.a": .int64(8)]]]]])
      try await bench.command(["delete": "after", "deletes": [["q": ["_id": 9], "limit": 1]]])
      try await bench.insert([["_id": "new"]], into: "after")
      let found = try await compare(bench)
      #expect(found["missing"] == 1)
      #expect(found["added"] == 1)
      #expect(found["different"] == 2)
      #expect(found["unexplained"] == 4)
      let examples = Set(found["examples"]?.listValue ?? [])
      #expect(
        examples == [
          .object(["kind": "different", "id": 7]), .object(["kind": "different", "id": 8]), .object(["kind": "missing", "id": 9]),
          .object(["kind": "added", "id": "new"]),
        ])
      let ignoring = try await compare(bench, ["ignoreFields": ["name", "deep.a"]])
      #expect(ignoring["different"] == 0)
      #expect(ignoring["unexplained"] == 2)
      #expect(try await compare(bench, ["filter": .object(["_id": .object(["$lt": 7])])])["unexplained"] == 0)
    }
  }

  @Test("Documents that were moved into several collections are looked for in all of them")
  func spread() async throws {
    try await ActionBench.run { bench in
      let documents = (0..<60).map { n -> BSONDocument in ["_id": .integer(Int64(n)), "name": .string("asset \(n)")] }
      try await bench.insert(documents, into: "before")
      try await bench.insert(Array(documents[..<40]), into: "kept")
      try await bench.insert(Array(documents[40...]), into: "moved")
      let both: Value = ["kept", "moved"]
      #expect(try await compare(bench, ["right": both])["unexplained"] == 0)
      #expect(try await compare(bench, ["right": "kept"])["missing"] == 20)
      // In both of them: one too many.
      try await bench.insert([documents[3]], into: "moved")
      let twice = try await compare(bench, ["right": both])
      #expect((twice["unexplained"], twice["added"]) == (1, 1))
      #expect(twice["examples"] == [.object(["kind": "added", "id": 3])])
      #expect(MongoCompare().review(arguments: ["right": []], unknown: []).map(\.path) == [["right"]])
      #expect(MongoCompare().review(arguments: ["right": ["a", "b", "a"]], unknown: []).map(\.path) == [["right", "2"]])
      await #expect(throws: ActionError.self) { try await compare(bench, ["right": ["kept", "kept"]]) }
    }
  }

  @Test("The backup of a step and another target's collection can be sides")
  func places() async throws {
    try await ActionBench.run { bench in
      try await bench.insert([["_id": 1]], into: "copy")
      try await bench.insert([["_id": 1], ["_id": 2]], into: "after")
      let world = BenchWorld(outputs: ["backup": .object(["to": "copy"])], targets: ["other": bench.target])
      #expect(try await compare(bench, ["left": .object(["backup": "backup"])], world: world)["added"] == 1)
      let other = Value.object(["target": "other", "collection": "copy"])
      #expect(try await compare(bench, ["left": other], world: world)["added"] == 1)
      let error = await #expect(throws: ActionError.self) { try await compare(bench, ["left": .object(["backup": "none"])], world: world) }
      #expect(error?.code == "RB3205")
      await #expect(throws: ActionError.self) { try await compare(bench, ["left": "nothing"]) }
      try await bench.command(["create": "seen", "viewOn": "copy", "pipeline": .array(BSONArray([]))])
      #expect(try await compare(bench, ["left": "seen"])["added"] == 1)
    }
  }

  @Test("A sample finds what is missing or different among so many documents, and picks no more than there are")
  func sample() async throws {
    try await ActionBench.run { bench in
      let documents = (0..<40).map { n -> BSONDocument in
        ["_id": .integer(Int64(n)), "name": .string("asset \(n)"), "seen": .integer(Int64(n))]
      }
      try await bench.insert(documents, into: "before")
      try await bench.insert(Array(documents[..<20]), into: "after")
      try await bench.insert(documents[21...].map { $0.removing([["seen"]]) }, into: "moved")
      let whole: ValueMap = ["right": ["after", "moved"], "ignoreFields": ["seen"], "sample": 100]
      let all = try await compare(bench, whole)
      #expect(all["missing"] == 1 && all["unexplained"] == 1 && all["examples"] == [.object(["kind": "missing", "id": 20])])
      #expect(try await compare(bench, ["right": "moved", "ignoreFields": ["seen"], "sample": 100])["missing"] == 21)
      let some = try await compare(bench, ["right": "moved", "sample": 7])
      #expect((some["missing"]?.integerValue ?? 0) + (some["different"]?.integerValue ?? 0) == 7)
    }
  }

  @Test("Fields that cannot be ignored are named at load")
  func review() {
    let paths = MongoCompare().review(
      arguments: ["left": "a", "right": ["b", "c"], "liveWrites": "explain", "ignoreFields": ["_id"]], unknown: []
    ).map(\.path)
    #expect(paths == [["ignoreFields", "0"]])
  }
}
