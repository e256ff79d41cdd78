import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.backup`: a copy of a collection with its options and indexes, proven by reading it back.
///
/// The application goes on writing meanwhile. Where the server tells what changes, or keeps a moment for readers, the copy shows the collection at one moment; else each copied document is a
/// version that existed while it was copied. Either way the copy is proven to be what was read, byte by byte. The rollback does not need it.
public struct MongoBackup: ChangingAction, ReservingElsewhere {
  private let pin: SnapshotPin
  private let crashPoints: CrashPoints

  public init(crashPoints: CrashPoints = CrashPoints()) { self.init(pin: SnapshotPin(), crashPoints: crashPoints) }

  init(pin: SnapshotPin, crashPoints: CrashPoints = CrashPoints()) {
    self.pin = pin
    self.crashPoints = crashPoints
  }

  public let descriptor = ActionDescriptor(
    name: "mongodb.backup",
    summary: "Copies a collection with its options and indexes, and proves the copy by a digest of both.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("to", .text, required: true, "Name of the copy; it must not exist."),
      .filter,
      .init("toTarget", .text, "Another target of the plan, in which the copy is made."),
      .init(
        "prove", .choice(["digest", "restore"]), default: "digest",
        "`digest` reads the copy back; `restore` also restores it beside the source, compares that and drops it."),
      .init(
        "ifExists", .choice(["refuse", "verifyAndReuse", "replaceOwn"]), default: "refuse",
        "What to do with a copy of the same name that is not this run's: `verifyAndReuse` takes one of the same documents whose digest still holds, `replaceOwn` makes one anew that the same step of an earlier run made."
      ),
      .init("keepFor", .duration, default: "30d", "How long `finalize --expired` leaves the copy alone."),
      .init("onRollback", .choice(["keep", "drop"]), default: "keep", "Whether a rollback drops the copy."),
    ],
    outputs: [
      .init("documents", .integer(min: 0), "How many documents were copied."),
      .init("bytes", .size, "How many bytes they have."),
      .init("digest", .text, "Digest of the content, under a key of this backup alone."),
      .init("indexes", .list(.text), "Names of the indexes that were copied."),
      .init(
        "level", .choice(["exactAtT", "exactQuiescent", "fuzzyVerified"]),
        "What the copy shows: the collection at one moment, though it was written to; the same, and nobody wrote; each document as it was at some moment while it was copied."
      ),
      .init("dirty", .any, "How many documents changed while they were copied; null where the server does not tell."),
      .init("to", .text, "Name of the copy."),
      .init("shownFrom", .timestamp, "The copy shows versions from this moment on, by the server's clock."),
      .init("shownUntil", .timestamp, "And up to this one: the same where it shows one moment."),
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
    arguments["toTarget"] == nil ? names(arguments) : []
  }

  public func reservationsElsewhere(arguments: ValueMap) -> [String: [String]] {
    arguments["toTarget"]?.stringValue.map { [$0: names(arguments)] } ?? [:]
  }

  private func names(_ arguments: ValueMap) -> [String] { arguments["to"]?.stringValue.map { ["collection:\($0)"] } ?? [] }

  private func copy(_ context: ActionContext, _ captured: Value) async throws(ActionError) -> BackupCopy {
    try await BackupCopy(context, captured: captured, pin: pin, crashPoints: crashPoints)
  }

  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    let copy = try await copy(context, .null)
    _ = try await copy.sourceDefinition()
    _ = try await copy.standing()
    // A phase that is started again captures again, and so makes a copy of its own.
    let attempt = hexadecimalText((0..<16).map { _ in UInt8.random(in: 0...255) })
    return .object(["source": .string(copy.source), "to": .string(copy.to), "attempt": .string(attempt)])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    try await copy(context, captured).perform()
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    guard let made = try await copy(context, captured).provenRecord() else { return .notHappened }
    return .happened(ActionResult(outputs: made.outputs))
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    let copy = try await copy(context, captured)
    let isDropped = try await copy.removeUnlessKept(alsoProven: context.arguments["onRollback"] == "drop")
    return UndoResult(details: ["kept": .bool(!isDropped), "to": .string(copy.to)])
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let copy = try await copy(context, captured)
    guard undone.details["kept"] == false else { return nil }
    return try await copy.destination.definition(of: copy.to) == nil ? nil : "the copy '\(copy.to)' is still there"
  }
}
