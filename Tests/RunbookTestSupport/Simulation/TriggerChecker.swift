import RunbookEngine
import RunbookPlan

/// What must hold of triggers, read from the log and from the windows that the engine took, by rules written down a second time.
extension Checker {
  static func checkTriggers(_ run: Simulation, into violations: inout [String]) {
    for trigger in run.plan.outline.allTriggers {
      checkEvents(of: trigger, run, into: &violations)
      checkHolds(of: trigger, run, into: &violations)
    }
    checkTurns(run.log, run.plan, into: &violations)
  }

  /// Everything a trigger saw, in order: windows that the engine took, whether or not they had to be durable, and those of which only the
  /// journal knows, since the process died just after.
  private static func windows(of trigger: String, _ run: Simulation) -> [TriggerWindow] {
    var windows = run.delivered.filter { $0.trigger == trigger }
    let known = Set(windows.map(\.to))
    for entry in run.log {
      if case .triggerJudged(let window) = entry.kind, window.trigger == trigger, !known.contains(window.to) { windows.append(window) }
    }
    return windows.sorted { $0.to < $1.to }
  }

  /// The events of the log are those that the windows ask for: none is lost, none is made up.
  private static func checkEvents(of trigger: TriggerOutline, _ run: Simulation, into violations: inout [String]) {
    // A phase that begins anew forgets what its triggers saw.
    let phase = run.plan.outline.phases.first { $0.triggers.contains { $0.id == trigger.id } }
    var restarts = run.log.filter { if case .runHalted(.phaseUndone(phase?.id)) = $0.kind { true } else { false } }.map(\.at)
    var halts = haltsThatWereResumed(run.log)
    var (seen, expected): ([Verdict], [Verdict]) = ([], [])
    var silenced: Verdict?
    for window in windows(of: trigger.id, run) {
      if let restart = restarts.first, window.to > restart {
        restarts.removeFirst()
        (seen, silenced) = ([], nil)
      }
      while let halt = halts.first, window.to > halt {
        halts.removeFirst()
        // A rollback that the halt came before is wanted anew.
        if let verdict = silenced, response(trigger, verdict) == .rollback { silenced = nil }
      }
      if silenced == .fail, window.verdict == .fail { continue }
      seen.append(window.verdict)
      if silenced == window.verdict { continue }
      silenced = nil
      guard window.verdict != .pass else { continue }
      if window.verdict == .fail {
        guard seen.suffix(trigger.failures.of).count(where: { $0 == .fail }) > trigger.failures.max else { continue }
        seen = []
      }
      expected.append(window.verdict)
      silenced = window.verdict
    }
    let fired = run.log.compactMap { if case .triggerFired(let event) = $0.kind, event.id == trigger.id { event.verdict } else { nil } }
    if fired != expected { violations.append("trigger \(trigger.id) acted on \(fired), its windows say \(expected)") }
  }

  private static func haltsThatWereResumed(_ log: [Entry]) -> [Int64] {
    var halted = false
    return log.compactMap { entry in
      switch entry.kind {
      case .runHalted: halted = true
      case .decision(.request(let request)) where halted && request.wish.goesOn:
        halted = false
        return entry.at
      default: break
      }
      return nil
    }
  }

  private static func response(_ trigger: TriggerOutline, _ verdict: Verdict) -> TriggerEvent.Response {
    switch verdict {
    case .fail: trigger.onFail
    case .error: trigger.onError
    default: trigger.onNoData
    }
  }

  /// Nothing is changed before a window passed where `requirePass` says so, and nothing goes forward after a pause before one did.
  private static func checkHolds(of trigger: TriggerOutline, _ run: Simulation, into violations: inout [String]) {
    let guarded = guarded(by: trigger, run.plan)
    let forward = run.plan.forwardIDs
    var (hasPassed, isPausing, isHeld) = (false, false, false)
    for entry in run.log {
      switch entry.kind {
      case .triggerJudged(let window) where window.trigger == trigger.id && window.verdict == .pass:
        (hasPassed, isPausing, isHeld) = (true, false, false)
      case .triggerFired(let event) where event.id == trigger.id && event.response == .pause: isPausing = true
      case .runPaused: isHeld = isPausing
      case .rollbackBegan, .runHalted: (isPausing, isHeld) = (false, false)
      case .effectRequested(let id) where id.verb == .perform && forward.contains(id.subject):
        if trigger.requirePass, !hasPassed, guarded.contains(id.subject), run.plan.stepsByID[id.subject]?.mutating == true {
          violations.append("\(id) went ahead without a passing window of \(trigger.id)")
        }
        if isHeld, guarded.contains(id.subject) { violations.append("\(id) went ahead after a pause by \(trigger.id)") }
      default: break
      }
    }
  }

  /// The steps at which a trigger is live.
  private static func guarded(by trigger: TriggerOutline, _ plan: SimulatedPlan) -> Set<String> {
    var steps = plan.outline.phases.first { $0.triggers.contains { $0.id == trigger.id } }?.steps ?? plan.forwardSteps
    if let end = trigger.stopBefore, let index = steps.firstIndex(where: { $0.id == end }) { steps = Array(steps[..<index]) }
    if let start = trigger.startAfter, let index = steps.firstIndex(where: { $0.id == start }) { steps = Array(steps[(index + 1)...]) }
    return Set(steps.map(\.id))
  }

  /// Once a trigger has fired for a rollback nothing on the way on is requested any more, until the phase it unwound begins anew.
  private static func checkTurns(_ log: [Entry], _ plan: SimulatedPlan, into violations: inout [String]) {
    let forward = plan.forwardIDs
    var fired: String?
    for entry in log {
      switch entry.kind {
      case .triggerFired(let event) where event.response == .rollback: fired = event.id
      case .runHalted: fired = nil
      case .effectRequested(let id) where forward.contains(id.subject) && (id.verb == .perform || id.verb == .capture):
        if let fired { violations.append("\(id) went ahead after trigger \(fired) fired") }
      default: break
      }
    }
  }
}

extension Request.Wish {
  fileprivate var goesOn: Bool {
    switch self {
    case .resume, .acceptCheck: true
    default: false
    }
  }
}
