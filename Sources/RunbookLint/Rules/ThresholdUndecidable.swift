import RunbookActions
import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A bar that so few samples cannot tell from what it should let pass.
  static let thresholdUndecidable = LintRule(
    code: "L116", name: "threshold-undecidable", severity: .warning, isLocal: true,
    summary: "A bar is set so fine that the number of samples cannot decide about it.",
    reason: """
      0.1 % of 400 requests is less than one request, so a single error, which says nothing about a rate, is over the bar. `confidence` lets a \
      window fail only where the rate is surely above it; more samples, or `failures: { max: 1, of: 4 }`, help as well. A p99 of 50 samples is \
      their slowest one. And with very few samples even nothing but errors is no proof at a high confidence, so that the trigger never acts.
      """,
    bad: [
      """
      rollbackTriggers:
        - id: errors
          title: Errors stay below 0.1 %
          action: http.probe
          target: api
          with: { path: /health }
          every: 100ms
          window: 40s
          minSamples: 400
          expect: { field: errorRate, atMost: 0.1% }
          onFail: rollback
          onNoData: pause
          onError: pause
      """,
      """
      - id: look
        title: Look
        action: note
        with: { text: look }
        verify:
          - id: fast
            title: Look-ups are fast
            action: mongodb.latency
            with: { filter: { number: 1 }, samples: 50 }
            expect: { field: p99, below: 50ms }
      """,
      """
      # Three requests, all failed, do not prove 40 % at 95 %.
      rollbackTriggers:
        - id: errors
          title: Not half of the requests fail
          action: http.probe
          target: api
          with: { path: /health }
          every: 10s
          window: 30s
          minSamples: 3
          confidence: 95%
          expect: { field: errorRate, atMost: 40% }
          onFail: rollback
          onNoData: pause
          onError: pause
      """,
    ],
    good: [
      """
      rollbackTriggers:
        - id: errors
          title: Errors stay below 0.1 %
          action: http.probe
          target: api
          with: { path: /health }
          every: 100ms
          window: 40s
          minSamples: 400
          confidence: 95%
          expect: { field: errorRate, atMost: 0.1% }
          onFail: rollback
          onNoData: pause
          onError: pause
      """,
      """
      rollbackTriggers:
        - id: errors
          title: Errors stay below 1 %
          action: http.probe
          target: api
          with: { path: /health }
          every: 100ms
          window: 40s
          minSamples: 400
          expect: { field: errorRate, atMost: 1% }
          onFail: rollback
          onNoData: pause
          onError: pause
      """,
      """
      - id: look
        title: Look
        action: note
        with: { text: look }
        verify:
          - id: fast
            title: Look-ups are fast
            action: mongodb.latency
            with: { filter: { number: 1 }, samples: 500 }
            expect: { field: p99, below: 50ms }
      """,
    ]
  ) { facts, report in
    for trigger in facts.bound.triggers where trigger.window > 0 && trigger.every > 0 { look(at: trigger, facts.values, &report) }
    for check in facts.checks {
      guard let call = check.bound.call, let samples = samples(of: call, facts.values) else { continue }
      for test in check.check.expect?.tests ?? [] {
        if let rate = call.descriptor.rate, names(test, rate.output, call.descriptor), let bar = bar(test, facts.values), bar > 0,
          bar * Double(samples) < 1
        {
          report.add(
            .check(check.id), "\(percent(bar)) of \(samples) operations is less than one, so a single error is over the bar",
            at: test.range,
            help: "measure at least \(Int((1 / bar).rounded(.up))), or write a greater bar")
        }
        lookAtQuantile(test, call.descriptor, samples, .check(check.id), &report)
      }
    }
  }

  private static func look(at trigger: BoundTrigger, _ values: KnownValues, _ report: inout LintReport) {
    let subject = LintSubject.trigger(trigger.trigger.id)
    let descriptor = trigger.call.descriptor
    let each = samples(of: trigger.call, values)
    // Where the number is among the arguments and not known, nothing can be said.
    guard each != nil || trigger.call.argument("samples") == nil else { return }
    let most = max(Int(trigger.window / trigger.every) * (each ?? 1), trigger.minSamples)
    for test in trigger.trigger.expect.tests {
      if let each { lookAtQuantile(test, descriptor, each, subject, &report) }
      guard let rate = descriptor.rate, names(test, rate.output, descriptor), let bar = bar(test, values), bar > 0 else { continue }
      if let confidence = trigger.confidence {
        guard most <= 1000, bar < 1, BinomialBounds(failures: most, of: most, confidence: confidence).lower <= bar else { continue }
        report.add(
          subject,
          "a window holds \(most) samples, and even if all of them fail, that proves no rate above \(percent(bar)) at this confidence",
          at: test.range, help: "lengthen 'window' or sample more often")
      } else if bar * Double(most) < 1, trigger.trigger.failures.max == 0, trigger.trigger.onFail != .warn {
        report.add(
          subject, "\(percent(bar)) of \(most) samples is less than one, so a single error is over the bar", at: test.range,
          help: "add confidence: 95%, or bear a failed window with failures: { max: 1, of: 4 }")
      }
    }
  }

  /// How many operations one observation is made of; nil where that is not known.
  private static func samples(of call: BoundCall, _ values: KnownValues) -> Int? {
    guard call.descriptor.operations != nil, call.descriptor.fields.contains(where: { $0.name == "samples" }) else { return nil }
    guard let written = call.argument("samples") else { return call.descriptor.name == "http.latency" ? 100 : nil }
    return values.integer(written).map { Int($0) }
  }

  private static func names(_ test: MatcherTest, _ output: String, _ descriptor: ActionDescriptor) -> Bool {
    (test.field?.parts ?? [descriptor.mainOutput ?? ""]) == [output]
  }

  /// The upper bound that a test sets.
  private static func bar(_ test: MatcherTest, _ values: KnownValues) -> Double? {
    guard test.operator == .atMost || test.operator == .below else { return nil }
    return values.number(test.operand)
  }

  private static func lookAtQuantile(
    _ test: MatcherTest, _ descriptor: ActionDescriptor, _ samples: Int, _ subject: LintSubject, _ report: inout LintReport
  ) {
    let path = (test.operator == .notWorseThan ? test.comparedField : test.field)?.parts ?? [descriptor.mainOutput ?? ""]
    let least: [String: Int] = ["p95": 20, "p99": 100]
    guard path.count == 1, let needed = least[path[0]], samples < needed else { return }
    report.add(
      subject, "the \(path[0]) of \(samples) samples is the slowest of them", at: test.range,
      help: "measure at least \(needed), better ten times as many, or judge p50")
  }

  private static func percent(_ share: Double) -> String {
    let percent = (share * 1_000_000).rounded() / 10_000
    return (percent == percent.rounded() ? String(Int(percent)) : String(percent)) + " %"
  }
}
