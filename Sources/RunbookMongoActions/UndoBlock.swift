import MongoDriver

/// What the entries of a block do, each to one document.
enum BlockKind: String, Sendable {
  /// Change some of its fields.
  case fields
  case insert
  case delete
  /// Put another document in its place, under the same `_id`.
  case replace

  /// The one field of a whole document's entry: the document, present or absent.
  static let wholeDocument = [ChangedPath.root]
}

/// One batch of an online change, as it stands in `_runbook.undo.<run>.<step>`: enough to send its command, and to take it back, without plan
/// or program version. Version 1 holds changes of fields, version 2 those of whole documents, version 3 what says more than either can.
struct UndoBlock {
  enum State: String, Sendable {
    /// Written ahead; what became of the command is not known yet.
    case intent
    case applied
    /// Everything in it is accounted for.
    case undone
  }

  struct Failure: Hashable, Sendable {
    let index: Int
    let code: Int32
  }

  struct Kept: Hashable, Sendable {
    let index: Int
    let field: String
  }

  /// The oldest version that says all of it, so that a program that would misread the block refuses it.
  private var version: Int64 {
    if comparesBytes || asksValidator || isOnce || keepsDocuments || !shardKey.isEmpty || !(fields + inputs).allSatisfy(\.isPlain) {
      return 3
    }
    return kind == .fields ? 1 : 2
  }

  private static func mayHave(version: Int64?, _ kind: BlockKind) -> Bool {
    version == 3 || version == (kind == .fields ? 1 : 2)
  }

  let kind: BlockKind
  /// The epoch of the lease under which it was written in the upper half, a counter in the lower.
  let id: Int64
  let step: String
  let delivery: Delivery
  var state: State = .intent
  var missed: [Int] = []
  var doubt: [Int] = []
  var failed: [Failure] = []
  var undo: UndoAnnouncement?
  /// Fields that are the application's now.
  var kept: [Kept] = []
  /// Entries that are left as they are: in doubt, or refused by the server.
  var standing: [Int] = []
  /// Those of `standing` whose undo the server refused, with its code.
  var refused: [Failure] = []
  /// Entries whose document the application has deleted since: no older block brings it back.
  var gone: [Int] = []
  let database: String
  let collection: String
  let fields: [ChangedPath]
  let inputs: [ChangedPath]
  /// Nobody but us writes the fields: what looks like ours is ours.
  let isAlone: Bool
  /// The collection's validator is not asked: what is written stood there before.
  var bypassesValidation = false
  /// Nothing of it passes over the validator, the undo neither, since the user may not.
  var asksValidator = false
  /// Texts are compared byte by byte, since the collection's collation may take different ones for equal.
  var comparesBytes = false
  /// Its documents still fit the filter after the change, and are not changed again by the step.
  var isOnce = false
  /// Each entry has the document as it was, which comes back as a whole where nothing else has changed in it.
  var keepsDocuments = false
  /// What says, besides `_id`, on which shard a document is; each entry has the values.
  var shardKey: [ChangedPath] = []
  /// How many documents of an ordered source have been dealt with when this block is.
  var position: Int64 = 0
  /// Documents that were removed and are not the bytes that had been read, by entry: what the server gave back as it took them.
  var images: [Int: BSONDocument] = [:]
  /// The array `e`.
  let entries: BSONDocument
  let count: Int

  /// A block that is about to be written ahead.
  init(
    id: Int64, kind: BlockKind = .fields, step: String, delivery: Delivery, database: String, collection: String, fields: [ChangedPath],
    inputs: [ChangedPath], isAlone: Bool, entries: BSONDocument, count: Int
  ) {
    self.id = id
    self.kind = kind
    self.step = step
    self.delivery = delivery
    self.database = database
    self.collection = collection
    self.fields = fields
    self.inputs = inputs
    self.isAlone = isAlone
    self.entries = entries
    self.count = count
  }

  /// How and until when a command may act.
  struct Delivery: Hashable, Sendable {
    /// The session's 16 bytes.
    var session: [UInt8]
    /// nil where the server knows no retryable writes.
    var number: Int64?
    /// Server milliseconds.
    var until: Int64
    /// Milliseconds.
    var limit: Int64

    /// From this moment of the server's clock on, nothing of it can happen any more.
    var end: Int64 { until + limit }
  }

  var epoch: Int64 { id >> 32 }

  static func id(epoch: Int64, counter: Int64) -> Int64 { epoch << 32 | counter }

