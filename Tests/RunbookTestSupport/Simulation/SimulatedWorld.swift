import RunbookEngine
import RunbookPlan

/// What a fake effect does when it is called; rules are looked up by `verb:subject`, the n-th call takes the n-th rule, the last one repeats.
public enum SimulatedBehaviour: Sendable, Hashable {
  case ok
  /// It fails before it does anything.
  case fails(transient: Bool)
  case failsHalfWay
  case failsUntil(fixed: String)
  /// Nobody hears how it ended.
  case unknownThoughDone
  case unknownAndNotDone
  case conflicts(Int)
  case verdict(Verdict)
  case verdictUntil(fixed: String, Verdict)
  /// As long as the step's effect is there.
  case verdictWhileApplied(String, Verdict)
  case conditionIsFalse
  case probeFindsNothingOut
  /// A gate: it needs an answer of a person.
  case gate
}

/// The fake target: it lives through every crash of the executor, and counts what was really done to it.
public struct SimulatedWorld: Sendable {
  /// How much of each step's effect is there: 0 nothing, 1 half, 2 all.
  public var level: [String: Int] = [:]
  /// Real executions of each effect, reads apart.
  public var executions: [EffectID: Int] = [:]
  public var undoings: [String: Int] = [:]
  public var fixed: Set<String> = []
  public var violations: [String] = []
  var calls: [String: Int] = [:]
  /// How often the run turned round so far: what stands from before (given up, not needed) may rightly be done again.
  var turns = 0
  private var lastTurn: [String: Int] = [:]
  var interjected: Set<String> = []

  public func isApplied(_ step: String) -> Bool { level[step, default: 0] > 0 }

  mutating func behaviour(_ effect: Effect, _ plan: SimulatedPlan) -> SimulatedBehaviour {
    behaviour("\(effect.id.verb.rawValue):\(effect.id.subject)", plan)
  }

  /// What a trigger's action answers.
  mutating func sample(_ trigger: String, _ plan: SimulatedPlan) -> TriggerMachine.Sample.Observation {
    let result = checked(behaviour("trigger:\(trigger)", plan))
    return switch result.verdict {
    case .pass, .fail: .values(["bad": .integer(result.verdict == .fail ? 1 : 0)], operations: nil, failures: nil)
    case .noData, .inconclusive, .skipped: .noData("nothing")
    case .error: .error("no answer", transient: result.transient)
    }
  }

  private mutating func behaviour(_ key: String, _ plan: SimulatedPlan) -> SimulatedBehaviour {
    let call = calls[key, default: 0]
    calls[key] = call + 1
    guard let rules = plan.rules[key], let last = rules.last else { return .ok }
    return call < rules.count ? rules[call] : last
  }

  /// The first half of a batched change, after which a process can die or be asked to stop.
  mutating func begin(_ effect: Effect, _ step: StepOutline?) {
    guard effect.id.verb == .perform, effect.mutates, step?.effectClass == .guarded, level[effect.id.subject, default: 0] == 0 else {
      return
    }
    level[effect.id.subject] = 1
  }

  /// Carries out the (rest of the) effect, and says what the executor hears.
  mutating func complete(_ effect: Effect, _ step: StepOutline?, _ plan: SimulatedPlan, answered: Bool) -> Outcome? {
    let behaviour = behaviour(effect, plan)
    switch effect.id.verb {
    case .condition: return .condition(behaviour != .conditionIsFalse)
    case .check: return .checked(checked(behaviour))
    case .capture:
      return behaviour == .fails(transient: false) ? .failed(Failure(code: "sim", message: "no capture")) : .done(.object(["captured": 1]))
    case .probe: return probed(effect.id.subject, behaviour)
    case .verifyUndone:
      let gone = level[effect.id.subject, default: 0] == 0 || plan.keeps.contains(effect.id.subject)
      return .checked(gone ? checked(behaviour) : CheckResult(.fail, message: "it is still there"))
    case .perform:
      if behaviour == .gate, !answered { return nil }
      return perform(effect, step, behaviour, plan)
    case .undo: return undo(effect, step, behaviour, plan)
    }
  }

