/// How many documents the next batch may have: as many as the server changes in about half a second, at most what the plan allows.
///
/// A command that came near its `maxTimeMS` would be cut off in the middle, and a short one also lets a stop, a lease or a writer of the
/// application wait less.
struct OnlineChangePace: Sendable {
  /// What one command is meant to take, in milliseconds.
  static let target: Int64 = 500
  /// No batch is made smaller than this, however slow the server is.
  static let least = 10

  let most: Int
  private(set) var size: Int

  /// - Parameter most: what the plan allows.
  /// - Parameter first: size of the first batch.
  init(most: Int, first: Int = 100) {
    self.most = most
    // The first batch tells how fast the server is; it must not be the one that is cut off.
    size = min(most, first)
  }

  /// Takes in how long a command took: half the size at least, twice at most.
  mutating func learn(count: Int, milliseconds: Int64) {
    guard count > 0 else { return }
    let fitting = Int(Int64(count) * Self.target / max(milliseconds, 1))
    // A small batch says little about a large one that goes well, but enough about one that goes badly.
    let next = fitting < size ? max(fitting, size / 2) : min(fitting, size * 2)
    size = min(max(next, min(Self.least, most)), most)
  }
}
