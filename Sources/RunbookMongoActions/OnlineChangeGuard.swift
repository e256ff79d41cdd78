import MongoDriver

/// The conditions on one field, with everything that does not depend on the value made once.
final class FieldGuard {
  let path: ChangedPath
  /// The path with the NUL that ends it.
  let terminated: [UInt8]
  private let reference: BSONValue
  /// The field as the first side of a comparison, `{"0": "$f"}`.
  private let firstSide: BSONDocument
  private let absent: BSONDocument
  /// `{$eq: [{$type: "$f"}, type]}` at the number of the type.
  private let types: [BSONDocument]
  /// For each document on the way that it is one, and that it is not there.
  private let parents: [(isThere: BSONDocument, isMissing: BSONDocument)]

  init(_ path: ChangedPath) {
    self.path = path
    terminated = Array(path.text.utf8) + [0]
    let reference = path.reference()
    self.reference = reference
    firstSide = ["0": reference]
    func type(of place: BSONValue, is type: String) -> BSONDocument { ["$eq": [["$type": place], .string(type)]] }
    if path.isLiteral {
      let names: BSONValue = ["$map": ["input": ["$objectToArray": "$$ROOT"], "in": "$$this.k"]]
      absent = ["$not": [["$in": [["$literal": .string(path.text)], names]]]]
    } else {
      absent = type(of: reference, is: "missing")
    }
    var types = Array(repeating: BSONDocument(), count: 256)
    for each in BSONType.allCases { types[Int(each.rawValue)] = type(of: reference, is: each.serverName) }
    self.types = types
    parents = (0..<path.parents).map { place in
      let parent: BSONValue = .string("$" + path.prefix(place + 1))
      return (type(of: parent, is: "object"), type(of: parent, is: "missing"))
    }
  }

  /// What is asserted of things inside documents and arrays besides equality, and of texts wherever they stand.
  struct Inside {
    /// The types of numbers, which `$eq` does not tell apart.
    var numbers: Bool
    /// The bytes of texts, which `$eq` does not tell apart under a collation.
    var texts: Bool
  }

  /// The field is absent, or of exactly this type and equal, and everything on its way is a document.
  /// - Parameter missing: how many of the documents on its way are not there, and it with them.
  func write(
    _ value: BSONPlace?, missing: Int = 0, of bytes: UnsafeRawBufferPointer, _ inside: Inside,
    to conditions: inout OpenStatement.Conditions, in out: inout BSONBuffer
  ) {
    if !parents.isEmpty {
      for parent in parents.dropLast(missing) {
        out.append(parent.isThere, index: conditions.count)
        conditions.count += 1
      }
      if missing > 0 {
        out.append(parents[parents.count - missing].isMissing, index: conditions.count)
        conditions.count += 1
        return
      }
    }
    guard let value else {
      out.append(absent, index: conditions.count)
      conditions.count += 1
      return
    }
    out.append(types[Int(value.type.rawValue)], index: conditions.count)
    conditions.count += 1
    switch value.type {
    case .null, .undefined, .minKey, .maxKey: break
    default:
      let condition = out.open(.document, index: conditions.count)
      let sides = out.open(.array, "$eq")
      out.append(fieldsOf: firstSide)
      let literal = out.open(.document, index: 1)
      out.append(value, of: bytes, "$literal")
      out.close(literal)
      out.close(sides)
      out.close(condition)
      conditions.count += 1
    }
    if value.type == .document || value.type == .array {
      if inside.numbers || inside.texts { Self.nested(value, of: bytes, at: reference, inside, to: &conditions, in: &out) }
    } else if value.type == .string, inside.texts {
      Self.sameBytes(value, of: bytes, at: reference, to: &conditions, in: &out)
    }
  }

  /// As a field of `$set`.
  func set(_ value: BSONPlace, of bytes: UnsafeRawBufferPointer, in out: inout BSONBuffer) {
    let literal = out.open(.document, terminated: terminated)
    out.append(value, of: bytes, "$literal")
    out.close(literal)
  }

  /// As a stage of its own, where no path can say the name; nil: the field is taken away.
  func setLiteral(_ value: BSONPlace?, of bytes: UnsafeRawBufferPointer, index: Int, in out: inout BSONBuffer) {
    let stage = out.open(.document, index: index)
    let replacement = out.open(.document, "$replaceWith")
    let change = out.open(.document, "$setField")
    out.append(fieldsOf: ["field": ["$literal": .string(path.text)], "input": "$$ROOT"])
    if let value {
      let literal = out.open(.document, "value")
      out.append(value, of: bytes, "$literal")
      out.close(literal)
    } else {
      out.append(fieldsOf: ["value": "$$REMOVE"])
    }
    out.close(change)
    out.close(replacement)
    out.close(stage)
  }

  /// What is inside a document or an array. Equality has been asserted before, so that every place holds a value of the kind that is expected.
  private static func nested(
    _ value: BSONPlace, of bytes: UnsafeRawBufferPointer, at place: BSONValue, _ inside: Inside,
    to conditions: inout OpenStatement.Conditions, in out: inout BSONBuffer
  ) {
    var walk = BSONWalk(bytes, from: value.start)
    var index: Int32 = 0
    while walk.next() {
      let item = walk.value
      defer { index += 1 }
      guard item.type.isAsserted(inside) else { continue }
      let itsPlace: BSONValue =
        value.type == .array
        ? ["$arrayElemAt": [place, .int32(index)]]
        : ["$getField": ["field": ["$literal": .string(walk.fieldName)], "input": place]]
      if item.type == .document || item.type == .array {
        nested(item, of: bytes, at: itsPlace, inside, to: &conditions, in: &out)
        continue
      }
      out.append(["$eq": [["$type": itsPlace], .string(item.type.serverName)]] as BSONDocument, index: conditions.count)
      conditions.count += 1
      if item.type == .string { sameBytes(item, of: bytes, at: itsPlace, to: &conditions, in: &out) }
    }
  }

  /// A text, known to be one and as long by the type's check before, is the same byte by byte.
  private static func sameBytes(
    _ value: BSONPlace, of bytes: UnsafeRawBufferPointer, at place: BSONValue, to conditions: inout OpenStatement.Conditions,
    in out: inout BSONBuffer
  ) {
    let found = out.open(.document, index: conditions.count)
    let sides = out.open(.array, "$eq")
    let search = out.open(.document, index: 0)
    let parts = out.open(.array, "$indexOfBytes")
    out.append(fieldsOf: ["0": place])
    let literal = out.open(.document, index: 1)
    out.append(value, of: bytes, "$literal")
    out.close(literal)
    out.close(parts)
    out.close(search)
    out.append(fieldsOf: ["1": 0])
    out.close(sides)
    out.close(found)
    // A text begins with its length and ends with NUL; both are not counted.
    let length = Int32(value.count - 5)
    out.append(["$eq": [["$strLenBytes": place], .int32(length)]] as BSONDocument, index: conditions.count + 1)
    conditions.count += 2
  }
}

extension BSONType {
  /// Whether it is asserted by itself inside a document or an array, or may have something inside that is.
  fileprivate func isAsserted(_ inside: FieldGuard.Inside) -> Bool {
    switch self {
    case .int32, .int64, .double, .decimal128: inside.numbers
    case .string: inside.texts
    case .document, .array: true
    default: false
    }
  }
}
