import Foundation
import Testing

@testable import RunbookPlan

@Suite("Functions and tests behind the comparison of measurements")
struct StatisticsTests {
  /// Whole numbers from 1 to `most`, by the "minimal standard" generator of Park and Miller (multiplier 48271), as the references were made.
  static func sample(_ seed: Int64, _ count: Int, _ most: Int64) -> MeasuredTimes {
    var state = seed
    return MeasuredTimes(
      counts: (0..<count).map { _ in
        state = state * 48271 % 2_147_483_647
        return (value: state % most + 1, count: 1)
      })
  }

  /// Seed, number and range of each side; statistic and chance by `scipy.stats.mannwhitneyu` (greater, asymptotic, with continuity) of SciPy 1.17.1.
  static let rankTests: [(Int64, Int, Int64, Int64, Int, Int64, Double, Double)] = [
    (1, 20, 1000, 2, 25, 900, 298.0, 0.13895812678956804), (3, 500, 800, 4, 500, 700, 144658.0, 8.364203927555874e-06),
    (5, 100, 10, 6, 80, 12, 2910.0, 0.9991918922929446), (7, 30, 5, 8, 40, 5, 548.5, 0.7362998834075112),
    (9, 1000, 10000, 10, 10, 8000, 6787.0, 0.02580711095306117), (11, 1, 50, 12, 1, 50, 1.0, 0.5),
  ]

  @Test("The rank test gives SciPy's statistic and chance, ties and all; the effect is Cliff's delta")
  func ranks() throws {
    for (seed, count, most, otherSeed, otherCount, otherMost, statistic, chance) in Self.rankTests {
      let test = try #require(RankTest(Self.sample(seed, count, most), Self.sample(otherSeed, otherCount, otherMost)))
      #expect(test.statistic == statistic)
      #expect(abs(test.chance - chance) <= chance * 1e-12, "\(test.chance), not \(chance)")
      #expect(abs(test.effect - (2 * statistic / Double(count * otherCount) - 1)) < 1e-15)
    }
    let equal = MeasuredTimes(counts: [(5, 10)])
    #expect(RankTest(equal, equal)?.chance == 1)
    #expect(RankTest(equal, MeasuredTimes(counts: [])) == nil)
    let failing = MeasuredTimes(counts: [(5, 10)], failures: 10)
    #expect(try #require(RankTest(failing, equal)).effect == 0.5)
  }

  /// Samples, quantile, confidence, ranks; by `scipy.stats.quantile_test(…).confidence_interval` of SciPy 1.17.1, one side at a time. No bound is
  /// rank 0, or one beyond the last.
  static let bounds: [(Int, Double, Double, Int, Int)] = [
    (20, 0.5, 0.95, 6, 15), (100, 0.5, 0.95, 42, 59), (500, 0.5, 0.95, 232, 269), (500, 0.95, 0.95, 467, 484),
    (500, 0.99, 0.95, 491, 499), (100, 0.95, 0.9, 92, 99), (50, 0.95, 0.95, 45, 51), (10, 0.99, 0.95, 9, 11), (4, 0.5, 0.95, 0, 5),
    (10000, 0.95, 0.99, 9449, 9551), (1000, 0.5, 0.999, 451, 550), (2000, 0.99, 0.975, 1971, 1989),
  ]

  @Test("Bounds of quantiles are the order statistics that SciPy takes")
  func quantiles() throws {
    for (count, quantile, confidence, lower, upper) in Self.bounds {
      let ranks = QuantileEstimate.ranks(count: count, quantile: quantile, confidence: confidence)
      #expect(ranks == (lower, upper), "\(count) samples, quantile \(quantile), confidence \(confidence)")
    }
    let times = MeasuredTimes(counts: (1...20).map { (value: $0, count: 1) })
    let median = try #require(QuantileEstimate(times, quantile: 0.5, confidence: 0.95))
    #expect((median.value, median.lower, median.upper) == (10, 6, 15))
    let tail = try #require(QuantileEstimate(times, quantile: 0.95, confidence: 0.95))
    #expect((tail.value, tail.upper) == (19, .infinity))
  }

