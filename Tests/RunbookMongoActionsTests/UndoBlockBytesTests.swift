import MongoDriver
import Testing

@testable import RunbookMongoActions

/// Blocks and commands are the same bytes in every version of the program: a command is sent again, byte for byte, by whichever program resumes.
///
/// The digests below were taken once and never change; one that differs means that a block under way could not be told from another.
@Suite struct UndoBlockBytesTests {
  /// A value of every type, and numbers at all depths.
  static let values: [BSONValue] = [
    1, .int64(1 << 40), 2.5, -0.0, "", "text", "ünï", true, .null, .undefined, .minKey, .maxKey, .datetime(1_700_000_000_000),
    .objectID(ObjectID(bytes: Array(1...12))!), .binary(BSONBinary(subtype: 4, bytes: Array(0..<16))),
    .regex(pattern: "^a", options: "i"), .code("f()"), .symbol("s"), .codeWithScope("g()", scope: ["x": 1]),
    .dbPointer(namespace: "a.b", id: ObjectID(bytes: Array(2...13))!), .timestamp(BSONTimestamp(rawValue: 77)),
    .decimal128(Decimal128("1.50")!), [:], [], ["a": 1, "b": ["c": [1, 2.5, "x", ["d": .int64(5)]]]],
    [1, "two", [.decimal128(Decimal128("3")!)], ["e": .null]],
  ]

  /// Rows in which every value stands before, after and as an input, beside fields that are absent and fields that stay.
  static func rows(fields: [String], inputs: [String]) -> [BSONDocument] {
    (0..<130).map { n in
      func part(_ names: [String], _ salt: Int) -> BSONValue {
        .document(
          BSONDocument(
            names.enumerated().compactMap { place, name in
              (n + salt + place) % 5 == 0 ? nil : (name, values[(n * 7 + salt * (place % 2) + place) % values.count])
            }))
      }
      let key: BSONValue = n % 3 == 0 ? .integer(Int64(n)) : n % 3 == 1 ? .string("key \(n)") : ["k": .integer(Int64(n))]
      var row: [(String, BSONValue)] = [("_id", key), ("p", part(fields, 0))]
      if inputs == [ChangeDefinition.root] {
        row.append(("w", part(["x", "y"], 1)))
      } else if !inputs.isEmpty {
        row.append(("r", part(inputs, 2)))
      }
      return BSONDocument(row + [("q", part(fields, 3))])
    }
  }

  /// FNV-1a, 64 bits.
  static func digest(_ document: BSONDocument) -> UInt64 {
    document.slice.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  static func digests(_ fields: [String], filter: BSONDocument, stages: [BSONDocument]) throws -> [UInt64] {
    let pipeline = try #require(UpdatePipeline.analysed(stages).pipeline)
    let change = ChangeDefinition(collection: "c", filter: filter, pipeline: pipeline, isAlone: false)
    let block = try UndoBlockTests.block(
      rows: rows(fields: change.fields.map(\.text), inputs: change.inputs.map(\.text)), fields: fields, filter: filter, stages: stages)
    let entries = try block.readEntries()
    let delivery = UndoBlock.Delivery(session: Array(1...16), number: 9, until: 2000, limit: 500)
    let whole = UndoAnnouncement(delivery: delivery, entries: Array(0..<block.count), fields: nil, restoresDoubt: false)
    let part = UndoAnnouncement(
      delivery: delivery, entries: [block.count - 1, 3, 0], fields: entries[3].changed.count > 1 ? [[1], [1, 0], []] : [[0], [0], []],
      restoresDoubt: true)
    return [
      digest(block.encoded()), digest(try block.forwardCommand()), digest(block.undoCommand(whole, entries: entries)),
      digest(block.undoCommand(part, entries: entries)),
    ]
  }

  @Test func oneField() throws {
    let digests = try Self.digests(
      ["note"], filter: ["note": ["$exists": false]], stages: [["$set": ["note": ["$ifNull": ["$text", ""]]]]])
    #expect(digests == [0xC53759FE68BFB7, 0x18152319C9CADFC0, 0x562CA482931A69F, 0x6366CD6D9861295F])
  }

  @Test func sevenFieldsAndFiveInputs() throws {
    let names = ["a", "b", "c", "d", "e", "f", "ü"]
    let stage = BSONDocument(names.map { ($0, ["$concat": ["$v", "$w", "$x.y", "$y", "$z"]] as BSONValue) })
    let digests = try Self.digests(names, filter: [:], stages: [["$set": .document(stage)]])
    #expect(digests == [0xB4A1CD63384E45C2, 0x221324EE53D32393, 0xBE4585A53B1610A2, 0x5A4EA7C24E489B6E])
  }

  @Test func theDocumentAsAnInput() throws {
    let digests = try Self.digests(["f", "g"], filter: ["$where": "1"], stages: [["$set": ["f": 1]], ["$unset": "g"]])
    #expect(digests == [0xCD96123DA82522B6, 0x8EE21881FBBEDCF4, 0xEAC4E1BA2879F1E6, 0x28B1909D6206F541])
  }

  @Test func noInputs() throws {
    let digests = try Self.digests(["f"], filter: [:], stages: [["$unset": "f"]])
    #expect(digests == [0x5F00FBEAE25315FE, 0x65CAE2FCAFEB9DD5, 0x3D77DBC4D6F41247, 0x7F54AB716733B6D3])
  }
}
