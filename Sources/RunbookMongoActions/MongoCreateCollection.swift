import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.createCollection`: creates an empty collection, and drops it again only where it is still empty.
public struct MongoCreateCollection: ChangingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.createCollection",
    summary: "Creates an empty collection.",
    isMutating: true,
    targetType: "mongodb",
    fields: [
      .init("name", .text, required: true, "Name of the collection."),
      .init("validator", .document(.data), "What its documents must fulfil."),
      .init("collation", .document(.data), "How its texts are compared."),
      .init("options", .document(.data), "Further options of the server's `create` command."),
    ],
    outputs: [.init("created", .boolean, "False where the collection was there, with the same options.")],
    mainOutput: "created",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("drops the collection if it is still empty"),
    example: """
      - id: new-collection
        action: mongodb.createCollection
        with: { name: layers, validator: { title: { $type: string } } }
      """)

  /// Options that are fields of their own, that are the command's and not the collection's, or that make something else than a collection.
  private static let refused: [String: String] = [
    "create": "'name' names the collection", "validator": "write 'validator' beside 'options'",
    "collation": "write 'collation' beside 'options'",
    "writeConcern": "every change is written durably", "maxTimeMS": "the lease says how long it may take", "comment": "remove it",
    "viewOn": "a view is no collection", "pipeline": "a view is no collection", "timeseries": "a time-series collection cannot be renamed",
    "autoIndexId": "every collection has its '_id_'",
  ]

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    let options = arguments["options"]?.mapValue ?? [:]
    return StructureReview.names(["name"], in: arguments)
      + options.keys.compactMap { key in
        Self.refused[key].map { ArgumentProblem(path: ["options", key], message: "'\(key)' is no option here", help: $0) }
      }
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    arguments["name"]?.stringValue.map { ["collection:\($0)"] } ?? []
  }

  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    let work = try NewCollection(context)
    guard let found = try await work.current() else { return .object(["before": .null]) }
    guard work.isWanted(found) else { throw work.inTheWay(found) }
    return .object(["before": found.value])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let work = try NewCollection(context)
    do throws(CommandFailure) {
      _ = try await work.structure.commands.change(work.command, collection: work.name, doing: "creating it")
    } catch {
      guard error.code == CommandFailure.collectionExists else { throw error.error }
      if let found = try await work.current(), !work.isWanted(found) { throw work.inTheWay(found) }
    }
    return Self.result(captured)
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    let work = try NewCollection(context)
    guard let found = try await work.current(), work.isWanted(found) else { return .notHappened }
    return .happened(Self.result(captured))
  }

  private static func result(_ captured: Value) -> ActionResult {
    ActionResult(outputs: ["created": .bool(captured["before"] == .null)])
  }

  /// Takes it out of the way first: what the application inserts in between comes back with it, and is not dropped with it.
  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    guard captured["before"] == .null, outputs?["created"] != false else { return UndoResult() }
    let work = try NewCollection(context)
    if try await work.structure.target.definition(of: work.aside) == nil {
      guard let found = try await work.current() else { return UndoResult() }
      if let reason = try await work.reasonToKeep(work.name, found) { return .conflict(work.name, reason) }
      _ = try await work.rename.move(work.name, to: work.aside)
    }
    if try await work.count(work.aside) > 0 {
      guard try await work.current() == nil else {
        return .conflict(work.name, "documents were inserted while it was taken away; they stand in '\(work.aside)'")
      }
      _ = try await work.rename.move(work.aside, to: work.name)
      return .conflict(work.name, "the collection is not empty any more, and was kept")
    }
    try await work.dropAside()
    return UndoResult()
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    guard captured["before"] == .null, undone.conflicts == 0 else { return nil }
    let work = try NewCollection(context)
    guard let found = try await work.current(), try await work.reasonToKeep(work.name, found) == nil else { return nil }
    return "the collection '\(work.name)' is still there"
  }
}

/// One call of the action.
private struct NewCollection {
  let structure: StructureCall
  let name: String
  /// As the plan asks for them.
  let options: BSONDocument

  var rename: CollectionRename { CollectionRename(structure: structure) }
  /// Where it goes before it is dropped. Nothing else ever drops what stands there: it may hold the application's documents.
  var aside: String { RunbookCollections.aside(run: structure.context.run.id, step: structure.context.subject) }

  init(_ context: ActionContext) throws(ActionError) {
    structure = try StructureCall(context)
    name = try structure.collectionName("name")
    var parts: [(String, BSONDocument)] = []
    for field in ["validator", "collation"] {
      if let value = context.arguments[field], !value.isNull { parts.append((field, try MongoValues.document(value, at: field))) }
    }
    let further = try context.arguments["options"].map { value throws(ActionError) in
      value.isNull ? BSONDocument() : try MongoValues.document(value, at: "options")
    }
    options = BSONDocument { writer in
      for (key, document) in parts { writer.append(key, document) }
      if let further { writer.append(fieldsOf: further) }
    }
  }

  var command: BSONDocument {
    BSONDocument { writer in
      writer.append("create", name)
      writer.append(fieldsOf: options)
    }
  }

  func current() async throws(ActionError) -> CollectionDefinition? { try await structure.target.definition(of: name) }

  func isWanted(_ found: CollectionDefinition) -> Bool {
    found.kind == "collection" && CollectionDefinition.options(found.options, fit: options)
  }

  func inTheWay(_ found: CollectionDefinition) -> ActionError {
    let what = found.kind == "collection" ? "with other options: \(found.options.extendedJSON(canonical: false))" : "of type \(found.kind)"
    return ActionError(
      code: StructureErrorCode.collectionInTheWay,
      message: "there is a collection '\(name)' in target '\(structure.target.name)' already, \(what)", kind: .refused,
      help: "take another name, or the same options")
  }

  /// Why it is not ours to drop any more; nil where it is as it was made.
  func reasonToKeep(_ collection: String, _ found: CollectionDefinition) async throws(ActionError) -> String? {
    guard isWanted(found) else { return "the collection was made otherwise since, or its options were changed; it was kept" }
    let others = found.indexes.filter { $0.key != "_id_" && !($0.value["clustered"]?.isTruthy ?? false) }
    if let first = others.keys.first { return "the collection has an index '\(first)' that this step did not make; it was kept" }
    return try await count(collection) > 0 ? "the collection is not empty any more, and was kept" : nil
  }

  /// One document is enough to know.
  func count(_ collection: String) async throws(ActionError) -> Int {
    try await structure.commands.read(
      ["find": .string(collection), "limit": 1, "readConcern": ["level": "local"], "maxTimeMS": 30_000], collection: collection,
      doing: "looking whether it is empty"
    ).count
  }

  func dropAside() async throws(ActionError) {
    do throws(CommandFailure) {
      _ = try await structure.commands.change(["drop": .string(aside)], collection: aside, doing: "dropping it")
    } catch {
      if error.code != CommandFailure.missingCollection { throw error.error }
    }
  }
}
