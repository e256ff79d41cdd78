import RunbookActions
import RunbookPlan

extension Lint {
  /// A bar for latency after a change, and nothing that was measured before it.
  static let noBaseline = LintRule(
    code: "L117", name: "no-baseline", severity: .warning,
    summary: "Latency is judged by a fixed bar after a change, and nothing was measured before.",
    reason: """
      A fixed bar that is missed tells nothing about the change: it may have been missed before as well, and a rollback will not mend it. One that is \
      met may hide that everything became ten times slower. `baseline.record` before the change and `notWorseThan` after it tell the two apart.
      """,
    bad: [
      """
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        verify:
          - id: fast
            title: Look-ups are fast
            action: mongodb.latency
            with: { filter: { number: 1 }, samples: 500 }
            expect: { field: p95, below: 50ms }
      """,
      """
      phases:
        - id: change
          title: The change
          steps:
            - id: archive
              title: Archive what is done
              action: mongodb.update
              with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
      verify:
        - id: fast
          title: Look-ups are fast
          action: mongodb.latency
          with: { filter: { number: 1 }, samples: 500 }
          expect: { below: 50ms }
      """,
      """
      - id: deploy
        title: Deploy
        action: exec.run
        with: { argv: [ ./deploy ] }
        onInterrupt: rerun
        rollback: { notNeeded: the old release goes on beside it }
        verify:
          - { id: fast, title: It is fast, action: http.latency, target: api, with: { path: / }, expect: { field: mean, atMost: 80ms } }
      """,
    ],
    good: [
      """
      - id: before
        title: Look-ups before
        action: baseline.record
        with: { measure: { action: mongodb.latency, with: { filter: { number: 1 }, samples: 500 } } }
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        verify:
          - id: no-slower
            title: Look-ups are no slower
            action: mongodb.latency
            with: { filter: { number: 1 }, samples: 500 }
            expect: { notWorseThan: { baseline: before, field: p50, tolerance: 25% } }
      """,
      """
      # The same bar before and after.
      preconditions:
        - id: fast-before
          title: Look-ups are fast
          action: mongodb.latency
          with: { filter: { number: 1 }, samples: 500 }
          expect: { below: 50ms }
      phases:
        - id: change
          title: The change
          steps:
            - id: archive
              title: Archive what is done
              action: mongodb.update
              with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
              verify:
                - id: fast
                  title: Look-ups are fast
                  action: mongodb.latency
                  with: { filter: { number: 1 }, samples: 500 }
                  expect: { below: 50ms }
      """,
      """
      # Nothing has changed yet.
      - id: look
        title: Look
        action: note
        with: { text: look }
        verify:
          - id: fast
            title: Look-ups are fast
            action: mongodb.latency
            with: { filter: { number: 1 }, samples: 500 }
            expect: { below: 50ms }
      """,
    ]
  ) { facts, report in
    guard let change = facts.steps.first(where: { $0.change != .nothing && $0.change != .copy }) else { return }
    if facts.steps.contains(where: { $0.action == "baseline.record" && $0.index < change.index }) { return }
    let before = Set(facts.checks.filter { $0.isForward && $0.stepsBefore <= change.index }.compactMap(\.action))
    for check in facts.checks where check.isForward && check.stepsBefore > change.index {
      guard let call = check.bound.call, call.descriptor.isLatency, !before.contains(call.descriptor.name) else { continue }
      guard let test = check.check.expect?.tests.first(where: { $0.setsBarForTime(of: call.descriptor.mainOutput) }) else { continue }
      report.add(
        .check(check.id), "check '\(check.id)' judges latency after step '\(change.id)', and nothing was measured before it",
        at: test.range,
        notes: [("the first change", change.range)], help: "put a step with action baseline.record before it, and judge by notWorseThan")
    }
  }
}

extension ActionDescriptor {
  /// Whether it measures how long answers take.
  fileprivate var isLatency: Bool { outputs.contains { $0.name == "histogram" } }
}

extension MatcherTest {
  fileprivate func setsBarForTime(of mainOutput: String?) -> Bool {
    guard self.operator == .atMost || self.operator == .below else { return false }
    return ["p50", "p95", "p99", "max", "mean"].contains(field?.text ?? mainOutput ?? "")
  }
}
