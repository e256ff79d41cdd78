import MongoDriver
import RunbookActions

/// A collection that the program makes and fills with raw documents: a backup, or what a restore swaps in.
struct CollectionCopy {
  let call: MongoCall
  let to: String
  /// What it is called in errors: "the copy".
  let what: String
  /// Where it stands.
  let target: MongoTarget

  init(call: MongoCall, to: String, what: String, in target: MongoTarget? = nil) {
    self.call = call
    self.to = to
    self.what = what
    self.target = target ?? call.target
  }

  /// Drops it, if it is there. Only for one that is known to be this step's.
  func drop() async throws(ActionError) {
    do throws(ActionError) {
      _ = try await write(["drop": .string(to)], doing: "dropping \(what)")
    } catch {
      if error.code != MongoErrorCode.missingCollection { throw error }
    }
  }

  /// Makes it, empty. The server would empty a copy that expires, so its expiry is left out.
  func create(_ options: BSONDocument) async throws(ActionError) {
    let command = BSONDocument { writer in
      writer.append("create", to)
      for element in options where !element.hasKey("expireAfterSeconds") { writer.append(element) }
    }
    _ = try await write(command, doing: "creating \(what)")
  }

  func write(_ command: BSONDocument, limit: Int64? = nil, doing: String) async throws(ActionError) -> BSONDocument {
    let short = try target.unfencedMilliseconds()
    let full = BSONDocument { writer in
      writer.append(fieldsOf: command)
      writer.append("writeConcern", target.durable)
      writer.append("maxTimeMS", .integer(limit ?? short))
    }
    let client = try target.client(forMilliseconds: limit ?? short)
    let reply: BSONDocument
    do throws(MongoError) {
      reply = try await client.writeCommand(full, database: target.database)
    } catch {
      throw target.error(error, collection: to, doing: doing)
    }
    try target.checkConcern(reply, collection: to, doing: doing)
    return reply
  }

  /// Copies raw documents, a batch at a time.
  /// - Parameters:
  ///   - source: where they are read, by `command`.
  ///   - isThere: whether a document stands there as it is, so that it need not be written.
  ///   - afterBatch: called now and then, between two batches.
  ///   - onRead: is given the documents that were read, part by part, with the indices of those that do not stand there now: of one that was deleted and inserted again while it
  ///     was read, which comes twice, the first version does.
  func fill(
    from source: MongoTarget, collection: String, by command: BSONDocument, total: Int64?, note: String = "copying", stopping: String,
    doing: String, isThere: (BSONDocument) -> Bool = { _ in false }, afterBatch: () async throws(ActionError) -> Void = {},
    onRead: (BSONBatch.SubSequence, _ unwritten: Set<Int>) -> Void
  ) async throws(ActionError) {
    var done: Int64 = 0
    try await call.stream(command, of: source, collection: collection, batchSize: 1000, doing: doing) {
      documents throws(ActionError) in
      var rest = documents[...]
      while !rest.isEmpty {
        try call.checkStop(stopping)
        var bytes = 0
        let batch = rest.prefix { document in
          bytes += document.byteCount
          return bytes <= 12_000_000 || bytes == document.byteCount
        }
        let absent = batch.indices.filter { !isThere(batch[$0]) }
        let twice = try await insert(absent.map { batch[$0] })
        onRead(batch, Set(twice.map { absent[$0] }))
        rest = rest.dropFirst(batch.count)
        done += Int64(batch.count)
        call.context.progress(Progress(done: done, total: total, unit: "documents", note: note))
        try await afterBatch()
      }
    }
  }

  /// Puts documents in the place of those that have these keys. Under a collation more may have them than are named so.
  func replace(_ keys: [RawBSONValue], with documents: [BSONDocument]) async throws(ActionError) {
    let removal = BSONDocument { writer in
      writer.append("delete", to)
      writer.array("deletes") { array in
        for key in keys {
          array.document { statement in
            statement.document("q") { $0.append("_id", raw: key) }
            statement.append("limit", Int32(1))
          }
        }
      }
      writer.append("ordered", false)
    }
    let reply: BSONDocument
    do throws(ActionError) {
      reply = try await write(removal, doing: "writing \(what)")
    } catch {
      guard error.kind == .outcomeUnknown || error.kind == .transient else { throw error }
      reply = try await write(removal, doing: "writing \(what)")
    }
    if let failure = WriteReply(reply).writeErrors.first { throw refused(failure) }
    var rest = documents[...]
    while !rest.isEmpty {
      var bytes = 0
      let batch = rest.prefix { document in
        bytes += document.byteCount
        return bytes <= 12_000_000 || bytes == document.byteCount
      }
      _ = try await insert(Array(batch))
      rest = rest.dropFirst(batch.count)
    }
  }

  private func refused(_ failure: WriteReply.StatementError) -> ActionError {
    ActionError(
      code: MongoErrorCode.refused,
      message: "'\(to)' of target '\(target.name)', while writing \(what): \(failure.message) (code \(failure.code))", kind: .refused)
  }

  /// - Returns: the places of documents whose key was there already.
  private func insert(_ documents: [BSONDocument]) async throws(ActionError) -> Set<Int> {
    guard !documents.isEmpty else { return [] }
    let bypasses = await target.mayBypassValidation(of: to)
    let command = BSONDocument { writer in
      writer.append("insert", to)
      writer.array("documents") { array in for document in documents { array.append(document) } }
      writer.append("ordered", false)
      if bypasses { writer.append("bypassDocumentValidation", true) }
    }
    var refused: [WriteReply.StatementError] = []
    do throws(ActionError) {
      refused = WriteReply(try await write(command, doing: "writing \(what)")).writeErrors
    } catch {
      guard error.kind == .outcomeUnknown || error.kind == .transient else { throw error }
      // Sent once more; what is there by now came from the first try. Were it otherwise, the proof would find it.
      refused = WriteReply(try await write(command, doing: "writing \(what)")).writeErrors.filter { $0.code != 11000 }
    }
    if let failure = refused.first(where: { $0.code != 11000 }) { throw self.refused(failure) }
    return Set(refused.map(\.index))
  }
}

extension MongoCall {
  /// Reads a collection whole and digests it.
  /// - Parameters:
  ///   - note: what is being done, beside the progress.
  ///   - stopping: what is stopped where somebody asks for it.
  func digest(
    of collection: String, in place: MongoTarget? = nil, key: DigestKey, total: Int64?, note: String, stopping: String, doing: String
  )
    async throws(ActionError) -> ContentDigest
  {
    var digest = ContentDigest(key: key)
    var done: Int64 = 0
    try await stream(
      findCommand(collection, filter: [:], isBounded: false), of: place ?? target, collection: collection, batchSize: 1000, doing: doing
    ) {
      documents throws(ActionError) in
      try checkStop(stopping)
      digest.add(documents)
      done += Int64(documents.count)
      context.progress(Progress(done: done, total: total, unit: "documents", note: note))
    }
    return digest
  }
}
