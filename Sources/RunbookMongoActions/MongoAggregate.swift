import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.aggregate`: the first rows of an aggregation that writes nothing.
public struct MongoAggregate: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.aggregate",
    summary: "Runs an aggregation that only reads, and shows its first rows.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("pipeline", .documents(.pipeline), required: true, "Stages; `$out` and `$merge` are refused."),
      .init("limit", .integer(min: 1, max: 10_000), default: "20", "Most rows that are returned."),
    ],
    outputs: [
      .init("count", .integer(min: 0), "How many rows are returned."),
      .init("truncated", .boolean, "Whether there were more."),
      .init("documents", .list(.any), "The rows."),
      .init("first", .any, "The first row; missing where there is none."),
    ],
    mainOutput: "count",
    effectClass: .read,
    example: """
      - id: duplicates
        action: mongodb.aggregate
        with:
          pipeline:
            - { $group: { _id: $email, n: { $sum: 1 } } }
            - { $match: { n: { $gt: 1 } } }
        expect: { field: documents, isEmpty: true }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    ReadingPipeline.review(arguments["pipeline"])
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    let stages = try ReadingPipeline.stages(of: call)
    let limit = context.arguments["limit"]?.integerValue ?? 20
    let rows = try await call.aggregate(stages + [["$limit": .integer(limit + 1)]], in: call.collection(), doing: "aggregating")
    return Observation(outputs: ShownRows(rows, limit: limit).outputs)
  }
}
