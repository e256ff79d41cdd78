import MongoDriver
import RunbookActions

/// Keeping undo blocks: written ahead, every later change asserted on what its writer last saw.
extension OnlineChange {
  /// Writes a block ahead; durable on a majority when this returns.
  func insert(_ block: UndoBlock) async throws(ActionError) {
    let stored = block.encoded()
    let present = try await patiently { () throws(ActionError) in
      try await target.insertOwn([stored], into: store, limit: try target.unfencedMilliseconds(), doing: "writing undo entries ahead")
    }
    guard !present.isEmpty else { return }
    // After a lost answer it is our own; a number is given out once under an epoch.
    let found = try await target.findOwn(["_id": .int64(block.id)], in: store, doing: "reading an undo block")
    guard found.first == stored else { throw target.leaseLostError() }
  }

  /// Changes a block that is as `known` says, to what `changed` says. The entries and the command are never changed.
  /// - Throws: `leaseLost` where somebody else has changed it.
  func record(_ changed: UndoBlock, known: UndoBlock) async throws(ActionError) {
    var query: [(String, BSONValue)] = [("_id", .int64(known.id)), ("st", .string(known.state.rawValue))]
    if let undo = known.undo {
      query.append(("undo.until", .int64(undo.delivery.until)))
      if let number = undo.delivery.number { query.append(("undo.txn", .int64(number))) }
    } else {
      query.append(("undo", .null))
    }
    let fields = BSONDocument { set in
      set.append("st", changed.state.rawValue)
      set.append("missed", UndoBlock.list(changed.missed))
      set.append("doubt", UndoBlock.list(changed.doubt))
      set.append("failed", UndoBlock.list(changed.failed))
      set.append("kept", UndoBlock.list(changed.kept))
      set.append("standing", UndoBlock.list(changed.standing))
      set.append("refused", UndoBlock.list(changed.refused))
      if !changed.gone.isEmpty { set.append("gone", UndoBlock.list(changed.gone)) }
      if changed.kind == .delete { set.append("images", UndoBlock.list(changed.images)) }
      if let undo = changed.undo { set.append("undo", undo.encoded()) }
    }
    let update: BSONDocument = ["q": .document(BSONDocument(query)), "u": ["$set": .document(fields)]]
    let reply = try await patiently { () throws(ActionError) in
      let command: BSONDocument = [
        "update": .string(store), "updates": [.document(update)], "writeConcern": .document(target.durable),
        "maxTimeMS": .int64(try target.unfencedMilliseconds()),
      ]
      return WriteReply(try await target.repeated(command, collection: store, doing: "recording the outcome of a batch"))
    }
    if let failure = reply.writeErrors.first {
      throw ActionError(
        code: MongoErrorCode.refused,
        message: "'\(store)' of target '\(target.name)' refuses an outcome: \(failure.message) (code \(failure.code))", kind: .refused)
    }
    guard reply.count != 1 else { return }
    let found = try await read(["_id": .int64(known.id)], withEntries: false)
    // After a lost answer it may be our own change that is there.
    guard let found = found.first, found.hasSameState(as: changed) else { throw target.leaseLostError() }
  }

  /// Repeats a write that does no harm when it is done twice, as long as the lease lasts and the patience for an answer.
  private func patiently<R>(_ body: () async throws(ActionError) -> R) async throws(ActionError) -> R {
    let start = ContinuousClock.now
    var pause = 200
    while true {
      do throws(ActionError) { return try await body() } catch {
        guard error.kind == .transient || error.kind == .outcomeUnknown, ContinuousClock.now - start < timing.patience, !Task.isCancelled
        else {
          throw error
        }
      }
      try? await Task.sleep(for: .milliseconds(pause))
      pause = min(pause * 2, 2000)
    }
  }

