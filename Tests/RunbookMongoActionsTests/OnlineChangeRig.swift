import Foundation
import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization

@testable import RunbookMongoActions

/// Makes the action that a rig tries.
typealias ActionMaker = @Sendable (OnlineChangeTiming, CrashPoints) -> any ChangingAction

/// One run of one step against a real server, with everything around it that an action is given.
struct Rig: Sendable {
  let server: TestServer
  let client: MongoClient
  let database: String
  let run = "run-1"
  var step = "add-fields"
  var make: ActionMaker = { MongoUpdate(timing: $0, crashPoints: $1) }
  var planDirectory = "."
  var timing = OnlineChangeTiming(window: 1500, limit: 3000)
  var arguments: ValueMap
  let stop = StopFlag()
  let collection = "assets"

  /// A rig with a database of its own, dropped afterwards.
  static func with<R>(
    _ arguments: ValueMap, server: TestServer? = nil, directory: String = ".",
    make: @escaping ActionMaker = { MongoUpdate(timing: $0, crashPoints: $1) }, _ body: (Rig) async throws -> R
  ) async throws -> R {
    let used: TestServer
    if let server { used = server } else { used = try await TestServer.shared() }
    return try await used.withDatabase { client, database in
      try await body(
        Rig(server: used, client: client, database: database, make: make, planDirectory: directory, arguments: arguments))
    }
  }

  /// Takes the lease as a new process would after the death of the former one.
  func takeOver(_ crashPoints: CrashPoints = CrashPoints()) async throws -> Hand {
    let target = try MongoTarget(name: "registry", uri: server.uri, database: database)
    let owner = LeaseOwner(
      id: UUID().uuidString, host: OwnerProcess.thisHost, processID: 4_999_999, processStart: 1, label: "a test")
    _ = try await target.acquireLease(run: run, owner: owner) { _ in }
    return Hand(rig: self, target: target, crashPoints: crashPoints)
  }

  /// The same with commands that have nearly all the lease to arrive, for tests that count what misses: on a busy machine a short fence closes
  /// before the command comes, and its documents miss once more.
  var unhurried: Rig {
    var rig = self
    rig.timing.window = 25_000
    return rig
  }

  /// The same with commands whose time is over soon, for tests that take over after a crash and do not count what misses.
  var hurried: Rig {
    var rig = self
    rig.timing = OnlineChangeTiming(window: 400, limit: 600)
    return rig
  }

  func insert(_ documents: [BSONDocument], into other: String? = nil) async throws {
    let command: BSONDocument = ["insert": .string(other ?? collection), "documents": .array(BSONArray(documents.map(BSONValue.document)))]
    let reply = WriteReply(try await client.writeCommand(command, database: database))
    guard reply.count == documents.count else { throw Failure("inserted \(reply.count) of \(documents.count): \(reply.writeErrors)") }
  }

  /// One write of the application, acknowledged when this returns.
  func update(_ id: BSONValue, _ change: BSONDocument, upsert: Bool = false) async throws {
    let command: BSONDocument = [
      "update": .string(collection), "updates": [["q": ["_id": id], "u": .document(change), "upsert": .bool(upsert)]],
      "writeConcern": ["w": "majority", "j": true],
    ]
    let reply = WriteReply(try await client.writeCommand(command, database: database))
    guard reply.count == 1, reply.writeErrors.isEmpty else { throw Failure("the application's write: \(reply.document)") }
  }

  func delete(_ id: BSONValue) async throws {
    let command: BSONDocument = ["delete": .string(collection), "deletes": [["q": ["_id": id], "limit": 1]]]
    _ = try await client.writeCommand(command, database: database)
  }

  func create(_ name: String, _ options: BSONDocument = [:]) async throws {
    _ = try await client.writeCommand(
      BSONDocument {
        $0.append("create", name); $0.append(fieldsOf: options)
      }, database: database)
  }

  func all(_ other: String? = nil) async throws -> [RawBSONValue: BSONDocument] {
    let found = try await client.documents(
      ["find": .string(other ?? collection), "readConcern": ["level": "majority"]], database: database)
    return Dictionary(uniqueKeysWithValues: found.map { ($0["_id"]!, $0) })
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }
}

