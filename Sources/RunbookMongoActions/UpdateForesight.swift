import MongoDriver
import RunbookActions

/// What the server would refuse, forward or back, as far as that can be seen before the first write. What cannot be decided here is left to the write.
extension UpdateChecks {
  /// The most bytes that a document may have.
  private static var largest: Int64 { 16 << 20 }

  // MARK: size

  /// Whether documents still fit the filter after the change, and with it, in the same pass, whether one would become too large.
  /// - Parameter looksAtSize: whether such a document is to refuse the change.
  func secondKind(looksAtSize: Bool) async throws(ActionError) -> Bool {
    let doing = "asking whether the change makes its own filter false"
    guard looksAtSize else { return try await firstRow(definition.secondKindProbe, doing: doing) != nil }
    let size: BSONValue = ["$bsonSize": "$$ROOT"]
    let isTooLarge: BSONValue = ["$expr": ["$gt": [size, .int64(Self.largest)]]]
    let canBeOne = definition.selection == nil && !definition.conditions.isEmpty
    let wanted: BSONValue =
      canBeOne
      ? ["$or": [["$and": .array(BSONArray(definition.conditions.compactMap { $0["$match"]?.decoded }))], isTooLarge]] : isTooLarge
    let pipeline =
      definition.match + definition.stages
      + [["$match": wanted], ["$limit": 1], ["$project": ["size": size]]]
    let row: BSONDocument?
    do throws(ActionError) {
      // Some servers cannot tell the size of what is too large, and say just that.
      row = try await firstRow(pipeline, doing: "asking what the change would make of the documents") { error in
        Self.tooLargeCodes.contains(error.code ?? 0) ? tooLarge("") : nil
      }
    } catch {
      // A server that cannot tell sizes at all says so when it writes.
      guard error.code != UpdateErrorCode.tooLargeAfterwards, error.kind == .refused || error.kind == .mistake else { throw error }
      return try await firstRow(definition.secondKindProbe, doing: doing) != nil
    }
    if let row, let key = row["_id"], let bytes = row["size"]?.integer, bytes > Self.largest {
      throw tooLarge(", for example \(MongoValues.text(key)) with \(bytes) bytes")
    }
    if canBeOne { return row != nil }
    return try await firstRow(definition.secondKindProbe, doing: doing) != nil
  }

  private static let tooLargeCodes: Set<Int32> = [10334, 17419, 17420]

  private func tooLarge(_ example: String) -> ActionError {
    refused(
      UpdateErrorCode.tooLargeAfterwards, "documents of \(place) would be larger than the 16 MiB that a document may have\(example)",
      help: "leave them out by the filter, or let 'onDocumentError: collect' list them and go on")
  }

  // MARK: unique indexes

  /// Refuses a change that would give two documents the same key of a unique index.
  /// - Parameter options: of the collection.
  func refuseDuplicates(_ options: BSONDocument) async throws(ActionError) {
    // Which texts are equal is the index's own business where collations differ from it.
    guard definition.collation.isEmpty, !Self.hasCollation(options) else { return }
    for index in try await uniqueIndexes() {
      let row: BSONDocument?
      do throws(ActionError) {
        row = try await firstRow(duplicates(of: index), doing: "looking for duplicates of a unique index", spills: true)
      } catch {
        // A server that does not know a stage, or does not get through: the write will tell.
        if error.kind == .leaseLost || error.kind == .stopped { throw error }
        continue
      }
      guard let row, let first = row["first"], let last = row["last"], let count = row["n"]?.integer else { continue }
      let key = BSONDocument(
        zip(index.paths, row["_id"]?.document?.map(\.value) ?? []).map { ($0, $1.decoded) })
      throw refused(
        UpdateErrorCode.duplicatesAfterwards,
        "\(count) documents of \(place) would have the same key \(MongoValues.text(BSONValue.document(key).raw)) of the unique index "
          + "'\(index.name)', for example \(MongoValues.text(first)) and \(MongoValues.text(last))",
        help: "let the change give different values, leave such documents out by the filter, or let 'onDocumentError: collect' list them")
    }
  }

  private struct UniqueIndex {
    let name: String
    let paths: [String]
    /// What a document has to fit to be in it.
    let held: BSONDocument
  }

  /// The unique indexes that the change may touch and whose keys can be compared by a pipeline.
  private func uniqueIndexes() async throws(ActionError) -> [UniqueIndex] {
    let found: [BSONDocument]
    do throws(MongoError) {
      found = try await change.target.client.documents(["listIndexes": .string(definition.collection)], database: change.target.database)
    } catch {
      throw change.target.error(error, collection: definition.collection, doing: "looking at the indexes")
    }
    return found.compactMap { index in
      guard index["unique"]?.isTruthy == true, index["collation"] == nil, let keys = index["key"]?.document,
        keys.allSatisfy({ $0.value.integer != nil || $0.value.double != nil })
      else { return nil }
      let partial = index["partialFilterExpression"]?.document
      var looked = UpdateReads()
      for path in keys.keys { looked.add(filter: BSONDocument([(path, .null)])) }
      if let partial { looked.add(filter: partial) }
      guard definition.fields.contains(where: { field in looked.paths.contains(where: field.overlaps) }) else { return nil }
      var held = partial ?? [:]
      if partial == nil, index["sparse"]?.isTruthy == true {
        held = ["$or": .array(BSONArray(keys.keys.map { .document([$0: ["$exists": true]]) }))]
      }
      return UniqueIndex(name: index["name"]?.string ?? "", paths: keys.keys, held: held)
    }
  }

