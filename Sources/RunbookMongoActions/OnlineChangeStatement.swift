import MongoDriver

/// Writes the commands of an online change. A command is a pure function of its block, so that it can be sent again byte for byte after a crash
/// (online-change page, A): every condition is asserted on `_id` inside the update, and where one does not hold, the statement asks for another
/// `_id`, which the server refuses for that statement alone with code 66.
struct OnlineChangeStatements {
  private let fence: BSONDocument
  private let fields: [FieldGuard]
  private let inputs: [FieldGuard]

  /// The asked-for `_id` of a statement that must not act.
  private static let missed: BSONDocument = ["missed": "$_id"]
  /// The code with which the server refuses it (ImmutableField).
  static let missedCode: Int32 = 66

  /// - Parameter until: server milliseconds from which on no statement acts.
  init(until: Int64, fields: [String], inputs: [String]) {
    fence = ["$lt": [["$toLong": "$$NOW"], .int64(until)]]
    self.fields = fields.map(FieldGuard.init)
    self.inputs = inputs.map(FieldGuard.init)
  }

  /// The statement that changes a document as long as everything that the change was computed from is as it was.
  func writeForward(_ entry: UndoEntry, to list: inout BSONArrayWriter) {
    write(entry.key, to: &list) { conditions in
      for (field, value) in zip(fields, entry.fields) { field.write(value.before, to: &conditions) }
      for (input, value) in zip(inputs, entry.inputs) { input.write(value, to: &conditions) }
    } set: { stage in
      for (field, value) in zip(fields, entry.fields) where value.changes { if let after = value.after { field.set(after, in: &stage) } }
    } unset: {
      zip(fields, entry.fields).filter { $1.changes && $1.after == nil }.map { .string($0.0.name) }
    }
  }

  /// The statement that puts fields back as they were where they are as we left them; number types inside them are asserted too.
  func writeUndo(_ entry: UndoEntry, only positions: [Int], to list: inout BSONArrayWriter) {
    write(entry.key, to: &list) { conditions in
      for position in positions {
        fields[position].write(entry.fields[position].after, to: &conditions)
        fields[position].writeNestedTypes(entry.fields[position].after, to: &conditions)
      }
    } set: { stage in
      for position in positions { if let before = entry.fields[position].before { fields[position].set(before, in: &stage) } }
    } unset: {
      positions.filter { entry.fields[$0].before == nil }.map { .string(fields[$0].name) }
    }
  }

  private func write(
    _ key: RawBSONValue, to list: inout BSONArrayWriter, conditions: (inout BSONArrayWriter) -> Void, set: (inout BSONWriter) -> Void,
    unset: () -> [BSONValue]
  ) {
    list.document { statement in
      statement.document("q") { $0.append("_id", raw: key) }
      statement.array("u") { pipeline in
        pipeline.document { stage in
          stage.document("$set") { fields in
            fields.document("_id") { id in
              id.array("$cond") { choice in
                choice.document { all in
                  all.array("$and") { list in
                    list.append(fence)
                    conditions(&list)
                  }
                }
                choice.append("$_id")
                choice.append(Self.missed)
              }
            }
            set(&fields)
          }
        }
        let gone = unset()
        if !gone.isEmpty { pipeline.append(["$unset": .array(BSONArray(gone))] as BSONDocument) }
      }
    }
  }

  /// The whole command.
  static func command(
    _ collection: String, delivery: UndoBlock.Delivery, bypassesValidation: Bool, statements: (inout BSONArrayWriter) throws -> Void
  ) rethrows -> BSONDocument {
    try BSONDocument { command in
      command.append("update", collection)
      try command.array("updates", statements)
      command.append("ordered", false)
      if bypassesValidation { command.append("bypassDocumentValidation", true) }
      command.append("maxTimeMS", delivery.limit)
      command.append("writeConcern", ["w": "majority", "j": true, "wtimeout": .int64(delivery.limit)] as BSONDocument)
      if let number = delivery.number { command.append("txnNumber", number) }
    }
  }
}

extension UndoBlock {
  /// The command that carries this batch out.
  func forwardCommand() throws(UndoBlockError) -> BSONDocument {
    let entries = try readEntries()
    let writer = OnlineChangeStatements(until: delivery.until, fields: fields, inputs: inputs)
    return OnlineChangeStatements.command(collection, delivery: delivery, bypassesValidation: false) { list in
      for entry in entries { writer.writeForward(entry, to: &list) }
    }
  }

  /// The command of an announced undo of this batch.
  func undoCommand(_ undo: UndoAnnouncement, entries: [UndoEntry]) -> BSONDocument {
    let writer = OnlineChangeStatements(until: undo.delivery.until, fields: fields, inputs: inputs)
    return OnlineChangeStatements.command(collection, delivery: undo.delivery, bypassesValidation: true) { list in
      for (place, index) in undo.entries.enumerated() {
        writer.writeUndo(entries[index], only: undo.fields?[place] ?? entries[index].changed, to: &list)
      }
    }
  }
}

/// The conditions on one field, with everything that does not depend on the value made once.
private struct FieldGuard {
  let name: String
  private let path: String
  private let absent: BSONDocument
  private let types: [BSONType: BSONDocument]

  init(_ name: String) {
    self.name = name
    let path = "$" + name
    self.path = path
    func type(is type: String) -> BSONDocument { ["$eq": [["$type": .string(path)], .string(type)]] }
    absent = type(is: "missing")
    types = Dictionary(uniqueKeysWithValues: BSONType.allCases.map { ($0, type(is: $0.serverName)) })
  }

  /// The field is absent, or of exactly this type and equal.
  func write(_ value: RawBSONValue?, to conditions: inout BSONArrayWriter) {
    guard let value else { return conditions.append(absent) }
    if let type = types[value.type] { conditions.append(type) }
    switch value.type {
    case .null, .undefined, .minKey, .maxKey: break
    default:
      conditions.document { condition in
        condition.array("$eq") { sides in
          sides.append(path)
          sides.document { $0.append("$literal", raw: value) }
        }
      }
    }
  }

  func set(_ value: RawBSONValue, in stage: inout BSONWriter) {
    stage.document(name) { $0.append("$literal", raw: value) }
  }

  /// The types of the numbers inside a document or an array, which `$eq` does not tell apart.
  func writeNestedTypes(_ value: RawBSONValue?, to conditions: inout BSONArrayWriter) {
    guard let value, value.type == .document || value.type == .array else { return }
    Self.nested(value, at: .string(path), to: &conditions)
  }

  private static func nested(_ value: RawBSONValue, at place: BSONValue, to conditions: inout BSONArrayWriter) {
    switch value.type {
    case .int32, .int64, .double, .decimal128:
      conditions.append(["$eq": [["$type": place], .string(value.type.serverName)]] as BSONDocument)
    case .document:
      for element in value.document ?? BSONDocument() where element.value.type.mayHoldNumbers {
        nested(element.value, at: ["$getField": ["field": ["$literal": .string(element.key)], "input": place]], to: &conditions)
      }
    case .array:
      for (index, item) in (value.array ?? BSONArray([])).enumerated() where item.type.mayHoldNumbers {
        nested(item, at: ["$arrayElemAt": [place, .int32(Int32(index))]], to: &conditions)
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
