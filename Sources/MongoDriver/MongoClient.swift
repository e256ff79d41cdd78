import Logging

/// A client of one MongoDB deployment: a small pool of connections, commands in and raw answers out.
///
/// Every command is sent once, to the primary, and nothing is retried behind the caller's back; read preference, `w` and `retryWrites` of
/// the connection string do not apply, what a command needs of them stands in its body. All calls wait on the pool's own queues.
/// **Cancellation:** a cancelled task still waits for the call under way to end or time out, since libmongoc cannot be interrupted.
public final class MongoClient: Sendable {
  public struct Options: Sendable {
    /// Shown in the server's log and `currentOp`.
    public var appName = "runbook"
    /// How many connections, and so how many commands at a time. What must not wait behind others (the renewal of a lease) uses a client of its own.
    public var width = 4
    public var connectTimeout: Duration = .seconds(5)
    /// How long an answer may take. Must exceed every `maxTimeMS` sent through this client; open another client for index builds and long aggregations.
    public var socketTimeout: Duration = .seconds(60)
    /// How long to look for a primary. `connectTimeoutMS`, `socketTimeoutMS` and `serverSelectionTimeoutMS` in the URI win over these three.
    public var serverSelectionTimeout: Duration = .seconds(5)
    /// Receives libmongoc's own messages at debug level, redacted.
    public var logger = Logger(label: "runbook.mongodb")

    public init() {}
  }

  /// The connection string, in a form that may be shown.
  public let uri: MongoURI
  public let options: Options
  let pool: ClientPool
  let idle = IdleSessions()

  /// Checks the connection string; nothing is connected before the first command.
  /// - Throws: `MongoError` of kind `usersMistake` if it is no valid connection string.
  public init(uri text: String, options: Options = Options()) throws(MongoError) {
    let uri = MongoURI(text)
    let settings = NativeSettings(
      uri: text, appName: options.appName, connectTimeoutMS: milliseconds(options.connectTimeout),
      socketTimeoutMS: milliseconds(options.socketTimeout), serverSelectionTimeoutMS: milliseconds(options.serverSelectionTimeout),
      given: uri.optionNames)
    do throws(NativeFailure) {
      guard !text.utf8.contains(0) else { throw NativeFailure(message: "the connection string holds NUL") }
      try NativeClient.check(settings)
    } catch {
      throw MongoError(kind: .usersMistake, message: uri.redactor.clean(error.message), hosts: uri.hosts)
    }
    self.uri = uri
    self.options = options
    pool = ClientPool(width: options.width, settings: settings, log: .init(logger: options.logger, redactor: uri.redactor))
  }

  /// Another client of the same deployment, e.g. with a longer socket timeout, or of width 1 for what must not wait.
  public func sibling(options: Options) throws(MongoError) -> MongoClient {
    try MongoClient(uri: uri.text, options: options)
  }

  /// Sends a command that changes nothing, or one that may be sent again without harm.
  ///
  /// `lsid` is put in by `session`; it must not stand in the body. Everything else (`readConcern`, `maxTimeMS`, `comment`, …) stands in the body.
  /// - Returns: the whole reply, also when it holds `writeErrors` or a `writeConcernError`.
  /// - Throws: `MongoError` when the reply says `ok: 0`, or none came; never of kind `outcomeUnknown`.
  public func runCommand(_ command: BSONDocument, database: String, session: MongoSession? = nil) async throws(MongoError)
    -> BSONDocument
  {
    try await send(command, database: database, session: session, intent: .read)
  }

  /// Sends a command that changes something. It is sent once; `txnNumber`, for sending it again, stands in the body beside a `session`.
  /// - Returns: the whole reply; `writeErrors` and `writeConcernError` are answers, see `WriteReply`.
  /// - Throws: `MongoError`; `mayHaveBeenApplied` says whether there may be an effect all the same.
  public func writeCommand(_ command: BSONDocument, database: String, session: MongoSession? = nil) async throws(MongoError)
    -> BSONDocument
  {
    try await send(command, database: database, session: session, intent: .write)
  }

  /// Lends `body` a way to send one command that changes nothing as often as it likes, each time when the answer before has come. All of it is done by the thread
  /// of one connection, which nobody else can use meanwhile, so that no time between two commands goes by in waking threads.
  public func sendRepeatedly<R: Sendable>(
    _ command: BSONDocument, database: String, _ body: @escaping @Sendable (_ send: () throws(MongoError) -> BSONDocument) -> R
  ) async throws(MongoError) -> R {
    guard !database.utf8.contains(0) else { throw MongoError(kind: .usersMistake, message: "the database's name holds NUL") }
    let result = await pool.run { [self] client in
      body { () throws(MongoError) in try judge(client.run(command, database: database, session: nil), intent: .read) }
    }
    switch result {
    case .success(let value): return value
    case .failure(let failure): throw error(failure, labels: [], intent: .read)
    }
  }

  private func send(_ command: BSONDocument, database: String, session: MongoSession?, intent: CommandIntent) async throws(MongoError)
    -> BSONDocument
  {
    precondition(session == nil || session?.client === self, "a session is used with the client that started it")
    guard !database.utf8.contains(0) else { throw MongoError(kind: .usersMistake, message: "the database's name holds NUL") }
    let id = session?.id
    let result = await pool.run(on: session?.index) { client in client.run(command, database: database, session: id) }
    switch result {
    case .failure(let failure): throw error(failure, labels: [], intent: .read)
    case .success(let answer): return try judge(answer, intent: intent)
    }
  }

  private func judge(_ answer: NativeAnswer, intent: CommandIntent) throws(MongoError) -> BSONDocument {
    let reply: BSONDocument
    do {
      reply = try BSONDocument(bytes: answer.reply)
    } catch {
      let kind: MongoError.Kind = intent == .write ? .outcomeUnknown : .failed
      throw MongoError(kind: kind, message: "the reply is not well-formed BSON: \(error)", hosts: uri.hosts)
    }
    if let ok = reply["ok"] {
      if ok.isTruthy { return reply }
      throw MongoError.server(reply: reply, intent: intent, hosts: uri.hosts, redactor: uri.redactor)
    }
    let labels = reply["errorLabels"]?.array?.compactMap(\.string) ?? []
    throw error(answer.failure ?? NativeFailure(message: "the reply has no `ok`"), labels: labels, intent: intent)
  }

  func error(_ failure: NativeFailure, labels: [String], intent: CommandIntent) -> MongoError {
    MongoError.local(
      domain: failure.domain, code: failure.code, message: failure.message, labels: labels, intent: intent, hosts: uri.hosts,
      redactor: uri.redactor)
  }

  /// Closes all connections after the commands under way. The client may be used again; it then connects anew, without its former sessions.
  public func close() async {
    idle.forget()
    await pool.close()
  }
}

/// Whole milliseconds, at least one.
private func milliseconds(_ duration: Duration) -> Int32 {
  let (seconds, attoseconds) = duration.components
  return Int32(clamping: max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
}
