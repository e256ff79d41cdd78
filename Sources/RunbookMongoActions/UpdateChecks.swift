import MongoDriver
import RunbookActions

/// What is looked at before the first write, so that a change that cannot be carried through, or not be taken back, changes nothing.
struct UpdateChecks {
  let change: OnlineChange
  let definition: ChangeDefinition
  /// Whether a collation of the collection's own does no harm: texts are compared byte by byte, or no document is told from another.
  var allowsCollation = false
  /// Whether every query of the change says on which shard its document is.
  var allowsShards = false

  /// What can be changed document by document at all.
  /// - Returns: the collection's options.
  @discardableResult
  func refuseUnfit() async throws(ActionError) -> BSONDocument {
    let options = try await collectionOptions()
    try await refuseSharded()
    try await refuseMissingPrivileges(options)
    return options
  }

  private var target: MongoTarget { change.target }
  var place: String { "'\(definition.collection)' of target '\(target.name)'" }

  /// - Throws: `refused` where the collection is not one that can be changed this way, `mistake` where the change is not.
  /// - Returns: the change as it is carried out on this collection, how many documents fit its filter now, and what earlier attempts did.
  /// - Parameter rule: documents that are to be collected refuse nothing beforehand: the way forward lists them.
  func run(_ rule: DocumentErrorRule) async throws(ActionError)
    -> (definition: ChangeDefinition, matching: Int64, before: OnlineChangeTotals)
  {
    var checks = self
    checks.allowsShards = true
    let options = try await checks.refuseUnfit()
    var definition = definition.on(options)
    definition.shardKey = try await usableShardKey()
    let matching = try await count()
    let heads = try await change.read(["st": ["$ne": "undone"]], withEntries: false)
    let before = OnlineChangeTotals(heads)
    // Documents that have been changed once would answer for a second time.
    if heads.contains(where: \.isOnce) {
      definition.isOnce = true
      return (definition, matching, before)
    }
    let looksAhead = matching > 0 && !rule.collects
    if looksAhead {
      try await refuseUnfitParents()
      try await refuseInvalid(options)
    }
    // It is asked before the first write only. From then on the blocks say it, since documents that have been changed would answer otherwise.
    if heads.isEmpty { definition.isOnce = try await isOnce(matching: matching, looksAtSize: looksAhead) }
    if looksAhead { try await refuseDuplicates(options) }
    return (definition, matching, before)
  }

  func refused(_ code: String, _ message: String, help: String? = nil) -> ActionError {
    ActionError(code: code, message: message, kind: .refused, help: help)
  }

  /// The collection's options; views, capped and time-series collections, and those with a collation of their own, are refused.
  private func collectionOptions() async throws(ActionError) -> BSONDocument {
    let command: BSONDocument = ["listCollections": 1, "filter": ["name": .string(definition.collection)]]
    let found: [BSONDocument]
    do throws(MongoError) {
      found = try await target.client.documents(command, database: target.database)
    } catch {
      throw target.error(error, collection: definition.collection, doing: "looking at the collection")
    }
    guard let collection = found.first(where: { $0["name"]?.string == definition.collection }) else {
      throw refused(MongoErrorCode.missingCollection, "there is no collection \(place)", help: "check its name and the target's database")
    }
    let options = collection["options"]?.document ?? BSONDocument()
    let type = collection["type"]?.string ?? "collection"
    if type != "collection" {
      let help = type == "view" ? "change the collection that the view reads" : nil
      throw refused(UpdateErrorCode.unfitCollection, "\(place) is a \(type), which cannot be changed document by document", help: help)
    }
    if options["capped"]?.isTruthy == true {
      throw refused(UpdateErrorCode.unfitCollection, "\(place) is capped: its documents go by themselves and may not grow")
    }
    if options["timeseries"] != nil {
      throw refused(UpdateErrorCode.unfitCollection, "\(place) is a time-series collection, which cannot be changed document by document")
    }
    if !allowsCollation, Self.hasCollation(options) {
      throw refused(
        UpdateErrorCode.unfitCollection,
        "\(place) has a collation of its own, under which different texts can be equal; this version cannot tell them apart when it takes back"
      )
    }
    return options
  }

  /// Whether the collection has a collation of its own, under which different texts can be equal.
  static func hasCollation(_ options: BSONDocument) -> Bool {
    options["collation"]?.document.map { $0["locale"]?.string != "simple" } ?? false
  }

