import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// `undo: documents`: a document comes back as a whole where nobody else has touched it, and field by field elsewhere.
@Suite(.serialized) struct DocumentUndoTests {
  /// Takes fields away and sets some anew, which puts them elsewhere in the document; of every type, nested ones too.
  private static let reworked: ValueMap = [
    "filter": .object(["done": .object(["$exists": false])]), "undo": "documents",
    "pipeline": [
      .object(["$unset": ["gone", "art.height"]]),
      .object(["$set": .object(["changed": "new", "art.width": 1, "made.here.too": "$value", "done": true])]),
    ],
  ]

  private static func document(_ n: Int, _ value: BSONValue) -> BSONDocument {
    ["_id": .int32(Int32(n)), "gone": value, "value": value, "art": ["height": 5, "kept": value], "changed": value, "last": "x"]
  }

  @Test("Every document is back to the byte, the order of its fields included") func wholeDocumentsComeBack() async throws {
    try await Rig.with(Self.reworked) { rig in
      // A server is known whose equality does not find NaN again inside a document; such a document goes back by fields there.
      let documents = UpdateServerTests.allTypes.filter { $0.raw != BSONValue.double(.nan).raw }.enumerated().map(Self.document)
      try await rig.insert(documents)
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      #expect(try await hand.perform().outputs["changed"] == .integer(Int64(documents.count)))
      let blocks = try await hand.blocks()
      #expect(blocks.allSatisfy { $0.keepsDocuments && $0.encoded()["v"]?.integer == 3 })
      // What the server made of each is what the undo expects to find.
      let changed = try await rig.all()
      for block in blocks {
        for entry in try block.readEntries() {
          let (after, image) = try #require(block.wholeDocuments(entry))
          #expect(image == before[entry.key])
          #expect(after == changed[entry.key])
        }
      }
      let undone = try await hand.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      let after = try await rig.all()
      #expect(after == before)
      #expect(try await hand.verify(undone) == nil)
    }
  }

  @Test(
    "What the application wrote elsewhere in a document, before our write or since, stays; what it wrote to our fields is kept and listed")
  func othersGoBackByFields() async throws {
    try await Rig.with(Self.reworked) { given in
      let rig = given.unhurried
      let documents = (0..<6).map { Self.document($0, .int32(Int32($0))) }
      try await rig.insert(documents)
      let hand = try await rig.takeOver(
        .interleaving("update.block-written") { try await rig.update(1, ["$set": ["last": "early"]]) })
      _ = try await hand.perform()
      try await rig.update(2, ["$set": ["last": "late"]])
      try await rig.update(3, ["$set": ["changed": "edited"]])
      try await rig.delete(4)
      let undone = try await hand.undo()
      #expect(undone.conflicts == 1)
      #expect(undone.details["conflicts"]?.listValue?.first?["fields"] == ["changed"])
      let after = try await rig.all()
      func stored(_ n: Int32) -> BSONDocument? { after[BSONValue.int32(n).raw] }
      #expect(stored(0) == documents[0] && stored(5) == documents[5])
      for (n, last) in [(Int32(1), "early"), (2, "late")] {
        var expected = documents[Int(n)].map { ($0.key, $0.value) }.filter { $0.0 != "last" }.map(\.0)
        expected.append("last")
        #expect(stored(n).map { Set($0.keys) } == Set(expected))
        #expect(stored(n)?["last"]?.string == last)
        for name in ["gone", "value", "changed"] { #expect(stored(n)?[name] == documents[Int(n)][name]) }
        #expect(stored(n)?["art"]?.document?["height"]?.int32 == 5)
      }
      #expect(stored(3)?["changed"]?.string == "edited" && stored(3)?["done"] == nil && stored(3)?["gone"]?.int32 == 3)
      #expect(stored(4) == nil)
    }
  }

  @Test("Killed at every point on the way there and back", arguments: ["update.sent", "undo.announced", "undo.sent"])
  func survivesCrashes(_ point: String) async throws {
    try await Rig.with(Self.reworked) { given in
      let rig = given.hurried
      let documents = (0..<8).map { Self.document($0, .int32(Int32($0))) }
      try await rig.insert(documents)
      let before = try await rig.all()
      let first = try await rig.takeOver(.abandoning(point))
      do {
        _ = try await first.perform()
        _ = try await first.undo()
      } catch let error as ActionError {
        #expect(error.message == point)
      }
      let second = try await rig.takeOver()
      try await second.resolve()
      let undone = try await second.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      let after = try await rig.all()
      #expect(after == before)
    }
  }

  @Test func fieldsAreSetWhereTheyStandOrAtTheEnd() {
    let document: BSONDocument = ["a": 1, "b": ["c": 2, "d": 3], "e": 4]
    func changed(_ path: String, _ value: BSONValue?) -> BSONDocument {
      document.changing(ChangedPath(path: path).names[...], to: value.map(\.raw))
    }
    #expect(changed("a", 9) == ["a": 9, "b": ["c": 2, "d": 3], "e": 4])
    #expect(changed("b.c", 9) == ["a": 1, "b": ["c": 9, "d": 3], "e": 4])
    #expect(changed("b.x.y", 9) == ["a": 1, "b": ["c": 2, "d": 3, "x": ["y": 9]], "e": 4])
    #expect(changed("x.y", 9) == ["a": 1, "b": ["c": 2, "d": 3], "e": 4, "x": ["y": 9]])
    #expect(changed("b.d", nil) == ["a": 1, "b": ["c": 2], "e": 4])
    #expect(changed("x.y", nil) == document)
  }
}

/// Sharded collections, on made-up rows and answers: there is no router here.
@Suite struct ShardKeyTests {
  private static func block(_ rows: [BSONDocument]) throws -> UndoBlock {
    let pipeline = try #require(UpdatePipeline.analysed([["$set": ["f": "$i"]]]).pipeline)
    var change = ChangeDefinition(collection: "c", filter: [:], pipeline: pipeline, isAlone: false)
    change.shardKey = ["region", "cust.id"]
    let capture = change.capture.last?["$replaceWith"]?.document?["s"]
    #expect(
      capture?.decoded == [["$ifNull": ["$_runbookBefore.region", .null]], ["$ifNull": ["$_runbookBefore.cust.id", .null]]])
    var builder = BlockBuilder(change, size: 10)
    for row in rows {
      let isRow = builder.add(row)
      #expect(isRow)
    }
    return builder.take(id: 1, step: "s", database: "d", delivery: .init(session: Array(1...16), number: 5, until: 1000, limit: 500))
  }

