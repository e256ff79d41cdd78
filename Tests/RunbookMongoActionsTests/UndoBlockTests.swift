import MongoDriver
import Testing

@testable import RunbookMongoActions

/// Blocks and the commands that are made of them.
@Suite struct UndoBlockTests {
  static func block(rows: [BSONDocument], fields: [String], filter: BSONDocument = [:], stages: [BSONDocument]) throws -> UndoBlock {
    let pipeline = try #require(UpdatePipeline.analysed(stages).pipeline)
    let change = ChangeDefinition(collection: "c", filter: filter, pipeline: pipeline, isAlone: false)
    #expect(change.fields.map(\.text) == fields)
    var builder = BlockBuilder(change, size: 500)
    for row in rows {
      let isRow = builder.add(row)
      #expect(isRow)
    }
    return builder.take(
      id: UndoBlock.id(epoch: 3, counter: 7), step: "s", database: "d",
      delivery: .init(session: Array(1...16), number: 5, until: 1000, limit: 500))
  }

  static let rows: [BSONDocument] = [
    ["_id": 1, "p": ["f": 1], "r": ["i": "x"], "q": ["f": 2, "g": .null]],
    ["_id": "two", "p": ["g": .null], "r": [:], "q": ["g": .null, "f": ["a": 1.5]]],
    ["_id": .objectID(ObjectID(bytes: Array(0..<12))!), "p": ["f": 1, "g": 2], "r": ["i": ["n": [1, 2]]], "q": ["g": 3]],
  ]
  static let stages: [BSONDocument] = [["$set": ["f": "$i"]], ["$set": ["g": 1]]]

  @Test func comesBackAsItWasWritten() throws {
    var block = try Self.block(rows: Self.rows, fields: ["f", "g"], stages: Self.stages)
    block.state = .applied
    block.missed = [1]
    block.doubt = [2]
    block.failed = [.init(index: 0, code: 121)]
    block.kept = [.init(index: 2, field: "g")]
    block.standing = [0]
    block.refused = [.init(index: 0, code: 11000)]
    block.undo = UndoAnnouncement(
      delivery: .init(session: Array(2...17), number: nil, until: 7, limit: 8), entries: [2, 0], fields: [[0], [1, 0]], restoresDoubt: true)
    let again = try UndoBlock(block.encoded())
    #expect(again.hasSameState(as: block))
    #expect(again.encoded() == block.encoded())
    #expect(again.delivery == block.delivery)
    #expect(again.epoch == 3)
    #expect(again.inputs == ["i"])
    let commands = (try again.forwardCommand(), try block.forwardCommand())
    #expect(commands.0 == commands.1)
  }

  /// A server refuses the wish to pass over a validator to those who may not, even where there is none.
  @Test func whoMayNotPassOverTheValidatorDoesNotWishIt() throws {
    var block = try Self.block(rows: [Self.rows[0]], fields: ["f", "g"], stages: Self.stages)
    let undo = UndoAnnouncement(delivery: block.delivery, entries: [0], fields: nil, restoresDoubt: false)
    let usual = block.undoCommand(undo, entries: try block.readEntries())
    #expect(usual["bypassDocumentValidation"]?.bool == true)
    #expect(block.encoded()["v"]?.integer == 1)
    block.asksValidator = true
    #expect(block.encoded()["v"]?.integer == 3, "a program that would wish it does not take the block")
    let again = try UndoBlock(block.encoded())
    let command = again.undoCommand(undo, entries: try again.readEntries())
    #expect(command["bypassDocumentValidation"] == nil)
    #expect(command == usual.without("bypassDocumentValidation"))
  }

  @Test func entriesHoldWhatChangesAndWhatItWasMadeOf() throws {
    let block = try Self.block(rows: Self.rows, fields: ["f", "g"], stages: Self.stages)
    let entries = try block.readEntries()
    #expect(entries.map(\.changed) == [[0, 1], [0], [0, 1]])
    #expect(entries[0].fields[0].before?.int32 == 1)
    #expect(entries[0].fields[1].before == nil)
    #expect(entries[0].fields[1].after?.isNull == true)
    #expect(entries[1].fields[1].after?.isNull == true)
    #expect(entries[1].inputs.count == 1 && entries[1].inputs[0] == nil)
    #expect(entries[2].fields[0].after == nil)
    #expect(entries[2].inputs[0]?.document?["n"]?.array?.document.keys == ["0", "1"])
  }

