import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.find`: the first documents that fit a filter.
public struct MongoFind: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.find",
    summary: "Shows the first documents that fit a filter.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .filter,
      .init("projection", .document(.data), "Which fields are shown."),
      .init("sort", .document(.data), "In which order; without one, any."),
      .init("limit", .integer(min: 1, max: 10_000), default: "20", "Most documents that are returned."),
    ],
    outputs: [
      .init("count", .integer(min: 0), "How many documents are returned."),
      .init("truncated", .boolean, "Whether there were more."),
      .init("documents", .list(.any), "The documents, at most 1 MiB of them."),
      .init("first", .any, "The first document; missing where there is none."),
    ],
    mainOutput: "count",
    effectClass: .read,
    example: """
      - id: sample
        title: Ten of them, to look at
        action: mongodb.find
        with: { filter: { layer: G }, projection: { name: 1, description: 1 }, sort: { name: 1 }, limit: 10 }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { [] }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    let collection = try call.collection()
    let limit = context.arguments["limit"]?.integerValue ?? 20
    let command = try Self.command(call, collection: collection, limit: limit)
    var rows: [BSONDocument] = []
    try await call.stream(command, of: call.target, collection: collection, doing: "finding documents") {
      batch throws(ActionError) in
      rows += batch
    }
    return Observation(outputs: ShownRows(rows, limit: limit).outputs)
  }

  private static func command(_ call: MongoCall, collection: String, limit: Int64) throws(ActionError) -> BSONDocument {
    let filter = try call.filter()
    let projection = try call.document("projection")
    let sort = try call.document("sort")
    return BSONDocument { writer in
      writer.append("find", collection)
      writer.append("filter", filter)
      if let projection { writer.append("projection", projection) }
      if let sort { writer.append("sort", sort) }
      // One more tells whether there are more.
      writer.append("limit", .integer(limit + 1))
      writer.append("readConcern", ["level": "majority"] as BSONDocument)
      writer.append("maxTimeMS", .integer(call.limit))
    }
  }
}
