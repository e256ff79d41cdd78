import RunbookPlan

/// What the engine and a trigger's machine see of a rollback trigger. All times are in milliseconds.
public struct TriggerOutline: Sendable, Hashable {
  /// It acts at failure `max` + 1 among its last `of` windows.
  public struct FailureLimit: Sendable, Hashable {
    public var max: Int
    public var of: Int

    public init(max: Int = 0, of: Int = 1) {
      self.max = max
      self.of = of
    }
  }

  /// The outputs of an action whose samples count operations and failures: its windows are judged once, on what the samples give together,
  /// under these names. Of every other number or duration that the action gives, the window has the largest.
  public struct RateOutputs: Sendable, Hashable {
    /// The share of failures: a number from 0 to 1.
    public var rate: String
    public var operations: String
    public var failures: String
    /// The longest time between two good answers; nil where the action has no such output.
    public var longestGap: String?
    /// The output that says how long it took (a duration), where a sample is one operation: the percentiles of a window are made of these.
    /// Percentiles of samples that hold several operations cannot be put together; of them the window has the largest, which the
    /// percentile of all of them does not exceed.
    public var duration: String?
    public var p50: String?
    public var p95: String?

    public init(
      rate: String, operations: String, failures: String, longestGap: String? = nil, duration: String? = nil, p50: String? = nil,
      p95: String? = nil
    ) {
      self.rate = rate
      self.operations = operations
      self.failures = failures
      self.longestGap = longestGap
      self.duration = duration
      self.p50 = p50
      self.p95 = p95
    }
  }

  public var id: String
  /// The time between two samples.
  public var every: Int64
  /// The length of a window; verdicts are on windows that do not overlap.
  public var window: Int64
  /// A full window with fewer is `noData`. It counts operations where a sample says how many it holds, else samples that observed something.
  public var minSamples: Int
  public var failures: FailureLimit
  /// From 0 to 1; nil means that the observed rate is judged as it is.
  public var confidence: Double?
  /// Nothing is counted for this long after it goes live.
  public var initialDelay: Int64
  /// The step after which it goes live.
  public var startAfter: String?
  /// The step whose beginning ends it.
  public var stopBefore: String?
  /// Nothing is changed, while it is live, before one of its windows has passed.
  public var requirePass: Bool
  public var onFail: TriggerEvent.Response
  public var onError: TriggerEvent.Response
  public var onNoData: TriggerEvent.Response
  /// Set where the action has a rate; nil means that every sample is judged by itself, so that a window fails with its first failing sample.
  public var rate: RateOutputs?

  public init(
    id: String, every: Int64, window: Int64? = nil, minSamples: Int = 1, failures: FailureLimit = FailureLimit(), confidence: Double? = nil,
    initialDelay: Int64 = 0, startAfter: String? = nil, stopBefore: String? = nil, requirePass: Bool = false,
    onFail: TriggerEvent.Response, onError: TriggerEvent.Response, onNoData: TriggerEvent.Response, rate: RateOutputs? = nil
  ) {
    precondition(every > 0 && (window ?? every) > 0 && minSamples > 0, "the times and the samples of a trigger are positive")
    precondition(failures.max >= 0 && failures.of > failures.max, "a limit of failures can be passed")
    self.id = id
    self.every = every
    self.window = window ?? every
    self.minSamples = minSamples
    self.failures = failures
    self.confidence = confidence
    self.initialDelay = initialDelay
    self.startAfter = startAfter
    self.stopBefore = stopBefore
    self.requirePass = requirePass
    self.onFail = onFail
    self.onError = onError
    self.onNoData = onNoData
    self.rate = rate
  }

  /// What follows from the verdict of a window; nil for one that passes.
  func response(to verdict: Verdict) -> TriggerEvent.Response? {
    switch verdict {
    case .pass: nil
    case .fail: onFail
    case .error: onError
    case .noData, .inconclusive, .skipped: onNoData
    }
  }
}
