import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookSyntax

/// What the rules ask of a plan again and again, worked out once: the steps and checks in the order in which a run meets them, what each step
/// changes, and what the params are.
struct PlanFacts {
  let bound: BoundPlan
  /// Those of the phases.
  let steps: [StepFact]
  /// Items of undo lists.
  let undoSteps: [StepFact]
  let afterRollback: [StepFact]
  /// All of them, in the order in which a run that goes well asks; those of the way back behind.
  let checks: [CheckFact]
  let values: KnownValues
  /// What looks like a secret in the text.
  private(set) var secrets: [SecretTexts.Found] = []
  private(set) var used = UsedNames()
  private let byStep: [String: Int]

  var plan: Plan { bound.plan }

  init(_ bound: BoundPlan) {
    self.bound = bound
    values = KnownValues(bound)
    var walk = PlanWalk(bound: bound, values: values)
    walk.go()
    steps = walk.steps
    undoSteps = walk.undoSteps
    afterRollback = walk.afterRollback
    checks = walk.checks
    byStep = Dictionary(walk.steps.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    secrets = SecretTexts.find(in: self)
    used = UsedNames(self)
  }

  /// A step of the phases by its id.
  func step(_ id: String) -> StepFact? { byStep[id].map { steps[$0] } }
}

/// A collection by the names that the plan gives it; two names are the same where they are written alike, known or not.
struct CollectionName: Hashable, CustomStringConvertible {
  var target: String
  var name: String

  var description: String { name }
}

/// A step with what it does.
struct StepFact {
  let bound: BoundStep
  /// From 0, among the steps of the phases; of others where the step that they undo stands.
  let index: Int
  let phase: Int?
  /// The collection it works on.
  let collection: CollectionName?
  let change: Change

  var id: String { bound.step.id }
  var step: Step { bound.step }
  var action: String { bound.call.call.name }
  /// What messages point at.
  var range: SourceRange { bound.step.idRange }

  func argument(_ name: String) -> Template? { bound.call.argument(name) }
}

extension BoundCall {
  func argument(_ name: String) -> Template? { call.arguments.first { $0.key == name }?.value }

  func entry(_ name: String) -> TemplateEntry? { call.arguments.first { $0.key == name } }
}

/// A check with where it stands.
struct CheckFact {
  enum Place: Hashable {
    case planPrecondition, planVerify, verifyRollback
    case phasePrecondition(Int), phaseVerify(Int)
    case precondition(of: String), capture(of: String), probe(of: String), verify(of: String)
    /// Verifies an item of an undo list, or a step after a rollback.
    case undoVerify(of: String)
  }

  let bound: BoundCheck
  let place: Place
  /// How many steps of the phases are over when it is asked.
  let stepsBefore: Int
  /// The collection it reads.
  let collection: CollectionName?

  var id: String { bound.check.id }
  var check: Check { bound.check }
  var action: String? { bound.call?.call.name }
  /// Whether it judges how the run goes, as what `capture`, `probe` and the way back ask does not.
  var isForward: Bool {
    switch place {
    case .planPrecondition, .planVerify, .phasePrecondition, .phaseVerify, .precondition, .verify: true
    case .verifyRollback, .capture, .probe, .undoVerify: false
    }
  }
}

/// Goes through a plan in the order of a run.
private struct PlanWalk {
  let bound: BoundPlan
  let values: KnownValues
  var steps: [StepFact] = []
  var undoSteps: [StepFact] = []
  var afterRollback: [StepFact] = []
  var checks: [CheckFact] = []

  mutating func go() {
    let plan = bound.plan
    add(plan.preconditions, .planPrecondition)
    for (number, phase) in plan.phases.enumerated() {
      add(phase.preconditions, .phasePrecondition(number))
      for step in phase.steps { add(step, phase: number) }
      add(phase.verify, .phaseVerify(number))
    }
    add(plan.verify, .planVerify)
    for step in plan.afterRollback {
      guard let fact = fact(step, phase: nil) else { continue }
      afterRollback.append(fact)
      add(step.verify, .undoVerify(of: step.id))
    }
    add(plan.verifyRollback, .verifyRollback)
  }

  private mutating func add(_ step: Step, phase: Int) {
    add(step.preconditions, .precondition(of: step.id))
    add(step.capture, .capture(of: step.id))
    if let probe = step.probe { add([probe], .probe(of: step.id)) }
    guard let fact = fact(step, phase: phase) else { return }
    if case .steps(let items, _)? = step.rollback {
      for case .step(let undo) in items {
        guard let fact = self.fact(undo, phase: phase) else { continue }
        undoSteps.append(fact)
        add(undo.verify, .undoVerify(of: undo.id))
      }
    }
    steps.append(fact)
    add(step.verify, .verify(of: step.id))
  }

  private mutating func add(_ list: [Check], _ place: CheckFact.Place) {
    for check in list {
      guard let known = bound.checks[check.id] else { continue }
      checks.append(
        CheckFact(bound: known, place: place, stepsBefore: steps.count, collection: known.call.flatMap { values.collection(of: $0) }))
    }
  }

  private func fact(_ step: Step, phase: Int?) -> StepFact? {
    guard let known = bound.steps[step.id] else { return nil }
    return StepFact(
      bound: known, index: steps.count, phase: phase, collection: values.collection(of: known.call), change: Change(known.call, values))
  }
}
