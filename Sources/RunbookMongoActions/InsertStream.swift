import Foundation
import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

extension InsertWork {
  /// Reads the documents once before anything is written: counts them, and refuses what cannot be inserted.
  func look() async throws(ActionError) -> Value {
    let isFirst = try await change.read(["st": ["$ne": "undone"]], withEntries: false, limit: 1).isEmpty
    let told = try await read(passing: 0) { (batch) throws(ActionError) in
      try call.checkStop("the look at the documents to insert")
      for (place, document) in batch {
        if document["_id"] == nil, !isOrdered { throw withoutKey() }
        if document.byteCount + 4096 > BlockBuilder.entryBytes { throw tooLarge(place) }
      }
      // After a beginning was made, what is there may be ours; the writing itself tells them apart.
      guard isFirst, !skipsExisting else { return }
      let present = try await change.present(batch.compactMap { $0.document["_id"] }, in: collection)
      for (place, document) in batch {
        if let key = document["_id"], present.contains(key) { throw exists(key, place) }
      }
    }
    var captured: ValueMap = ["undo": .string(change.store), "documents": .integer(told.count)]
    if let digest = told.digest { captured["sha256"] = .string(digest) }
    return .map(captured)
  }

  private func withoutKey() -> ActionError {
    ActionError(
      code: MongoErrorCode.unfitArgument,
      message:
        "'\(change.step)': the pipeline of 'select' makes documents without '_id', of which nobody could tell after a crash whether they "
        + "have been inserted", kind: .mistake, help: "let the pipeline keep or make an '_id'")
  }

  private func tooLarge(_ place: String) -> ActionError {
    ActionError(
      code: UpdateErrorCode.documentsRefused, message: "\(place) is too large for its undo entry: at most 15 MiB", kind: .refused)
  }

  private func exists(_ key: RawBSONValue, _ place: String) -> ActionError {
    ActionError(
      code: UpdateErrorCode.documentExists,
      message: "there is a document \(MongoValues.text(key)) in '\(collection)' of target '\(change.target.name)' already (\(place))",
      kind: .refused, help: "'ifExists: skip' leaves documents that are there alone")
  }

  /// Inserts what is not there yet. Only documents that no block of the step holds are new to it.
  func insert(_ captured: Value) async throws(ActionError) -> ActionResult {
    try await refuseChangedFile(captured)
    let context = call.context
    let total = captured["documents"]?.integerValue
    let before = try await totals()
    let stop = context.stop
    let progress = ChangeProgress(context, before: before.changed, total: total)
    let writer = try await OnlineChangeWriter(
      change, collection: collection, points: "insert", batchSize: 500, throttle: try await throttle(context, progress),
      isStopped: { stop.isRequested }, onBatch: { progress.note($0) })
    defer { writer.end() }
    let earlier = try await change.earlierBlocks()
    var position = earlier.position
    var skipped: Int64 = 0
    skipped += try await again(earlier.open, position: position, writer)
    let ours = isOrdered ? [] : try await change.ownKeys()
    var builder = BlockBuilder(definition, size: writer.batchSize)
    try await read(passing: position) { (batch) throws(ActionError) in
      try writer.checkStop()
      let given = batch.compactMap { $0.document["_id"] }.filter { !ours.contains(KeyHash($0)) }
      let present = try await change.present(given, in: collection)
      for (place, document) in batch {
        let key = document["_id"]
        if let key, ours.contains(KeyHash(key)) { continue }
        if key == nil, !isOrdered { throw withoutKey() }
        if let key, present.contains(key) {
          guard skipsExisting else { throw exists(key, place) }
          skipped += 1
        } else {
          if builder.hasNoRoom(for: document) { skipped += try await write(&builder, position, writer) }
          let made = key == nil ? RawBSONValue.madeKey() : nil
          guard let id = key ?? made else { continue }
          builder.add(key: id, before: nil, after: made.map { document.withKey($0) } ?? document, isMade: made != nil)
          if !builder.tooLarge.isEmpty { throw tooLarge(place) }
        }
        position += 1
        if builder.isFull { skipped += try await write(&builder, position, writer) }
      }
    }
    skipped += try await write(&builder, position, writer)
    return try await result(skipped: skipped)
  }

  /// A file that was changed after it was looked at could be inserted in part, and twice after a crash.
  private func refuseChangedFile(_ captured: Value) async throws(ActionError) {
    guard case .file(let file) = source, let digest = captured["sha256"]?.stringValue else { return }
    let now = try await file.read(passing: .max) { _ in }.digest
    if now != digest {
      throw file.unfit("is not what it was when the step began", help: "put the former file back, or roll the run back and begin anew")
    }
  }

  /// - Returns: how many documents turned out to be there.
  private func write(_ builder: inout BlockBuilder, _ position: Int64, _ writer: OnlineChangeWriter) async throws(ActionError) -> Int64 {
    guard let block = try await writer.write(&builder, position: position).block else { return 0 }
    return try await again(try change.missedDocuments(of: block), position: position, writer)
  }

