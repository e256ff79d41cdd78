import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// What a preview says is what the step then does.
@Suite struct PreviewTests {
  /// A change made at random: documents, filter and stages that have to do with each other.
  private struct Case {
    var documents: [BSONDocument]
    var arguments: ValueMap

    init(_ generator: inout SeededChance) {
      documents = (0..<Int64.random(in: 0...14, using: &generator)).map { id in
        BSONDocument { document in
          document.append("_id", id)
          if Bool.random(using: &generator) { document.append("a", Int64.random(in: 0...4, using: &generator)) }
          if Bool.random(using: &generator) { document.append("b", ["x", "y", ""].randomElement(using: &generator) ?? "") }
          if Bool.random(using: &generator) { document.append("c", BSONValue.null) }
        }
      }
      let number = Int64.random(in: 1...4, using: &generator)
      arguments =
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
          ["filter": ["d": ["$exists": false]], "pipeline": [["$set": ["d": ["$ifNull": ["$b", "none"]]]]]]
        case 1:
          ["filter": ["a": ["$lt": .integer(number)]], "pipeline": [["$set": ["a": .integer(number)]]]]
        case 2:
          ["filter": ["c": ["$exists": true]], "pipeline": [["$unset": "c"]]]
        case 3:
          // Some of those that fit have one of the fields already, and keep it.
          [
            "filter": ["$or": [["b": ["$exists": false]], ["d": ["$exists": false]]]],
            "pipeline": [["$set": ["b": ["$ifNull": ["$b", "new"]], "d": ["$ifNull": ["$d", .integer(number)]]]]],
          ]
        default:
          ["filter": ["a": .integer(number)], "update": ["$unset": ["a": ""]]]
        }
    }
  }

  /// The pauses between the batches are part of how long a change takes, and its way back.
  @Test func pausesCount() async throws {
    let throttle: Value = .map(["pauseBetween": .duration(3_000_000)])
    for (documents, duration, apart) in [(45, Int64(3 * 500 + 2 * 3_000), true), (15, 500, false)] {
      try await Rig.with(addFields.merging(["throttle": throttle]) { $1 }) { rig in
        try await rig.insert((0..<documents).map(asset))
        let hand = try await rig.takeOver()
        let preview = try await MongoUpdate().preview(hand.context, extent: PreviewExtent(samples: 0, documents: 1_000))
        #expect(preview.duration == duration * 1_000)
        #expect(preview.facts.contains { $0.hasSuffix("each meant to take 500ms at most, 3s apart") } == apart, "\(preview.facts)")
        await hand.target.close()
      }
    }
  }

  @Test func aHundredChangesDoWhatTheirPreviewsSay() async throws {
    var generator = SeededChance(seed: 7)
    try await Rig.with([:]) { first in
      var rig = first.unhurried
      let target = try await rig.takeOver().target
      for number in 0..<100 {
        let made = Case(&generator)
        rig.step = "s\(number)"
        rig.arguments = made.arguments
        _ = try await rig.client.writeCommand(
          ["delete": .string(rig.collection), "deletes": [["q": [:], "limit": 0]]], database: rig.database)
        if number == 0 { try await rig.create(rig.collection) }
        if !made.documents.isEmpty { try await rig.insert(made.documents) }
        let hand = Hand(rig: rig, target: target, crashPoints: CrashPoints())
        let preview = try await MongoUpdate().preview(hand.context, extent: PreviewExtent(samples: 50, documents: 1_000))
        let before = try await rig.all()
        let done = try await hand.perform()
        let after = try await rig.all()
        let changed = Set(before.keys.filter { before[$0] != after[$0] }.map { MongoValues.value($0.decoded) })
        #expect(preview.coverage == .exact)
        #expect(preview.documents == Int64(changed.count), "case \(number): \(made.arguments)")
        #expect(done.outputs["changed"] == .integer(Int64(changed.count)), "case \(number)")
        #expect(Set(preview.samples.map(\.id)) == changed, "case \(number): \(made.arguments)")
        for sample in preview.samples {
          let key = try #require(after.keys.first { MongoValues.value($0.decoded) == sample.id })
          #expect(sample.after == after[key].map { .map(MongoValues.map($0)) }, "case \(number)")
        }
      }
    }
  }

  /// Of more documents than are looked at, the preview tells that it has looked at some.
  @Test func manyAreEstimated() async throws {
    let arguments: ValueMap = ["filter": ["d": ["$exists": false]], "pipeline": [["$set": ["d": 1]]]]
    try await Rig.with(arguments) { rig in
      try await rig.insert((0..<30).map { ["_id": .integer($0)] })
      let target = try MongoTarget(name: "registry", uri: rig.server.uri, database: rig.database)
      let hand = Hand(rig: rig, target: target, crashPoints: CrashPoints())
      let preview = try await MongoUpdate().preview(hand.context, extent: PreviewExtent(samples: 0, documents: 10))
      #expect(preview.coverage == .estimated)
      #expect(preview.documents == 30)
      #expect(preview.samples.isEmpty)
      await target.close()
    }
  }

  @Test func refusalsAreSeenBefore() async throws {
    let arguments: ValueMap = ["filter": ["d": ["$exists": false]], "pipeline": [["$set": ["d": ["$ifNull": ["$b", 1]]]]]]
    try await Rig.with(arguments) { rig in
      try await rig.create(rig.collection, ["validator": ["$or": [["d": ["$exists": false]], ["d": ["$type": "string"]]]]])
      try await rig.insert([["_id": 1, "b": "x"], ["_id": 2], ["_id": 3]])
      let target = try MongoTarget(name: "registry", uri: rig.server.uri, database: rig.database)
      let hand = Hand(rig: rig, target: target, crashPoints: CrashPoints())
      let preview = try await MongoUpdate().preview(hand.context, extent: PreviewExtent())
      #expect(preview.problems == ["the validator would refuse 2 documents as they would be"])
      await target.close()
    }
  }

  @Test func conflictsOfAUniqueIndexAreSeenBefore() async throws {
    let arguments: ValueMap = ["filter": ["d": ["$exists": false]], "pipeline": [["$set": ["d": "$b"]]]]
    try await Rig.with(arguments) { rig in
      try await rig.insert([["_id": 1, "b": "x"], ["_id": 2, "b": "y"], ["_id": 3, "b": "x"]])
      let index: BSONDocument = ["key": ["d": 1], "name": "d_1", "unique": true, "partialFilterExpression": ["d": ["$exists": true]]]
      _ = try await rig.client.writeCommand(
        ["createIndexes": .string(rig.collection), "indexes": [.document(index)]], database: rig.database)
      let target = try MongoTarget(name: "registry", uri: rig.server.uri, database: rig.database)
      let hand = Hand(rig: rig, target: target, crashPoints: CrashPoints())
      let preview = try await MongoUpdate().preview(hand.context, extent: PreviewExtent())
      #expect(preview.problems.count == 1, "\(preview.problems)")
      #expect(preview.problems.first?.contains("of the unique index 'd_1'") == true, "\(preview.problems)")
      await target.close()
    }
  }

  /// The other actions on one collection, each beside what it then does.
  @Test func otherActions() async throws {
    try await Rig.with([:]) { first in
      var rig = first
      try await rig.insert((0..<8).map { ["_id": .integer($0), "k": .integer($0 % 3)] })
      let target = try await rig.takeOver().target
      func context(_ arguments: ValueMap) -> ActionContext {
        rig.arguments = arguments
        return Hand(rig: rig, target: target, crashPoints: CrashPoints()).context
      }
      let extent = PreviewExtent()
      let delete = context(["filter": ["k": 1]])
      let deletion = try await MongoDelete().preview(delete, extent: extent)
      #expect(deletion.documents == 3)
      #expect(deletion.samples.allSatisfy { $0.after == nil })
      #expect(try await MongoDelete().perform(delete, captured: .null).outputs["deleted"] == 3)

      let unique = try await MongoCreateIndex().preview(context(["keys": ["k": 1], "unique": true]), extent: extent)
      #expect(unique.problems.count == 1, "\(unique)")
      let index = try await MongoCreateIndex().preview(context(["keys": ["k": 1]]), extent: extent)
      #expect(index.problems.isEmpty)
      #expect(index.summary == "builds the index 'k_1' over about 5 documents")

      let validator = try await MongoSetValidator().preview(context(["validator": ["k": ["$gte": 1]]]), extent: extent)
      #expect(validator.problems == ["3 documents do not fit it"], "\(validator)")

      let backup = try await MongoBackup().preview(context(["to": "copy"]), extent: extent)
      #expect(backup.documents == 5)
      try await rig.create("copy")
      await #expect(throws: ActionError.self) { try await MongoBackup().preview(context(["to": "copy"]), extent: extent) }

      let insert = context(["documents": [["_id": 0], ["_id": 100]], "ifExists": "skip"])
      #expect(try await MongoInsert().preview(insert, extent: extent).documents == 1)
      rig.step = "inserting"
      #expect(try await MongoInsert().preview(context(["documents": [["_id": 0]]]), extent: extent).problems.count == 1)

      let drop = try await MongoDropIndex().preview(context(["name": "none"]), extent: extent)
      #expect(drop.summary == "finds no index 'none', and drops nothing")
    }
  }
}