  private static let rows: [BSONDocument] = [
    ["_id": 1, "p": ["f": 1], "r": ["i": 2], "q": ["f": 2], "s": ["eu", 7]],
    ["_id": 1, "p": ["f": 1], "r": ["i": 2], "q": ["f": 2], "s": ["us", .null]],
  ]

  @Test("Every query names the document by its key and its shard") func statementsSayTheShard() throws {
    let block = try Self.block(Self.rows)
    #expect(block.encoded()["v"]?.integer == 3)
    let again = try UndoBlock(block.encoded())
    #expect(again.shardKey == ["region", "cust.id"])
    let queries = try again.forwardCommand()["updates"]?.array?.documents.compactMap { $0["q"]?.document }
    let expected: [BSONDocument] = [["_id": 1, "region": "eu", "cust.id": 7], ["_id": 1, "region": "us", "cust.id": .null]]
    #expect(queries == expected)
    let undo = UndoAnnouncement(
      delivery: .init(session: Array(1...16), number: 9, until: 2000, limit: 500), entries: [1], fields: nil, restoresDoubt: false)
    let entries = try again.readEntries()
    #expect(again.undoCommand(undo, entries: entries).value(at: ["updates", "0", "q"])?.document == expected[1])
    #expect(again.filter(of: Array(entries)) == ["$or": .array(BSONArray(expected.map(BSONValue.document)))])
  }

  @Test("Two documents of one _id on two shards are told apart, one that was missing a value of the key is found by null")
  func identities() throws {
    let block = try Self.block(Self.rows)
    let entries = try block.readEntries()
    #expect(entries[0].identity != entries[1].identity)
    #expect(block.identity(of: ["_id": 1, "f": 2, "region": "eu", "cust": ["id": 7, "name": "x"]]) == entries[0].identity)
    #expect(block.identity(of: ["_id": 1, "f": 2, "region": "us"]) == entries[1].identity)
    #expect(block.identity(of: ["_id": 1, "f": 2, "region": "eu", "cust": ["id": 8]]) != entries[0].identity)
  }

