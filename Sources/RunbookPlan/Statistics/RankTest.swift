/// The test of Mann and Whitney ("On a test of whether one of two random variables is stochastically larger than the other", 1947): whether one
/// measurement tends to be slower than another, over all samples and not at one quantile; with Cliff's delta as the size of the effect.
public struct RankTest: Sendable, Hashable {
  /// Pairs of a sample of each side in which the first side's is slower; of equal ones a half.
  public let statistic: Double
  /// The chance of a statistic as large as this where neither side is slower: the normal approximation, corrected for ties and continuity.
  public let chance: Double
  /// From -1 (every sample of the first side is faster) to 1 (every one is slower).
  public let effect: Double

  /// - Returns: nil where a side has no samples.
  public init?(_ first: MeasuredTimes, _ second: MeasuredTimes) {
    let (n, m) = (Double(first.count), Double(second.count))
    guard n > 0, m > 0 else { return nil }
    var larger = 0.0
    var ties = 0.0
    var below = 0.0
    let (left, right) = (first.groups, second.groups)
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      let value = min(i < left.count ? left[i].value : .infinity, j < right.count ? right[j].value : .infinity)
      var (mine, theirs) = (0.0, 0.0)
      if i < left.count, left[i].value == value {
        mine = Double(left[i].count)
        i += 1
      }
      if j < right.count, right[j].value == value {
        theirs = Double(right[j].count)
        j += 1
      }
      larger += mine * (below + theirs / 2)
      below += theirs
      let tied = mine + theirs
      ties += tied * (tied * tied - 1)
    }
    statistic = larger
    effect = 2 * larger / (n * m) - 1
    let all = n + m
    let variance = all > 1 ? n * m / 12 * (all + 1 - ties / (all * (all - 1))) : 0
    chance = variance > 0 ? min(1, RealFunction.normalTail((larger - n * m / 2 - 0.5) / variance.squareRoot())) : 1
  }
}
