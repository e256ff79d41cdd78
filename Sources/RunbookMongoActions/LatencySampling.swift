import Histogram
import OrderedCollections
import RunbookActions
import RunbookPlan
import Synchronization

/// How many operations are sent and when.
struct LatencySchedule: Sendable {
  static let mostConcurrent: Int64 = 256

  let samples: Int
  let warmUp: Int
  let concurrency: Int
  /// Between the times at which two operations are due; nil where each is sent as soon as the one before it is answered.
  let interval: Duration?

  static func review(_ arguments: ValueMap) -> [ArgumentProblem] {
    var problems: [ArgumentProblem] = []
    if let concurrency = arguments["concurrency"]?.integerValue, concurrency > mostConcurrent {
      problems.append(
        ArgumentProblem(
          path: ["concurrency"], message: "'concurrency' is at most \(mostConcurrent), since each has a connection of its own"))
    }
    if let rate = rate(arguments["rate"]), !(rate > 0 && rate <= 1_000_000) {
      problems.append(ArgumentProblem(path: ["rate"], message: "'rate' must be above 0 and at most 1000000 a second"))
    }
    return problems
  }

  init(samples: Int, warmUp: Int, concurrency: Int, interval: Duration?) {
    self.samples = samples
    self.warmUp = warmUp
    self.concurrency = concurrency
    self.interval = interval
  }

  init(_ call: MongoCall) throws(ActionError) {
    let arguments = call.context.arguments
    if let problem = Self.review(arguments).first { throw call.unfit(problem.path[0], "does not fit: \(problem.message)") }
    samples = Int(arguments["samples"]?.integerValue ?? 100)
    warmUp = Int(arguments["warmUp"]?.integerValue ?? 0)
    // More connections than operations would only be opened.
    concurrency = min(Int(arguments["concurrency"]?.integerValue ?? 1), samples)
    interval = Self.rate(arguments["rate"]).map { .nanoseconds(Int64(1e9 / $0)) }
  }

  private static func rate(_ value: Value?) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .double(let number): number
    case .decimal(let text): Double(text)
    default: nil
    }
  }
}

/// Hands out the operations of a measurement and gathers their times; shared by all connections.
final class LatencyRecorder: Sendable {
  /// One operation that is to be sent.
  struct Turn: Sendable {
    fileprivate let number: Int
    fileprivate let isMeasured: Bool
    fileprivate let due: ContinuousClock.Instant?

    /// Waits until it is due.
    /// - Returns: when its time begins: now; or, where all connections were busy when it was due, then. Otherwise a server that
    ///   stands still would be measured by the few operations that it held up, and not by those that should have been sent meanwhile
    ///   ("coordinated omission").
    func begin() async -> ContinuousClock.Instant {
      let now = ContinuousClock.now
      guard let due, due > now else { return due ?? now }
      try? await Task.sleep(until: due, tolerance: .zero, clock: .continuous)
      return ContinuousClock.now
    }
  }

  private struct State {
    var given = 0
    var isEnded = false
    var begun: ContinuousClock.Instant?
    /// Microseconds, to three digits.
    var histogram = Histogram<UInt32>(numberOfSignificantValueDigits: .three)
    var total: Int64 = 0
    var measured: Int64 = 0
    var failures: Int64 = 0
    var failuresInARow = 0
  }

  /// So many failures in a row are no measurement of latency any more.
  private static let mostFailuresInARow = 20

  private let schedule: LatencySchedule
  private let state = Mutex(State())

  init(_ schedule: LatencySchedule) { self.schedule = schedule }

  /// - Returns: nil where all have been handed out.
  func next() -> Turn? {
    state.withLock { state in
      guard !state.isEnded, state.given < schedule.warmUp + schedule.samples else { return nil }
      defer { state.given += 1 }
      let begun = state.begun ?? ContinuousClock.now
      state.begun = begun
      return Turn(
        number: state.given, isMeasured: state.given >= schedule.warmUp, due: schedule.interval.map { begun + $0 * state.given })
    }
  }

  func end() { state.withLock { $0.isEnded = true } }

  /// - Returns: whether so many have failed one after the other that going on makes no sense.
  func record(_ turn: Turn, since begin: ContinuousClock.Instant, failed: Bool) -> Bool {
    let (seconds, attoseconds) = (ContinuousClock.now - begin).components
    let time = max(1, seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    return state.withLock { state in
      state.failuresInARow = failed ? state.failuresInARow + 1 : 0
      if turn.isMeasured {
        state.measured += 1
        if failed {
          state.failures += 1
        } else {
          state.total += time
          state.histogram.record(UInt64(time))
        }
      }
      return state.failuresInARow >= Self.mostFailuresInARow
    }
  }

  var progress: Progress {
    state.withLock { Progress(done: $0.measured, total: Int64(schedule.samples), unit: "samples") }
  }

  /// What came of it; without one good answer there are no times.
  var outputs: ValueMap {
    state.withLock { state in
      var outputs: ValueMap = [:]
      let histogram = state.histogram
      let answered = Int64(histogram.totalCount)
      if answered > 0 {
        for (name, percentile) in [("p95", 95.0), ("p50", 50), ("p99", 99)] {
          outputs[name] = .duration(Int64(histogram.valueAtPercentile(percentile)))
        }
        outputs["max"] = .duration(Int64(histogram.max))
        outputs["mean"] = .duration(state.total / answered)
      }
      outputs["samples"] = .integer(state.measured)
      outputs["errors"] = .integer(state.failures)
      if state.measured > 0 { outputs["errorRate"] = .double(Double(state.failures) / Double(state.measured)) }
      outputs["histogram"] = .list(Self.entries(of: histogram))
      return outputs
    }
  }

  private static func entries(of histogram: Histogram<UInt32>) -> [Value] {
    guard histogram.totalCount > 0 else { return [] }
    let most = histogram.max
    return histogram.recordedValues().map { step in
      .object(["upTo": .duration(Int64(min(step.value, most))), "count": .integer(Int64(step.count))])
    }
  }
}