  /// Inserts again what was missed: it came too late, or somebody else inserted it meanwhile.
  private func again(_ documents: [BSONDocument], position: Int64, _ writer: OnlineChangeWriter) async throws(ActionError) -> Int64 {
    var skipped: Int64 = 0
    var rest = documents
    for _ in 0..<OnlineChangeForward.mostPasses where !rest.isEmpty {
      let present = try await change.present(rest.compactMap { $0["_id"] }, in: collection)
      var builder = BlockBuilder(definition, size: min(rest.count, writer.batchSize))
      var next: [BSONDocument] = []
      for document in rest {
        guard let key = document["_id"] else { continue }
        if present.contains(key) {
          guard skipsExisting else { throw exists(key, "it was inserted meanwhile, or stands twice in what is to be inserted") }
          skipped += 1
          continue
        }
        if builder.isFull || builder.hasNoRoom(for: document), let block = try await writer.write(&builder, position: position).block {
          next += try change.missedDocuments(of: block)
        }
        builder.add(key: key, before: nil, after: document)
      }
      if let block = try await writer.write(&builder, position: position).block { next += try change.missedDocuments(of: block) }
      rest = next
    }
    guard rest.isEmpty else {
      throw ActionError(
        code: UpdateErrorCode.unresolved,
        message: "target '\(change.target.name)' took \(rest.count) documents of '\(collection)' too late, again and again",
        kind: .transient, help: "the server is too slow for the time that a batch is given; resume goes on")
    }
    return skipped
  }

  private func result(skipped: Int64) async throws(ActionError) -> ActionResult {
    let totals = try await totals()
    var ids: [Value] = []
    for header in try await change.read(["st": "applied"], withEntries: false) where ids.count < 1000 {
      let block = try await change.block(header.id)
      let entries = try change.entries(of: block)
      for index in block.applied where ids.count < 1000 { ids.append(MongoValues.value(entries[index].key.decoded)) }
    }
    return ActionResult(
      outputs: [
        "inserted": .integer(totals.changed), "ids": .list(ids), "skipped": .integer(skipped), "inDoubt": .integer(totals.doubt),
        "batches": .integer(totals.batches),
      ], warnings: warnings(totals))
  }
}

extension OnlineChange {
  /// Which of the keys are taken in the collection.
  func present(_ keys: [RawBSONValue], in collection: String) async throws(ActionError) -> Set<RawBSONValue> {
    var found: Set<RawBSONValue> = []
    for document in try await documents(withKeys: keys, in: collection, projection: ["_id": 1]) {
      if let key = document["_id"] { found.insert(key.detached()) }
    }
    return found
  }

  func documents(withKeys keys: [RawBSONValue], in collection: String, projection: BSONDocument? = nil) async throws(ActionError)
    -> [BSONDocument]
  {
    guard !keys.isEmpty else { return [] }
    let command = BSONDocument { find in
      find.append("find", collection)
      find.document("filter") { filter in
        filter.document("_id") { id in id.array("$in") { list in for key in keys { list.append(raw: key) } } }
      }
      if let projection { find.append("projection", projection) }
      find.append("readConcern", ["level": "local"] as BSONDocument)
      find.append("maxTimeMS", Int64(30_000))
    }
    do throws(MongoError) {
      return try await target.client.documents(command, database: target.database)
    } catch {
      throw target.error(error, collection: collection, doing: "looking which documents are there")
    }
  }

  /// The documents of a batch that missed.
  func missedDocuments(of block: UndoBlock) throws(ActionError) -> [BSONDocument] {
    guard !block.missed.isEmpty else { return [] }
    let entries = try entries(of: block)
    return block.missed.compactMap { entries[$0].fields[0].after?.document?.detached() }
  }

  /// How far blocks of earlier attempts came, and which of their documents missed and stand in no later block.
  func earlierBlocks() async throws(ActionError) -> (position: Int64, open: [BSONDocument]) {
    var position: Int64 = 0
    var open: OrderedDictionary<RawBSONValue, BSONDocument> = [:]
    for header in try await read(["st": "applied"], withEntries: false) {
      position = max(position, header.position)
      guard !open.isEmpty || !header.missed.isEmpty else { continue }
      let block = try await block(header.id)
      let entries = try entries(of: block)
      if !open.isEmpty { for entry in entries { open[entry.key] = nil } }
      for document in try missedDocuments(of: block) {
        if let key = document["_id"] { open[key] = document }
      }
    }
    return (position, Array(open.values))
  }

  /// Keys of the documents that blocks of earlier attempts wrote, or may have written. 16 bytes a document; empty at a first attempt.
  func ownKeys() async throws(ActionError) -> Set<KeyHash> {
    var keys: Set<KeyHash> = []
    for header in try await read(["st": "applied"], withEntries: false) {
      let block = try await block(header.id)
      let entries = try entries(of: block)
      let missed = Set(block.missed)
      for index in 0..<block.count where !missed.contains(index) { keys.insert(KeyHash(entries[index].key)) }
    }
    return keys
  }
}

extension RawBSONValue {
  /// An `_id` that nobody else has: the time in seconds and 64 random bits, in the form of an object id.
  static func madeKey() -> RawBSONValue {
    let seconds = UInt32(truncatingIfNeeded: Int64(Date().timeIntervalSince1970))
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: seconds >> (24 - 8 * UInt32($0))) } + (0..<8).map { _ in UInt8.random(in: 0...255) }
    guard let id = ObjectID(bytes: bytes) else { preconditionFailure("an object id has 12 bytes") }
    return BSONValue.objectID(id).raw
  }
}

extension BSONDocument {
  /// The document with an `_id` in front.
  func withKey(_ key: RawBSONValue) -> BSONDocument {
    BSONDocument { writer in
      writer.append("_id", raw: key)
      writer.append(fieldsOf: self)
    }
  }
}
