import OrderedCollections
import RunbookActions
import RunbookPlan

extension RunLauncher {
  /// Asks the targets that are changed what they cannot do. What a step needs refuses the run before anything is changed; the rest is told.
  func checkCapabilities(of coordination: Coordination) async throws(RunFailure) {
    for target in coordination.leased {
      guard let target = target as? any CapableTarget else { continue }
      let found = try await beforeRecord { () async throws(ActionError) in try await target.shortcomings() }
      for lack in found.lacks {
        let steps = setting.bound.steps(needing: lack.capability, in: target.name, run: setting.run)
        guard let first = steps.first else { continue }
        let others = steps.count > 1 ? " and \(steps.count - 1) more \(steps.count == 2 ? "needs" : "need")" : " needs"
        throw RunFailure(
          code: "RB2205", exitStatus: 1,
          message: setting.redactor.redact(
            "step \(first.step.id) (\(first.call.descriptor.name))\(others) \(lack.capability.words), which target '\(target.name)' "
              + "(\(found.deployment)) does not have: \(lack.meaning)"),
          standing: "the run was not begun and nothing was changed",
          next: ["take the steps out that need it, or run the plan on a deployment that has it", "runbook explain RB2205"])
      }
      for lack in found.lacks {
        setting.observer.observe(
          .notice(
            setting.redactor.redact(
              "target '\(target.name)' (\(found.deployment)) has no \(lack.capability.words): \(lack.meaning)")))
      }
    }
  }
}

extension BoundPlan {
  /// The steps that change a target and need something of it; those of undo lists too.
  func steps(needing capability: Capability, in target: String, run: RunFacts) -> [BoundStep] {
    let scope = DeclarationScope(params: params, metadata: plan.metadata, run: run)
    return steps.values.filter { step in
      guard step.call.usesTarget, let action = step.call.action?.asChanging, action.needs.contains(capability) else {
        return false
      }
      return step.call.call.target.flatMap { try? Resolver.resolve($0, as: .text, scope: scope).stringValue } == target
    }
  }
}