  @Test func rowsWithNothingToChangeAreDropped() throws {
    let block = try Self.block(
      rows: [["_id": 1, "p": ["f": 1, "g": 1], "q": ["f": 1, "g": 1]], ["_id": 2, "p": ["f": 1, "g": 1], "q": ["f": 1.0, "g": 1]]],
      fields: ["f", "g"], stages: [["$set": ["f": 1, "g": 1]]])
    // The second differs in type alone, and that is a change.
    let keys = try block.readEntries().map(\.key.int32)
    #expect(keys == [2])
  }

  @Test func theForwardStatementAssertsEverything() throws {
    let block = try Self.block(rows: [Self.rows[0]], fields: ["f", "g"], stages: Self.stages)
    let command = try block.forwardCommand()
    let statement = try #require(command.value(at: ["updates", "0"])?.document)
    #expect(statement["q"]?.document == ["_id": 1])
    func typed(_ field: String, _ type: String) -> BSONValue { ["$eq": [["$type": .string(field)], .string(type)]] }
    let conditions: BSONValue = [
      ["$lt": [["$toLong": "$$NOW"], .int64(1000)]], typed("$f", "int"), ["$eq": ["$f", ["$literal": 1]]], typed("$g", "missing"),
      typed("$i", "string"), ["$eq": ["$i", ["$literal": "x"]]],
    ]
    let id: BSONValue = ["$cond": [["$and": conditions], "$_id", ["missed": "$_id"]]]
    #expect(statement["u"]?.decoded == [["$set": ["_id": id, "f": ["$literal": 2], "g": ["$literal": .null]]]])
    #expect(command["txnNumber"]?.int64 == 5)
    #expect(command["ordered"]?.bool == false)
    #expect(command["maxTimeMS"]?.int64 == 500)
    #expect(command["writeConcern"]?.document?["w"]?.string == "majority")
    #expect(command["writeConcern"]?.document?["j"]?.bool == true)
    #expect(command["bypassDocumentValidation"] == nil)
  }

  @Test func theUndoAssertsOurValuesAndPutsBackThoseBefore() throws {
    let block = try Self.block(rows: Self.rows, fields: ["f", "g"], stages: Self.stages)
    let undo = UndoAnnouncement(
      delivery: .init(session: Array(1...16), number: 9, until: 2000, limit: 500), entries: [0, 1], fields: nil, restoresDoubt: false)
    let command = block.undoCommand(undo, entries: try block.readEntries())
    let statements = command["updates"]?.array?.compactMap(\.document) ?? []
    #expect(statements.count == 2)
    let first = statements[0]["u"]?.array?.compactMap(\.document) ?? []
    #expect(first[0]["$set"]?.document?["f"]?.document == ["$literal": 1])
    #expect(first[1] == ["$unset": ["g"]])
    // The type of the number inside the document is asserted by itself.
    let second = statements[1].value(at: ["u", "0", "$set", "_id", "$cond", "0", "$and"])?.array?.map(\.decoded) ?? []
    #expect(second.last == ["$eq": [["$type": ["$getField": ["field": ["$literal": "a"], "input": "$f"]]], "double"]])
    #expect(command["bypassDocumentValidation"]?.bool == true)
    #expect(command["txnNumber"]?.int64 == 9)
  }

  @Test func strangeBlocksAreRefused() throws {
    var block = try Self.block(rows: Self.rows, fields: ["f", "g"], stages: Self.stages)
    block.missed = [3]
    #expect(throws: UndoBlockError.self) { try UndoBlock(block.encoded()) }
    #expect(throws: UndoBlockError.self) { try UndoBlock(["_id": .int64(1), "v": .int64(2)]) }
  }
}
