import Foundation
import RunbookTestSupport
import Testing

@testable import RunbookPlan

/// Synthetic comparisons of measurements, all from seeds. `RUNBOOK_COMPARISONS=10000` (`make comparisons`) makes as many of each kind, over all
/// shapes, and prints the figures of docs/measurements.md; by default there are fewer.
@Suite("Comparisons of latency over synthetic samples")
struct ComparisonCampaign {
  static let full = ProcessInfo.processInfo.environment["RUNBOOK_COMPARISONS"].flatMap { Int($0) }

  /// How the times of one operation are distributed, before they are made slower.
  enum Shape: String, CaseIterable {
    case logNormal, exponential, twoModes

    func time(_ chance: inout SeededChance) -> Double {
      func uniform() -> Double { Double.random(in: .leastNonzeroMagnitude..<1, using: &chance) }
      switch self {
      case .logNormal: return 10_000 * exp(0.25 * (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()))
      case .exponential: return 1_000 - 10_000 * log(uniform())
      // A cache: nine of ten are answered from it.
      case .twoModes: return (uniform() < 0.9 ? 2_000 : 20_000) * (1 + 0.2 * uniform())
      }
    }
  }

  struct Kind {
    var shape = Shape.logNormal
    var quantile = 0.5
    var samples = 500
    /// The true ratio of the quantiles.
    var ratio = 1.0
    var tolerance = 0.1
    var confidence = 0.95
  }

  struct Tally {
    var worse = 0
    var notWorse = 0
    var inconclusive = 0
  }

  static func compare(_ kind: Kind, times count: Int, seed: UInt64) -> Tally {
    var chance = SeededChance(seed: seed)
    var tally = Tally()
    func measure(_ factor: Double) -> MeasuredTimes {
      MeasuredTimes(counts: (0..<kind.samples).map { _ in (value: Int64(kind.shape.time(&chance) * factor), count: 1) })
    }
    for _ in 0..<count {
      let (before, after) = (measure(1), measure(kind.ratio))
      let comparison = QuantileComparison(after, with: before, quantile: kind.quantile, confidence: kind.confidence)
      switch comparison?.finding(tolerance: kind.tolerance) {
      case .worse: tally.worse += 1
      case .notWorse: tally.notWorse += 1
      case .inconclusive, nil: tally.inconclusive += 1
      }
    }
    return tally
  }

  @Test("Over 10,000 comparisons of times that are as much slower as is allowed, false alarms stay at or under the stated level")
  func falseAlarms() {
    let count = Self.full ?? 10_000
    let shapes = Self.full == nil ? [Shape.logNormal] : Shape.allCases
    for shape in shapes {
      for (quantile, samples, confidence) in [(0.5, 100, 0.95), (0.95, 200, 0.95)] + (Self.full == nil ? [] : Self.more) {
        let kind = Kind(shape: shape, quantile: quantile, samples: samples, ratio: 1.1, confidence: confidence)
        let alarms = Self.compare(kind, times: count, seed: 20_250_118).worse
        report("false alarms", kind, alarms, count)
        #expect(Double(alarms) / Double(count) <= 1 - confidence, "\(alarms) of \(count) for \(kind)")
      }
    }
  }

  private static let more: [(Double, Int, Double)] = [
    (0.5, 500, 0.95), (0.95, 500, 0.95), (0.95, 1_000, 0.95), (0.99, 1_000, 0.95), (0.5, 500, 0.99), (0.95, 500, 0.99), (0.5, 30, 0.9),
  ]

  @Test("A pass of times that are slower than allowed is as rare")
  func falsePasses() {
    let count = Self.full ?? 2_000
    for shape in Self.full == nil ? [Shape.exponential] : Shape.allCases {
      for (quantile, samples) in [(0.5, 100)] + (Self.full == nil ? [] : [(0.5, 500), (0.95, 200), (0.95, 500), (0.95, 1_000)]) {
        let kind = Kind(shape: shape, quantile: quantile, samples: samples, ratio: 1.101)
        let passes = Self.compare(kind, times: count, seed: 7).notWorse
        report("false passes", kind, passes, count)
        #expect(Double(passes) / Double(count) <= 0.05, "\(passes) of \(count) for \(kind)")
      }
    }
  }

  @Test("p50 slower by 20 % where 10 % is allowed is found in at least 95 % of comparisons of 500 samples, log-normal with sigma 0.25")
  func power() {
    let count = Self.full ?? 1_000
    let kind = Kind(ratio: 1.2)
    let found = Self.compare(kind, times: count, seed: 3).worse
    report("found", kind, found, count)
    #expect(Double(found) / Double(count) >= 0.95, "\(found) of \(count)")
    let unchanged = Self.compare(Kind(), times: count, seed: 4)
    report("passes of what is unchanged", Kind(), unchanged.notWorse, count)
    #expect(unchanged.worse == 0)
    #expect(Double(unchanged.notWorse) / Double(count) >= 0.95)
  }

  @Test("The power for p95, with the numbers of samples that the documentation gives")
  func powerOfTails() {
    guard let full = Self.full else {
      let kind = Kind(quantile: 0.95, samples: 1_000, ratio: 1.2)
      let found = Self.compare(kind, times: 300, seed: 5).worse
      #expect(Double(found) / 300 >= 0.93, "\(found) of 300")
      return
    }
    let count = max(full / 5, 200)
    for shape in Shape.allCases {
      for (quantile, numbers) in Self.numbers {
        for samples in numbers {
          for ratio in [1.2, 1.5, 1.0] {
            let kind = Kind(shape: shape, quantile: quantile, samples: samples, ratio: ratio)
            let tally = Self.compare(kind, times: count, seed: 11)
            report(ratio == 1 ? "passes" : "found", kind, ratio == 1 ? tally.notWorse : tally.worse, count)
          }
        }
      }
    }
  }

  private static let numbers: [(Double, [Int])] = [
    (0.5, [50, 100, 200, 500, 1_000]), (0.95, [200, 500, 1_000, 2_000, 5_000]), (0.99, [1_000, 2_000, 5_000]),
  ]

  private func report(_ what: String, _ kind: Kind, _ found: Int, _ count: Int) {
    guard Self.full != nil else { return }
    let share = String(format: "%.2f", 100 * Double(found) / Double(count))
    print(
      "\(kind.shape.rawValue) p\(Int(kind.quantile * 100)) n=\(kind.samples) ratio=\(kind.ratio) confidence=\(kind.confidence) \(what): \(share) % of \(count)"
    )
  }
}
