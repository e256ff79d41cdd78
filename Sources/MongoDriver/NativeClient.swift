import CLibMongoC

/// Memory for one `bson_t`, which libbson wants 128 bytes long and 128-aligned. Whoever puts a document in calls `reset()` when done with it.
private struct BSONSlot: ~Copyable {
  private let memory: UnsafeMutableRawPointer

  init() { memory = .allocate(byteCount: 128, alignment: 128) }

  deinit { memory.deallocate() }

  var pointer: OpaquePointer { OpaquePointer(memory) }

  /// Frees what the library put in.
  func reset() { bson_destroy(pointer) }
}

/// What libmongoc answered: the reply (empty if there was none) and its error, if it called the command failed.
struct NativeAnswer: Sendable {
  let reply: [UInt8]
  let failure: NativeFailure?
}

/// A `bson_error_t` as a value.
struct NativeFailure: Error, Sendable {
  let domain: UInt32
  let code: UInt32
  let message: String

  init(_ error: bson_error_t) {
    domain = error.domain
    code = error.code
    message = messageOf(error)
  }

  init(message: String) {
    // MONGOC_ERROR_COMMAND, MONGOC_ERROR_COMMAND_INVALID_ARG
    domain = 11
    code = 22
    self.message = message
  }
}

/// The timeouts and names that a client is made with, in the units of the connection string.
struct NativeSettings: Sendable {
  let uri: String
  let appName: String
  let connectTimeoutMS: Int32
  let socketTimeoutMS: Int32
  let serverSelectionTimeoutMS: Int32
  /// Options of the URI, lower case; timeouts that the user wrote there win.
  let given: Set<String>
}

/// The one owner of a single-threaded `mongoc_client_t` and of the sessions that were started on it. Used by one thread at a time.
struct NativeClient: ~Copyable {
  private let client: OpaquePointer
  private var sessions: [Int: NativeSession] = [:]
  private var nextSession = 0
  private let command = BSONSlot()
  private let reply = BSONSlot()

  /// Makes the client; nothing is connected yet.
  init(_ settings: NativeSettings) throws(NativeFailure) {
    _ = Driver.started
    let uri = try Self.parse(settings)
    defer { mongoc_uri_destroy(uri) }
    var error = bson_error_t()
    guard let client = mongoc_client_new_from_uri_with_error(uri, &error) else { throw NativeFailure(error) }
    mongoc_client_set_error_api(client, 2)
    self.client = client
  }

  deinit {
    for session in sessions.values { session.end() }
    mongoc_client_destroy(client)
  }

  /// Says what is wrong with a connection string, without making a client.
  static func check(_ settings: NativeSettings) throws(NativeFailure) {
    _ = Driver.started
    mongoc_uri_destroy(try parse(settings))
  }

  private static func parse(_ settings: NativeSettings) throws(NativeFailure) -> OpaquePointer {
    var error = bson_error_t()
    guard let uri = mongoc_uri_new_with_error(settings.uri, &error) else { throw NativeFailure(error) }
    let timeouts = [
      ("connecttimeoutms", settings.connectTimeoutMS), ("sockettimeoutms", settings.socketTimeoutMS),
      ("serverselectiontimeoutms", settings.serverSelectionTimeoutMS),
    ]
    for (name, value) in timeouts where !settings.given.contains(name) || mongoc_uri_get_option_as_int32(uri, name, 0) <= 0 {
      mongoc_uri_set_option_as_int32(uri, name, value)
    }
    // Until the timeout, not once: a primary that has just been elected is found.
    mongoc_uri_set_option_as_bool(uri, "serverselectiontryonce", false)
    mongoc_uri_set_option_as_bool(uri, "retrywrites", false)
    mongoc_uri_set_option_as_bool(uri, "retryreads", false)
    if !settings.given.contains("appname") { mongoc_uri_set_appname(uri, settings.appName) }
    let primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY)
    mongoc_uri_set_read_prefs_t(uri, primary)
    mongoc_read_prefs_destroy(primary)
    // What a command needs of concerns stands in the command.
    let writeConcern = mongoc_write_concern_new()
    mongoc_uri_set_write_concern(uri, writeConcern)
    mongoc_write_concern_destroy(writeConcern)
    let readConcern = mongoc_read_concern_new()
    mongoc_uri_set_read_concern(uri, readConcern)
    mongoc_read_concern_destroy(readConcern)
    return uri
  }

  /// Sends one command once, to the primary, and waits for its answer.
  mutating func run(_ body: BSONDocument, database: String, session: Int?) -> NativeAnswer {
    var options: OpaquePointer?
    if let session {
      guard let started = sessions[session] else {
        return NativeAnswer(reply: [], failure: NativeFailure(message: "the session has ended"))
      }
      options = started.options
    }
    var error = bson_error_t()
    let client = client
    let command = command.pointer
    let reply = reply.pointer
    let succeeded: Bool? = body.slice.withUnsafeRaw { bytes in
      guard bson_init_static(command, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count) else { return nil }
      return mongoc_client_command_with_opts(client, database, command, nil, options, reply, &error)
    }
    guard let succeeded else { return NativeAnswer(reply: [], failure: NativeFailure(message: "the command is not a BSON document")) }
    defer { self.reply.reset() }
    return NativeAnswer(reply: copyOfBSON(reply), failure: succeeded ? nil : NativeFailure(error))
  }

  /// Starts a session whose 16 bytes are `uuid`, so that the number of transactions in it is nobody else's affair.
  mutating func startSession(uuid: [UInt8]) throws(NativeFailure) -> Int {
    let session = try NativeSession(client: client, uuid: uuid)
    nextSession += 1
    sessions[nextSession] = session
    return nextSession
  }

  mutating func endSession(_ id: Int) {
    sessions.removeValue(forKey: id)?.end()
  }
}

