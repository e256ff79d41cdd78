import RunbookEngine
import RunbookPlan

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same run on every machine.
public struct SeededChance: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
  mutating func one<Element>(_ choices: [Element]) -> Element { choices[Int.random(in: 0..<choices.count, using: &self)] }
}

extension SimulatedPlan {
  /// A plan made from a seed: phases, steps of every class, undo of every kind, checks, faults, requests in the middle of effects, and a
  /// person who decides at random within what makes sense, and in the end always to close.
  public static func random(seed: UInt64) -> SimulatedPlan {
    var maker = PlanMaker(chance: SeededChance(seed: seed))
    return maker.plan(seed)
  }
}

private struct PlanMaker {
  var chance: SeededChance
  var rules: [String: [SimulatedBehaviour]] = [:]
  var interjections: [String: Request.Wish] = [:]
  var reverts: [String: [String]] = [:]
  var count = 0
  /// Which kinds of fault this seed has at all, so that seeds differ (swarm testing).
  var faults: Set<Int> = []

  init(chance: SeededChance) {
    self.chance = chance
    for fault in 0..<9 where self.chance.chance(50) { faults.insert(fault) }
  }

  mutating func id(_ kind: String) -> String {
    count += 1
    return "\(kind)-\(count)"
  }

  mutating func plan(_ seed: UInt64) -> SimulatedPlan {
    let phases = (0..<Int.random(in: 1...3, using: &chance)).map { _ in phase() }
    let outline = Outline(
      preconditions: checks("pre", 20), phases: phases, verify: checks("verify", 30),
      afterRollback: chance.chance(30) ? [item(reverting: nil)] : [], verifyRollback: checks("restored", 30),
      triggers: triggers(among: phases.flatMap(\.steps)))
    let decisions = chance.next()
    return SimulatedPlan("seed \(seed)", outline, rules: rules, ends: [], reverts: reverts, interjections: interjections) { state, world in
      PlanMaker.decide(state, &world, decisions)
    }
  }

  private mutating func phase() -> PhaseOutline {
    let name = id("phase")
    let conditional = chance.chance(10)
    if conditional, chance.chance(50) { rules["condition:\(name)"] = [.conditionIsFalse] }
    let preconditions = checks("gate", 25)
    let steps = (0..<Int.random(in: 1...3, using: &chance)).map { _ in step() }
    return PhaseOutline(
      id: name, hasCondition: conditional, preconditions: preconditions, steps: steps, verify: checks("check", 25),
      rollbackScope: chance.chance(25) ? .phase : .plan, triggers: chance.chance(40) ? triggers(among: steps) : [])
  }

  /// Up to two triggers; what they see is good in the end, or good as soon as somebody has mended everything, or bad for ever.
  private mutating func triggers(among steps: [StepOutline]) -> [TriggerOutline] {
    guard faults.contains(8) else { return [] }
    return (0..<Int.random(in: 0...2, using: &chance)).map { _ in
      let name = id("trigger")
      let verdicts = [Verdict.pass, .pass, .fail, .noData, .error]
      let last: SimulatedBehaviour = chance.one([
        .ok, .ok, .verdictUntil(fixed: "all", chance.one([.fail, .noData, .error])), .verdictWhileApplied(chance.one(steps).id, .fail),
        .verdict(.error),
      ])
      rules["trigger:\(name)"] =
        (0..<Int.random(in: 0...8, using: &chance)).map { _ in .verdict(verdicts.randomElement(using: &chance) ?? .pass) } + [last]
      let of = Int.random(in: 1...4, using: &chance)
      let responses = [TriggerEvent.Response.rollback, .pause, .warn]
      let (start, stop) = (chance.chance(20), chance.chance(20))
      return TriggerOutline(
        id: name, every: 10, window: chance.one([5, 10, 25]), minSamples: chance.one([1, 1, 2]),
        failures: TriggerOutline.FailureLimit(max: Int.random(in: 0..<of, using: &chance), of: of),
        initialDelay: chance.one([0, 0, 12]), startAfter: start ? steps.first?.id : nil, stopBefore: stop ? steps.last?.id : nil,
        requirePass: chance.chance(25), onFail: chance.one(responses), onError: chance.one(responses), onNoData: chance.one(responses))
    }
  }

  private mutating func checks(_ kind: String, _ percent: Int) -> [CheckOutline] {
    guard chance.chance(percent) else { return [] }
    return (0..<Int.random(in: 1...2, using: &chance)).map { _ in
      let name = id(kind)
      if faults.contains(0), chance.chance(30) {
        let verdict = chance.one([Verdict.fail, .noData, .error, .inconclusive])
        rules["check:\(name)"] = chance.chance(50) ? [.verdict(verdict), .ok] : [.verdictUntil(fixed: "all", verdict)]
      }
      let isGuard = kind == "gate" || kind == "asked"
      return CheckOutline(
        id: name, onFail: chance.one(isGuard ? [.rollback, .halt, .warn, .skip] : [.rollback, .rollback, .halt, .warn]),
        onError: chance.one([.halt, .rollback]), onNoData: chance.one([.halt, .warn]), within: chance.chance(15) ? 3_000 : nil,
        holdFor: chance.chance(15) ? 2_000 : nil, retry: RetryPolicy(attempts: chance.one([1, 3])), recheck: chance.chance(40),
        hasCondition: chance.chance(10))
    }
  }

