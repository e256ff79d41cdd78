import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.fields`: how many documents have fields, and of what types.
public struct MongoFieldShares: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.fields",
    summary: "Tells which share of the documents has fields, how many are null, and of what types they are.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [.init("fields", .list(.text), required: true, "Paths of the fields."), .filter],
    outputs: [
      .init("allPresent", .percentage, "Share of the documents that have all of the fields."),
      .init("documents", .integer(min: 0), "How many documents were looked at; with none there is nothing to judge."),
      .init(
        "fields", .mapping(.any),
        "Per field: `presence`, share of all; `null` and `types`, shares of those that have it. Each field also stands beside this by its path."
      ),
    ],
    mainOutput: "allPresent",
    effectClass: .read,
    example: """
      - id: well-formed
        action: mongodb.fields
        with: { fields: [name, layer] }
        expect: { field: allPresent, equals: 100% }
      """,
    hasOutputsByArgument: true)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    guard let fields = arguments["fields"]?.listValue else { return [] }
    if fields.isEmpty { return [ArgumentProblem(path: ["fields"], message: "at least one field is due")] }
    return fields.enumerated().compactMap { index, field in
      guard let path = field.stringValue, !FieldPath.isValid(path) else { return nil }
      return ArgumentProblem(path: ["fields", "\(index)"], message: "'\(path)' is no path of a field")
    }
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    let paths = Array(OrderedSet(try call.texts("fields")))
    guard !paths.isEmpty, paths.allSatisfy(FieldPath.isValid) else { throw call.unfit("fields", "takes paths of fields") }
    let key = BSONDocument(paths.enumerated().map { ("f\($0.offset)", BSONValue.document(["$type": .string("$" + $0.element)])) })
    let rows = try await call.aggregate(
      try call.matchStages() + [["$group": ["_id": .document(key), "count": ["$sum": 1]]]], in: call.collection(),
      doing: "looking at fields")
    var shares = FieldShares(paths: paths)
    for row in rows {
      guard let types = row["_id"]?.document, let count = row["count"]?.integer else { continue }
      shares.add(types: paths.indices.map { types["f\($0)"]?.string ?? "missing" }, count: count)
    }
    guard shares.documents > 0 else {
      return Observation(outputs: ["documents": 0], noDataReason: "no document fits, so there are no shares")
    }
    return Observation(outputs: shares.outputs)
  }
}

private struct FieldShares {
  let paths: [String]
  var documents: Int64 = 0
  private var complete: Int64 = 0
  private var types: [OrderedDictionary<String, Int64>]

  init(paths: [String]) {
    self.paths = paths
    types = Array(repeating: [:], count: paths.count)
  }

  mutating func add(types found: [String], count: Int64) {
    documents += count
    if !found.contains("missing") { complete += count }
    for (index, type) in found.enumerated() { types[index][type, default: 0] += count }
  }

  var outputs: ValueMap {
    var fields: ValueMap = [:]
    for (path, counts) in zip(paths, types) {
      let present = documents - (counts["missing"] ?? 0)
      var named: ValueMap = [:]
      for (type, count) in counts.sorted(by: { $0.key < $1.key }) where type != "missing" && type != "null" {
        named[type] = share(count, of: present)
      }
      fields[path] = .object([
        "presence": share(present, of: documents), "null": share(counts["null"] ?? 0, of: present), "types": .map(named),
      ])
    }
    var outputs: ValueMap = ["allPresent": share(complete, of: documents), "documents": .integer(documents), "fields": .map(fields)]
    for (path, field) in fields where outputs[path] == nil { outputs[path] = field }
    return outputs
  }

  private func share(_ part: Int64, of whole: Int64) -> Value { .double(whole == 0 ? 0 : Double(part) / Double(whole)) }
}
