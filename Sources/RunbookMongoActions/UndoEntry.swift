import MongoDriver

/// What one document's change needs to be sent, and to be taken back: an element of a block's `e`.
///
/// `{ k: _id, a: flags, b: [values before], q: [values after], r: [values of the inputs] }`. `a` has a byte for each touched field, then one
/// for each input, with the number of created documents on a field's way in the upper bits; `b`, `q` and `r` hold in that order what is not absent (`q` only for fields that change).
/// `w` is the document as it was, where it is kept as a whole; `s` has the values of the shard key.
struct UndoEntry {
  struct Field {
    /// nil: the field is absent.
    var before: RawBSONValue?
    var after: RawBSONValue?
    var changes: Bool
  }

  struct Flags {
    static let changes: UInt8 = 1
    static let absentBefore: UInt8 = 2
    static let absentAfter: UInt8 = 4
    /// From this bit on: how many of the documents on the way to the field did not exist before.
    static let missingParents: UInt8 = 3
  }

  let key: RawBSONValue
  let fields: [Field]
  let inputs: [RawBSONValue?]
  /// The document as it was, where it is kept as a whole.
  let image: BSONDocument?
  /// The values of the shard key.
  let shardKey: [RawBSONValue]

  /// Tells the document from all others of the collection: its key, on a sharded collection with the values that say on which shard it is.
  var identity: RawBSONValue { Self.identity(key, shardKey) }

  static func identity(_ key: RawBSONValue, _ shardKey: [RawBSONValue]) -> RawBSONValue {
    if shardKey.isEmpty { return key }
    return BSONDocument { identity in
      identity.append("k", raw: key)
      identity.array("s") { values in for value in shardKey { values.append(raw: value) } }
    }.raw
  }

  /// The positions of the fields that this entry changes.
  var changed: [Int] { fields.indices.filter { fields[$0].changes } }

  /// The entry that `layout` has read from `block`, the array of a block's entries.
  fileprivate init(_ layout: UndoEntryLayout, of block: BSONDocument) {
    key = block.value(at: layout.key)
    fields = layout.fields.map { field in
      Field(before: field.before.map(block.value), after: field.after.map(block.value), changes: field.changes)
    }
    inputs = layout.inputs.map { $0.map(block.value) }
    image = layout.image.flatMap { block.value(at: $0).document }
    shardKey = layout.shardKey.map(block.value)
  }

  /// Writes a row's entry as the next of a block.
  static func write(_ row: CapturedRow, of bytes: UnsafeRawBufferPointer, index: Int, flags: inout [UInt8], to block: inout BSONBuffer) {
    flags.removeAll(keepingCapacity: true)
    for position in row.before.indices {
      let (old, new) = (row.before[position], row.after[position])
      let changes = !CapturedRow.areSame(old, new, of: bytes)
      flags.append(
        (changes ? Flags.changes : 0) | (old == nil ? Flags.absentBefore : 0) | (changes && new == nil ? Flags.absentAfter : 0)
          | UInt8(row.missingParents[position]) << Flags.missingParents)
    }
    for input in row.inputs { flags.append(input == nil ? Flags.absentBefore : 0) }
    let entry = block.open(.document, index: index)
    block.append(row.key, of: bytes, "k")
    block.append("a", binary: flags)
    write(row.before, of: bytes, "b", to: &block) { _ in true }
    write(row.after, of: bytes, "q", to: &block) { flags[$0] & Flags.changes != 0 }
    if !row.inputs.isEmpty { write(row.inputs, of: bytes, "r", to: &block) { _ in true } }
    if let image = row.image { block.append(image, of: bytes, "w") }
    if let shardKey = row.shardKey { block.append(shardKey, of: bytes, "s") }
    block.close(entry)
  }

  /// Writes the entry of a whole document as the next of a block; nil: there is none.
  static func write(key: RawBSONValue, before: BSONDocument?, after: BSONDocument?, index: Int, to block: inout BSONBuffer) {
    let flags = Flags.changes | (before == nil ? Flags.absentBefore : 0) | (after == nil ? Flags.absentAfter : 0)
    let entry = block.open(.document, index: index)
    block.append(fieldsOf: BSONDocument { $0.append("k", raw: key) })
    block.append("a", binary: [flags])
    for (name, document) in [("b", before), ("q", after)] as [(StaticString, BSONDocument?)] {
      let list = block.open(.array, name)
      if let document { block.append(document, index: 0) }
      block.close(list)
    }
    block.close(entry)
  }

  @inline(__always)
  private static func write(
    _ values: [BSONPlace?], of bytes: UnsafeRawBufferPointer, _ name: StaticString, to block: inout BSONBuffer, where isKept: (Int) -> Bool
  ) {
    let list = block.open(.array, name)
    var count = 0
    for index in values.indices {
      guard let value = values[index], isKept(index) else { continue }
      block.append(value, of: bytes, index: count)
      count += 1
    }
    block.close(list)
  }
}

/// Where the parts of an entry lie in its block's bytes. It is filled again for each entry, so that a whole block is read without memory for each.
struct UndoEntryLayout {
  struct Field {
    var before: BSONPlace?
    var after: BSONPlace?
    var changes: Bool
    /// How many of the documents on the way did not exist before.
    var missingParents = 0
  }

