/// How often times of each length were seen, in buckets that are at most 3 percent wide: bounded, however many there are.
public struct DurationHistogram: Sendable, Hashable {
  /// Buckets of each doubling of the length; below this many microseconds each has a bucket of its own.
  static let resolution: Int64 = 32

  private(set) var counts: [Int: Int] = [:]

  public init() {}

  init(counts: [Int: Int]) { self.counts = counts }

  public var isEmpty: Bool { counts.isEmpty }
  public var count: Int { counts.values.reduce(0, +) }

  /// Counts one time; negative ones count as 0.
  public mutating func add(microseconds: Int64) { counts[DurationHistogram.bucket(max(microseconds, 0)), default: 0] += 1 }

  public mutating func add(_ other: DurationHistogram) {
    for (bucket, count) in other.counts { counts[bucket, default: 0] += count }
  }

  /// The length (microseconds) that `share` (0 to 1) of the times do not exceed, or nil where there are none: the upper end of its bucket.
  public func percentile(_ share: Double) -> Int64? {
    guard !counts.isEmpty else { return nil }
    let wanted = max(1, Int((share * Double(count)).rounded(.up)))
    var seen = 0
    for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) {
      seen += count
      if seen >= wanted { return DurationHistogram.upperEnd(bucket) }
    }
    return nil
  }

  static func bucket(_ length: Int64) -> Int {
    guard length >= resolution else { return Int(length) }
    // The highest bits of the length: one that says which doubling, and five that say where in it.
    let shift = Int64.bitWidth - 1 - length.leadingZeroBitCount - resolution.trailingZeroBitCount
    return (shift + 1) * Int(resolution) + Int((length >> Int64(shift)) - resolution)
  }

  static func upperEnd(_ bucket: Int) -> Int64 {
    let (doubling, rest) = (bucket / Int(resolution), Int64(bucket % Int(resolution)))
    guard doubling > 0 else { return rest }
    let shift = Int64(doubling - 1)
    return ((resolution + rest) << shift) + ((1 << shift) - 1)
  }
}
