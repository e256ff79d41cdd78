import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// Fields inside documents, and fields whose names no path can say, on a real server.
@Suite(.serialized) struct NestedFieldTests {
  private static let unlabelled: Value = .object(["art.label": .object(["$exists": false])])
  /// Two fields under one parent, one of them two documents deep.
  private static let nested: ValueMap = [
    "filter": unlabelled,
    "pipeline": [.object(["$set": .object(["art.label": "$name", "art.size.width": 10])])],
  ]

  private static let before: [BSONDocument] = [
    ["_id": 1, "name": "a", "z": 1],
    ["_id": 2, "name": "b", "art": [:], "z": 1],
    ["_id": 3, "name": "c", "art": ["kept": "x", "size": ["height": 5]], "z": 1],
    ["_id": 4, "name": "d", "art": ["size": ["width": 99, "height": 5]], "z": 1],
  ]

  private static func stored(_ documents: [RawBSONValue: BSONDocument], _ id: Int32) -> BSONDocument {
    documents[BSONValue.int32(id).raw] ?? [:]
  }

  @Test("Missing documents on the way are made, and go again; what was there stays to the byte")
  func makesAndRemovesParents() async throws {
    try await Rig.with(Self.nested) { rig in
      try await rig.insert(Self.before)
      let hand = try await rig.takeOver()
      #expect(try await hand.perform().outputs["changed"] == 4)
      let changed = try await rig.all()
      #expect(Self.stored(changed, 1)["art"]?.document == ["label": "a", "size": ["width": 10]])
      #expect(Self.stored(changed, 3)["art"]?.document == ["kept": "x", "size": ["height": 5, "width": 10], "label": "c"])
      #expect(Self.stored(changed, 4)["art"]?.document == ["size": ["width": 10, "height": 5], "label": "d"])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      let after = try await rig.all()
      #expect(Self.before.allSatisfy { after[$0["_id"]!] == $0 })
      #expect(try await hand.verify(undone) == nil)
    }
  }

  @Test("A document that cannot be changed, and so fits for ever, does not make a change one that is made once")
  func unfitDocumentsDoNotDecide() async throws {
    var collecting = Self.nested
    collecting["onDocumentError"] = "collect"
    try await Rig.with(collecting) { rig in
      func checked() async throws -> (definition: ChangeDefinition, matching: Int64, before: OnlineChangeTotals) {
        let work = try UpdateWork(try await rig.takeOver().context, rig.timing, CrashPoints())
        return try await UpdateChecks(change: work.change, definition: work.definition, allowsCollation: true)
          .run(work.arguments.onDocumentError)
      }
      try await rig.insert([["_id": 5, "name": "e", "art": 7], ["_id": 6, "name": "f", "art": []]])
      let unknown = try await checked()
      #expect(unknown.matching == 2 && unknown.definition.isOnce, "nothing is known of those that can be changed")
      try await rig.insert(Self.before)
      let known = try await checked()
      #expect(known.matching == 6 && !known.definition.isOnce)
      let result = try await rig.takeOver().perform()
      #expect(result.outputs["changed"] == 4 && result.outputs["failed"] == 2, "\(result.outputs)")
    }
  }

