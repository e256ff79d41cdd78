import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.explain`: how the server carries a query out.
public struct MongoExplain: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.explain",
    summary: "Asks the server how it carries a query out: by which index, and how many documents it looks at.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("filter", .document(.data), default: "{}", "The query's filter; this or `pipeline`."),
      .init("sort", .document(.data), "The query's order."),
      .init("pipeline", .documents(.pipeline), "An aggregation that only reads, in place of a query."),
    ],
    outputs: [
      .init("indexUsed", .boolean, "Whether no collection is scanned, on no shard."),
      .init("indexes", .list(.text), "Names of the indexes that are used."),
      .init("examined", .integer(min: 0), "Documents that the server looked at, on all shards."),
      .init("returned", .integer(min: 0), "Documents that fit; of an aggregation, that its first part gave."),
      .init("examinedPerReturned", .number, "The one divided by the other; no data where none fit."),
      .init("stage", .text, "Name of the plan's innermost stage: `COLLSCAN` where a collection is scanned."),
    ],
    mainOutput: "indexUsed",
    effectClass: .read,
    example: """
      - id: query-uses-index
        action: mongodb.explain
        with: { filter: { name: S.POP.HPM.001 } }
        expect: { allOf: [ { field: indexUsed, equals: true }, { field: examinedPerReturned, atMost: 2 } ] }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { SampledQuery.review(arguments) }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    let collection = try call.collection()
    let query = try SampledQuery(call)
    let command: BSONDocument = [
      "explain": .document(query.explained(collection)), "verbosity": "executionStats", "maxTimeMS": .integer(call.limit),
    ]
    let client = try call.target.client(forMilliseconds: call.limit)
    let reply: BSONDocument
    do throws(MongoError) {
      reply = try await client.runCommand(command, database: call.target.database)
    } catch {
      throw call.target.error(error, collection: collection, doing: "explaining a query")
    }
    guard let plan = ExplainedPlan(reply) else {
      throw ActionError(
        code: MongoErrorCode.failed, message: "'\(collection)' of target '\(call.target.name)': the server's explanation names no stage",
        kind: .refused, help: "look at it with mongodb.command, and report it as a defect with the server's version")
    }
    guard !plan.isEmpty else {
      return Observation(
        outputs: ["stage": "EOF"], noDataReason: "'\(collection)' is not there, or the filter can never hold: nothing is looked at")
    }
    return Observation(outputs: plan.outputs)
  }
}

/// The query of an action that looks at how queries are carried out: a filter with an order, or an aggregation.
struct SampledQuery: Sendable {
  private let filter: BSONDocument
  private let sort: BSONDocument?
  private let pipeline: [BSONDocument]?

  static func review(_ arguments: ValueMap) -> [ArgumentProblem] {
    guard arguments["pipeline"] != nil else { return [] }
    let beside = ["filter", "sort"].filter { arguments[$0] != nil }
    let problems = beside.map {
      ArgumentProblem(
        path: [$0], message: "'\($0)' and 'pipeline' exclude each other", help: "put it into the pipeline, as $match or $sort")
    }
    return problems + ReadingPipeline.review(arguments["pipeline"])
  }

  init(_ call: MongoCall) throws(ActionError) {
    pipeline = call.context.arguments["pipeline"] == nil ? nil : try ReadingPipeline.stages(of: call)
    filter = try call.filter()
    sort = try call.document("sort")
  }

  /// The command as an application would send it, for `explain`.
  func explained(_ collection: String) -> BSONDocument {
    guard let pipeline else { return find(collection) { _ in } }
    return [
      "aggregate": .string(collection), "pipeline": .array(BSONArray(pipeline.map(BSONValue.document))), "cursor": .document([:]),
    ]
  }

  /// Documents of the first answer of a server.
  private static let firstBatch: Int64 = 101

  /// One request that gives all of its answer at once: the first 101 documents, so that no cursor stays open.
  func sampled(_ collection: String, limit: Int64) -> BSONDocument {
    guard let pipeline else {
      return find(collection) { writer in
        writer.append("singleBatch", true)
        writer.append("maxTimeMS", .integer(limit))
      }
    }
    let stages = pipeline + [["$limit": .integer(Self.firstBatch)]]
    return [
      "aggregate": .string(collection), "pipeline": .array(BSONArray(stages.map(BSONValue.document))),
      "cursor": ["batchSize": .integer(Self.firstBatch + 1)], "maxTimeMS": .integer(limit),
    ]
  }

  private func find(_ collection: String, _ more: (inout BSONWriter) -> Void) -> BSONDocument {
    BSONDocument { writer in
      writer.append("find", collection)
      writer.append("filter", filter)
      if let sort { writer.append("sort", sort) }
      more(&writer)
    }
  }
}
