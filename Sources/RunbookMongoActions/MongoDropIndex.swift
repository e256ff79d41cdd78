import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.dropIndex`: drops an index, and builds it again from its recorded definition.
public struct MongoDropIndex: ChangingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.dropIndex",
    summary: "Drops an index and keeps its definition.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [.init("name", .text, required: true, "Name of the index.")],
    outputs: [
      .init("dropped", .boolean, "False where there was no such index."), .init("definition", .mapping(.any), "How it was defined."),
    ],
    mainOutput: "dropped",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("builds the index again"),
    example: """
      - id: drop-order-index
        action: mongodb.dropIndex
        with: { name: email_updated }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    switch arguments["name"]?.stringValue {
    case "_id_": [ArgumentProblem(path: ["name"], message: "'_id_' is the index that every collection has; it cannot be dropped")]
    case "*": [ArgumentProblem(path: ["name"], message: "'*' means all indexes to the server", help: "write a step for each index")]
    case "": [ArgumentProblem(path: ["name"], message: "an index has a name")]
    default: []
    }
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    (collection ?? arguments["collection"]?.stringValue).map { ["collection:\($0)"] } ?? []
  }

  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    let work = try await DroppedIndex(context)
    guard let index = try await work.current() else { return .object(["definition": .null]) }
    guard !(index["clustered"]?.isTruthy ?? false) else {
      throw work.structure.call.unfit("name", "names the clustered index, which cannot be dropped")
    }
    return .object(["definition": .string(index.extendedJSON(canonical: true))])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let work = try await DroppedIndex(context)
    let recorded = try work.recorded(captured)
    if let found = try await work.current() {
      guard let recorded, CollectionDefinition.areEqual(found, recorded) else {
        throw work.structure.changedMeanwhile(
          "the index '\(work.name)' of '\(work.collection)' is not as it was recorded before the step, so it was not dropped")
      }
      try await work.drop()
    }
    return work.result(recorded)
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    let work = try await DroppedIndex(context)
    guard try await work.current() == nil else { return .notHappened }
    return .happened(work.result(try work.recorded(captured)))
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    let work = try await DroppedIndex(context, mayBeGone: true)
    guard let recorded = try work.recorded(captured) else { return UndoResult() }
    guard let definition = work.definition else {
      return .conflict(work.name, "the collection '\(work.collection)' is gone, and the index with it")
    }
    if let found = try await work.current() {
      if CollectionDefinition.areEqual(found, recorded) { return UndoResult() }
      return .conflict(work.name, "an index of this name was made since and is defined otherwise; it is left as it is")
    }
    guard let index = IndexDefinition(recorded: recorded) else { throw work.structure.brokenCapture() }
    do throws(ActionError) {
      try await IndexBuild(
        commands: work.structure.commands, collection: work.collection, index: index, collation: definition.options["collation"]?.document,
        limit: work.structure.buildLimit, progress: context.progress
      ).build()
    } catch {
      guard [StructureErrorCode.duplicates, StructureErrorCode.indexInTheWay].contains(error.code) else { throw error }
      return .conflict(work.name, "the index cannot be built again: \(error.message)")
    }
    return UndoResult()
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let work = try await DroppedIndex(context, mayBeGone: true)
    guard let recorded = try work.recorded(captured), undone.conflicts == 0 else { return nil }
    guard let found = try await work.current() else { return "the index '\(work.name)' is not there again" }
    return CollectionDefinition.areEqual(found, recorded)
      ? nil : "the index '\(work.name)' is \(found.extendedJSON(canonical: false)), it was \(recorded.extendedJSON(canonical: false))"
  }
}

/// One call of the action.
private struct DroppedIndex {
  let structure: StructureCall
  let collection: String
  let name: String
  /// The collection's; nil where it is gone.
  let definition: CollectionDefinition?

  init(_ context: ActionContext, mayBeGone: Bool = false) async throws(ActionError) {
    structure = try StructureCall(context)
    collection = try structure.call.collection()
    guard let name = context.arguments["name"]?.stringValue else { throw structure.call.unfit("name", "is missing") }
    self.name = name
    definition = mayBeGone ? try await structure.target.definition(of: collection) : try await structure.requireCollection(collection)
  }

  func current() async throws(ActionError) -> BSONDocument? { try await structure.target.definition(of: collection)?.indexes[name] }

  func recorded(_ captured: Value) throws(ActionError) -> BSONDocument? {
    switch captured["definition"] {
    case .null?: return nil
    case .string(let text)?:
      guard let document = CollectionDefinition.document(text) else { throw structure.brokenCapture() }
      return document
    default: throw structure.brokenCapture()
    }
  }

  func drop() async throws(ActionError) {
    do throws(CommandFailure) {
      _ = try await structure.commands.change(
        ["dropIndexes": .string(collection), "index": .string(name)], collection: collection, doing: "dropping index '\(name)'")
    } catch {
      if error.code != CommandFailure.missingIndex { throw error.error }
    }
  }

  func result(_ recorded: BSONDocument?) -> ActionResult {
    ActionResult(outputs: [
      "dropped": .bool(recorded != nil), "definition": recorded.map { .map(MongoValues.map($0)) } ?? .emptyMap,
    ])
  }
}