  @Test("What the application puts beside our fields stays, with the documents that it needs")
  func keepsWhatStandsBeside() async throws {
    try await Rig.with(Self.nested) { rig in
      try await rig.insert(Self.before)
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      try await rig.update(1, ["$set": ["art.mine": true]])
      try await rig.update(2, ["$set": ["art.size.depth": 3], "$unset": ["art.label": 1]])
      try await rig.update(3, ["$set": ["art.label": "edited"]])
      try await rig.update(4, ["$set": ["art": "flat"]])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 2)
      let listed = undone.details["conflicts"]?.listValue ?? []
      #expect(listed.first { $0["id"] == 3 }?["fields"] == ["art.label"])
      // What was there before ours is gone by the application's hand.
      #expect(listed.first { $0["id"] == 4 }?["fields"] == ["art.size.width"])
      let after = try await rig.all()
      #expect(Self.stored(after, 1) == ["_id": 1, "name": "a", "z": 1, "art": ["mine": true]])
      #expect(Self.stored(after, 2) == ["_id": 2, "name": "b", "art": ["size": ["depth": 3]], "z": 1])
      #expect(Self.stored(after, 3) == ["_id": 3, "name": "c", "art": ["kept": "x", "size": ["height": 5], "label": "edited"], "z": 1])
      #expect(Self.stored(after, 4) == ["_id": 4, "name": "d", "art": "flat", "z": 1])
    }
  }

  @Test("A document whose nested field came, went, or got another parent between reading and writing misses and is read anew")
  func missesWhereParentsChange() async throws {
    try await Rig.with(Self.nested) { given in
      let rig = given.unhurried
      try await rig.insert(Self.before)
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") {
          try await rig.update(1, ["$set": ["art": ["own": 1]]])
          try await rig.update(2, ["$unset": ["art": 1]])
          // Nothing that is changed or looked at: no miss.
          try await rig.update(3, ["$set": ["art.kept": "y"]])
        })
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 4)
      #expect(result.outputs["guarded"] == 2)
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      #expect(Self.stored(after, 1) == ["_id": 1, "name": "a", "z": 1, "art": ["own": 1]])
      #expect(Self.stored(after, 2) == ["_id": 2, "name": "b", "z": 1])
      #expect(Self.stored(after, 3) == ["_id": 3, "name": "c", "art": ["kept": "y", "size": ["height": 5]], "z": 1])
    }
  }

  @Test("Captured twice, since the application took the whole away in between: each is undone along its chain")
  func goesBackAlongTheChain() async throws {
    try await Rig.with(Self.nested) { given in
      let rig = given.unhurried
      try await rig.insert(Self.before)
      let hand = try await rig.takeOver(
        .interleaving("update.recorded") {
          try await rig.update(1, ["$unset": ["art": 1]])
          try await rig.update(2, ["$unset": ["art.label": 1]])
        })
      _ = try await hand.perform()
      let written = try await rig.all()
      #expect(Self.stored(written, 2)["art"]?.document?["label"]?.string == "b")
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      #expect(Self.before.allSatisfy { after[$0["_id"]!] == $0 })
    }
  }

  @Test("Nested fields are taken away and come back, and a document in a $set is the paths in it")
  func unsetsAndSetsNestedDocuments() async throws {
    let arguments: ValueMap = [
      "filter": .object(["done": .object(["$exists": false])]),
      "pipeline": [
        .object(["$unset": ["art.size.height", "gone"]]),
        .object(["$set": .object(["art": .object(["size": .object(["unit": "cm"])]), "done": true])]),
      ],
    ]
    try await Rig.with(arguments) { rig in
      let documents: [BSONDocument] = [
        ["_id": 1, "art": ["size": ["height": 5, "depth": 2], "last": 1], "gone": 1.5], ["_id": 2], ["_id": 3, "art": ["size": [:]]],
      ]
      try await rig.insert(documents)
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      let changed = try await rig.all()
      #expect(Self.stored(changed, 1) == ["_id": 1, "art": ["size": ["depth": 2, "unit": "cm"], "last": 1], "done": true])
      #expect(Self.stored(changed, 2)["art"]?.document == ["size": ["unit": "cm"]])
      try await rig.update(3, ["$unset": ["art": 1]])
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      // What was taken away and set again stands at the end of its document.
      #expect(Self.stored(after, 1) == ["_id": 1, "art": ["size": ["depth": 2, "height": 5], "last": 1], "gone": 1.5])
      #expect(Self.stored(after, 2) == ["_id": 2])
      #expect(Self.stored(after, 3) == ["_id": 3])
    }
  }

  @Test("The application takes the document away from which we took a field: the field does not come back, and is listed")
  func doesNotMakeParentsOnTheWayBack() async throws {
    let arguments: ValueMap = ["filter": .object(["a.b": 1]), "update": .object(["$unset": .object(["a.b": ""])])]
    try await Rig.with(arguments) { rig in
      try await rig.insert([["_id": 1, "a": ["b": 1, "c": 2]], ["_id": 2, "a": ["b": 1]]])
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      try await rig.update(1, ["$unset": ["a": 1]])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 1)
      let after = try await rig.all()
      #expect(Self.stored(after, 1) == ["_id": 1])
      #expect(Self.stored(after, 2) == ["_id": 2, "a": ["b": 1]])
    }
  }

  @Test(
    "Something on the way that is no document fails the step before its first write, and the document alone where it comes later",
    arguments: [
      ["art": "flat"], ["art": .null], ["art": [["other": 1]]], ["art": ["size": 5]], ["art": ["size": [["width": 1]]]],
    ] as [BSONDocument]) func refusesOtherParents(_ unfit: BSONDocument) async throws
  {
    try await Rig.with(Self.nested) { given in
      let rig = given.unhurried
      try await rig.insert(Self.before)
      try await rig.update(2, ["$set": .document(unfit)])
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      await #expect { try await hand.perform() } throws: { error in
        let error = error as? ActionError
        return error?.code == UpdateErrorCode.unfitParent && error?.message.contains("for example 2") == true
      }
      let after = try await rig.all()
      #expect(after == before)
      try await rig.update(2, ["$set": ["art": [:]]])
      let late = try await rig.takeOver(.interleaving("update.block-written") { try await rig.update(2, ["$set": .document(unfit)]) })
      await #expect { try await late.perform() } throws: { ($0 as? ActionError)?.code == UpdateErrorCode.unfitParent }
      let stands = try await rig.all()
      #expect(Self.stored(stands, 2) == Self.stored(before, 2))
      #expect(Self.stored(stands, 1)["art"] != nil)
      #expect(try await late.undo().conflicts == 0)
      let back = try await rig.all()
      #expect(back == before)
    }
  }

  @Test("Names with dots and dollars are set, taken away and put back by name")
  func literalNames() async throws {
    func set(_ name: String, _ value: Value, on input: Value) -> Value {
      .object(["$setField": .object(["field": .object(["$literal": .string(name)]), "input": input, "value": value])])
    }
    let arguments: ValueMap = [
      "filter": .object(["done": .object(["$exists": false])]),
      "pipeline": [
        .object([
          "$replaceWith": set(
            "a.b", "$name",
            on: set(
              "$price", .object(["$add": [.object(["$getField": .object(["$literal": "$cost"])]), 1]]), on: set("plain", 1, on: "$$ROOT")))
        ]),
        .object(["$replaceWith": set("$gone", "$$REMOVE", on: "$$ROOT")]), .object(["$set": .object(["done": true])]),
      ],
    ]
    try await Rig.with(arguments) { given in
      let rig = given.unhurried
      let documents: [BSONDocument] = [
        ["_id": 1, "name": "x", "$cost": 4, "z": 1],
        ["_id": 2, "name": "y", "$cost": 5, "a.b": "old", "$price": 1.5, "plain": .null, "z": 1],
        ["_id": 3, "name": "v", "$cost": 6, "a": ["b": "other"], "$gone": ["k": [1, 2.5]]], ["_id": 4, "name": "w", "$cost": 7],
      ]
      try await rig.insert(documents)
      let change: BSONDocument = [
        "update": .string(rig.collection),
        "updates": [
          [
            "q": ["_id": 4],
            "u": [["$replaceWith": ["$setField": ["field": ["$literal": "$cost"], "input": "$$ROOT", "value": 8]]]],
          ]
        ],
      ]
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") { _ = try await rig.client.writeCommand(change, database: rig.database) })
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 4)
      #expect(result.outputs["guarded"] == 1)
      let changed = try await rig.all()
      #expect(Self.stored(changed, 1) == ["_id": 1, "name": "x", "$cost": 4, "z": 1, "plain": 1, "done": true, "a.b": "x", "$price": 5])
      #expect(Self.stored(changed, 3)["a"]?.document == ["b": "other"])
      #expect(Self.stored(changed, 3)["a.b"]?.string == "v" && Self.stored(changed, 3)["$gone"] == nil)
      #expect(Self.stored(changed, 4)["$price"]?.integer == 9)
      let blocks = try await hand.blocks()
      #expect(
        blocks.allSatisfy { $0.encoded()["v"]?.integer == 3 && $0.inputs == [ChangedPath(name: "name"), ChangedPath(name: "$cost")] })
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      #expect(documents[0...2].allSatisfy { after[$0["_id"]!] == $0 })
      #expect(Self.stored(after, 4) == ["_id": 4, "name": "w", "$cost": 8])
    }
  }

  @Test(
    "Killed at every point, taken over, rolled back: nested fields as any other",
    arguments: [
      "update.block-written", "update.sent", "undo.announced", "undo.sent",
    ]) func survivesCrashes(_ point: String) async throws
  {
    try await Rig.with(Self.nested) { given in
      let rig = given.hurried
      try await rig.insert(Self.before)
      let first = try await rig.takeOver(.abandoning(point))
      do {
        _ = try await first.perform()
        _ = try await first.undo()
      } catch let error as ActionError {
        #expect(error.message == point)
      }
      let second = try await rig.takeOver()
      try await second.resolve()
      if point.hasPrefix("update") { #expect(try await second.perform().outputs["changed"] == 4) }
      let undone = try await second.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      let after = try await rig.all()
      #expect(Self.before.allSatisfy { after[$0["_id"]!] == $0 })
    }
  }
}

