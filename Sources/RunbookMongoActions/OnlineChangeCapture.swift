import MongoDriver
import RunbookActions

/// What a change is, apart from whose it is: which documents, which stages, which fields are touched and looked at.
struct ChangeDefinition: Sendable {
  let collection: String
  let filter: BSONDocument
  /// What must hold besides at the moment of the change.
  let condition: BSONDocument
  /// Stages over the collection that yield the `_id` of the documents; nil: all that fit the filter.
  let selection: [BSONDocument]?
  let stages: [BSONDocument]
  /// Touched fields.
  let fields: [String]
  /// Fields that the stages, the filter or the condition look at and that are not touched; `$ROOT` for the document as a whole.
  let inputs: [String]
  /// Nobody but us writes the fields.
  let isAlone: Bool
  let kind: BlockKind
  /// Constants that the stages name as variables.
  let variables: BSONDocument
  /// How texts compare while documents are found and computed; empty: as the collection has it.
  let collation: BSONDocument
  var bypassesValidation = false
  /// The collection has a collation of its own, under which different texts can be equal.
  var comparesBytes = false
  private let isVolatile: Bool
  /// Reads only so many documents, for a look at some of them.
  var limit: Int64?

  static let root = "$ROOT"

  init(
    collection: String, filter: BSONDocument, pipeline: UpdatePipeline, isAlone: Bool, condition: BSONDocument = [:],
    selection: [BSONDocument]? = nil, variables: BSONDocument = [:], collation: BSONDocument = [:]
  ) {
    self.collection = collection
    self.filter = filter
    self.condition = condition
    self.selection = selection
    self.isAlone = isAlone
    self.variables = variables
    self.collation = collation
    kind = .fields
    stages = pipeline.stages
    fields = pipeline.targets
    var reads = pipeline.reads
    reads.add(filter: filter)
    reads.add(filter: condition)
    reads.add(variables: variables)
    isVolatile = reads.isVolatile
    let touched = Set(fields)
    inputs = reads.wholeDocument ? [Self.root] : reads.fields.filter { !touched.contains($0) && $0 != "_id" && !$0.isEmpty }
  }

  /// A change of whole documents.
  /// - Parameters:
  ///   - filter: which documents are deleted; other kinds take theirs from elsewhere.
  ///   - selection: stages in place of the filter, which end with documents of the collection.
  init(collection: String, kind: BlockKind, filter: BSONDocument = [:], selection: [BSONDocument] = [], isAlone: Bool = false) {
    self.collection = collection
    self.kind = kind
    self.filter = filter
    self.isAlone = isAlone
    self.selection = nil
    condition = [:]
    variables = [:]
    collation = [:]
    isVolatile = false
    stages = selection
    fields = BlockKind.wholeDocument
    inputs = []
  }

  /// The same on a collection of these options.
  func on(_ options: BSONDocument) -> ChangeDefinition {
    var change = self
    change.comparesBytes = UpdateChecks.hasCollation(options)
    return change
  }

  /// Finds the documents that need the change.
  var match: [BSONDocument] { (selection.map(documents) ?? []) + conditions }

  private var conditions: [BSONDocument] { [filter, condition].filter { !$0.isEmpty }.map { ["$match": .document($0)] } }

  /// Turns the ids that a selection yields into documents of the collection as they are when they are read.
  private func documents(of selection: [BSONDocument]) -> [BSONDocument] {
    selection + Self.lookUp(in: collection, exact: !collation.isEmpty)
  }

  /// - Parameter exact: an id that is a text finds just the document with these bytes, whatever the collation says.
  static func lookUp(in collection: String, exact: Bool) -> [BSONDocument] {
    let found: [BSONDocument] = [
      ["$project": ["_id": 1]],
      ["$lookup": ["from": .string(collection), "localField": "_id", "foreignField": "_id", "as": "d"]], ["$unwind": "$d"],
    ]
    let isSame: BSONValue = [
      "$cond": [
        ["$and": [["$eq": [["$type": "$_id"], "string"]], ["$eq": [["$type": "$d._id"], "string"]]]],
        [
          "$and": [
            ["$eq": [["$indexOfBytes": ["$d._id", "$_id"]], 0]], ["$eq": [["$strLenBytes": "$d._id"], ["$strLenBytes": "$_id"]]],
          ]
        ], true,
      ]
    ]
    return found + (exact ? [["$match": ["$expr": isSame]]] : []) + [["$replaceWith": "$d"]]
  }

