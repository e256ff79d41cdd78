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

  fileprivate init(client: MongoClient, index: Int, id: Int, uuid: [UInt8]) {
    self.client = client
    self.index = index
    self.id = id
    self.uuid = uuid
  }

  deinit { client.pool.endSession(id, on: index) }

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
    let index = pool.reserveForSession()
    switch await pool.run(on: index, { (client) throws(NativeFailure) in try client.startSession(uuid: uuid) }) {
    case .success(let id): return MongoSession(client: self, index: index, id: id, uuid: uuid)
    case .failure(let failure):
      pool.releaseFromSession(index)
      throw error(failure, labels: [], intent: .read)
    }
  }
}
