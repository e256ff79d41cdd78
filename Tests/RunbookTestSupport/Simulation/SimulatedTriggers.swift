import RunbookEngine
import RunbookPlan

/// The triggers of a simulated run: their machines live in the process, what they see comes from the world.
extension Simulation {
  /// What every trigger of a plan expects: nothing bad was seen.
  static func judge(_ outputs: ValueMap) -> CheckResult {
    guard let bad = outputs["bad"]?.integerValue else { return CheckResult(.noData) }
    return CheckResult(bad == 0 ? .pass : .fail, observed: .integer(bad))
  }

  private var sampled: [String] {
    guard !plan.outline.allTriggers.isEmpty, bug != .watchForgottenAfterCrash || processes == 1 else { return [] }
    return conductor.state.liveTriggers.filter { $0 != SimulatedPlan.injected }
  }

  /// Each live trigger looks once; full windows go to the engine.
  mutating func watch() throws(Crash) {
    let live = sampled
    if !watches.isEmpty { watches = watches.filter { live.contains($0.key) } }
    for id in live {
      guard let outline = plan.outline.allTriggers.first(where: { $0.id == id }), let record = conductor.state.trigger(id) else { continue }
      var machine = watches[id] ?? TriggerMachine(outline, record: record, at: now)
      let window = machine.take(TriggerMachine.Sample(at: now, world.sample(id, plan)), Simulation.judge)
      watches[id] = machine
      if let window { try deliver(window) }
    }
  }

  /// When the triggers would look next while nothing goes on, for a while.
  func nextLook() -> Int64? {
    guard looks < 12 else { return nil }
    let live = sampled
    guard !live.isEmpty else { return nil }
    return live.map { watches[$0]?.nextBorder ?? now }.min()
  }

  private mutating func deliver(_ window: TriggerWindow) throws(Crash) {
    let isLive = conductor.state.liveTriggers.contains(window.trigger)
    try handle(.window(window))
    if isLive { delivered.append(window) }
  }

  /// The trigger beside those of the plan fires once, where it was told to.
  mutating func fireInjected() throws(Crash) -> Bool {
    guard firing else { return false }
    firing = false
    try deliver(TriggerWindow(trigger: SimulatedPlan.injected, verdict: .fail, message: "injected", from: now - 10, to: now))
    return true
  }
}

extension SimulatedPlan {
  static let injected = "injected"

  /// The same plan with one more trigger, which fires only where the simulation is told to.
  var watched: SimulatedPlan {
    var plan = self
    plan.name += ", watched"
    plan.outline.triggers.append(
      TriggerOutline(id: SimulatedPlan.injected, every: 10, onFail: .rollback, onError: .pause, onNoData: .pause))
    return plan
  }
}

extension Outline {
  var allTriggers: [TriggerOutline] { triggers + phases.flatMap(\.triggers) }

  var withoutRequirePass: Outline {
    var outline = self
    for number in outline.triggers.indices { outline.triggers[number].requirePass = false }
    for phase in outline.phases.indices {
      for number in outline.phases[phase].triggers.indices { outline.phases[phase].triggers[number].requirePass = false }
    }
    return outline
  }
}

extension Entry {
  var isOfATrigger: Bool {
    switch kind {
    case .triggerJudged, .triggerFired: true
    default: false
    }
  }
}
