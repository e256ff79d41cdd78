/// How a quantile of one measurement stands to that of another: their ratio and their difference, with bounds.
///
/// The bounds of the two quantiles are joined by MOVER, the "method of variance estimates recovery" (Zou and Donner, "Construction of confidence
/// limits about effect measures: a general approach", Statistics in Medicine 27, 2008): for the ratio on the scale of logarithms. Nothing is drawn
/// by lot, so the same samples always give the same bounds.
public struct QuantileComparison: Sendable, Hashable {
  /// An estimate with a bound to each side; each holds by itself with the confidence that was asked for.
  public struct Bounded: Sendable, Hashable {
    public let value: Double
    public let lower: Double
    public let upper: Double
  }

  /// Microseconds.
  public let before: Double
  /// Microseconds; infinite where failures reach the quantile.
  public let after: Double
  public let ratio: Bounded
  /// Microseconds.
  public let difference: Bounded

  /// - Returns: nil where one side has no samples, or the quantile of `before` is a failure: then there is nothing to compare with.
  public init?(_ after: MeasuredTimes, with before: MeasuredTimes, quantile: Double, confidence: Double) {
    guard let old = QuantileEstimate(before, quantile: quantile, confidence: confidence), old.value < .infinity,
      let new = QuantileEstimate(after, quantile: quantile, confidence: confidence)
    else { return nil }
    self.before = old.value
    self.after = new.value
    difference = Self.difference(new.value, new.lower, new.upper, old.value, old.lower, old.upper)
    let log = RealFunction.log
    let logs = Self.difference(log(new.value), log(new.lower), log(new.upper), log(old.value), log(old.lower), log(old.upper))
    ratio = Bounded(
      value: new.value / old.value, lower: RealFunction.exp(logs.lower), upper: RealFunction.exp(logs.upper))
  }

  private static func difference(
    _ new: Double, _ newLower: Double, _ newUpper: Double, _ old: Double, _ oldLower: Double, _ oldUpper: Double
  ) -> Bounded {
    var lower = -Double.infinity
    if newLower > -.infinity, oldUpper < .infinity {
      // Where failures reach the estimate itself, only the bounds are numbers; their difference is the more careful of the two.
      lower = new < .infinity ? new - old - distance(new - newLower, oldUpper - old) : newLower - oldUpper
    }
    var upper = Double.infinity
    if newUpper < .infinity, oldLower > -.infinity { upper = new - old + distance(newUpper - new, old - oldLower) }
    return Bounded(value: new - old, lower: lower, upper: upper)
  }

  private static func distance(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
}

/// What a comparison says about a tolerance.
public enum ComparisonFinding: Sendable, Hashable {
  case worse, notWorse, inconclusive
}

extension QuantileComparison {
  /// Worse means: by more than the tolerance, and by more than the floor. Each of the two certain answers is wrong with a chance of at most
  /// 1 - confidence; where neither can be given, it is inconclusive.
  /// - Parameters:
  ///   - tolerance: a share: 0.1 allows 1.1 times.
  ///   - floor: microseconds; a smaller difference never counts.
  public func finding(tolerance: Double, floor: Double = 0) -> ComparisonFinding {
    if ratio.lower > 1 + tolerance, difference.lower > floor { return .worse }
    if ratio.upper <= 1 + tolerance || difference.upper <= floor { return .notWorse }
    return .inconclusive
  }
}
