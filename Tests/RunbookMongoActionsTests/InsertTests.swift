import Foundation
import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// `mongodb.insert` against a real server: each document once, and the way back.
@Suite(.serialized) struct InsertTests {
  private let make: ActionMaker = { MongoInsert(timing: $0, crashPoints: $1) }

  private func documents(_ count: Int, from first: Int = 0) -> Value {
    .list((first..<(first + count)).map { .object(["_id": .integer(Int64($0)), "n": .integer(Int64($0))]) })
  }

  private func text(_ error: any Error) -> String { (error as? ActionError)?.message ?? "\(error)" }

  private func isCrash(_ error: any Error) -> Bool { (error as? ActionError)?.code == "crash" }

  @Test("Given and made keys, undone to nothing, done again; what the application changed stays and is listed")
  func thereAndBack() async throws {
    let arguments: ValueMap = ["documents": .list([.object(["_id": "a", "n": 1]), .object(["n": 2]), .object(["_id": "c", "n": 3])])]
    try await Rig.with(arguments, make: make) { rig in
      try await rig.insert([["_id": "before", "mine": true]])
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let result = try await hand.perform(try await hand.capture())
      #expect(result.outputs["inserted"] == 3)
      #expect(result.outputs["ids"]?.listValue?.count == 3)
      #expect(try await rig.all().count == 4)
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      #expect(try await hand.verify(undone) == nil)
      #expect(try await rig.all() == before)
      #expect(try await hand.undo().conflicts == 0)

      _ = try await hand.perform(try await hand.capture())
      try await rig.update("a", ["$set": ["edited": true]])
      try await rig.delete("c")
      let again = try await hand.undo()
      #expect(again.conflicts == 1)
      #expect(again.details["conflicts"]?.listValue?.first?["id"] == "a")
      let left = try await rig.all()
      #expect(left.count == 2 && left[BSONValue.string("a").raw]?["edited"]?.bool == true)
    }
  }

  @Test("A number of another type is an edit, which the server's equality does not see")
  func anEditOfATypeAlone() async throws {
    try await Rig.with(["documents": .list([.object(["_id": 1, "deep": .object(["list": .list([1, 2])])])])], make: make) { rig in
      try await rig.create(rig.collection)
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      try await rig.update(1, ["$set": ["deep": ["list": [1, 2.0]]]])
      #expect(try await hand.undo().conflicts == 1)
      #expect(try await rig.all().count == 1)
    }
  }

  @Test("What is there is refused before anything is written, or skipped, and is never touched, were it nothing but its key")
  func whatIsThere() async throws {
    try await Rig.with(["documents": documents(300)], make: make) { rig in
      try await rig.insert([["_id": 299]])
      let hand = try await rig.takeOver()
      await #expect { try await hand.capture() } throws: { ($0 as? ActionError)?.code == UpdateErrorCode.documentExists }
      await #expect { try await hand.perform() } throws: { ($0 as? ActionError)?.code == UpdateErrorCode.documentExists }
      _ = try await hand.undo()
      #expect(try await rig.all().count == 1)
      var skipping = rig
      skipping.arguments["ifExists"] = "skip"
      let second = try await skipping.takeOver()
      let result = try await second.perform(try await second.capture())
      #expect(result.outputs["inserted"] == 299 && result.outputs["skipped"] == 1)
      #expect(try await rig.all()[BSONValue.int32(299).raw] == ["_id": 299])
      let undone = try await second.undo()
      #expect(undone.conflicts == 0)
      #expect(try await rig.all().count == 1)
    }
  }

  @Test("One that somebody inserts between the look and the write is not touched")
  func insertedMeanwhile() async throws {
    try await Rig.with(["documents": documents(5), "ifExists": "skip"], make: make) { given in
      let rig = given.unhurried
      try await rig.create(rig.collection)
      let hand = try await rig.takeOver(.interleaving("insert.block-written") { try await rig.insert([["_id": 3]]) })
      let result = try await hand.perform(try await hand.capture())
      #expect(result.outputs["inserted"] == 4 && result.outputs["skipped"] == 1)
      #expect(try await rig.all()[BSONValue.int32(3).raw] == ["_id": 3])
      _ = try await hand.undo()
      #expect(try await rig.all().values.map { $0 } == [["_id": 3]])
    }
  }

