import MongoDriver

/// A field as the target of a change, or as something that it looks at.
///
/// `owner.name` is a path through documents. A top-level field whose name holds a dot or begins with `$` has no path; it is reached by `$getField` and
/// `$setField` alone.
struct ChangedPath: Hashable, Sendable {
  let names: [String]
  /// One name that no path can say.
  let isLiteral: Bool

  /// The document as a whole.
  static let root = ChangedPath(path: ChangeDefinition.root)
  /// So many documents may be on the way: the bits that an entry has for their number.
  static let mostParents = 31

  init(path: String) {
    names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    isLiteral = false
  }

  /// A top-level field.
  init(name: String) {
    names = [name]
    isLiteral = name != ChangeDefinition.root && (name.contains(".") || name.hasPrefix("$"))
  }

  var text: String { names.joined(separator: ".") }
  /// How many documents are on the way.
  var parents: Int { names.count - 1 }
  /// Whether it is a top-level field that a path can say.
  var isPlain: Bool { parents == 0 && !isLiteral }

  /// The path of the first `count` names.
  func prefix(_ count: Int) -> String { names.prefix(count).joined(separator: ".") }

  /// The expression that reads it.
  /// - Parameter document: the field in which the document is kept; nil: the document itself.
  func reference(in document: String? = nil) -> BSONValue {
    if isLiteral {
      let input = document.map { "$" + $0 } ?? "$$ROOT"
      return ["$getField": ["field": ["$literal": .string(names[0])], "input": .string(input)]]
    }
    return .string("$" + (document.map { $0 + "." } ?? "") + text)
  }

  /// The expression that counts how many of the documents on the way are missing; -1 where something else is in their place.
  func missingParents(in document: String? = nil) -> BSONValue {
    var expression: BSONValue = 0
    for place in (0..<parents).reversed() {
      let type: BSONValue = ["$type": .string("$" + (document.map { $0 + "." } ?? "") + prefix(place + 1))]
      expression = [
        "$cond": [
          ["$eq": [type, "object"]], expression, ["$cond": [["$eq": [type, "missing"]], .int32(Int32(parents - place)), -1]],
        ]
      ]
    }
    return expression
  }

  /// Whether one of the two is the other, or is inside it.
  func overlaps(_ other: ChangedPath) -> Bool {
    isLiteral == other.isLiteral && zip(names, other.names).allSatisfy { $0 == $1 }
  }

  /// Whether it is `other`, or inside it.
  func isInside(_ other: ChangedPath) -> Bool { names.count >= other.names.count && overlaps(other) }

  /// The value in a document; nil where it is absent, or where something on the way is no document.
  func value(in document: BSONDocument) -> RawBSONValue? { parent(in: document)?[names[parents]] }

  /// The document that it stands in, or would.
  func parent(in document: BSONDocument) -> BSONDocument? {
    var inner = document
    for name in names.dropLast() {
      guard let next = inner[name]?.document else { return nil }
      inner = next
    }
    return inner
  }
}

extension ChangedPath: ExpressibleByStringLiteral {
  init(stringLiteral path: String) { self.init(path: path) }
}