/// The same, before anything runs.
@Suite struct NestedFieldReviewTests {
  @Test func targetsAreOutermostPaths() throws {
    func targets(_ stages: [BSONDocument]) -> [String]? { UpdatePipeline.analysed(stages).pipeline?.targets.map(\.text) }
    #expect(targets([["$set": ["a.b": 1, "a.c": 2]], ["$unset": "a.b.d"]]) == ["a.b", "a.c"])
    #expect(targets([["$set": ["a.b": 1]], ["$set": ["a": ["$mergeObjects": ["$a", ["c": 1]]]]]]) == ["a"])
    #expect(targets([["$set": ["a": ["b": ["c": 1, "d": ["$add": [1, 1]]]], "e": 1]]]) == ["a.b.c", "a.b.d", "e"])
    #expect(targets([["$replaceRoot": ["newRoot": ["$unsetField": ["field": "x.y", "input": "$$ROOT"]]]]]) == ["x.y"])
  }

  @Test func aDocumentInASetIsWrittenAsPaths() throws {
    let pipeline = try #require(UpdatePipeline.analysed([["$set": ["a": ["b": 1, "c": "$d"]]]]).pipeline)
    #expect(pipeline.stages == [["$set": ["a.b": 1, "a.c": "$d"]]])
    #expect(pipeline.reads.fields == ["d"])
  }

