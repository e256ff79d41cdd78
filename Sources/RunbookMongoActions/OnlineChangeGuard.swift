import MongoDriver

/// The conditions on one field, with everything that does not depend on the value made once.
final class FieldGuard {
  let name: String
  /// The name with the NUL that ends it.
  let terminated: [UInt8]
  private let path: String
  /// The field's path as the first side of a comparison, `{"0": "$f"}`.
  private let firstSide: BSONDocument
  private let absent: BSONDocument
  /// `{$eq: [{$type: "$f"}, type]}` at the number of the type.
  private let types: [BSONDocument]

  init(_ name: String) {
    self.name = name
    terminated = Array(name.utf8) + [0]
    let path = "$" + name
    self.path = path
    firstSide = ["0": .string(path)]
    func type(is type: String) -> BSONDocument { ["$eq": [["$type": .string(path)], .string(type)]] }
    absent = type(is: "missing")
    var types = Array(repeating: BSONDocument(), count: 256)
    for each in BSONType.allCases { types[Int(each.rawValue)] = type(is: each.serverName) }
    self.types = types
  }

  /// What is asserted of things inside documents and arrays besides equality, and of texts wherever they stand.
  struct Inside {
    /// The types of numbers, which `$eq` does not tell apart.
    var numbers: Bool
    /// The bytes of texts, which `$eq` does not tell apart under a collation.
    var texts: Bool
  }

  /// The field is absent, or of exactly this type and equal.
  func write(
    _ value: BSONPlace?, of bytes: UnsafeRawBufferPointer, _ inside: Inside, to conditions: inout OpenStatement.Conditions,
    in out: inout BSONBuffer
  ) {
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
      if inside.numbers || inside.texts { Self.nested(value, of: bytes, at: .string(path), inside, to: &conditions, in: &out) }
    } else if value.type == .string, inside.texts {
      Self.sameBytes(value, of: bytes, at: .string(path), to: &conditions, in: &out)
    }
  }

  func set(_ value: BSONPlace, of bytes: UnsafeRawBufferPointer, in out: inout BSONBuffer) {
    let literal = out.open(.document, terminated: terminated)
    out.append(value, of: bytes, "$literal")
    out.close(literal)
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
