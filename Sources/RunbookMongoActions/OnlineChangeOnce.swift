import MongoDriver
import OrderedCollections
import RunbookActions

/// Changes that do not make their own filter false: what has been changed cannot be seen by the filter, so each document is remembered by the hash of its
/// key, and its blocks say after a crash which they were (online-change page, "Once").
extension OnlineChangeForward {
  /// How often what the application changed in the meantime is read again.
  static let mostRounds = 200

  /// One pass by the natural order, in which a document stands once; then what was missed by its key, until nothing is left or is gone.
  /// - Returns: false where the application was faster again and again.
  func runOnce() async throws(ActionError) -> Bool {
    var open = try await learnCaptured()
    _ = try await completePass(natural: true)
    open.merge(missedKeys) { $1 }
    missedKeys = [:]
    var round = 0
    while true {
      for (hash, key) in open where refused.has(key) { open[hash] = nil }
      if open.isEmpty { return true }
      round += 1
      if round > Self.mostRounds, manner.waiting == nil {
        neverReached = open.count
        return false
      }
      if round > 1 { try await rest(round) }
      chosen = Set(open.keys)
      try await again(Array(open.values))
      open = missedKeys
      missedKeys = [:]
    }
  }

  private func rest(_ round: Int) async throws(ActionError) {
    if round > Self.mostRounds { return try await rest(after: round - Self.mostRounds) }
    try? await Task.sleep(for: .milliseconds(min(5 * round, 250)))
    if isStopped() || Task.isCancelled { throw change.stopped }
  }

  /// Captures and writes chosen documents again. Those that are gone, or no longer fit, are not found and need nothing.
  private func again(_ keys: [RawBSONValue]) async throws(ActionError) {
    for start in stride(from: 0, to: keys.count, by: manner.batchSize) {
      let chosen = Array(keys[start..<min(start + manner.batchSize, keys.count)])
      // What has been written of them before a cursor died, and was not missed, must not be written once more.
      writtenAgain = []
      _ = try await persistently { () throws(ActionError) in
        let rest = chosen.filter { !writtenAgain.contains(KeyHash($0)) }
        return rest.isEmpty ? 0 : try await sweep(definition.only(rest), natural: false)
      }
    }
  }

  /// What the blocks of earlier attempts say: the keys of all that was captured are remembered.
  /// - Returns: what was missed or refused, and not written since.
  private func learnCaptured() async throws(ActionError) -> OrderedDictionary<KeyHash, RawBSONValue> {
    var open: OrderedDictionary<KeyHash, RawBSONValue> = [:]
    for header in try await change.read(["st": ["$ne": "undone"]], withEntries: false) {
      let block = try await change.block(header.id)
      if block.state == .intent { throw change.lateBlock(block) }
      let entries = try change.entries(of: block)
      let left = Set(block.missed).union(block.failed.map(\.index))
      for (index, entry) in entries.enumerated() {
        let hash = KeyHash(entry.identity)
        captured.insert(hash)
        open[hash] = left.contains(index) ? entry.key.detached() : nil
      }
    }
    return open
  }
}
