import RunbookPlan

/// Which triggers watch, what they hold back, and what they make of a window.
extension RunState {
  /// The ids of the triggers whose samples count now, in the order of the plan: those of the plan from the first step to the end of the way on,
  /// those of a phase while it runs, each between its `startAfter` and its `stopBefore`. Also while the run is paused, waits or asks people;
  /// never once it has stopped or turned back.
  public var liveTriggers: [String] { layout.triggers.lazy.filter { isLive($0) }.map(\.outline.id) }

  public func trigger(_ id: String) -> TriggerRecord? { layout.triggerNumbers[id].map { triggers[$0] } }

  /// The live triggers whose passing window the run waits for before it goes on; empty where it waits for none. Nothing is under way
  /// meanwhile, or only what reads or asks people.
  public var awaitedTriggers: [String] {
    guard !layout.triggers.isEmpty, status == .running, ending == nil, pauseWanted == nil, isIdle else { return [] }
    let held = holding { $0.awaitsPass }
    guard held.isEmpty, current == nil, isMutatingNext else { return held }
    return unpassed
  }

  /// What `triggers.ID.NAME` means: `samples`, `failures`, `errorRate`, `longestGap`, `p50`, `p95` over all its windows, and the `verdict` of
  /// the last. Nil for an unknown trigger; a name that has no value is missing.
  public func triggerFacts(_ id: String) -> ValueMap? {
    guard let record = trigger(id) else { return nil }
    let totals = record.totals
    var facts: ValueMap = ["samples": .integer(Int64(totals.samples)), "failures": .integer(Int64(totals.failures))]
    if totals.samples > 0 { facts["errorRate"] = .double(Double(totals.failures) / Double(totals.samples)) }
    if let gap = totals.longestGap { facts["longestGap"] = .duration(gap * 1_000) }
    if let p50 = totals.durations.percentile(0.5) { facts["p50"] = .duration(p50) }
    if let p95 = totals.durations.percentile(0.95) { facts["p95"] = .duration(p95) }
    if let verdict = record.last?.verdict { facts["verdict"] = .string(verdict.rawValue) }
    return facts
  }

  // MARK: Holding back

  /// A trigger paused the run and has not passed since: nothing goes forward.
  var isHeldByPause: Bool { !layout.triggers.isEmpty && status == .running && !holding { $0.awaitsPass }.isEmpty }

  /// Live triggers with `requirePass` that have not passed yet.
  var unpassed: [String] {
    layout.triggers.indices.lazy.filter { number in
      let site = self.layout.triggers[number]
      return site.outline.requirePass && self.triggers[number].firstPassAt == nil && self.isLive(site)
    }.map { self.layout.triggers[$0].outline.id }
  }

  private func holding(_ holds: (TriggerRecord) -> Bool) -> [String] {
    layout.triggers.indices.filter { holds(triggers[$0]) && isLive(layout.triggers[$0]) }.map { layout.triggers[$0].outline.id }
  }

  /// Whether what comes next would change something on the way on. What is captured before that waits too, so that it is not old by then.
  private var isMutatingNext: Bool {
    guard rechecks == nil, case .step(let number) = cursor, [.capture, .perform].contains(steps[number].stage) else { return false }
    return layout.sites[number].outline.mutating
  }

  // MARK: Being live

  func isLive(_ site: Layout.TriggerSite) -> Bool {
    guard status == .running || status == .paused else { return false }
    if let phase = site.phase {
      guard isIn(phase) else { return false }
    } else {
      guard hasReachedAStep else { return false }
    }
    if let step = site.startAfter, !hasLeft(step) { return false }
    if let step = site.stopBefore, hasEntered(step) { return false }
    return true
  }

  private func isIn(_ phase: Int) -> Bool {
    switch cursor {
    case .phasePreconditions(phase), .phaseVerify(phase): true
    case .step(let number): layout.phaseSteps[phase].contains(number)
    default: false
    }
  }

  private var hasReachedAStep: Bool {
    switch cursor {
    case .step, .phaseVerify: true
    case .phaseCondition(let phase), .phasePreconditions(let phase): phases[..<phase].contains { $0.status == .done }
    case .planVerify: phases.contains { $0.status == .done }
    default: false
    }
  }

  private func hasEntered(_ step: Int) -> Bool { firstAhead > step || cursor == .step(step) }

  private func hasLeft(_ step: Int) -> Bool { firstAhead > step }

  /// The number of the first forward step that was not left yet.
  private var firstAhead: Int {
    switch cursor {
    case .planPreconditions: 0
    case .phaseCondition(let phase), .phasePreconditions(let phase): layout.phaseSteps[phase].lowerBound
    case .step(let number): steps[number].stage == .over ? number + 1 : number
    case .phaseVerify(let phase): layout.phaseSteps[phase].upperBound
    default: layout.forwardCount
    }
  }

  /// Notes when triggers go live.
  mutating func wakeTriggers() {
    for number in layout.triggers.indices where triggers[number].liveSince == nil && isLive(layout.triggers[number]) {
      triggers[number].liveSince = lastAt
    }
  }

  // MARK: Windows

  /// The entry for a window: a record where it says something new, else one that only counts. Of a trigger that is not live, none.
  func facts(of window: TriggerWindow, at: Int64) -> [Entry] {
    guard let number = layout.triggerNumbers[window.trigger], isLive(layout.triggers[number]) else { return [] }
    let record = triggers[number]
    var window = window
    window.totals = record.totals
    window.totals.add(window.tally)
    guard record.mustRecord(window.verdict) else { return [Entry(at: at, .triggerRepeated(window))] }
    window.equalBefore = record.repeats
    return [Entry(at: at, .triggerJudged(window))]
  }

  mutating func judge(_ window: TriggerWindow, recorded: Bool) {
    guard let number = layout.triggerNumbers[window.trigger] else { preconditionFailure("the plan has no trigger \(window.trigger)") }
    if recorded {
      // What was only counted since the last record is made up for, where this state is folded from the journal.
      let missing = window.equalBefore - triggers[number].repeats
      if missing > 0, let last = triggers[number].last {
        for _ in 0..<min(missing, layout.triggers[number].outline.failures.of) {
          triggers[number].judge(last, of: layout.triggers[number].outline.failures)
        }
        triggers[number].windows += max(0, missing - layout.triggers[number].outline.failures.of)
      }
      triggers[number].repeats = 0
    } else {
      triggers[number].repeats += 1
    }
    triggers[number].judge(window, of: layout.triggers[number].outline.failures)
  }

  /// What a trigger has to do now; decided together with the window that is the reason, so that no crash comes between.
  func dueEvent() -> TriggerEvent? {
    guard status == .running || status == .paused else { return nil }
    for number in layout.triggers.indices {
      let (site, record) = (layout.triggers[number], triggers[number])
      guard let response = record.due(site.outline), let window = record.last, isLive(site) else { continue }
      return TriggerEvent(
        id: site.outline.id, response: response, phase: site.phase.map { outline.phases[$0].id }, verdict: window.verdict,
        message: message(site.outline, record, window))
    }
    return nil
  }

  private func message(_ outline: TriggerOutline, _ record: TriggerRecord, _ window: TriggerWindow) -> String {
    let what = "trigger \(outline.id): \(window.verdict.rawValue)" + (window.message.isEmpty ? "" : ", \(window.message)")
    guard window.verdict == .fail, outline.failures.max > 0 else { return what }
    return what + "; \(record.recent.count { $0 == .fail }) of the last \(record.recent.count) windows failed"
  }
}
