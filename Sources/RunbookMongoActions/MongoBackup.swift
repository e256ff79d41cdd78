import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.backup`: a copy of a collection with its options and indexes, proven by reading it back.
///
/// A fuzzy copy (`fuzzyVerified`): the application goes on writing, each copied document is a version that existed while it was copied, and the copy
/// is proven to be what was read, byte by byte. The rollback does not need it.
public struct MongoBackup: ChangingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.backup",
    summary: "Copies a collection with its options and indexes, and proves the copy by a digest of both.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("to", .text, required: true, "Name of the copy; it must not exist."),
      .filter,
      .init("toTarget", .text, isBuilt: false, "Another target for the copy."),
      .init(
        "prove", .choice(["digest", "restore"]), default: "digest", "`digest` reads the copy back; `restore` is part of a later version."),
      .init(
        "ifExists", .choice(["refuse", "verifyAndReuse", "replaceOwn"]), default: "refuse",
        "What to do with a copy of the same name that is not this step's; only `refuse` is carried out by this version."),
      .init("keepFor", .duration, default: "30d", "How long `finalize --expired` leaves the copy alone."),
      .init("onRollback", .choice(["keep", "drop"]), default: "keep", "Whether a rollback drops the copy."),
    ],
    outputs: [
      .init("documents", .integer(min: 0), "How many documents were copied."),
      .init("bytes", .size, "How many bytes they have."),
      .init("digest", .text, "Digest of the content, under a key of this backup alone."),
      .init("indexes", .list(.text), "Names of the indexes that were copied."),
      .init("level", .choice(["exactAtT", "exactQuiescent", "fuzzyVerified"]), "What is proven; `fuzzyVerified` in this version."),
      .init("dirty", .any, "How many documents changed while they were copied; null where that is not known (`fuzzyVerified`)."),
      .init("to", .text, "Name of the copy."),
    ],
    mainOutput: "documents",
    effectClass: .probe,
    interrupt: .abort,
    inverse: .automatic("keeps the proven copy, drops an unfinished one"),
    example: """
      - id: backup
        action: mongodb.backup
        with: { to: "assets_backup_${{ params.backupDate }}" }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    var problems: [ArgumentProblem] = []
    if arguments["prove"] == "restore" {
      problems.append(
        ArgumentProblem(path: ["prove"], message: "'prove: restore'", help: "'digest' reads the copy back", isUnbuilt: true))
    }
    if let ifExists = arguments["ifExists"]?.stringValue, ifExists != "refuse" {
      problems.append(
        ArgumentProblem(
          path: ["ifExists"], message: "'ifExists: \(ifExists)'", help: "give the copy another name", isUnbuilt: true))
    }
    if let to = arguments["to"]?.stringValue, let fault = Self.fault(inName: to) {
      problems.append(ArgumentProblem(path: ["to"], message: fault))
    }
    return problems
  }

  static func fault(inName name: String) -> String? {
    if name.isEmpty || name.contains("$") || name.hasPrefix("system.") || !BSONDocument.isValidKey(name) {
      return "'\(name)' cannot be the name of a collection"
    }
    return name.hasPrefix("_runbook.") ? "names that begin with '_runbook.' are the program's own" : nil
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    arguments["to"]?.stringValue.map { ["collection:\($0)"] } ?? []
  }

  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    let copy = try BackupCopy(context)
    _ = try await copy.sourceDefinition()
    try await copy.checkDestination()
    return .object(["source": .string(copy.source), "to": .string(copy.to)])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let copy = try BackupCopy(context)
    if let made = try await copy.provenOutputs() { return ActionResult(outputs: made) }
    return ActionResult(outputs: try await copy.make())
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    guard let made = try await BackupCopy(context).provenOutputs() else { return .notHappened }
    return .happened(ActionResult(outputs: made))
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    let copy = try BackupCopy(context)
    let isDropped = try await copy.removeUnlessKept(alsoProven: context.arguments["onRollback"] == "drop")
    return UndoResult(details: ["kept": .bool(!isDropped), "to": .string(copy.to)])
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let copy = try BackupCopy(context)
    guard undone.details["kept"] == false else { return nil }
    return try await copy.target.definition(of: copy.to) == nil ? nil : "the copy '\(copy.to)' is still there"
  }
}
