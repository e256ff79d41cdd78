import RunbookPlan
import RunbookSyntax

extension Binder {
  /// The limits of a step, which must be known when the run begins. Those that cut an effect short do not touch what waits for people or time,
  /// nor an undo, so there they are a mistake.
  mutating func limits(of step: Step, _ role: BoundStep.Role) -> Limits {
    checkCut(step.stallTimeout, "stallTimeout", step, role)
    checkCut(step.deadline, "deadline", step, role)
    return Limits(
      timeout: limit(step.timeout, "timeout"), stallTimeout: limit(step.stallTimeout, "stallTimeout"),
      deadline: limit(step.deadline, "deadline"))
  }

  /// Says where a limit that cuts an effect short has nothing to cut.
  private mutating func checkCut(_ template: Template?, _ name: String, _ step: Step, _ role: BoundStep.Role) {
    guard let template else { return }
    if case .undo = role {
      report(.argument, "'\(name)' does not touch an undo, which is never cut short", at: template.range, help: "remove it")
    } else if step.action.name.hasPrefix("manual.") {
      report(
        .argument, "'\(name)' does not touch \(step.action.name), which waits for people", at: template.range,
        help: "write 'expires: …' under 'with'")
    } else if step.action.name.hasPrefix("wait.") {
      report(
        .argument, "'\(name)' does not touch \(step.action.name), which takes as long as it says", at: template.range, help: "remove it")
    }
  }

  /// Microseconds; nil where there is none, or where it is not known without the values of required params.
  mutating func limit(_ template: Template?, _ name: String) -> Int64? {
    guard let template else { return nil }
    for reference in template.references where ![.params, .run, .metadata].contains(reference.root) {
      report(
        .argument, "'\(name)' must be known when the run begins, but '\(reference.text)' is known only later", at: reference.range,
        help: "refer to params, run or metadata")
      return nil
    }
    let checked = Resolver.check(template, as: .duration, types: known, in: plan.file)
    diagnostics += checked.diagnostics
    if !checked.diagnostics.isEmpty { return nil }
    let scope = DeclarationScope(params: params, metadata: plan.metadata, run: run)
    return (try? Resolver.resolve(template, as: .duration, scope: scope))?.durationValue
  }
}
