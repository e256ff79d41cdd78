import Synchronization

/// The batches of one `find` or `aggregate`, raw. It lives inside `MongoClient.withCursor` only, and is used by one task at a time.
public final class MongoCursor: Sendable {
  private struct State {
    /// Zero when the server has nothing left.
    var id: Int64
    var ready: BSONBatch?
    var prefetch: Task<Result<BSONBatch, MongoError>, Never>?
  }

  private let client: MongoClient
  private let session: MongoSession
  private let database: String
  private let collection: String
  private let batchSize: Int32
  private let state: Mutex<State>
  /// The time of the read on the server's clock of operations, where it tells it.
  public let operationTime: BSONTimestamp?

  /// The server's number of the cursor, 0 when it has nothing left there.
  package var number: Int64 { state.withLock { $0.id } }

  fileprivate init(
    _ command: BSONDocument, database: String, batchSize: Int32, session: MongoSession, client: MongoClient
  ) async throws(MongoError) {
    let reply = try await client.runCommand(command, database: database, session: session)
    let (id, batch) = try Self.batch(of: reply, named: "firstBatch")
    let namespace = reply["cursor"]?.document?["ns"]?.string ?? ""
    self.client = client
    self.session = session
    self.database = database
    self.batchSize = batchSize
    collection = namespace.firstIndex(of: ".").map { String(namespace[$0...].dropFirst()) } ?? namespace
    operationTime = reply["operationTime"]?.timestamp
    state = Mutex(State(id: id, ready: batch))
  }

  /// The next batch, nil at the end. While the caller works on it, the one after it is already being read, and no more than that.
  /// - Throws: `MongoError`. A cursor that the server has lost (43, 237) is transient: what it would have given is *not* known to be nothing.
  public func next() async throws(MongoError) -> BSONBatch? {
    while true {
      let ready: BSONBatch? = state.withLock { state in
        defer { state.ready = nil }
        return state.ready
      }
      if let ready {
        prefetch()
        if !ready.isEmpty { return ready }
        continue
      }
      guard let task = state.withLock({ $0.prefetch }) else { return nil }
      let result = await task.value
      let batch = try state.withLock { state throws(MongoError) in
        state.prefetch = nil
        return try result.get()
      }
      state.withLock { $0.ready = batch }
    }
  }

  private func prefetch() {
    state.withLock { state in
      guard state.id != 0, state.prefetch == nil else { return }
      let id = state.id
      state.prefetch = Task { await self.fetch(id) }
    }
  }

  private func fetch(_ id: Int64) async -> Result<BSONBatch, MongoError> {
    let command = BSONDocument { writer in
      writer.append("getMore", id)
      writer.append("collection", collection)
      writer.append("batchSize", batchSize)
    }
    do throws(MongoError) {
      let (id, batch) = try Self.batch(of: try await client.runCommand(command, database: database, session: session), named: "nextBatch")
      state.withLock { $0.id = id }
      return .success(batch)
    } catch {
      // Lost or not, the server's cursor gets no second request.
      return .failure(error)
    }
  }

  /// Waits for a request under way and tells the server to drop the cursor, if it still has it. An error of that is of no use to anybody.
  fileprivate func close() async {
    if let task = state.withLock({ $0.prefetch }) { _ = await task.value }
    let id = state.withLock { state in
      defer { state.id = 0 }
      return state.id
    }
    guard id != 0 else { return }
    let command: BSONDocument = ["killCursors": .string(collection), "cursors": [.int64(id)]]
    _ = try? await client.runCommand(command, database: database, session: session)
  }

  private static func batch(of reply: BSONDocument, named name: String) throws(MongoError) -> (id: Int64, documents: BSONBatch) {
    guard let cursor = reply["cursor"]?.document, let id = cursor["id"]?.integer, let batch = cursor[name]?.array else {
      throw MongoError(kind: .failed, message: "the reply holds no cursor", reply: reply)
    }
    return (id, BSONBatch(batch))
  }
}

extension MongoClient {
  /// Runs a `find`, `aggregate`, `listCollections` or `listIndexes` and lends its cursor to `body`; the cursor is gone on the server when this
  /// returns or throws. It runs in `session`, or in one that no other cursor has at the time: the server binds a cursor to its session.
  /// - Parameters:
  ///   - command: without `batchSize`.
  ///   - batchSize: documents a batch; the server also ends a batch at 16 MiB.
  public func withCursor<R>(
    _ command: BSONDocument, database: String, batchSize: Int32 = 500, session: MongoSession? = nil,
    _ body: (MongoCursor) async throws -> R
  ) async throws -> R {
    let used: MongoSession
    if let session { used = session } else { used = try await sessionForCursor() }
    let cursor = try await MongoCursor(
      sized(command, batchSize), database: database, batchSize: batchSize, session: used, client: self)
    do {
      let result = try await body(cursor)
      await cursor.close()
      if session == nil { used.release() }
      return result
    } catch {
      await cursor.close()
      throw error
    }
  }

  /// Hands all batches of a cursor to `body`, one after another, while the next is being read. Throw to stop early.
  public func forEachBatch(
    _ command: BSONDocument, database: String, batchSize: Int32 = 500, session: MongoSession? = nil,
    _ body: (BSONBatch) async throws -> Void
  ) async throws {
    try await withCursor(command, database: database, batchSize: batchSize, session: session) { cursor in
      while let batch = try await cursor.next() { try await body(batch) }
    }
  }

  /// All documents of a cursor; for what is known to be small.
  public func documents(_ command: BSONDocument, database: String, session: MongoSession? = nil) async throws(MongoError)
    -> [BSONDocument]
  {
    var all: [BSONDocument] = []
    do {
      try await forEachBatch(command, database: database, session: session) { all += $0 }
    } catch let error as MongoError {
      throw error
    } catch {
      preconditionFailure("reading a cursor threw \(error)")
    }
    return all
  }

  /// The command with its batch size, which `find` takes by itself and the others inside `cursor`.
  private func sized(_ command: BSONDocument, _ batchSize: Int32) -> BSONDocument {
    let isFind = command.first(where: { _ in true })?.hasKey("find") ?? false
    guard command[isFind ? "batchSize" : "cursor"] == nil else { return command }
    return BSONDocument { writer in
      writer.append(fieldsOf: command)
      if isFind {
        writer.append("batchSize", batchSize)
      } else {
        writer.document("cursor") { $0.append("batchSize", batchSize) }
      }
    }
  }
}
