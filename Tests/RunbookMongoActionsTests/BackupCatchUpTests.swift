import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookMongoActions

/// Backups of a collection that is written to meanwhile, or whose making is cut off.
@Suite struct BackupCatchUpTests {
  private let unpinned = SnapshotPin { _ in nil }

  private func fill(_ bench: ActionBench, count: Int = 1200) async throws {
    let documents = (0..<count).map { n -> BSONDocument in ["_id": .integer(Int64(n)), "name": .string("asset \(n)")] }
    for start in stride(from: 0, to: count, by: 1000) { try await bench.insert(Array(documents[start..<min(start + 1000, count)])) }
    try await bench.command(["createIndexes": "assets", "indexes": [["key": ["name": 1], "name": "by_name", "unique": true]]])
    try await bench.takeLease()
  }

  private func set(_ bench: ActionBench, _ id: BSONValue, _ change: BSONDocument, in collection: String = "assets") async throws {
    try await bench.command([
      "update": .string(collection), "updates": [["q": ["_id": id], "u": ["$set": .document(change)]]], "bypassDocumentValidation": true,
    ])
  }

  private func remove(_ bench: ActionBench, _ id: BSONValue) async throws {
    try await bench.command(["delete": "assets", "deletes": [["q": ["_id": id], "limit": 1]]])
  }

  /// Does something the first time that a point is reached.
  private func once(_ point: String, _ body: @escaping @Sendable () async throws -> Void) -> CrashPoints {
    let isDone = Mutex(false)
    return CrashPoints { (hit) async throws(ActionError) in
      guard hit == point,
        isDone.withLock({ done in
          defer { done = true }; return !done
        })
      else { return }
      do { try await body() } catch let error as ActionError { throw error } catch {
        throw ActionError(code: "test", message: "\(error)", kind: .refused)
      }
    }
  }

  private func isSame(_ bench: ActionBench, _ copy: String = "copy") async throws -> Bool {
    try await Set(bench.all(copy)) == Set(bench.all("assets"))
  }

  @Test("What is updated, replaced, deleted and inserted while it is copied is caught up with: the copy shows one moment, and says which")
  func caughtUp() async throws {
    try await ActionBench.run { bench in
      try await fill(bench)
      let points = once("backup.copied") {
        // Two names change places by way of a third: a copy of both moments would break the unique index.
        try await set(bench, 1, ["name": "third"])
        try await set(bench, 2, ["name": "asset 1"])
        try await set(bench, 1, ["name": "asset 2"])
        try await remove(bench, 7)
        try await bench.insert([["_id": "new", "name": "new"]])
        try await remove(bench, 8)
        try await bench.insert([["_id": 8, "name": "asset 8 again"]])
      }
      let action = MongoBackup(pin: unpinned, crashPoints: points)
      let result = try await action.perform(bench.context(["to": "copy"]), captured: .null)
      #expect(result.outputs["level"] == "exactAtT" && result.outputs["dirty"] == 5)
      #expect(result.outputs["shownFrom"] == result.outputs["shownUntil"] && result.outputs["documents"] == 1200)
      #expect(try await isSame(bench))
      #expect(try await bench.all("_runbook.marks").isEmpty)
    }
  }

