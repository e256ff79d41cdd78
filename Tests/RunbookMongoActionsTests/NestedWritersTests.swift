import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// Nested fields under three writers, killed and taken over on the way there and on the way back. Every write of the application is done to a second
/// collection as well, which the change never touches: at the end the two are the same.
@Suite(.serialized) struct NestedWritersTests {
  private static let documents = 36
  private static let ghost = "ghost"

  private static func arguments(_ undo: String) -> ValueMap {
    [
      "filter": .object(["art.label": .object(["$exists": false])]), "undo": .string(undo), "inDoubt": "restore",
      "batch": .object(["size": 10]),
      "pipeline": [.object(["$set": .object(["art.label": .object(["$concat": ["ours ", "$name"]]), "art.size.width": 10])])],
    ]
  }

  private static func document(_ n: Int) -> BSONDocument {
    let start: [(String, BSONValue)] = [("_id", .int32(Int32(n))), ("name", .string("n\(n)"))]
    let art: BSONValue? = n % 3 == 0 ? nil : n % 3 == 1 ? ["size": ["height": .int32(Int32(n))]] : ["kept": "x", "size": ["width": 3]]
    return BSONDocument(start + (art.map { [("art", $0)] } ?? []) + [("last", 1)])
  }

  /// What a writer does next; each value is written once in the whole test.
  private static func change(_ generator: inout Seeded, _ unique: String) -> BSONDocument? {
    switch generator.next() % 16 {
    case 0: nil
    case 1: ["$unset": ["art": 1]]
    case 2: ["$set": ["art": ["own": .string(unique)]]]
    case 3, 4: ["$set": ["art.label": .string(unique)]]
    case 5, 6: ["$set": ["art.size.height": .string(unique)]]
    case 7, 8, 9: ["$inc": ["art.n": 1]]
    case 10, 11: ["$set": ["name": .string(unique)]]
    default: ["$set": ["last": .string(unique)]]
    }
  }

  /// Writes to its own documents until it is told to stop.
  private static func write(_ rig: Rig, writer: Int, seed: UInt64, until stop: StopFlag) async throws {
    var generator = Seeded(seed &+ UInt64(writer))
    var count = 0
    while !stop.isRequested {
      count += 1
      let id = BSONValue.int32(Int32(Int(generator.next() % UInt64(documents / 3)) * 3 + writer))
      let change = change(&generator, "\(writer)/\(count)")
      for collection in [rig.collection, ghost] {
        let command: BSONDocument
        if let change {
          command = [
            "update": .string(collection), "updates": [["q": ["_id": id], "u": .document(change)]],
            "writeConcern": ["w": "majority", "j": true],
          ]
        } else {
          command = [
            "delete": .string(collection), "deletes": [["q": ["_id": id], "limit": 1]], "writeConcern": ["w": "majority", "j": true],
          ]
        }
        let reply = WriteReply(try await rig.client.writeCommand(command, database: rig.database))
        guard reply.writeErrors.isEmpty else { throw Rig.Failure("the application's write: \(reply.document)") }
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Tries until the work ends, each time as a new process that dies at another point.
  private static func carry(_ rig: Rig, _ generator: inout Seeded, points: [String], _ body: (Hand) async throws -> Void) async throws {
    for attempt in 0..<3 {
      let point = points[Int(generator.next() % UInt64(points.count))]
      let hand = try await rig.takeOver(attempt < 2 ? .abandoning(point, at: Int64(generator.next() % 3) + 1) : CrashPoints())
      do {
        try await hand.resolve()
        return try await body(hand)
      } catch let error as ActionError {
        guard error.code == "crash" else { throw error }
      }
    }
    Issue.record("the last attempt has no crash")
  }

  @Test("No write is lost, none of ours is left", arguments: [(UInt64(1), "fields"), (2, "documents"), (3, "fields")])
  func thereAndBack(_ seed: UInt64, _ undo: String) async throws {
    try await Rig.with(Self.arguments(undo)) { given in
      let rig = given.hurried
      for collection in [rig.collection, Self.ghost] { try await rig.insert((0..<Self.documents).map(Self.document), into: collection) }
      let stop = StopFlag()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<3 { group.addTask { try await Self.write(rig, writer: writer, seed: seed * 100, until: stop) } }
        defer { stop.request() }
        var generator = Seeded(seed)
        try await Self.carry(rig, &generator, points: ["update.block-written", "update.sent", "update.recorded"]) {
          _ = try await $0.perform()
        }
        let changed = try await rig.all()
        #expect(changed.values.contains { $0.value(at: ["art", "label"])?.string?.hasPrefix("ours ") == true })
        try await Self.carry(rig, &generator, points: ["undo.announced", "undo.sent", "undo.recorded"]) { hand in
          let undone = try await hand.undo()
          #expect(undone.inDoubt == 0)
        }
        stop.request()
        try await group.waitForAll()
      }
      let (real, ghost) = (try await rig.all(), try await rig.all(Self.ghost))
      #expect(Set(real.keys) == Set(ghost.keys))
      for (key, expected) in ghost {
        let found = try #require(real[key])
        #expect(Self.sorted(found) == Self.sorted(expected), "document \(expected["_id"]!)")
      }
    }
  }

  /// The same fields in the order of their names: what is taken away and set again stands elsewhere.
  private static func sorted(_ document: BSONDocument) -> BSONDocument {
    BSONDocument(
      document.sorted { $0.key < $1.key }.map { ($0.key, $0.value.document.map { .document(sorted($0)) } ?? $0.value.decoded) })
  }
}

/// SplitMix64: the same numbers for the same seed everywhere.
private struct Seeded {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
