import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.distribution`: how many documents there are of each value.
public struct MongoDistribution: ReadingAction {
  /// A group is a value that people compare; more of them are no distribution but a list.
  private static let mostGroups = 1000

  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.distribution",
    summary: "Counts the documents of each value of a field or expression.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("by", .oneOf([.text, .document(.expression)]), required: true, "Path of a field, or an aggregation expression."),
      .filter,
    ],
    outputs: [
      .init("groups", .mapping(.integer(min: 0)), "Value to count; null and missing are counted under `null`. At most 1,000 values."),
      .init("total", .integer(min: 0), "How many documents there are in all."),
    ],
    mainOutput: "groups",
    effectClass: .read,
    example: """
      - id: layers
        action: mongodb.distribution
        with: { by: layer }
        expect: { field: groups.S, equals: 88 }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    guard let path = arguments["by"]?.stringValue, !FieldPath.isValid(path.hasPrefix("$") ? String(path.dropFirst()) : path) else {
      return []
    }
    return [ArgumentProblem(path: ["by"], message: "'\(path)' is no path of a field")]
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    let key: BSONValue
    switch context.arguments["by"] {
    case .string(let path): key = .string(path.hasPrefix("$") ? path : "$" + path)
    case .some(let expression): key = try MongoValues.bson(expression, at: "by")
    case nil: throw call.unfit("by", "is missing")
    }
    let pipeline: [BSONDocument] =
      try call.matchStages() + [
        ["$group": ["_id": key, "count": ["$sum": 1]]], ["$sort": ["_id": 1]], ["$limit": .integer(Int64(Self.mostGroups + 1))],
      ]
    let rows = try await call.aggregate(pipeline, in: call.collection(), doing: "counting the documents of each value")
    guard rows.count <= Self.mostGroups else {
      throw call.unfit("by", "gives more than \(Self.mostGroups) different values")
    }
    var groups: ValueMap = [:]
    var total: Int64 = 0
    // Text first: `null` and 1 step aside for the texts "null" and "1".
    for row in rows.filter({ $0["_id"]?.string != nil }) + rows.filter({ $0["_id"]?.string == nil }) {
      guard let key = row["_id"], let count = row["count"]?.integer else { continue }
      var name = key.string ?? key.extendedJSON(canonical: false)
      while groups[name] != nil { name += " (\(key.type.serverName))" }
      groups[name] = .integer(count)
      total += count
    }
    return Observation(outputs: ["groups": .map(groups), "total": .integer(total)])
  }
}

/// Paths of fields: `a.b.c`.
enum FieldPath {
  /// No empty part, none that begins with `$`.
  static func isValid(_ path: String) -> Bool {
    !path.isEmpty && BSONDocument.isValidKey(path)
      && path.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && !$0.hasPrefix("$") }
  }
}