  private(set) var key = BSONPlace(type: .null, start: 0, end: 0)
  private(set) var fields: [Field]
  private(set) var inputs: [BSONPlace?]
  private(set) var image: BSONPlace?
  private(set) var shardKey: [BSONPlace]
  private var changedPositions: [Int]
  private var changedCount = 0

  /// The positions of the fields that the entry changes.
  var changed: ArraySlice<Int> { changedPositions[..<changedCount] }

  init(fieldCount: Int, inputCount: Int, shardKeyCount: Int) {
    shardKey = Array(repeating: BSONPlace(type: .null, start: 0, end: 0), count: shardKeyCount)
    fields = Array(repeating: Field(changes: false), count: fieldCount)
    inputs = Array(repeating: nil, count: inputCount)
    changedPositions = Array(0..<fieldCount)
  }

  /// Reads the entry at `place`.
  /// - Throws: `UndoBlockError` where it is none.
  mutating func read(_ place: BSONPlace, of bytes: UnsafeRawBufferPointer) throws(UndoBlockError) {
    guard place.type == .document else { throw UndoBlockError(message: "an entry is no document") }
    var key: BSONPlace?
    var flags: BSONPlace?
    var before: BSONWalk?
    var after: BSONWalk?
    var read: BSONWalk?
    var shards: BSONWalk?
    image = nil
    var walk = BSONWalk(bytes, from: place.start)
    while walk.next() {
      let value = walk.value
      switch walk.initial {
      case UInt8(ascii: "k"): key = value
      case UInt8(ascii: "a") where value.type == .binary: flags = value
      case UInt8(ascii: "b") where value.type == .array: before = BSONWalk(bytes, from: value.start)
      case UInt8(ascii: "q") where value.type == .array: after = BSONWalk(bytes, from: value.start)
      case UInt8(ascii: "r") where value.type == .array: read = BSONWalk(bytes, from: value.start)
      case UInt8(ascii: "s") where value.type == .array: shards = BSONWalk(bytes, from: value.start)
      case UInt8(ascii: "w") where value.type == .document: image = value
      default: break
      }
    }
    // A binary value begins with its length and its subtype.
    guard let key, let flags, flags.count - 5 == fields.count + inputs.count else {
      throw UndoBlockError(message: "an entry has no key or not as many flags as there are fields")
    }
    self.key = key
    for index in shardKey.indices { shardKey[index] = try Self.next(&shards) }
    changedCount = 0
    for position in fields.indices {
      let flag = bytes[flags.start + 5 + position]
      let old = flag & UndoEntry.Flags.absentBefore == 0 ? try Self.next(&before) : nil
      guard flag & UndoEntry.Flags.changes != 0 else {
        fields[position] = Field(before: old, after: old, changes: false, missingParents: Int(flag >> UndoEntry.Flags.missingParents))
        continue
      }
      let new = flag & UndoEntry.Flags.absentAfter == 0 ? try Self.next(&after) : nil
      fields[position] = Field(before: old, after: new, changes: true, missingParents: Int(flag >> UndoEntry.Flags.missingParents))
      changedPositions[changedCount] = position
      changedCount += 1
    }
    for position in inputs.indices {
      let flag = bytes[flags.start + 5 + fields.count + position]
      inputs[position] = flag & UndoEntry.Flags.absentBefore == 0 ? try Self.next(&read) : nil
    }
  }

  @inline(__always)
  private static func next(_ values: inout BSONWalk?) throws(UndoBlockError) -> BSONPlace {
    guard values?.next() == true, let value = values?.value else {
      throw UndoBlockError(message: "an entry has fewer values than its flags say")
    }
    return value
  }
}

/// The entries of a block, all found to be in order; each is taken apart when it is asked for.
struct UndoEntries: RandomAccessCollection, Sendable {
  /// The array `e`, and where its entries lie in it.
  let document: BSONDocument
  let places: [BSONPlace]
  private let fieldCount: Int
  private let inputCount: Int
  private let shardKeyCount: Int

  init(_ document: BSONDocument, fieldCount: Int, inputCount: Int, shardKeyCount: Int) throws(UndoBlockError) {
    self.document = document
    self.fieldCount = fieldCount
    self.inputCount = inputCount
    self.shardKeyCount = shardKeyCount
    places = document.places
    var layout = layout
    try document.withBytes { (bytes) throws(UndoBlockError) in for place in places { try layout.read(place, of: bytes) } }
  }

  /// An empty layout for entries of this block.
  var layout: UndoEntryLayout { UndoEntryLayout(fieldCount: fieldCount, inputCount: inputCount, shardKeyCount: shardKeyCount) }

  var startIndex: Int { 0 }
  var endIndex: Int { places.count }

  subscript(index: Int) -> UndoEntry {
    var layout = layout
    document.withBytes { read(index, into: &layout, of: $0) }
    return UndoEntry(layout, of: document)
  }

  /// Reads one entry; `bytes` are those of `document`.
  func read(_ index: Int, into layout: inout UndoEntryLayout, of bytes: UnsafeRawBufferPointer) {
    do throws(UndoBlockError) { try layout.read(places[index], of: bytes) } catch { preconditionFailure("a block changed: \(error)") }
  }
}

/// Why a stored block cannot be read; a defect or another hand's work, never passed over.
struct UndoBlockError: Error, Hashable {
  let message: String
}