/// One process's hold on the run.
struct Hand: Sendable {
  let rig: Rig
  let target: MongoTarget
  let crashPoints: CrashPoints

  var action: any ChangingAction { rig.make(rig.timing, crashPoints) }

  var context: ActionContext {
    ActionContext(
      run: RunFacts(id: rig.run, planID: "p", startedAt: 0, initiator: "t", planDirectory: rig.planDirectory), subject: rig.step,
      effect: "e", attempt: 1, requestedAt: 0,
      arguments: rig.arguments, target: target, collection: rig.collection, timeout: nil, stallTimeout: nil, clock: FakeClock(),
      stop: rig.stop,
      people: Nothing(), world: Nothing(), progress: { _ in })
  }

  func resolve() async throws {
    try await OnlineChangeResolver(timing: rig.timing, crashPoints: crashPoints).resolve(run: rig.run, target: target)
  }
  func capture() async throws -> Value { try await action.capture(context) }
  func perform(_ captured: Value = .null) async throws -> ActionResult { try await action.perform(context, captured: captured) }
  func undo() async throws -> UndoResult { try await action.undo(context, captured: .null, outputs: nil) }
  func verify(_ result: UndoResult) async throws -> String? { try await action.verifyUndone(context, captured: .null, undone: result) }

  var change: OnlineChange { OnlineChange(target: target, run: rig.run, step: rig.step, timing: rig.timing) }
  func blocks() async throws -> [UndoBlock] { try await change.read([:], withEntries: true) }
}

final class StopFlag: StopSignal {
  private let flag = Mutex(false)
  var isRequested: Bool { flag.withLock { $0 } }
  func request(_ value: Bool = true) { flag.withLock { $0 = value } }
}

/// What these actions never ask for.
struct Nothing: People, RunWorld {
  func answers(to gate: Gate) async throws(ActionError) -> [GateAnswer] { [] }
  func outputs(ofStep step: String) -> Value? { nil }
  func call(ofStep step: String) -> (arguments: ValueMap, collection: String?, target: String?)? { nil }
  func target(named name: String) async throws(ActionError) -> any Target {
    throw ActionError(code: "T", message: "no target '\(name)'", kind: .mistake)
  }
}

extension CrashPoints {
  /// Abandons the work at the n-th time that a point is reached, as a crash would.
  static func abandoning(_ point: String, at n: Int64 = 1) -> CrashPoints {
    let counter = HitCounter(n)
    return CrashPoints { (hit) throws(ActionError) in
      if hit == point, counter.isReached() { throw ActionError(code: "crash", message: point, kind: .leaseLost) }
    }
  }

  /// Lets the application do something at the n-th time that a point is reached.
  static func interleaving(_ point: String, at n: Int64 = 1, _ body: @escaping @Sendable () async throws -> Void) -> CrashPoints {
    let counter = HitCounter(n)
    return CrashPoints { (hit) throws(ActionError) in
      guard hit == point, counter.isReached() else { return }
      do { try await body() } catch { throw ActionError(code: "test", message: "\(error)", kind: .refused) }
    }
  }
}

/// Adds two fields, from another and as a constant, as the staging migration does.
let addFields: ValueMap = [
  "filter": .object(["$or": [.object(["label": .object(["$exists": false])]), .object(["extra": .object(["$exists": false])])]]),
  "pipeline": [
    .object([
      "$set": .object(["label": .object(["$ifNull": ["$label", "$description", ""]]), "extra": .object(["$ifNull": ["$extra", .null]])])
    ])
  ],
  "batch": .object(["size": 20]),
]

func asset(_ n: Int) -> BSONDocument {
  var fields: [(String, BSONValue)] = [("_id", .integer(Int64(n))), ("name", .string("asset \(n)"))]
  if n % 4 != 0 { fields.append(("description", n % 4 == 1 ? .null : .string("about \(n)"))) }
  if n % 7 == 0 { fields.append(("tags", ["a", .integer(Int64(n)), ["deep": [1, 2.5]]])) }
  return BSONDocument(fields)
}
