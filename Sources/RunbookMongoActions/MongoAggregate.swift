import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.aggregate`: the first rows of an aggregation that writes nothing.
public struct MongoAggregate: ReadingAction {
  /// Rows beyond this many bytes are cut off: outputs are stored and shown.
  private static let mostBytes = 1 << 20

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
    guard let stages = arguments["pipeline"]?.listValue else { return [] }
    return stages.enumerated().compactMap { index, stage in
      guard let writing = Self.writingStage(stage) else { return nil }
      return ArgumentProblem(
        path: ["pipeline", "\(index)", writing], message: "mongodb.aggregate only reads: \(writing) writes",
        help: "mongodb.backup and mongodb.insert write what they read")
    }
  }

  private static func writingStage(_ stage: Value) -> String? { ["$out", "$merge"].first { stage[$0] != nil } }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    guard let given = context.arguments["pipeline"], let stages = given.listValue else {
      throw call.unfit("pipeline", "takes a list of stages")
    }
    if let writing = stages.compactMap(Self.writingStage).first {
      throw call.unfit("pipeline", "must not hold \(writing): the action only reads")
    }
    let limit = context.arguments["limit"]?.integerValue ?? 20
    let pipeline = try MongoValues.documents(given, at: "pipeline") + [["$limit": .integer(limit + 1)]]
    let rows = try await call.aggregate(pipeline, in: call.collection(), doing: "aggregating")
    var bytes = 0
    var isCut = rows.count > limit
    var documents: [Value] = []
    for row in rows.prefix(Int(limit)) {
      bytes += row.byteCount
      if bytes > Self.mostBytes, !documents.isEmpty {
        isCut = true
        break
      }
      documents.append(.map(MongoValues.map(row)))
    }
    var outputs: ValueMap = ["count": .integer(Int64(documents.count)), "truncated": .bool(isCut), "documents": .list(documents)]
    if let first = documents.first { outputs["first"] = first }
    return Observation(outputs: outputs)
  }
}
