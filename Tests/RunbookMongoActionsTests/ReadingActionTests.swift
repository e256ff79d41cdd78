import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookMongoActions
import RunbookPlan
import Testing

@Suite struct ReadingActionTests {
  private static let assets: [BSONDocument] = [
    ["_id": 1, "layer": "S", "name": "one", "n": 1], ["_id": 2, "layer": "S", "name": .null, "n": 2],
    ["_id": 3, "layer": "L", "n": 3, "deep": ["x": 1]], ["_id": 4, "layer": .null, "name": "four", "n": .double(4.5)],
    ["_id": 5, "layer": "null", "name": "five", "n": "5"],
  ]

  @Test func ping() async throws {
    try await ActionBench.run { bench in
      let outputs = try await MongoPing().read(bench.context([:])).outputs
      #expect(outputs["writable"] == true)
      #expect((outputs["roundTrip"]?.durationValue ?? 0) > 0)
      #expect(outputs["topology"] == "replicaSet")
      #expect(outputs["version"]?.stringValue?.isEmpty == false)
      #expect(outputs["identity"]?["replicaSet"]?.stringValue?.isEmpty == false)
      #expect(outputs["identity"]?["database"] == .string(bench.database))
    }
  }

  @Test func count() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      #expect(try await MongoCount().read(bench.context([:])).outputs == ["count": 5])
      let some = bench.context(["filter": .object(["layer": "S", "n": .object(["$gte": 2])])])
      #expect(try await MongoCount().read(some).outputs == ["count": 1])
      #expect(try await MongoCount().read(bench.context([:], collection: "nothing")).outputs == ["count": 0])
      let error = await #expect(throws: ActionError.self) {
        try await MongoCount().read(bench.context(["filter": .object(["a": .object(["$nosuch": 1])])]))
      }
      #expect(error?.kind == .mistake)
      #expect(error?.message.contains("'assets' of target 'registry'") == true)
    }
  }

  @Test func distribution() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      let outputs = try await MongoDistribution().read(bench.context(["by": "layer"])).outputs
      #expect(outputs["total"] == 5)
      #expect(outputs["groups"]?["S"] == 2)
      #expect(outputs["groups"]?["L"] == 1)
      #expect(outputs["groups"]?["null"] == 1)
      #expect(outputs["groups"]?["null (null)"] == 1)
      let kinds = try await MongoDistribution().read(bench.context(["by": .object(["$type": "$n"])])).outputs
      #expect(kinds["groups"]?["int"] == 3)
      #expect(MongoDistribution().review(arguments: ["by": "a..b"], unknown: []).count == 1)
    }
  }

  @Test func fields() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      let outputs = try await MongoFieldShares().read(bench.context(["fields": ["layer", "name", "deep.x"]])).outputs
      #expect(outputs["documents"] == 5)
      #expect(outputs["allPresent"] == .double(0))
      #expect(outputs["name"]?["presence"] == .double(0.8))
      #expect(outputs["name"]?["null"] == .double(0.25))
      #expect(outputs["name"]?["types"] == .object(["string": .double(0.75)]))
      #expect(outputs["deep.x"]?["presence"] == .double(0.2))
      #expect(outputs["fields"]?["layer"]?["presence"] == .double(1))
      let two = try await MongoFieldShares().read(bench.context(["fields": ["layer", "name"]])).outputs
      #expect(two["allPresent"] == .double(0.8))
      let none = try await MongoFieldShares().read(bench.context(["fields": ["a"], "filter": .object(["_id": 99])]))
      #expect(none.noDataReason != nil)
      #expect(none.outputs["allPresent"] == nil)
    }
  }

  @Test func aggregate() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      let sort = Value.object(["$sort": .object(["_id": -1])])
      let outputs = try await MongoAggregate().read(bench.context(["pipeline": [sort], "limit": 2])).outputs
      #expect(outputs["count"] == 2)
      #expect(outputs["truncated"] == true)
      #expect(outputs["first"]?["name"] == "five")
      #expect(outputs["documents"]?.listValue?.count == 2)
      let exact = try await MongoAggregate().read(bench.context(["pipeline": [sort], "limit": 5])).outputs
      #expect(exact["truncated"] == false)
      let none = try await MongoAggregate().read(bench.context(["pipeline": [.object(["$match": .object(["_id": 99])])]])).outputs
      #expect(none["count"] == 0)
      #expect(none["documents"] == [])
      #expect(none["first"] == nil)
      let out: Value = [.object(["$out": "x"])]
      #expect(MongoAggregate().review(arguments: ["pipeline": out], unknown: []).map(\.path) == [["pipeline", "0", "$out"]])
      await #expect(throws: ActionError.self) { try await MongoAggregate().read(bench.context(["pipeline": out])) }
      #expect(try await bench.collections() == ["assets"])
    }
  }

  @Test func indexes() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      try await bench.insert(Self.assets, into: "other")
      try await bench.command(["createIndexes": "assets", "indexes": [["key": ["layer": 1, "n": -1], "name": "by_layer"]]])
      try await bench.command([
        "createIndexes": "other", "indexes": [["key": ["n": -1, "layer": 1], "name": "by_layer"], ["key": ["x": 1], "name": "x"]],
      ])
      let same = try await MongoIndexes().read(bench.context(["sameAs": "assets"])).outputs
      #expect(same["same"] == true)
      let other = try await MongoIndexes().read(bench.context(["sameAs": "other"])).outputs
      #expect(other["same"] == false)
      #expect(other["missing"] == ["by_layer", "x"])
      #expect(other["added"] == ["by_layer"])
      #expect(other["definitions"]?["by_layer"]?["key"] == .object(["layer": 1, "n": -1]))
      let named = try await MongoIndexes().read(bench.context(["names": ["by_layer", "email"]])).outputs
      #expect(named["same"] == false)
      #expect(named["missing"] == ["email"])
      #expect(named["indexes"] == ["_id_", "by_layer"])
      let error = await #expect(throws: ActionError.self) { try await MongoIndexes().read(bench.context([:], collection: "nothing")) }
      #expect(error?.code == "RB3009")
    }
  }
}