  /// Groups the keys of the documents as they would be, the changed ones and the others. Keys with arrays are left out: each element would be one.
  private func duplicates(of index: UniqueIndex) -> [BSONDocument] {
    var keys: [(String, BSONValue)] = []
    var isArray: [BSONValue] = []
    for (place, path) in index.paths.enumerated() {
      // An absent field and null are the same key.
      keys.append(("k\(place)", ["$ifNull": [.string("$" + path), .null]]))
      isArray.append(["$isArray": .string("$k.k\(place)")])
    }
    let held: [BSONDocument] = index.held.isEmpty ? [] : [["$match": .document(index.held)]]
    let keyed = held + [["$project": ["k": .document(BSONDocument(keys))]]]
    var pipeline = definition.match + definition.stages + keyed
    // With variables or a selection it cannot be said of the others in the same pipeline which they are.
    if definition.selection == nil, definition.variables.isEmpty, !definition.conditions.isEmpty {
      let fitting = BSONArray(definition.conditions.compactMap { $0["$match"]?.decoded })
      let others: [BSONDocument] = [["$match": ["$nor": [["$and": .array(fitting)]]]]]
      pipeline.append([
        "$unionWith": [
          "coll": .string(definition.collection), "pipeline": .array(BSONArray((others + keyed).map(BSONValue.document))),
        ]
      ])
    }
    return pipeline + [
      ["$match": ["$nor": [["$expr": ["$or": .array(BSONArray(isArray))]]]]],
      ["$group": ["_id": "$k", "n": ["$sum": 1], "first": ["$first": "$_id"], "last": ["$last": "$_id"]]],
      ["$match": ["n": ["$gt": 1]]], ["$limit": 1],
    ]
  }

  // MARK: privileges

  /// What a change of this kind and its way back need to be allowed to do with the collection. An insertion is an update that may insert.
  static func neededActions(for kind: BlockKind) -> [String] {
    switch kind {
    case .fields, .replace: ["find", "update", "bypassDocumentValidation"]
    case .insert: ["find", "insert", "update", "remove"]
    case .delete: ["find", "remove", "insert", "update", "bypassDocumentValidation"]
    }
  }

  /// Refuses a change that this user could not take back. Where the collection has a validator, that needs a privilege of its own: a document goes
  /// back as it was, whatever the validator says by then.
  /// - Parameter options: of the collection.
  func refuseMissingPrivileges(_ options: BSONDocument) async throws(ActionError) {
    var missing = await change.target.missingPrivileges(Self.neededActions(for: definition.kind), on: definition.collection)
    let bypass = "bypassDocumentValidation"
    let hasValidator = options["validator"]?.document.map { !$0.isEmpty } ?? false
    if !hasValidator { missing.removeAll { $0 == bypass } }
    guard !missing.isEmpty else { return }
    let reason = missing.contains(bypass) ? "; a rollback puts documents back as they were without asking the validator" : ""
    throw refused(
      UpdateErrorCode.missingPrivilege,
      "the user of target '\(change.target.name)' lacks \(missing.map { "'\($0)'" }.joined(separator: ", ")) on "
        + "'\(definition.collection)', without which the change could not be made or not be taken back\(reason)",
      help: "grant a role that has it: 'readWrite' with 'dbAdmin' of the database, or one of your own with just these actions")
  }

  /// The actions that none of the user's privileges allow, as `connectionStatus` tells them; none where nobody is authenticated or it does not
  /// tell, as servers do that name the users and list no privileges.
  static func missingActions(_ status: BSONDocument, database: String, collection: String, of needed: [String]) -> [String] {
    let info = status["authInfo"]?.document
    guard let users = info?["authenticatedUsers"]?.array, !Array(users).isEmpty,
      let privileges = info?["authenticatedUserPrivileges"]?.array?.compactMap(\.document), !privileges.isEmpty
    else { return [] }
    var allowed: Set<String> = []
    for privilege in privileges {
      guard let resource = privilege["resource"]?.document else { continue }
      let isAny = resource["anyResource"]?.isTruthy == true
      if !isAny {
        guard let ofDatabase = resource["db"]?.string, let ofCollection = resource["collection"]?.string,
          ofDatabase.isEmpty || ofDatabase == database, ofCollection.isEmpty || ofCollection == collection
        else { continue }
      }
      allowed.formUnion(privilege["actions"]?.array?.compactMap(\.string) ?? [])
    }
    return allowed.contains("anyAction") ? [] : needed.filter { !allowed.contains($0) }
  }
}