  /// The blocks that fit, oldest first unless told otherwise, as the primary has them.
  func read(_ filter: BSONDocument, withEntries: Bool, newestFirst: Bool = false, limit: Int? = nil) async throws(ActionError)
    -> [UndoBlock]
  {
    let command = BSONDocument { find in
      find.append("find", store)
      find.append("filter", filter)
      if !withEntries { find.append("projection", ["e": 0] as BSONDocument) }
      find.append("sort", ["_id": newestFirst ? -1 : 1] as BSONDocument)
      if let limit { find.append("limit", Int64(limit)) }
      find.append("readConcern", ["level": "majority"] as BSONDocument)
      find.append("maxTimeMS", Int64(30_000))
    }
    let found: [BSONDocument]
    do throws(MongoError) {
      found = try await target.client.documents(command, database: target.database)
    } catch {
      throw target.error(error, collection: store, doing: "reading undo blocks")
    }
    do throws(UndoBlockError) {
      var blocks: [UndoBlock] = []
      for document in found { blocks.append(try UndoBlock(document)) }
      return blocks
    } catch {
      throw broken(error)
    }
  }

  /// One block with its entries.
  func block(_ id: Int64) async throws(ActionError) -> UndoBlock {
    guard let block = try await read(["_id": .int64(id)], withEntries: true).first else {
      throw broken(UndoBlockError(message: "block \(id) is gone"))
    }
    return block
  }

  /// The documents of a batch's entries as they are on the primary now; those that are gone are absent.
  func documents(of entries: [UndoEntry], in block: UndoBlock) async throws(ActionError) -> [RawBSONValue: BSONDocument] {
    var found: [RawBSONValue: BSONDocument] = [:]
    var rest = entries[...]
    while !rest.isEmpty {
      let part = rest.prefix(200)
      rest = rest.dropFirst(200)
      let command = BSONDocument { find in
        find.append("find", block.collection)
        find.append("filter", block.filter(of: Array(part)))
        // What no path can say cannot be asked for by itself.
        if block.kind == .fields, !block.fields.contains(where: \.isLiteral) {
          find.append("projection", BSONDocument((block.fields + block.shardKey).map { ($0.text, .int32(1)) }))
        }
        find.append("readConcern", ["level": "local"] as BSONDocument)
        find.append("maxTimeMS", Int64(30_000))
      }
      do throws(MongoError) {
        for document in try await target.client.documents(command, database: target.database) {
          if let identity = block.identity(of: document) { found[identity.detached()] = document }
        }
      } catch {
        throw target.error(error, collection: block.collection, doing: "reading documents whose outcome is open")
      }
    }
    return found
  }
}

extension UndoBlock {
  /// Whether everything that is ever changed in a block is the same.
  func hasSameState(as other: UndoBlock) -> Bool {
    state == other.state && missed == other.missed && doubt == other.doubt && failed == other.failed && undo == other.undo
      && kept == other.kept && standing == other.standing && refused == other.refused && gone == other.gone
      && images == other.images
  }

  /// The value of a field of the block in a document as it is now; nil where it is absent.
  func value(at position: Int, in document: BSONDocument?) -> RawBSONValue? {
    kind == .fields ? document.flatMap { fields[position].value(in: $0) } : document?.raw
  }

  /// Whether a field is as the forward command would have left it. One that is absent since nothing on its way is there any more is not.
  func isAfter(_ position: Int, of entry: UndoEntry, in document: BSONDocument?) -> Bool {
    if kind == .fields, let document, fields[position].parent(in: document) == nil { return false }
    return value(at: position, in: document) == entry.fields[position].after
  }

  /// What a field was before the change.
  func before(_ position: Int, of entry: UndoEntry, at index: Int) -> RawBSONValue? {
    images[index]?.raw ?? entry.fields[position].before
  }

  /// How a document looks beside what the forward command would have left.
  func look(_ entry: UndoEntry, document: BSONDocument?) -> OnlineChangeLook {
    if kind == .delete { return document == nil ? .equal : .other }
    guard let document else { return .gone }
    // Under this `_id` there was none when the block was made; whoever put it there may have changed it since.
    if kind == .insert { return .equal }
    // Whoever changed a field since may have done so on top of our change: a change that is made once must not be made again.
    if isOnce { return entry.changed.contains { value(at: $0, in: document) != entry.fields[$0].before } ? .equal : .other }
    let stands = entry.changed.contains { isAfter($0, of: entry, in: document) }
    return stands ? .equal : .other
  }
}
