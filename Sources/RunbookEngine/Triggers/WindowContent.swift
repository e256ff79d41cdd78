import RunbookPlan

/// What the samples of a window that is being filled come to: bounded, however many there are.
struct WindowContent: Sendable {
  /// Samples that observed something, and operations where they count them.
  private var observed = 0
  private var operations: Int?
  private var failures = 0
  private var empty = 0
  private var errors = 0
  /// The first sample that failed, or else the last that was judged.
  private var decisive: CheckResult?
  private var lastError = ""
  private var lastEmpty = ""
  private var durations = DurationHistogram()
  /// The outputs of samples of a rate: of numbers and durations the largest, of everything else the last.
  private var others: ValueMap = [:]
  var longestGap: Int64 = 0

  /// Counts a sample; true where it was a good answer.
  mutating func add(_ observation: TriggerMachine.Sample.Observation, _ rate: TriggerOutline.RateOutputs?, _ judge: TriggerMachine.Judge)
    -> Bool
  {
    switch observation {
    case .error(let message, _): return fail(message)
    case .noData(let message): return miss(message)
    case .values(let values, let operations, let failures):
      if let rate { return count(values, operations ?? 1, failures ?? 0, rate) }
      let result = judge(values)
      switch result.verdict {
      case .error: return fail(result.message)
      case .noData, .inconclusive, .skipped: return miss(result.message)
      case .pass, .fail:
        if self.failures == 0 { decisive = result }
        if result.verdict == .fail { self.failures += 1 }
      }
      observed += 1
      if let operations { self.operations = (self.operations ?? 0) + operations }
      return result.verdict == .pass
    }
  }

  private mutating func count(_ values: ValueMap, _ operations: Int, _ failures: Int, _ rate: TriggerOutline.RateOutputs) -> Bool {
    let operations = max(operations, 0)
    let failures = min(max(failures, 0), operations)
    observed += 1
    self.operations = (self.operations ?? 0) + operations
    self.failures += failures
    if operations == 1, let name = rate.duration, let duration = values[name]?.durationValue { durations.add(microseconds: duration) }
    for (name, value) in values { others[name] = others[name].map { WindowContent.larger($0, value) } ?? value }
    return failures < operations
  }

  private static func larger(_ one: Value, _ other: Value) -> Value {
    switch (one, other) {
    case (.integer(let a), .integer(let b)): .integer(max(a, b))
    case (.double(let a), .double(let b)): .double(max(a, b))
    case (.duration(let a), .duration(let b)): .duration(max(a, b))
    default: other
    }
  }

  private mutating func fail(_ message: String) -> Bool {
    errors += 1
    lastError = message
    return false
  }

  private mutating func miss(_ message: String) -> Bool {
    empty += 1
    lastEmpty = message
    return false
  }

  /// What `minSamples` counts.
  private var samples: Int { operations ?? observed }

  // MARK: The verdict

  func window(_ outline: TriggerOutline, from: Int64, to: Int64, _ judge: TriggerMachine.Judge) -> TriggerWindow {
    let result = verdict(outline, judge)
    let tally = TriggerTally(
      samples: outline.rate == nil ? observed : samples, failures: failures,
      longestGap: outline.rate?.longestGap == nil ? nil : longestGap, durations: durations)
    return TriggerWindow(
      trigger: outline.id, verdict: result.verdict, message: result.message, observed: result.observed, from: from, to: to, tally: tally)
  }

  private func verdict(_ outline: TriggerOutline, _ judge: TriggerMachine.Judge) -> CheckResult {
    if observed == 0, errors > 0 { return CheckResult(.error, message: lastError) }
    guard observed > 0, samples > 0, samples >= outline.minSamples else {
      return CheckResult(.noData, message: shortage(outline.minSamples))
    }
    if let rate = outline.rate { return judged(outline, rate, judge) }
    return decisive ?? CheckResult(.noData, message: shortage(outline.minSamples))
  }

  private func shortage(_ minimum: Int) -> String {
    let detail = errors > 0 ? "; \(errors) errors, the last: \(lastError)" : empty > 0 ? "; \(empty) empty, the last: \(lastEmpty)" : ""
    return "\(samples) of at least \(minimum) samples" + detail
  }

  private func judged(_ outline: TriggerOutline, _ rate: TriggerOutline.RateOutputs, _ judge: TriggerMachine.Judge) -> CheckResult {
    let observed = outputs(rate, Double(failures) / Double(samples))
    var result = judge(observed)
    switch result.verdict {
    case .inconclusive, .skipped: result.verdict = .noData
    case .fail:
      guard let confidence = outline.confidence else { break }
      let bounds = BinomialBounds(failures: failures, of: samples, confidence: confidence)
      // The lower bound is what the contract asks for; the upper one matters where the bar is a floor.
      guard judge(outputs(rate, bounds.lower)).verdict == .fail, judge(outputs(rate, bounds.upper)).verdict == .fail else {
        result.verdict = .pass
        result.message += (result.message.isEmpty ? "" : "; ") + "\(failures) of \(samples) are no proof at this confidence"
        break
      }
    case .pass, .noData, .error: break
    }
    return result
  }

  private func outputs(_ names: TriggerOutline.RateOutputs, _ rate: Double) -> ValueMap {
    var map = others
    map[names.rate] = .double(rate)
    map[names.operations] = .integer(Int64(samples))
    map[names.failures] = .integer(Int64(failures))
    if let name = names.longestGap { map[name] = .duration(longestGap * 1_000) }
    if let name = names.p50, let value = durations.percentile(0.5) { map[name] = .duration(value) }
    if let name = names.p95, let value = durations.percentile(0.95) { map[name] = .duration(value) }
    return map
  }
}
