import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// `guard`, `select`, `let` and `collation` of an update.
@Suite(.serialized) struct UpdateFindingTests {
  private static let label: Value = [.object(["$set": .object(["label": .object(["$concat": ["x ", "$name"]])])])]
  private static let unlabelled: Value = .object(["label": .object(["$exists": false])])

  private static func stored(_ documents: [RawBSONValue: BSONDocument], _ id: Int32) -> BSONDocument {
    documents[BSONValue.int32(id).raw] ?? [:]
  }

  @Test("A document that the guard keeps is left alone, also where it stops holding between reading and writing")
  func guardHolds() async throws {
    let arguments: ValueMap = [
      "filter": Self.unlabelled, "pipeline": Self.label, "guard": .object(["state.open": true, "n": .object(["$gte": 1])]),
    ]
    try await Rig.with(arguments) { given in
      let rig = given.unhurried
      try await rig.insert(
        (0..<8).map { n in ["_id": .int32(n), "name": .string("n\(n)"), "state": ["open": .bool(n % 4 != 3)], "n": .int32(n)] })
      let before = try await rig.all()
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") {
          try await rig.update(1, ["$set": ["state.open": false]])
          // It still holds, of another value: the document is read anew, and changed.
          try await rig.update(2, ["$inc": ["n": 5]])
        })
      let result = try await hand.perform()
      // Not 0 (n), 3 and 7 (closed), nor 1.
      #expect(result.outputs["changed"] == 4)
      #expect(result.outputs["withheld"] == 4)
      #expect(result.outputs["guarded"] == 2)
      let changed = try await rig.all()
      #expect(changed.values.filter { $0["label"] != nil }.compactMap { $0["_id"]?.int32 }.sorted() == [2, 4, 5, 6])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0)
      let after = try await rig.all()
      var expected = before
      expected[BSONValue.int32(1).raw] = ["_id": 1, "name": "n1", "state": ["open": false], "n": 1]
      expected[BSONValue.int32(2).raw] = ["_id": 2, "name": "n2", "state": ["open": true], "n": 7]
      #expect(after == expected)
    }
  }

  @Test("What a selection over another collection finds is changed until nothing more would change, the filter and the guard besides")
  func selects() async throws {
    let selection: Value = .object([
      "pipeline": [
        .object(["$lookup": .object(["from": "owners", "localField": "owner", "foreignField": "_id", "as": "o"])]),
        .object(["$match": .object(["o.important": true])]), .object(["$project": .object(["_id": 1])]),
      ]
    ])
    let arguments: ValueMap = [
      "select": selection, "filter": .object(["hidden": .object(["$ne": true])]), "guard": .object(["owner": .object(["$ne": "c"])]),
      "pipeline": [.object(["$set": .object(["important": true])])], "batch": .object(["size": 3]),
    ]
    try await Rig.with(arguments) { given in
      let rig = given.unhurried
      try await rig.insert([["_id": "a", "important": true], ["_id": "b"], ["_id": "c", "important": true]], into: "owners")
      try await rig.insert(
        (0..<12).map { n in
          ["_id": .int32(n), "owner": .string(["a", "b", "c"][Int(n) % 3]), "hidden": .bool(n == 3), "kept": .int32(n)]
        })
      let before = try await rig.all()
      let hand = try await rig.takeOver(
        .interleaving("update.recorded") { try await rig.insert([["_id": 99, "owner": "a"]]) })
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 4)
      #expect(result.outputs["alreadyDone"] == 4)
      #expect(result.outputs["withheld"] == 4)
      #expect(result.warnings.isEmpty)
      let changed = try await rig.all()
      #expect(changed.values.filter { $0["important"] != nil }.compactMap { $0["_id"]?.int32 }.sorted() == [0, 6, 9, 99])
      #expect(try await hand.undo().conflicts == 0)
      var expected = before
      expected[BSONValue.int32(99).raw] = ["_id": 99, "owner": "a"]
      let after = try await rig.all()
      #expect(after == expected)
    }
  }

  @Test("A selection whose change would go on for ever is found out before the first write; one that would not, is not")
  func findsOutWhatWouldGoOn() async throws {
    func finds(_ stages: [BSONDocument], in rig: Rig) async throws -> Bool {
      let pipeline = try #require(UpdatePipeline.analysed(stages).pipeline)
      let change = ChangeDefinition(
        collection: rig.collection, filter: [:], pipeline: pipeline, isAlone: false, selection: [["$match": ["n": ["$gt": 0]]]])
      let command: BSONDocument = [
        "aggregate": .string(rig.collection), "pipeline": .array(BSONArray(change.secondKindProbe.map(BSONValue.document))),
      ]
      return try await !rig.client.documents(command, database: rig.database).isEmpty
    }
    try await Rig.with(addFields) { rig in
      try await rig.insert([["_id": 1, "n": 1], ["_id": 2, "n": 0]])
      #expect(try await finds([["$set": ["n": ["$add": ["$n", 1]]]]], in: rig))
      #expect(try await finds([["$set": ["at": "$$NOW"]]], in: rig))
      #expect(try await finds([["$set": ["chance": ["$rand": [:]]]]], in: rig))
      #expect(try await !finds([["$set": ["half": ["$divide": ["$n", 2]]]]], in: rig))
      #expect(try await !finds([["$set": ["m": ["$ifNull": ["$m", "$n"]]]], ["$unset": "gone"]], in: rig))
    }
  }

  @Test func variablesAreConstantsOfTheExpressions() async throws {
    let arguments: ValueMap = [
      "filter": Self.unlabelled, "let": .object(["prefix": "p/", "one": .object(["$add": [0, 1]])]),
      "pipeline": [.object(["$set": .object(["label": .object(["$concat": ["$$prefix", "$name"]]), "one": "$$one"])])],
    ]
    try await Rig.with(arguments) { rig in
      try await rig.insert([["_id": 1, "name": "a"]])
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      let changed = try await rig.all()
      #expect(Self.stored(changed, 1) == ["_id": 1, "name": "a", "label": "p/a", "one": 1])
      _ = try await hand.undo()
      let after = try await rig.all()
      #expect(Self.stored(after, 1) == ["_id": 1, "name": "a"])
    }
  }

  @Test("The operators do what they do in a server, and are taken back") func operators() async throws {
    let arguments: ValueMap = [
      "filter": .object(["at": .object(["$exists": false])]),
      "update": .object([
        "$rename": .object(["old": "new.name"]), "$min": .object(["low": 5]), "$max": .object(["high": 5]),
        "$currentDate": .object(["at": true]),
      ]),
    ]
    try await Rig.with(arguments) { rig in
      let documents: [BSONDocument] = [
        ["_id": 1, "old": ["x": 1], "low": 7, "high": 7], ["_id": 2, "new": ["name": "kept"], "low": 3, "high": 3], ["_id": 3],
        ["_id": 4, "old": .null, "new": ["name": 1, "other": 2], "low": "text", "high": .null],
      ]
      try await rig.insert(documents)
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      let changed = try await rig.all()
      func stored(_ id: Int32) -> [String: BSONValue] {
        Dictionary(
          uniqueKeysWithValues: Self.stored(changed, id).filter { $0.key != "_id" && $0.key != "at" }.map { ($0.key, $0.value.decoded) })
      }
      #expect(stored(1) == ["new": ["name": ["x": 1]], "low": 5, "high": 7])
      #expect(stored(2) == ["new": ["name": "kept"], "low": 3, "high": 5])
      #expect(stored(3) == ["low": 5, "high": 5])
      #expect(stored(4) == ["new": ["name": .null, "other": 2], "low": 5, "high": 5])
      #expect(changed.values.allSatisfy { $0["at"]?.datetime != nil })
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      for document in documents {
        let found = try #require(after[document["_id"]!])
        #expect(Set(found.keys) == Set(document.keys))
        for name in document.keys { #expect(found[name] == document[name]) }
      }
    }
  }

  @Test("Texts are found as the collation compares them, and guarded as bytes")
  func findsByACollation() async throws {
    let arguments: ValueMap = [
      "filter": .object(["code": "a", "done": .object(["$exists": false])]), "collation": .object(["locale": "en", "strength": 1]),
      "pipeline": [.object(["$set": .object(["done": true])])],
    ]
    try await Rig.with(arguments) { given in
      let rig = given.unhurried
      try await rig.insert([["_id": 1, "code": "a"], ["_id": 2, "code": "A"], ["_id": 3, "code": "b"], ["_id": 4, "code": "A"]])
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") { try await rig.update(4, ["$set": ["code": "c"]]) })
      #expect(try await hand.perform().outputs["changed"] == 2)
      let changed = try await rig.all()
      #expect(changed.values.filter { $0["done"] != nil }.compactMap { $0["_id"]?.int32 }.sorted() == [1, 2])
    }
  }

  static let collated: BSONDocument = ["collation": ["locale": "en", "strength": 1]]

  @Test("In a collection with a collation of its own a text of other letters is another text, wherever it stands")
  func aCollatedCollection() async throws {
    let arguments: ValueMap = [
      "filter": .object(["done": .object(["$exists": false])]),
      "pipeline": [.object(["$set": .object(["copy": "$value", "changed": "new", "done": true])])],
    ]
    try await Rig.with(arguments) { given in
      let rig = given.unhurried
      try await rig.create(rig.collection, Self.collated)
      let values: [BSONValue] =
        UpdateServerTests.allTypes + ["", "ünï ẞ", ["a": "x", "b.c": ["$d": "y", "e": [1, "z", ["f": "ß"]]]], ["a", ["b"], ["c": "d"]]]
      try await rig.insert(
        values.enumerated().map { n, value in
          ["_id": n % 2 == 0 ? .string("k\(n)") : ["k": .string("v"), "n": .int32(Int32(n))], "value": value, "changed": value]
        })
      let before = try await rig.all()
      let target = BSONValue.string("k\(values.count - 2)")
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") {
          try await rig.update(target, ["$set": ["value.a": "X"]])
          // Where a text was read there is none any more: it misses, and nothing is raised.
          try await rig.update("k22", ["$set": ["value": 1]])
          try await rig.update("k0", ["$set": ["changed": ["a": "text"]]])
        })
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == .integer(Int64(values.count)))
      #expect(result.outputs["guarded"] == 3)
      let blocks = try await hand.blocks()
      #expect(!blocks.isEmpty && blocks.allSatisfy { $0.comparesBytes && $0.encoded()["v"]?.integer == 3 })
      try await rig.update("k2", ["$set": ["changed": "NEW"]])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 1)
      let after = try await rig.all()
      for (key, document) in before {
        let id = key.string
        if id == "k2" {
          #expect(after[key]?["changed"]?.string == "NEW")
        } else if id != "k0", id != "k22", key != target.raw {
          #expect(after[key] == document)
        }
      }
      #expect(after[BSONValue.string("k22").raw]?["value"]?.integer == 1)
      #expect(after[BSONValue.string("k0").raw]?["changed"]?.document == ["a": "text"])
      #expect(after[target.raw]?.value(at: ["value", "a"])?.string == "X")
    }
  }

  @Test func deletesInACollatedCollection() async throws {
    let arguments: ValueMap = ["filter": .object(["old": true])]
    try await Rig.with(arguments, make: { MongoDelete(timing: $0, crashPoints: $1) }) { rig in
      try await rig.create(rig.collection, Self.collated)
      try await rig.insert([["_id": "a", "old": true, "in": ["x": ["y", "z"]]], ["_id": "b", "old": false], ["_id": "c", "old": true]])
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      #expect(try await hand.perform().outputs["deleted"] == 2)
      #expect(try await rig.all().count == 1)
      #expect(try await hand.undo().conflicts == 0)
      let after = try await rig.all()
      #expect(after == before)
    }
  }
}

