import MongoDriver
import RunbookActions
import RunbookMongoActions
import RunbookPlan
import Testing

@Suite struct MongoValuesTests {
  @Test("Every Extended JSON shape becomes its type, and comes back as something that gives the same again")
  func everyType() throws {
    let shapes: [(Value, BSONValue)] = [
      (.null, .null), (true, .bool(true)), (7, .int32(7)), (.integer(1 << 40), .int64(1 << 40)), (.integer(-(1 << 31)), .int32(.min)),
      (.double(1.5), .double(1.5)), (.double(-0.0), .double(-0.0)), ("text", .string("text")),
      (.timestamp(86_400_000), .datetime(86_400_000)),
      (.decimal("1.10"), .decimal128(try #require(Decimal128("1.10")))),
      (.object(["$oid": "0123456789abcdef01234567"]), .objectID(try #require(ObjectID(hex: "0123456789abcdef01234567")))),
      (.object(["$date": "2025-01-18T00:00:00Z"]), .datetime(1_737_158_400_000)),
      (.object(["$date": "2025-01-18T01:00:00+01:00"]), .datetime(1_737_158_400_000)),
      (.object(["$date": .object(["$numberLong": "-5"])]), .datetime(-5)),
      (.object(["$date": .timestamp(12)]), .datetime(12)),
      (.object(["$numberInt": "5"]), .int32(5)), (.object(["$numberDouble": "-Infinity"]), .double(-.infinity)),
      (.object(["$numberDecimal": "0.001"]), .decimal128(try #require(Decimal128("0.001")))),
      (.object(["$binary": .object(["base64": "AAEC/w==", "subType": "00"])]), .binary(BSONBinary(bytes: [0, 1, 2, 255]))),
      (.object(["$regularExpression": .object(["pattern": "^a", "options": "mi"])]), .regex(pattern: "^a", options: "im")),
      (.object(["$timestamp": .object(["t": 5, "i": 6])]), .timestamp(BSONTimestamp(seconds: 5, increment: 6))),
      (.object(["$minKey": 1]), .minKey), (.object(["$maxKey": 1]), .maxKey), (.object(["$undefined": true]), .undefined),
      (.object(["$symbol": "s"]), .symbol("s")), (.object(["$code": "f()"]), .code("f()")),
      (.object(["$code": "f()", "$scope": .object(["a": 1])]), .codeWithScope("f()", scope: ["a": 1])),
      (
        .object(["$dbPointer": .object(["$ref": "a.b", "$id": .object(["$oid": "0123456789abcdef01234567"])])]),
        .dbPointer(namespace: "a.b", id: try #require(ObjectID(hex: "0123456789abcdef01234567")))
      ),
      ([1, "a", .emptyMap], [1, "a", .document([:])]),
    ]
    for (value, expected) in shapes {
      let bson = try MongoValues.bson(value, at: "filter")
      #expect(bson == expected, "\(value)")
      #expect(try MongoValues.bson(MongoValues.value(bson), at: "filter") == bson, "\(value)")
    }
    let uuid = try MongoValues.bson(.object(["$uuid": "00112233-4455-6677-8899-aabbccddeeff"]), at: "filter")
    #expect(uuid == .binary(BSONBinary(subtype: 4, bytes: (0..<16).map { UInt8($0 * 17) })))
    #expect(try MongoValues.bson(.object(["$numberLong": "5"]), at: "filter") == .int64(5))
  }

  @Test("Key order is kept, operators stay documents")
  func orderAndOperators() throws {
    let value = Value.object(["z": 1, "a": .object(["$exists": false, "$type": "string"]), "$set": .object(["m": 1, "b": 2])])
    let document = try MongoValues.document(value, at: "filter")
    #expect(document.keys == ["z", "a", "$set"])
    #expect(document["a"]?.document?.keys == ["$exists", "$type"])
    #expect(document["$set"]?.document?.keys == ["m", "b"])
    #expect(try MongoValues.document(.object(["$regex": "^a", "$options": "i"]), at: "filter").keys == ["$regex", "$options"])
  }

  @Test(
    "What has no type is refused with its place",
    arguments: [
      Value.duration(5), .object(["$oid": "12"]), .object(["$date": "2025-01-18"]), .object(["$numberLong": "9223372036854775808"]),
      .object(["$numberInt": 5]), .object(["$binary": .object(["base64": "A", "subType": "00"])]),
      .object(["$oid": "0123456789abcdef01234567", "x": 1]),
      .object(["a\u{0}b": 1]), .decimal("1e99999"),
    ])
  func refused(_ value: Value) {
    let error = #expect(throws: ActionError.self) { try MongoValues.document(.object(["a": [value]]), at: "filter") }
    #expect(error?.kind == .mistake)
    #expect(error?.message.contains("'filter.a.0") == true, "\(error?.message ?? "")")
  }
}
