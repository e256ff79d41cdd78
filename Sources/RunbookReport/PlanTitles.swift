import OrderedCollections
import RunbookPlan

/// What phases, steps and checks are called in front of people, by id.
public struct PlanTitles: Sendable {
  public struct Entry: Sendable, Hashable {
    public var title: String?
    /// What a check expects, in words; a plan may give its own (`bar:`).
    public var bar: String?
    /// The action; nil for a phase or a check of a value.
    public var action: String?
    /// Where a check stands: `preconditions`, `verify`, …
    public var place: Place
    public var owner: String?
  }

  public enum Place: Sendable, Hashable {
    case phase
    case step(phase: String)
    case undoStep(of: String)
    case afterRollback
    case planPrecondition, phasePrecondition(phase: String), stepPrecondition(step: String)
    case stepVerify(step: String), phaseVerify(phase: String), planVerify, verifyRollback
    case capture(step: String)
    /// A rollback trigger; nil for one of the plan.
    case trigger(phase: String?)
  }

  private var entries: [String: Entry] = [:]
  public let planID: String
  public let planTitle: String?
  private let values: [(reference: String, shown: String)]

  /// - Parameter params: what the run was given; their values stand in titles and bars where the plan refers to them.
  public init(_ plan: Plan, params: ValueMap = [:]) {
    values = params.map { ("${{ params.\($0.key) }}", $0.value.shown) }
    planID = plan.metadata.id
    planTitle = plan.metadata.title
    add(plan.preconditions, .planPrecondition)
    add(plan.verify, .planVerify)
    add(plan.verifyRollback, .verifyRollback)
    for phase in plan.phases {
      entries[phase.id] = Entry(title: filled(phase.title), bar: nil, action: nil, place: .phase, owner: phase.owner)
      add(phase.preconditions, .phasePrecondition(phase: phase.id))
      add(phase.verify, .phaseVerify(phase: phase.id))
      for step in phase.steps { add(step, .step(phase: phase.id)) }
    }
    for step in plan.afterRollback { add(step, .afterRollback) }
    for (trigger, phase) in plan.allTriggers {
      entries[trigger.id] = Entry(
        title: filled(trigger.title), bar: filled(trigger.bar ?? trigger.expect.description), action: trigger.action.name,
        place: .trigger(phase: phase), owner: nil)
    }
  }

  public subscript(id: String) -> Entry? { entries[id] }

  /// The title, or else the id.
  public func title(_ id: String) -> String { entries[id]?.title ?? id }

  /// A text of the plan with the values of params where it refers to them.
  func filled(_ text: String?) -> String? {
    guard let text, text.contains("${{") else { return text }
    return values.reduce(text) { $0.replacing($1.reference, with: $1.shown) }
  }

  private mutating func add(_ checks: [Check], _ place: Place) {
    for check in checks {
      var action: String?
      if case .action(let call) = check.source { action = call.name }
      entries[check.id] = Entry(
        title: filled(check.title), bar: filled(check.bar ?? check.expect?.description), action: action, place: place, owner: nil)
    }
  }

  private mutating func add(_ step: Step, _ place: Place) {
    entries[step.id] = Entry(title: filled(step.title), bar: nil, action: step.action.name, place: place, owner: nil)
    add(step.preconditions, .stepPrecondition(step: step.id))
    add(step.capture, .capture(step: step.id))
    add(step.verify, .stepVerify(step: step.id))
    if case .steps(let items, _) = step.rollback { for case .step(let undo) in items { add(undo, .undoStep(of: step.id)) } }
  }
}