  /// Computes, on the server and once, what each document was and would be: `{ _id, p: before, r: inputs, q: after }`, or `w` for a whole document.
  var capture: [BSONDocument] {
    if kind != .fields { return match + stages }
    func kept(_ names: [String]) -> BSONDocument {
      BSONDocument(names.map { ($0, .string("$\(UpdatePipeline.before).\($0)")) })
    }
    var row: [(String, BSONValue)] = [("_id", "$_id"), ("p", .document(kept(fields)))]
    if inputs == [Self.root] {
      row.append(("w", .string("$" + UpdatePipeline.before)))
    } else if !inputs.isEmpty {
      row.append(("r", .document(kept(inputs))))
    }
    row.append(("q", .document(BSONDocument(fields.map { ($0, .string("$" + $0)) }))))
    let some: [BSONDocument] = limit.map { [["$limit": .integer($0)]] } ?? []
    return match + some + [Self.keepBefore] + stages + [["$replaceWith": .document(BSONDocument(row))]]
  }

  private static let keepBefore: BSONDocument = ["$set": [UpdatePipeline.before: "$$ROOT"] as BSONValue]

  /// Finds a document that the change would change again: a change of the second kind.
  ///
  /// What still fits the filter afterwards counts. A selection cannot be asked about documents as they would be; there the stages are carried out
  /// twice, and what the second time changes counts, or all where an expression has another value each time.
  var secondKindProbe: [BSONDocument] {
    var probe = match + stages + conditions
    if selection != nil, !isVolatile {
      let differs = fields.map { ["$ne": [.string("$" + $0), .string("$\(UpdatePipeline.before).\($0)")]] as BSONValue }
      probe += [Self.keepBefore] + stages + [["$match": ["$expr": ["$or": .array(BSONArray(differs))]]]]
    }
    return probe + [["$limit": 1], ["$project": ["_id": 1]]]
  }

  /// What every command that reads by these stages says besides: variables and collation.
  func writeReading(to aggregate: inout BSONWriter) {
    if !variables.isEmpty { aggregate.append("let", variables) }
    if !collation.isEmpty { aggregate.append("collation", collation) }
  }
}

/// Where the parts of a row of the capture lie in its bytes. It is filled again for each row, so that rows are read without memory for each.
struct CapturedRow {
  private(set) var key = BSONPlace(type: .null, start: 0, end: 0)
  private(set) var before: [BSONPlace?]
  private(set) var after: [BSONPlace?]
  private(set) var inputs: [BSONPlace?]
  private let fieldNames: [[UInt8]]
  private let inputNames: [[UInt8]]
  /// The one input is the document as a whole.
  private let readsRoot: Bool

  init(of change: ChangeDefinition) {
    fieldNames = change.fields.map { Array($0.utf8) + [0] }
    inputNames = change.inputs.map { Array($0.utf8) + [0] }
    readsRoot = change.inputs == [ChangeDefinition.root]
    before = Array(repeating: nil, count: fieldNames.count)
    after = before
    inputs = Array(repeating: nil, count: inputNames.count)
  }

  /// - Returns: false where it is no row.
  mutating func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var key: BSONPlace?
    var hasBefore = false
    var hasAfter = false
    for index in inputs.indices { inputs[index] = nil }
    var walk = BSONWalk(bytes, from: 0)
    while walk.next() {
      let value = walk.value
      switch walk.initial {
      case UInt8(ascii: "_"): key = value
      case UInt8(ascii: "p") where value.type == .document:
        hasBefore = true
        Self.read(value, of: bytes, fieldNames, into: &before)
      case UInt8(ascii: "q") where value.type == .document:
        hasAfter = true
        Self.read(value, of: bytes, fieldNames, into: &after)
      case UInt8(ascii: "r") where value.type == .document && !readsRoot: Self.read(value, of: bytes, inputNames, into: &inputs)
      case UInt8(ascii: "w") where readsRoot: inputs[0] = value
      default: break
      }
    }
    guard let key, hasBefore, hasAfter else { return false }
    self.key = key
    return true
  }

  private static func read(_ document: BSONPlace, of bytes: UnsafeRawBufferPointer, _ names: [[UInt8]], into values: inout [BSONPlace?]) {
    for index in values.indices { values[index] = nil }
    var walk = BSONWalk(bytes, from: document.start)
    // The server gives them in the order in which they were asked for, without the absent ones.
    var next = 0
    while walk.next() {
      for _ in names {
        let index = next
        next = index + 1 == names.count ? 0 : index + 1
        guard walk.isNamed(names[index]) else { continue }
        if values[index] == nil { values[index] = walk.value }
        break
      }
    }
  }

  /// Whether any touched field is to be another.
  func changesAnything(of bytes: UnsafeRawBufferPointer) -> Bool {
    before.indices.contains { !Self.areSame(before[$0], after[$0], of: bytes) }
  }

  /// Whether both are absent, or of one type and the same bytes.
  static func areSame(_ a: BSONPlace?, _ b: BSONPlace?, of bytes: UnsafeRawBufferPointer) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return a.hasSameValue(as: b, of: bytes)
  }
}