/// A `mongoc_client_session_t` with the options document that names it. Lives in its client's table and nowhere else; `end()` frees it.
private struct NativeSession {
  private let session: OpaquePointer
  let options: OpaquePointer

  init(client: OpaquePointer, uuid: [UInt8]) throws(NativeFailure) {
    let settings = mongoc_session_opts_new()
    defer { mongoc_session_opts_destroy(settings) }
    mongoc_session_opts_set_causal_consistency(settings, false)
    var error = bson_error_t()
    guard let session = mongoc_client_start_session(client, settings, &error) else { throw NativeFailure(error) }
    Self.overwrite(session, uuid)
    guard let options = bson_new() else { preconditionFailure("out of memory") }
    guard mongoc_client_session_append(session, options, &error) else {
      bson_destroy(options)
      mongoc_client_session_destroy(session)
      throw NativeFailure(error)
    }
    self.session = session
    self.options = options
  }

  /// The library keeps ended sessions for others to use, and ends them on the server when its client goes. Neither may happen to a session
  /// whose retry records a later process may ask for, so the kept one gets another name first.
  func end() {
    Self.overwrite(session, randomUUID())
    bson_destroy(options)
    mongoc_client_session_destroy(session)
  }

  /// Writes over the UUID in `{id: UUID}` behind `mongoc_client_session_get_lsid`, as it is used for every later command.
  private static func overwrite(_ session: OpaquePointer, _ uuid: [UInt8]) {
    guard let lsid = mongoc_client_session_get_lsid(session), let data = bson_get_data(lsid) else {
      preconditionFailure("a session has no lsid")
    }
    // length 4, type 1, "id" 3, length 4, subtype 1
    let offset = 13
    precondition(lengthOfBSON(data) == 30 && data[4] == 5 && data[12] == 4 && uuid.count == 16, "an lsid is not {id: UUID}")
    let target = UnsafeMutableRawPointer(mutating: data).advanced(by: offset)
    uuid.withUnsafeBytes { target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(data), byteCount: 16) }
  }
}

/// A version 4 UUID.
func randomUUID() -> [UInt8] {
  // Two questions to the system, not one a byte.
  var bytes = withUnsafeBytes(of: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))) { Array($0) }
  bytes[6] = bytes[6] & 0x0F | 0x40
  bytes[8] = bytes[8] & 0x3F | 0x80
  return bytes
}

private func lengthOfBSON(_ data: UnsafePointer<UInt8>) -> Int {
  Int(Int32(littleEndian: UnsafeRawPointer(data).loadUnaligned(as: Int32.self)))
}

/// The bytes of a libbson document.
func copyOfBSON(_ document: OpaquePointer) -> [UInt8] {
  guard let data = bson_get_data(document) else { return [] }
  return Array(UnsafeBufferPointer(start: data, count: lengthOfBSON(data)))
}

/// The words of a `bson_error_t`.
func messageOf(_ error: bson_error_t) -> String {
  withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