  @Test("Logarithm, exponential and normal tail agree with the C library and SciPy")
  func functions() {
    var x = 1e-300
    while x < 1e300 {
      let found = RealFunction.log(x)
      let due = Foundation.log(x)
      #expect(abs(found - due) <= abs(due) * 4e-16 + 1e-17, "log \(x): \(found), not \(due)")
      x *= 1.0137 * (x < 0.1 || x > 10 ? 1000 : 1)
    }
    #expect(RealFunction.log(0) == -.infinity)
    #expect(RealFunction.log(.leastNonzeroMagnitude) == Foundation.log(.leastNonzeroMagnitude))
    for x in stride(from: -690.0, through: 690, by: 0.737) {
      let due = Foundation.exp(x)
      #expect(abs(RealFunction.exp(x) - due) <= due * 1e-15, "exp \(x): \(RealFunction.exp(x)), not \(due)")
    }
    for (z, due) in [
      (-4, 0.9999683287581669), (-1.5, 0.9331927987311419), (0, 0.5), (0.1, 0.460172162722971), (1, 0.15865525393145707),
      (1.6448536269514722, 0.050000000000000044), (2.5, 0.006209665325776132), (2.999, 0.0013543365337271057),
      (3, 0.0013498980316300933), (3.001, 0.0013454728250849653), (5, 2.866515718791933e-07), (10, 7.61985302416047e-24),
      (30, 4.906713927147908e-198),
    ] {
      let found = RealFunction.normalTail(z)
      #expect(abs(found - due) <= due * 1e-12, "tail \(z): \(found), not \(due)")
    }
  }

  @Test("Ratio and difference of a quantile, and what they say about a tolerance")
  func comparison() throws {
    let before = MeasuredTimes(counts: (1...500).map { (value: 1_000 + $0, count: 1) })
    let slower = MeasuredTimes(counts: (1...500).map { (value: 2 * (1_000 + $0), count: 1) })
    let twice = try #require(QuantileComparison(slower, with: before, quantile: 0.5, confidence: 0.95))
    #expect(twice.ratio.value == 2)
    #expect(twice.ratio.lower > 1.9 && twice.ratio.lower < 2 && twice.ratio.upper > 2 && twice.ratio.upper < 2.1)
    // The bounds lie at ranks 232 and 269 of both sides: 18 and 19 away from the median.
    #expect(twice.difference.value == 1_250)
    #expect(abs(twice.difference.lower - (1_250 - (36.0 * 36 + 19 * 19).squareRoot())) < 1e-9)
    #expect(abs(twice.difference.upper - (1_250 + (38.0 * 38 + 18 * 18).squareRoot())) < 1e-9)
    #expect(twice.finding(tolerance: 0.1) == .worse)
    #expect(twice.finding(tolerance: 0.1, floor: 1_250) == .inconclusive)
    #expect(twice.finding(tolerance: 0.1, floor: 2_000) == .notWorse)
    #expect(twice.finding(tolerance: 1) == .inconclusive)
    #expect(twice.finding(tolerance: 1.1) == .notWorse)
    #expect(QuantileComparison(before, with: MeasuredTimes(counts: []), quantile: 0.5, confidence: 0.95) == nil)
  }

  @Test("Failures count as slower than every answer; too few samples give no bound")
  func edges() throws {
    let good = MeasuredTimes(counts: [(1_000, 500)])
    let half = MeasuredTimes(counts: [(900, 200)], failures: 300)
    let worse = try #require(QuantileComparison(half, with: good, quantile: 0.5, confidence: 0.95))
    #expect(worse.finding(tolerance: 0.5) == .worse)
    #expect(QuantileComparison(good, with: half, quantile: 0.5, confidence: 0.95) == nil)
    // Some failures, beyond the median, spoil p95 alone.
    let some = MeasuredTimes(counts: [(1_000, 450)], failures: 50)
    #expect(try #require(QuantileComparison(some, with: good, quantile: 0.5, confidence: 0.95)).finding(tolerance: 0.1) == .notWorse)
    #expect(try #require(QuantileComparison(some, with: good, quantile: 0.95, confidence: 0.95)).finding(tolerance: 0.1) == .worse)
    let few = MeasuredTimes(counts: [(1_000, 20)])
    let unsure = try #require(QuantileComparison(few, with: few, quantile: 0.95, confidence: 0.95))
    #expect((unsure.ratio.lower, unsure.ratio.upper) == (0, .infinity))
    #expect(unsure.finding(tolerance: 0.1) == .inconclusive)
  }
}
