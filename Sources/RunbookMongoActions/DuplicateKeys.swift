import MongoDriver
import RunbookActions

/// Which documents have the same key, for the message of a unique index that could not be built.
struct DuplicateKeys {
  let build: IndexBuild

  private static let shown = 10

  /// Ten documents at most, by their keys. The server's answer tells one key, or some documents; what it does not tell is looked for.
  func text(_ reply: BSONDocument?) async throws(ActionError) -> String {
    let told = (reply?["violations"]?.array?.compactMap(\.document) ?? []).map { $0["ids"]?.array.map(Array.init) ?? [] }
    if !told.isEmpty { return groups(told.map { (key: nil, ids: $0) }) }
    do throws(ActionError) {
      var found: [(key: BSONDocument?, ids: [RawBSONValue])] = []
      var keys = try await sharedKeys()
      if keys.isEmpty, let value = reply?["keyValue"]?.document { keys = [value] }
      for key in keys {
        let left = Self.shown - found.reduce(0) { $0 + $1.ids.count }
        guard left > 0 else { break }
        found.append((key: key, ids: try await ids(with: key, atMost: left)))
      }
      return groups(found)
    } catch {
      if error.kind == .leaseLost { throw error }
      let key = reply?["keyValue"]?.document.map { "for example \(clipped(.document($0))); " } ?? ""
      return "\(key)they could not be listed (\(error.message))"
    }
  }

  private func groups(_ groups: [(key: BSONDocument?, ids: [RawBSONValue])]) -> String {
    var left = Self.shown
    var parts: [String] = []
    for group in groups where left > 0 {
      let ids = group.ids.prefix(left).map { clipped($0.decoded) }.joined(separator: ", ")
      parts.append("_id " + ids + (group.key.map { " with \(clipped(.document($0)))" } ?? ""))
      left -= group.ids.count
    }
    return parts.joined(separator: "; ")
  }

  private func clipped(_ value: BSONValue) -> String {
    let text = MongoValues.value(value).encodedJSON()
    return text.count > 80 ? text.prefix(79) + "…" : text
  }

  private var paths: [String] { build.index.document["key"]?.document?.keys ?? [] }

  /// Documents that the index would hold.
  private var held: BSONDocument {
    if let partial = build.index.document["partialFilterExpression"]?.document { return partial }
    guard build.index.document["sparse"]?.isTruthy ?? false else { return [:] }
    return ["$or": .array(BSONArray(paths.map { .document([$0: ["$exists": true]]) }))]
  }

  private var collated: BSONDocument {
    guard let collation = build.index.document["collation"]?.document else { return [:] }
    return ["collation": .document(collation)]
  }

  /// Keys of two or more documents. An array has a key for each of its elements; a missing field has that of null.
  private func sharedKeys() async throws(ActionError) -> [BSONDocument] {
    var stages: [BSONDocument] = [["$match": .document(held)]]
    for path in paths {
      let names = path.split(separator: ".")
      for length in 1...max(1, names.count) {
        let prefix = names.prefix(length).joined(separator: ".")
        stages.append(["$unwind": ["path": .string("$" + prefix), "preserveNullAndEmptyArrays": true]])
      }
    }
    let key = BSONDocument(paths.enumerated().map { ("k\($0)", BSONValue.document(["$ifNull": [.string("$" + $1), nil]])) })
    stages.append(["$group": ["_id": ["key": .document(key), "document": "$_id"]]])
    stages.append(["$group": ["_id": "$_id.key", "documents": ["$sum": 1], "first": ["$min": "$_id.document"]]])
    stages += [["$match": ["documents": ["$gt": 1]]], ["$sort": ["first": 1]], ["$limit": .integer(Int64(Self.shown))]]
    let command = BSONDocument { writer in
      writer.append("aggregate", build.collection)
      writer.append("pipeline", BSONArray(stages.map(BSONValue.document)))
      writer.append("allowDiskUse", true)
      writer.append("maxTimeMS", Int32(40_000))
      writer.append(fieldsOf: collated)
    }
    let rows = try await build.commands.read(command, collection: build.collection, doing: "looking for duplicates")
    return rows.compactMap { $0["_id"]?.document }.map { values in
      BSONDocument { writer in
        for (number, path) in paths.enumerated() {
          if let value = values["k\(number)"] { writer.append(path, raw: value) }
        }
      }
    }
  }

  private func ids(with key: BSONDocument, atMost limit: Int) async throws(ActionError) -> [RawBSONValue] {
    let exact = BSONDocument { writer in for element in key { writer.document(element.key) { $0.append("$eq", raw: element.value) } } }
    let command = BSONDocument { writer in
      writer.append("find", build.collection)
      writer.append("filter", ["$and": [.document(held), .document(exact)]] as BSONDocument)
      writer.append("projection", ["_id": 1] as BSONDocument)
      writer.append("limit", Int32(limit))
      writer.append("maxTimeMS", Int32(40_000))
      writer.append(fieldsOf: collated)
    }
    return try await build.commands.read(command, collection: build.collection, doing: "listing duplicates").compactMap { $0["_id"] }
  }
}
