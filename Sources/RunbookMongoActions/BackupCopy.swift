import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// One backup: where from, where to, and how it is made and proven.
struct BackupCopy {
  let call: MongoCall
  let source: String
  let to: String

  /// `keepFor: 30d`, in microseconds.
  private static let keptByDefault: Int64 = 30 * 86_400_000_000

  var target: MongoTarget { call.target }
  var context: ActionContext { call.context }

  init(_ context: ActionContext) throws(ActionError) {
    call = try MongoCall(context)
    source = try call.collection()
    guard let to = context.arguments["to"]?.stringValue else { throw call.unfit("to", "is missing") }
    if let fault = MongoBackup.fault(inName: to) { throw call.unfit("to", "cannot be used: \(fault)") }
    guard to != source else { throw call.unfit("to", "is the collection itself") }
    self.to = to
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

  /// Whether the copy may be made: there is none, or only one that this step began.
  func checkDestination() async throws(ActionError) {
    guard try await target.definition(of: to) != nil else { return }
    let record = try await target.backupRecord(of: to)
    if let record, isOwn(record) { return }
    let whose = record.map { "the backup of step '\($0.step)' of run '\($0.run)'" } ?? "not a backup of this run"
    throw ActionError(
      code: MongoErrorCode.backupExists, message: "there is a collection '\(to)' in target '\(target.name)' already; it is \(whose)",
      kind: .refused, help: "give the copy another name; a backup is never overwritten")
  }

  private func isOwn(_ record: BackupRecord) -> Bool { record.run == context.run.id && record.step == context.subject }

  /// The outputs of the copy that this very effect has made and proven, if its content is still what was proven.
  func provenOutputs() async throws(ActionError) -> ValueMap? {
    guard let record = try await target.backupRecord(of: to), isOwn(record), record.effect == context.effect, record.isProven,
      let definition = try await target.definition(of: to), definition.kind == "collection"
    else { return nil }
    let digest = try await digestOfCopy(key: record.key, total: record.documents)
    return digest.text == record.digest ? outputs(record) : nil
  }

  func make() async throws(ActionError) -> ValueMap {
    let definition = try await sourceDefinition()
    try await checkDestination()
    try await copy.drop()
    let began = try await target.askServerTime()
    var record = BackupRecord(
      to: to, source: source, run: context.run.id, step: context.subject, effect: context.effect, state: .making, key: DigestKey(),
      indexes: definition.indexes, options: definition.options, began: began)
    record.expiresAt = began + (context.arguments["keepFor"]?.durationValue ?? Self.keptByDefault) / 1000
    try await target.writeBackupRecord(record)
    try await copy.create(definition.options)
    let read = try await copyDocuments(key: record.key)
    try await buildIndexes(definition.indexes)
    try await prove(read, definition)
    record.state = .proven
    record.digest = read.text
    record.documents = read.count
    record.bytes = read.bytes
    record.ended = try await target.askServerTime()
    try await target.writeBackupRecord(record)
    return outputs(record)
  }

  /// Drops this step's copy where it is unfinished, or where `alsoProven`.
  /// - Returns: whether there is none any more.
  func removeUnlessKept(alsoProven: Bool) async throws(ActionError) -> Bool {
    guard let record = try await target.backupRecord(of: to), isOwn(record) else { return false }
    if record.isProven, !alsoProven { return false }
    try await copy.drop()
    try await target.deleteBackupRecord(of: to)
    return true
  }

  private func outputs(_ record: BackupRecord) -> ValueMap {
    [
      "documents": .integer(record.documents), "bytes": .integer(record.bytes), "digest": .string(record.digest),
      "indexes": .list(record.indexes.keys.map(Value.string)), "level": "fuzzyVerified", "dirty": .null, "to": .string(to),
    ]
  }
}

// Making.
extension BackupCopy {
  private var copy: CollectionCopy { CollectionCopy(call: call, to: to, what: "the copy") }

  /// Copies raw documents, a batch at a time, and digests what stands in the copy then.
  private func copyDocuments(key: DigestKey) async throws(ActionError) -> ContentDigest {
    var digest = ContentDigest(key: key)
    let filter = try call.filter()
    try await copy.fill(
      from: target, collection: source, by: call.findCommand(source, filter: filter, isBounded: false),
      total: filter.isEmpty ? try await estimatedCount() : nil, stopping: "the backup", doing: "reading for the backup"
    ) { document, isWritten in
      if isWritten { digest.add(document) }
    }
    return digest
  }

  private func estimatedCount() async throws(ActionError) -> Int64? {
    try await target.run(["count": .string(source), "maxTimeMS": 10_000], collection: source, doing: "estimating its size")["n"]?.integer
  }

  private func buildIndexes(_ indexes: OrderedDictionary<String, BSONDocument>) async throws(ActionError) {
    let wanted = indexes.values.filter { $0["name"]?.string != "_id_" && !($0["clustered"]?.isTruthy ?? false) }
    guard !wanted.isEmpty else { return }
    try call.checkStop("the backup")
    context.progress(Progress(done: 0, total: Int64(wanted.count), unit: "indexes", note: "building indexes"))
    let command = BSONDocument { writer in
      writer.append("createIndexes", to)
      // The server would empty the copy by a TTL index; what it said is in the record.
      writer.array("indexes") { array in for index in wanted { array.append(index.without("expireAfterSeconds")) } }
    }
    do throws(ActionError) {
      _ = try await copy.write(command, limit: 3_600_000, doing: "building the copy's indexes")
    } catch {
      guard error.code == MongoErrorCode.duplicateKey else { throw error }
      throw ActionError(
        code: MongoErrorCode.proofFailed,
        message: "\(error.message): documents changed while they were copied, so that the copy breaks a unique index",
        kind: .refused, help: "make the backup again, when less is written")
    }
  }
}

// Proving.
extension BackupCopy {
  func digestOfCopy(key: DigestKey, total: Int64) async throws(ActionError) -> ContentDigest {
    try await call.digest(of: to, key: key, total: total, note: "proving", stopping: "the proof of the backup", doing: "proving the copy")
  }

  func prove(_ read: ContentDigest, _ source: CollectionDefinition) async throws(ActionError) {
    let written = try await digestOfCopy(key: read.key, total: read.count)
    let buckets = written.differences(from: read)
    if let first = buckets.first {
      throw unproven(
        "\(read.count) documents were read and \(written.count) stand there; \(buckets.count) of \(ContentDigest.bucketCount) buckets differ, the first is \(first)"
      )
    }
    guard let made = try await target.definition(of: to) else { throw unproven("it is gone") }
    for (name, index) in source.indexes {
      guard let built = made.indexes[name], CollectionDefinition.areEqual(built, index.without("expireAfterSeconds")) else {
        throw unproven("index '\(name)' is missing or defined otherwise")
      }
    }
    guard made.indexes.count == source.indexes.count else { throw unproven("it has more indexes than its source") }
    let options = source.options.without("expireAfterSeconds")
    guard CollectionDefinition.sorted(made.options) == CollectionDefinition.sorted(options) else {
      throw unproven("its options are \(made.options), those of the source \(options)")
    }
  }

  private func unproven(_ what: String) -> ActionError {
    ActionError(
      code: MongoErrorCode.proofFailed,
      message: "the copy '\(to)' in target '\(target.name)' is not what was read from '\(source)': \(what)",
      kind: .refused, help: "it is not proven and must not be relied on; the step can be done again")
  }
}
