import OrderedCollections
import RunbookPlan
import RunbookTestSupport
import Testing

@Suite("notWorseThan: what it says of measurements and of plain numbers")
struct ComparisonTests {
  private func evaluate(_ text: String, _ outputs: ValueMap, _ compared: ComparedOutputs, mainOutput: String = "p95") throws -> Evaluation {
    let loaded = PlanLoader.load(path: "x.yaml", text: Samples.plan("{ equals: pass }", text))
    let plan = try #require(loaded.plan, "\(loaded.diagnostics.rendered())")
    let matcher = try #require(plan.verify[0].expect)
    return matcher.evaluate(outputs: outputs, mainOutput: mainOutput, scope: NameScope()) { _ in compared }
  }

  private func times(_ middle: Int64, samples: Int64 = 500) -> ValueMap { FakeTimes.outputs(around: middle, samples: samples) }

  private static let allowed = "{ notWorseThan: { baseline: backup, field: p50, tolerance: 10% } }"

  /// The bounds are those that `scipy.stats.quantile_test` gives, joined by hand; delta is from `scipy.stats.mannwhitneyu` (SciPy 1.17.1).
  @Test("Times: pass, fail and inconclusive, each with its bounds in words")
  func words() throws {
    let pass = try evaluate(Self.allowed, times(10_000), .outputs(times(10_000)))
    #expect(
      pass
        == Evaluation(
          verdict: .pass, observed: .duration(9_997),
          reason: """
            p50 is 10ms against 10ms of the baseline of 'backup', 1 times: at least 0.99 times and at most 1.011 times, 1.1 times allowed
            """))
    let fail = try evaluate(Self.allowed, times(12_000), .outputs(times(10_000)))
    #expect(
      fail
        == Evaluation(
          verdict: .fail, observed: .duration(11_997),
          reason: """
            p50 is 12ms against 10ms of the baseline of 'backup', 1.2 times: at least 1.188 times and at most 1.213 times, \
            1.1 times allowed; over all samples Mann-Whitney p < 0.0001, Cliff's delta 0.99
            """))
    let unsure = try evaluate(Self.allowed, times(11_100, samples: 60), .outputs(times(10_000, samples: 60)))
    #expect(
      unsure
        == Evaluation(
          verdict: .inconclusive, observed: .duration(11_081),
          reason: """
            p50 is 11.1ms against 10ms of the baseline of 'backup', 1.11 times: at least 1.076 times and at most 1.145 times, \
            1.1 times allowed, so it cannot be told; about 720 samples on each side would tell
            """))
  }

  @Test("The floor, the confidence, and a baseline that comes from a measurement beside it")
  func options() throws {
    let floor = "{ notWorseThan: { baseline: backup, field: p50, tolerance: 10%, floor: 5ms } }"
    #expect(try evaluate(floor, times(12_000), .outputs(times(10_000))).verdict == .pass)
    #expect(try evaluate(floor, times(18_000), .outputs(times(10_000))).verdict == .fail)
    #expect(try evaluate("{ notWorseThan: { baseline: backup, floor: 5ms } }", times(12_000), .outputs(times(10_000))).verdict == .pass)
    let close = (times(11_100, samples: 200), ComparedOutputs.outputs(times(10_000, samples: 200)))
    #expect(try evaluate(Self.allowed, close.0, close.1).verdict == .inconclusive)
    let bold = "{ notWorseThan: { baseline: backup, field: p50, tolerance: 10%, confidence: 60% } }"
    #expect(try evaluate(bold, close.0, close.1).verdict == .fail)
    let beside = "{ notWorseThan: { measure: { action: mongodb.latency, with: { samples: 5 } }, tolerance: 10% } }"
    #expect(try evaluate(beside, times(10_000), .outputs(times(10_000))).reason.contains("of what was measured beside it"))
    let outer = "{ field: p50, notWorseThan: { baseline: backup, tolerance: 10% } }"
    #expect(try evaluate(outer, times(10_000), .outputs(times(10_000))).observed == .duration(9_997))
  }

  @Test("Inconclusive is neither true nor false: it passes through 'not', and loses to what is certain")
  func combined() throws {
    let (now, then) = (times(11_100, samples: 60), ComparedOutputs.outputs(times(10_000, samples: 60)))
    let unsure = "notWorseThan: { baseline: backup, field: p50, tolerance: 10% }"
    #expect(try evaluate("{ not: { \(unsure) } }", now, then).verdict == .inconclusive)
    #expect(try evaluate("{ allOf: [ { \(unsure) }, { field: errors, equals: 0 } ] }", now, then).verdict == .inconclusive)
    #expect(try evaluate("{ allOf: [ { \(unsure) }, { field: errors, equals: 1 } ] }", now, then).verdict == .fail)
    #expect(try evaluate("{ anyOf: [ { \(unsure) }, { field: errors, equals: 0 } ] }", now, then).verdict == .pass)
    #expect(try evaluate("{ anyOf: [ { \(unsure) }, { field: errors, equals: 1 } ] }", now, then).verdict == .inconclusive)
  }

  @Test("Nothing to compare with, no samples, and failures in the baseline are no data")
  func noData() throws {
    let missing = try evaluate(Self.allowed, times(10_000), .missing("step 'backup' has recorded no baseline"))
    #expect(missing == Evaluation(verdict: .noData, observed: .duration(9_997), reason: "step 'backup' has recorded no baseline"))
    let empty: ValueMap = ["samples": 0, "errors": 0, "histogram": []]
    #expect(try evaluate(Self.allowed, empty, .outputs(times(10_000))).reason == "nothing was measured")
    #expect(try evaluate(Self.allowed, times(10_000), .outputs(empty)).reason == "the baseline of 'backup' holds no sample")
    var failing = times(10_000, samples: 10)
    failing["errors"] = 90
    let broken = try evaluate(Self.allowed, times(10_000), .outputs(failing))
    #expect((broken.verdict, broken.reason) == (.noData, "the baseline of 'backup' has no p50: 90 of 100 operations failed"))
    #expect(try evaluate(Self.allowed, failing, .outputs(times(10_000))).verdict == .fail)
    let few = try evaluate("{ notWorseThan: { baseline: backup, tolerance: 10% } }", times(10_000, samples: 20), .outputs(times(10_000)))
    #expect(few.verdict == .inconclusive)
    #expect(few.reason.hasSuffix("at most any number of times, 1.1 times allowed, so it cannot be told; 20 samples are too few for p95"))
  }

  @Test("Numbers without samples are compared as they are")
  func numbers() throws {
    func verdict(_ more: String, _ now: Value, _ then: Value) throws -> Evaluation {
      try evaluate("{ notWorseThan: { baseline: backup, \(more) } }", ["n": now], .outputs(["n": then]), mainOutput: "n")
    }
    #expect(try verdict("tolerance: 10%", 110, 100).verdict == .pass)
    let worse = try verdict("tolerance: 10%", 111, 100)
    #expect((worse.verdict, worse.reason) == (.fail, "n is 111 against 100 of the baseline of 'backup', which is worse by more than 10%"))
    #expect(try verdict("floor: 20", 120, 100).verdict == .pass)
    #expect(try verdict("floor: 20", 121, 100).reason.hasSuffix("which is worse by more than 20"))
    #expect(try verdict("tolerance: 10%, floor: 20", 121, 100).reason.hasSuffix("which is worse by more than 10% and 20"))
    #expect(try verdict("floor: 1%", .double(0.02), .double(0.01)).verdict == .pass)
    #expect(try verdict("tolerance: 0%", .decimal("1.5"), .double(1.5)).verdict == .pass)
    #expect(try verdict("floor: 5ms", .duration(6_000), .duration(2_000)).verdict == .pass)
    #expect(try verdict("tolerance: 10%", .double(.nan), 1).verdict == .noData)
    #expect(try verdict("tolerance: 10%", "a", "b").verdict == .error)
    #expect(try verdict("floor: 5", .duration(6_000), .duration(2_000)).verdict == .error)
  }
}
