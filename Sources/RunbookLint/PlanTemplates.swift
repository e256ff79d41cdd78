import RunbookActions
import RunbookPlan
import RunbookSyntax

extension PlanFacts {
  /// Every value of the plan that may hold a reference, with the key that it stands under and what it belongs to. Calls are told by their target,
  /// their collection and each of their arguments; what came from `defaults` comes with each call again.
  func eachTemplate(_ body: (_ key: String, Template, LintSubject) -> Void) {
    for param in plan.params { if let value = param.fixedValue { body(param.name, value, .param(param.name)) } }
    for target in plan.targets {
      for field in target.fields { body(field.key, field.value, .target(target.name)) }
      if let identity = target.identity { body("identity", identity, .target(target.name)) }
    }
    for told in plan.notifications { body("notify", told, .plan) }
    for phase in plan.phases { if let condition = phase.when { Self.visit(condition, .phase(phase.id), body) } }
    for step in steps + undoSteps + afterRollback { Self.visit(step.step, body) }
    for check in checks { Self.visit(check.check, body) }
    for trigger in bound.triggers { Self.visit(trigger.trigger, body) }
  }

  /// Every reference in them.
  func eachReference(_ body: (Reference) -> Void) {
    eachTemplate { _, template, _ in template.eachReference(body) }
  }

  private static func visit(_ step: Step, _ body: (String, Template, LintSubject) -> Void) {
    let subject = LintSubject.step(step.id)
    visit(step.action, subject, body)
    if let condition = step.when { visit(condition, subject, body) }
    if let value = step.timeout { body("timeout", value, subject) }
    if let value = step.stallTimeout { body("stallTimeout", value, subject) }
    if let value = step.deadline { body("deadline", value, subject) }
    if let value = step.outputsWhenSkipped { body("outputsWhenSkipped", value, subject) }
  }

  private static func visit(_ check: Check, _ body: (String, Template, LintSubject) -> Void) {
    let subject = LintSubject.check(check.id)
    switch check.source {
    case .action(let call): visit(call, subject, body)
    case .value(let value): body("value", value, subject)
    }
    if let expect = check.expect { visit(expect, subject, body) }
    if let condition = check.when { visit(condition, subject, body) }
    if let value = check.within { body("within", value, subject) }
    if let value = check.holdFor { body("holdFor", value, subject) }
    if let value = check.timeout { body("timeout", value, subject) }
  }

  private static func visit(_ trigger: RollbackTrigger, _ body: (String, Template, LintSubject) -> Void) {
    let subject = LintSubject.trigger(trigger.id)
    visit(trigger.action, subject, body)
    visit(trigger.expect, subject, body)
    for (key, value) in [
      ("timeout", trigger.timeout), ("every", trigger.every), ("window", trigger.window), ("minSamples", trigger.minSamples),
      ("confidence", trigger.confidence), ("initialDelay", trigger.initialDelay),
    ] {
      if let value { body(key, value, subject) }
    }
  }

  private static func visit(_ call: ActionCall, _ subject: LintSubject, _ body: (String, Template, LintSubject) -> Void) {
    if let target = call.target { body("target", target, subject) }
    if let collection = call.collection { body("collection", collection, subject) }
    for argument in call.arguments { body(argument.key, argument.value, subject) }
  }

  private static func visit(_ condition: Condition, _ subject: LintSubject, _ body: (String, Template, LintSubject) -> Void) {
    body("when", condition.value, subject)
    visit(condition.matcher, subject, body)
  }

  private static func visit(_ matcher: Matcher, _ subject: LintSubject, _ body: (String, Template, LintSubject) -> Void) {
    for test in matcher.tests { body("expect", test.operand, subject) }
  }
}

extension PlanFacts {
  /// Every use of an action: of steps, undo lists, checks, triggers, and what is measured in them.
  func eachCall(_ body: (BoundCall, LintSubject) -> Void) {
    func visit(_ call: BoundCall, _ subject: LintSubject) {
      body(call, subject)
      for nested in call.nested.values { visit(nested, subject) }
      for nested in call.nestedChecks.values { if let call = nested.call { visit(call, .check(nested.check.id)) } }
    }
    for step in steps + undoSteps + afterRollback { visit(step.bound.call, .step(step.id)) }
    for check in checks {
      if let call = check.bound.call { visit(call, .check(check.id)) }
      for measured in check.bound.measurements.values { visit(measured, .check(check.id)) }
    }
    for trigger in bound.triggers { visit(trigger.call, .trigger(trigger.trigger.id)) }
  }
}