  @Test func rowsWithoutTheirShardAreNone() throws {
    let pipeline = try #require(UpdatePipeline.analysed([["$set": ["f": 1]]]).pipeline)
    var change = ChangeDefinition(collection: "c", filter: [:], pipeline: pipeline, isAlone: false)
    change.shardKey = ["region"]
    var builder = BlockBuilder(change, size: 10)
    let isRow = builder.add(["_id": 1, "p": ["f": 0], "q": ["f": 1]])
    #expect(!isRow)
  }

  @Test func theKeyIsReadFromTheServersList() {
    let entry: BSONDocument = ["_id": "d.c", "key": ["region": 1, "_id": "hashed", "cust.id": "hashed"], "unique": false]
    #expect(UpdateChecks.shardKey(of: entry) == ["region", "cust.id"])
    #expect(UpdateChecks.shardKey(of: ["key": ["_id": 1]]) == [])
  }

  @Test(arguments: [("region", true), ("cust", true), ("cust.id", true), ("cust.id.x", true), ("cust.name", false), ("f", false)])
  func aPartOfTheShardKeyIsNoTarget(_ field: String, _ isRefused: Bool) {
    let key: [ChangedPath] = ["region", "cust.id"]
    var code: String?
    do throws(ActionError) { try UpdateChecks.refuseTouching(key, [ChangedPath(path: field)], of: "c") } catch { code = error.code }
    #expect(code == (isRefused ? UpdateErrorCode.shardKeyTouched : nil))
  }
}

/// The same against a server: queries with a shard key find their documents where nothing is sharded, too.
@Suite(.serialized) struct ShardKeyServerTests {
  @Test(
    "Changed and taken back by shard key; what the application has moved to another shard since is left and listed, what it deleted is gone"
  )
  func thereAndBack() async throws {
    try await Rig.with(addFields) { given in
      let rig = given.unhurried
      var documents: [BSONDocument] = (0..<8).map { n in
        ["_id": .int32(n), "region": .string("r\(n % 3)"), "cust": ["id": .int32(n), "x": 1], "f": .int32(n)]
      }
      documents.append(["_id": 8, "f": 8])
      try await rig.insert(documents)
      let hand = try await rig.takeOver()
      let pipeline = try #require(UpdatePipeline.analysed([["$set": ["g": "$f"]]]).pipeline)
      var definition = ChangeDefinition(collection: rig.collection, filter: [:], pipeline: pipeline, isAlone: false)
      definition.shardKey = ["region", "cust.id"]
      let command: BSONDocument = [
        "aggregate": .string(rig.collection), "pipeline": .array(BSONArray(definition.capture.map(BSONValue.document))),
      ]
      var builder = BlockBuilder(definition, size: 100)
      for row in try await rig.client.documents(command, database: rig.database) {
        let isRow = builder.add(row)
        #expect(isRow)
      }
      var session = try await hand.change.openSession()
      let epoch = try hand.change.lease().epoch
      let delivery = try await hand.change.delivery(session: session.uuid, number: session.nextNumber())
      let block = builder.take(
        id: UndoBlock.id(epoch: epoch, counter: 1), step: rig.step, database: rig.database, delivery: delivery)
      try await hand.change.insert(block)
      // Moved before the write: out of the statement's reach, so that it does nothing.
      try await rig.update(7, ["$set": ["region": "elsewhere"]])
      let (done, refusal) = try await hand.change.send(block, in: session, mayHaveActed: false)
      #expect(refusal == nil && done.doubt.isEmpty)
      try await hand.change.record(done, known: block)
      let changed = try await rig.all()
      #expect(changed.values.filter { $0["g"] != nil }.count == 8)
      #expect(changed[BSONValue.int32(8).raw]?["g"]?.int32 == 8)
      try await rig.update(1, ["$set": ["region": "moved"]])
      try await rig.delete(2)
      try await rig.update(3, ["$set": ["g": "edited"]])
      let undone = try await hand.undo()
      #expect(undone.conflicts == 2)
      let listed = undone.details["conflicts"]?.listValue ?? []
      #expect(Set(listed.compactMap { $0["id"]?.integerValue }) == [1, 3])
      #expect(listed.first { $0["id"] == 1 }?["reason"]?.stringValue?.contains("shard key") == true)
      let after = try await rig.all()
      for n in [0, 4, 5, 6, 8] { #expect(after[BSONValue.int32(Int32(n)).raw] == documents[n]) }
      #expect(after[BSONValue.int32(1).raw]?["g"]?.int32 == 1)
      #expect(after[BSONValue.int32(2).raw] == nil)
    }
  }
}
