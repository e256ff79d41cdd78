import RunbookEngine
import RunbookPlan

/// The invariants that every run must keep (I5, I7, I10, J1, J2, and what a state means for the world).
enum Checker {
  static func checkState(_ state: RunState, _ plan: SimulatedPlan, into violations: inout [String]) {
    if state.outstanding.count > 1 { violations.append("two effects are under way") }
    if state.status == .rollingBack, let effect = state.outstanding.first, effect.id.verb == .capture || effect.id.verb == .perform,
      plan.forwardIDs.contains(effect.id.subject)
    {
      violations.append("something goes forward in a rollback")
    }
  }

  /// An opaque effect is run again only where its last outcome is known, its policy says so, or a person said so after it.
  static func checkOpaque(_ effect: Effect, _ step: StepOutline?, _ log: [Entry], _ world: SimulatedWorld, into violations: inout [String])
  {
    guard let step, step.effectClass == .opaque, step.onInterrupt == .halt, step.mutating else { return }
    let earlier = world.executions.keys.filter { $0.subject == step.id && $0.serial < effect.id.serial && $0.verb == .perform }
    if world.executions[effect.id, default: 0] > 0 { violations.append("opaque \(effect.id) was executed twice under one intent") }
    for id in earlier {
      guard let start = log.firstIndex(where: { $0.kind == .effectRequested(id) }) else { continue }
      let allowed = log[start...].contains { entry in
        switch entry.kind {
        case .effectFinished(id, let outcome, _): if case .unknown = outcome { false } else { true }
        case .decision(.request(let request)):
          request.wish == .resume || request.wish == .adopt(digest: SimulatedPlan.editedDigest) || request.wish == .rollback
        default: false
        }
      }
      if !allowed { violations.append("opaque \(effect.id) was run again in silence") }
    }
  }

  static func checkEnd(_ run: Simulation, _ state: RunState, into violations: inout [String]) {
    checkLog(run.log, run.plan, into: &violations)
    checkTriggers(run, into: &violations)
    let world = run.world
    if let fired = run.log.firstIndex(where: {
      if case .triggerFired(let event) = $0.kind { event.id == SimulatedPlan.injected } else { false }
    }) {
      // A halt, or a rollback of a phase, that was on its way already goes first; then the run may go on.
      let wasLater = run.log[fired...].contains { if case .runHalted = $0.kind { true } else { false } }
      if state.status == .succeeded || state.status == .running, !wasLater {
        violations.append("it ended \(state.status), though a trigger fired")
      }
    } else if !run.plan.ends.isEmpty, !run.plan.ends.contains(state.status) {
      violations.append("it ended \(state.status)")
    }
    if !state.standsStill { violations.append("I7: it was left in state \(state.status)") }
    let applied = run.plan.forwardSteps.filter { $0.mutating && world.isApplied($0.id) && !run.plan.keeps.contains($0.id) }
    switch state.status {
    case .succeeded:
      for step in run.plan.forwardSteps where step.mutating && state.step(step.id)?.status == .done && world.level[step.id] != 2 {
        violations.append("it succeeded, but \(step.id) is not there")
      }
      if (state.exitCode == 0) != state.continuedFailures.isEmpty { violations.append("the exit status hides a continued failure") }
    case .failed:
      for step in applied { violations.append("it failed without a change, but \(step.id) is there") }
    case .rolledBack:
      for step in applied where step.undo != .notNeeded { violations.append("it is rolled back, but \(step.id) is there") }
    case .rolledBackWithConflicts:
      let listed = Set(state.standing)
      for step in applied where step.undo != .notNeeded && !listed.contains(step.id) && state.step(step.id)?.conflicts == 0 {
        violations.append("\(step.id) is there after the rollback, and not listed")
      }
      if state.conflicts + state.inDoubt + state.unverified.count + listed.count == 0 { violations.append("nothing explains status 4") }
    case .halted, .blocked, .closed, .paused:
      let listed = Set(state.standing)
      for step in applied where step.undo != .notNeeded && !listed.contains(step.id) {
        violations.append("\(step.id) stands, and is not listed")
      }
    case .pending, .running, .rollingBack: break
    }
    if state.exitCode != exitCode(run.log) { violations.append("I10: exit \(state.exitCode), but the log says \(exitCode(run.log))") }
  }

  /// I5, read from the log alone.
  static func checkLog(_ log: [Entry], _ plan: SimulatedPlan, into violations: inout [String]) {
    var requested: Set<EffectID> = []
    var finished: Set<EffectID> = []
    var epoch: Int64 = 0
    var unwinding = false
    let forward = plan.forwardIDs
    for entry in log {
      switch entry.kind {
      case .leaseTaken(let next, _, _):
        if next <= epoch { violations.append("I5: epoch \(next) after \(epoch)") }
        epoch = next
      case .effectRequested(let id):
        if !requested.insert(id).inserted { violations.append("I5: \(id) was requested twice") }
        if unwinding, id.verb == .perform || id.verb == .capture, forward.contains(id.subject) {
          violations.append("I5: \(id) after the rollback began")
        }
        if !unwinding, id.verb == .undo { violations.append("I5: \(id) before a rollback began") }
      case .effectFinished(let id, _, _), .verdict(let id, _, _):
        if !requested.contains(id) { violations.append("I5: \(id) has an outcome without an intent") }
        if !finished.insert(id).inserted { violations.append("I5: \(id) has two outcomes") }
      case .rollbackBegan:
        if unwinding { violations.append("I5: a rollback began twice") }
        unwinding = true
      case .runHalted(let reason):
        if case .pointOfNoReturn = reason { continue }
        unwinding = false
      case .runEnded: unwinding = false
      default: break
      }
    }
  }

  /// The exit status, from the log alone.
  private static func exitCode(_ log: [Entry]) -> Int32 {
    var code: Int32 = 6
    for entry in log {
      switch entry.kind {
      case .runEnded(.succeeded):
        let continued = log.contains {
          if case .effectFinished(let id, .failed, nil) = $0.kind { id.verb == .perform && id.subject.hasPrefix("optional") } else { false }
        }
        code = continued ? 9 : 0
      case .runEnded(let status): code = [.failed: 1, .rolledBack: 3, .rolledBackWithConflicts: 4, .closed: 9][status] ?? 70
      case .runHalted: code = 9
      case .runBlocked: code = 5
      case .runPaused, .rollbackBegan, .leaseTaken, .decision: if code == 9 || code == 5 || code == 0 { code = entry.reopens ? 6 : code }
      default: break
      }
    }
    return code
  }
}

extension Entry {
  /// The run went on after it stood.
  fileprivate var reopens: Bool {
    switch kind {
    case .rollbackBegan, .runPaused: true
    case .decision(.request(let request)): request.wish != .close && request.wish != .pause
    default: false
    }
  }
}
