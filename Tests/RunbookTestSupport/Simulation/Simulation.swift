import RunbookEngine
import RunbookPlan

/// A bug planted into the runtime's rules, to see whether the simulator catches it.
public enum PlantedBug: Sendable, Hashable, CaseIterable {
  case noFlushBeforeEffect
  case oneCommitAnEntry
  case replayedEffectsDropped
  case outcomeBeforeEffect
  /// Windows of triggers, and that they fired, never become durable.
  case firedTriggerLost
  /// The first change does not wait for a passing window.
  case requirePassForgotten
  /// A process that resumes a run does not watch.
  case watchForgottenAfterCrash
}

/// One run of a plan with crashes at chosen boundaries: a runtime in miniature around the product's `Conductor`, a durable log, a fake
/// world.
///
/// A boundary is a point between two things that the outside can tell apart: before and after a commit, before an effect, in the middle of it,
/// after it, before and after a word to the outside.
public struct Simulation: Sendable {
  struct Crash: Error {}

  public let plan: SimulatedPlan
  public let bug: PlantedBug?
  /// Boundaries at which the process dies, counted over all processes of the run.
  public var crashes: Set<Int>
  public private(set) var boundaries = 0
  public private(set) var log: [Entry] = []
  public private(set) var commits = 0
  public private(set) var processes = 0
  public internal(set) var world = SimulatedWorld()
  public internal(set) var violations: [String] = []
  var now: Int64 = 1_000_000
  /// The boundary at which a trigger fires that stands beside those of the plan.
  public var firesAt: Int?
  /// Windows that the engine has taken in full.
  var delivered: [TriggerWindow] = []
  private var inbox: [Request] = []
  private var answers: [Answer] = []
  private var consumed: Set<String> = []
  private var inboxRows = 0
  private var durableRequests: Set<EffectID> = []

  private let fresh: RunState

  // What dies with the process.
  var conductor: Conductor
  private var toStart: Effect?
  var underWay: Effect?
  private var stopMode: InterruptMode?
  private var told: RunStatus?
  var watches: [String: TriggerMachine] = [:]
  /// How often it looked since something last went on.
  var looks = 0
  private var fed: Set<String> = []
  private var withheld: [Entry] = []
  private var replayed: Set<EffectID> = []
  /// The trigger beside those of the plan has a window that failed.
  var firing = false

  public init(_ plan: SimulatedPlan, crashes: Set<Int> = [], bug: PlantedBug? = nil) {
    self.plan = plan
    self.bug = bug
    self.crashes = crashes
    var fresh = RunState(outline: bug == .requirePassForgotten ? plan.outline.withoutRequirePass : plan.outline)
    if let edited = plan.edited { fresh.know(edited, of: Adoption(digest: SimulatedPlan.editedDigest, plan: "", params: .emptyMap)) }
    self.fresh = fresh
    conductor = Conductor(state: fresh)
  }

  /// The state that the durable log gives.
  public func folded() -> RunState {
    var state = fresh
    for entry in log { state.evolve(entry) }
    return state
  }

  // MARK: Processes

  /// Starts processes until nobody wants anything of the run any more.
  public mutating func run() {
    while step() {}
    violations += world.violations
    world.violations = []
  }

  /// One process; false where there is none to start.
  public mutating func step() -> Bool {
    // A journal that is wrong already would rightly trap the engine.
    if bug != nil { Checker.checkLog(log, plan, into: &violations) }
    guard violations.isEmpty else { return false }
    let state = folded()
    if !log.isEmpty, !state.isSettled { violations.append("the journal was cut inside a decision") }
    var wish: Request.Wish?
    if !log.isEmpty {
      wish = plan.wish(state, &world)
      if wish == nil {
        Checker.checkEnd(self, state, into: &violations)
        return false
      }
    }
    processes += 1
    if processes > 60 {
      violations.append("liveness: the run does not end")
      return false
    }
    now += 50
    startProcess(state)
    do throws(Crash) {
      try lead(wish)
    } catch {
      return violations.isEmpty
    }
    if violations.isEmpty, let told, told != folded().status {
      violations.append("the outside was told \(told), the journal says \(folded().status)")
    }
    return violations.isEmpty
  }

  private mutating func startProcess(_ state: RunState) {
    conductor = Conductor(state: state)
    (toStart, underWay, stopMode, told, fed, withheld) = (nil, nil, nil, nil, [], [])
    (watches, looks) = ([:], 0)
    replayed = []
    if bug == .replayedEffectsDropped {
      for entry in log { if case .effectRequested(let id) = entry.kind { replayed.insert(id) } }
    }
  }

  private mutating func lead(_ wish: Request.Wish?) throws(Crash) {
    if conductor.state.status == .pending { try handle(.begin(info: .emptyMap, until: nil)) }
    let request = wish.map { Request($0, who: "ana", reason: "because") }
    answerGates()
    try handle(.leaseTaken(epoch: conductor.state.epoch + 1, newProcess: true, holder: "process \(processes)", request: request))
    for _ in 0..<2_000 {
      if !violations.isEmpty { return }
      if try fireInjected() { continue }
      if let effect = toStart {
        (toStart, looks) = (nil, 0)
        try execute(effect)
      } else if told != nil {
        return
      } else if try feedInbox() {
        continue
      } else if let look = nextLook() {
        now = max(now, min(look, conductor.nextWake ?? look))
        looks += 1
        if now >= conductor.nextWake ?? .max { try handle(.tick) }
        try watch()
      } else if let wake = conductor.nextWake {
        now = max(now, wake)
        try handle(.tick)
      } else if !conductor.state.awaitedTriggers.isEmpty, looks > 0 {
        // A process does not wait for ever for a window that passes.
        try handle(.request(Request(.pause, who: "runbook", reason: "waits for a passing window")))
      } else {
        violations.append("deadlock: nothing is under way in state \(conductor.state.status)")
        return
      }
    }
    violations.append("liveness: a process does not end")
  }

