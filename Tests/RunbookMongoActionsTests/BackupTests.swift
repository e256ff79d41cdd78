import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

@Suite struct BackupTests {
  private let action = MongoBackup()

  private func fill(_ bench: ActionBench, count: Int = 2500) async throws {
    try await bench.command([
      "create": "assets", "validator": ["name": ["$type": "string"]], "validationLevel": "moderate",
      "collation": ["locale": "en", "strength": 2],
    ])
    let documents = (0..<count).map { n -> BSONDocument in
      ["_id": .integer(Int64(n)), "name": .string("asset \(n)"), "at": .datetime(Int64(n)), "price": .double(Double(n) / 3)]
    }
    for start in stride(from: 0, to: count, by: 1000) { try await bench.insert(Array(documents[start..<min(start + 1000, count)])) }
    try await bench.command([
      "createIndexes": "assets",
      "indexes": [
        ["key": ["name": 1, "at": -1], "name": "by_name", "unique": true],
        ["key": ["at": 1], "name": "old", "expireAfterSeconds": 100_000_000],
      ],
    ])
  }

  private func options(_ bench: ActionBench, _ collection: String) async throws -> BSONDocument? {
    try await bench.client.documents(["listCollections": 1, "filter": ["name": .string(collection)]], database: bench.database).first?[
      "options"]?.document
  }

  private func expiries(_ bench: ActionBench, _ collection: String) async throws -> [String] {
    try await bench.client.documents(["listIndexes": .string(collection)], database: bench.database)
      .filter { $0["expireAfterSeconds"] != nil }.compactMap { $0["name"]?.string }
  }

