import Crypto
import MongoDriver

/// A digest of a collection's content that does not depend on order, can be built document by document, and says where two contents differ.
///
/// Documents fall into 4,096 buckets by a keyed hash of their `_id`; a bucket holds their number, the sum of their lengths, and the sum modulo 2¹²⁸ of
/// the first 128 bits of SHA-256(key ‖ raw BSON). Sums and not XOR: two equal documents must not cancel. Its size is that of the buckets, 128 KiB.
struct ContentDigest: Sendable, Equatable {
  static let bucketCount = 4096

  struct Bucket: Sendable, Equatable {
    var count: Int64 = 0
    var length: Int64 = 0
    var sum: UInt128 = 0
  }

  let key: DigestKey
  private(set) var buckets = [Bucket](repeating: Bucket(), count: bucketCount)

  init(key: DigestKey) { self.key = key }

  mutating func add(_ document: BSONDocument) {
    let bucket = key.bucket(of: document)
    buckets[bucket].count += 1
    buckets[bucket].length += Int64(document.byteCount)
    buckets[bucket].sum &+= key.hash(document)
  }

  /// Takes a document out that was added.
  mutating func remove(_ document: BSONDocument) {
    let bucket = key.bucket(of: document)
    buckets[bucket].count -= 1
    buckets[bucket].length -= Int64(document.byteCount)
    buckets[bucket].sum &-= key.hash(document)
  }

  /// Makes some buckets those of another digest under the same key.
  mutating func take(_ places: [Int], from other: ContentDigest) {
    for place in places { buckets[place] = other.buckets[place] }
  }

  static func bucket(ofHash hash: UInt128) -> Int { Int(hash % UInt128(bucketCount)) }

  var count: Int64 { buckets.reduce(0) { $0 + $1.count } }
  var bytes: Int64 { buckets.reduce(0) { $0 + $1.length } }

  /// The buckets in which the two contents differ.
  func differences(from other: ContentDigest) -> [Int] {
    buckets.indices.filter { buckets[$0] != other.buckets[$0] }
  }

  /// The whole digest in 64 hexadecimal digits: SHA-256 over all buckets in their order.
  var text: String {
    var hasher = SHA256()
    for bucket in buckets {
      update(&hasher, bucket.count)
      update(&hasher, bucket.length)
      update(&hasher, bucket.sum)
    }
    return hexadecimalText(hasher.finalize())
  }

  private func update(_ hasher: inout SHA256, _ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { hasher.update(bufferPointer: $0) }
  }
}

/// What makes the hashes of one digest unlike those of another: 256 random bits.
struct DigestKey: Sendable, Equatable {
  let bytes: [UInt8]
  /// The state of SHA-256 after the key.
  private let keyed: SHA256

  init() { self.init(bytes: (0..<32).map { _ in UInt8.random(in: 0...255) }) }

  init(bytes: [UInt8]) {
    self.bytes = bytes
    var hasher = SHA256()
    bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    keyed = hasher
  }

  static func == (a: DigestKey, b: DigestKey) -> Bool { a.bytes == b.bytes }

  func hash(_ document: BSONDocument) -> UInt128 { hash(document.slice) }

  /// By the type and the bytes of `_id`; of the whole document where it has none.
  func bucket(of document: BSONDocument) -> Int { ContentDigest.bucket(ofHash: idHash(of: document)) }

  func idHash(of document: BSONDocument) -> UInt128 {
    guard let id = document["_id"] else { return hash(document) }
    return idHash(id)
  }

  func idHash(_ id: RawBSONValue) -> UInt128 { hash(id.bytes, prefix: id.type.rawValue) }

  private func hash(_ bytes: ArraySlice<UInt8>, prefix: UInt8? = nil) -> UInt128 {
    var hasher = keyed
    if let prefix { withUnsafeBytes(of: prefix) { hasher.update(bufferPointer: $0) } }
    bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    return hasher.finalize().withUnsafeBytes { UInt128(littleEndian: $0.loadUnaligned(as: UInt128.self)) }
  }
}

/// Lower-case hexadecimal digits, two a byte.
func hexadecimalText(_ bytes: some Sequence<UInt8>) -> String {
  var out: [UInt8] = []
  let digits = Array("0123456789abcdef".utf8)
  for byte in bytes { out += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
  return String(decoding: out, as: UTF8.self)
}
