import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// One backup: where from, where to, and whether it is there.
struct BackupCopy {
  let call: MongoCall
  let source: String
  let to: String
  /// Where the copy stands; the source's target unless the plan says `toTarget`.
  let destination: MongoTarget
  let pin: SnapshotPin
  let crashPoints: CrashPoints
  /// What a copy is known by as that of one attempt of the step's phase, over crashes and repetitions: the record's `effect`.
  let attempt: String

  /// `keepFor: 30d`, in microseconds.
  private static let keptByDefault: Int64 = 30 * 86_400_000_000

  var target: MongoTarget { call.target }
  var context: ActionContext { call.context }
  var copy: CollectionCopy { CollectionCopy(call: call, to: to, what: "the copy", in: destination) }

  init(
    _ context: ActionContext, captured: Value = .null, pin: SnapshotPin = SnapshotPin(), crashPoints: CrashPoints = CrashPoints()
  ) async throws(ActionError) {
    call = try MongoCall(context)
    source = try call.collection()
    guard let to = context.arguments["to"]?.stringValue else { throw call.unfit("to", "is missing") }
    if let fault = MongoBackup.fault(inName: to) { throw call.unfit("to", "cannot be used: \(fault)") }
    destination = if let name = context.arguments["toTarget"]?.stringValue { try await call.mongoTarget(named: name) } else { call.target }
    self.to = to
    self.pin = pin
    attempt = captured["attempt"]?.stringValue ?? context.effect
    self.crashPoints = crashPoints
    guard to == source else { return }
    let identities = (try await destination.identity().key, try await call.target.identity().key)
    if identities.0 == identities.1 { throw call.unfit("to", "is the collection itself") }
  }

  /// - Throws: `refused` for a source that is not there or cannot be copied document by document.
  func sourceDefinition() async throws(ActionError) -> CollectionDefinition {
    guard let definition = try await target.definition(of: source) else {
      throw ActionError(
        code: MongoErrorCode.missingCollection, message: "there is no collection '\(source)' in target '\(target.name)'", kind: .refused,
        help: "check the collection's name and the target's database")
    }
    if let hindrance = definition.hindrance {
      throw ActionError(
        code: MongoErrorCode.unfitSource,
        message: "'\(source)' of target '\(target.name)' \(hindrance); it cannot be backed up by this version",
        kind: .refused)
    }
    return definition
  }

  /// What may be done about what stands under the copy's name.
  enum Standing {
    case nothing
    /// Of this very step of this run.
    case own(BackupRecord)
    /// Another run's, which `ifExists` lets be used.
    case reusable(BackupRecord)
    /// Another run's of the same step of the plan, which `ifExists` lets be made anew.
    case replaceable(BackupRecord)
  }

  /// - Throws: `refused` where what stands there may be neither used nor made again.
  func standing() async throws(ActionError) -> Standing {
    guard try await destination.definition(of: to) != nil else { return .nothing }
    guard let record = try await destination.backupRecord(of: to) else { throw taken("not a backup of this run") }
    if isOwn(record) { return .own(record) }
    let whose = "the backup of step '\(record.step)' of run '\(record.run)'"
    switch context.arguments["ifExists"]?.stringValue {
    case "verifyAndReuse":
      guard record.isProven else { throw taken("\(whose), which was never finished") }
      guard record.source == source, record.filter == (try call.filter()), record.deployment == (try await target.identity().key) else {
        throw taken("\(whose), of other documents")
      }
      return .reusable(record)
    case "replaceOwn":
      guard record.step == context.subject, record.plan == context.run.planID else { throw taken("\(whose), not of this step") }
      return .replaceable(record)
    default: throw taken(whose)
    }
  }

  private func taken(_ what: String) -> ActionError {
    ActionError(
      code: MongoErrorCode.backupExists, message: "there is a collection '\(to)' in target '\(destination.name)' already; it is \(what)",
      kind: .refused, help: "give the copy another name; what is not this step's own is never overwritten")
  }

  func isOwn(_ record: BackupRecord) -> Bool { record.run == context.run.id && record.step == context.subject }

  /// The record of the copy that this very attempt has made and proven, if its content is still what was proven.
  func provenRecord() async throws(ActionError) -> BackupRecord? {
    guard let record = try await destination.backupRecord(of: to), isOwn(record), record.effect == attempt, record.isProven,
      try await isAsProven(record)
    else { return nil }
    return record
  }

  /// Asks the copy for its digest again.
  func isAsProven(_ record: BackupRecord) async throws(ActionError) -> Bool {
    guard let definition = try await destination.definition(of: to), definition.kind == "collection" else { return false }
    return try await digestOfCopy(key: record.key, total: record.documents).text == record.digest
  }

  /// The copy, made or found.
  func perform() async throws(ActionError) -> ActionResult {
    if let made = try await provenRecord() { return ActionResult(outputs: made.outputs) }
    let definition = try await sourceDefinition()
    let standing = try await standing()
    if case .reusable(var record) = standing {
      guard try await isAsProven(record) else { throw taken("the backup of run '\(record.run)', but no longer what was proven") }
      record.expiresAt = record.expiresAt.map { max($0, record.ended) }
      if let known = record.expiresAt { record.expiresAt = max(known, try await destination.askServerTime() + keptFor) }
      try await destination.writeBackupRecord(record)
      return ActionResult(
        outputs: record.outputs, warnings: ["'\(to)' is the backup that run '\(record.run)' made; what was written since is not in it"])
    }
    let making = try await BackupMaking(self, definition, standing)
    return ActionResult(outputs: try await making.run().outputs, warnings: making.warnings)
  }

  /// Milliseconds.
  var keptFor: Int64 { (context.arguments["keepFor"]?.durationValue ?? Self.keptByDefault) / 1000 }

  /// Drops this step's copy where it is unfinished, or where `alsoProven`.
  /// - Returns: whether there is none any more.
  func removeUnlessKept(alsoProven: Bool) async throws(ActionError) -> Bool {
    try await scratch.drop()
    guard let record = try await destination.backupRecord(of: to), isOwn(record) else { return false }
    if record.isProven, !alsoProven { return false }
    try await copy.drop()
    try await destination.deleteBackupRecord(of: to)
    return true
  }

  func digestOfCopy(key: DigestKey, total: Int64?) async throws(ActionError) -> ContentDigest {
    try await call.digest(
      of: to, in: destination, key: key, total: total, note: "proving", stopping: "the proof of the backup", doing: "proving the copy")
  }

  func unproven(_ what: String) -> ActionError {
    ActionError(
      code: MongoErrorCode.proofFailed,
      message: "the copy '\(to)' in target '\(destination.name)' is not what was read from '\(source)': \(what)",
      kind: .refused, help: "it is not proven and must not be relied on; the step can be done again")
  }
}
