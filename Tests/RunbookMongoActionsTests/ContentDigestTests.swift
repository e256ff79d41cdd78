import Foundation
import MongoDriver
import Testing

@testable import RunbookMongoActions

@Suite struct ContentDigestTests {
  private static func keys(_ kind: Int, count: Int) -> [BSONValue] {
    (0..<count).map { number in
      switch kind {
      case 0: .int32(Int32(number))
      case 1: .int64(Int64(number) << 32)
      case 2: .string("item \(number)")
      case 3: .double(Double(number) / 3)
      default: .document(["a": .int32(Int32(number % 7)), "b": .int32(Int32(number))])
      }
    }
  }

  /// Ten documents a bucket would be the mean. By chance alone a bucket with 40 comes once in millions of times.
  @Test(arguments: 0..<5) func documentsSpreadOverTheBuckets(kind: Int) {
    for seed in [UInt8(0), 1, 97, 255] {
      var digest = ContentDigest(key: DigestKey(bytes: [UInt8](repeating: seed, count: 32)))
      for key in Self.keys(kind, count: 10 * ContentDigest.bucketCount) { digest.add(["_id": key]) }
      #expect(digest.buckets.allSatisfy { $0.count < 40 }, "seed \(seed)")
      #expect(digest.buckets.count { $0.count == 0 } < 30, "seed \(seed)")
    }
  }

  @Test func bucketsAreThoseOfTheKey() {
    let key = DigestKey()
    for kind in 0..<5 {
      for value in Self.keys(kind, count: 200) {
        #expect(key.bucket(of: ["_id": value, "n": 1]) == key.bucket(of: ["n": 2, "_id": value]))
      }
    }
    let other = DigestKey()
    #expect((0..<200).contains { key.bucket(of: ["_id": .int32($0)]) != other.bucket(of: ["_id": .int32($0)]) })
    #expect((0..<200).contains { key.bucket(of: ["_id": .int32($0)]) != key.bucket(of: ["_id": .int64(Int64($0))]) })
    #expect((0..<200).contains { key.bucket(of: ["n": .int32($0)]) != key.bucket(of: ["n": .int32($0 + 1)]) })
  }

  /// A document of that many bytes beside its `_id`, or without one.
  private static func document(_ id: Int32?, bytes: Int) -> BSONDocument {
    BSONDocument { writer in
      if let id { writer.append("_id", id) }
      let content = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 * 31 + bytes) }
      if bytes > 0 { writer.append("b", .binary(BSONBinary(subtype: 0, bytes: content))) }
    }
  }

  /// What is hashed several at a time, of lengths around each border of a block, against one by one with another implementation.
  @Test(arguments: [0, 1, 2, 3, 4, 5, 7, 255, 256, 257, 1300]) func theDocumentsOfAnAnswerAreDigestedAsOneByOne(count: Int) {
    let key = DigestKey()
    for shift in 0..<3 {
      let documents = (0..<count).map { number in
        // Of all lengths, of one, and of lengths that grow, so that the places at which documents are hashed side by side end at different times.
        let bytes = [number * 53 % 301, 577, number / 2][shift]
        return Self.document(number % 11 == 3 ? nil : Int32(number), bytes: bytes)
      }
      let batch = BSONBatch(BSONArray(documents.map(BSONValue.document)))
      #expect(Array(batch) == documents)
      var single = ContentDigest(key: key)
      for document in documents { single.add(document) }
      var whole = ContentDigest(key: key)
      whole.add(batch)
      #expect(whole == single)
      var parts = ContentDigest(key: key)
      parts.add(batch[..<(count / 3)])
      parts.add(batch[(count / 3)...])
      #expect(parts == single)
      guard count > 2 else { continue }
      let unwritten: Set = [1, count - 1]
      for index in unwritten { single.remove(documents[index]) }
      var written = ContentDigest(key: key)
      written.add(batch[...], except: unwritten)
      #expect(written == single)
    }
  }

  /// Where the processor has the instructions they are used: what they give is what the library gives, or they would not be.
  @Test func theInstructionsOfTheProcessorAreUsed() throws {
    let flags = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    #if arch(x86_64)
      #expect(DigestKey().hashesMany == (flags.contains(" sha_ni") && flags.contains(" sse4_1")))
    #else
      #expect(!DigestKey().hashesMany && !flags.isEmpty)
    #endif
  }

  @Test func nothingOfAnAnswerIsLeftOut() {
    let documents = (0..<700).map { Self.document(Int32($0), bytes: $0) }
    let batch = BSONBatch(BSONArray(documents.map(BSONValue.document)))
    var digest = ContentDigest(key: DigestKey())
    digest.add(batch)
    #expect(digest.count == 700)
    #expect(digest.bytes == documents.reduce(0) { $0 + Int64($1.byteCount) })
    for document in documents { digest.remove(document) }
    #expect(digest == ContentDigest(key: digest.key))
  }
}
