import MongoDriver
import RunbookActions

/// Whether a deployment pins reads to a moment. It is tried and not told from a version: there are servers that take the wish and do not fulfil it.
struct SnapshotPin: Sendable {
  /// A moment at which everything can be read, nil where that is not so.
  let moment: @Sendable (MongoTarget) async throws(ActionError) -> BSONTimestamp?

  init(_ moment: @escaping @Sendable (MongoTarget) async throws(ActionError) -> BSONTimestamp?) { self.moment = moment }

  /// Writes a document of the program's own, notes the time, writes it again, and looks which of the two a read at that time shows.
  init() {
    self.init { (target) async throws(ActionError) in
      let id = "probe/" + hexadecimalText((0..<16).map { _ in UInt8.random(in: 0...255) })
      func write(_ number: Int64) async throws(ActionError) {
        try await target.replaceOwn(
          ["_id": .string(id), "n": .int64(number)], in: RunbookCollections.marks, doing: "trying whether reads can be pinned")
      }
      try await write(1)
      guard let time = try await target.operationTime() else { return nil }
      try await write(2)
      let command: BSONDocument = [
        "find": .string(RunbookCollections.marks), "filter": ["_id": .string(id)], "readConcern": .document(Self.readConcern(at: time)),
        "maxTimeMS": 5000,
      ]
      var shown: Int64?
      do throws(MongoError) {
        shown = try await target.client.documents(command, database: target.database).first?["n"]?.integer
      } catch {
        shown = nil
      }
      try await target.deleteOwn(["_id": .string(id)], from: RunbookCollections.marks, doing: "removing what was tried with")
      return shown == 1 ? try await target.operationTime() : nil
    }
  }

  static func readConcern(at time: BSONTimestamp) -> BSONDocument { ["level": "snapshot", "atClusterTime": .timestamp(time)] }
}
