import MongoDriver

/// Writes the commands of an online change. A command is a pure function of its block, so that it can be sent again byte for byte after a crash
/// (online-change page, A): every condition is asserted on `_id` inside the update, and where one does not hold, the statement asks for another
/// `_id`, which the server refuses for that statement alone with code 66.
struct OnlineChangeStatements {
  private let fields: [FieldGuard]
  private let inputs: [FieldGuard]
  /// The first condition, `{$lt: [{$toLong: "$$NOW"}, until]}`.
  let fence: BSONDocument
  /// What follows the conditions in `$cond`, as elements 1 and 2: the document's own `_id`, or another, which is refused.
  private let choices: BSONDocument = ["1": "$_id", "2": ["missed": "$_id"]]

  /// The code with which the server refuses a statement that asks for another `_id` (ImmutableField).
  static let missedCode: Int32 = 66

  /// - Parameter until: server milliseconds from which on no statement acts.
  init(until: Int64, fields: [String], inputs: [String]) {
    fence = ["$lt": [["$toLong": "$$NOW"], .int64(until)]]
    self.fields = fields.map(FieldGuard.init)
    self.inputs = inputs.map(FieldGuard.init)
  }

  /// The statement that changes a document as long as everything that the change was computed from is as it was.
  func writeForward(_ entry: UndoEntryLayout, of bytes: UnsafeRawBufferPointer, index: Int, to out: inout BSONBuffer) {
    var statement = OpenStatement(index: index, key: entry.key, of: bytes, fence: fence, in: &out)
    for position in fields.indices {
      fields[position].write(entry.fields[position].before, of: bytes, to: &statement.conditions, in: &out)
    }
    for position in inputs.indices { inputs[position].write(entry.inputs[position], of: bytes, to: &statement.conditions, in: &out) }
    statement.closeConditions(choices, in: &out)
    for position in entry.changed {
      if let after = entry.fields[position].after { fields[position].set(after, of: bytes, in: &out) }
    }
    close(statement, unset: entry.changed, in: &out) { entry.fields[$0].after == nil }
  }

  /// The statement that puts fields back as they were where they are as we left them; number types inside them are asserted too.
  func writeUndo(
    _ entry: UndoEntryLayout, only positions: ArraySlice<Int>, of document: BSONDocument, bytes: UnsafeRawBufferPointer, index: Int,
    to out: inout BSONBuffer
  ) {
    var statement = OpenStatement(index: index, key: entry.key, of: bytes, fence: fence, in: &out)
    for position in positions {
      let after = entry.fields[position].after
      fields[position].write(after, of: bytes, to: &statement.conditions, in: &out)
      if let after, after.type == .document || after.type == .array {
        fields[position].writeNestedTypes(document.value(at: after), to: &statement.conditions, in: &out)
      }
    }
    statement.closeConditions(choices, in: &out)
    for position in positions {
      if let before = entry.fields[position].before { fields[position].set(before, of: bytes, in: &out) }
    }
    close(statement, unset: positions, in: &out) { entry.fields[$0].before == nil }
  }

  /// - Parameters:
  ///   - positions: of the fields that the statement writes.
  ///   - isUnset: whether the field at a position is to be absent.
  @inline(__always)
  private func close(_ statement: OpenStatement, unset positions: ArraySlice<Int>, in out: inout BSONBuffer, isUnset: (Int) -> Bool) {
    out.close(statement.set)
    out.close(statement.stage)
    if positions.contains(where: isUnset) {
      let stage = out.open(.document, index: 1)
      let names = out.open(.array, "$unset")
      var count = 0
      for position in positions where isUnset(position) {
        out.append(text: fields[position].terminated, index: count)
        count += 1
      }
      out.close(names)
      out.close(stage)
    }
    out.close(statement.pipeline)
    out.close(statement.whole)
  }

  /// The whole command.
  /// - Parameter bytes: about how many it will have.
  static func command<E: Error>(
    _ collection: String, delivery: UndoBlock.Delivery, bypassesValidation: Bool, bytes: Int,
    statements: (inout BSONBuffer) throws(E) -> Void
  ) throws(E) -> BSONDocument {
    var out = BSONBuffer(capacity: bytes)
    let command = out.open()
    out.append(fieldsOf: ["update": .string(collection)])
    let list = out.open(.array, "updates")
    try statements(&out)
    out.close(list)
    out.append(
      fieldsOf: BSONDocument { rest in
        rest.append("ordered", false)
        if bypassesValidation { rest.append("bypassDocumentValidation", true) }
        rest.append("maxTimeMS", delivery.limit)
        rest.append("writeConcern", ["w": "majority", "j": true, "wtimeout": .int64(delivery.limit)] as BSONDocument)
        if let number = delivery.number { rest.append("txnNumber", number) }
      })
    out.close(command)
    return out.take()
  }
}

/// A statement that is being written: `{q: {_id}, u: [{$set: {_id: {$cond: [{$and: [conditions]}, …]}, fields}}]}`.
struct OpenStatement {
  let whole: Int
  let pipeline: Int
  let stage: Int
  let set: Int
  private let id: Int
  private let choice: Int
  private let all: Int
  var conditions: Conditions

