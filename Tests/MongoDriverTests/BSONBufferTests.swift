import MongoDriver
import Testing

/// The fast writer and the fast walk, beside the ones that everything else uses.
@Suite struct BSONBufferTests {
  @Test func writesWhatTheOtherWriterWrites() {
    let inner: BSONDocument = ["x": 1, "y": ["z", 2.5]]
    let source: BSONDocument = ["v": .decimal128(Decimal128("1.5")!), "w": "ü"]
    // Smaller than what is written, so that it has to grow.
    var buffer = BSONBuffer(capacity: 1)
    for _ in 1...2 {
      let whole = buffer.open()
      buffer.append(fieldsOf: inner)
      let list = buffer.open(.array, "list")
      for index in 0...1001 { buffer.append(inner, index: index) }
      buffer.append(text: Array("text".utf8) + [0], index: 1002)
      source.withBytes { bytes in
        for (index, place) in source.places.enumerated() { buffer.append(place, of: bytes, index: 1003 + index) }
      }
      let nested = buffer.open(.document, index: 1005)
      buffer.append("b", binary: [1, 2, 3])
      let empty = buffer.open(.document, terminated: Array("näme".utf8) + [0])
      buffer.close(empty)
      buffer.close(nested)
      buffer.close(list)
      buffer.close(whole)
      let written = buffer.take()
      var values = Array(repeating: BSONValue.document(inner), count: 1002)
      values += ["text", source["v"]!.decoded, source["w"]!.decoded, ["b": .binary(BSONBinary(bytes: [1, 2, 3])), "näme": [:]]]
      #expect(written == BSONDocument(inner.map { ($0.key, $0.value.decoded) } + [("list", .array(BSONArray(values)))]))
      #expect(LibbsonJudge.isValid(written))
    }
  }

  @Test func walksAsTheIteratorDoes() {
    for seed in 0..<200 as Range<UInt64> {
      var random = SeededGenerator(state: seed)
      let document = randomDocument(depth: 4, using: &random)
      let part: BSONDocument = ["before": "something", "d": .document(document)]
      guard let inside = part["d"]?.document else {
        Issue.record("no document")
        return
      }
      for each in [document, inside] {
        let elements = Array(each)
        #expect(each.places.map(each.value) == elements.map(\.value))
        each.withBytes { bytes in
          var walk = BSONWalk(bytes, from: 0)
          for element in elements {
            let hasNext = walk.next()
            #expect(hasNext && walk.isNamed(Array(element.keyBytes) + [0]) && !walk.isNamed(Array(element.keyBytes) + [1, 0]))
            #expect(walk.initial == element.keyBytes.first ?? 0)
          }
          let hasMore = walk.next()
          #expect(!hasMore)
        }
      }
    }
  }

  @Test func placesAreComparedByTypeAndBytes() {
    let document: BSONDocument = ["a": "x", "b": "x", "c": .symbol("x"), "d": "xy", "e": .null, "f": .null]
    let places = document.places
    let same = document.withBytes { bytes in places.map { place in places.map { place.hasSameValue(as: $0, of: bytes) } } }
    let values = places.map(document.value)
    #expect(same == values.map { value in values.map { $0 == value } })
  }
}
