import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// What is kept of a backup in `_runbook.backups`, under the name of the copy: whose it is, whether it is proven, and by what.
struct BackupRecord: Sendable {
  enum State: String, Sendable {
    case making
    case proven
  }

  /// What is known of the moment that the copy shows.
  enum Level: String, Sendable, CaseIterable {
    /// The collection as it was at one moment, though it was written to.
    case exactAtT
    /// Nothing was written to the collection while it was copied.
    case exactQuiescent
    /// Each document is a version that existed while it was copied.
    case fuzzyVerified
  }

  var to: String
  var source: String
  var run: String
  var step: String
  /// The attempt of the step's phase for which it was made.
  var effect: String
  var state: State
  var key: DigestKey
  var digest = ""
  var documents: Int64 = 0
  var bytes: Int64 = 0
  /// The source's indexes, TTL included.
  var indexes: OrderedDictionary<String, BSONDocument>
  var options: BSONDocument
  /// Server milliseconds between which the copied versions stood.
  var began: Int64
  var ended: Int64 = 0
  /// Server milliseconds; nil keeps it for ever.
  var expiresAt: Int64?
  var level = Level.fuzzyVerified
  /// How many documents changed while they were copied; nil where that is not known.
  var dirty: Int64?
  /// The plan that made it.
  var plan = ""
  /// The deployment and database that the source is in.
  var deployment = ""
  var filter: BSONDocument = [:]
  /// The server's time of operations before the first document was read; nil where it tells none.
  var start: BSONTimestamp?
  /// The UUIDs of source and copy, so that a copy that was begun is known again.
  var sourceID: String?
  var copyID: String?

  var isProven: Bool { state == .proven }

  func document() -> BSONDocument {
    [
      "_id": .string(to), "v": 2, "source": .string(source), "run": .string(run), "step": .string(step), "effect": .string(effect),
      "state": .string(state.rawValue), "key": .binary(BSONBinary(bytes: key.bytes)), "digest": .string(digest),
      "documents": .int64(documents),
      "bytes": .int64(bytes), "indexes": .array(BSONArray(indexes.values.map(BSONValue.document))), "options": .document(options),
      "began": .datetime(began), "ended": .datetime(ended), "expiresAt": expiresAt.map(BSONValue.datetime) ?? .null,
      "level": .string(level.rawValue), "dirty": dirty.map(BSONValue.int64) ?? .null, "plan": .string(plan),
      "deployment": .string(deployment),
      // As text: a document of the program's own must not hold the user's operators.
      "filter": .string(filter.extendedJSON(canonical: true)),
      "start": start.map(BSONValue.timestamp) ?? .null, "sourceID": sourceID.map(BSONValue.string) ?? .null,
      "copyID": copyID.map(BSONValue.string) ?? .null,
    ]
  }

  var outputs: ValueMap {
    [
      "documents": .integer(documents), "bytes": .integer(bytes), "digest": .string(digest),
      "indexes": .list(indexes.keys.map(Value.string)), "level": .string(level.rawValue), "dirty": dirty.map(Value.integer) ?? .null,
      "to": .string(to), "shownFrom": .timestamp(began), "shownUntil": .timestamp(ended),
    ]
  }
}

extension BackupRecord {
  /// Nil for what this version cannot read.
  init?(_ document: BSONDocument) {
    guard let to = document["_id"]?.string, let run = document["run"]?.string, let step = document["step"]?.string,
      let state = document["state"]?.string.flatMap(State.init(rawValue:)), let key = document["key"]?.binary?.bytes
    else { return nil }
    var indexes: OrderedDictionary<String, BSONDocument> = [:]
    for index in document["indexes"]?.array?.compactMap(\.document) ?? [] {
      if let name = index["name"]?.string { indexes[name] = index }
    }
    self.init(
      to: to, source: document["source"]?.string ?? "", run: run, step: step, effect: document["effect"]?.string ?? "", state: state,
      key: DigestKey(bytes: key), digest: document["digest"]?.string ?? "", documents: document["documents"]?.integer ?? 0,
      bytes: document["bytes"]?.integer ?? 0, indexes: indexes, options: document["options"]?.document ?? [:],
      began: document["began"]?.datetime ?? 0, ended: document["ended"]?.datetime ?? 0, expiresAt: document["expiresAt"]?.datetime,
      level: document["level"]?.string.flatMap(Level.init(rawValue:)) ?? .fuzzyVerified, dirty: document["dirty"]?.integer,
      plan: document["plan"]?.string ?? "", deployment: document["deployment"]?.string ?? "",
      filter: document["filter"]?.string.flatMap(CollectionDefinition.document) ?? [:], start: document["start"]?.timestamp,
      sourceID: document["sourceID"]?.string, copyID: document["copyID"]?.string)
  }
}

extension MongoTarget {
  func backupRecord(of collection: String) async throws(ActionError) -> BackupRecord? {
    try await findOwn(["_id": .string(collection)], in: RunbookCollections.backups, doing: "reading what is known of the backup").first
      .flatMap(BackupRecord.init)
  }

  /// Puts the record in place of any other of its name.
  func writeBackupRecord(_ record: BackupRecord) async throws(ActionError) {
    try await replaceOwn(record.document(), in: RunbookCollections.backups, doing: "recording the backup")
  }

  func deleteBackupRecord(of collection: String) async throws(ActionError) {
    try await deleteOwn(["_id": .string(collection)], from: RunbookCollections.backups, doing: "forgetting the backup")
  }
}