  @Test func whatLiesInATouchedFieldIsGuardedWithIt() throws {
    let pipeline = try #require(UpdatePipeline.analysed([["$set": ["a.b": "$a.b.x", "c": "$a.d"]]]).pipeline)
    let touching = ChangeDefinition(collection: "x", filter: ["a.b.y": 1], pipeline: pipeline, isAlone: false)
    #expect(touching.inputs == ["a"])
    let apart = try #require(UpdatePipeline.analysed([["$set": ["a.b": "$a.b.x"]]]).pipeline)
    #expect(ChangeDefinition(collection: "x", filter: ["a.b.y": 1, "a.b": 2], pipeline: apart, isAlone: false).inputs == [])
  }

  @Test(arguments: [
    ("$replaceWith", "$literal", "undone field by field"), ("$replaceWith", "$mergeObjects", "undone field by field"),
  ]) func refusesOtherReplacements(_ stage: String, _ call: String, _ words: String) {
    let problems = UpdatePipeline.analysed([BSONDocument([(stage, .document(BSONDocument([(call, .string("$$ROOT"))])))])]).problems
    #expect(problems.first?.message.contains(words) == true)
  }

  @Test func namesHaveToBeConstant() {
    let problems = UpdatePipeline.analysed([["$replaceWith": ["$setField": ["field": "$name", "input": "$$ROOT", "value": 1]]]]).problems
    #expect(problems.map { $0.path.joined(separator: ".") } == ["pipeline.0.$replaceWith.$setField.field"])
    #expect(UpdatePipeline.analysed([["$replaceWith": "$$ROOT"]]).problems.count == 1)
  }

