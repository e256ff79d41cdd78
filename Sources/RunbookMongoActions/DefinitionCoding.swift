import MongoDriver
import OrderedCollections
import RunbookPlan

/// Definitions as the journal keeps them: canonical Extended JSON, in which every BSON type and the order of keys survive.
extension CollectionDefinition {
  var value: Value {
    .object([
      "kind": .string(kind), "uuid": uuid.map(Value.string) ?? .null, "options": .string(options.extendedJSON(canonical: true)),
      "indexes": .list(indexes.values.map { .string($0.extendedJSON(canonical: true)) }),
    ])
  }

  /// Nil for what was not written by `value`.
  init?(value: Value?) {
    guard let kind = value?["kind"]?.stringValue, let options = value?["options"]?.stringValue.flatMap(Self.document),
      let listed = value?["indexes"]?.listValue
    else { return nil }
    self.init(kind: kind, options: options, indexes: [:], uuid: value?["uuid"]?.stringValue)
    for text in listed {
      guard let index = text.stringValue.flatMap(Self.document), let name = index["name"]?.string else { return nil }
      indexes[name] = index
    }
  }

  static func document(_ text: String) -> BSONDocument? { try? BSONDocument(extendedJSON: text) }
}

/// What the server lists for options is not always what was said: it writes defaults out, and completes collations.
extension CollectionDefinition {
  /// The options without what is so anyway, in the order of their names: equal for collections that behave alike.
  static func normalised(_ options: BSONDocument) -> BSONDocument {
    sorted(
      BSONDocument { writer in
        for element in options where !isDefault(element) { writer.append(element) }
      })
  }

  private static func isDefault(_ element: BSONElement) -> Bool {
    switch element.key {
    case "validator": element.value.document?.isEmpty ?? false
    case "validationLevel": element.value.string == "strict"
    case "validationAction": element.value.string == "error"
    case "changeStreamPreAndPostImages": !(element.value.document?["enabled"]?.isTruthy ?? false)
    case "capped": !element.value.isTruthy
    default: false
    }
  }

  /// Whether the options listed are those asked for.
  static func options(_ listed: BSONDocument, fit wanted: BSONDocument) -> Bool {
    let (listed, wanted) = (normalised(listed), normalised(wanted))
    guard listed.keys == wanted.keys else { return false }
    return wanted.allSatisfy { element in
      guard let found = listed[element.key] else { return false }
      return element.key == "collation" || element.key == "clusteredIndex"
        ? isPart(element.value.document, of: found.document) : areAlike(element.value, found)
    }
  }

  /// Whether the server's completed document says everything that was asked for, and the same of it.
  static func isPart(_ wanted: BSONDocument?, of listed: BSONDocument?) -> Bool {
    guard let wanted, let listed else { return wanted == nil && listed == nil }
    return wanted.allSatisfy { element in listed[element.key].map { areAlike(element.value, $0) } ?? false }
  }

  /// Equal, where numbers of other types count as equal: a server may list 1.0 for 1.
  static func areAlike(_ a: RawBSONValue, _ b: RawBSONValue) -> Bool {
    if a == b { return true }
    if let x = a.number, let y = b.number { return x == y }
    if let x = a.document, let y = b.document {
      return x.keys == y.keys && zip(x, y).allSatisfy { areAlike($0.value, $1.value) }
    }
    if let x = a.array, let y = b.array {
      let (left, right) = (Array(x), Array(y))
      return left.count == right.count && zip(left, right).allSatisfy { areAlike($0, $1) }
    }
    return false
  }
}
