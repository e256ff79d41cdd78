import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.dropCollection`: takes a collection out of the way under a name of the program's own, and leaves the dropping to `finalize`.
public struct MongoDropCollection: ChangingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.dropCollection",
    summary: "Takes a collection away: it is renamed, and dropped only by `runbook finalize`.",
    isMutating: true,
    targetType: "mongodb",
    fields: [.init("name", .text, required: true, "Name of the collection.")],
    outputs: [
      .init("documents", .integer(min: 0), "How many documents it holds."), .init("keptAs", .text, "Its name until `finalize`."),
    ],
    mainOutput: "documents",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("renames the collection back"),
    example: """
      - id: old-collection
        action: mongodb.dropCollection
        with: { name: assets_2019 }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    StructureReview.names(["name"], in: arguments)
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    arguments["name"]?.stringValue.map { ["collection:\($0)"] } ?? []
  }

  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    .object(["definition": try await work(context).record().value])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let work = try work(context)
    let definition = try work.recorded(captured)
    let differences = try await work.move(definition)
    return try await result(work, definition, warnings: differences)
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    let work = try work(context)
    let definition = try work.recorded(captured)
    guard try await work.isMoved(definition) else { return .notHappened }
    return .happened(try await result(work, definition, warnings: []))
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    let work = try work(context)
    return try await work.moveBack(work.recorded(captured))
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let work = try work(context)
    return try await work.verifyBack(work.recorded(captured), undone)
  }

  private func work(_ context: ActionContext) throws(ActionError) -> RenamedCollection {
    try RenamedCollection(context, from: "name", toOwn: RunbookCollections.dropped(run: context.run.id, step: context.subject))
  }

  private func result(_ work: RenamedCollection, _ definition: CollectionDefinition, warnings: [String]) async throws(ActionError)
    -> ActionResult
  {
    let count = try await work.structure.target.run(
      ["count": .string(work.to), "maxTimeMS": 30_000], collection: work.to, doing: "counting what is kept")
    let expiring = definition.indexes.filter { $0.value["expireAfterSeconds"] != nil }.keys.map {
      "index '\($0)' lets documents expire, also in the collection that is kept for the way back"
    }
    return ActionResult(
      outputs: ["documents": .integer(count["n"]?.integer ?? 0), "keptAs": .string(work.to)], warnings: warnings + expiring)
  }
}