  @Test("A file: a bad line stops it before it writes and is named; one that is changed meanwhile is refused; empty lines do not count")
  func fromAFile() async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("insert-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appendingPathComponent("seed.ndjson")
    func write(_ text: String) throws { try Data(text.utf8).write(to: file) }
    try await Rig.with(["file": "seed.ndjson"], directory: directory.path, make: make) { rig in
      try await rig.create(rig.collection)
      let hand = try await rig.takeOver()
      await #expect { try await hand.capture() } throws: { text($0).contains("cannot be opened") }
      try write("{\"_id\": 1}\n\n{\"_id\": 2,, }\n")
      await #expect { try await hand.capture() } throws: {
        ($0 as? ActionError)?.message == "the file 'seed.ndjson' line 3, byte 11: a field name in quotes is missing"
      }
      try Data([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]).write(to: file)
      await #expect { try await hand.capture() } throws: { text($0).contains("line 1 is not UTF-8") }
      try write("{\"_id\": [1]}")
      await #expect { try await hand.capture() } throws: { text($0).contains("an '_id' cannot be of type array") }
      let line = "{\"at\": {\"$date\": \"2025-01-01T00:00:00Z\"}, \"n\": {\"$numberLong\": \"7\"}}\r\n"
      try write(line + " \n" + String(line.dropLast()))
      let captured = try await hand.capture()
      #expect(captured["documents"] == 2)
      try write(line)
      await #expect { try await hand.perform(captured) } throws: { text($0).contains("is not what it was when the step began") }
      #expect(try await rig.all().isEmpty)
      let result = try await hand.perform(try await hand.capture())
      #expect(result.outputs["inserted"] == 1)
      #expect(try await rig.all().values.first?["n"] == BSONValue.int64(7).raw)
      _ = try await hand.undo()
      #expect(try await rig.all().isEmpty)
    }
  }

  @Test("From another collection; a pipeline that takes the keys away is refused")
  func selected() async throws {
    let select: ValueMap = [
      "select": .object([
        "collection": "source",
        "pipeline": [.object(["$match": .object(["n": .object(["$lt": 450])])]), .object(["$set": .object(["kind": "copy"])])],
      ])
    ]
    try await Rig.with(select, make: make) { rig in
      try await rig.create(rig.collection)
      try await rig.insert((0..<500).map { ["_id": .integer(Int64($0)), "n": .integer(Int64($0))] }, into: "source")
      let first = try await rig.takeOver(.abandoning("insert.sent", at: 2))
      let captured = try await first.capture()
      await #expect { try await first.perform(captured) } throws: { isCrash($0) }
      // One of ours that the application deleted is not inserted again.
      try await rig.delete(3)
      let second = try await rig.takeOver()
      try await second.resolve()
      let result = try await second.perform(captured)
      #expect(result.outputs["inserted"] == 450)
      #expect(try await rig.all().count == 449)
      _ = try await second.undo()
      #expect(try await rig.all().isEmpty)
      var without = rig
      without.arguments = ["select": .object(["collection": "source", "pipeline": [.object(["$unset": "_id"])]])]
      let third = try await without.takeOver()
      await #expect { try await third.capture() } throws: { text($0).contains("makes documents without '_id'") }
    }
  }

  @Test(
    "Killed at every point and taken over: each document is there once, made keys too, and goes again",
    arguments: ["insert.captured", "insert.block-written", "insert.sent", "insert.recorded"], [1, 2] as [Int64])
  func crashes(_ point: String, _ time: Int64) async throws {
    let list: Value = .list(
      (0..<330).map { n in n % 2 == 0 ? .object(["n": .integer(n)]) : .object(["_id": .integer(n), "n": .integer(n)]) })
    try await Rig.with(["documents": list], make: make) { rig in
      try await rig.insert([["_id": "stays"]])
      let first = try await rig.takeOver(.abandoning(point, at: time))
      let captured = try await first.capture()
      await #expect { try await first.perform(captured) } throws: { isCrash($0) }
      let second = try await rig.takeOver(.abandoning("resolve.marked"))
      do { try await second.resolve() } catch { #expect(isCrash(error)) }
      let third = try await rig.takeOver()
      try await third.resolve()
      let result = try await third.perform(captured)
      // A batch that came too late in part is in doubt where the server keeps no record of such an answer; never one whose key was made.
      let doubt = result.outputs["inDoubt"]?.integerValue ?? 0
      #expect(result.outputs["inserted"] == .integer(330 - doubt) && doubt < 165)
      let there = try await rig.all().values.compactMap { $0["n"]?.integer }
      #expect(there.sorted() == Array(0..<330))
      // The outcome was never recorded: performed once more, it finds everything done.
      #expect(try await third.perform(captured).outputs["inserted"] == .integer(330 - doubt))
      #expect(try await rig.all().count == 331)
      let fourth = try await rig.takeOver(.abandoning("undo.removed", at: 40))
      try await fourth.resolve()
      await #expect { try await fourth.undo() } throws: { isCrash($0) }
      let fifth = try await rig.takeOver()
      try await fifth.resolve()
      let undone = try await fifth.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == doubt)
      #expect(try await rig.all().count == 1 + Int(doubt))
    }
  }

  @Test("A process that slept while another took over and rolled back inserts nothing")
  func overtaken() async throws {
    try await Rig.with(["documents": documents(120)], make: make) { rig in
      try await rig.create(rig.collection)
      let first = try await rig.takeOver(
        .interleaving("insert.block-written", at: 2) {
          let second = try await rig.takeOver()
          try await second.resolve()
          _ = try await second.undo()
        })
      await #expect { try await first.perform() } throws: { ($0 as? ActionError)?.kind == .leaseLost }
      #expect(try await rig.all().isEmpty)
    }
  }

  @Test("A validator or a unique index that refuses a document fails the step, and what was written goes again")
  func refused() async throws {
    try await Rig.with(["documents": documents(30)], make: make) { rig in
      try await rig.create(rig.collection, ["validator": ["n": ["$ne": 7]]])
      let hand = try await rig.takeOver()
      await #expect { try await hand.perform() } throws: { ($0 as? ActionError)?.code == UpdateErrorCode.documentsRefused }
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0)
      #expect(try await rig.all().isEmpty)
    }
  }
}
