import RunbookPlan
import Testing

@testable import RunbookEngine

@Suite("Windows of rollback triggers")
struct TriggerMachineTests {
  static let rate = TriggerOutline.RateOutputs(
    rate: "errorRate", operations: "samples", failures: "failures", longestGap: "longestGap", duration: "took", p50: "p50", p95: "p95")

  static func outline(minSamples: Int = 1, delay: Int64 = 0, window: Int64 = 10_000, rate: TriggerOutline.RateOutputs? = nil)
    -> TriggerOutline
  {
    TriggerOutline(
      id: "t", every: 1_000, window: window, minSamples: minSamples, initialDelay: delay, onFail: .rollback, onError: .pause,
      onNoData: .warn, rate: rate)
  }

  /// A machine with a clock; `value` is expected to be at most 10.
  struct Watch {
    var machine: TriggerMachine
    var now: Int64
    var windows: [TriggerWindow] = []

    init(_ outline: TriggerOutline, record: TriggerRecord = TriggerRecord(), at: Int64 = 100_000) {
      machine = TriggerMachine(outline, record: record, at: at)
      now = at
    }

    static func judge(_ outputs: ValueMap) -> CheckResult {
      guard let value = outputs["value"]?.integerValue else { return CheckResult(.noData, message: "no value") }
      return CheckResult(value <= 10 ? .pass : .fail, observed: .integer(value), message: "value is \(value)")
    }

    /// Lets `time` pass as a runtime does, in steps that end at the borders asked for.
    mutating func wait(_ time: Int64) {
      let end = now + time
      while now < end {
        now = min(end, max(now + 1, machine.nextBorder))
        if let window = machine.tick(at: now, Self.judge) { windows.append(window) }
      }
    }

    mutating func see(_ observation: TriggerMachine.Sample.Observation, judge: TriggerMachine.Judge = Watch.judge) {
      if let window = machine.take(TriggerMachine.Sample(at: now, observation), judge) { windows.append(window) }
    }

    mutating func see(_ value: Int64) { see(.values(["value": .integer(value)], operations: nil, failures: nil)) }
  }

  @Test("There is no verdict before one full window, and windows do not overlap")
  func fullWindows() {
    var watch = Watch(Self.outline())
    for _ in 0..<9 {
      watch.wait(1_000)
      watch.see(20)
    }
    #expect(watch.windows.isEmpty)
    for _ in 0..<16 {
      watch.wait(1_000)
      watch.see(5)
    }
    #expect(watch.windows.map(\.verdict) == [.fail, .pass])
    #expect(watch.windows.map(\.from) == [100_000, 110_000] && watch.windows.map(\.to) == [110_000, 120_000])
    #expect(watch.windows.map(\.samples) == [9, 10] && watch.windows.map(\.failures) == [9, 0])
  }

  @Test("A sample that arrives at the border belongs to the next window")
  func border() {
    var watch = Watch(Self.outline())
    watch.wait(9_500)
    watch.see(1)
    watch.now = 110_000
    watch.see(99)
    #expect(watch.windows.map(\.verdict) == [.pass])
    watch.wait(10_000)
    #expect(watch.windows.map(\.verdict) == [.pass, .fail])
  }

  @Test("A full window under minSamples is noData, whatever its samples say; none at all never passes")
  func fewSamples() {
    for values: [Int64] in [[], [1, 1], [99, 99]] {
      var watch = Watch(Self.outline(minSamples: 3))
      for value in values { watch.see(value) }
      watch.wait(10_000)
      #expect(watch.windows.map(\.verdict) == [.noData], "\(values)")
    }
    var watch = Watch(Self.outline(minSamples: 3))
    for value: Int64 in [1, 2, 3] { watch.see(value) }
    watch.wait(10_000)
    #expect(watch.windows.map(\.verdict) == [.pass])
  }

  @Test("minSamples counts operations where a sample says how many it holds")
  func operations() {
    for (operations, verdict) in [(9, Verdict.noData), (10, .pass)] {
      var watch = Watch(Self.outline(minSamples: 30))
      for _ in 0..<2 { watch.see(.values(["value": 1], operations: 10, failures: nil)) }
      watch.see(.values(["value": 1], operations: operations, failures: nil))
      watch.wait(10_000)
      #expect(watch.windows.map(\.verdict) == [verdict])
    }
  }

  @Test("A window fails with any failing sample, and keeps the first one as what was observed")
  func anyFailure() {
    var watch = Watch(Self.outline(minSamples: 2))
    for value: Int64 in [1, 30, 2, 40] { watch.see(value) }
    watch.wait(10_000)
    #expect(watch.windows.map(\.verdict) == [.fail] && watch.windows[0].observed == 30)
    #expect(watch.windows[0].message == "value is 30" && watch.windows[0].failures == 2)
  }

