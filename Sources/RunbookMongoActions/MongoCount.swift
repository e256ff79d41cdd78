import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.count`: exactly how many documents fit a filter.
public struct MongoCount: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.count",
    summary: "Counts the documents that fit a filter, exactly.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [.filter],
    outputs: [.init("count", .integer(min: 0), "How many documents fit; 0 for a collection that is not there.")],
    mainOutput: "count",
    effectClass: .read,
    example: """
      - id: none-left
        action: mongodb.count
        with: { filter: { creatorDescription: { $exists: false } } }
        expect: { equals: 0 }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { [] }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    // The `count` command may answer from metadata that an unclean shutdown left wrong, and counts orphans behind a router.
    let rows = try await call.aggregate(
      try call.matchStages() + [["$count": "count"]], in: call.collection(), doing: "counting documents")
    return Observation(outputs: ["count": .integer(rows.first?["count"]?.integer ?? 0)])
  }
}