  /// The conditions written so far.
  struct Conditions {
    let list: Int
    var count: Int
  }

  init(index: Int, key: BSONPlace, of bytes: UnsafeRawBufferPointer, fence: BSONDocument, in out: inout BSONBuffer) {
    whole = out.open(.document, index: index)
    let query = out.open(.document, "q")
    out.append(key, of: bytes, "_id")
    out.close(query)
    pipeline = out.open(.array, "u")
    stage = out.open(.document, index: 0)
    set = out.open(.document, "$set")
    id = out.open(.document, "_id")
    choice = out.open(.array, "$cond")
    all = out.open(.document, index: 0)
    conditions = Conditions(list: out.open(.array, "$and"), count: 1)
    out.append(fence, index: 0)
  }

  func closeConditions(_ choices: BSONDocument, in out: inout BSONBuffer) {
    out.close(conditions.list)
    out.close(all)
    out.append(fieldsOf: choices)
    out.close(choice)
    out.close(id)
  }
}

extension UndoBlock {
  /// The command that carries this batch out; a deletion has none, its documents are removed one by one.
  func forwardCommand() throws(UndoBlockError) -> BSONDocument {
    if kind != .fields { return wholeCommand(try readEntries(), chosen: nil, delivery: delivery, isUndo: false) }
    let places = entries.places
    guard places.count == count else { throw wrongCount(places.count) }
    let writer = OnlineChangeStatements(until: delivery.until, fields: fields, inputs: inputs)
    return try OnlineChangeStatements.command(collection, delivery: delivery, bypassesValidation: false, bytes: commandBytes) {
      (out) throws(UndoBlockError) in
      var layout = UndoEntryLayout(fieldCount: fields.count, inputCount: inputs.count)
      try entries.withBytes { (bytes) throws(UndoBlockError) in
        for (index, place) in places.enumerated() {
          try layout.read(place, of: bytes)
          writer.writeForward(layout, of: bytes, index: index, to: &out)
        }
      }
    }
  }

  /// The command of an announced undo of this batch.
  func undoCommand(_ undo: UndoAnnouncement, entries: UndoEntries) -> BSONDocument {
    if kind != .fields { return wholeCommand(entries, chosen: undo.entries, delivery: undo.delivery, isUndo: true) }
    let writer = OnlineChangeStatements(until: undo.delivery.until, fields: fields, inputs: inputs)
    return OnlineChangeStatements.command(collection, delivery: undo.delivery, bypassesValidation: true, bytes: commandBytes) { out in
      var layout = entries.layout
      entries.document.withBytes { bytes in
        for (place, index) in undo.entries.enumerated() {
          entries.read(index, into: &layout, of: bytes)
          let positions = undo.fields.map { $0[place][...] } ?? layout.changed
          writer.writeUndo(layout, only: positions, of: entries.document, bytes: bytes, index: place, to: &out)
        }
      }
    }
  }

  /// Room for a command of all entries.
  var commandBytes: Int { 1024 + entries.byteCount * 2 + count * (256 + (fields.count + inputs.count) * 128) }
}

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

  /// The field is absent, or of exactly this type and equal.
  func write(
    _ value: BSONPlace?, of bytes: UnsafeRawBufferPointer, to conditions: inout OpenStatement.Conditions, in out: inout BSONBuffer
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
  }

  func set(_ value: BSONPlace, of bytes: UnsafeRawBufferPointer, in out: inout BSONBuffer) {
    let literal = out.open(.document, terminated: terminated)
    out.append(value, of: bytes, "$literal")
    out.close(literal)
  }

  /// The types of the numbers inside a document or an array, which `$eq` does not tell apart.
  func writeNestedTypes(_ value: RawBSONValue, to conditions: inout OpenStatement.Conditions, in out: inout BSONBuffer) {
    Self.nested(value, at: .string(path), to: &conditions, in: &out)
  }

  private static func nested(
    _ value: RawBSONValue, at place: BSONValue, to conditions: inout OpenStatement.Conditions, in out: inout BSONBuffer
  ) {
    switch value.type {
    case .int32, .int64, .double, .decimal128:
      out.append(["$eq": [["$type": place], .string(value.type.serverName)]] as BSONDocument, index: conditions.count)
      conditions.count += 1
    case .document:
      for element in value.document ?? BSONDocument() where element.value.type.mayHoldNumbers {
        nested(
          element.value, at: ["$getField": ["field": ["$literal": .string(element.key)], "input": place]], to: &conditions, in: &out)
      }
    case .array:
      for (index, item) in (value.array ?? BSONArray([])).enumerated() where item.type.mayHoldNumbers {
        nested(item, at: ["$arrayElemAt": [place, .int32(Int32(index))]], to: &conditions, in: &out)
      }
    default: break
    }
  }
}

extension BSONType {
  /// Whether it is a number or may have numbers inside.
  fileprivate var mayHoldNumbers: Bool {
    switch self {
    case .int32, .int64, .double, .decimal128, .document, .array: true
    default: false
    }
  }
}
