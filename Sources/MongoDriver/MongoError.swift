/// What the server or the way to it did wrong, as data. A reply with `ok: 1` is never an error, whatever write errors it holds.
public struct MongoError: Error, Sendable {
  /// What follows from the error.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The command itself is wrong: bad option, unknown stage, invalid document, bad URI. Sending it again gives the same.
    case usersMistake
    /// The server does not let us, or cannot do such a thing: authentication, authorisation, unknown command.
    case refused
    /// It may go through when sent again in a moment: no primary, stepping down, write conflict, no connection.
    case transient
    /// A write was sent and no judgement came back: it may have been done, in part or whole, and may still be going on.
    case outcomeUnknown
    /// The server failed in a way of its own: internal error, disk full, anything not known here.
    case failed
  }

  public let kind: Kind
  /// Whether the command was a write that may have had an effect, or part of one, all the same. Always true for `outcomeUnknown`; true also
  /// for a transient error that can strike in the middle of a command (a primary that steps down after some statements).
  public let mayHaveBeenApplied: Bool
  /// The server's code; nil when the error arose on our side of the wire.
  public let code: Int32?
  /// The server's name of the code, e.g. `NotWritablePrimary`.
  public let codeName: String?
  /// The server's and the driver's error labels, e.g. `RetryableWriteError`.
  public let labels: [String]
  /// What happened, in the server's or the library's words; free of credentials.
  public let message: String
  /// The hosts of the connection string.
  public let hosts: [String]
  /// The whole reply, where there was one (`errInfo` of a refused document, for instance). It may hold the application's data.
  public let reply: BSONDocument?

  public init(
    kind: Kind, mayHaveBeenApplied: Bool = false, code: Int32? = nil, codeName: String? = nil, labels: [String] = [], message: String,
    hosts: [String] = [], reply: BSONDocument? = nil
  ) {
    self.kind = kind
    self.mayHaveBeenApplied = mayHaveBeenApplied || kind == .outcomeUnknown
    self.code = code
    self.codeName = codeName
    self.labels = labels
    self.message = message
    self.hosts = hosts
    self.reply = reply
  }

  /// Whether sending the same again in a moment may help.
  public var isTransient: Bool { kind == .transient }
}

extension MongoError: CustomStringConvertible {
  /// One line: the message, the code where there is one, and the hosts unless the message names them.
  public var description: String {
    var line = message
    if let code { line += " (\(codeName.map { "\($0), " } ?? "")code \(code))" }
    if !hosts.isEmpty, !hosts.contains(where: message.contains) { line += " [\(hosts.joined(separator: ","))]" }
    return line
  }
}

/// What a command does, as far as an error's meaning depends on it.
enum CommandIntent: Sendable {
  case read
  case write
}

/// Where libmongoc says that an error arose (`mongoc_error_domain_t`), as far as it matters here.
enum ErrorOrigin: Sendable {
  /// No server could be chosen or reached; nothing was sent.
  case selection
  /// Authentication or the handshake failed; nothing was sent.
  case handshake
  /// The connection failed while the command was under way, or its answer could not be read.
  case connection
  /// The command was refused on our side.
  case argument

  /// The numbers are those of mongoc-error.h 1.23.1.
  init(domain: UInt32, code: UInt32) {
    switch (domain, code) {
    case (15, _): self = .selection
    case (1, _), (7, _), (14, _): self = .handshake
    // Name resolution and connect: the command never left.
    case (2, 3), (2, 5): self = .selection
    case (8, _), (10, _), (11, _): self = .argument
    default: self = .connection
    }
  }
}

extension MongoError {
  /// An error that came as a reply with `ok: 0`, judged by code and labels.
  static func server(reply: BSONDocument, intent: CommandIntent, hosts: [String], redactor: Redactor) -> MongoError {
    let code = Int32(truncatingIfNeeded: reply["code"]?.integer ?? 0)
    let labels = reply["errorLabels"]?.array?.compactMap(\.string) ?? []
    let (kind, applied) = ServerCode.judge(code, labels: labels, intent: intent)
    return MongoError(
      kind: kind, mayHaveBeenApplied: applied, code: code, codeName: reply["codeName"]?.string, labels: labels,
      message: redactor.clean(reply["errmsg"]?.string ?? "the server gave no message"), hosts: hosts, reply: reply)
  }

  /// An error that arose on this side of the wire, judged by its domain.
  static func local(
    domain: UInt32, code: UInt32, message: String, labels: [String], intent: CommandIntent, hosts: [String], redactor: Redactor
  ) -> MongoError {
    let message = redactor.clean(message)
    let kind: Kind =
      switch ErrorOrigin(domain: domain, code: code) {
      // libmongoc wraps a failed authentication into the failure to choose a server; its own code is lost there, its words are not.
      case .selection: message.contains("Authentication failed") || message.contains("authentication failed") ? .refused : .transient
      case .handshake: .refused
      case .argument: .usersMistake
      case .connection: intent == .write ? .outcomeUnknown : .transient
      }
    return MongoError(kind: kind, labels: labels, message: message, hosts: hosts)
  }
}

/// The meaning of the server's error codes (error_codes.yml of the server, the retryable-writes and SDAM specifications).
enum ServerCode {
  /// Rejected before anything was done.
  private static let notPrimary: Set<Int32> = [10107, 13435, 10058, 133, 63, 13388, 134, 112, 24, 46, 117]
  /// May strike in the middle of a command of several statements.
  private static let interruptedByTheServer: Set<Int32> = [189, 91, 11600, 11602, 13436, 43, 175, 237, 136]
  /// The command, or the part of it behind a router, may be done or still going on.
  private static let noJudgement: Set<Int32> = [6, 7, 50, 64, 89, 202, 262, 9001, 11601]
  private static let refusals: Set<Int32> = [11, 13, 18, 20, 33, 59, 115, 166, 263, 323, 334, 8000]
  private static let failures: Set<Int32> = [0, 1, 3, 8, 95, 96, 217, 225, 14031, 17280]

  static func judge(_ code: Int32, labels: [String], intent: CommandIntent) -> (kind: MongoError.Kind, mayHaveBeenApplied: Bool) {
    let writes = intent == .write
    if noJudgement.contains(code) { return writes ? (.outcomeUnknown, true) : (.transient, false) }
    if interruptedByTheServer.contains(code) { return (.transient, writes) }
    if notPrimary.contains(code) { return (.transient, false) }
    if refusals.contains(code) { return (.refused, false) }
    if labels.contains("RetryableWriteError") || labels.contains("TransientTransactionError") { return (.transient, writes) }
    if failures.contains(code) { return (.failed, writes) }
    return (.usersMistake, false)
  }
}
