import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// An index as a plan asks for it.
struct IndexDefinition: Sendable {
  /// The command's form: `key`, `name`, and the options that are not as they would be anyway.
  let document: BSONDocument
  let name: String

  var isUnique: Bool { document["unique"]?.isTruthy ?? false }

  /// - Parameter recorded: a definition as the server lists it.
  init?(recorded: BSONDocument) {
    guard let name = recorded["name"]?.string else { return nil }
    document = recorded
    self.name = name
  }

  init(_ arguments: ValueMap) throws(ActionError) {
    guard let keys = arguments["keys"] else { throw MongoValues.unfit("keys", "is missing") }
    let key = try MongoValues.document(keys, at: "keys")
    let name = arguments["name"]?.stringValue ?? Self.defaultName(of: key)
    let partial = try Self.document("partialFilterExpression", arguments)
    let collation = try Self.document("collation", arguments)
    let flags = ["unique", "sparse", "hidden"].filter { arguments[$0] == true }
    let expiry = arguments["expireAfter"]?.durationValue.map { $0 / 1_000_000 }
    document = BSONDocument { writer in
      writer.append("key", key)
      writer.append("name", name)
      for flag in flags { writer.append(flag, true) }
      if let partial { writer.append("partialFilterExpression", partial) }
      if let collation { writer.append("collation", collation) }
      if let expiry { writer.append("expireAfterSeconds", .integer(expiry)) }
    }
    self.name = name
  }

  private static func document(_ name: String, _ arguments: ValueMap) throws(ActionError) -> BSONDocument? {
    guard let value = arguments[name], !value.isNull else { return nil }
    return try MongoValues.document(value, at: name)
  }

  /// As every driver makes it: `a_1_b_-1`.
  static func defaultName(of key: BSONDocument) -> String {
    key.map { element in "\(element.key)_\(element.value.integer.map(String.init) ?? element.value.string ?? "")" }.joined(separator: "_")
  }

  /// The same without `unique`: what a build by `prepareUnique` begins with.
  var notYetUnique: IndexDefinition {
    IndexDefinition(document: document.without("unique"), name: name)
  }

  private init(document: BSONDocument, name: String) {
    self.document = document
    self.name = name
  }
}

extension IndexDefinition {
  /// What servers add to a definition by themselves.
  private static let added: Set<String> = [
    "v", "ns", "background", "textIndexVersion", "2dsphereIndexVersion", "default_language", "language_override", "weights",
  ]
  private static let options = ["unique", "sparse", "hidden", "expireAfterSeconds", "partialFilterExpression"]

  /// Whether an index as the server lists it is this one.
  /// - Parameter collation: the collection's, which an index without its own has.
  func isListed(as listed: BSONDocument, collation inherited: BSONDocument?) -> Bool {
    guard listed["name"]?.string == name, sameKeys(listed) else { return false }
    let plain = Set(Self.options).union(document.keys).subtracting(["key", "name", "collation"]).subtracting(Self.added)
    let known = plain.union(Self.added).union(["key", "name", "collation"])
    guard listed.allSatisfy({ known.contains($0.key) }), plain.allSatisfy({ Self.alike(document[$0], listed[$0]) }) else { return false }
    return sameCollation(listed["collation"]?.document, inherited)
  }

  private func sameKeys(_ listed: BSONDocument) -> Bool {
    guard let wanted = document["key"]?.document, let key = listed["key"]?.document else { return false }
    if CollectionDefinition.areAlike(BSONValue.document(wanted).raw, BSONValue.document(key).raw) { return true }
    // A text index is listed by its inner keys; the fields are those of `weights`, and what is no text stands around them.
    guard key["_fts"]?.string == "text", let weights = listed["weights"]?.document else { return false }
    let texts = wanted.filter { $0.value.string == "text" }.map(\.key)
    let others = wanted.filter { $0.value.string != "text" }.map(\.key)
    return Set(texts) == Set(weights.keys) && others == key.keys.filter { $0 != "_fts" && $0 != "_ftsx" }
  }

  /// A flag that is false is one that is not there.
  private static func alike(_ a: RawBSONValue?, _ b: RawBSONValue?) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let value?, nil), (nil, let value?): value.bool == false
    case (let x?, let y?): CollectionDefinition.areAlike(x, y)
    }
  }

  private func sameCollation(_ listed: BSONDocument?, _ inherited: BSONDocument?) -> Bool {
    guard let wanted = document["collation"]?.document else {
      return listed == nil || CollectionDefinition.isPart(inherited, of: listed) && inherited != nil
    }
    if wanted["locale"]?.string == "simple" { return listed == nil || listed?["locale"]?.string == "simple" }
    return CollectionDefinition.isPart(wanted, of: listed)
  }
}
