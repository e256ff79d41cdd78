import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookMongoActions
import RunbookPlan
import Testing

@Suite("find, validate, explain and latency against a server")
struct QueryActionTests {
  private static let assets: [BSONDocument] = (1...30).map { n in
    ["_id": .int32(n), "layer": n % 3 == 0 ? "S" : "L", "n": .int32(n), "z": 1, "a": ["y": 1, "b": 2]]
  }

  @Test("find returns the first documents in order, says whether there are more, and keeps the order of keys")
  func find() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      let outputs = try await MongoFind().read(
        bench.context(["filter": .object(["layer": "S"]), "sort": .object(["n": -1]), "limit": 3])
      ).outputs
      #expect(outputs["count"] == 3)
      #expect(outputs["truncated"] == true)
      #expect(outputs["documents"]?.listValue?.map { $0["n"] } == [30, 27, 24])
      #expect(outputs["first"]?.mapValue?.keys.elements == ["_id", "layer", "n", "z", "a"])
      #expect(outputs["first"]?["a"]?.mapValue?.keys.elements == ["y", "b"])
      let exact = try await MongoFind().read(bench.context(["filter": .object(["layer": "S"]), "limit": 10])).outputs
      #expect((exact["count"], exact["truncated"]) == (10, false))
      let usual = try await MongoFind().read(bench.context([:])).outputs
      #expect((usual["count"], usual["truncated"]) == (20, true))
      let projected = try await MongoFind().read(
        bench.context(["projection": .object(["n": 1, "_id": 0]), "sort": .object(["n": 1]), "limit": 1])
      ).outputs
      #expect(projected["first"] == .object(["n": 1]))
      let none = try await MongoFind().read(bench.context(["filter": .object(["n": 99])])).outputs
      #expect(none == ["count": 0, "truncated": false, "documents": []])
      #expect(try await MongoFind().read(bench.context([:], collection: "nothing")).outputs["count"] == 0)
    }
  }

  @Test("find with a sort of two keys takes them in the order written")
  func sortOrder() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      let first = try await MongoFind().read(bench.context(["sort": .object(["layer": -1, "n": -1]), "limit": 1])).outputs["first"]
      #expect(first?["n"] == 30)
      let other = try await MongoFind().read(bench.context(["sort": .object(["n": 1, "layer": -1]), "limit": 1])).outputs["first"]
      #expect(other?["n"] == 1)
    }
  }

  @Test("validate counts what does not fit a schema, and names at most ten")
  func validate() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      let schema = Value.object(["required": ["n"], "properties": .object(["n": .object(["bsonType": "int", "maximum": 18])])])
      let outputs = try await MongoValidate().read(bench.context(["schema": schema])).outputs
      #expect(outputs["violations"] == 12)
      #expect(outputs["examples"]?.listValue?.count == 10)
      #expect(outputs["examples"]?.listValue?.allSatisfy { ($0.integerValue ?? 0) > 18 } == true)
      let some = try await MongoValidate().read(bench.context(["schema": schema, "filter": .object(["layer": "S"])])).outputs
      #expect(some["violations"] == 4)
      #expect(Set(some["examples"]?.listValue ?? []) == [21, 24, 27, 30])
      let all = try await MongoValidate().read(bench.context(["schema": .object(["required": ["n"]])])).outputs
      #expect(all == ["violations": 0, "examples": []])
      let wrapped: ValueMap = ["schema": .object(["$jsonSchema": .object(["required": ["n"]])])]
      #expect(MongoValidate().review(arguments: wrapped, unknown: []).map(\.path) == [["schema", "$jsonSchema"]])
    }
  }

  @Test("validate takes the collection's own validator, of any form; without one there is no data")
  func ownValidator() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      let none = try await MongoValidate().read(bench.context([:]))
      #expect(none.noDataReason == "'assets' has no validator, and no 'schema' is given")
      #expect(none.outputs.isEmpty)
      try await bench.command(["collMod": "assets", "validator": ["n": ["$lt": 25]], "validationLevel": "moderate"])
      let outputs = try await MongoValidate().read(bench.context([:])).outputs
      #expect(outputs["violations"] == 6)
      let error = await #expect(throws: ActionError.self) { try await MongoValidate().read(bench.context([:], collection: "nothing")) }
      #expect(error?.code == "RB3009")
    }
  }

  @Test("explain tells an index from a scan, and counts what was looked at")
  func explain() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      let filter = Value.object(["layer": "S"])
      let scan = try await MongoExplain().read(bench.context(["filter": filter])).outputs
      #expect(scan["indexUsed"] == false)
      #expect(scan["stage"] == "COLLSCAN")
      #expect(scan["indexes"] == [])
      #expect((scan["examined"], scan["returned"], scan["examinedPerReturned"]) == (30, 10, .double(3)))
      try await bench.command(["createIndexes": "assets", "indexes": [["key": ["layer": 1], "name": "by_layer"]]])
      let index = try await MongoExplain().read(bench.context(["filter": filter])).outputs
      #expect(index["indexUsed"] == true)
      #expect(index["indexes"] == ["by_layer"])
      #expect(index["stage"] == "IXSCAN")
      #expect((index["examined"], index["returned"]) == (10, 10))
      let none = try await MongoExplain().read(bench.context(["filter": .object(["layer": "nothing"])])).outputs
      #expect((none["returned"], none["examinedPerReturned"]) == (0, nil))
      let stages: Value = [.object(["$match": filter]), .object(["$group": .object(["_id": .null, "n": .object(["$sum": 1])])])]
      let aggregated = try await MongoExplain().read(bench.context(["pipeline": stages])).outputs
      #expect(aggregated["indexes"] == ["by_layer"])
      #expect(MongoExplain().review(arguments: ["pipeline": stages, "filter": filter], unknown: []).map(\.path) == [["filter"]])
      let out: Value = [.object(["$out": "x"])]
      await #expect(throws: ActionError.self) { try await MongoExplain().read(bench.context(["pipeline": out])) }
    }
  }

  @Test("latency measures as many operations as it is asked for, changes nothing, and keeps its samples")
  func latency() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      for concurrency in [1, 8] as [Int64] {
        let outputs = try await MongoLatency().read(
          bench.context(["filter": .object(["n": 3]), "samples": 60, "warmUp": 5, "concurrency": .integer(concurrency)])
        ).outputs
        #expect((outputs["samples"], outputs["errors"], outputs["errorRate"]) == (60, 0, .double(0)))
        let times = ["p50", "p95", "p99", "max"].compactMap { outputs[$0]?.durationValue }
        #expect(times.count == 4 && times == times.sorted() && times[0] > 0)
        #expect((outputs["mean"]?.durationValue ?? 0) > 0)
        let kept = try #require(MeasuredTimes(outputs: outputs))
        #expect((kept.count, kept.values.last) == (60, times[3]))
        // The histogram holds the very quantiles that the outputs tell.
        #expect(kept.values.contains(times[0]) && kept.values.contains(times[1]))
      }
      let pipeline: Value = [.object(["$sort": .object(["n": -1])])]
      let aggregated = try await MongoLatency().read(bench.context(["pipeline": pipeline, "samples": 10])).outputs
      #expect(aggregated["samples"] == 10)
      #expect(try await MongoCount().read(bench.context([:])).outputs == ["count": 30])
      #expect(try await bench.collections() == ["assets"])
    }
  }

  @Test("latency with a rate sends on schedule, not after the last answer")
  func rate() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      let begin = ContinuousClock.now
      let outputs = try await MongoLatency().read(bench.context(["samples": 21, "rate": 100, "concurrency": 4])).outputs
      // The last of 21 is due 20 intervals of 10 ms after the first: never sooner, however fast the answers are.
      #expect(ContinuousClock.now - begin >= .milliseconds(200))
      #expect(outputs["samples"] == 21)
    }
  }

  @Test("latency: what makes no sense is refused, a wrong query is an error and no measurement")
  func latencyMistakes() async throws {
    try await ActionBench.run { bench in
      try await bench.insert(Self.assets)
      func problems(_ arguments: ValueMap) -> [[String]] { MongoLatency().review(arguments: arguments, unknown: []).map(\.path) }
      #expect(problems(["samples": 10, "rate": 0]) == [["rate"]])
      #expect(problems(["samples": 10, "concurrency": 1_000]) == [["concurrency"]])
      #expect(problems(["samples": 10, "pipeline": [.object(["$merge": "x"])]]) == [["pipeline", "0", "$merge"]])
      let error = await #expect(throws: ActionError.self) {
        try await MongoLatency().read(bench.context(["filter": .object(["a": .object(["$nosuch": 1])]), "samples": 10]))
      }
      #expect(error?.kind == .mistake)
    }
  }
}
