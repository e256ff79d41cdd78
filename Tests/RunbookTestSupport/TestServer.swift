import Foundation
import MongoDriver

/// A real server for tests: the one that MONGODB_URI names, else a `mongod` on the PATH as a replica set of one, else SecantusDB
/// (`RUNBOOK_SECANTUSD`, or `.tools/venv/bin/secantusd-py` in the repository). Where there is none, the test fails; it is never skipped.
public actor TestServer {
  /// How a private server is started.
  public struct Options: Sendable {
    /// Allows `configureFailPoint`.
    public var enableTestCommands = false
    /// Makes each commit durable before it is acknowledged (`mongod` does so for majority writes anyway). For every test that kills the server.
    public var syncOnCommit = false
    /// Further arguments.
    public var arguments: [String] = []

    public init(enableTestCommands: Bool = false, syncOnCommit: Bool = false, arguments: [String] = []) {
      self.enableTestCommands = enableTestCommands
      self.syncOnCommit = syncOnCommit
      self.arguments = arguments
    }
  }

  private enum Program {
    case mongod(String)
    case secantus(String)
  }

  /// The connection string, without a database.
  public nonisolated let uri: String
  /// Whether it is a real `mongod`, for what the test server does otherwise (nil: named by MONGODB_URI, unknown).
  public nonisolated let isMongod: Bool?
  private let program: Program?
  private let root: URL?
  private let port: Int
  private var options: Options
  private var process: TestServerProcess?

  private static let sharedServer = Task { try await makeShared() }

  /// The one server that all tests of this process share; each test takes a database of its own (`freshDatabase()`).
  public static func shared() async throws -> TestServer {
    try await sharedServer.value
  }

  /// A server of the caller's own, for fail points, kills and the like. It goes with `stop()`, with its last reference, or with this process.
  public static func start(_ options: Options = Options()) async throws -> TestServer {
    let program = try findProgram()
    for attempt in 1... {
      let server = try await TestServer(program: program, options: options)
      do {
        try await server.launch()
        return server
      } catch  where attempt < 3 {
        // Somebody else may have taken the port in between.
        await server.stop()
      }
    }
    preconditionFailure("the loop ends by returning or throwing")
  }

  private static func makeShared() async throws -> TestServer {
    guard let uri = ProcessInfo.processInfo.environment["MONGODB_URI"], !uri.isEmpty else { return try await start() }
    let server = TestServer(uri: uri)
    let options = MongoClient.Options()
    let client = try MongoClient(uri: uri, options: options)
    do {
      _ = try await client.hello()
    } catch {
      throw TestServerError("MONGODB_URI is set, but its server does not answer: \(error)")
    }
    return server
  }

  private init(uri: String) {
    self.uri = uri
    isMongod = nil
    program = nil
    root = nil
    port = 0
    options = Options()
  }

  private init(program: Program, options: Options) async throws {
    self.program = program
    self.options = options
    if case .mongod = program { isMongod = true } else { isMongod = false }
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root.appendingPathComponent("data"), withIntermediateDirectories: true)
    self.root = root
    port = try freePort()
    uri = "mongodb://127.0.0.1:\(port)/"
  }

  /// A database name that nobody has used.
  public nonisolated func freshDatabase() -> String {
    "rbtest_" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
  }

  public nonisolated func client(_ options: MongoClient.Options = MongoClient.Options()) throws -> MongoClient {
    try MongoClient(uri: uri, options: options)
  }

  /// Lends a client and a fresh database, which is dropped afterwards.
  public nonisolated func withDatabase<R>(_ body: (MongoClient, String) async throws -> R) async throws -> R {
    let client = try client()
    let name = freshDatabase()
    do {
      let result = try await body(client, name)
      _ = try await client.writeCommand(["dropDatabase": 1], database: name)
      await client.close()
      return result
    } catch {
      _ = try? await client.writeCommand(["dropDatabase": 1], database: name)
      await client.close()
      throw error
    }
  }

  /// The server's process id, for signals; nil where the server is not ours.
  public var pid: Int32? { process?.pid }

  /// Kills the server with SIGKILL and waits until it is gone; its files stay.
  public func crash() async {
    await process?.end(gently: false, keepingFiles: true)
    process = nil
  }

  /// Starts the server again on its files and its port, after `crash()` or after ending it gently, and waits until it answers.
  /// - Parameter arguments: further arguments from now on, e.g. `--auth`.
  public func restart(adding arguments: [String] = []) async throws {
    await process?.end(gently: true, keepingFiles: true)
    process = nil
    options.arguments += arguments
    try await launch()
  }

  /// Ends the server and removes its files.
  public func stop() async {
    if let process { await process.end(gently: false, keepingFiles: false) }
    process = nil
    if let root { try? FileManager.default.removeItem(at: root) }
  }

  private func launch() async throws {
    guard let root, let program else { throw TestServerError("a server named by MONGODB_URI cannot be started or stopped by tests") }
    let data = root.appendingPathComponent("data").path
    let command: [String]
    switch program {
    case .mongod(let path):
      let tests = options.enableTestCommands ? ["--setParameter", "enableTestCommands=1"] : []
      command = [path, "--port", "\(port)", "--dbpath", data, "--bind_ip", "127.0.0.1", "--replSet", "rs0"] + tests + options.arguments
    case .secantus(let path):
      let flags =
        (options.enableTestCommands ? ["--enable-test-commands"] : []) + (options.syncOnCommit ? ["--sync-on-commit"] : [])
      command = [path, "--host", "127.0.0.1", "--port", "\(port)", "--storage-path", data] + flags + options.arguments
    }
    let process = try await TestServerProcess(root: root, command: command)
    self.process = process
    try await waitUntilWritable(process, root: root)
  }

  /// Asks with a new client each time: one that has failed waits five seconds before it tries again.
  private func waitUntilWritable(_ process: TestServerProcess, root: URL) async throws {
    var last = "it was never asked"
    let deadline = ContinuousClock.now + .seconds(60)
    var initiated = false
    while ContinuousClock.now < deadline {
      if process.hasDied { break }
      guard accepts(port: port) else {
        last = "nothing listens on port \(port)"
        try await Task.sleep(for: .milliseconds(20))
        continue
      }
      do {
        let client = try MongoClient(uri: "mongodb://127.0.0.1:\(port)/?directConnection=true")
        let hello = try await client.runCommand(["hello": 1], database: "admin")
        if hello["isWritablePrimary"]?.isTruthy == true { return }
        last = "it is no primary: \(hello)"
        if case .mongod = program, !initiated, hello["setName"] == nil {
          let member: BSONValue = ["_id": 0, "host": .string("127.0.0.1:\(port)")]
          let configuration: BSONValue = ["_id": "rs0", "members": [member]]
          _ = try await client.runCommand(["replSetInitiate": configuration], database: "admin")
          initiated = true
        }
      } catch {
        last = "\(error)"
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    let log = (try? String(contentsOf: root.appendingPathComponent("server.log"), encoding: .utf8)) ?? ""
    throw TestServerError("the test server did not become writable: \(last)\n\(log.suffix(2000))")
  }

  private static func findProgram() throws -> Program {
    let environment = ProcessInfo.processInfo.environment
    let files = FileManager.default
    for directory in (environment["PATH"] ?? "").split(separator: ":") where files.isExecutableFile(atPath: "\(directory)/mongod") {
      return .mongod("\(directory)/mongod")
    }
    if let path = environment["RUNBOOK_SECANTUSD"], !path.isEmpty {
      guard files.isExecutableFile(atPath: path) else { throw TestServerError("RUNBOOK_SECANTUSD names no program: \(path)") }
      return .secantus(path)
    }
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let path = repository.appendingPathComponent(".tools/venv/bin/secantusd-py").path
    guard files.isExecutableFile(atPath: path) else {
      throw TestServerError(
        "no test server: set MONGODB_URI, put mongod on the PATH, set RUNBOOK_SECANTUSD, or run `make test`, which installs one")
    }
    return .secantus(path)
  }
}

/// A TCP address of this host's loopback.
private func loopback(port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = inet_addr("127.0.0.1")
  return address
}

private func openSocket() -> Int32 {
  #if canImport(Glibc)
    socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  #else
    socket(AF_INET, SOCK_STREAM, 0)
  #endif
}

private func withAddress<R>(_ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> R) -> R {
  withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}

/// A port on which nobody listens at this moment.
public func freePort() throws -> Int {
  let socket = openSocket()
  defer { close(socket) }
  var address = loopback(port: 0)
  guard withAddress(&address, { bind(socket, $0, $1) }) == 0 else { throw TestServerError("no free port: errno \(errno)") }
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  guard withAddress(&address, { pointer, _ in getsockname(socket, pointer, &size) }) == 0 else {
    throw TestServerError("no free port: errno \(errno)")
  }
  return Int(in_port_t(bigEndian: address.sin_port))
}

/// Whether somebody listens there.
private func accepts(port: Int) -> Bool {
  let socket = openSocket()
  defer { close(socket) }
  var address = loopback(port: port)
  return withAddress(&address) { connect(socket, $0, $1) } == 0
}