  @Test("A source that is down is an error, never a pass; errors beside enough answers are not")
  func errors() {
    var watch = Watch(Self.outline(minSamples: 2))
    for _ in 0..<5 { watch.see(.error("connection refused", transient: true)) }
    watch.wait(10_000)
    #expect(watch.windows.last?.verdict == .error && watch.windows.last?.message == "connection refused")
    // One answer is fewer than minSamples.
    watch.see(.error("connection refused", transient: true))
    watch.see(1)
    watch.wait(10_000)
    #expect(watch.windows.last?.verdict == .noData)
    #expect(watch.windows.last?.message.contains("1 errors, the last: connection refused") == true)
    watch.see(.error("connection refused", transient: true))
    watch.see(1)
    watch.see(2)
    watch.wait(10_000)
    #expect(watch.windows.last?.verdict == .pass)
    // A judgement that is an error counts as one too.
    watch.see(.values([:], operations: nil, failures: nil)) { _ in CheckResult(.error, message: "cannot compare") }
    watch.wait(10_000)
    #expect(watch.windows.last?.verdict == .error)
  }

  @Test("Samples without a value observe nothing")
  func nothingObserved() {
    var watch = Watch(Self.outline())
    watch.see(.noData("no series"))
    watch.see(.values([:], operations: nil, failures: nil))
    watch.see(.values(["value": 1], operations: nil, failures: nil)) { _ in CheckResult(.inconclusive) }
    watch.wait(10_000)
    #expect(watch.windows.map(\.verdict) == [.noData] && watch.windows[0].samples == 0)
    // With an error beside them nothing answered that could be judged.
    watch.see(.noData("no series"))
    watch.see(.error("refused", transient: false))
    watch.wait(10_000)
    #expect(watch.windows.last?.verdict == .error)
  }

  @Test("Windows of an action with a rate are judged once, on what their samples give together")
  func rates() {
    var seen: ValueMap = [:]
    var watch = Watch(Self.outline(minSamples: 8, rate: Self.rate))
    for number in 0..<9 {
      watch.wait(1_000)
      let took = Value.duration(Int64(number + 1) * 10_000)
      watch.see(.values(["took": took], operations: 1, failures: number == 3 ? 1 : 0)) { _ in
        Issue.record("a single sample is not judged")
        return CheckResult(.fail)
      }
    }
    let judge: TriggerMachine.Judge = { outputs in
      seen = outputs
      return CheckResult(.pass)
    }
    watch.now = 110_000
    guard let window = watch.machine.tick(at: watch.now, judge) else {
      Issue.record("no window")
      return
    }
    #expect(seen["samples"] == 9 && seen["failures"] == 1 && seen["errorRate"] == .double(1.0 / 9))
    // Good answers at 3 s and 5 s; the failed one between them is none.
    #expect(seen["longestGap"] == .duration(2_000_000))
    let (p50, p95) = (seen["p50"]?.durationValue ?? 0, seen["p95"]?.durationValue ?? 0)
    #expect((50_000...51_600).contains(p50) && (90_000...92_900).contains(p95))
    #expect(window.tally.samples == 9 && window.tally.failures == 1 && window.tally.longestGap == 2_000)
    #expect(window.tally.durations.count == 9)
  }

  @Test("Percentiles of samples that hold several operations are not put together: the window has the largest")
  func percentilesOfMany() {
    let rate = TriggerOutline.RateOutputs(
      rate: "errorRate", operations: "samples", failures: "errors", duration: "p50", p50: "p50", p95: "p95")
    var seen: ValueMap = [:]
    let judge: TriggerMachine.Judge = { outputs in
      seen = outputs
      return CheckResult(.pass)
    }
    var watch = Watch(Self.outline(minSamples: 60, window: 2_000, rate: rate))
    for (p50, p95, mean) in [(10, 200, 1.5), (30, 900, 1.0), (20, 100, 0.5)] as [(Int64, Int64, Double)] {
      let outputs: ValueMap = ["p50": .duration(p50), "p95": .duration(p95), "mean": .double(mean), "errorRate": .double(0), "note": "n"]
      watch.see(.values(outputs, operations: 20, failures: 1), judge: judge)
    }
    watch.now += 1_000
    _ = watch.machine.tick(at: watch.now, judge)
    watch.now += 1_000
    #expect(watch.machine.tick(at: watch.now, judge)?.verdict == .pass)
    #expect(seen["p50"] == .duration(30) && seen["p95"] == .duration(900) && seen["mean"] == .double(1.5) && seen["note"] == "n")
    #expect(seen["errorRate"] == .double(0.05) && seen["samples"] == 60 && seen["errors"] == 3)
  }

