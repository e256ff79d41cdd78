import RunbookEngine
import RunbookPlan

/// The parts of a plan in the order in which a live view shows them.
struct LiveStructure {
  private(set) var sections: [LiveView.Section] = []
  private(set) var groups: [PlanTitles.Place: [String]] = [:]

  init(_ plan: Plan, titles: PlanTitles) {
    list(plan.preconditions.map(\.id), .planPrecondition, "Preconditions")
    for phase in plan.phases {
      sections.append(
        LiveView.Section(
          place: .phase, id: phase.id, title: titles[phase.id]?.title, isPhase: true, items: phase.steps.map(\.id)))
      groups[.phasePrecondition(phase: phase.id)] = phase.preconditions.map(\.id)
      groups[.phaseVerify(phase: phase.id)] = phase.verify.map(\.id)
      for step in phase.steps { add(step) }
    }
    list(plan.verify.map(\.id), .planVerify, "Outcome")
    list(plan.afterRollback.map(\.id), .afterRollback, "After the rollback")
    list(plan.verifyRollback.map(\.id), .verifyRollback, "Restored state")
  }

  private mutating func list(_ items: [String], _ place: PlanTitles.Place, _ title: String) {
    guard !items.isEmpty else { return }
    groups[place] = items
    sections.append(LiveView.Section(place: place, id: title, title: nil, isPhase: false, items: items))
  }

  private mutating func add(_ step: Step) {
    groups[.stepPrecondition(step: step.id)] = step.preconditions.map(\.id)
    groups[.capture(step: step.id)] = step.capture.map(\.id)
    groups[.stepVerify(step: step.id)] = step.verify.map(\.id)
    if case .steps(let items, _) = step.rollback { for case .step(let undo) in items { add(undo) } }
  }
}

/// Every check and step of an outline by its id.
struct LiveOutlines {
  private(set) var checks: [String: CheckOutline] = [:]
  private(set) var steps: [String: StepOutline] = [:]

  init(_ outline: Outline) {
    add(outline.preconditions + outline.verify + outline.verifyRollback)
    for phase in outline.phases {
      add(phase.preconditions + phase.verify)
      for step in phase.steps { add(step) }
    }
    for step in outline.afterRollback { add(step) }
  }

  private mutating func add(_ list: [CheckOutline]) { for check in list { checks[check.id] = check } }

  private mutating func add(_ step: StepOutline) {
    steps[step.id] = step
    add(step.preconditions + step.verify)
    if case .steps(let items) = step.undo { for case .step(let undo) in items { add(undo) } }
  }
}
