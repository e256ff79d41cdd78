import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookMongoActions
import RunbookPlan
import RunbookTestSupport
import Synchronization

/// A target in a database of its own on the shared test server, and contexts for actions in it.
struct ActionBench: Sendable {
  let server: TestServer
  let target: MongoTarget
  let client: MongoClient
  var database: String { target.database }

  /// Runs `body` with a bench; what it leaves behind goes with the database.
  static func run(
    ttl: Duration = .seconds(30), grace: Duration = .seconds(7), on own: TestServer? = nil, _ body: (ActionBench) async throws -> Void
  ) async throws {
    let server: TestServer
    if let own { server = own } else { server = try await TestServer.shared() }
    try await server.withDatabase { client, database in
      let bench = ActionBench(server: server, target: try makeTarget(server, database, ttl: ttl, grace: grace), client: client)
      try await body(bench)
      await bench.target.close()
    }
  }

  static func makeTarget(
    _ server: TestServer, _ database: String, ttl: Duration = .seconds(30), grace: Duration = .seconds(7)
  ) throws -> MongoTarget {
    var options = MongoTarget.Options()
    options.leaseTTL = ttl
    options.grace = grace
    return try MongoTarget(name: "registry", uri: server.uri, database: database, options: options)
  }

  /// Another process's view of the same database.
  func anotherTarget() throws -> MongoTarget {
    try Self.makeTarget(server, database, ttl: target.options.leaseTTL, grace: target.options.grace)
  }

  func takeLease(run: String = "run1") async throws {
    _ = try await target.acquireLease(run: run, owner: OwnerProcess.current(label: "the test"), onWaiting: { _ in })
  }

  func insert(_ documents: [BSONDocument], into collection: String = "assets") async throws {
    let reply = try await client.writeCommand(
      ["insert": .string(collection), "documents": .array(BSONArray(documents.map(BSONValue.document)))], database: database)
    if let failure = WriteReply(reply).writeErrors.first { throw MongoError(kind: .failed, message: failure.message) }
  }

  func command(_ command: BSONDocument) async throws {
    let reply = try await client.writeCommand(command, database: database)
    if let failure = WriteReply(reply).writeErrors.first { throw MongoError(kind: .failed, message: failure.message) }
  }

  func all(_ collection: String) async throws -> [BSONDocument] {
    try await client.documents(["find": .string(collection)], database: database)
  }

  func collections() async throws -> [String] {
    try await client.documents(["listCollections": 1, "nameOnly": true], database: database).compactMap { $0["name"]?.string }
  }

  func context(
    _ arguments: ValueMap, collection: String? = "assets", subject: String = "step", run: String = "run1", effect: String = "effect1",
    world: BenchWorld = BenchWorld(), stop: BenchStop = BenchStop(), progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) -> ActionContext {
    ActionContext(
      run: RunFacts(id: run, planID: "plan", startedAt: 0, initiator: "test"), subject: subject, effect: effect, attempt: 1, requestedAt: 0,
      arguments: arguments, target: target, collection: collection, timeout: nil, stallTimeout: nil, clock: BenchClock(), stop: stop,
      people: BenchPeople(), world: world, progress: progress)
  }
}

struct BenchClock: RunClock {
  func now() -> Int64 { 0 }
  func sleep(milliseconds: Int64) async { try? await Task.sleep(for: .milliseconds(milliseconds)) }
}

/// Asks for a stop from the given look on.
final class BenchStop: StopSignal {
  private let looks: Mutex<Int>

  init(afterLooks: Int = .max) { looks = Mutex(afterLooks) }

  var isRequested: Bool {
    looks.withLock { looks in
      looks -= looks == .max ? 0 : 1
      return looks < 0
    }
  }
}

struct BenchPeople: People {
  func answers(to gate: Gate) async throws(ActionError) -> [GateAnswer] { [] }
}

struct BenchWorld: RunWorld {
  var outputs: [String: Value] = [:]
  var targets: [String: MongoTarget] = [:]
  var calls: [String: ValueMap] = [:]

  func outputs(ofStep step: String) -> Value? { outputs[step] }
  func call(ofStep step: String) -> (arguments: ValueMap, collection: String?, target: String?)? { calls[step].map { ($0, nil, nil) } }
  func target(named name: String) async throws(ActionError) -> any Target {
    guard let target = targets[name] else { throw ActionError(code: "RB0000", message: "no target '\(name)'", kind: .mistake) }
    return target
  }
}
