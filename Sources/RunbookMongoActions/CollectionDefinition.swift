import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// What a collection is besides its documents: kind, options, indexes.
struct CollectionDefinition: Sendable {
  /// `collection`, `view` or `timeseries`.
  var kind: String
  var options: BSONDocument
  /// By name, as the server lists them, without `v`, `ns` and `background`.
  var indexes: OrderedDictionary<String, BSONDocument>
  /// What tells it from another of the same name, as hexadecimal digits; views have none.
  var uuid: String?

  /// Why its documents cannot be copied or changed one by one; nil where they can.
  var hindrance: String? {
    if kind == "view" { return "is a view" }
    if kind == "timeseries" || options["timeseries"] != nil { return "is a time-series collection" }
    if options["capped"]?.isTruthy ?? false { return "is a capped collection" }
    return nil
  }

  /// Two definitions of an index are equal when their keys are, in their order, and all other options, in any.
  static func areEqual(_ a: BSONDocument, _ b: BSONDocument) -> Bool { sorted(a) == sorted(b) }

  /// Options of collections, in any order.
  static func sorted(_ document: BSONDocument) -> BSONDocument {
    BSONDocument { writer in
      for element in document.sorted(by: { $0.key < $1.key }) { writer.append(element) }
    }
  }
}

extension MongoTarget {
  /// - Returns: nil where there is no such collection.
  func definition(of collection: String) async throws(ActionError) -> CollectionDefinition? {
    let listed: [BSONDocument]
    do throws(MongoError) {
      listed = try await client.documents(
        ["listCollections": 1, "filter": ["name": .string(collection)], "maxTimeMS": 30_000], database: database)
    } catch {
      throw self.error(error, collection: collection, doing: "reading its options")
    }
    guard let found = listed.first else { return nil }
    let kind = found["type"]?.string ?? "collection"
    let uuid = found["info"]?.document?["uuid"]?.binary?.bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
    var definition = CollectionDefinition(
      kind: kind, options: found["options"]?.document ?? [:], indexes: [:], uuid: uuid?.joined())
    if kind == "collection" { definition.indexes = try await indexes(of: collection) }
    return definition
  }

  private func indexes(of collection: String) async throws(ActionError) -> OrderedDictionary<String, BSONDocument> {
    let listed: [BSONDocument]
    do throws(MongoError) {
      listed = try await client.documents(["listIndexes": .string(collection), "maxTimeMS": 30_000], database: database)
    } catch {
      // Dropped in between: it has none.
      if error.code == 26 { return [:] }
      throw self.error(error, collection: collection, doing: "reading its indexes")
    }
    var indexes: OrderedDictionary<String, BSONDocument> = [:]
    for index in listed {
      guard let name = index["name"]?.string else { continue }
      // A conversion to unique leaves `prepareUnique: false` on some servers, which means nothing.
      let isPrepared = index["prepareUnique"]?.isTruthy ?? false
      indexes[name] = isPrepared ? index.without("v", "ns", "background") : index.without("v", "ns", "background", "prepareUnique")
    }
    return indexes
  }

  /// The indexes of a collection as its author meant them: of a proven backup those of its source at that time, since a TTL index is built there
  /// without its expiry.
  func intendedIndexes(of collection: String) async throws(ActionError) -> OrderedDictionary<String, BSONDocument> {
    guard let definition = try await definition(of: collection) else {
      throw ActionError(
        code: MongoErrorCode.missingCollection, message: "there is no collection '\(collection)' in target '\(name)'", kind: .refused,
        help: "check the collection's name and the target's database")
    }
    guard let record = try await backupRecord(of: collection), record.isProven else { return definition.indexes }
    var intended = definition.indexes
    for (name, recorded) in record.indexes {
      guard let built = intended[name], CollectionDefinition.areEqual(built, recorded.without("expireAfterSeconds")) else { continue }
      intended[name] = recorded
    }
    return intended
  }
}

extension BSONDocument {
  /// The document without some of its fields.
  func without(_ names: String...) -> BSONDocument {
    BSONDocument { writer in
      for element in self where !names.contains(where: element.hasKey) { writer.append(element) }
    }
  }
}
