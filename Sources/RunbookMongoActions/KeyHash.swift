import Crypto
import MongoDriver

/// 128 bits of a key's hash: what is remembered of a document that has been dealt with.
struct KeyHash: Hashable {
  private let high: UInt64
  private let low: UInt64

  init(_ key: RawBSONValue) {
    var hasher = SHA256()
    withUnsafeBytes(of: key.type.rawValue) { hasher.update(bufferPointer: $0) }
    hasher.update(data: key.bytes)
    (high, low) = hasher.finalize().withUnsafeBytes {
      ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
  }
}
