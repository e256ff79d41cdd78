import MongoDriver
import RunbookActions

/// What a change is, apart from whose it is: which documents, which stages, which fields are touched and looked at.
struct ChangeDefinition: Sendable {
  let collection: String
  let filter: BSONDocument
  let stages: [BSONDocument]
  /// Touched fields.
  let fields: [String]
  /// Fields that the stages or the filter look at and that are not touched; `$ROOT` for the document as a whole.
  let inputs: [String]
  /// Nobody but us writes the fields.
  let isAlone: Bool

  static let root = "$ROOT"

  init(collection: String, filter: BSONDocument, pipeline: UpdatePipeline, isAlone: Bool) {
    self.collection = collection
    self.filter = filter
    self.isAlone = isAlone
    stages = pipeline.stages
    fields = pipeline.targets
    var reads = pipeline.reads
    reads.add(filter: filter)
    let touched = Set(fields)
    inputs = reads.wholeDocument ? [Self.root] : reads.fields.filter { !touched.contains($0) && $0 != "_id" && !$0.isEmpty }
  }

  var match: [BSONDocument] { filter.isEmpty ? [] : [["$match": .document(filter)]] }

  /// Computes, on the server and once, what each document was and would be: `{ _id, p: before, r: inputs, q: after }`, or `w` for a whole document.
  var capture: [BSONDocument] {
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
    return match + [["$set": [UpdatePipeline.before: "$$ROOT"] as BSONValue]] + stages + [["$replaceWith": .document(BSONDocument(row))]]
  }

  /// Finds a document that still fits the filter after the change: a change of the second kind.
  var secondKindProbe: [BSONDocument] { match + stages + match + [["$limit": 1], ["$project": ["_id": 1]]] }
}

/// One row of the capture, taken apart.
struct CapturedRow {
  let key: RawBSONValue
  let before: [RawBSONValue?]
  let after: [RawBSONValue?]
  let inputs: [RawBSONValue?]
  let byteCount: Int

  init?(_ row: BSONDocument, of change: ChangeDefinition) {
    var key: RawBSONValue?
    var old: BSONDocument?
    var new: BSONDocument?
    var read: BSONDocument?
    var whole: RawBSONValue?
    for element in row {
      if element.hasKey("_id") {
        key = element.value
      } else if element.hasKey("p") {
        old = element.value.document
      } else if element.hasKey("q") {
        new = element.value.document
      } else if element.hasKey("r") {
        read = element.value.document
      } else if element.hasKey("w") {
        whole = element.value
      }
    }
    guard let key, let old, let new else { return nil }
    self.key = key
    before = change.fields.map { old[$0] }
    after = change.fields.map { new[$0] }
    inputs = change.inputs == [ChangeDefinition.root] ? [whole] : change.inputs.map { read?[$0] }
    byteCount = row.byteCount
  }
}

/// Collects rows into the entries of blocks.
struct BlockBuilder {
  /// A block's entries stay below this, so that block and command stay far below what a server takes.
  static let blockBytes = 4 << 20
  /// A document whose entry or statement would pass this is failed.
  static let entryBytes = 15 << 20

  private let change: ChangeDefinition
  /// How many entries make a block full.
  var size: Int
  private var entries = BSONWriter()
  private(set) var count = 0
  private(set) var bytes = 0
  /// Rows whose fields were already as they would be.
  private(set) var alreadyDone = 0
  /// Keys of documents that are too large for their undo.
  private(set) var tooLarge: [RawBSONValue] = []

  init(_ change: ChangeDefinition, size: Int) {
    self.change = change
    self.size = size
  }

  var isFull: Bool { count >= size || bytes >= Self.blockBytes }

  /// Whether the row would make a block that has something in it too large.
  func hasNoRoom(for row: CapturedRow) -> Bool { count > 0 && bytes + row.byteCount > Self.blockBytes }

  mutating func add(_ row: CapturedRow) {
    if row.byteCount + (change.fields.count + change.inputs.count) * 512 + 4096 > Self.entryBytes {
      tooLarge.append(row.key.detached())
      return
    }
    guard zip(row.before, row.after).contains(where: { $0 != $1 }) else {
      alreadyDone += 1
      return
    }
    entries.document("\(count)") { UndoEntry.write(key: row.key, before: row.before, after: row.after, inputs: row.inputs, to: &$0) }
    count += 1
    bytes += row.byteCount
  }

  /// The block of what has been collected, and a fresh start.
  mutating func take(id: Int64, step: String, database: String, delivery: UndoBlock.Delivery) -> UndoBlock {
    let block = UndoBlock(
      id: id, step: step, delivery: delivery, database: database, collection: change.collection, fields: change.fields,
      inputs: change.inputs, isAlone: change.isAlone, entries: entries.finish(), count: count)
    entries = BSONWriter(capacity: 64 << 10)
    count = 0
    bytes = 0
    return block
  }
}
