import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// The update and its undo on a real server, one interleaving at a time.
@Suite(.serialized) struct UpdateServerTests {
  @Test func addsFieldsAndTakesThemBackToTheByte() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<50).map(asset))
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 50)
      // More where a slow server makes them smaller.
      #expect((result.outputs["batches"]?.integerValue ?? 0) >= 3)
      #expect(result.outputs["inDoubt"] == 0)
      #expect(result.warnings.isEmpty)
      let changed = try await rig.all()
      #expect(changed.values.allSatisfy { $0["extra"]?.isNull == true && $0["label"] != nil })
      #expect(changed[BSONValue.int32(2).raw]?["label"]?.string == "about 2")
      #expect(changed[BSONValue.int32(4).raw]?["label"]?.string == "")
      let again = try await hand.perform()
      #expect(again.outputs["changed"] == 50)
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      do {
        let after = try await rig.all()
        #expect(after == before)
      }
      do {
        let problem = try await hand.verify(undone)
        #expect(problem == nil)
      }
      let repeated = try await hand.undo()
      #expect(repeated.conflicts == 0)
      do {
        let after = try await rig.all()
        #expect(after == before)
      }
    }
  }

  @Test func nothingToChangeIsFine() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert([["_id": 1, "label": "x", "extra": 1]])
      let hand = try await rig.takeOver()
      do {
        let result = try await hand.perform()
        #expect(result.outputs["changed"] == 0)
      }
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0)
      do {
        let problem = try await hand.verify(undone)
        #expect(problem == nil)
      }
    }
  }

  static let allTypes: [BSONValue] = [
    .double(1.5), .double(.nan), .double(-0.0), "text", ["a": 1, "b": ["c": [1, 2.0, ["d": .int64(3)]]], "e.f": 4, "$g": 5],
    [1, [2], ["x": .null]],
    .binary(BSONBinary(bytes: [1, 2])), .objectID(ObjectID(bytes: Array(0..<12))!), true, .datetime(1_500_000_000_123), .null,
    .regex(pattern: "a.b", options: "i"), .code("f()"), .codeWithScope("g", scope: ["x": 1]), 7, .int64(7),
    .timestamp(BSONTimestamp(rawValue: 77)),
    .decimal128(Decimal128("1.10")!), .minKey, .maxKey, [:], [],
  ]

  @Test func keepsAllTypesInTouchedAndInputFields() async throws {
    let arguments: ValueMap = [
      "filter": .object(["done": .object(["$exists": false])]),
      "pipeline": [.object(["$set": .object(["copy": "$value", "changed": "new", "done": true])]), .object(["$unset": "gone"])],
    ]
    try await Rig.with(arguments) { rig in
      try await rig.insert(
        Self.allTypes.enumerated().map { n, value in
          ["_id": .int32(Int32(n)), "value": value, "changed": value, "x": value, "gone": value]
        })
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      do {
        let result = try await hand.perform()
        #expect(result.outputs["changed"] == .integer(Int64(Self.allTypes.count)))
      }
      for document in try await rig.all().values {
        #expect(document["copy"] == document["value"])
        #expect(document["changed"]?.string == "new")
        #expect(document["gone"] == nil)
      }
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0)
      let after = try await rig.all()
      for (key, document) in before {
        // A field that was unset and set again stands at the end; every value is the same to the byte.
        let restored = try #require(after[key])
        #expect(Set(restored.keys) == Set(document.keys))
        for name in document.keys { #expect(restored[name] == document[name], "\(name) of \(document)") }
      }
    }
  }

  @Test func anEqualValueOfTheApplicationBeforeOursSurvives() async throws {
    try await Rig.with(addFields) { given in
      let rig = given.unhurried
      try await rig.insert((0..<5).map(asset))
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") {
          try await rig.update(2, ["$set": ["label": "about 2", "extra": .null]])
          try await rig.update(3, ["$set": ["extra": .null]])
        })
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 4)
      #expect(result.outputs["guarded"] == 2)
      do {
        let documents = try await rig.all()
        #expect(documents[BSONValue.int32(3).raw]?["label"]?.string == "about 3")
      }
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0)
      let after = try await rig.all()
      #expect(after[BSONValue.int32(2).raw]?["label"]?.string == "about 2")
      #expect(after[BSONValue.int32(2).raw]?["extra"]?.isNull == true)
      #expect(after[BSONValue.int32(3).raw]?["extra"]?.isNull == true)
      #expect(after[BSONValue.int32(3).raw]?["label"] == nil)
    }
  }

  @Test("A command that comes after its fence has closed misses as a whole, and the next pass does it; an equal value from before survives")
  func aLateCommand() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<5).map(asset))
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") {
          try await rig.update(2, ["$set": ["label": "about 2", "extra": .null]])
          try await Task.sleep(for: .milliseconds(rig.timing.window + 100))
        })
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 4)
      #expect(result.outputs["guarded"]?.integerValue ?? 0 >= 5)
      #expect(try await hand.undo().conflicts == 0)
      #expect(try await rig.all()[BSONValue.int32(2).raw]?["label"]?.string == "about 2")
    }
  }

  @Test func whatTheApplicationChangedIsKeptAndListed() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<30).map(asset))
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      try await rig.update(2, ["$set": ["label": "edited"]])
      try await rig.update(3, ["$set": ["name": "other field"]])
      try await rig.update(5, ["$unset": ["extra": 1]])
      try await rig.delete(6)
      try await rig.delete(7)
      try await rig.insert([["_id": 7, "extra": "mine"]])
      try await rig.update(8, ["$set": ["label": .int32(1), "extra": 2]])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 3)
      let listed = undone.details["conflicts"]?.listValue ?? []
      #expect(Set(listed.compactMap { $0["id"]?.integerValue }) == [2, 7, 8])
      #expect(listed.first { $0["id"] == 2 }?["fields"] == ["label"])
      var expected = before
      expected[BSONValue.int32(2).raw] = BSONDocument(asset(2).map { ($0.key, $0.value.decoded) } + [("label", "edited")])
      expected[BSONValue.int32(3).raw] = BSONDocument(asset(3).map { ($0.key, $0.key == "name" ? "other field" : $0.value.decoded) })
      expected[BSONValue.int32(6).raw] = nil
      expected[BSONValue.int32(7).raw] = ["_id": 7, "extra": "mine"]
      expected[BSONValue.int32(8).raw] = BSONDocument(asset(8).map { ($0.key, $0.value.decoded) } + [("label", 1), ("extra", 2)])
      do {
        let after = try await rig.all()
        #expect(after == expected)
      }
      let repeated = try await hand.undo()
      #expect(repeated.conflicts == 3)
      do {
        let problem = try await hand.verify(undone)
        #expect(problem == nil)
      }
    }
  }

  @Test func editsDuringTheUndoAreKept() async throws {
    try await Rig.with(addFields) { given in
      let rig = given.unhurried
      try await rig.insert((0..<10).map(asset))
      let hand = try await rig.takeOver(
        .interleaving("undo.announced") {
          try await rig.update(1, ["$set": ["label": "late edit"]])
          try await rig.delete(2)
        })
      _ = try await hand.perform()
      let undone = try await hand.undo()
      #expect(undone.conflicts == 1)
      let after = try await rig.all()
      #expect(after[BSONValue.int32(1).raw]?["label"]?.string == "late edit")
      #expect(after[BSONValue.int32(1).raw]?["extra"] == nil)
      #expect(after[BSONValue.int32(2).raw] == nil)
      #expect(after[BSONValue.int32(9).raw] == asset(9))
    }
  }

  @Test func documentsThatGoAndComeBetweenCaptureAndWrite() async throws {
    try await Rig.with(addFields) { given in
      let rig = given.unhurried
      try await rig.insert((0..<6).map(asset))
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") {
          try await rig.delete(1)
          try await rig.delete(2)
          try await rig.insert([["_id": 2, "description": "again"], ["_id": 99]])
        })
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 6)
      #expect(result.outputs["inDoubt"] == 0)
      do {
        let documents = try await rig.all()
        #expect(documents[BSONValue.int32(2).raw]?["label"]?.string == "again")
      }
      _ = try await hand.undo()
      let after = try await rig.all()
      #expect(after[BSONValue.int32(2).raw] == ["_id": 2, "description": "again"])
      #expect(after[BSONValue.int32(99).raw] == ["_id": 99])
      #expect(after.count == 6)
    }
  }

  @Test func aStopComesAtABatchBorder() async throws {
    try await Rig.with(addFields) { rig in
      try await rig.insert((0..<50).map(asset))
      let stop = rig.stop
      let hand = try await rig.takeOver(.interleaving("update.recorded") { stop.request() })
      await #expect { try await hand.perform() } throws: { ($0 as? ActionError)?.kind == .stopped }
      do {
        let documents = try await rig.all()
        #expect(documents.values.filter { $0["extra"] != nil }.count == 20)
      }
      await #expect { try await hand.undo() } throws: { ($0 as? ActionError)?.kind == .stopped }
      stop.request(false)
      do {
        let result = try await hand.perform()
        #expect(result.outputs["changed"] == 50)
      }
      _ = try await hand.undo()
      do {
        let documents = try await rig.all()
        #expect(documents.values.allSatisfy { $0["extra"] == nil && $0["label"] == nil })
      }
    }
  }

  static let unfit: [(prepare: [BSONDocument], words: String)] = [
    ([], "there is no collection"),
    ([["create": "other"], ["create": "assets", "viewOn": "other", "pipeline": []]], "is a view"),
    ([["create": "assets", "capped": true, "size": 10000]], "is capped"),
    (
      [
        ["create": "assets", "validator": ["extra": ["$ne": .null]]],
        ["insert": "assets", "documents": [["_id": 1]], "bypassDocumentValidation": true],
      ], "the validator of 'assets' of target 'registry' would refuse changed documents, for example 1"
    ),
  ]

  @Test(arguments: 0..<4) func refusesUnfitCollections(_ number: Int) async throws {
    let (prepare, words) = Self.unfit[number]
    try await Rig.with(addFields) { rig in
      for command in prepare { _ = try await rig.client.writeCommand(command, database: rig.database) }
      let hand = try await rig.takeOver()
      var message = "it ran"
      do { _ = try await hand.perform() } catch { message = (error as? ActionError)?.message ?? "\(error)" }
      #expect(message.contains(words), "\(message)")
      let after = try await rig.all()
      #expect(after.values.allSatisfy { $0 == ["_id": 1] })
    }
  }

  @Test(arguments: ["stop", "rollback"]) func refusedDocumentsFailTheStep(_ policy: String) async throws {
    var arguments: ValueMap = [
      "filter": .object(["key": .object(["$exists": false])]), "pipeline": [.object(["$set": .object(["key": "$name"])])],
    ]
    arguments["onDocumentError"] = .string(policy)
    try await Rig.with(arguments) { rig in
      try await rig.insert([["_id": 1, "name": "a"], ["_id": 2, "name": "b"], ["_id": 3, "name": "a"]])
      let before = try await rig.all()
      // Made too late to be seen before the first write.
      let hand = try await rig.takeOver(
        .interleaving("update.captured") {
          let index: BSONValue = ["key": ["key": 1], "name": "k", "unique": true, "partialFilterExpression": ["key": ["$exists": true]]]
          _ = try await rig.client.writeCommand(["createIndexes": .string(rig.collection), "indexes": [index]], database: rig.database)
        })
      await #expect { try await hand.perform() } throws: { ($0 as? ActionError)?.code == UpdateErrorCode.documentsRefused }
      if policy == "rollback" {
        let after = try await rig.all()
        #expect(after == before)
      }
      _ = try await hand.undo()
      do {
        let after = try await rig.all()
        #expect(after == before)
      }
    }
  }
}
