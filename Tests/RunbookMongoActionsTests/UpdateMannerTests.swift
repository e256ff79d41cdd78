import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookMongoActions

/// How a change goes forward: documents that cannot be changed, documents that keep arriving, changes that are made once.
@Suite(.serialized) struct UpdateMannerTests {
  // MARK: documents that cannot be changed

  private static func uniqueNames(_ rig: Rig) async throws {
    let names = ["a", "b", "a", "c", "c", "d"]
    try await rig.insert(names.enumerated().map { ["_id": .integer(Int64($0 + 1)), "name": .string($1)] })
    let index: BSONValue = ["key": ["key": 1], "name": "k", "unique": true, "partialFilterExpression": ["key": ["$exists": true]]]
    _ = try await rig.client.writeCommand(["createIndexes": .string(rig.collection), "indexes": [index]], database: rig.database)
  }

  private static func copyName(limit: Int64) -> ValueMap {
    [
      "filter": .object(["key": .object(["$exists": false])]), "pipeline": [.object(["$set": .object(["key": "$name"])])],
      "onDocumentError": .object(["collect": .object(["limit": .integer(limit)])]),
    ]
  }

  @Test("Refused documents are listed and left out of later passes, of a resumed attempt too; the others are changed and taken back")
  func collects() async throws {
    try await Rig.with(Self.copyName(limit: 2)) { given in
      let rig = given.unhurried
      try await Self.uniqueNames(rig)
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 4)
      #expect(result.outputs["failed"] == 2)
      let listed = result.outputs["failures"]?.listValue ?? []
      #expect(Set(listed.compactMap { $0["id"]?.integerValue }) == [3, 5])
      #expect(listed.first?["reason"] == "a unique index has its key already (code 11000)")
      #expect(result.warnings.count == 1 && result.warnings[0].hasPrefix("2 documents cannot be changed and were left as they are: "))
      #expect(try await hand.blocks().flatMap(\.failed).count == 2)
      let again = try await rig.takeOver()
      try await again.resolve()
      let resumed = try await again.perform()
      #expect(resumed.outputs["failed"] == 2 && resumed.outputs["changed"] == 4)
      #expect(resumed.outputs["batches"] == result.outputs["batches"], "nothing is sent again")
      // One that no longer needs the change is no failure any more.
      try await rig.update(5, ["$set": ["key": "by hand"]])
      #expect(try await again.perform().outputs["failed"] == 1)
      try await rig.update(5, ["$unset": ["key": 1]])
      #expect(try await again.undo().conflicts == 0)
      let after = try await rig.all()
      #expect(after == before)
    }
  }

  @Test("Beyond the limit the step fails; a person has corrected them when it is resumed, so that they are tried again")
  func collectsUpToALimit() async throws {
    try await Rig.with(Self.copyName(limit: 1)) { given in
      let rig = given.unhurried
      try await Self.uniqueNames(rig)
      let hand = try await rig.takeOver()
      let error = await #expect(throws: ActionError.self) { try await hand.perform() }
      #expect(error?.code == UpdateErrorCode.documentsRefused && error?.kind == .refused)
      #expect(error?.message.contains("2 documents of 'assets' cannot be changed, more than the 1 that may be: 3, 5 (a unique") == true)
      try await rig.update(5, ["$set": ["name": "e"]])
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 5 && result.outputs["failed"] == 1)
    }
  }

  @Test func collectsWhatTheValidatorRefuses() async throws {
    var arguments = addFields
    arguments["onDocumentError"] = "collect"
    try await Rig.with(arguments) { rig in
      let validator: BSONDocument = ["validator": ["label": ["$ne": "about 2"]]]
      try await rig.create(rig.collection, validator)
      try await rig.insert((0..<8).map(asset))
      let result = try await (try await rig.takeOver()).perform()
      #expect(result.outputs["changed"] == 7 && result.outputs["failed"] == 1)
      #expect(result.outputs["failures"]?.listValue?.first?["id"] == 2)
    }
  }

  // MARK: documents that keep arriving

  /// One document arrives after each batch, so many times.
  private static func arrivals(_ rig: Rig, _ count: Int, from first: Int = 1_000) -> CrashPoints {
    let arrived = Mutex(0)
    return CrashPoints { (point) throws(ActionError) in
      guard point == "update.recorded" else { return }
      let n = arrived.withLock { arrived -> Int? in
        arrived += 1
        return arrived <= count ? first + arrived : nil
      }
      guard let n else { return }
      do { try await rig.insert([asset(n)]) } catch {
        throw ActionError(code: "test", message: "\(error)", kind: .refused)
      }
    }
  }

  @Test func waitsUntilNoneArrivesAnyMore() async throws {
    var arguments = addFields
    arguments["onNotConverged"] = "wait"
    try await Rig.with(arguments) { rig in
      try await rig.insert([asset(1)])
      let hand = try await rig.takeOver(Self.arrivals(rig, 23))
      let notes = Mutex<[String]>([])
      var context = hand.context
      context.progress = { step in notes.withLock { $0 += step.note.map { [$0] } ?? [] } }
      let result = try await hand.action.perform(context, captured: .null)
      #expect(result.outputs["changed"] == 24)
      #expect(result.outputs["sweeps"]?.integerValue ?? 0 > 20)
      #expect(result.outputs["arrivingPerSecond"] != .double(0))
      #expect(result.warnings.contains { $0.hasPrefix("documents kept arriving, about ") })
      #expect(notes.withLock { $0.contains { $0.hasPrefix("documents keep arriving, about ") } })
      #expect(try await rig.all().values.allSatisfy { $0["extra"] != nil })
    }
  }

  @Test func whatArrivesForEverEndsWithAWarningOrAStop() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert([asset(1)])
      let hand = try await rig.takeOver(Self.arrivals(rig, .max))
      let result = try await hand.perform()
      #expect(result.warnings.count == 1 && result.warnings[0].contains("after 20 passes documents still need the change"))
      var waiting = rig
      waiting.arguments["onNotConverged"] = "wait"
      let second = try await waiting.takeOver(Self.arrivals(waiting, .max, from: 5_000))
      var context = second.context
      context.progress = { if $0.note?.hasPrefix("documents keep arriving") == true { rig.stop.request() } }
      let patient = context
      await #expect { try await second.action.perform(patient, captured: .null) } throws: { ($0 as? ActionError)?.kind == .stopped }
    }
  }

  // MARK: changes that are made once

  private static let double: ValueMap = [
    "pipeline": [.object(["$set": .object(["n": .object(["$multiply": ["$n", 2]])])])], "batch": .object(["size": 20]),
  ]

  private static func number(_ n: Int) -> BSONDocument { ["_id": .integer(Int64(n)), "n": .integer(Int64(100 + n)), "x": "text"] }

  private static func numbers(_ rig: Rig) async throws -> [Int: Int64] {
    Dictionary(uniqueKeysWithValues: try await rig.all().values.map { (Int($0["_id"]?.integer ?? -1), $0["n"]?.integer ?? -1) })
  }

  @Test(
    "Killed at any point and twice, every document is changed once",
    arguments: ["update.captured", "update.block-written", "update.sent", "update.recorded"], [1, 3] as [Int64])
  func once(_ point: String, _ time: Int64) async throws {
    try await Rig.with(Self.double) { given in
      let rig = given.hurried
      try await rig.insert((0..<70).map(Self.number))
      let before = try await rig.all()
      let first = try await rig.takeOver(.abandoning(point, at: time))
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "crash" }
      let second = try await rig.takeOver(.abandoning("update.sent", at: 1))
      try await second.resolve()
      await #expect { try await second.perform() } throws: { ($0 as? ActionError)?.code == "crash" }
      let third = try await rig.takeOver()
      try await third.resolve()
      let result = try await third.perform()
      #expect(result.outputs["changed"] == 70 && result.outputs["inDoubt"] == 0)
      #expect(try await Self.numbers(rig) == Dictionary(uniqueKeysWithValues: (0..<70).map { ($0, Int64(200 + 2 * $0)) }))
      let blocks = try await third.blocks()
      #expect(blocks.allSatisfy { $0.isOnce && $0.encoded()["v"]?.integer == 3 })
      #expect(try await third.perform().outputs["batches"] == .integer(Int64(blocks.count)), "a finished one changes nothing more")
      let undone = try await third.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      let after = try await rig.all()
      #expect(after == before)
    }
  }

  @Test("What the application changes just before is read again by its key and changed from what it is now; what it deletes is gone")
  func onceUnderWrites() async throws {
    try await Rig.with(Self.double) { given in
      let rig = given.unhurried
      try await rig.insert((0..<30).map(Self.number))
      let edits = CrashPoints { (point) throws(ActionError) in
        guard point == "update.block-written" else { return }
        do {
          // Each time anew, so that document 3 misses until the fourth block.
          let now = try await Self.numbers(rig)[3] ?? 0
          if now < 110 { try await rig.update(3, ["$inc": ["n": 2]]) }
          try await rig.delete(4)
        } catch { throw ActionError(code: "test", message: "\(error)", kind: .refused) }
      }
      let hand = try await rig.takeOver(edits)
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 29)
      #expect(result.outputs["guarded"]?.integerValue ?? 0 >= 3)
      let numbers = try await Self.numbers(rig)
      #expect(numbers[3] == 222 && numbers[4] == nil && numbers[5] == 210 && numbers[29] == 258)
      try await rig.update(7, ["$set": ["n": 1]])
      #expect(try await hand.undo().conflicts == 1)
      let after = try await Self.numbers(rig)
      #expect(after[3] == 111 && after[7] == 1 && after[5] == 105)
    }
  }

  @Test("Where the server has no record, a document that is not as it was may carry the change already: in doubt, not changed again")
  func onceInDoubt() async throws {
    try await Rig.with(Self.double) { given in
      let rig = given.hurried
      try await rig.insert((0..<5).map(Self.number))
      let first = try await rig.takeOver(
        .interleaving("update.block-written") {
          try await rig.update(3, ["$inc": ["n": 1]])
          throw Rig.Failure("crash")
        })
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "test" }
      let second = try await rig.takeOver()
      try await second.resolve()
      let result = try await second.perform()
      #expect(result.outputs["inDoubt"] == 1 && result.outputs["changed"] == 4)
      let numbers = try await Self.numbers(rig)
      #expect(numbers == [0: 200, 1: 202, 2: 204, 3: 104, 4: 208])
    }
  }

  @Test("What a validator refuses of a change that is made once is listed, and not tried again after a resume")
  func onceCollected() async throws {
    var arguments = Self.double
    arguments["onDocumentError"] = "collect"
    try await Rig.with(arguments) { given in
      let rig = given.hurried
      try await rig.create(rig.collection, ["validator": ["n": ["$ne": 208]]])
      try await rig.insert((0..<30).map(Self.number))
      let first = try await rig.takeOver(.abandoning("update.recorded", at: 1))
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.code == "crash" }
      let second = try await rig.takeOver()
      try await second.resolve()
      let result = try await second.perform()
      #expect(result.outputs["changed"] == 29 && result.outputs["failed"] == 1)
      #expect(try await second.blocks().flatMap(\.failed).count == 1)
      let numbers = try await Self.numbers(rig)
      #expect(numbers[4] == 104 && numbers[3] == 206 && numbers[29] == 258)
    }
  }

  @Test("Where no document fits, nothing is known of those that will: each is changed once at most")
  func onceWhereNothingFits() async throws {
    try await Rig.with(Self.double) { rig in
      try await rig.create(rig.collection)
      let hand = try await rig.takeOver()
      let work = try UpdateWork(hand.context, rig.timing, CrashPoints())
      let checks = UpdateChecks(change: work.change, definition: work.definition, allowsCollation: true)
      #expect(try await checks.run(.stop).definition.isOnce)
      #expect(try await hand.perform().outputs["changed"] == 0)
    }
  }
}
