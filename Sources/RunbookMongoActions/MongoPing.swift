import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.ping`: whether the deployment answers, how fast, and what it is.
public struct MongoPing: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.ping",
    summary: "Asks the server whether it is there and writable, and how long an answer takes.",
    isMutating: false,
    targetType: "mongodb",
    fields: [],
    outputs: [
      .init("roundTrip", .duration, "Time from the question to the answer."),
      .init("writable", .boolean, "Whether a primary answers."),
      .init("version", .text, "Version of the server."),
      .init("topology", .choice(["replicaSet", "sharded", "standalone"]), "What kind of deployment it is."),
      .init("identity", .mapping(.any), "What `identity:` of a target can be compared with."),
    ],
    mainOutput: "roundTrip",
    effectClass: .read,
    example: """
      - id: connection
        action: mongodb.ping
        expect: { allOf: [ { field: writable, equals: true }, { field: roundTrip, below: 250ms } ] }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { [] }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    let facts = try await call.target.serverFacts()
    // Connecting is no part of the round trip: the first exchange is behind us.
    let start = ContinuousClock.now
    let hello = try await call.target.run(["hello": 1], database: "admin", doing: "asking whether it is there")
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    let identity = try await call.target.identity()
    return Observation(outputs: [
      "roundTrip": .duration(seconds * 1_000_000 + attoseconds / 1_000_000_000_000),
      "writable": .bool(hello["isWritablePrimary"]?.isTruthy ?? false),
      "version": .string(facts.version),
      "topology": .string(facts.topology),
      "identity": .map(identity.facts),
    ])
  }
}
