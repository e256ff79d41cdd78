import OrderedCollections
import RunbookActions
import RunbookPlan

/// Which outputs of steps and checks something else in the plan refers to: these must be the same after a crash, so none may hold a secret.
struct ReferredOutputs: Sendable {
  private var steps: [String: Set<String>] = [:]
  private var checks: [String: Set<String>] = [:]

  /// Stands for everything that a check observed or a step gave.
  private static let whole = ""

  init(_ bound: BoundPlan) {
    for reference in bound.templates.flatMap(\.references) {
      guard let id = reference.path.first, reference.path.count >= 2 else { continue }
      let field = reference.path[1] == "outputs" && reference.path.count > 2 ? reference.path[2] : Self.whole
      switch (reference.root, reference.path[1]) {
      case (.steps, "outputs"): steps[id, default: []].insert(field)
      case (.checks, "outputs"), (.checks, "observed"): checks[id, default: []].insert(field)
      case (.baselines, _): steps[id, default: []].insert(reference.path[1])
      default: break
      }
    }
  }

  /// What of a step's outputs is referred to.
  func part(of outputs: ValueMap, ofStep id: String) -> Value { Self.part(of: outputs, steps[id] ?? []) }
  /// What of a check's outputs is referred to.
  func part(of outputs: ValueMap, ofCheck id: String) -> Value { Self.part(of: outputs, checks[id] ?? []) }

  private static func part(of outputs: ValueMap, _ fields: Set<String>) -> Value {
    .map(fields.contains(whole) ? outputs : outputs.filter { fields.contains($0.key) })
  }
}

extension BoundPlan {
  /// Every value that is resolved while the plan runs.
  fileprivate var templates: [Template] {
    var templates = plan.phases.compactMap(\.when).flatMap(\.templates)
    for step in steps.values {
      templates += step.call.call.templates + (step.step.when?.templates ?? [])
      if let outputs = step.step.outputsWhenSkipped { templates.append(outputs) }
    }
    for trigger in triggers { templates += trigger.call.call.templates + trigger.trigger.expect.operands }
    for check in checks.values {
      if case .value(let value) = check.check.source { templates.append(value) }
      templates += check.call?.call.templates ?? []
      templates += check.check.expect?.operands ?? []
      templates += check.check.when?.templates ?? []
    }
    return templates
  }
}

extension Condition {
  fileprivate var templates: [Template] { [value] + matcher.operands }
}

extension ActionCall {
  /// Everything in it that is resolved when it is made.
  var templates: [Template] { arguments.map(\.value) + [target, collection].compactMap(\.self) }
}

extension Matcher {
  /// The operands of all its tests.
  var operands: [Template] {
    switch self {
    case .test(let test): [test.operand]
    case .all(let matchers), .any(let matchers): matchers.flatMap(\.operands)
    case .not(let matcher): matcher.operands
    }
  }
}
