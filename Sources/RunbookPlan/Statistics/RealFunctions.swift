/// The few functions of real numbers that the comparison of measurements needs. They are written out, since this room imports no system module;
/// tests hold them against the C library's.
enum RealFunction {
  private static let ln2 = 0.693147180559945309417232121458
  /// What is left of ln 2 behind the first 32 bits of its significand, so that multiples of both parts are exact.
  private static let ln2High = 6.93147180369123816490e-01
  private static let ln2Low = 1.90821492927058770002e-10

  /// The natural logarithm: -infinity at 0, NaN below.
  static func log(_ x: Double) -> Double {
    guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x == .infinity ? x : .nan }
    var (significand, exponent) = (x.significand, Double(x.exponent))
    if significand > 1.4142135623730951 { (significand, exponent) = (significand / 2, exponent + 1) }
    // ln m = 2 artanh((m - 1) / (m + 1)), and the argument is at most 0.172 here.
    let z = (significand - 1) / (significand + 1)
    let square = z * z
    var (power, sum, odd) = (z, 0.0, 1.0)
    while abs(power) > 1e-20 {
      sum += power / odd
      power *= square
      odd += 2
    }
    return 2 * sum + exponent * ln2
  }

  /// e to the power of `x`; infinity above 700, which no ratio of two times comes near.
  static func exp(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x > 700 { return .infinity }
    if x < -700 { return 0 }
    let whole = (x / ln2).rounded()
    let rest = x - whole * ln2High - whole * ln2Low
    var (term, sum, index) = (1.0, 1.0, 1.0)
    while abs(term) > 1e-18 {
      term *= rest / index
      sum += term
      index += 1
    }
    return sum * Double(sign: .plus, exponent: Int(whole), significand: 1)
  }

  /// The chance that a standard normal variable exceeds `z`.
  static func normalTail(_ z: Double) -> Double {
    if z.isNaN { return z }
    if z < 0 { return 1 - normalTail(-z) }
    let density = exp(-z * z / 2) / 2.5066282746310002
    if z < 3 {
      // The distribution's own series: z + z^3/3 + z^5/15 + …
      var (term, sum, odd) = (z, z, 1.0)
      while term > sum * 1e-18, term > 0 {
        odd += 2
        term *= z * z / odd
        sum += term
      }
      return 0.5 - density * sum
    }
    // Laplace's continued fraction, from its end.
    var denominator = z
    for step in stride(from: 200.0, through: 1, by: -1) { denominator = z + step / denominator }
    return density / denominator
  }
}
