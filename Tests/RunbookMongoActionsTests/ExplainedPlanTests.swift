import MongoDriver
import RunbookPlan
import Testing

@testable import RunbookMongoActions

/// Answers of `explain` in the shapes of the MongoDB manual ("Explain Results", versions 4.4 to 8.0), shortened to what is read.
@Suite("What explain says, in all its shapes")
struct ExplainedPlanTests {
  private func outputs(_ text: String) throws -> ValueMap {
    try #require(ExplainedPlan(try BSONDocument(extendedJSON: text))).outputs
  }

  @Test("A query by the classic engine: an index, a scan, several indexes below an OR")
  func classic() throws {
    let index = try outputs(
      """
      { "queryPlanner": { "winningPlan": { "stage": "FETCH", "inputStage": { "stage": "IXSCAN", "indexName": "name_1" } },
        "rejectedPlans": [ { "stage": "COLLSCAN" } ] },
        "executionStats": { "nReturned": 2, "totalKeysExamined": 2, "totalDocsExamined": 3 } }
      """)
    #expect((index["indexUsed"], index["indexes"], index["stage"]) == (true, ["name_1"], "IXSCAN"))
    #expect((index["examined"], index["returned"], index["examinedPerReturned"]) == (3, 2, .double(1.5)))
    let either = try outputs(
      """
      { "queryPlanner": { "winningPlan": { "stage": "SUBPLAN", "inputStage": { "stage": "FETCH", "inputStage": { "stage": "OR",
        "inputStages": [ { "stage": "IXSCAN", "indexName": "a_1" }, { "stage": "IXSCAN", "indexName": "b_1" } ] } } } },
        "executionStats": { "nReturned": 0, "totalDocsExamined": 0 } }
      """)
    #expect(either["indexes"] == ["a_1", "b_1"])
    #expect(either["examinedPerReturned"] == nil)
    let part = try outputs(
      """
      { "queryPlanner": { "winningPlan": { "stage": "OR", "inputStages": [ { "stage": "IXSCAN", "indexName": "a_1" },
        { "stage": "COLLSCAN" } ] } }, "executionStats": { "nReturned": 1, "totalDocsExamined": 9 } }
      """)
    #expect((part["indexUsed"], part["stage"]) == (false, "COLLSCAN"))
  }

