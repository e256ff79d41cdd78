import RunbookPlan

/// Makes windows of the samples of one live trigger. Pure: times arrive with samples and ticks.
///
/// To lead one: make it when the trigger's id appears in `RunState.liveTriggers`, from the trigger's outline and record; sample every
/// `every` milliseconds from `watchesFrom` on, and hand each answer in with `take` when it is there; call `tick` at `nextBorder` at the
/// latest; send each window to the engine as `Input.Event.window`. The engine records it and acts in the same decision; the machine itself
/// decides nothing. Drop it when the id disappears.
///
/// What a crash takes away is the window that was not full: verdicts, totals and what the trigger did stand in its record.
public struct TriggerMachine: Sendable {
  /// One answer of the trigger's action.
  public struct Sample: Sendable, Hashable {
    public enum Observation: Sendable, Hashable {
      /// What the action gave. `operations` and `failures`: where one sample holds several, or the action has a rate.
      case values(ValueMap, operations: Int?, failures: Int?)
      /// It answered, and there was nothing to observe.
      case noData(String)
      /// The source did not answer.
      case error(String, transient: Bool)
    }

    /// When the answer was there (milliseconds).
    public var at: Int64
    public var observation: Observation

    public init(at: Int64, _ observation: Observation) {
      self.at = at
      self.observation = observation
    }
  }

  /// Judges outputs by the trigger's `expect`. For an action with a rate these are the outputs of the whole window.
  public typealias Judge = (ValueMap) -> CheckResult

  public let outline: TriggerOutline
  /// Samples before this time do not count (`initialDelay`).
  public let watchesFrom: Int64

  /// The window that is being filled.
  public private(set) var windowStart: Int64
  private var content = WindowContent()
  private var lastGoodAt: Int64
  /// When it last heard of anything, to notice that the process slept.
  private var heardAt: Int64

  /// `record`: what the state holds of the trigger. A window begins at `at`: what was before belongs to another process.
  public init(_ outline: TriggerOutline, record: TriggerRecord, at: Int64) {
    self.outline = outline
    watchesFrom = (record.liveSince ?? at) + outline.initialDelay
    windowStart = max(at, watchesFrom)
    lastGoodAt = windowStart
    heardAt = at
  }

  /// When `tick` has to be called at the latest (milliseconds): the end of the window, or a sign of life before that.
  public var nextBorder: Int64 { min(windowStart + outline.window, max(heardAt, windowStart) + patience) }

  /// Takes an answer; gives the window that is full by then, which the sample no longer belongs to.
  public mutating func take(_ sample: Sample, _ judge: Judge) -> TriggerWindow? {
    let window = tick(at: sample.at, judge)
    guard sample.at >= watchesFrom else { return window }
    if content.add(sample.observation, outline.rate, judge) {
      content.longestGap = max(content.longestGap, sample.at - lastGoodAt)
      lastGoodAt = max(lastGoodAt, sample.at)
    }
    return window
  }

  /// Lets time pass; gives the window that is full by then.
  public mutating func tick(at: Int64, _ judge: Judge) -> TriggerWindow? {
    defer { heardAt = max(heardAt, at) }
    if at - nextBorder > patience {
      // The process slept, and nobody watched meanwhile: that is no window.
      begin(at: max(at, watchesFrom))
      lastGoodAt = windowStart
      return nil
    }
    let end = windowStart + outline.window
    guard at >= end else { return nil }
    content.longestGap = max(content.longestGap, end - lastGoodAt)
    let window = content.window(outline, from: windowStart, to: end, judge)
    // Short windows that went by unheard are none.
    begin(at: at < end + outline.window ? end : at)
    return window
  }

  private mutating func begin(at: Int64) {
    windowStart = at
    content = WindowContent()
  }

  /// How long it may hear nothing before that counts as sleep: a quarter of a window together with as much again for being late.
  private var patience: Int64 { max(1_000, outline.window / 8) }
}
