import MongoDriver

/// Writes the commands of an online change. A command is a pure function of its block, so that it can be sent again byte for byte after a crash
/// (online-change page, A): every condition is asserted on `_id` inside the update, and where one does not hold, the statement asks for another
/// `_id`, which the server refuses for that statement alone with code 66.
struct OnlineChangeStatements {
  private let fields: [FieldGuard]
  private let inputs: [FieldGuard]
  /// The document's own key, where equal texts may be different ones: under such a `_id` another document may stand by now.
  private let key: FieldGuard?
  let shardKey: [ChangedPath]
  /// Their names, each with the NUL that ends it.
  private let shardKeyNames: [[UInt8]]
  /// Texts are compared byte by byte.
  let comparesBytes: Bool
  /// The first condition, `{$lt: [{$toLong: "$$NOW"}, until]}`.
  let fence: BSONDocument
  /// What follows the conditions in `$cond`, as elements 1 and 2: the document's own `_id`, or another, which is refused.
  private let choices: BSONDocument = ["1": "$_id", "2": ["missed": "$_id"]]

  /// The code with which the server refuses a statement that asks for another `_id` (ImmutableField).
  static let missedCode: Int32 = 66

  /// - Parameter until: server milliseconds from which on no statement acts.
  init(until: Int64, fields: [ChangedPath], inputs: [ChangedPath], comparesBytes: Bool, shardKey: [ChangedPath] = []) {
    fence = ["$lt": [["$toLong": "$$NOW"], .int64(until)]]
    self.fields = fields.map(FieldGuard.init)
    self.inputs = inputs.map(FieldGuard.init)
    self.comparesBytes = comparesBytes
    self.shardKey = shardKey
    shardKeyNames = shardKey.map { Array($0.text.utf8) + [0] }
    key = comparesBytes ? FieldGuard("_id") : nil
  }

  /// Which of the things inside a value are asserted that the server's equality does not tell apart.
  private func inside(numbers: Bool) -> FieldGuard.Inside { FieldGuard.Inside(numbers: numbers, texts: comparesBytes) }

  /// The statement that changes a document as long as everything that the change was computed from is as it was.
  func writeForward(_ entry: UndoEntryLayout, of bytes: UnsafeRawBufferPointer, index: Int, to out: inout BSONBuffer) {
    var statement = OpenStatement(index: index, entry, shardKeyNames, of: bytes, fence: fence, in: &out)
    let inside = inside(numbers: false)
    key?.write(entry.key, of: bytes, inside, to: &statement.conditions, in: &out)
    for position in fields.indices {
      let field = entry.fields[position]
      fields[position].write(
        field.before, missing: field.missingParents, of: bytes, inside, to: &statement.conditions, in: &out)
    }
    for position in inputs.indices {
      inputs[position].write(entry.inputs[position], of: bytes, inside, to: &statement.conditions, in: &out)
    }
    statement.closeConditions(choices, in: &out)
    close(statement, entry.changed, of: bytes, in: &out) { entry.fields[$0].after }
    out.close(statement.pipeline)
    out.close(statement.whole)
  }

  /// The statement that puts fields back as they were where they are as we left them; number types inside them are asserted too.
  func writeUndo(
    _ entry: UndoEntryLayout, only positions: ArraySlice<Int>, of bytes: UnsafeRawBufferPointer, index: Int, to out: inout BSONBuffer
  ) {
    var statement = OpenStatement(index: index, entry, shardKeyNames, of: bytes, fence: fence, in: &out)
    let inside = inside(numbers: true)
    key?.write(entry.key, of: bytes, inside, to: &statement.conditions, in: &out)
    for position in positions {
      fields[position].write(entry.fields[position].after, of: bytes, inside, to: &statement.conditions, in: &out)
    }
    statement.closeConditions(choices, in: &out)
    let stages = close(statement, positions, of: bytes, in: &out) { entry.fields[$0].before }
    removeCreated(entry, positions, after: stages, in: &out)
    out.close(statement.pipeline)
    out.close(statement.whole)
  }

