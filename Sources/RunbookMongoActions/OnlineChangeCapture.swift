import MongoDriver
import RunbookActions

/// Where the parts of a row of the capture lie in its bytes. It is filled again for each row, so that rows are read without memory for each.
struct CapturedRow {
  private(set) var key = BSONPlace(type: .null, start: 0, end: 0)
  private(set) var before: [BSONPlace?]
  private(set) var after: [BSONPlace?]
  private(set) var inputs: [BSONPlace?]
  /// For each touched field how many of the documents on its way are missing; -1 where something else is in their place.
  private(set) var missingParents: [Int]
  /// The document as it was, where it is kept as a whole and not an input.
  private(set) var image: BSONPlace?
  /// The values of the shard key, an array.
  private(set) var shardKey: BSONPlace?
  private let nested: [Int]
  private let fieldNames: [[UInt8]]
  private let inputNames: [[UInt8]]
  /// The one input is the document as a whole.
  private let readsRoot: Bool
  private let keepsDocuments: Bool
  private let isSharded: Bool

  init(of change: ChangeDefinition) {
    func names(_ paths: [ChangedPath]) -> [[UInt8]] {
      paths.enumerated().map { Array(ChangeDefinition.rowName($1, at: $0).utf8) + [0] }
    }
    fieldNames = names(change.fields)
    inputNames = names(change.inputs)
    readsRoot = change.inputs == [.root]
    keepsDocuments = change.keepsDocuments
    isSharded = !change.shardKey.isEmpty
    missingParents = Array(repeating: 0, count: change.fields.count)
    nested = change.fields.indices.filter { change.fields[$0].parents > 0 }
    before = Array(repeating: nil, count: fieldNames.count)
    after = before
    inputs = Array(repeating: nil, count: inputNames.count)
  }

  /// - Returns: false where it is no row.
  mutating func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var key: BSONPlace?
    var hasBefore = false
    var hasAfter = false
    var hasParents = nested.isEmpty
    for index in inputs.indices { inputs[index] = nil }
    image = nil
    shardKey = nil
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
      case UInt8(ascii: "w") where keepsDocuments && value.type == .document: image = value
      case UInt8(ascii: "s") where value.type == .array: shardKey = value
      case UInt8(ascii: "d") where value.type == .array: hasParents = readParents(value, of: bytes)
      default: break
      }
    }
    guard let key, hasBefore, hasAfter, hasParents, keepsDocuments == (image != nil || keepsDocuments && readsRoot),
      isSharded == (shardKey != nil)
    else { return false }
    self.key = key
    return true
  }

  private mutating func readParents(_ list: BSONPlace, of bytes: UnsafeRawBufferPointer) -> Bool {
    var walk = BSONWalk(bytes, from: list.start)
    for position in nested {
      guard walk.next(), let count = walk.value.integer(of: bytes) else { return false }
      missingParents[position] = count
    }
    return true
  }

  /// A touched field on whose way something is no document.
  var unfitField: Int? { nested.first { missingParents[$0] < 0 } }

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
  /// The same where texts are compared byte by byte: a statement has each of them up to three times.
  static let comparedBlockBytes = 512 << 10
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
  /// Keys of documents in which something on the way to a field is no document, with that field.
  private(set) var unfit: [(key: RawBSONValue, field: ChangedPath)] = []

  init(_ change: ChangeDefinition, size: Int) {
    self.change = change
    self.size = size
    row = CapturedRow(of: change)
    entries = BSONBuffer(capacity: 64 << 10)
    start = entries.open()
  }

  private var mostBytes: Int { change.comparesBytes ? Self.comparedBlockBytes : Self.blockBytes }

  var isFull: Bool { count >= size || bytes >= mostBytes }

  /// Whether the row would make a block that has something in it too large.
  func hasNoRoom(for row: BSONDocument) -> Bool { count > 0 && bytes + row.byteCount > mostBytes }

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
    let most = change.keepsDocuments ? Self.deletedBytes : Self.entryBytes
    return document.withBytes { bytes in
      guard row.read(bytes) else { return false }
      if let field = row.unfitField {
        unfit.append((document.value(at: row.key).detached(), change.fields[field]))
      } else if bytes.count + (change.fields.count + change.inputs.count) * 512 + 4096 > most {
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
    block.isOnce = change.isOnce
    block.keepsDocuments = change.keepsDocuments
    block.shardKey = change.shardKey
    start = entries.open()
    count = 0
    bytes = 0
    isAllMade = true
    return block
  }
}