/// Collects rows, or whole documents, into the entries of blocks.
struct BlockBuilder: ~Copyable {
  /// A block's entries stay below this, so that block and command stay far below what a server takes.
  static let blockBytes = 4 << 20
  /// A document whose entry or statement would pass this is failed.
  static let entryBytes = 15 << 20
  /// The same where the document may stand in the block twice: as it was read, and as it was when it went.
  static let deletedBytes = 7 << 20

  private let change: ChangeDefinition
  /// How many entries make a block full.
  var size: Int
  private var row: CapturedRow
  private var flags: [UInt8] = []
  /// The array of the entries, still open.
  private var entries: BSONBuffer
  private var start: Int
  private(set) var count = 0
  private(set) var bytes = 0
  /// Whether every key in it was made by us.
  private var isAllMade = true
  /// Rows whose fields were already as they would be.
  private(set) var alreadyDone = 0
  /// Keys of documents that are too large for their undo.
  private(set) var tooLarge: [RawBSONValue] = []

  init(_ change: ChangeDefinition, size: Int) {
    self.change = change
    self.size = size
    row = CapturedRow(of: change)
    entries = BSONBuffer(capacity: 64 << 10)
    start = entries.open()
  }

  var isFull: Bool { count >= size || bytes >= Self.blockBytes }

  /// Whether the row would make a block that has something in it too large.
  func hasNoRoom(for row: BSONDocument) -> Bool { count > 0 && bytes + row.byteCount > Self.blockBytes }

  /// Takes the change of a whole document in; nil: there is none before, or after.
  /// - Parameter isMade: nobody but us can have a document of this key.
  mutating func add(key: RawBSONValue, before: BSONDocument?, after: BSONDocument?, isMade: Bool = false) {
    let size = (before?.byteCount ?? 0) + (after?.byteCount ?? 0)
    if size + 4096 > (change.kind == .delete ? Self.deletedBytes : Self.entryBytes) {
      tooLarge.append(key.detached())
      return
    }
    UndoEntry.write(key: key, before: before, after: after, index: count, to: &entries)
    count += 1
    bytes += size
    isAllMade = isAllMade && isMade
  }

  /// - Returns: false where it is no row of the capture.
  mutating func add(_ document: BSONDocument) -> Bool {
    if change.kind == .delete {
      guard let key = document["_id"] else { return false }
      add(key: key, before: document, after: nil)
      return true
    }
    return document.withBytes { bytes in
      guard row.read(bytes) else { return false }
      if bytes.count + (change.fields.count + change.inputs.count) * 512 + 4096 > Self.entryBytes {
        tooLarge.append(document.value(at: row.key).detached())
      } else if row.changesAnything(of: bytes) {
        UndoEntry.write(row, of: bytes, index: count, flags: &flags, to: &entries)
        count += 1
        self.bytes += bytes.count
      } else {
        alreadyDone += 1
      }
      return true
    }
  }

  /// The block of what has been collected, and a fresh start.
  mutating func take(id: Int64, step: String, database: String, delivery: UndoBlock.Delivery) -> UndoBlock {
    entries.close(start)
    var block = UndoBlock(
      id: id, kind: change.kind, step: step, delivery: delivery, database: database, collection: change.collection, fields: change.fields,
      inputs: change.inputs, isAlone: change.isAlone || change.kind == .insert && isAllMade, entries: entries.take(), count: count)
    block.bypassesValidation = change.bypassesValidation
    block.comparesBytes = change.comparesBytes
    start = entries.open()
    count = 0
    bytes = 0
    isAllMade = true
    return block
  }
}