/// The same, before anything runs.
@Suite struct UpdateFindingReviewTests {
  @Test func everyMistakeHasItsPlace() {
    let read = UpdateArguments.read([
      "pipeline": [.object(["$set": .object(["a": "$$Two"])])],
      "let": .object(["Two": 2, "name": "$name", "whole": "$$ROOT", "ok_1": "$$NOW"]),
      "guard": .object([
        "$and": [.object(["$where": "1"])], "place": .object(["$near": [1, 2]]), "fine": .object(["$gt": 1]),
      ]),
      "select": .object(["pipeline": [.object(["$out": "x"])]]), "collation": .object(["strength": "2", "Locale": "en"]),
    ])
    #expect(read.arguments == nil)
    #expect(
      read.problems.map { $0.path.joined(separator: ".") } == [
        "guard.$and.0.$where", "guard.place.$near", "select.pipeline.0.$out", "collation", "collation.strength", "collation.Locale",
        "let.Two", "let.name", "let.whole",
      ])
  }

  @Test func everyFieldThatIsNamedIsAnInput() throws {
    let pipeline = try #require(UpdatePipeline.analysed([["$set": ["a": "$b"]]]).pipeline)
    let change = ChangeDefinition(
      collection: "x", filter: ["c": 1], pipeline: pipeline, isAlone: false, condition: ["d.e": 1, "$expr": ["$lt": ["$f", "$a"]]])
    #expect(change.inputs == ["b", "c", "d", "f"])
  }

  @Test func whatOnlyAnIndexAnswersIsNotReadByTheNaturalOrder() throws {
    let pipeline = try #require(UpdatePipeline.analysed([["$set": ["a": 1]]]).pipeline)
    func allows(_ filter: BSONDocument, _ selection: [BSONDocument]? = nil) -> Bool {
      ChangeDefinition(collection: "x", filter: filter, pipeline: pipeline, isAlone: false, selection: selection).allowsNaturalOrder
    }
    #expect(allows([:]) && allows(["a": 1]) && allows(["$text": ["$search": "x"]], [["$match": ["a": 1]]]))
    #expect(!allows(["$text": ["$search": "x"]]) && !allows(["$and": [["a": 1], ["$text": ["$search": "x"]]]]))
    #expect(!allows([:], [["$geoNear": ["near": [1, 2]]]]) && !allows([:], [["$match": ["$text": ["$search": "x"]]]]))
  }

  @Test func aVariableIsSaidInEachReading() {
    let pipeline = UpdatePipeline.analysed([["$set": ["a": "$$v"]]]).pipeline
    let change = pipeline.map {
      ChangeDefinition(
        collection: "x", filter: [:], pipeline: $0, isAlone: false, variables: ["v": 1], collation: ["locale": "fr"])
    }
    let command = BSONDocument { change?.writeReading(to: &$0) }
    #expect(command == ["let": ["v": 1], "collation": ["locale": "fr"]])
  }

  @Test func blocksOfACollatedCollectionAreSmaller() throws {
    let pipeline = try #require(UpdatePipeline.analysed([["$set": ["f": "$i"]]]).pipeline)
    var change = ChangeDefinition(collection: "c", filter: [:], pipeline: pipeline, isAlone: false)
    let row: BSONDocument = ["_id": 1, "p": [:], "r": ["i": .string(String(repeating: "x", count: 600 << 10))], "q": ["f": 1]]
    for isCollated in [false, true] {
      change.comparesBytes = isCollated
      var builder = BlockBuilder(change, size: 10)
      let isRow = builder.add(row)
      #expect(isRow && builder.isFull == isCollated && builder.hasNoRoom(for: row) == isCollated)
    }
  }

  @Test("Under a collation of the collection the key and every text are asserted byte by byte")
  func theStatementOfACollatedCollection() throws {
    let pipeline = try #require(UpdatePipeline.analysed([["$set": ["f": "$i"]]]).pipeline)
    var change = ChangeDefinition(collection: "c", filter: [:], pipeline: pipeline, isAlone: false)
    change.comparesBytes = true
    var builder = BlockBuilder(change, size: 10)
    let isRow = builder.add(["_id": "ké", "p": ["f": "x"], "r": ["i": ["t": [1, "y"]]], "q": ["f": "z"]])
    #expect(isRow)
    let block = builder.take(
      id: 1, step: "s", database: "d", delivery: .init(session: Array(1...16), number: 5, until: 1000, limit: 500))
    let again = try UndoBlock(block.encoded())
    #expect(again.comparesBytes && again.encoded() == block.encoded())
    let conditions = try again.forwardCommand().value(at: ["updates", "0", "u", "0", "$set", "_id", "$cond", "0", "$and"])
    func typed(_ place: BSONValue, _ type: String) -> BSONValue { ["$eq": [["$type": place], .string(type)]] }
    func same(_ place: BSONValue, _ text: String, _ length: Int32) -> [BSONValue] {
      [
        ["$eq": [["$indexOfBytes": [place, ["$literal": .string(text)]]], 0]], ["$eq": [["$strLenBytes": place], .int32(length)]],
      ]
    }
    let inner: BSONValue = ["$arrayElemAt": [["$getField": ["field": ["$literal": "t"], "input": "$i"]], 1]]
    let expected: [BSONValue] =
      [["$lt": [["$toLong": "$$NOW"], .int64(1000)]], typed("$_id", "string"), ["$eq": ["$_id", ["$literal": "ké"]]]]
      + same("$_id", "ké", 3) + [typed("$f", "string"), ["$eq": ["$f", ["$literal": "x"]]]] + same("$f", "x", 1)
      + [typed("$i", "object"), ["$eq": ["$i", ["$literal": ["t": [1, "y"]]]]], typed(inner, "string")] + same(inner, "y", 1)
    #expect(conditions?.decoded == .array(BSONArray(expected)))
    let undo = UndoAnnouncement(
      delivery: .init(session: Array(1...16), number: 9, until: 2000, limit: 500), entries: [0], fields: nil, restoresDoubt: false)
    let back =
      again.undoCommand(undo, entries: try again.readEntries())
      .value(at: ["updates", "0", "u", "0", "$set", "_id", "$cond", "0", "$and"])?.array?.map(\.decoded) ?? []
    #expect(Array(back.suffix(2)) == same("$f", "z", 1))
  }
}