  @Test("Documents, options and indexes are copied and proven; the copy does not expire; indexes compare as the source's")
  func copy() async throws {
    try await ActionBench.run { bench in
      try await fill(bench)
      try await bench.takeLease()
      let context = bench.context(["to": "copy", "keepFor": .duration(86_400_000_000)])
      #expect(action.reservations(arguments: context.arguments, collection: "assets") == ["collection:copy"])
      let captured = try await action.capture(context)
      let result = try await action.perform(context, captured: captured)
      #expect(result.outputs["documents"] == 2500)
      #expect(result.outputs["level"] == "exactQuiescent" && result.outputs["dirty"] == 0)
      #expect(result.outputs["indexes"] == ["_id_", "by_name", "old"])
      #expect(try await Set(bench.all("copy")) == Set(bench.all("assets")))
      let made = try #require(try await options(bench, "copy"))
      let source = try #require(try await options(bench, "assets"))
      #expect(Set(made.keys) == Set(source.keys))
      for key in source.keys { #expect(made[key] == source[key], "\(key)") }
      #expect(try await expiries(bench, "copy") == [])
      #expect(try await expiries(bench, "assets") == ["old"])
      for sameAs in [Value.string("copy"), .object(["backup": "step"])] {
        let world = BenchWorld(outputs: ["step": .map(result.outputs)])
        let indexes = try await MongoIndexes().read(bench.context(["sameAs": sameAs], world: world)).outputs
        #expect(indexes["same"] == true, "\(indexes)")
      }
      guard case .happened(let found) = try await action.probe(context, captured: captured) else {
        Issue.record("the proven copy is not found")
        return
      }
      #expect(found.outputs == result.outputs)
      #expect(try await action.perform(context, captured: captured).outputs == result.outputs)
      let undone = try await action.undo(context, captured: captured, outputs: .map(result.outputs))
      #expect(undone.conflicts == 0)
      #expect(try await action.verifyUndone(context, captured: captured, undone: undone) == nil)
      #expect(try await bench.all("copy").count == 2500)
    }
  }

  @Test("A copied document that changes is found: the proven copy is not believed, but made again")
  func mutation() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 50)
      try await bench.takeLease()
      let context = bench.context(["to": "copy"])
      let first = try await action.perform(context, captured: .null)
      try await bench.command([
        "update": "copy", "updates": [["q": ["_id": 7], "u": ["$set": ["price": 1]]]], "bypassDocumentValidation": true,
      ])
      guard case .notHappened = try await action.probe(context, captured: .null) else {
        Issue.record("the changed copy is believed")
        return
      }
      let second = try await action.perform(context, captured: .null)
      #expect(second.outputs["digest"] != first.outputs["digest"])
      #expect(try await Set(bench.all("copy")) == Set(bench.all("assets")))
    }
  }

  @Test("A copy whose index or option is not the source's fails the proof, and which is named")
  func failedProof() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 50)
      try await bench.takeLease()
      let context = bench.context(["to": "copy"])
      _ = try await action.perform(context, captured: .null)
      let copy = try await BackupCopy(context)
      let source = try await copy.sourceDefinition()
      try await copy.proveDefinition(source)
      func fault() async -> ActionError? { await #expect(throws: ActionError.self) { try await copy.proveDefinition(source) } }
      try await bench.command(["dropIndexes": "copy", "index": "by_name"])
      #expect(await fault()?.message.contains("index 'by_name' is missing") == true)
      try await bench.command(["createIndexes": "copy", "indexes": [["key": ["name": 1, "at": -1], "name": "by_name", "unique": true]]])
      try await copy.proveDefinition(source)
      try await bench.command(["collMod": "copy", "validationLevel": "strict"])
      let error = await fault()
      #expect(error?.message.contains("its options are") == true && error?.code == "RB3303")
    }
  }

  @Test("A copy broken off is this step's own: made again by it, dropped by its undo, refused to others")
  func crash() async throws {
    try await ActionBench.run { bench in
      try await fill(bench)
      try await bench.takeLease()
      let stopped = bench.context(["to": "copy"], stop: BenchStop(afterLooks: 2))
      let error = await #expect(throws: ActionError.self) { try await action.perform(stopped, captured: .null) }
      #expect(error?.kind == .stopped)
      let half = try await bench.all("copy").count
      #expect(half > 0 && half < 2500)
      guard case .notHappened = try await action.probe(stopped, captured: .null) else {
        Issue.record("half a copy counts as made")
        return
      }
      let other = await #expect(throws: ActionError.self) { try await action.capture(bench.context(["to": "copy"], run: "run2")) }
      #expect(other?.code == "RB3301")
      #expect(other?.message.contains("run 'run1'") == true)
      let again = bench.context(["to": "copy"])
      #expect(try await action.perform(again, captured: action.capture(again)).outputs["documents"] == 2500)
      // Another effect of the same step, in a phase started again, makes it anew.
      let anew = bench.context(["to": "copy"], effect: "effect2", stop: BenchStop(afterLooks: 2))
      await #expect(throws: ActionError.self) { try await action.perform(anew, captured: action.capture(anew)) }
      let undone = try await action.undo(anew, captured: .null, outputs: nil)
      #expect(try await action.verifyUndone(anew, captured: .null, undone: undone) == nil)
      #expect(try await !bench.collections().contains("copy"))
    }
  }

  @Test("A filter selects, onRollback: drop drops")
  func filterAndDrop() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 20)
      try await bench.takeLease()
      let context = bench.context(["to": "copy", "filter": .object(["_id": .object(["$lt": 5])]), "onRollback": "drop"])
      let result = try await action.perform(context, captured: .null)
      #expect(result.outputs["documents"] == 5)
      let undone = try await action.undo(context, captured: .null, outputs: .map(result.outputs))
      #expect(try await action.verifyUndone(context, captured: .null, undone: undone) == nil)
      #expect(try await !bench.collections().contains("copy"))
    }
  }

  @Test("What cannot or must not be copied is refused before anything is made")
  func refused() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 5)
      try await bench.insert([["_id": 1]], into: "taken")
      try await bench.command(["create": "view", "viewOn": "assets", "pipeline": .array(BSONArray([]))])
      try await bench.command(["create": "ring", "capped": true, "size": 100_000])
      let cases: [(to: String, from: String, code: String)] = [
        ("taken", "assets", "RB3301"), ("copy", "view", "RB3302"), ("copy", "ring", "RB3302"), ("copy", "nothing", "RB3009"),
        ("assets", "assets", "RB3203"), ("_runbook.runs", "assets", "RB3203"),
      ]
      for (to, from, code) in cases {
        let error = await #expect(throws: ActionError.self) {
          try await action.capture(bench.context(["to": .string(to)], collection: from))
        }
        #expect(error?.code == code, "\(from) to \(to): \(String(describing: error))")
      }
      // Without the lease nothing is written.
      let error = await #expect(throws: ActionError.self) { try await action.perform(bench.context(["to": "copy"]), captured: .null) }
      #expect(error?.kind == .leaseLost)
      #expect(try await bench.collections().sorted().filter { !$0.hasPrefix("system.") } == ["assets", "ring", "taken", "view"])
      #expect(action.review(arguments: ["to": "a$b"], unknown: []).map(\.path) == [["to"]])
    }
  }
}