  @Test("Under minSamples, without operations, and with a source that is down a rate never passes")
  func ratesWithoutData() {
    let happy: TriggerMachine.Judge = { _ in CheckResult(.pass) }
    for (observations, verdict) in [
      ([], Verdict.noData), ([.values([:], operations: 2, failures: 0)], .noData), ([.values([:], operations: 0, failures: 0)], .noData),
      ([.error("down", transient: true), .error("down", transient: true)], .error),
      ([.error("down", transient: true), .values([:], operations: 3, failures: 0)], .pass),
    ] as [([TriggerMachine.Sample.Observation], Verdict)] {
      var watch = Watch(Self.outline(minSamples: 3, window: 2_000, rate: Self.rate))
      for observation in observations { watch.see(observation, judge: happy) }
      watch.now += 1_000
      #expect(watch.machine.tick(at: watch.now, happy) == nil)
      watch.now += 1_000
      #expect(watch.machine.tick(at: watch.now, happy)?.verdict == verdict)
    }
  }

  @Test("The longest gap reaches over the border of a window, and to its end")
  func gaps() {
    var watch = Watch(Self.outline(rate: Self.rate))
    watch.wait(4_000)
    watch.see(.values([:], operations: 1, failures: 0))
    watch.wait(6_000)
    #expect(watch.windows.last?.tally.longestGap == 6_000)
    watch.wait(3_000)
    watch.see(.values([:], operations: 1, failures: 0))
    watch.wait(1_000)
    watch.see(.values([:], operations: 1, failures: 1))
    watch.wait(6_000)
    #expect(watch.windows.last?.tally.longestGap == 9_000)
  }

  @Test("Nothing counts before the initial delay is over, and a delay that was waited out is not waited out again")
  func initialDelay() {
    var record = TriggerRecord()
    record.liveSince = 100_000
    var watch = Watch(Self.outline(delay: 5_000), record: record)
    watch.see(99)
    watch.wait(5_000)
    watch.see(1)
    watch.wait(10_000)
    #expect(watch.windows.map(\.verdict) == [.pass] && watch.windows[0].from == 105_000)
    let again = Watch(Self.outline(delay: 5_000), record: record, at: 200_000)
    #expect(again.machine.windowStart == 200_000)
  }

  @Test("A window in which the process slept is no window: it begins anew")
  func sleep() {
    var watch = Watch(Self.outline())
    for _ in 0..<8 {
      watch.wait(1_000)
      watch.see(99)
    }
    watch.now += 30_000
    #expect(watch.machine.tick(at: watch.now, Watch.judge) == nil)
    #expect(watch.machine.windowStart == 138_000)
    watch.see(1)
    watch.wait(10_000)
    #expect(watch.windows.map(\.verdict) == [.pass] && watch.windows[0].from == 138_000)
    // The first answer after a sleep begins a window anew too.
    watch.now += 30_000
    watch.see(1)
    #expect(watch.windows.count == 1 && watch.machine.windowStart == watch.now)
  }

  @Test("Being called a little late changes no border; short windows that nobody watched are none")
  func late() {
    var watch = Watch(Self.outline())
    watch.see(1)
    watch.wait(9_000)
    watch.now += 1_500
    watch.see(99)
    watch.wait(9_500)
    #expect(watch.windows.map(\.to) == [110_000, 120_000] && watch.windows.map(\.verdict) == [.pass, .fail])
    var short = Watch(Self.outline(window: 100))
    short.see(1)
    short.now += 900
    #expect(short.machine.tick(at: short.now, Watch.judge)?.to == 100_100)
    #expect(short.machine.windowStart == short.now)
  }

  @Test("A histogram keeps times within three percent, and stays small")
  func histogram() {
    for length: Int64 in [0, 1, 31, 32, 33, 63, 64, 65, 1_000, 123_456, 9_999_999, .max / 2] {
      let end = DurationHistogram.upperEnd(DurationHistogram.bucket(length))
      #expect(end >= length && Double(end) <= Double(length) * 1.032, "\(length): \(end)")
      #expect(DurationHistogram.bucket(end) == DurationHistogram.bucket(length))
      #expect(DurationHistogram.bucket(end + 1) == DurationHistogram.bucket(length) + 1)
    }
    var histogram = DurationHistogram()
    #expect(histogram.percentile(0.5) == nil && histogram.isEmpty)
    for number in 1...100_000 { histogram.add(microseconds: Int64(number)) }
    #expect(histogram.count == 100_000)
    let median = histogram.percentile(0.5) ?? 0
    #expect((50_000...51_600).contains(median))
    #expect(histogram.stored.encodedJSON().count < 8_000)
    #expect(DurationHistogram(stored: histogram.stored) == histogram)
    #expect(DurationHistogram(stored: .list([1])) == nil && DurationHistogram(stored: .list([-1, 1])) == nil)
  }
}
