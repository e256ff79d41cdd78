import MongoDriver
import Testing

/// A generator whose seed is in the test's name, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  /// SplitMix64 (Steele, Lea, Flood 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// One value of every type, and the corners of some.
let everyType: [(String, BSONValue)] = [
  ("double", .double(1.5)), ("negative zero", .double(-0.0)), ("nan", .double(.nan)), ("infinity", .double(-.infinity)),
  ("string", "Ä\u{0}x\"\\\n😀"), ("empty", ""), ("document", ["b": 1, "a": ["deep": [1, "two", nil]]]), ("array", [1, 2.5, "x", []]),
  ("binary", .binary(BSONBinary(subtype: 0, bytes: [0, 1, 254, 255]))), ("uuid", .binary(BSONBinary(subtype: 4, bytes: Array(1...16)))),
  ("undefined", .undefined), ("objectID", .objectID(ObjectID(hex: "507f1f77bcf86cd799439011")!)), ("true", true), ("false", false),
  ("date", .datetime(1_714_566_600_250)), ("old", .datetime(-62_135_596_800_000)), ("null", nil),
  ("regex", .regex(pattern: "^a/\"b", options: "im")),
  ("pointer", .dbPointer(namespace: "a.b", id: ObjectID(hex: "507f1f77bcf86cd799439011")!)), ("code", .code("f()")),
  ("symbol", .symbol("s")), ("scoped", .codeWithScope("g(x)", scope: ["x": 1])), ("int32", .int32(-7)),
  ("timestamp", .timestamp(BSONTimestamp(seconds: 4_000_000_000, increment: 7))), ("int64", .int64(.min)),
  ("decimal", .decimal128(Decimal128("12.500")!)), ("min", .minKey), ("max", .maxKey), ("", 1),
]

@Suite struct BSONTests {
  @Test func everyTypeComesBackAsItWasWritten() throws {
    let document = BSONDocument(everyType)
    #expect(try BSONDocument(bytes: document.bytes) == document)
    #expect(document.keys == everyType.map(\.0))
    for (element, (key, value)) in zip(document, everyType) {
      #expect(element.key == key)
      #expect(element.type == value.type)
      #expect(element.value.decoded == value, "\(key)")
      #expect(element.value == value.raw, "\(key)")
      #expect(document[key] == value.raw, "\(key)")
    }
    #expect(Set(everyType.map(\.1.type)) == Set(BSONType.allCases))
  }

  @Test func rawPiecesAreSplicedWithoutChange() throws {
    let source = BSONDocument(everyType)
    var writer = BSONWriter()
    for element in source { writer.append(element.key, raw: element.value) }
    #expect(writer.finish() == source)
    let nested = BSONDocument { writer in
      writer.document("d") { $0.append(fieldsOf: source) }
      writer.array("a") { array in source.forEach { array.append(raw: $0.value) } }
      for element in source { writer.append(element) }
    }
    #expect(try BSONDocument(bytes: nested.bytes) == nested)
    #expect(nested["d"]?.document == source)
    #expect(nested["a"]?.array?.map(\.decoded) == everyType.map(\.1))
  }

  @Test func arrayIndicesAreDecimalNumbers() {
    let array = BSONArray((0..<1234).map { .int32($0) })
    #expect(array.document.keys == (0..<1234).map(String.init))
  }

  @Test func equalityIsThatOfTypeAndBytes() {
    #expect(BSONValue.int32(1) != .int64(1))
    #expect(BSONValue.double(0.0) != .double(-0.0))
    #expect(BSONValue.double(.nan) == .double(.nan))
    // The same letter, composed and decomposed: equal in Swift, different on the server.
    #expect(BSONValue.string("\u{E9}") != .string("e\u{301}"))
    #expect(BSONDocument(dictionaryLiteral: ("a", 1), ("b", 2)) != ["b": 2, "a": 1])
    #expect(BSONValue.decimal128(Decimal128("1.0")!) != .decimal128(Decimal128("1.00")!))
  }

  @Test func integersAreTypedByTheirSize() {
    #expect(BSONValue.integer(2_147_483_647).type == .int32)
    #expect(BSONValue.integer(2_147_483_648).type == .int64)
    #expect(BSONValue.integer(-2_147_483_648).type == .int32)
  }

  @Test func pathsReachIntoDocumentsAndArrays() {
    let document: BSONDocument = ["a": ["b.c": [10, ["d": "x"]]]]
    #expect(document.value(at: ["a", "b.c", "1", "d"])?.string == "x")
    #expect(document.value(at: ["a", "b", "c"]) == nil)
  }

  @Test func aFieldWrittenBesideAThrownErrorLeavesAWellFormedDocument() throws {
    struct Stop: Error {}
    var writer = BSONWriter()
    do {
      try writer.document("d") { inner in
        inner.append("x", 1 as Int32)
        throw Stop()
      }
      Issue.record("the closure's error was lost")
    } catch {}
    writer.append("y", true)
    let document = writer.finish()
    #expect(try BSONDocument(bytes: document.bytes) == ["d": ["x": 1], "y": true])
  }

  /// Every truncation and every changed byte gives an error or a document that can be walked, never a trap.
  @Test func damagedBytesAreRefusedOrHarmless() {
    let good = BSONDocument(everyType).bytes
    for length in 0..<good.count {
      #expect(throws: BSONError.self) { try BSONDocument(bytes: Array(good.prefix(length))) }
    }
    var generator = SeededGenerator(state: 7)
    for position in good.indices {
      for _ in 0..<4 {
        var bad = good
        bad[position] = UInt8.random(in: 0...255, using: &generator)
        guard let document = try? BSONDocument(bytes: bad) else { continue }
        _ = document.extendedJSON(canonical: true)
      }
    }
  }

  @Test func nestingWithoutEndIsRefused() {
    var document: BSONDocument = [:]
    for _ in 0..<300 { document = ["d": .document(document)] }
    #expect(throws: BSONError.self) { try BSONDocument(bytes: document.bytes) }
  }

  @Test func objectIDsAndDecimalsReadOnlyWhatTheyAre() {
    #expect(ObjectID(hex: "507F1F77bcf86cd799439011")?.hex == "507f1f77bcf86cd799439011")
    for wrong in ["", "507f1f77bcf86cd79943901", "507f1f77bcf86cd7994390111", "507f1f77bcf86cd79943901g", "507f1f77bcf86cd79943901é"] {
      #expect(ObjectID(hex: wrong) == nil, "\(wrong)")
    }
    #expect(Decimal128("12.500")?.description == "12.500")
    #expect(Decimal128("-Infinity")?.description == "-Infinity")
    #expect(Decimal128("1,5") == nil)
    #expect(Decimal128("") == nil)
  }
}