  private mutating func boundary() throws(Crash) {
    boundaries += 1
    if firesAt == boundaries { firing = true }
    if crashes.contains(boundaries) { throw Crash() }
  }

  // MARK: Orders

  mutating func handle(_ event: Input.Event) throws(Crash) {
    let orders = conductor.handle(Input(at: now, jitter: 0.5, event))
    Checker.checkState(conductor.state, plan, into: &violations)
    // A trigger may turn a run that stands, before its process is gone.
    if !conductor.state.standsStill { told = nil }
    for order in orders {
      switch order {
      case .commit(let entries):
        if bug == .noFlushBeforeEffect, orders.contains(where: { if case .start = $0 { true } else { false } }) {
          withheld += entries
        } else {
          try boundary()
          try commit(withheld + entries)
          withheld = []
          try boundary()
        }
      case .start(let effect):
        if replayed.contains(effect.id) { continue }
        toStart = effect
      case .stop(let effect, let mode): if underWay?.id == effect.id { stopMode = mode }
      case .drop(let effect):
        if underWay?.id == effect.id { underWay = nil }
        if toStart?.id == effect.id { toStart = nil }
      case .tell(let status):
        try boundary()
        told = status
        try boundary()
      }
    }
  }

  private mutating func commit(_ entries: [Entry]) throws(Crash) {
    if bug == .oneCommitAnEntry {
      for entry in entries {
        append([entry])
        try boundary()
      }
    } else {
      append(entries)
    }
  }

  private mutating func append(_ entries: [Entry]) {
    commits += 1
    for entry in entries {
      if bug == .firedTriggerLost, entry.isOfATrigger { continue }
      if entry.isTransient { violations.append("a poll reached the journal") }
      switch entry.kind {
      case .effectRequested(let id): durableRequests.insert(id)
      case .rollbackBegan, .runHalted(.phaseUndone): world.turns += 1
      default: break
      }
      if case .effectFinished(let id, .done, _) = entry.kind, id.verb == .perform, world.executions[id, default: 0] == 0 {
        violations.append("J2: the outcome of \(id) is durable, its effect is not")
      }
      if let row = entry.consumedRequest, !consumed.insert(row).inserted { violations.append("request \(row) was consumed twice") }
      log.append(entry)
    }
    inbox.removeAll { consumed.contains($0.requestID ?? "") }
    answers.removeAll { consumed.contains($0.requestID ?? "") }
  }

  // MARK: Effects

  private mutating func execute(_ effect: Effect) throws(Crash) {
    try boundary()
    (underWay, stopMode) = (effect, nil)
    let step = plan.stepsByID[effect.id.subject]
    if effect.mutates, !durableRequests.contains(effect.id) { violations.append("J1: \(effect.id) happened without a durable intent") }
    if effect.id.verb == .perform { Checker.checkOpaque(effect, step, log, world, into: &violations) }
    if bug == .outcomeBeforeEffect, effect.mutates, effect.id.verb == .perform {
      append([Entry(at: now, .effectFinished(effect.id, .done(), retryAt: nil))])
      try boundary()
    }
    world.begin(effect, step)
    let key = "\(effect.id.verb.rawValue):\(effect.id.subject)"
    if let wish = plan.interjections[key], world.interjected.insert(key).inserted { post(wish) }
    try boundary()
    while try feedInbox() {}
    now += 5
    try watch()
    _ = try fireInjected()
    guard underWay != nil else { return }
    var outcome: Outcome?
    if stopMode == .batch {
      if step?.effectClass == .guarded, effect.id.verb == .perform { world.executions[effect.id, default: 0] += 1 }
      if effect.id.verb == .perform { world.undoings[effect.id.subject] = 0 }
      outcome = .interrupted
    } else {
      let answered = !conductor.state.answers(to: effect.id.subject).isEmpty
      outcome = world.complete(effect, step, plan, answered: answered)
    }
    guard let outcome else {
      // A gate without an answer: the triggers watch for a while; then, this process does not wait for people.
      for _ in 0..<6 {
        guard let look = nextLook(), underWay != nil else { break }
        now = max(now, look)
        try watch()
      }
      guard underWay != nil else { return }
      try handle(.request(Request(.pause, who: "runbook", reason: "waits for a person")))
      return
    }
    try boundary()
    underWay = nil
    try handle(.finished(effect.id, outcome))
  }

  // MARK: People

  private mutating func post(_ wish: Request.Wish) {
    inboxRows += 1
    inbox.append(Request(wish, who: "ana", reason: "because", requestID: "row \(inboxRows)"))
  }

  /// People answer the gates at which a run paused, through the inbox.
  private mutating func answerGates() {
    guard conductor.state.status == .paused, let step = conductor.state.currentStep, conductor.state.answers(to: step).isEmpty,
      !answers.contains(where: { $0.subject == step })
    else { return }
    inboxRows += 1
    answers.append(Answer(subject: step, value: "yes", who: "ben", requestID: "row \(inboxRows)"))
  }

  private mutating func feedInbox() throws(Crash) -> Bool {
    if let answer = answers.first(where: { !fed.contains($0.requestID ?? "") }) {
      fed.insert(answer.requestID ?? "")
      try handle(.answer(answer))
      return true
    }
    guard let request = inbox.first(where: { !fed.contains($0.requestID ?? "") }) else { return false }
    fed.insert(request.requestID ?? "")
    // A request that no longer fits is taken from the inbox without an entry.
    if conductor.state.refusal(of: request.wish) != nil { inbox.removeAll { $0 == request } }
    try handle(.request(request))
    return true
  }
}