  @Test("The block says in a new version what the statement has to be, and is the same when it is read again")
  func blocksOfNestedFields() throws {
    let stages: [BSONDocument] = [
      ["$set": ["a.b": 1, "p": 2]], ["$replaceWith": ["$setField": ["field": "x.y", "input": "$$ROOT", "value": 3]]],
    ]
    let pipeline = try #require(UpdatePipeline.analysed(stages).pipeline)
    var builder = BlockBuilder(
      ChangeDefinition(collection: "c", filter: [:], pipeline: pipeline, isAlone: false), size: 10)
    let rows: [BSONDocument] = [
      ["_id": 1, "p": ["p": 1], "q": ["_runbook0": 1, "p": 2, "_runbook2": 3], "d": [1]],
      ["_id": 2, "p": ["_runbook0": 0, "p": 2], "q": ["_runbook0": 1, "p": 2], "d": [0]],
      ["_id": 3, "p": [:], "q": [:], "d": [-1]],
    ]
    for row in rows {
      let isRow = builder.add(row)
      #expect(isRow)
    }
    #expect(builder.unfit.map(\.key.int32) == [3] && builder.unfit.map(\.field) == ["a.b"])
    let block = builder.take(id: 1, step: "s", database: "d", delivery: .init(session: Array(1...16), number: 5, until: 1000, limit: 500))
    #expect(block.count == 2 && block.encoded()["v"]?.integer == 3)
    let again = try UndoBlock(block.encoded())
    #expect(again.fields == ["a.b", "p", ChangedPath(name: "x.y")])
    let entries = try again.readEntries()
    let delivery = UndoBlock.Delivery(session: Array(1...16), number: 9, until: 2000, limit: 500)
    let undo = UndoAnnouncement(delivery: delivery, entries: [0, 1], fields: nil, restoresDoubt: false)
    let forward = try again.forwardCommand()
    let back = again.undoCommand(undo, entries: entries)
    #expect(try block.forwardCommand() == forward)
    func typed(_ place: BSONValue, _ type: String) -> BSONValue { ["$eq": [["$type": place], .string(type)]] }
    let conditions = forward.value(at: ["updates", "0", "u", "0", "$set", "_id", "$cond", "0", "$and"])?.array?.map(\.decoded) ?? []
    #expect(conditions[1] == typed("$a", "missing"))
    #expect(
      conditions.last == ["$not": [["$in": [["$literal": "x.y"], ["$map": ["input": ["$objectToArray": "$$ROOT"], "in": "$$this.k"]]]]]])
    #expect(forward.value(at: ["updates", "1", "u", "0", "$set", "_id", "$cond", "0", "$and", "1"])?.decoded == typed("$a", "object"))
    let set: BSONDocument = ["$setField": ["field": ["$literal": "x.y"], "input": "$$ROOT", "value": ["$literal": 3]]]
    #expect(forward.value(at: ["updates", "0", "u", "1", "$replaceWith"])?.document == set)
    let stagesBack = back.value(at: ["updates", "0", "u"])?.array?.compactMap(\.document) ?? []
    #expect(stagesBack.count == 4)
    #expect(stagesBack[1] == ["$unset": ["a.b"]])
    #expect(stagesBack[2].value(at: ["$replaceWith", "$setField", "value"])?.string == "$$REMOVE")
    let isEmpty: BSONValue = ["$eq": ["$a", ["$literal": [:] as BSONValue]]]
    #expect(stagesBack[3] == ["$set": ["a": ["$cond": [isEmpty, "$$REMOVE", "$a"]]]])
  }
}
