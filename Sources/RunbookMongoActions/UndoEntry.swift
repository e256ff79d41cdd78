import MongoDriver

/// What one document's change needs to be sent, and to be taken back: an element of a block's `e`.
///
/// `{ k: _id, a: flags, b: [values before], q: [values after], r: [values of the inputs] }`. `a` has a byte for each touched field, then one
/// for each input; `b`, `q` and `r` hold in that order what is not absent (`q` only for fields that change).
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
  }

  let key: RawBSONValue
  let fields: [Field]
  let inputs: [RawBSONValue?]

  /// The positions of the fields that this entry changes.
  var changed: [Int] { fields.indices.filter { fields[$0].changes } }

  /// Reads an entry of a block with so many fields and inputs.
  /// - Throws: `UndoBlockError` where it is none.
  init(_ document: BSONDocument, fieldCount: Int, inputCount: Int) throws(UndoBlockError) {
    var key: RawBSONValue?
    var flags: ArraySlice<UInt8>?
    var before: BSONArray.Iterator?
    var after: BSONArray.Iterator?
    var read: BSONArray.Iterator?
    for element in document {
      switch element.keyBytes.first {
      case UInt8(ascii: "k"): key = element.value
      case UInt8(ascii: "a") where element.type == .binary: flags = element.value.bytes.dropFirst(5)
      case UInt8(ascii: "b"): before = element.value.array?.makeIterator()
      case UInt8(ascii: "q"): after = element.value.array?.makeIterator()
      case UInt8(ascii: "r"): read = element.value.array?.makeIterator()
      default: break
      }
    }
    guard let key, let flags, flags.count == fieldCount + inputCount else {
      throw UndoBlockError(message: "an entry has no key or not as many flags as there are fields")
    }
    func next(_ values: inout BSONArray.Iterator?) throws(UndoBlockError) -> RawBSONValue {
      guard let value = values?.next() else { throw UndoBlockError(message: "an entry has fewer values than its flags say") }
      return value
    }
    var fields: [Field] = []
    fields.reserveCapacity(fieldCount)
    for flag in flags.prefix(fieldCount) {
      let old = flag & Flags.absentBefore == 0 ? try next(&before) : nil
      guard flag & Flags.changes != 0 else {
        fields.append(Field(before: old, after: old, changes: false))
        continue
      }
      fields.append(Field(before: old, after: flag & Flags.absentAfter == 0 ? try next(&after) : nil, changes: true))
    }
    var inputs: [RawBSONValue?] = []
    for flag in flags.dropFirst(fieldCount) { inputs.append(flag & Flags.absentBefore == 0 ? try next(&read) : nil) }
    self.key = key
    self.fields = fields
    self.inputs = inputs
  }

  /// Writes the fields of an entry into its document.
  static func write(key: RawBSONValue, before: [RawBSONValue?], after: [RawBSONValue?], inputs: [RawBSONValue?], to entry: inout BSONWriter)
  {
    var flags: [UInt8] = []
    flags.reserveCapacity(before.count + inputs.count)
    for (old, new) in zip(before, after) {
      let changes = old != new
      flags.append(
        (changes ? Flags.changes : 0) | (old == nil ? Flags.absentBefore : 0) | (changes && new == nil ? Flags.absentAfter : 0))
    }
    for input in inputs { flags.append(input == nil ? Flags.absentBefore : 0) }
    entry.append("k", raw: key)
    entry.append("a", .binary(BSONBinary(bytes: flags)))
    entry.array("b") { values in for value in before { if let value { values.append(raw: value) } } }
    entry.array("q") { values in
      for (index, value) in after.enumerated() where flags[index] & Flags.changes != 0 { if let value { values.append(raw: value) } }
    }
    if !inputs.isEmpty {
      entry.array("r") { values in for value in inputs { if let value { values.append(raw: value) } } }
    }
  }
}

/// Why a stored block cannot be read; a defect or another hand's work, never passed over.
struct UndoBlockError: Error, Hashable {
  let message: String
}
