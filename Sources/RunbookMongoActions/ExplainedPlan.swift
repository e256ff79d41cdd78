import MongoDriver
import OrderedCollections
import RunbookPlan

/// What the answer of `explain` with `executionStats` says, in all of its shapes: of a query or an aggregation, by the classic engine or the
/// slot-based one, from one server or from shards (MongoDB manual, "Explain Results").
struct ExplainedPlan {
  private(set) var isScanning = false
  private(set) var indexes: OrderedSet<String> = []
  private(set) var examined: Int64 = 0
  private(set) var returned: Int64 = 0
  /// Of the first innermost stage that was met; a scan of a collection is said in any case.
  private(set) var stage: String?

  /// Whether there was nothing to look at.
  var isEmpty: Bool { stage == "EOF" && indexes.isEmpty && !isScanning }

  /// - Returns: nil where no plan was found in the answer.
  init?(_ reply: BSONDocument) {
    read(reply)
    guard stage != nil else { return nil }
  }

  var outputs: ValueMap {
    var outputs: ValueMap = [
      "indexUsed": .bool(!isScanning), "indexes": .list(indexes.map(Value.string)), "examined": .integer(examined),
      "returned": .integer(returned), "stage": .string(stage ?? ""),
    ]
    if returned > 0 { outputs["examinedPerReturned"] = .double(Double(examined) / Double(returned)) }
    return outputs
  }

  // MARK: the answer

  /// An answer, or a shard's part of one: a plan by itself, or stages of which the first holds it.
  private mutating func read(_ answer: BSONDocument) {
    if let planner = answer["queryPlanner"]?.document {
      readPlan(planner["winningPlan"]?.document)
      readStatistics(answer["executionStats"]?.document)
      return
    }
    if let stages = answer["stages"]?.array { return readStages(stages) }
    guard let shards = answer["shards"]?.document else { return }
    for shard in shards { if let part = shard.value.document { read(part) } }
  }

  private mutating func readStages(_ stages: BSONArray) {
    for stage in stages.compactMap(\.document) {
      for element in stage {
        guard let body = element.value.document else { continue }
        switch element.key {
        case "$cursor", "$geoNearCursor": read(body)
        case "$unionWith": if let inner = body["pipeline"]?.array { readStages(inner) }
        default: break
        }
      }
      readLookup(stage)
    }
  }

  /// A `$lookup` tells beside its own body what it did in the other collection.
  private mutating func readLookup(_ stage: BSONDocument) {
    guard stage["$lookup"] != nil || stage["$graphLookup"] != nil else { return }
    examined += stage["totalDocsExamined"]?.integer ?? 0
    if let scans = stage["collectionScans"]?.integer, scans > 0 { scan() }
    for index in stage["indexesUsed"]?.array ?? BSONArray([]) { if let name = index.string { indexes.append(name) } }
  }

  private mutating func readStatistics(_ statistics: BSONDocument?) {
    guard let statistics else { return }
    examined += statistics["totalDocsExamined"]?.integer ?? 0
    returned += statistics["nReturned"]?.integer ?? 0
  }

  // MARK: the plan's stages

  private mutating func readPlan(_ plan: BSONDocument?) {
    guard let plan else { return }
    // The slot-based engine tells its plan in the terms of the classic one, one level down.
    if let inner = plan["queryPlan"]?.document { return readPlan(inner) }
    if let name = plan["indexName"]?.string { indexes.append(name) }
    let name = plan["stage"]?.string
    let inner = children(of: plan)
    switch name {
    case "COLLSCAN": scan()
    case "IDHACK", "EXPRESS_IDHACK": indexes.append("_id_")
    case "CLUSTERED_IXSCAN", "EXPRESS_CLUSTERED_IXSCAN": indexes.append(plan["indexName"]?.string ?? "_id_")
    default: break
    }
    if inner.isEmpty, stage == nil { stage = name }
    for child in inner { readPlan(child) }
  }

  private func children(of plan: BSONDocument) -> [BSONDocument] {
    var children = ["inputStage", "outerStage", "innerStage", "thenStage", "elseStage"].compactMap { plan[$0]?.document }
    children += (plan["inputStages"]?.array ?? BSONArray([])).compactMap(\.document)
    children += (plan["shards"]?.array ?? BSONArray([])).compactMap { $0.document?["winningPlan"]?.document }
    return children
  }

  private mutating func scan() {
    isScanning = true
    stage = "COLLSCAN"
  }
}