  /// Writes what the statement does, once its conditions are written.
  /// - Parameters:
  ///   - positions: of the fields that it writes.
  ///   - value: what the field at a position is to be; nil: absent.
  /// - Returns: how many stages the pipeline has.
  @discardableResult
  @inline(__always)
  private func close(
    _ statement: OpenStatement, _ positions: ArraySlice<Int>, of bytes: UnsafeRawBufferPointer, in out: inout BSONBuffer,
    value: (Int) -> BSONPlace?
  ) -> Int {
    var unset = false
    var literal = false
    for position in positions {
      if fields[position].path.isLiteral {
        literal = true
      } else if let value = value(position) {
        fields[position].set(value, of: bytes, in: &out)
      } else {
        unset = true
      }
    }
    out.close(statement.set)
    out.close(statement.stage)
    var stages = 1
    if unset {
      let stage = out.open(.document, index: stages)
      let names = out.open(.array, "$unset")
      var count = 0
      for position in positions where !fields[position].path.isLiteral && value(position) == nil {
        out.append(text: fields[position].terminated, index: count)
        count += 1
      }
      out.close(names)
      out.close(stage)
      stages += 1
    }
    if literal {
      for position in positions where fields[position].path.isLiteral {
        fields[position].setLiteral(value(position), of: bytes, index: stages, in: &out)
        stages += 1
      }
    }
    return stages
  }

  /// Takes away the documents on the way to a field that did not exist before, as far as nothing is in them now; the innermost first.
  private func removeCreated(_ entry: UndoEntryLayout, _ positions: ArraySlice<Int>, after stages: Int, in out: inout BSONBuffer) {
    var deepest = 0
    for position in positions where entry.fields[position].missingParents > 0 { deepest = max(deepest, fields[position].path.parents) }
    var index = stages
    for depth in stride(from: deepest, to: 0, by: -1) {
      var created: [String] = []
      for position in positions {
        let path = fields[position].path
        guard depth <= path.parents, depth > path.parents - entry.fields[position].missingParents else { continue }
        let parent = path.prefix(depth)
        if !created.contains(parent) { created.append(parent) }
      }
      if created.isEmpty { continue }
      let removals = created.map { parent -> (String, BSONValue) in
        let place: BSONValue = .string("$" + parent)
        return (parent, ["$cond": [["$eq": [place, ["$literal": [:] as BSONValue]]], "$$REMOVE", place]])
      }
      out.append(["$set": .document(BSONDocument(removals))] as BSONDocument, index: index)
      index += 1
    }
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

  /// - Parameter shardKey: the names whose values say, beside `_id`, where the document is.
  init(
    index: Int, _ entry: UndoEntryLayout, _ shardKey: [[UInt8]], of bytes: UnsafeRawBufferPointer, fence: BSONDocument,
    in out: inout BSONBuffer
  ) {
    whole = out.open(.document, index: index)
    let query = out.open(.document, "q")
    out.append(entry.key, of: bytes, "_id")
    for (name, value) in zip(shardKey, entry.shardKey) { out.append(value, of: bytes, terminated: name) }
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
    let writer = statements(until: delivery.until)
    return try OnlineChangeStatements.command(collection, delivery: delivery, bypassesValidation: false, bytes: commandBytes) {
      (out) throws(UndoBlockError) in
      var layout = UndoEntryLayout(fieldCount: fields.count, inputCount: inputs.count, shardKeyCount: shardKey.count)
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
    let writer = statements(until: undo.delivery.until)
    return OnlineChangeStatements.command(collection, delivery: undo.delivery, bypassesValidation: !asksValidator, bytes: commandBytes) {
      out in
      var layout = entries.layout
      entries.document.withBytes { bytes in
        for (place, index) in undo.entries.enumerated() {
          let isWhole = keepsDocuments && undo.fields?[place].isEmpty ?? true
          if isWhole, let (after, before) = wholeDocuments(entries[index]) {
            writer.writeReplace(after, by: before, entry: entries[index], index: place, to: &out)
            continue
          }
          entries.read(index, into: &layout, of: bytes)
          let positions = isWhole ? layout.changed : undo.fields.map { $0[place][...] } ?? layout.changed
          writer.writeUndo(layout, only: positions, of: bytes, index: place, to: &out)
        }
      }
    }
  }

  private func statements(until: Int64) -> OnlineChangeStatements {
    OnlineChangeStatements(until: until, fields: fields, inputs: inputs, comparesBytes: comparesBytes, shardKey: shardKey)
  }

  /// Room for a command of all entries.
  var commandBytes: Int { 1024 + entries.byteCount * 2 + count * (256 + (fields.count + inputs.count) * 128) }
}
