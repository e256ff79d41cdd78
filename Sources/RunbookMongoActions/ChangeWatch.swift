import MongoDriver
import RunbookActions

/// One change that the server tells of.
struct ChangeEvent {
  let collection: String
  /// `insert`, `update`, `replace`, `delete`, or what befell the collection itself.
  let operation: String
  /// The document's `_id`; nil for what befell the collection.
  let key: RawBSONValue?
  let time: BSONTimestamp?
}

/// A change stream over collections of one database, read by plain commands. It tells keys alone, so that its size does not depend on that of the documents.
struct ChangeWatch {
  enum Failure: Error {
    /// The deployment has no change streams, or the user may not open one.
    case unavailable(String)
    /// The server's history does not reach back so far.
    case historyLost(String)
    case action(ActionError)
  }

  private static let batchSize: Int32 = 1000
  private static let mostReopenings = 5
  /// How many requests without an event count as the end, where the server tells no time up to which it has looked.
  private static let silentPolls = 3

  private let target: MongoTarget
  private let collections: [String]
  /// Everything after this moment is told.
  let start: BSONTimestamp
  private let client: MongoClient
  private var session: MongoSession
  private var cursor: Int64
  private var namespace: String
  /// Where to go on after a lost connection.
  private var token: BSONDocument?

  /// - Parameter start: changes after this moment are told, and those at it; nil begins now, for which no server has to look its history up.
  static func open(_ target: MongoTarget, collections: [String], since start: BSONTimestamp?) async throws(Failure) -> ChangeWatch {
    let client: MongoClient
    do throws(ActionError) { client = try target.client(forMilliseconds: 10_000) } catch { throw .action(error) }
    let watched = collections + [RunbookCollections.marks]
    do throws(MongoError) {
      let session = try await client.startSession()
      let reply = try await client.runCommand(
        command(watched, start.map { ["startAtOperationTime": .timestamp($0)] } ?? [:]), database: target.database, session: session)
      guard let (cursor, namespace) = opened(reply) else { throw MongoError(kind: .failed, message: "the reply holds no cursor") }
      // Begun now, it has begun by the time of the answer.
      guard let begun = start ?? reply["operationTime"]?.timestamp else {
        throw MongoError(kind: .failed, message: "the reply tells no time")
      }
      return ChangeWatch(
        target: target, collections: watched, start: begun, client: client, session: session, cursor: cursor, namespace: namespace)
    } catch {
      throw failure(error, target)
    }
  }

  private static func command(_ collections: [String], _ from: BSONDocument) -> BSONDocument {
    let names = BSONArray(collections.map(BSONValue.string))
    let pipeline: [BSONValue] = [
      ["$changeStream": .document(from)], ["$match": ["ns.coll": ["$in": .array(names)]]],
      ["$project": ["operationType": 1, "ns": 1, "documentKey": 1, "clusterTime": 1]],
    ]
    return ["aggregate": 1, "pipeline": .array(BSONArray(pipeline)), "cursor": ["batchSize": 0]]
  }

  private static func opened(_ reply: BSONDocument) -> (cursor: Int64, namespace: String)? {
    guard let cursor = reply["cursor"]?.document, let id = cursor["id"]?.integer, let namespace = cursor["ns"]?.string else { return nil }
    return (id, namespace.firstIndex(of: ".").map { String(namespace[$0...].dropFirst()) } ?? namespace)
  }

  private static func failure(_ error: MongoError, _ target: MongoTarget) -> Failure {
    switch error.code {
    // CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost
    case 136, 260, 280, 286: return .historyLost(error.message)
    default: break
    }
    return error.isTransient
      ? .action(target.error(error, doing: "watching what changes")) : .unavailable(error.message)
  }

  /// One request.
  /// - Parameter wait: milliseconds that the server may wait for an event.
  /// - Returns: whether anything came.
  mutating func poll(wait: Int64, _ body: (ChangeEvent) -> Void) async throws(Failure) -> Bool {
    let reply = try await more(wait)
    guard let answer = reply["cursor"]?.document, let batch = answer["nextBatch"]?.array?.documents else {
      throw .unavailable("the answer to a request for changes holds none")
    }
    for event in batch {
      token = event["_id"]?.document ?? token
      let namespace = event["ns"]?.document
      body(
        ChangeEvent(
          collection: namespace?["coll"]?.string ?? "", operation: event["operationType"]?.string ?? "",
          key: event["documentKey"]?.document?["_id"], time: event["clusterTime"]?.timestamp))
    }
    token = answer["postBatchResumeToken"]?.document ?? token
    if answer["id"]?.integer == 0 { throw .unavailable("the server ended the change stream: the database was dropped") }
    return !batch.isEmpty
  }

