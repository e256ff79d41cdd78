import RunbookActions
import RunbookPlan

/// How fast a batched change may go, as the plan says it. All times in milliseconds.
struct ThrottleSettings: Sendable, Hashable {
  /// What one command is meant to take: the size of the batches follows it.
  var targetLatency: Int64 = 500
  /// How long the server may take to read one document.
  var maxLatency: Int64?
  /// How far a secondary may be behind.
  var maxReplicationLag: Int64?
  /// Between two batches.
  var pauseBetween: Int64 = 0

  /// Reads `batch.targetLatency` and `throttle`; what is wrong with them is added to the problems.
  init(_ arguments: ValueMap, _ problems: inout [ArgumentProblem]) {
    func milliseconds(_ path: [String], _ range: ClosedRange<Int64>) -> Int64? {
      guard let value = arguments[path[0]]?[path[1]]?.durationValue else { return nil }
      let told = value / 1000
      guard range.contains(told) else {
        func words(_ bound: Int64) -> String { DurationText.format(microseconds: bound * 1000) }
        problems.append(
          ArgumentProblem(
            path: path, message: "'\(path[1])' is from \(words(range.lowerBound)) to \(words(range.upperBound))"))
        return nil
      }
      return told
    }
    // A command has five seconds; one that is meant to take them all would be cut off.
    targetLatency = milliseconds(["batch", "targetLatency"], 10...2_000) ?? targetLatency
    maxLatency = milliseconds(["throttle", "maxLatency"], 1...60_000)
    maxReplicationLag = milliseconds(["throttle", "maxReplicationLag"], 1_000...3_600_000)
    pauseBetween = milliseconds(["throttle", "pauseBetween"], 0...3_600_000) ?? 0
  }

  init() {}

  /// Whether anything is to be asked before a batch.
  var watches: Bool { maxLatency != nil || maxReplicationLag != nil }
}
