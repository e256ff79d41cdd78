import MongoDriver
import RunbookActions

/// Documents of a sharded collection. `_id` alone does not say which document is meant there: two shards may have the same one, and a router would have to ask
/// them all. So every query of a change has the values of the shard key besides, and the block records them.
extension UndoBlock {
  /// Finds the documents of these entries.
  func filter(of entries: [UndoEntry]) -> BSONDocument {
    BSONDocument { filter in
      guard !shardKey.isEmpty else {
        filter.document("_id") { id in id.array("$in") { keys in for entry in entries { keys.append(raw: entry.key) } } }
        return
      }
      filter.array("$or") { any in
        for entry in entries {
          any.document { one in
            one.append("_id", raw: entry.key)
            // A missing value is on the shard of null, and is found by it.
            for (path, value) in zip(shardKey, entry.shardKey) { one.append(path.text, raw: value) }
          }
        }
      }
    }
  }

  /// What tells a document from all others of the collection, as its entry says it.
  func identity(of document: BSONDocument) -> RawBSONValue? {
    document["_id"].map { UndoEntry.identity($0, shardKey.map { $0.value(in: document) ?? BSONValue.null.raw }) }
  }
}

extension OnlineChange {
  /// In place of a code of the server: the document is on the way back no longer where its shard key said.
  static let movedCode: Int32 = -1

  /// Those of some entries whose document is not found, but one of the same `_id` that has our values under another shard key: the application has changed
  /// it. Under the new key it is out of reach of the block's commands, and is left as it is, and listed.
  func moved(_ indexes: [Int], of block: UndoBlock, _ entries: UndoEntries) async throws(ActionError) -> Set<Int> {
    if block.shardKey.isEmpty || indexes.isEmpty { return [] }
    var others: [RawBSONValue: [BSONDocument]] = [:]
    var rest = indexes[...]
    while !rest.isEmpty {
      let part = rest.prefix(200)
      rest = rest.dropFirst(200)
      let command = BSONDocument { find in
        find.append("find", block.collection)
        find.document("filter") { filter in
          filter.document("_id") { id in id.array("$in") { keys in for index in part { keys.append(raw: entries[index].key) } } }
        }
        find.append("readConcern", ["level": "local"] as BSONDocument)
        find.append("maxTimeMS", Int64(30_000))
      }
      do throws(MongoError) {
        for document in try await target.client.documents(command, database: target.database) {
          if let key = document["_id"] { others[key.detached(), default: []].append(document) }
        }
      } catch {
        throw target.error(error, collection: block.collection, doing: "looking for documents under another shard key")
      }
    }
    return Set(
      indexes.filter { index in
        let entry = entries[index]
        return others[entry.key, default: []].contains { block.look(entry, document: $0) == .equal }
      })
  }
}

extension UpdateChecks {
  /// The fields that say on which shard a document is, besides `_id`; none where the collection is not sharded.
  func shardKey() async throws(ActionError) -> [ChangedPath] {
    guard let entry = try await shardedCollection() else { return [] }
    return Self.shardKey(of: entry)
  }

  /// - Parameter entry: of `config.collections`.
  static func shardKey(of entry: BSONDocument) -> [ChangedPath] {
    (entry["key"]?.document?.keys ?? []).filter { $0 != "_id" }.map(ChangedPath.init(path:))
  }

  /// - Throws: `mistake` where the change touches the shard key, of which every query of the change needs the value before.
  func usableShardKey() async throws(ActionError) -> [ChangedPath] {
    let key = try await shardKey()
    try Self.refuseTouching(key, definition.fields, of: definition.collection)
    return key
  }

  static func refuseTouching(_ shardKey: [ChangedPath], _ fields: [ChangedPath], of collection: String) throws(ActionError) {
    for field in fields {
      guard let part = shardKey.first(where: field.overlaps) else { continue }
      let key = shardKey.map { "'\($0.text)'" }.joined(separator: ", ")
      throw ActionError(
        code: UpdateErrorCode.shardKeyTouched,
        message:
          "the change sets '\(field.text)', but '\(collection)' is sharded by \(key), and '\(part.text)' says on which shard a document is",
        kind: .mistake, help: "leave the shard key as it is; to move documents, use the server's own reshardCollection")
    }
  }
}