  private func checked(_ behaviour: SimulatedBehaviour) -> CheckResult {
    switch behaviour {
    case .verdict(let verdict): CheckResult(verdict, observed: 1)
    case .verdictUntil(let fix, let verdict): CheckResult(fixed.contains(fix) ? .pass : verdict, observed: 2)
    case .verdictWhileApplied(let step, let verdict): CheckResult(level[step, default: 0] > 0 ? verdict : .pass, observed: 3)
    case .fails(let transient): CheckResult(.error, message: "no answer", transient: transient)
    default: CheckResult(.pass, observed: 0)
    }
  }

  private func probed(_ step: String, _ behaviour: SimulatedBehaviour) -> Outcome {
    if behaviour == .probeFindsNothingOut { return .probed(.unknown(Failure(code: "sim", message: "nobody knows"))) }
    switch level[step, default: 0] {
    case 0: return .probed(.notHappened)
    case 1: return .probed(.partly)
    default: return .probed(.happened(outputs: .object(["probed": true])))
    }
  }

  private mutating func perform(_ effect: Effect, _ step: StepOutline?, _ behaviour: SimulatedBehaviour, _ plan: SimulatedPlan) -> Outcome {
    let id = effect.id.subject
    undoings[id] = 0
    switch behaviour {
    case .fails(let transient): return .failed(Failure(code: "sim", message: "it failed", transient: transient))
    case .failsUntil(let fix) where !fixed.contains(fix): return .failed(Failure(code: "sim", message: "it is broken"))
    case .unknownAndNotDone: return .unknown(Failure(code: "sim", message: "no answer", transient: true))
    case .failsHalfWay where step?.effectClass == .probe || step?.effectClass == .receipt:
      return .failed(Failure(code: "sim", message: "it failed, and these classes are all or nothing"))
    case .failsHalfWay:
      execute(effect, step)
      renew(id, plan)
      level[id] = 1
      return .failed(Failure(code: "sim", message: "it failed half way"))
    default: break
    }
    execute(effect, step)
    renew(id, plan)
    level[id] = 2
    for reverted in plan.reverts[id, default: []] { level[reverted] = 0 }
    if behaviour == .unknownThoughDone { return .unknown(Failure(code: "sim", message: "no answer", transient: true)) }
    return .done(.object(["done": true]))
  }

  /// What took an earlier effect of this step back says nothing about the new one.
  private mutating func renew(_ step: String, _ plan: SimulatedPlan) {
    for (item, reverted) in plan.reverts where reverted.contains(step) { level[item] = 0 }
  }

  private mutating func execute(_ effect: Effect, _ step: StepOutline?) {
    executions[effect.id, default: 0] += 1
    guard let step, step.mutating else { return }
    defer { lastTurn[step.id] = turns }
    if step.effectClass == .probe || step.effectClass == .receipt, level[step.id, default: 0] > 0, lastTurn[step.id] == turns {
      violations.append("\(effect.id) was executed though its effect was there")
    }
  }

  private mutating func undo(_ effect: Effect, _ step: StepOutline?, _ behaviour: SimulatedBehaviour, _ plan: SimulatedPlan) -> Outcome {
    let id = effect.id.subject
    switch behaviour {
    case .fails: return .failed(Failure(code: "sim", message: "the undo failed"))
    case .failsUntil(let fix) where !fixed.contains(fix): return .failed(Failure(code: "sim", message: "the undo is broken"))
    case .unknownAndNotDone: return .unknown(Failure(code: "sim", message: "no answer"))
    default: break
    }
    let runsAgain = step.map { $0.effectClass == .guarded || $0.effectClass == .idempotent } ?? false
    if !runsAgain, level[id, default: 0] == 0, undoings[id, default: 0] > 0 {
      violations.append("\(effect.id) was executed though it was undone")
    }
    undoings[id, default: 0] += 1
    if !plan.keeps.contains(id) { level[id] = 0 }
    for covered in plan.covered(by: id) { level[covered] = 0 }
    if behaviour == .unknownThoughDone { return .unknown(Failure(code: "sim", message: "no answer")) }
    if case .conflicts(let count) = behaviour { return .undone(conflicts: count, inDoubt: 0, details: .emptyMap) }
    return .undone()
  }
}