  /// The indexes of the entries that the forward command applied, as far as is known.
  var applied: [Int] {
    let others = Set(missed).union(doubt).union(failed.map(\.index))
    if others.isEmpty { return Array(0..<count) }
    return (0..<count).filter { !others.contains($0) }
  }
}

/// An undo, written ahead in its block: the command is a function of this and the entries.
struct UndoAnnouncement: Hashable, Sendable {
  var delivery: UndoBlock.Delivery
  /// The entries of the command, in order.
  var entries: [Int]
  /// For each of them the positions of the fields to put back, none where the document is put back as a whole; nil: all that it changed.
  var fields: [[Int]]?
  /// Whether documents in doubt are treated as ours.
  var restoresDoubt: Bool
}

extension UndoBlock {
  /// The stored form.
  func encoded() -> BSONDocument {
    BSONDocument { block in
      block.append("_id", id)
      block.append("v", version)
      block.append("step", step)
      delivery.write(to: &block)
      block.append("st", state.rawValue)
      block.append("ns", database + "." + collection)
      block.append("fields", BSONArray(fields.map { .string($0.text) }))
      block.append("inputs", BSONArray(inputs.map { .string($0.text) }))
      if kind != .fields { block.append("op", kind.rawValue) }
      block.append("options", options)
      if kind != .fields { block.append("images", Self.list(images)) }
      block.append("n", Int32(count))
      block.append("missed", Self.list(missed))
      block.append("doubt", Self.list(doubt))
      block.append("failed", Self.list(failed))
      if let undo { block.append("undo", undo.encoded()) }
      block.append("kept", Self.list(kept))
      block.append("standing", Self.list(standing))
      block.append("refused", Self.list(refused))
      if !gone.isEmpty { block.append("gone", Self.list(gone)) }
      block.append("e", BSONArray(document: entries))
    }
  }

  private var options: BSONDocument {
    BSONDocument { options in
      options.append("alone", isAlone)
      if kind != .fields {
        options.append("bypass", bypassesValidation)
        options.append("position", position)
      }
      if asksValidator { options.append("asks", true) }
      if comparesBytes { options.append("bytes", true) }
      if isOnce { options.append("once", true) }
      if keepsDocuments { options.append("documents", true) }
      if !shardKey.isEmpty { options.append("shardKey", BSONArray(shardKey.map { .string($0.text) })) }
      let literal = fields.indices.filter { fields[$0].isLiteral }
      if !literal.isEmpty { options.append("literal", Self.list(literal)) }
    }
  }

  static func list(_ indexes: [Int]) -> BSONArray { BSONArray(indexes.map { .int32(Int32($0)) }) }

  static func list(_ images: [Int: BSONDocument]) -> BSONArray {
    BSONArray(images.sorted { $0.key < $1.key }.map { .array(BSONArray([.int32(Int32($0.key)), .document($0.value)])) })
  }

  static func list(_ failures: [Failure]) -> BSONArray {
    BSONArray(failures.map { .array(BSONArray([.int32(Int32($0.index)), .int32($0.code)])) })
  }

  static func list(_ kept: [Kept]) -> BSONArray {
    BSONArray(kept.map { .array(BSONArray([.int32(Int32($0.index)), .string($0.field)])) })
  }

