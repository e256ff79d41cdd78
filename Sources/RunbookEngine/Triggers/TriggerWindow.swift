import RunbookPlan

/// What the samples of a window, or of all windows of a trigger, come to.
public struct TriggerTally: Sendable, Hashable {
  /// Operations where the samples count them, else samples that observed something.
  public var samples = 0
  public var failures = 0
  /// The longest time between two good answers (milliseconds); nil where the action does not measure it.
  public var longestGap: Int64?
  public var durations = DurationHistogram()

  public init(samples: Int = 0, failures: Int = 0, longestGap: Int64? = nil, durations: DurationHistogram = DurationHistogram()) {
    self.samples = samples
    self.failures = failures
    self.longestGap = longestGap
    self.durations = durations
  }

  mutating func add(_ other: TriggerTally) {
    samples += other.samples
    failures += other.failures
    if let gap = other.longestGap { longestGap = max(longestGap ?? 0, gap) }
    durations.add(other.durations)
  }
}

/// The verdict on one full window of a trigger.
public struct TriggerWindow: Sendable, Hashable {
  public var trigger: String
  /// `pass`, `fail`, `noData` or `error`.
  public var verdict: Verdict
  public var message: String
  public var observed: Value
  /// The window's borders (milliseconds since 1970); `to` is no longer part of it.
  public var from: Int64
  public var to: Int64
  public var tally: TriggerTally
  /// Windows with the verdict of the one before that were only counted since then. Set by the engine.
  public internal(set) var equalBefore = 0
  /// What the trigger has seen since it went live, this window included. Set by the engine.
  public internal(set) var totals = TriggerTally()

  public var samples: Int { tally.samples }
  public var failures: Int { tally.failures }

  public init(
    trigger: String, verdict: Verdict, message: String = "", observed: Value = .null, from: Int64, to: Int64,
    tally: TriggerTally = TriggerTally()
  ) {
    self.trigger = trigger
    self.verdict = verdict
    self.message = message
    self.observed = observed
    self.from = from
    self.to = to
    self.tally = tally
  }
}
