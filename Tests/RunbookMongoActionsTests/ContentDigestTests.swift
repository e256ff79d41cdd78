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
}
