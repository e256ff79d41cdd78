import MongoDriver

/// Which documents changed while something was read, in memory that does not grow without end.
struct ChangedKeys {
  let key: DigestKey
  /// How many are remembered with their keys, to be read again.
  let mostPending: Int
  /// How many are remembered by 128 bits of their keys.
  let mostSeen: Int
  private(set) var pending: [UInt128: RawBSONValue] = [:]
  private var seen: Set<UInt128> = []
  /// More were to be read again than are remembered, so that some of them are not known any more.
  private(set) var isOverflowing = false
  private var isCountLost = false

  init(key: DigestKey, mostPending: Int = 100_000, mostSeen: Int = 1_000_000) {
    self.key = key
    self.mostPending = mostPending
    self.mostSeen = mostSeen
  }

  /// How many different documents changed; nil where there were too many to count.
  var count: Int64? { isCountLost ? nil : Int64(seen.count) }

  mutating func note(_ id: RawBSONValue) {
    let hash = key.idHash(id)
    if seen.count < mostSeen { seen.insert(hash) } else if !seen.contains(hash) { isCountLost = true }
    wantAgain(id, hash)
  }

  /// A document that is to be read again although nobody told that it changed.
  mutating func wantAgain(_ id: RawBSONValue, _ hash: UInt128) {
    guard pending[hash] == nil else { return }
    if pending.count < mostPending { pending[hash] = id.detached() } else { isOverflowing = true }
  }

  /// The keys to be read again, which are then no longer waited for.
  mutating func take() -> [RawBSONValue] {
    defer { pending.removeAll(keepingCapacity: true) }
    return Array(pending.values)
  }

  /// Whether a document changed, as far as that is known; what is not known counts as changed.
  func mayHaveChanged(_ hash: UInt128) -> Bool { isCountLost || seen.contains(hash) }
}
