import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.createIndex`: builds an index, and drops it again only where it was not there before.
public struct MongoCreateIndex: ChangingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.createIndex",
    summary: "Builds an index.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("keys", .document(.data), required: true, "Fields in their order: 1, -1, or a kind like `text`."),
      .init("name", .text, "Name of the index; made of the keys by default."),
      .init("unique", .boolean, default: "false", "Whether no two documents may have the same key."),
      .init("sparse", .boolean, default: "false", "Whether documents without the fields are left out."),
      .init("partialFilterExpression", .document(.data), "Which documents the index holds."),
      .init("collation", .document(.data), "How texts are compared."),
      .init("expireAfter", .duration, "Documents go this long after the time in the field; whole seconds."),
      .init("hidden", .boolean, default: "false", "Whether queries pass the index over."),
      .init(
        "build", .choice(["direct", "prepareUnique"]), default: "direct",
        "`prepareUnique` (MongoDB 6.0 on) first forbids new duplicates, then lists ten of those there are and fails, dropping what it built."
      ),
    ],
    outputs: [
      .init("name", .text, "Name of the index."), .init("created", .boolean, "False where the index was there before the step."),
    ],
    mainOutput: "name",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("drops the index, only where this run made it"),
    example: """
      - id: unique-index
        action: mongodb.createIndex
        deadline: 8h
        with: { name: email_unique, keys: { email: 1 }, unique: true, partialFilterExpression: { email: { $gt: "" } } }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    var problems: [ArgumentProblem] = []
    if case .map(let keys) = arguments["keys"], keys.isEmpty {
      problems.append(ArgumentProblem(path: ["keys"], message: "an index needs at least one field", help: "write keys: { field: 1 }"))
    }
    if arguments["build"] == "prepareUnique", arguments["unique"] != true, !unknown.contains("unique") {
      problems.append(
        ArgumentProblem(path: ["build"], message: "'prepareUnique' builds a unique index, and this one is not", help: "add 'unique: true'"))
    }
    if arguments["sparse"] == true, arguments["partialFilterExpression"] != nil {
      problems.append(ArgumentProblem(path: ["sparse"], message: "'sparse' and 'partialFilterExpression' exclude each other"))
    }
    if let expiry = arguments["expireAfter"]?.durationValue, expiry % 1_000_000 != 0 || expiry < 0 || expiry > 2_147_483_647_000_000 {
      problems.append(ArgumentProblem(path: ["expireAfter"], message: "an expiry is a number of whole seconds up to 2147483647"))
    }
    if arguments["name"]?.stringValue == "_id_" {
      problems.append(ArgumentProblem(path: ["name"], message: "'_id_' is the index that every collection has"))
    }
    return problems
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    (collection ?? arguments["collection"]?.stringValue).map { ["collection:\($0)"] } ?? []
  }

  /// What there is under the index's name; the index must not be defined otherwise.
  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    let work = try await IndexWork(context)
    switch try await work.build.standing() {
    case .absent: return .object(["before": .null])
    case .other(let found), .prepared(let found): throw work.inTheWay(found)
    case .finished: return .object(["before": "finished"])
    // Somebody else is building it; it is not this run's.
    case .building: return .object(["before": "building"])
    }
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    var work = try await IndexWork(context)
    work.build.isOwn = captured["before"] == .null
    switch try await work.build.standing() {
    case .other(let found): throw work.inTheWay(found)
    case .prepared(let found) where !work.build.isOwn: throw work.inTheWay(found)
    case .finished: break
    case .absent, .building, .prepared: try await work.build.build()
    }
    return work.result(captured)
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    let work = try await IndexWork(context)
    guard case .finished = try await work.build.standing() else { return .notHappened }
    return .happened(work.result(captured))
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    guard captured["before"] == .null, outputs?["created"] != false else { return UndoResult() }
    let work = try await IndexWork(context, mayBeGone: true)
    switch try await work.build.standing() {
    case .absent: return UndoResult()
    case .finished, .building, .prepared: try await work.build.drop()
    case .other: return .conflict(work.build.index.name, "the index was dropped and made otherwise since; it is left as it is")
    }
    return UndoResult()
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    guard captured["before"] == .null, undone.conflicts == 0 else { return nil }
    let work = try await IndexWork(context, mayBeGone: true)
    switch try await work.build.standing() {
    case .absent, .other: return nil
    case .finished, .building, .prepared: return "the index '\(work.build.index.name)' is still there"
    }
  }
}

/// One call of the action.
private struct IndexWork {
  let structure: StructureCall
  var build: IndexBuild

  init(_ context: ActionContext, mayBeGone: Bool = false) async throws(ActionError) {
    structure = try StructureCall(context)
    let collection = try structure.call.collection()
    let definition = mayBeGone ? try await structure.target.definition(of: collection) : try await structure.requireCollection(collection)
    build = IndexBuild(
      commands: structure.commands, collection: collection, index: try IndexDefinition(context.arguments),
      collation: definition?.options["collation"]?.document,
      style: context.arguments["build"] == "prepareUnique" ? .prepareUnique : .direct,
      limit: structure.buildLimit, isStopped: { context.stop.isRequested }, progress: context.progress)
  }

  func result(_ captured: Value) -> ActionResult {
    ActionResult(outputs: ["name": .string(build.index.name), "created": .bool(captured["before"] == .null)])
  }

  func inTheWay(_ found: BSONDocument) -> ActionError {
    ActionError(
      code: StructureErrorCode.indexInTheWay,
      message:
        "'\(build.collection)' of target '\(structure.target.name)' has an index '\(build.index.name)' that is defined otherwise: \(found.extendedJSON(canonical: false))",
      kind: .refused, help: "give the index another name, or drop the one that is there first")
  }
}
