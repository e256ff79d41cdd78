import OrderedCollections

/// A plan taken apart: every step, check, trigger and phase by its id, with where it stands.
struct PlanInventory {
  struct Step {
    var id: String
    var part: PlanPart
    /// The phase, for a step of the way on.
    var phase: String?
    /// The step whose rollback it is part of.
    var owner: String?
    /// The list that it is in, in words: `phase schema`, `the rollback of step a`, `afterRollback`.
    var list: String
  }

  struct Check {
    var id: String
    var part: PlanPart
    /// `verify of step a`, `preconditions of the plan`.
    var list: String
    /// The step that it stands in; it comes and goes with it.
    var step: String?
    /// Whether it is recorded for an undo instead of judged.
    var isCapture = false
  }

  struct Trigger {
    var id: String
    var part: PlanPart
    var phase: String?
  }

  private(set) var steps: OrderedDictionary<String, Step> = [:]
  private(set) var checks: OrderedDictionary<String, Check> = [:]
  private(set) var triggers: OrderedDictionary<String, Trigger> = [:]
  /// Keys of each phase beside its lists.
  private(set) var phases: OrderedDictionary<String, PlanPart> = [:]
  /// Keys of the plan beside what is taken apart.
  private(set) var root: OrderedDictionary<String, PlanPart> = [:]
  let plan: PlanPart

  private static let checkLists = ["preconditions", "verify"]

  init(_ plan: PlanPart) {
    self.plan = plan
    for (key, value) in plan.map {
      switch key {
      case "preconditions", "verify", "verifyRollback":
        add(checks: value, list: key == "verifyRollback" ? key : "\(key) of the plan", step: nil)
      case "rollbackTriggers": add(triggers: value, phase: nil)
      case "phases": for phase in value.list { add(phase: phase) }
      case "afterRollback": add(steps: value, phase: nil, list: key)
      default: root[key] = value
      }
    }
  }

  /// The steps of the way on, in order.
  var forward: [Step] { steps.values.filter { $0.phase != nil } }

  private mutating func add(phase: PlanPart) {
    guard let id = phase["id"]?.text else { return }
    var own = phase.map
    for key in Self.checkLists {
      if let list = own.removeValue(forKey: key) { add(checks: list, list: "\(key) of phase \(id)", step: nil) }
    }
    if let list = own.removeValue(forKey: "rollbackTriggers") { add(triggers: list, phase: id) }
    if let list = own.removeValue(forKey: "steps") { add(steps: list, phase: id, list: "phase \(id)") }
    phases[id] = .map(own)
  }

  private mutating func add(steps list: PlanPart, phase: String?, list name: String, owner: String? = nil) {
    for (number, step) in list.list.enumerated() {
      guard !step.map.isEmpty else { continue }
      let id = step["id"]?.text ?? "\(name) number \(number + 1)"
      var own = step.map
      for key in Self.checkLists + ["capture"] {
        guard let checks = own.removeValue(forKey: key) else { continue }
        add(checks: checks, list: "\(key) of step \(id)", step: id)
      }
      steps[id] = Step(id: id, part: .map(own), phase: phase, owner: owner, list: name)
      if let rollback = own["rollback"] { add(steps: rollback, phase: nil, list: "the rollback of step \(id)", owner: id) }
    }
  }

  private mutating func add(checks list: PlanPart, list name: String, step: String?) {
    for (number, check) in list.list.enumerated() {
      let id = check["id"]?.text ?? "\(name) number \(number + 1)"
      checks[id] = Check(id: id, part: check, list: name, step: step, isCapture: name.hasPrefix("capture"))
    }
  }

  private mutating func add(triggers list: PlanPart, phase: String?) {
    for trigger in list.list {
      if let id = trigger["id"]?.text { triggers[id] = Trigger(id: id, part: trigger, phase: phase) }
    }
  }
}
