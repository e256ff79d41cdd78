import RunbookActions
import RunbookEngine
import RunbookPlan

extension Outline {
  /// What the engine sees of a bound plan: ids, order, policies, limits.
  public init(_ bound: BoundPlan) {
    let builder = OutlineBuilder(bound: bound)
    self.init(
      preconditions: bound.plan.preconditions.map { builder.check($0) },
      phases: bound.plan.phases.map { phase in
        PhaseOutline(
          id: phase.id, hasCondition: phase.when != nil, preconditions: phase.preconditions.map { builder.check($0) },
          steps: phase.steps.map { builder.step($0) }, verify: phase.verify.map { builder.check($0) },
          rollbackScope: phase.rollbackScope == .phase ? .phase : .plan, triggers: bound.triggers(ofPhase: phase.id))
      },
      verify: bound.plan.verify.map { builder.check($0) },
      afterRollback: bound.plan.afterRollback.map { builder.step($0) },
      verifyRollback: bound.plan.verifyRollback.map { builder.check($0, refersTo: $0.stepsReferredTo) },
      triggers: bound.triggers(ofPhase: nil))
  }
}

private struct OutlineBuilder {
  let bound: BoundPlan

  func check(_ check: Check, refersTo: [String] = []) -> CheckOutline {
    let limits = bound.checks[check.id]?.limits ?? Limits()
    return CheckOutline(
      id: check.id, onFail: policy(check.onFail), onError: policy(check.onError), onNoData: policy(check.onNoData),
      within: limits.within.map { $0 / 1_000 }, holdFor: limits.holdFor.map { $0 / 1_000 }, retry: retry(check.retry),
      recheck: check.recheck, hasCondition: check.when != nil, refersTo: refersTo)
  }

  func step(_ step: Step) -> StepOutline {
    guard let bound = bound.steps[step.id] else { preconditionFailure("step \(step.id) was not bound") }
    let descriptor = bound.call.descriptor
    return StepOutline(
      id: step.id, effectClass: effectClass(descriptor.effectClass), mutating: descriptor.isMutating,
      interrupt: interrupt(descriptor.interrupt),
      retry: retry(step.retry), onFailure: failurePolicy(step.onFailure), preconditions: step.preconditions.map { check($0) },
      hasCapture: descriptor.isMutating || !step.capture.isEmpty, verify: step.verify.map { check($0) }, undo: undo(bound.wayBack),
      onInterrupt: interruptPolicy(step), hasCondition: step.when != nil, renamedFrom: step.renamedFrom)
  }

  private func undo(_ wayBack: BoundStep.WayBack) -> StepOutline.Undo {
    switch wayBack {
    case .automatic: .automatic
    case .steps(let ids): .steps(ids.map { id in id.map { .step(undoStep($0)) } ?? .auto })
    case .coveredBy(let step): .coveredBy(step)
    case .notNeeded: .notNeeded
    case .pointOfNoReturn: .none
    case .nothing: .nothing
    }
  }

  private func undoStep(_ id: String) -> StepOutline {
    guard let bound = bound.steps[id] else { preconditionFailure("undo step \(id) was not bound") }
    return step(bound.step)
  }

  private func policy(_ policy: Policy) -> CheckOutline.Policy {
    switch policy {
    case .rollback: .rollback
    case .halt: .halt
    case .warn: .warn
    case .skip: .skip
    }
  }

  private func retry(_ declaration: RetryDeclaration?) -> RetryPolicy {
    guard let declaration else { return .none }
    return RetryPolicy(
      attempts: declaration.attempts, backoffMin: declaration.backoffMin / 1_000, backoffMax: declaration.backoffMax / 1_000)
  }

  private func failurePolicy(_ policy: Step.FailurePolicy) -> StepOutline.FailurePolicy {
    switch policy {
    case .rollback: .rollback
    case .halt: .halt
    case .continue: .continue
    }
  }

  private func interruptPolicy(_ step: Step) -> StepOutline.InterruptPolicy {
    switch step.onInterrupt {
    case .halt: .halt
    case .rerun: .rerun
    case .probe: .probe
    case nil: step.probe == nil ? .halt : .probe
    }
  }

  private func effectClass(_ effectClass: RunbookActions.EffectClass) -> RunbookEngine.EffectClass {
    switch effectClass {
    case .read: .read
    case .idempotent: .idempotent
    case .guarded: .guarded
    case .receipt: .receipt
    case .probe: .probe
    case .opaque: .opaque
    }
  }

  private func interrupt(_ style: InterruptStyle) -> InterruptMode {
    switch style {
    case .batch: .batch
    case .abort: .abort
    case .await: .await
    }
  }
}

extension Check {
  /// Ids of the steps that this check's texts refer to.
  var stepsReferredTo: [String] {
    var templates: [Template] = []
    switch source {
    case .value(let value): templates.append(value)
    case .action(let call): templates += call.templates
    }
    if let expect { templates += expect.operands }
    var steps: [String] = []
    for reference in templates.flatMap(\.references) where reference.root == .steps {
      if let step = reference.path.first { steps.append(step) }
    }
    // `{ backup: STEP }` names a step without a reference.
    for template in templates { template.collectBackups(into: &steps) }
    return steps
  }
}

extension Template {
  fileprivate func collectBackups(into steps: inout [String]) {
    switch content {
    case .map(let entries):
      if entries.count == 1, entries[0].key == "backup", case .scalar(let scalar) = entries[0].value.content { steps.append(scalar.text) }
      for entry in entries { entry.value.collectBackups(into: &steps) }
    case .list(let items): for item in items { item.collectBackups(into: &steps) }
    case .scalar, .reference, .interpolation: break
    }
  }
}
