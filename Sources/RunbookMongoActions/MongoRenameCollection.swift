import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.renameCollection`: renames a collection to a free name, and back.
public struct MongoRenameCollection: ChangingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.renameCollection",
    summary: "Renames a collection; the new name must be free.",
    isMutating: true,
    targetType: "mongodb",
    fields: [
      .init("from", .text, required: true, "Its name."), .init("to", .text, required: true, "Its new name."),
    ],
    outputs: [.init("renamed", .boolean, "True where the collection has its new name.")],
    mainOutput: "renamed",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("renames the collection back, once indexes and options are seen to be the same"),
    example: """
      - id: archive
        action: mongodb.renameCollection
        with: { from: assets_next, to: assets_current }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    var problems = StructureReview.names(["from", "to"], in: arguments)
    if let from = arguments["from"]?.stringValue, from == arguments["to"]?.stringValue {
      problems.append(ArgumentProblem(path: ["to"], message: "it is the name that the collection has"))
    }
    return problems
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    ["from", "to"].compactMap { arguments[$0]?.stringValue.map { "collection:\($0)" } }
  }

  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    let work = try RenamedCollection(context, from: "from", to: "to")
    return .object(["definition": try await work.record().value])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let work = try RenamedCollection(context, from: "from", to: "to")
    let differences = try await work.move(work.recorded(captured))
    return ActionResult(outputs: ["renamed": true], warnings: differences)
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    let work = try RenamedCollection(context, from: "from", to: "to")
    guard try await work.isMoved(work.recorded(captured)) else { return .notHappened }
    return .happened(ActionResult(outputs: ["renamed": true]))
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    let work = try RenamedCollection(context, from: "from", to: "to")
    return try await work.moveBack(work.recorded(captured))
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let work = try RenamedCollection(context, from: "from", to: "to")
    return try await work.verifyBack(work.recorded(captured), undone)
  }
}

/// What is wrong with arguments that name collections.
enum StructureReview {
  static func names(_ names: [String], in arguments: ValueMap) -> [ArgumentProblem] {
    names.compactMap { name in
      arguments[name]?.stringValue.flatMap(MongoBackup.fault(inName:)).map { ArgumentProblem(path: [name], message: $0) }
    }
  }
}

/// A collection that a step moves from one name to another, and back.
struct RenamedCollection: Sendable {
  let structure: StructureCall
  let from: String
  let to: String

  var rename: CollectionRename { CollectionRename(structure: structure) }

  /// - Parameters: names of the arguments.
  init(_ context: ActionContext, from: String, to: String) throws(ActionError) {
    structure = try StructureCall(context)
    self.from = try structure.collectionName(from)
    self.to = try structure.collectionName(to)
  }

  /// To a name of the program's own.
  init(_ context: ActionContext, from: String, toOwn to: String) throws(ActionError) {
    structure = try StructureCall(context)
    self.from = try structure.collectionName(from)
    self.to = to
  }

  /// What the collection is before it is moved; its new name must be free.
  func record() async throws(ActionError) -> CollectionDefinition {
    let definition = try await structure.requireCollection(from)
    guard try await structure.target.definition(of: to) == nil else { throw rename.inTheWay(to) }
    return definition
  }

  func recorded(_ captured: Value) throws(ActionError) -> CollectionDefinition {
    guard let definition = CollectionDefinition(value: captured["definition"]) else { throw structure.brokenCapture() }
    return definition
  }

  /// Whether it has been moved, with everything that belongs to it.
  func isMoved(_ definition: CollectionDefinition) async throws(ActionError) -> Bool {
    if try await rename.isThere(from, uuid: definition.uuid) { return false }
    guard try await structure.target.definition(of: to) != nil else { return false }
    _ = try await rename.finish()
    return true
  }

  /// Moves it, or finishes a move.
  /// - Returns: what could not be brought along.
  func move(_ definition: CollectionDefinition) async throws(ActionError) -> [String] {
    if try await rename.isThere(from, uuid: definition.uuid) {
      guard try await structure.target.definition(of: to) == nil else { throw rename.inTheWay(to) }
      return try await rename.move(from, to: to)
    }
    guard try await structure.target.definition(of: to) != nil else {
      throw structure.changedMeanwhile("the collection '\(from)' that was recorded before the step is gone, or was made anew")
    }
    return try await rename.finish()
  }

  func moveBack(_ definition: CollectionDefinition) async throws(ActionError) -> UndoResult {
    var differences = try await rename.finish()
    let isBack = try await rename.isThere(from, uuid: definition.uuid)
    let here = try await structure.target.definition(of: from)
    let there = try await structure.target.definition(of: to)
    // Where both are there and the first is what was recorded, nothing was moved, and the second is somebody else's.
    if !isBack || here?.uuid == nil, there != nil {
      guard here == nil else {
        return .conflict(from, "a collection of this name was made since; what it was before stands as '\(to)'")
      }
      differences += try await rename.move(to, to: from)
    } else if here == nil {
      return .conflict(from, "the collection is gone under both names, '\(from)' and '\(to)'")
    }
    guard let now = try await structure.target.definition(of: from) else { return UndoResult() }
    // Made by others since, or lost on the way: both are told, neither is forced.
    differences += definition.differences(to: now, called: from).filter { !differences.contains($0) }
    return .conflicts(differences.map { (object: from, reason: $0) })
  }

  func verifyBack(_ definition: CollectionDefinition, _ undone: UndoResult) async throws(ActionError) -> String? {
    guard undone.conflicts == 0 else { return nil }
    guard let now = try await structure.target.definition(of: from) else { return "the collection '\(from)' is not there again" }
    return definition.differences(to: now, called: from).first
  }
}
