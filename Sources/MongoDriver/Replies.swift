/// What the answer to `insert`, `update`, `delete` or `findAndModify` says, read when asked.
public struct WriteReply: Sendable {
  /// One statement that the server refused; the others are not touched by it.
  public struct StatementError: Sendable, Hashable {
    /// The place of the statement in the command, from 0.
    public let index: Int
    public let code: Int32
    public let message: String
    /// For a duplicate key: the keys of the unique index that has it already.
    public let keyPattern: BSONDocument?
  }

  public let document: BSONDocument

  public init(_ document: BSONDocument) { self.document = document }

  /// Documents matched (update), inserted or deleted.
  public var count: Int { Int(document["n"]?.integer ?? 0) }
  public var modified: Int { Int(document["nModified"]?.integer ?? 0) }

  /// In the order of the answer.
  public var writeErrors: [StatementError] {
    (document["writeErrors"]?.array?.compactMap(\.document) ?? []).map { error in
      StatementError(
        index: Int(error["index"]?.integer ?? -1), code: Int32(truncatingIfNeeded: error["code"]?.integer ?? 0),
        message: error["errmsg"]?.string ?? "", keyPattern: error["keyPattern"]?.document)
    }
  }

  /// The statements that the server had executed before and did not execute again; nil if it does not say so.
  public var retriedStatementIDs: [Int]? {
    (document["retriedStmtIds"]?.array).map { $0.compactMap(\.integer).map(Int.init) }
  }

  /// The write took place on the primary, but the asked-for safety was not reached (in time).
  public var writeConcernError: (code: Int32, message: String)? {
    guard let error = document["writeConcernError"]?.document else { return nil }
    return (Int32(truncatingIfNeeded: error["code"]?.integer ?? 0), error["errmsg"]?.string ?? "")
  }

  public var operationTime: BSONTimestamp? { document["operationTime"]?.timestamp }
  public var clusterTime: BSONTimestamp? { document["$clusterTime"]?.document?["clusterTime"]?.timestamp }
}

/// What kind of deployment answers.
public struct ServerFacts: Sendable, Hashable {
  /// The replica set's name; nil for a standalone and behind a router.
  public let setName: String?
  /// Whether a router (mongos) answered.
  public let isRouter: Bool
  public let isWritablePrimary: Bool
  public let maxWireVersion: Int32
  /// The members that the set names, `host:port`.
  public let hosts: [String]
  /// E.g. `8.0.4`.
  public let version: String
  /// The server's clock, milliseconds since 1970.
  public let localTime: Int64?
  /// Minutes that a session and its retry records live without use; nil where there are no sessions.
  public let sessionTimeoutMinutes: Int64?
  /// Most bytes in one document.
  public let maxDocumentBytes: Int64
  /// The largest statement count of one write command.
  public let maxWriteBatchSize: Int64

  /// Whether a command may carry a transaction number: a set or a router, not a standalone.
  public var hasRetryableWrites: Bool { (setName != nil || isRouter) && sessionTimeoutMinutes != nil }
}

extension MongoClient {
  /// Asks the server what it is (`hello` and `buildInfo`).
  public func hello() async throws(MongoError) -> ServerFacts {
    let hello = try await runCommand(["hello": 1], database: "admin")
    let build = try await runCommand(["buildInfo": 1], database: "admin")
    return ServerFacts(
      setName: hello["setName"]?.string, isRouter: hello["msg"]?.string == "isdbgrid",
      isWritablePrimary: hello["isWritablePrimary"]?.isTruthy ?? false,
      maxWireVersion: Int32(truncatingIfNeeded: hello["maxWireVersion"]?.integer ?? 0),
      hosts: hello["hosts"]?.array?.compactMap(\.string) ?? [], version: build["version"]?.string ?? "",
      localTime: hello["localTime"]?.datetime, sessionTimeoutMinutes: hello["logicalSessionTimeoutMinutes"]?.integer,
      maxDocumentBytes: hello["maxBsonObjectSize"]?.integer ?? 16_777_216,
      maxWriteBatchSize: hello["maxWriteBatchSize"]?.integer ?? 100_000)
  }
}