  /// Reads a stored block; one that was read without `e` has no entries but its count.
  init(_ document: BSONDocument) throws(UndoBlockError) {
    let kind = document["op"].map { $0.string.flatMap(BlockKind.init(rawValue:)) } ?? .fields
    guard let kind, Self.mayHave(version: document["v"]?.integer, kind) else {
      throw UndoBlockError(
        message: "an undo block is of version \(document["v"]?.integer ?? 0); this program reads versions 1 to 3")
    }
    self.kind = kind
    guard let id = document["_id"]?.integer, let step = document["step"]?.string,
      let state = document["st"]?.string.flatMap(State.init(rawValue:)), let namespace = document["ns"]?.string,
      let dot = namespace.firstIndex(of: "."), let count = document["n"]?.integer
    else { throw UndoBlockError(message: "an undo block lacks one of _id, step, st, ns, n") }
    self.id = id
    self.step = step
    self.state = state
    delivery = try Delivery(document)
    database = String(namespace[..<dot])
    collection = String(namespace[dot...].dropFirst())
    let options = document["options"]?.document
    let literal = Set(Self.indexes(options?["literal"]))
    fields = (document["fields"]?.array?.compactMap(\.string) ?? []).enumerated().map { place, text in
      literal.contains(place) ? ChangedPath(name: text) : ChangedPath(path: text)
    }
    inputs = document["inputs"]?.array?.compactMap(\.string).map(ChangedPath.init(name:)) ?? []
    isAlone = options?["alone"]?.bool ?? false
    bypassesValidation = options?["bypass"]?.bool ?? false
    asksValidator = options?["asks"]?.bool ?? false
    comparesBytes = options?["bytes"]?.bool ?? false
    isOnce = options?["once"]?.bool ?? false
    keepsDocuments = options?["documents"]?.bool ?? false
    shardKey = options?["shardKey"]?.array?.compactMap(\.string).map(ChangedPath.init(path:)) ?? []
    position = options?["position"]?.integer ?? 0
    self.count = Int(count)
    missed = Self.indexes(document["missed"])
    doubt = Self.indexes(document["doubt"])
    failed = Self.failures(document["failed"])
    refused = Self.failures(document["refused"])
    undo = try document["undo"]?.document.map { (undo) throws(UndoBlockError) in try UndoAnnouncement(undo) }
    for (index, image) in Self.pairs(document["images"]) { images[index] = image.document }
    kept = Self.pairs(document["kept"]).map { Kept(index: $0.0, field: $0.1.string ?? "") }
    standing = Self.indexes(document["standing"])
    gone = Self.indexes(document["gone"])
    entries = document["e"]?.array?.document ?? BSONDocument()
    let named = missed + doubt + standing + gone + failed.map(\.index) + kept.map(\.index) + images.keys + (undo?.entries ?? [])
    for index in named {
      guard (0..<self.count).contains(index) else { throw UndoBlockError(message: "an undo block names an entry that it does not have") }
    }
  }

  static func indexes(_ value: RawBSONValue?) -> [Int] { value?.array?.compactMap(\.integer).map(Int.init) ?? [] }

  private static func failures(_ value: RawBSONValue?) -> [Failure] {
    pairs(value).map { Failure(index: $0.0, code: Int32(truncatingIfNeeded: $0.1.integer ?? 0)) }
  }

  private static func pairs(_ value: RawBSONValue?) -> [(Int, RawBSONValue)] {
    (value?.array?.compactMap(\.array) ?? []).compactMap { pair in
      let parts = Array(pair)
      guard parts.count == 2, let index = parts[0].integer else { return nil }
      return (Int(index), parts[1])
    }
  }

  /// All entries, in order.
  func readEntries() throws(UndoBlockError) -> UndoEntries {
    let read = try UndoEntries(entries, fieldCount: fields.count, inputCount: inputs.count, shardKeyCount: shardKey.count)
    guard read.count == count else { throw wrongCount(read.count) }
    return read
  }

  func wrongCount(_ found: Int) -> UndoBlockError {
    UndoBlockError(message: "an undo block has \(found) entries and should have \(count)")
  }
}

extension UndoBlock.Delivery {
  func write(to document: inout BSONWriter) {
    document.append("lsid", .binary(BSONBinary(subtype: 4, bytes: session)))
    if let number { document.append("txn", number) }
    document.append("until", until)
    document.append("maxTimeMS", limit)
  }

  init(_ document: BSONDocument) throws(UndoBlockError) {
    guard let session = document["lsid"]?.binary, session.bytes.count == 16, let until = document["until"]?.integer,
      let limit = document["maxTimeMS"]?.integer
    else { throw UndoBlockError(message: "an undo block lacks one of lsid, until, maxTimeMS") }
    self.session = session.bytes
    number = document["txn"]?.integer
    self.until = until
    self.limit = limit
  }
}

extension UndoAnnouncement {
  func encoded() -> BSONDocument {
    BSONDocument { undo in
      delivery.write(to: &undo)
      undo.append("i", UndoBlock.list(entries))
      if let fields { undo.append("f", BSONArray(fields.map { .array(UndoBlock.list($0)) })) }
      undo.append("restore", restoresDoubt)
    }
  }

  init(_ document: BSONDocument) throws(UndoBlockError) {
    delivery = try UndoBlock.Delivery(document)
    entries = UndoBlock.indexes(document["i"])
    fields = document["f"]?.array?.map { UndoBlock.indexes($0) }
    restoresDoubt = document["restore"]?.bool ?? false
    guard fields == nil || fields?.count == entries.count else {
      throw UndoBlockError(message: "an undo does not name fields for each entry")
    }
  }
}
