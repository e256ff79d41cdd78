import Synchronization

/// A server session: the frame in which transaction numbers count, so that a command sent again is not executed again.
///
/// Its commands run one after another on the connection that it was started on. Its 16 bytes are always our own random ones (or those of a
/// recorded session): the library never gives them to anybody else, and never ends the session on the server, which keeps its records until they expire.
public final class MongoSession: Sendable {
  /// The 16 bytes of the UUID in `lsid`.
  public let uuid: [UInt8]
  let client: MongoClient
  let index: Int
  let id: Int
  /// Of `IdleSessions`, when it was started.
  private let generation: Int
  private let isReusable = Atomic(false)

  fileprivate init(client: MongoClient, index: Int, id: Int, uuid: [UInt8], generation: Int) {
    self.client = client
    self.index = index
    self.id = id
    self.uuid = uuid
    self.generation = generation
  }

  deinit {
    let idle = IdleSessions.Entry(id: id, uuid: uuid)
    if isReusable.load(ordering: .relaxed), client.idle.keep(idle, on: index, of: generation) {
      client.pool.releaseFromSession(index)
    } else {
      client.pool.endSession(id, on: index)
    }
  }

  /// From now on another cursor may have it when nobody holds it any more.
  func release() { isReusable.store(true, ordering: .relaxed) }

  /// `{id: UUID}`, as `killSessions` and `refreshSessions` take it.
  public var lsid: BSONDocument { MongoSession.lsid(uuid) }

  /// `{id: UUID}` of a recorded session.
  public static func lsid(_ uuid: [UInt8]) -> BSONDocument {
    ["id": .binary(BSONBinary(subtype: 4, bytes: uuid))]
  }
}

extension MongoClient {
  /// Starts a session of a fresh random UUID.
  /// - Throws: `MongoError`; connects, so it can fail as any command can, and on a server without sessions.
  public func startSession() async throws(MongoError) -> MongoSession {
    try await startSession(overwritingUUID: randomUUID())
  }

  /// Takes up a recorded session, e.g. after a crash: the server recognises it by its bytes and by the database user, which must be the same.
  /// - Parameter uuid: 16 bytes, as `MongoSession.uuid` gave them.
  public func startSession(overwritingUUID uuid: [UInt8]) async throws(MongoError) -> MongoSession {
    guard uuid.count == 16 else { throw MongoError(kind: .usersMistake, message: "a session's UUID has 16 bytes, not \(uuid.count)") }
    return try await startSession(uuid, on: pool.reserveForSession())
  }

  /// The session of one cursor: that of one which has been read, as long as there is one on the connection with the least to do, else a fresh one.
  func sessionForCursor() async throws(MongoError) -> MongoSession {
    let index = pool.reserveForSession()
    if let (entry, generation) = idle.take(on: index) {
      return MongoSession(client: self, index: index, id: entry.id, uuid: entry.uuid, generation: generation)
    }
    return try await startSession(randomUUID(), on: index)
  }

  private func startSession(_ uuid: [UInt8], on index: Int) async throws(MongoError) -> MongoSession {
    let generation = idle.generation
    switch await pool.run(on: index, { (client) throws(NativeFailure) in try client.startSession(uuid: uuid) }) {
    case .success(let id): return MongoSession(client: self, index: index, id: id, uuid: uuid, generation: generation)
    case .failure(let failure):
      pool.releaseFromSession(index)
      throw error(failure, labels: [], intent: .read)
    }
  }
}

/// Sessions of cursors that were read to their end, at most one a connection: starting and ending one each time would wake the connection's thread
/// twice more for each cursor. None of them has ever had a number of a transaction.
final class IdleSessions: Sendable {
  struct Entry: Sendable {
    let id: Int
    let uuid: [UInt8]
  }

  private struct State {
    var generation = 0
    var entries: [Int: Entry] = [:]
  }

  private let state = Mutex(State())

  /// Counts how often all connections were closed, which ends their sessions.
  var generation: Int { state.withLock { $0.generation } }

  func take(on index: Int) -> (Entry, generation: Int)? {
    state.withLock { state in state.entries.removeValue(forKey: index).map { ($0, state.generation) } }
  }

  /// - Returns: false where there is one already, or its connection was closed since.
  func keep(_ entry: Entry, on index: Int, of generation: Int) -> Bool {
    state.withLock { state in
      guard state.generation == generation, state.entries[index] == nil else { return false }
      state.entries[index] = entry
      return true
    }
  }

  func forget() {
    state.withLock { state in
      state.generation += 1
      state.entries.removeAll()
    }
  }
}
