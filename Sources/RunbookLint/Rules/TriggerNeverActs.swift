import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A trigger that is over before it has seen anything.
  static let triggerNeverActs = LintRule(
    code: "L128", name: "trigger-never-acts", severity: .warning,
    summary: "A rollback trigger is over before its first window can be, so it never says anything.",
    reason: """
      A trigger goes live when the step of `startAfter` is over. Where that is the last one and nothing is checked after it, its plan or phase is \
      over at the same moment.
      """,
    bad: [
      """
      rollbackTriggers:
        - { id: answers, action: mongodb.ping, every: 5s, startAfter: look, expect: { field: roundTrip, below: 1s }, onFail: rollback, onNoData: pause, onError: pause }
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, title: Look, action: mongodb.count }
      """,
      """
      phases:
        - id: change
          title: The change
          rollbackTriggers:
            - { id: answers, action: mongodb.ping, every: 5s, startAfter: look, expect: { field: roundTrip, below: 1s }, onFail: rollback, onNoData: pause, onError: pause }
          steps:
            - { id: look, title: Look, action: mongodb.count }
        - id: later
          title: Later
          steps:
            - { id: bake, title: Let it run, action: wait.for, with: { duration: 10m } }
      """,
      """
      rollbackTriggers:
        - { id: answers, action: mongodb.ping, every: 5s, startAfter: second, expect: { field: roundTrip, below: 1s }, onFail: rollback, onNoData: pause, onError: pause }
      phases:
        - id: change
          title: The change
          steps:
            - { id: first, title: Look, action: mongodb.count }
            - { id: second, title: Look again, action: mongodb.count }
      """,
    ],
    good: [
      """
      rollbackTriggers:
        - { id: answers, action: mongodb.ping, every: 5s, startAfter: look, expect: { field: roundTrip, below: 1s }, onFail: rollback, onNoData: pause, onError: pause }
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, title: Look, action: mongodb.count }
            - { id: bake, title: Let it run, action: wait.for, with: { duration: 10m } }
      """,
      """
      rollbackTriggers:
        - { id: answers, action: mongodb.ping, every: 5s, startAfter: look, expect: { field: roundTrip, below: 1s }, onFail: rollback, onNoData: pause, onError: pause }
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, title: Look, action: mongodb.count }
      verify:
        - { id: stands, title: It stands, action: mongodb.count, expect: { above: 0 }, holdFor: 5m }
      """,
      """
      rollbackTriggers:
        - { id: answers, action: mongodb.ping, every: 5s, expect: { field: roundTrip, below: 1s }, onFail: rollback, onNoData: pause, onError: pause }
      """,
    ]
  ) { facts, report in
    for bound in facts.bound.triggers {
      guard let start = bound.trigger.startAfter, let step = facts.step(start.id) else { continue }
      let isLast: Bool
      if let phase = bound.phase, let number = facts.plan.phases.firstIndex(where: { $0.id == phase }) {
        isLast = facts.plan.phases[number].steps.last?.id == start.id && facts.plan.phases[number].verify.isEmpty
      } else {
        isLast = step.index == facts.steps.count - 1 && facts.plan.verify.isEmpty && (facts.plan.phases.last?.verify.isEmpty ?? true)
      }
      guard isLast, step.step.verify.isEmpty else { continue }
      report.add(
        .trigger(bound.trigger.id), "trigger '\(bound.trigger.id)' goes live when everything that it could watch is over", at: start.range,
        help: "let it start earlier, or add a wait.for or a check behind '\(start.id)'")
    }
  }
}
