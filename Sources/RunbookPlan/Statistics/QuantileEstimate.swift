/// A quantile of a distribution of which only samples are known, with bounds that hold whatever the distribution is: order statistics, whose
/// ranks come from the exact binomial distribution (Conover, "Practical Nonparametric Statistics", 3rd ed., section 3.2).
public struct QuantileEstimate: Sendable, Hashable {
  /// The smallest sample that at least this share of them does not exceed, in microseconds; infinite where that one failed.
  public let value: Double
  /// The true quantile lies below this with a chance of at most 1 - confidence; 0 where there are too few samples to say.
  public let lower: Double
  /// The true quantile lies above this with a chance of at most 1 - confidence; infinite where there are too few samples to say.
  public let upper: Double

  /// - Parameters:
  ///   - quantile: above 0 and below 1.
  ///   - confidence: of each bound by itself.
  /// - Returns: nil without samples.
  public init?(_ times: MeasuredTimes, quantile: Double, confidence: Double) {
    precondition(quantile > 0 && quantile < 1, "a quantile lies between 0 and 1")
    let count = times.count
    guard count > 0 else { return nil }
    let rank = min(count, max(1, Int64((quantile * Double(count) - 1e-9).rounded(.up))))
    let (low, high) = Self.ranks(count: Int(count), quantile: quantile, confidence: confidence)
    value = times.value(atRank: rank) ?? .infinity
    lower = times.value(atRank: Int64(low)) ?? 0
    upper = times.value(atRank: Int64(high)) ?? .infinity
  }

  /// The ranks of the two bounds; 0 and `count` + 1 where there is none.
  static func ranks(count: Int, quantile: Double, confidence: Double) -> (lower: Int, upper: Int) {
    // The true quantile lies at or above sample r exactly if at least r samples lie at or below it.
    func chance(_ rank: Int) -> Double { BinomialBounds.chance(ofAtLeast: rank, of: count, rate: quantile) }
    var (low, high) = (0, count + 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if chance(middle) >= confidence { low = middle } else { high = middle }
    }
    let lower = low
    (low, high) = (0, count + 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if chance(middle) <= 1 - confidence { high = middle } else { low = middle }
    }
    return (lower, high)
  }
}