  @Test("A filter holds for what is caught up with: what no longer fits goes, what fits by now comes")
  func filtered() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 20)
      let points = once("backup.copied") {
        try await set(bench, 1, ["old": true])
        try await set(bench, 2, ["name": "another"])
      }
      let arguments: ValueMap = ["to": "copy", "filter": .object(["old": .object(["$exists": false])])]
      let result = try await MongoBackup(pin: unpinned, crashPoints: points).perform(bench.context(arguments), captured: .null)
      #expect(result.outputs["documents"] == 19 && result.outputs["level"] == "exactAtT")
      #expect(try await bench.all("copy").first { $0["_id"]?.integer == 2 }?["name"]?.string == "another")
    }
  }

  @Test("Written to in every round it stays fuzzy, says so, and each document is a version that existed")
  func neverQuiet() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 30)
      let rounds = Mutex<Int64>(0)
      let points = CrashPoints { (point) async throws(ActionError) in
        guard point == "backup.copied" || point == "backup.caught-up" else { return }
        let round = rounds.withLock {
          $0 += 1; return $0
        }
        try? await set(bench, 3, ["n": .int64(round)])
      }
      let result = try await MongoBackup(pin: unpinned, crashPoints: points).perform(bench.context(["to": "copy"]), captured: .null)
      #expect(result.outputs["level"] == "fuzzyVerified" && result.outputs["dirty"] == 1)
      let shown = try await bench.all("copy").first { $0["_id"]?.integer == 3 }?["n"]?.integer ?? 0
      #expect(shown > 0 && shown <= rounds.withLock { $0 })
      #expect((result.outputs["shownFrom"]?.timestampValue ?? 0) <= (result.outputs["shownUntil"]?.timestampValue ?? 0))
    }
  }

  @Test(
    "Cut off after copying or while catching up, it is gone on with, and shows what was written and deleted meanwhile",
    arguments: ["backup.copied", "backup.caught-up"])
  func resumed(_ point: String) async throws {
    try await ActionBench.run { bench in
      try await fill(bench)
      let points = CrashPoints { (hit) async throws(ActionError) in
        if hit == "backup.copied" { try? await set(bench, 5, ["name": "five"]) }
        if hit == point { throw ActionError(code: "crash", message: point, kind: .leaseLost) }
      }
      let captured = try await MongoBackup().capture(bench.context(["to": "copy"]))
      await #expect(throws: ActionError.self) {
        try await MongoBackup(pin: unpinned, crashPoints: points).perform(bench.context(["to": "copy"]), captured: captured)
      }
      let begun = try await bench.target.definition(of: "copy")?.uuid
      try await remove(bench, 3)
      try await set(bench, 4, ["name": "four"])
      try await bench.insert([["_id": "new", "name": "new"]])
      // A process that takes the run up starts the step as another effect, with what had been captured.
      let result = try await MongoBackup(pin: unpinned).perform(bench.context(["to": "copy"], effect: "effect2"), captured: captured)
      #expect(try await bench.target.definition(of: "copy")?.uuid == begun, "it was made anew")
      #expect(result.warnings == [] && result.outputs["level"] == "exactAtT")
      #expect(try await isSame(bench))
    }
  }

  @Test("What cannot be gone on with is made anew, and why is told")
  func madeAnew() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 50)
      let points = once("backup.copied") { throw ActionError(code: "crash", message: "", kind: .leaseLost) }
      await #expect(throws: ActionError.self) {
        try await MongoBackup(pin: unpinned, crashPoints: points).perform(bench.context(["to": "copy"]), captured: .null)
      }
      try await bench.command(["drop": "assets"])
      try await bench.insert([["_id": 1, "name": "only"]])
      let result = try await MongoBackup(pin: unpinned).perform(bench.context(["to": "copy"]), captured: .null)
      #expect(result.warnings.count == 1 && result.warnings[0].contains("'assets' was made anew since"), "\(result.warnings)")
      #expect(try await bench.all("copy").count == 1)
    }
  }

  @Test("A document of the copy that nobody of the source's changed fails the proof by name; one that was changed is copied again")
  func damaged() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 60)
      let strange = once("backup.copied") { try await set(bench, 9, ["name": "damaged"], in: "copy") }
      let error = await #expect(throws: ActionError.self) {
        try await MongoBackup(pin: unpinned, crashPoints: strange).perform(bench.context(["to": "copy"]), captured: .null)
      }
      #expect(error?.code == "RB3303" && error?.message.hasSuffix("nothing tells that they changed: 9") == true, "\(error?.message ?? "")")
      let late = once("backup.caught-up") {
        try await set(bench, 9, ["name": "damaged"], in: "other")
        try await set(bench, 9, ["name": "written"])
        try await set(bench, 10, ["name": "damaged too"], in: "other")
      }
      let both = CrashPoints { (hit) async throws(ActionError) in
        if hit == "backup.copied" { try? await set(bench, 10, ["name": "ten"]) }
        try await late.hit(hit)
      }
      let result = try await MongoBackup(pin: unpinned, crashPoints: both).perform(
        bench.context(["to": "other"], subject: "second"), captured: .null)
      #expect(result.outputs["level"] == "exactAtT")
      #expect(try await isSame(bench, "other"))
    }
  }

  @Test("A source that is dropped or renamed while it is copied is no source of a proven copy")
  func goneMeanwhile() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 30)
      let points = once("backup.copied") {
        try await bench.command(["drop": "assets"])
        try await bench.insert([["_id": 1]])
      }
      let error = await #expect(throws: ActionError.self) {
        try await MongoBackup(pin: unpinned, crashPoints: points).perform(bench.context(["to": "copy"]), captured: .null)
      }
      #expect(error?.code == "RB3306" && error?.message.contains("was dropped while it was copied") == true, "\(String(describing: error))")
    }
  }

  @Test(
    "Whether a moment is kept for readers is tried: this server takes the wish and does not fulfil it. Where one does, the copy shows that moment"
  )
  func pinned() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 30)
      #expect(try await SnapshotPin().moment(bench.target) == nil)
      let pin = SnapshotPin { (target) async throws(ActionError) in try await target.operationTime() }
      let points = once("backup.copied") { try await set(bench, 4, ["name": "four"]) }
      let result = try await MongoBackup(pin: pin, crashPoints: points).perform(bench.context(["to": "copy"]), captured: .null)
      #expect(result.outputs["level"] == "exactAtT" && result.outputs["dirty"] == 1)
      #expect(try await bench.all("copy").first { $0["_id"]?.integer == 4 }?["name"]?.string == "asset 4")
    }
  }

  @Test("prove: restore restores the copy, compares it and drops it; a copy that cannot be restored as it was is not proven")
  func restored() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 40)
      let arguments: ValueMap = ["to": "copy", "prove": "restore"]
      let seen = Mutex<[String]>([])
      let points = CrashPoints { (hit) async throws(ActionError) in
        guard hit == "backup.restored" else { return }
        let all = (try? await bench.collections()) ?? []
        seen.withLock { $0 = all }
      }
      _ = try await MongoBackup(pin: unpinned, crashPoints: points).perform(bench.context(arguments), captured: .null)
      #expect(seen.withLock { $0.contains("_runbook.beside.run1.step") })
      #expect(try await !bench.collections().contains("_runbook.beside.run1.step"))
      let damaging = once("backup.restored") { try await set(bench, 1, ["name": "damaged"], in: "_runbook.beside.run1.step") }
      let context = bench.context(arguments, effect: "effect2")
      let action = MongoBackup(pin: unpinned, crashPoints: damaging)
      let error = await #expect(throws: ActionError.self) { try await action.perform(context, captured: .null) }
      #expect(error?.code == "RB3303" && error?.message.contains("restored for the proof") == true)
      _ = try await action.undo(context, captured: .null, outputs: nil)
      #expect(try await bench.collections().filter { $0 == "copy" || $0.hasPrefix("_runbook.beside") }.isEmpty)
    }
  }

  @Test("toTarget makes the copy in another database, reserves its name there, and restore and compare find it there")
  func elsewhere() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 30)
      try await bench.server.withDatabase { client, database in
        let other = try MongoTarget(name: "vault", uri: bench.server.uri, database: database)
        _ = try await other.acquireLease(run: "run1", owner: OwnerProcess.current(label: "the test"), onWaiting: { _ in })
        let arguments: ValueMap = ["to": "copy", "toTarget": "vault"]
        #expect(MongoBackup().reservations(arguments: arguments, collection: "assets") == [])
        #expect(MongoBackup().reservationsElsewhere(arguments: arguments) == ["vault": ["collection:copy"]])
        var world = BenchWorld(targets: ["vault": other])
        let context = bench.context(arguments, world: world)
        let result = try await MongoBackup(pin: unpinned).perform(context, captured: .null)
        #expect(try await !bench.collections().contains("copy"))
        #expect(try await Set(client.documents(["find": "copy"], database: database)) == Set(bench.all("assets")))
        #expect(try await other.kept(for: "run1").backups.map(\.collection.name) == ["copy"])
        world.outputs = ["backup": .map(result.outputs)]
        world.calls = ["backup": arguments]
        let sides: ValueMap = ["left": .object(["backup": "backup"]), "right": "assets", "liveWrites": "refuse"]
        #expect(try await MongoCompare().read(bench.context(sides, collection: nil, world: world)).outputs["unexplained"] == 0)
        try await remove(bench, 3)
        let back = bench.context(["from": .object(["backup": "backup"]), "to": "assets"], subject: "back", world: world)
        #expect(try await MongoRestore().perform(back, captured: try await MongoRestore().capture(back)).outputs["restored"] == 1)
        await other.close()
      }
    }
  }

  @Test(
    "ifExists: verifyAndReuse takes another run's copy whose digest still holds, replaceOwn makes the same step's anew; nothing else is touched"
  )
  func others() async throws {
    try await ActionBench.run { bench in
      try await fill(bench, count: 25)
      let action = MongoBackup(pin: unpinned)
      let first = try await action.perform(bench.context(["to": "copy"], run: "run0"), captured: .null)
      let reuse: ValueMap = ["to": "copy", "ifExists": "verifyAndReuse"]
      let reused = try await action.perform(bench.context(reuse), captured: .null)
      #expect(reused.outputs["digest"] == first.outputs["digest"] && reused.warnings.count == 1)
      var filtered = reuse
      filtered["filter"] = .object(["name": "asset 1"])
      let other = await #expect(throws: ActionError.self) { try await action.capture(bench.context(filtered)) }
      #expect(other?.code == "RB3301")
      #expect(try await action.undo(bench.context(reuse), captured: .null, outputs: nil).details["kept"] == true)
      try await set(bench, 1, ["name": "damaged"], in: "copy")
      let damaged = await #expect(throws: ActionError.self) { try await action.perform(bench.context(reuse), captured: .null) }
      #expect(damaged?.code == "RB3301" && damaged?.message.contains("no longer what was proven") == true)
      let replace: ValueMap = ["to": "copy", "ifExists": "replaceOwn"]
      await #expect(throws: ActionError.self) { try await action.capture(bench.context(replace, subject: "another")) }
      let made = try await action.perform(bench.context(replace), captured: .null)
      #expect(made.outputs["digest"] != first.outputs["digest"])
      #expect(try await isSame(bench))
    }
  }

  @Test("Memory for changed keys is bounded, and what is no longer known is not claimed")
  func bounds() {
    var keys = ChangedKeys(key: DigestKey(), mostPending: 3, mostSeen: 4)
    for n in 0..<3 { keys.note(BSONValue.integer(Int64(n)).raw) }
    keys.note(BSONValue.integer(1).raw)
    #expect(keys.count == 3 && !keys.isOverflowing && keys.pending.count == 3)
    #expect(!keys.mayHaveChanged(keys.key.idHash(BSONValue.integer(9).raw)))
    keys.note(BSONValue.integer(3).raw)
    #expect(keys.count == 4 && keys.isOverflowing)
    keys.note(BSONValue.integer(4).raw)
    #expect(keys.count == nil && keys.mayHaveChanged(keys.key.idHash(BSONValue.integer(9).raw)))
  }

  @Test("The time in a mongod's token is read, of another's it is not")
  func tokens() {
    let token: BSONDocument = ["_data": "8263A1B2C30000000A2B022C0100296E5A1004"]
    #expect(ChangeWatch.time(of: token) == BSONTimestamp(seconds: 0x63A1_B2C3, increment: 10))
    #expect(ChangeWatch.time(of: ["_data": "33000000107300b90b"]) == nil && ChangeWatch.time(of: [:]) == nil)
  }
}
