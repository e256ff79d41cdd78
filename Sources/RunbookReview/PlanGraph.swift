import RunbookActions
import RunbookPlan

/// A plan as a flow chart in Mermaid, with what a change touches marked.
public struct PlanGraph: Sendable {
  /// Steps that are drawn at most: a larger chart is read by nobody, and some viewers refuse it.
  public static let mostSteps = 80

  private let bound: BoundPlan
  private let effects: [String: ReviewEffect]
  private let removed: [String]

  /// - Parameters:
  ///   - effects: what is said of steps, by id.
  ///   - removed: steps that the older version had.
  public init(_ bound: BoundPlan, effects: [String: ReviewEffect] = [:], removed: [String] = []) {
    self.bound = bound
    self.effects = effects
    self.removed = removed
  }

  /// The chart's text; nil where it would be too large.
  public var mermaid: String? {
    let count = bound.plan.phases.reduce(0) { $0 + $1.steps.count }
    guard count + removed.count <= Self.mostSteps else { return nil }
    var lines = ["flowchart TD"]
    var number = 0
    var last: String?
    var classes: [String: [String]] = [:]
    for phase in bound.plan.phases {
      number += 1
      lines.append("  subgraph p\(number)[\"\(phase.id)\(phase.rollbackScope == .phase ? " (unwound alone)" : "")\"]")
      for step in phase.steps {
        number += 1
        let node = "n\(number)"
        lines.append("    \(node)\(shape(step))")
        for name in classNames(of: step) { classes[name, default: []].append(node) }
        if let last { lines.append("    \(last) --> \(node)") }
        last = node
      }
      lines.append("  end")
    }
    if !removed.isEmpty {
      lines.append("  subgraph gone[\"removed\"]")
      for id in removed {
        number += 1
        lines.append("    n\(number)[\"\(id)\"]")
        classes["removed", default: []].append("n\(number)")
      }
      lines.append("  end")
    }
    for (name, style) in Self.styles {
      guard let nodes = classes[name] else { continue }
      lines += ["  classDef \(name) \(style)", "  class \(nodes.joined(separator: ",")) \(name)"]
    }
    return lines.joined(separator: "\n")
  }

  private static let styles: KeyValuePairs = [
    "weaker": "stroke:#cf222e,stroke-width:3px", "changed": "stroke:#bf8700,stroke-width:3px",
    "stronger": "stroke:#1a7f37,stroke-width:3px",
    "noReturn": "fill:#ffebe9", "removed": "stroke:#cf222e,stroke-dasharray:4 4",
  ]

  private func classNames(of step: Step) -> [String] {
    var names: [String] = []
    if isPointOfNoReturn(step) { names.append("noReturn") }
    if let effect = effects[step.id], effect != .harmless { names.append(effect.rawValue) }
    return names
  }

  private func isPointOfNoReturn(_ step: Step) -> Bool {
    if case .pointOfNoReturn = bound.steps[step.id]?.wayBack { true } else { false }
  }

  /// A gate has six corners, a point of no return double walls, what only reads round ends.
  private func shape(_ step: Step) -> String {
    let label = "\"\(step.id)<br/>\(step.action.name)\""
    if step.action.name.hasPrefix("manual.") { return "{{\(label)}}" }
    if isPointOfNoReturn(step) { return "[[\(label)]]" }
    return bound.steps[step.id]?.call.descriptor.isMutating ?? true ? "[\(label)]" : "([\(label)])"
  }
}
