import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// A directory, a database of one's own with 120 assets in it, and the program: what a person who runs a plan has.
struct Workplace: Sendable {
  let directory: URL
  let database: String
  let client: MongoClient
  let uri: String
  var program: Program

  static let assets = 120

  /// Lends a workplace; what is in it goes afterwards.
  /// - Parameter uri: another server than the shared one.
  static func lend(uri: String? = nil, _ body: (Workplace) async throws -> Void) async throws {
    let shared: String
    if let uri { shared = uri } else { shared = try await TestServer.shared().uri }
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-work-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    var environment = ["MONGODB_URI": shared, "NO_COLOR": "1", "CI": "1"]
    // For tools/python, which some tests call.
    for name in ["RUNBOOK_SECANTUSD", "RUNBOOK_PYTHON"] { environment[name] = ProcessInfo.processInfo.environment[name] }
    let client = try MongoClient(uri: shared)
    let place = Workplace(
      directory: directory, database: "rbtest_" + String(UInt64.random(in: 0...UInt64.max), radix: 36), client: client, uri: shared,
      program: try Program(in: directory, environment: environment))
    let result: Result<Void, any Error>
    do {
      try await place.insert(
        (0..<assets).map { ["_id": .integer(Int64($0)), "name": .string("asset \($0)"), "n": .integer(Int64($0 % 7))] })
      try await body(place)
      result = .success(())
    } catch {
      result = .failure(error)
    }
    _ = try? await client.writeCommand(["dropDatabase": 1], database: place.database)
    await client.close()
    try result.get()
  }

  // MARK: files

  /// Writes a plan around the phases (and whatever else stands at its top level) given; `DATABASE` is the workplace's own.
  @discardableResult
  func plan(_ rest: String, id: String = "simple", name: String = "plan.yaml") throws -> String {
    let text = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: \(id), title: A simple plan }
      secrets:
        uri: { fromEnv: MONGODB_URI }
      targets:
        main: { type: mongodb, uri: "${{ secrets.uri }}", database: \(database) }
      defaults: { target: main, collection: assets }

      """
    return try file(name, text + rest)
  }

  @discardableResult
  func file(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    return name
  }

  // MARK: the database

  func insert(_ documents: [BSONDocument], into collection: String = "assets") async throws {
    let reply = try await client.writeCommand(
      ["insert": .string(collection), "documents": .array(BSONArray(documents.map(BSONValue.document)))], database: database)
    if let failure = WriteReply(reply).writeErrors.first { throw ProgramError("the test's insert failed: \(failure.message)") }
  }

  func all(_ collection: String = "assets", filter: BSONDocument = [:]) async throws -> [BSONDocument] {
    try await client.documents(["find": .string(collection), "filter": .document(filter), "sort": ["_id": 1]], database: database)
  }

  /// How many documents have a field.
  func count(with field: String, in collection: String = "assets") async throws -> Int {
    try await all(collection, filter: BSONDocument([(field, ["$exists": true] as BSONValue)])).count
  }

  func collections() async throws -> [String] {
    try await client.documents(["listCollections": 1, "nameOnly": true], database: database).compactMap { $0["name"]?.string }.sorted()
  }

  // MARK: what was recorded

  /// The runs as `list --format json` tells them, the newest first.
  func runs() async throws -> [[String: Any]] {
    let ended = try await program.run("list", "--format", "json")
    return try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [[String: Any]], "\(ended)")
  }

  /// The id of the newest run.
  func run() async throws -> String { try #require(try await runs().first?["run"] as? String) }

  func status(_ run: String? = nil) async throws -> (code: Int32, report: [String: Any]) {
    let ended = try await program.run(["status"] + [run].compactMap(\.self) + ["--format", "json"])
    return (ended.status, try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any], "\(ended)"))
  }

  /// The commands that a message offers, as they stand there.
  func commands(in text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      guard let start = line.range(of: "runbook "), !line.contains("→"), !line.contains("'runbook") else { return nil }
      return String(line[start.lowerBound...])
    }
  }
}

/// Plans that several tests use.
enum Plans {
  /// One change of all assets, in batches of 20.
  static let change = """
    phases:
      - id: one
        title: The only phase
        steps:
          - id: change
            title: Set a field
            action: mongodb.update
            with: { filter: { extra: { $exists: false } }, pipeline: [ { $set: { extra: 1 } } ], batch: { size: 20 } }

    """

  /// The change, with checks before and after it against params: `before` and `after`.
  static let checked = expectations + change + outcome

  private static let expectations = """
    params:
      before: { type: integer, default: \(Workplace.assets) }
      after:  { type: integer, default: \(Workplace.assets) }
    preconditions:
      - id: as-many
        title: As many assets as expected
        action: mongodb.count
        expect: { equals: "${{ params.before }}" }

    """

  private static let outcome = """
    verify:
      - id: outcome
        title: All have the field
        action: mongodb.count
        with: { filter: { extra: 1 } }
        expect: { equals: "${{ params.after }}" }
    verifyRollback:
      - id: restored
        title: None has the field
        action: mongodb.count
        with: { filter: { extra: { $exists: true } } }
        expect: { equals: 0 }

    """
}
