import RunbookPlan

/// What a run knows of a trigger.
public struct TriggerRecord: Sendable, Hashable {
  /// When it went live (milliseconds), for the first time since its phase last began; nil before that.
  public internal(set) var liveSince: Int64?
  /// The last window that was judged.
  public internal(set) var last: TriggerWindow?
  /// Windows judged since it went live. After a crash those that were only counted since the last record are missing, and so they are in
  /// `totals`: at most `TriggerRecord.unrecorded`, or an eighth.
  public internal(set) var windows = 0
  public internal(set) var totals = TriggerTally()
  /// The end of the first window that passed.
  public internal(set) var firstPassAt: Int64?
  /// What it did last, and how often it acted.
  public internal(set) var event: TriggerEvent?
  public internal(set) var actions = 0
  /// It paused the run, and no window has passed since.
  public internal(set) var awaitsPass = false

  /// How many equal windows may go by without a record, as long as that is more than an eighth of all.
  static let unrecorded = 16

  /// The verdicts of the last windows, as many as its limit of failures looks at; since it last acted on a failure.
  var recent: [Verdict] = []
  /// Windows since the last one that was recorded.
  var repeats = 0
  /// It acted on this verdict, and there was no other one since.
  var actedOn: Verdict?
  /// It wanted a rollback that did not come, since the run was halted already; a person resumed it, so that its next window counts anew.
  var isRearmed = false

  /// Whether this window has to be recorded: its verdict is a new one; it may yet make the trigger act; it moves a failure out of sight; or
  /// a crash would lose count of too many. All others are only counted.
  func mustRecord(_ verdict: Verdict) -> Bool {
    guard let last, last.verdict == verdict else { return true }
    if verdict != .pass, actedOn != verdict || isRearmed { return true }
    if recent.contains(.fail), actedOn != .fail { return true }
    return repeats + 1 >= max(TriggerRecord.unrecorded, windows / 8)
  }

  mutating func judge(_ window: TriggerWindow, of limit: TriggerOutline.FailureLimit) {
    windows += 1
    totals = window.totals
    last = window
    if actedOn != window.verdict || isRearmed { actedOn = nil }
    isRearmed = false
    if actedOn != .fail {
      recent.append(window.verdict)
      if recent.count > limit.of { recent.removeFirst(recent.count - limit.of) }
    }
    if window.verdict == .pass {
      if firstPassAt == nil { firstPassAt = window.to }
      awaitsPass = false
    }
  }

  /// What the trigger has to do now; nil where it acted on this verdict already, or has no reason to.
  func due(_ outline: TriggerOutline) -> TriggerEvent.Response? {
    guard let verdict = last?.verdict, actedOn != verdict else { return nil }
    if verdict == .fail, recent.count(where: { $0 == .fail }) <= outline.failures.max { return nil }
    return outline.response(to: verdict)
  }

  /// The run goes on after a halt.
  mutating func rearm() { isRearmed = actedOn != nil && event?.response == .rollback }

  mutating func act(_ event: TriggerEvent) {
    self.event = event
    actions += 1
    actedOn = event.verdict
    if event.verdict == .fail { recent = [] }
    if event.response == .pause { awaitsPass = true }
  }
}
