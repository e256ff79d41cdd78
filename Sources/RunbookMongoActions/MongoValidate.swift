import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.validate`: how many documents do not fit a schema.
public struct MongoValidate: ReadingAction {
  private static let mostExamples: Int64 = 10

  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.validate",
    summary: "Counts the documents that do not fit a schema.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init(
        "schema", .document(.data),
        "The body of `$jsonSchema`; by default the collection's own validator, whatever its level. Without either there is no data."),
      .filter,
    ],
    outputs: [
      .init("violations", .integer(min: 0), "Documents that do not fit."),
      .init("examples", .list(.any), "The `_id`s of at most ten of them."),
    ],
    mainOutput: "violations",
    effectClass: .read,
    example: """
      - id: well-formed
        action: mongodb.validate
        with: { schema: { required: [name], properties: { name: { bsonType: string } } } }
        expect: { equals: 0 }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    guard let schema = arguments["schema"]?.mapValue, schema.count == 1, schema["$jsonSchema"] != nil else { return [] }
    return [
      ArgumentProblem(
        path: ["schema", "$jsonSchema"], message: "'schema' is the body of $jsonSchema",
        help: "leave '$jsonSchema' out, and write what is in it")
    ]
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    let collection = try call.collection()
    let condition: BSONDocument
    if let schema = try call.document("schema") {
      condition = ["$jsonSchema": .document(schema)]
    } else if let own = try await validator(of: collection, call) {
      condition = own
    } else {
      return Observation(outputs: [:], noDataReason: "'\(collection)' has no validator, and no 'schema' is given")
    }
    let stages = try call.matchStages() + [["$match": ["$nor": .array(BSONArray([.document(condition)]))]]]
    let counted = try await call.aggregate(stages + [["$count": "count"]], in: collection, doing: "validating documents")
    let violations = counted.first?["count"]?.integer ?? 0
    var examples: [Value] = []
    if violations > 0 {
      let rows = try await call.aggregate(
        stages + [["$limit": .integer(Self.mostExamples)], ["$project": ["_id": 1]]], in: collection, doing: "validating documents")
      examples = rows.compactMap { $0["_id"].map { MongoValues.value($0.decoded) } }
    }
    return Observation(outputs: ["violations": .integer(violations), "examples": .list(examples)])
  }

  private func validator(of collection: String, _ call: MongoCall) async throws(ActionError) -> BSONDocument? {
    guard let definition = try await call.target.definition(of: collection) else {
      throw ActionError(
        code: MongoErrorCode.missingCollection, message: "there is no collection '\(collection)' in target '\(call.target.name)'",
        kind: .refused, help: "check the collection's name and the target's database")
    }
    guard let validator = definition.options["validator"]?.document, !validator.isEmpty else { return nil }
    return validator
  }
}
