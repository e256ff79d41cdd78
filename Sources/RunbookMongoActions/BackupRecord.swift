import MongoDriver
import OrderedCollections
import RunbookActions

/// What is kept of a backup in `_runbook.backups`, under the name of the copy: whose it is, whether it is proven, and by what.
struct BackupRecord: Sendable {
  enum State: String, Sendable { case making, proven }

  var to: String
  var source: String
  var run: String
  var step: String
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

  var isProven: Bool { state == .proven }

  func document() -> BSONDocument {
    [
      "_id": .string(to), "v": 1, "source": .string(source), "run": .string(run), "step": .string(step), "effect": .string(effect),
      "state": .string(state.rawValue), "key": .binary(BSONBinary(bytes: key.bytes)), "digest": .string(digest),
      "documents": .int64(documents),
      "bytes": .int64(bytes), "indexes": .array(BSONArray(indexes.values.map(BSONValue.document))), "options": .document(options),
      "began": .datetime(began), "ended": .datetime(ended), "expiresAt": expiresAt.map(BSONValue.datetime) ?? .null,
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
      began: document["began"]?.datetime ?? 0, ended: document["ended"]?.datetime ?? 0, expiresAt: document["expiresAt"]?.datetime)
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
