import MongoDriver
import RunbookActions
import RunbookPlan

/// What previews read: all of it by commands that change nothing, each bounded.
struct PreviewReads {
  let call: MongoCall
  let collection: String
  let extent: PreviewExtent

  init(_ context: ActionContext, _ extent: PreviewExtent) throws(ActionError) {
    call = try MongoCall(context)
    collection = try call.collection()
    self.extent = extent
  }

  var target: MongoTarget { call.target }

  /// - Throws: `refused` where there is no such collection.
  func definition() async throws(ActionError) -> CollectionDefinition {
    if let definition = try await target.definition(of: collection) { return definition }
    throw ActionError(
      code: MongoErrorCode.missingCollection, message: "there is no collection '\(collection)' in target '\(target.name)'", kind: .refused,
      help: "check its name and the target's database")
  }

  /// How many rows the stages give.
  func count(_ stages: [BSONDocument]) async throws(ActionError) -> Int64 {
    try await call.aggregate(stages + [["$count": "n"]], in: collection, doing: "counting documents").first?["n"]?.integer ?? 0
  }

  /// About how many documents there are, from the collection's statistics.
  func estimatedCount() async throws(ActionError) -> Int64 {
    let reply = try await target.run(
      ["count": .string(collection), "maxTimeMS": 30_000], collection: collection, doing: "asking how many documents there are")
    return reply["n"]?.integer ?? 0
  }

  /// Documents of the collection, as they are.
  func documents(_ stages: [BSONDocument]) async throws(ActionError) -> [BSONDocument] {
    guard extent.samples > 0 else { return [] }
    return try await call.aggregate(
      stages + [["$limit": .integer(Int64(extent.samples))]], in: collection, doing: "reading sample documents")
  }

  /// By which index the server finds the documents of a filter, in a sentence; nil where it does not say.
  func indexUse(of filter: BSONDocument) async throws(ActionError) -> String? {
    if filter.isEmpty { return "no filter: the whole collection is read" }
    let find: BSONDocument = ["find": .string(collection), "filter": .document(filter)]
    let explain: BSONDocument = ["explain": .document(find), "verbosity": "queryPlanner", "maxTimeMS": 30_000]
    let reply = try await target.run(explain, collection: collection, doing: "explaining the filter")
    guard let plan = ExplainedPlan(reply), !plan.isEmpty else { return nil }
    if plan.isScanning { return "no index finds these documents: each pass reads the whole collection" }
    return "found by index " + plan.indexes.map { "'\($0)'" }.joined(separator: ", ")
  }

  static func sample(before: BSONDocument?, after: BSONDocument?) -> EffectPreview.Sample {
    let id = (before ?? after)?["_id"].map { MongoValues.value($0.decoded) } ?? .null
    return EffectPreview.Sample(
      id: id, before: before.map { .map(MongoValues.map($0)) }, after: after.map { .map(MongoValues.map($0)) })
  }
}

/// Words of previews.
enum PreviewWords {
  static func documents(_ count: Int64) -> String { count == 1 ? "1 document" : "\(count.grouped) documents" }
}
