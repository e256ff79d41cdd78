import RunbookSyntax

/// Looks where the steps stand that rollback triggers name: they must be steps of the phases, in an order in which the trigger lives.
struct TriggerPlacement {
  let plan: Plan
  let ids: PlanIDs
  private(set) var diagnostics: [Diagnostic] = []
  /// Steps of the phases, in the order in which they run.
  private var places: [String: (number: Int, phase: Int)] = [:]

  init(plan: Plan, ids: PlanIDs) {
    self.plan = plan
    self.ids = ids
    // Most plans have no trigger that names a step.
    guard plan.allTriggers.contains(where: { $0.trigger.startAfter != nil || $0.trigger.stopBefore != nil }) else { return }
    for (phase, part) in plan.phases.enumerated() {
      for step in part.steps where places[step.id] == nil { places[step.id] = (places.count, phase) }
    }
  }

  mutating func check() {
    for trigger in plan.rollbackTriggers { check(trigger, phase: nil) }
    for (number, phase) in plan.phases.enumerated() {
      for trigger in phase.rollbackTriggers { check(trigger, phase: number) }
    }
  }

  private mutating func check(_ trigger: RollbackTrigger, phase: Int?) {
    let start = trigger.startAfter.flatMap { place(of: $0, "startAfter", phase) }
    let stop = trigger.stopBefore.flatMap { place(of: $0, "stopBefore", phase) }
    guard let name = trigger.stopBefore, let stop else { return }
    let first = phase.flatMap { plan.phases[$0].steps.first }.flatMap { places[$0.id]?.number } ?? 0
    if trigger.startAfter == nil, stop == first {
      report("the trigger would never be live: '\(name.id)' is the first step\(phase == nil ? "" : " of the phase")", at: name.range)
    } else if let start, stop <= start {
      let after = trigger.startAfter.map { DiagnosticNote("it goes live after the step named here", at: plan.place(of: $0.range)) }
      report(
        "the trigger would never be live: '\(name.id)' does not come after '\(trigger.startAfter?.id ?? "")'", at: name.range,
        notes: after.map { [$0] } ?? [])
    }
  }

  /// The number of the step; nil where it cannot be named here, which is reported.
  private mutating func place(of name: RollbackTrigger.StepName, _ key: String, _ phase: Int?) -> Int? {
    guard let place = places[name.id] else {
      if let entry = ids[name.id] {
        let what = entry.kind == .step ? "a step of an undo list or of 'afterRollback'" : "a \(entry.kind.rawValue)"
        report(
          "'\(key)' names a step of the phases, and '\(name.id)' is \(what)", at: name.range,
          notes: [DiagnosticNote("it is defined here", at: plan.place(of: entry.range))])
      } else {
        let meant = nearest(to: name.id, among: places.keys.sorted())
        diagnostics.append(
          Diagnostic(
            PlanCode.unknownName, "no step is called '\(name.id)'", at: plan.place(of: name.range),
            help: meant.map { "did you mean '\($0)'?" }))
      }
      return nil
    }
    if let phase, place.phase != phase {
      report(
        "'\(name.id)' stands in phase '\(plan.phases[place.phase].id)', and a trigger of a phase lives only in its own", at: name.range,
        help: "name a step of '\(plan.phases[phase].id)', or move the trigger to the plan's 'rollbackTriggers'")
      return nil
    }
    return place.number
  }

  private mutating func report(_ message: String, at range: SourceRange, notes: [DiagnosticNote] = [], help: String? = nil) {
    diagnostics.append(Diagnostic(PlanCode.trigger, message, at: plan.place(of: range), notes: notes, help: help))
  }
}
