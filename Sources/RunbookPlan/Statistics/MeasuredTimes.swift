/// Times that were measured, as counts of equal ones, and how many measurements gave no time because they failed.
///
/// A failure counts as slower than every answer: a service that answers fast because it answers little must not look good.
public struct MeasuredTimes: Sendable, Hashable {
  /// Microseconds, ascending, each once.
  public let values: [Int64]
  /// How many measurements took at most the value of the same index.
  private let ranks: [Int64]
  public let failures: Int64

  /// How many measurements gave a time.
  public var answered: Int64 { ranks.last ?? 0 }
  /// All measurements.
  public var count: Int64 { answered + failures }

  /// - Parameter counts: pairs of microseconds and how often; in any order. What is below 1 µs counts as 1 µs, since ratios are taken.
  public init(counts: some Sequence<(value: Int64, count: Int64)>, failures: Int64 = 0) {
    var values: [Int64] = []
    var ranks: [Int64] = []
    for (value, count) in counts.map({ (max($0.value, 1), $0.count) }).sorted(by: { $0.0 < $1.0 }) where count > 0 {
      if values.last == value {
        ranks[ranks.count - 1] += count
      } else {
        values.append(value)
        ranks.append((ranks.last ?? 0) + count)
      }
    }
    self.values = values
    self.ranks = ranks
    self.failures = max(failures, 0)
  }

  /// Reads the outputs of a measurement of latency: `histogram` (`[{ upTo, count }]`) and `errors`; nil where there is no such histogram.
  public init?(outputs: ValueMap) {
    guard let entries = outputs["histogram"]?.listValue else { return nil }
    var counts: [(value: Int64, count: Int64)] = []
    for entry in entries {
      guard let value = entry["upTo"]?.durationValue, let count = entry["count"]?.integerValue, count >= 0 else { return nil }
      counts.append((value, count))
    }
    self.init(counts: counts, failures: outputs["errors"]?.integerValue ?? 0)
  }

  /// The value at a rank, from 1 for the smallest up to `count`: microseconds, infinite for a failure, nil outside.
  func value(atRank rank: Int64) -> Double? {
    guard rank >= 1, rank <= count else { return nil }
    guard rank <= answered else { return .infinity }
    var (low, high) = (0, ranks.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if ranks[middle] < rank { low = middle + 1 } else { high = middle }
    }
    return Double(values[low])
  }

  /// How often each value occurred, failures as the last one.
  var groups: [(value: Double, count: Int64)] {
    var groups: [(value: Double, count: Int64)] = []
    groups.reserveCapacity(values.count + 1)
    var before: Int64 = 0
    for (value, rank) in zip(values, ranks) {
      groups.append((Double(value), rank - before))
      before = rank
    }
    if failures > 0 { groups.append((.infinity, failures)) }
    return groups
  }
}