  /// The entry of `config.collections`; nil where the collection is not sharded.
  func shardedCollection() async throws(ActionError) -> BSONDocument? {
    guard try await target.serverFacts().isRouter else { return nil }
    let find: BSONDocument = [
      "find": "collections", "filter": ["_id": .string(target.database + "." + definition.collection)], "limit": 1,
    ]
    let found: [BSONDocument]
    do throws(MongoError) {
      found = try await target.client.documents(find, database: "config")
    } catch {
      throw target.error(error, collection: definition.collection, doing: "asking whether the collection is sharded")
    }
    guard let entry = found.first, entry["dropped"]?.isTruthy != true, entry["unsplittable"]?.isTruthy != true else { return nil }
    return entry
  }

  private func refuseSharded() async throws(ActionError) {
    guard !allowsShards, try await shardedCollection() != nil else { return }
    throw refused(
      UpdateErrorCode.unfitCollection,
      "\(place) is sharded; there this version changes documents by 'mongodb.update' alone")
  }

  /// Whether documents still fit the filter after the change, so that every pass would change them again.
  ///
  /// Where no document fits and can be changed, nothing can be known of those that will, and each is changed once at most.
  private func isOnce(matching: Int64, looksAtSize: Bool) async throws(ActionError) -> Bool {
    guard matching > 0 else { return true }
    if try await secondKind(looksAtSize: looksAtSize) { return true }
    guard let probe = definition.fittingProbe else { return false }
    return try await firstRow(probe, doing: "asking whether any document can be changed") == nil
  }

  /// Finds documents that the validator would refuse as they would be; nil where it refuses none.
  /// - Parameters:
  ///   - options: of the collection.
  ///   - limit: how many documents are looked at; nil: all that need the change.
  func invalid(_ options: BSONDocument, limit: Int64? = nil) -> [BSONDocument]? {
    let setting = ValidatorSetting(options: options)
    guard let validator = setting.validator, setting.action != "warn", setting.level != "off" else { return nil }
    let some: [BSONDocument] = limit.map { [["$limit": .integer($0)]] } ?? []
    // At `moderate`, documents that were invalid before are let through.
    let before: [BSONDocument] = setting.level == "moderate" ? [["$match": .document(validator)]] : []
    return definition.match + some + before + definition.stages + [["$match": ["$nor": [.document(validator)]]]]
  }

  private func refuseInvalid(_ options: BSONDocument) async throws(ActionError) {
    guard let invalid = invalid(options) else { return }
    let pipeline: [BSONDocument] = invalid + [["$limit": 1], ["$project": ["_id": 1]]]
    guard let row = try await firstRow(pipeline, doing: "asking what the validator would refuse") else { return }
    throw refused(
      UpdateErrorCode.validatorRefuses,
      "the validator of \(place) would refuse changed documents, for example \(row["_id"].map { MongoValues.text($0) } ?? "")",
      help: "change the validator first, or leave such documents out by the filter")
  }

  /// - Parameter spills: whether the server may use its disk for it.
  /// - Parameter judge: makes something of an error of the server; nil: it is an error like any other.
  func firstRow(
    _ pipeline: [BSONDocument], doing: String, spills: Bool = false, judge: (MongoError) -> ActionError? = { _ in nil }
  ) async throws(ActionError) -> BSONDocument? {
    let command = BSONDocument { aggregate in
      aggregate.append("aggregate", definition.collection)
      aggregate.append("pipeline", BSONArray(pipeline.map(BSONValue.document)))
      definition.writeReading(to: &aggregate)
      aggregate.append("readConcern", ["level": "majority"] as BSONDocument)
      if spills { aggregate.append("allowDiskUse", true) }
      aggregate.append("maxTimeMS", Int64(600_000))
    }
    let client = try target.client(forMilliseconds: 600_000)
    do throws(MongoError) {
      return try await client.documents(command, database: target.database).first
    } catch {
      throw judge(error) ?? target.error(error, collection: definition.collection, doing: doing)
    }
  }

  /// How many documents are to be changed, for showing how far it is.
  func count() async throws(ActionError) -> Int64 {
    try await firstRow(
      (definition.kind == .fields ? definition.match : definition.capture) + [["$count": "n"]], doing: "counting the documents to change")?[
        "n"]?.integer ?? 0
  }
}