  @Test("By _id, by the express path, by a clustered index: an index without a scan of one")
  func byID() throws {
    for (stage, index) in [
      (#"{ "stage": "IDHACK" }"#, "_id_"), (#"{ "stage": "EXPRESS_IXSCAN", "indexName": "email_1" }"#, "email_1"),
      (#"{ "stage": "EXPRESS_CLUSTERED_IXSCAN" }"#, "_id_"), (#"{ "stage": "CLUSTERED_IXSCAN" }"#, "_id_"),
    ] {
      let found = try outputs(
        #"{ "queryPlanner": { "winningPlan": \#(stage) }, "executionStats": { "nReturned": 1, "totalDocsExamined": 1 } }"#)
      #expect((found["indexUsed"], found["indexes"]) == (true, [.string(index)]))
    }
  }

  @Test("The slot-based engine tells the plan one level down")
  func slotBased() throws {
    let found = try outputs(
      """
      { "explainVersion": "2", "queryPlanner": { "winningPlan": { "isCached": false, "queryPlan": { "stage": "GROUP", "inputStage":
        { "stage": "FETCH", "inputStage": { "stage": "IXSCAN", "indexName": "layer_1" } } }, "slotBasedPlan": { "stages": "[2] nlj" } } },
        "executionStats": { "nReturned": 3, "totalDocsExamined": 12, "executionStages": { "stage": "group" } } }
      """)
    #expect((found["indexes"], found["examined"], found["returned"]) == (["layer_1"], 12, 3))
    let joined = try outputs(
      """
      { "queryPlanner": { "winningPlan": { "queryPlan": { "stage": "EQ_LOOKUP", "strategy": "IndexedLoopJoin", "indexName": "ref_1",
        "inputStage": { "stage": "COLLSCAN" } } } }, "executionStats": { "nReturned": 4, "totalDocsExamined": 8 } }
      """)
    #expect((joined["indexUsed"], joined["indexes"]) == (false, ["ref_1"]))
  }

  @Test("An aggregation in stages: the cursor's plan, and what $lookup and $unionWith do elsewhere")
  func stages() throws {
    let found = try outputs(
      """
      { "stages": [ { "$cursor": { "queryPlanner": { "winningPlan": { "stage": "PROJECTION_SIMPLE", "inputStage": { "stage": "IXSCAN",
        "indexName": "layer_1" } } }, "executionStats": { "nReturned": 5, "totalDocsExamined": 5 } }, "nReturned": 5 },
        { "$lookup": { "from": "authors", "as": "a" }, "totalDocsExamined": 50, "totalKeysExamined": 0, "collectionScans": 5,
          "indexesUsed": [], "nReturned": 5 } ] }
      """)
    #expect((found["indexUsed"], found["examined"], found["returned"], found["stage"]) == (false, 55, 5, "COLLSCAN"))
    let union = try outputs(
      """
      { "stages": [ { "$cursor": { "queryPlanner": { "winningPlan": { "stage": "IXSCAN", "indexName": "a_1" } },
        "executionStats": { "nReturned": 1, "totalDocsExamined": 1 } } }, { "$unionWith": { "coll": "other", "pipeline": [ { "$cursor":
        { "queryPlanner": { "winningPlan": { "stage": "COLLSCAN" } }, "executionStats": { "nReturned": 2, "totalDocsExamined": 20 } } } ] } }
      ] }
      """)
    #expect((union["indexUsed"], union["examined"]) == (false, 21))
  }

  @Test("Shards: one that scans is enough, what they look at is added up")
  func sharded() throws {
    let query = try outputs(
      """
      { "queryPlanner": { "mongosPlannerVersion": 1, "winningPlan": { "stage": "SHARD_MERGE", "shards": [
        { "shardName": "s1", "winningPlan": { "stage": "FETCH", "inputStage": { "stage": "IXSCAN", "indexName": "a_1" } } },
        { "shardName": "s2", "winningPlan": { "queryPlan": { "stage": "COLLSCAN" }, "slotBasedPlan": {} } } ] } },
        "executionStats": { "nReturned": 6, "totalDocsExamined": 106, "executionStages": { "stage": "SHARD_MERGE", "shards": [
          { "shardName": "s1", "nReturned": 3, "totalDocsExamined": 3 }, { "shardName": "s2", "nReturned": 3 } ] } } }
      """)
    #expect((query["indexUsed"], query["indexes"], query["examined"], query["returned"]) == (false, ["a_1"], 106, 6))
    let aggregation = try outputs(
      """
      { "mergeType": "mongos", "splitPipeline": { "shardsPart": [], "mergerPart": [] }, "shards": {
        "s1": { "host": "h1", "stages": [ { "$cursor": { "queryPlanner": { "winningPlan": { "stage": "IXSCAN", "indexName": "a_1" } },
          "executionStats": { "nReturned": 2, "totalDocsExamined": 4 } } } ] },
        "s2": { "host": "h2", "queryPlanner": { "winningPlan": { "stage": "IXSCAN", "indexName": "a_1" } },
          "executionStats": { "nReturned": 1, "totalDocsExamined": 2 } } } }
      """)
    #expect((aggregation["indexUsed"], aggregation["indexes"]) == (true, ["a_1"]))
    #expect((aggregation["examined"], aggregation["returned"], aggregation["examinedPerReturned"]) == (6, 3, .double(2)))
  }

  @Test("Nothing to look at is told apart from a plan, and no plan from both")
  func nothing() throws {
    let empty = ExplainedPlan(
      try BSONDocument(extendedJSON: #"{ "queryPlanner": { "winningPlan": { "stage": "EOF" } }, "executionStats": { "nReturned": 0 } }"#))
    #expect(empty?.isEmpty == true)
    #expect(ExplainedPlan(["ok": 1]) == nil)
  }
}
