import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookEngine

@Suite("Exact bounds of a rate")
struct BinomialTests {
  /// failures, operations, confidence, lower, upper; by `scipy.stats.beta.ppf` of SciPy 1.17.1.
  static let references: [(Int, Int, Double, Double, Double)] = [
    (0, 100, 0.95, 0.0, 0.029513049607039925), (1, 1, 0.95, 0.050000000000000044, 1.0),
    (1, 2, 0.95, 0.02532056551910363, 0.9746794344808963), (1, 100, 0.95, 0.0005128014162622926, 0.046559811453538935),
    (2, 100, 0.95, 0.0035651526032567495, 0.06161920039604069), (5, 100, 0.95, 0.019905563662171843, 0.1022533776432745),
    (5, 60, 0.99, 0.021819936807078267, 0.204085117543708), (50, 100, 0.95, 0.4136217146309118, 0.5863782853690882),
    (99, 100, 0.95, 0.9534401885464611, 0.9994871985837377), (100, 100, 0.95, 0.9704869503929601, 1.0),
    (1, 1000, 0.95, 5.129197890901785e-05, 0.004734993575499777), (3, 1000, 0.9, 0.0011025606995322085, 0.006668495337068159),
    (10, 1000, 0.999, 0.0029695009304958643, 0.023963812844688626), (1, 100000, 0.95, 5.129328123254258e-07, 4.743775717386053e-05),
    (137, 100000, 0.95, 0.0011834298400160831, 0.0015785776981570962),
    (1000, 1_000_000, 0.95, 0.000948583778594414, 0.0010535748774544362),
    (1, 1_000_000, 0.999999, 1.000000500028589e-12, 1.6688289884005404e-05), (2, 200, 0.95, 0.0017796814478925691, 0.031142599414083726),
    (17, 23, 0.8, 0.6321041878558591, 0.8257507068466963), (500_000, 1_000_000, 0.99, 0.49883632792948496, 0.501163672070515),
  ]

  @Test("The bounds are those of SciPy's beta distribution")
  func bounds() {
    for (failures, count, confidence, lower, upper) in Self.references {
      let bounds = BinomialBounds(failures: failures, of: count, confidence: confidence)
      // The levels themselves are rounded numbers: at 1 - 0.999999 that shows in the eleventh digit.
      #expect(abs(bounds.lower - lower) <= lower * 1e-9, "lower, \(failures) of \(count) at \(confidence): \(bounds.lower)")
      #expect(abs(bounds.upper - upper) <= upper * 1e-9, "upper, \(failures) of \(count) at \(confidence): \(bounds.upper)")
    }
  }

  @Test("The tail is that of SciPy's binomial distribution")
  func tail() {
    for (least, count, rate, chance) in [
      (1, 100, 0.001, 0.09520785288629095), (5, 100, 0.02, 0.05083044536950036), (60, 100, 0.5, 0.028443966820490444),
      (1001, 1_000_000, 0.001, 0.4915906317792238), (1100, 1_000_000, 0.001, 0.0009574669700285317), (3, 10, 0.9, 0.9999996264),
    ] {
      let found = BinomialBounds.chance(ofAtLeast: least, of: count, rate: rate)
      #expect(abs(found - chance) <= chance * 1e-10, "\(least) of \(count) at \(rate): \(found)")
    }
    #expect(BinomialBounds.chance(ofAtLeast: 0, of: 10, rate: 0.5) == 1)
    #expect(BinomialBounds.chance(ofAtLeast: 1, of: 10, rate: 0) == 0)
    #expect(BinomialBounds.chance(ofAtLeast: 10, of: 10, rate: 1) == 1)
  }

  @Test("Over 10,000 decisions about a rate at the bar, false alarms stay at or under the stated level")
  func falseAlarms() {
    var chance = SeededChance(seed: 20_250_118)
    for (count, bar, confidence) in [(200, 0.01, 0.95), (1_000, 0.001, 0.95), (400, 0.05, 0.99)] {
      var alarms = 0
      for _ in 0..<10_000 {
        let failures = Self.failures(count, bar, &chance)
        if Self.window(failures, count, bar: bar, confidence: confidence).verdict == .fail { alarms += 1 }
      }
      #expect(Double(alarms) / 10_000 <= 1 - confidence, "\(alarms) false alarms at \(bar) of \(count)")
    }
  }

  @Test("A rate well above the bar is found, and without a confidence a single failure can be enough")
  func realAlarms() {
    var chance = SeededChance(seed: 7)
    let alarms = (0..<1_000).count { _ in
      Self.window(Self.failures(500, 0.05, &chance), 500, bar: 0.01, confidence: 0.95).verdict == .fail
    }
    #expect(alarms >= 990)
    #expect(Self.window(1, 100, bar: 0.001, confidence: nil).verdict == .fail)
    #expect(Self.window(1, 100, bar: 0.001, confidence: 0.95).verdict == .pass)
    #expect(Self.window(2, 100, bar: 0.001, confidence: 0.95).verdict == .fail)
  }

  @Test("Where the bar is a floor, the upper bound has to be under it")
  func floor() {
    for (failures, verdict) in [(49, Verdict.pass), (40, .fail)] {
      let window = Self.window(failures, 100, confidence: 0.95) { $0 >= 0.5 }
      #expect(window.verdict == verdict)
    }
  }

  static func failures(_ count: Int, _ rate: Double, _ chance: inout SeededChance) -> Int {
    (0..<count).count { _ in Double.random(in: 0..<1, using: &chance) < rate }
  }

  static func window(_ failures: Int, _ count: Int, bar: Double, confidence: Double?) -> TriggerWindow {
    window(failures, count, confidence: confidence) { $0 <= bar }
  }

  static func window(_ failures: Int, _ count: Int, confidence: Double?, _ holds: (Double) -> Bool) -> TriggerWindow {
    let outline = TriggerOutline(
      id: "t", every: 1_000, confidence: confidence, onFail: .rollback, onError: .pause, onNoData: .pause,
      rate: TriggerOutline.RateOutputs(rate: "errorRate", operations: "samples", failures: "failures"))
    var machine = TriggerMachine(outline, record: TriggerRecord(), at: 0)
    let judge: TriggerMachine.Judge = { outputs in
      guard case .double(let rate)? = outputs["errorRate"] else { return CheckResult(.noData) }
      return CheckResult(holds(rate) ? .pass : .fail, observed: .double(rate))
    }
    _ = machine.take(TriggerMachine.Sample(at: 500, .values([:], operations: count, failures: failures)), judge)
    guard let window = machine.tick(at: 1_000, judge) else { preconditionFailure("a full window has a verdict") }
    return window
  }
}