  private mutating func more(_ wait: Int64) async throws(Failure) -> BSONDocument {
    var attempt = 0
    while true {
      do throws(MongoError) {
        if attempt > 0 { try await reopen() }
        let command: BSONDocument = [
          "getMore": .int64(cursor), "collection": .string(namespace), "batchSize": .int32(Self.batchSize),
          "maxTimeMS": .int64(max(1, wait)),
        ]
        return try await client.runCommand(command, database: target.database, session: session)
      } catch {
        attempt += 1
        guard error.isTransient, attempt <= Self.mostReopenings else { throw Self.failure(error, target) }
        try? await Task.sleep(for: .milliseconds(200 * attempt))
      }
    }
  }

  private mutating func reopen() async throws(MongoError) {
    session = try await client.startSession()
    let from: BSONDocument = token.map { ["resumeAfter": .document($0)] } ?? ["startAtOperationTime": .timestamp(start)]
    let reply = try await client.runCommand(Self.command(collections, from), database: target.database, session: session)
    guard let (id, name) = Self.opened(reply) else { throw MongoError(kind: .failed, message: "the reply holds no cursor") }
    (cursor, namespace) = (id, name)
  }

  /// Tells everything that has been changed up to now.
  ///
  /// Under the lease it writes a mark into a collection of the program's own and reads until the mark comes by: the stream is in order. Else it reads up to the time that the server
  /// has now.
  /// - Returns: the moment up to which everything has been told.
  mutating func drain(isStopped: () -> Bool = { false }, _ body: (ChangeEvent) -> Void) async throws(Failure) -> BSONTimestamp {
    guard target.holdsLease else { return try await drainByTime(isStopped, body) }
    let mark = "mark/" + hexadecimalText((0..<16).map { _ in UInt8.random(in: 0...255) })
    do throws(ActionError) {
      try await target.replaceOwn(["_id": .string(mark)], in: RunbookCollections.marks, doing: "marking a moment")
    } catch {
      throw .action(error)
    }
    let beginning = start
    var found: BSONTimestamp?
    while found == nil {
      _ = try await poll(wait: 500) { event in
        if event.collection != RunbookCollections.marks { return body(event) }
        if event.key?.string == mark { found = event.time ?? beginning }
      }
      if isStopped() { break }
    }
    try? await target.deleteOwn(["_id": .string(mark)], from: RunbookCollections.marks, doing: "removing a mark")
    guard let found else {
      throw .action(ActionError(code: MongoErrorCode.stopped, message: "it was stopped; it can be done again", kind: .stopped))
    }
    return found
  }

  private mutating func drainByTime(_ isStopped: () -> Bool, _ body: (ChangeEvent) -> Void) async throws(Failure) -> BSONTimestamp {
    let told: BSONTimestamp?
    do throws(ActionError) { told = try await target.operationTime() } catch { throw .action(error) }
    guard let now = told else { throw .unavailable("the server tells no time of its operations") }
    var latest: BSONTimestamp?
    var silent = 0
    while !isStopped() {
      let came = try await poll(wait: 200) { event in
        if let time = event.time { latest = max(latest ?? time, time) }
        body(event)
      }
      silent = came ? 0 : silent + 1
      if let latest, latest > now { return now }
      if let seen = token.flatMap(Self.time) {
        if seen >= now { return now }
      } else if silent >= Self.silentPolls {
        return now
      }
    }
    throw .action(ActionError(code: MongoErrorCode.stopped, message: "it was stopped; it can be done again", kind: .stopped))
  }

  /// The time in a token: a mongod's begins with it, `82` and then its eight bytes. Nil for one that is made otherwise.
  static func time(of token: BSONDocument) -> BSONTimestamp? {
    guard let text = token["_data"]?.string, text.hasPrefix("82"), text.utf8.count >= 18 else { return nil }
    return UInt64(text.dropFirst(2).prefix(16), radix: 16).map(BSONTimestamp.init(rawValue:))
  }

  /// Gives the server's cursor back; an error of that is of no use to anybody.
  func close() async {
    let command: BSONDocument = ["killCursors": .string(namespace), "cursors": [.int64(cursor)]]
    _ = try? await client.runCommand(command, database: target.database, session: session)
  }
}

extension MongoTarget {
  /// The server's time of operations; nil for a server that has none (a standalone).
  func operationTime() async throws(ActionError) -> BSONTimestamp? {
    try await run(["ping": 1], doing: "asking for the time of its operations")["operationTime"]?.timestamp
  }
}