  private mutating func step() -> StepOutline {
    let name = id("step")
    let effectClass = chance.one(EffectClass.allCases)
    let mutating = effectClass != .read && chance.chance(85)
    var undo = StepOutline.Undo.nothing
    if mutating {
      switch Int.random(in: 0..<10, using: &chance) {
      case 0: undo = .notNeeded
      case 1: undo = .none
      case 2, 3: undo = .steps([.step(item(reverting: name)), .step(item(reverting: name))])
      case 4 where effectClass != .opaque: undo = .steps([.auto, .step(item(reverting: nil))])
      default: undo = effectClass == .opaque ? .steps([.step(item(reverting: name))]) : .automatic
      }
    }
    spoil("step", name)
    if faults.contains(4), chance.chance(20) { rules["probe:\(name)"] = [.probeFindsNothingOut, .ok] }
    if faults.contains(5), chance.chance(30) {
      rules["undo:\(name)"] = chance.one([
        [.fails(transient: true), .ok], [.failsUntil(fixed: "all")], [.unknownThoughDone, .ok], [.conflicts(1)],
      ])
    }
    if faults.contains(6), chance.chance(15) {
      interjections["step:\(name)"] = chance.one([.pause, .cancel(rollback: true), .cancel(rollback: false), .rollback])
    }
    if faults.contains(7), chance.chance(15) { interjections["undo:\(name)"] = .pause }
    return StepOutline(
      id: name, effectClass: effectClass, mutating: mutating, interrupt: chance.one([.batch, .abort, .await]),
      retry: RetryPolicy(attempts: chance.one([1, 1, 3])), onFailure: chance.one([.rollback, .rollback, .halt]),
      preconditions: checks("asked", 15), hasCapture: chance.chance(40), verify: checks("check", 20), undo: undo,
      onInterrupt: chance.one([.halt, .halt, .rerun, .probe]), hasCondition: chance.chance(10))
  }

  private mutating func item(reverting step: String?) -> StepOutline {
    let name = id("item")
    if let step { reverts[name] = [step] }
    if faults.contains(5) { spoil("step", name) }
    return StepOutline(
      id: name, effectClass: chance.one([.idempotent, .guarded, .probe, .opaque]), mutating: true, verify: checks("check", 15),
      undo: .nothing,
      onInterrupt: chance.one([.halt, .rerun, .probe]))
  }

  private mutating func spoil(_ verb: String, _ name: String) {
    if faults.contains(1), chance.chance(20) { rules["\(verb):\(name)"] = [.fails(transient: chance.chance(70)), .ok] }
    if faults.contains(2), chance.chance(20) { rules["\(verb):\(name)"] = [chance.one([.unknownThoughDone, .unknownAndNotDone]), .ok] }
    if faults.contains(3), chance.chance(15) { rules["\(verb):\(name)"] = [chance.one([.failsHalfWay, .failsUntil(fixed: "all")])] }
  }

  /// Depends on the seed and on what is durable only, so that a crash does not change what the person wants.
  static func decide(_ state: RunState, _ world: inout SimulatedWorld, _ seed: UInt64) -> Request.Wish? {
    let made = state.decisions.count
    var chance = SeededChance(seed: seed &+ UInt64(made) &* 977)
    switch state.status {
    case .pending, .failed, .closed, .rolledBack, .rolledBackWithConflicts: return nil
    case .running, .rollingBack: return chance.chance(10) ? .rollback : .resume
    case .paused:
      if made > 8 { return .cancel(rollback: chance.chance(50)) }
      if made > 3 { world.fixed.insert("all") }
      return chance.one([.resume, .resume, .resume, .rollback, .cancel(rollback: false)])
    case .succeeded: return chance.chance(40) && state.hasChanged ? .rollback : nil
    case .halted, .blocked:
      if made > 6 { return .close }
      if made > 1 { world.fixed.insert("all") }
      if case .pointOfNoReturn(let step) = state.haltReason { return chance.chance(70) ? .pastPoint(step) : .close }
      if state.status == .blocked, let step = state.currentStep { return chance.one([.rollback, .rollback, .rollback, .skipUndo(step)]) }
      if case .check(let check, _) = state.cause?.origin, state.haltReason == .cause, chance.chance(20) { return .acceptCheck(check) }
      return chance.one([.resume, .resume, .rollback, .close])
    }
  }
}
