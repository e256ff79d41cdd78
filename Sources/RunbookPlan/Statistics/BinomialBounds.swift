/// The exact bounds of a rate of which `failures` of `count` independent operations failed (Clopper and Pearson, "The use of confidence or
/// fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934), each at the confidence given (one-sided).
public struct BinomialBounds: Sendable, Hashable {
  /// The true rate lies below this with a chance of at most 1 - confidence.
  public let lower: Double
  /// The true rate lies above this with a chance of at most 1 - confidence.
  public let upper: Double

  /// `confidence`: above 0 and below 1.
  public init(failures: Int, of count: Int, confidence: Double) {
    precondition(count > 0 && (0...count).contains(failures), "failures are among the operations")
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    lower = BinomialBounds.lower(failures, count, 1 - confidence)
    upper = 1 - BinomialBounds.lower(count - failures, count, 1 - confidence)
  }

  /// The rate at which `failures` or more of `count` are seen with a chance of `level`; by bisection, since that chance grows with the rate.
  private static func lower(_ failures: Int, _ count: Int, _ level: Double) -> Double {
    guard failures > 0 else { return 0 }
    var (low, high) = (0.0, 1.0)
    while high - low > high * 1e-14 {
      let middle = low + (high - low) / 2
      if chance(ofAtLeast: failures, of: count, rate: middle) < level { low = middle } else { high = middle }
    }
    return low
  }

  /// The upper tail of the binomial distribution. Each term is the one before times a simple ratio; going out from the largest one, and
  /// dividing by the sum of all, needs neither logarithms nor factorials, and nothing can overflow.
  public static func chance(ofAtLeast least: Int, of count: Int, rate: Double) -> Double {
    guard least > 0 else { return 1 }
    guard rate > 0 else { return 0 }
    guard rate < 1 else { return 1 }
    let odds = rate / (1 - rate)
    let mode = min(count, Int(Double(count + 1) * rate))
    var (below, tail) = (0.0, 0.0)
    func add(_ term: Double, _ index: Int) { if index >= least { tail += term } else { below += term } }
    var term = 1.0
    var index = mode
    while term > 1e-18 {
      add(term, index)
      guard index < count else { break }
      term *= Double(count - index) / Double(index + 1) * odds
      index += 1
    }
    (term, index) = (1.0, mode)
    while index > 0 {
      term *= Double(index) / Double(count - index + 1) / odds
      index -= 1
      guard term > 1e-18 else { break }
      add(term, index)
    }
    return tail / (below + tail)
  }
}
