import CDigest
import Crypto
import MongoDriver

/// A digest of a collection's content that does not depend on order, can be built document by document, and says where two contents differ.
///
/// Documents fall into 4,096 buckets by a keyed mixture of their `_id`'s bytes; a bucket holds their number, the sum of their lengths, and the sum modulo 2¹²⁸ of
/// the first 128 bits of SHA-256(key ‖ raw BSON). Sums and not XOR: two equal documents must not cancel. Its size is that of the buckets, 128 KiB.
struct ContentDigest: Sendable, Equatable {
  static let bucketCount = 4096

  struct Bucket: Sendable, Equatable {
    var count: Int64 = 0
    var length: Int64 = 0
    var sum: UInt128 = 0

    mutating func add(length: Int, hash: UInt128) {
      count += 1
      self.length += Int64(length)
      sum &+= hash
    }
  }

  let key: DigestKey
  private(set) var buckets = [Bucket](repeating: Bucket(), count: bucketCount)

  init(key: DigestKey) { self.key = key }

  mutating func add(_ document: BSONDocument) {
    buckets[key.bucket(of: document)].add(length: document.byteCount, hash: key.hash(document))
  }

  /// Adds documents of one answer: four at a time where the processor can.
  /// - Parameter except: the indices of those that are left out.
  mutating func add(_ documents: BSONBatch.SubSequence, except: Set<Int> = []) {
    guard key.hashesMany, except.isEmpty else {
      for index in documents.indices where !except.contains(index) { add(documents[index]) }
      return
    }
    let most = 256
    let (key, all) = (key, documents.base)
    withUnsafeTemporaryAllocation(of: DigestKey.Hashed.self, capacity: most) { hashed in
      for start in stride(from: documents.startIndex, to: documents.endIndex, by: most) {
        let range = start..<Swift.min(start + most, documents.endIndex)
        all.withBytes(of: range) { bytes, places in key.hash(places, of: bytes, into: hashed) }
        buckets.withUnsafeMutableBufferPointer { buckets in
          for document in hashed.prefix(range.count) { buckets[document.bucket].add(length: document.length, hash: document.hash) }
        }
      }
    }
  }

  mutating func add(_ documents: BSONBatch) { add(documents[...]) }

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
  private let seeds: (UInt64, UInt64)

  init() { self.init(bytes: (0..<4).flatMap { _ in withUnsafeBytes(of: UInt64.random(in: .min ... .max)) { Array($0) } }) }

  init(bytes: [UInt8]) {
    self.bytes = bytes
    var hasher = SHA256()
    bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    keyed = hasher
    let padded = bytes + [UInt8](repeating: 0, count: 16)
    seeds = padded.withUnsafeBytes { ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) }
  }

  static func == (a: DigestKey, b: DigestKey) -> Bool { a.bytes == b.bytes }

  func hash(_ document: BSONDocument) -> UInt128 { hash(document.slice) }

  private static let isAvailable = cdigest_available() != 0 && agreesWithLibrary()

  /// Whether messages that end at each border within a block, hashed side by side, have the hashes that the library says. Backups are proven by them, so no
  /// processor is trusted unseen; it takes some microseconds, once a process.
  private static func agreesWithLibrary() -> Bool {
    let bytes = (0..<1_024).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
    let key = DigestKey(bytes: Array(bytes.prefix(Int(CDIGEST_KEY))))
    let messages = [0, 1, 22, 23, 24, 31, 32, 33, 86, 87, 88, 95, 96, 97, 577].enumerated().map { index, length in
      cdigest_message(start: index * 7, length: length)
    }
    var hashes = [UInt128](repeating: 0, count: messages.count)
    hashes.withUnsafeMutableBytes { cdigest_hash(key.bytes, bytes, messages, messages.count, $0.baseAddress) }
    return zip(messages, hashes).allSatisfy { message, hash in
      UInt128(littleEndian: hash) == key.hash(bytes[message.start..<message.start + message.length])
    }
  }

  /// Whether several documents can be hashed at once.
  var hashesMany: Bool { Self.isAvailable && bytes.count == CDIGEST_KEY }

  /// What of a document goes into its bucket.
  struct Hashed {
    let bucket: Int
    let length: Int
    let hash: UInt128
  }

  /// Hashes documents at their places in `bytes`, one after another into `hashed`, which has room for them. Only where `hashesMany`.
  func hash(_ places: ArraySlice<BSONPlace>, of bytes: UnsafeRawBufferPointer, into hashed: UnsafeMutableBufferPointer<Hashed>) {
    withUnsafeTemporaryAllocation(of: cdigest_message.self, capacity: places.count) { messages in
      withUnsafeTemporaryAllocation(of: UInt128.self, capacity: places.count) { hashes in
        for (place, index) in zip(places, messages.indices) {
          messages.initializeElement(at: index, to: cdigest_message(start: place.start, length: place.count))
        }
        self.bytes.withUnsafeBufferPointer { key in
          cdigest_hash(key.baseAddress, bytes.baseAddress, messages.baseAddress, messages.count, hashes.baseAddress)
        }
        for (place, index) in zip(places, hashes.indices) {
          hashed.initializeElement(
            at: index, to: Hashed(bucket: bucket(of: place, in: bytes), length: place.count, hash: UInt128(littleEndian: hashes[index])))
        }
      }
    }
  }

  /// By the type and the bytes of `_id`; of the whole document where it has none. A bucket only has to be the same on both sides and to hold about as
  /// many documents as any other, so that mixing is enough, at a tenth of what SHA-256 takes.
  func bucket(of document: BSONDocument) -> Int {
    document.withBytes { bytes in bucket(of: BSONPlace(type: .document, start: 0, end: bytes.count), in: bytes) }
  }

  private func bucket(of document: BSONPlace, in bytes: UnsafeRawBufferPointer) -> Int {
    var walk = BSONWalk(bytes, from: document.start)
    while walk.next() {
      if walk.isNamed(Self.id) { return bucket(of: bytes, from: walk.value.start, to: walk.value.end, type: walk.value.type.rawValue) }
    }
    return bucket(of: bytes, from: document.start, to: document.end, type: 0)
  }

  private static let id = Array("_id\0".utf8)

  private func bucket(of bytes: UnsafeRawBufferPointer, from start: Int, to end: Int, type: UInt8) -> Int {
    var state = seeds.0 ^ UInt64(type)
    var offset = start
    while offset < end {
      var word: UInt64 = 0
      if end - offset >= 8 {
        word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      } else {
        for place in 0..<(end - offset) { word |= UInt64(bytes[offset + place]) << (8 * UInt64(place)) }
      }
      state = Self.mixed(state ^ word) &+ seeds.1
      offset += 8
    }
    return Int(Self.mixed(state ^ UInt64(end - start)) % UInt64(ContentDigest.bucketCount))
  }

  /// Every bit of a word acts on every bit of the result: the last step of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
  /// generators", 2014).
  private static func mixed(_ word: UInt64) -> UInt64 {
    var word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

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
