/// How many documents the next batch may have: as many as the server changes in the time that the plan means a command to take (half a second unless
/// it says otherwise), at most what the plan allows.
///
/// A command that came near its `maxTimeMS` would be cut off in the middle, and a short one also lets a stop, a lease or a writer of the
/// application wait less.
struct OnlineChangePace: Sendable {
  /// No batch is made smaller than this, however slow the server is.
  static let least = 10

  let most: Int
  /// What one command is meant to take, in milliseconds.
  let target: Int64
  private(set) var size: Int

  /// - Parameters:
  ///   - most: what the plan allows.
  ///   - first: size of the first batch.
  ///   - target: milliseconds that a command is meant to take.
  init(most: Int, first: Int = 100, target: Int64 = 500) {
    self.most = most
    self.target = target
    // The first batch tells how fast the server is; it must not be the one that is cut off.
    size = min(most, first)
  }

  /// Takes in how long a command took: half the size at least, twice at most.
  mutating func learn(count: Int, milliseconds: Int64) {
    guard count > 0 else { return }
    let fitting = Int(Int64(count) * target / max(milliseconds, 1))
    // A small batch says little about a large one that goes well, but enough about one that goes badly.
    let next = fitting < size ? max(fitting, size / 2) : min(fitting, size * 2)
    size = min(max(next, min(Self.least, most)), most)
  }
}
