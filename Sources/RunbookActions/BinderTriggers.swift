import OrderedCollections
import RunbookPlan
import RunbookSyntax

extension Binder {
  /// Joins a trigger with its action, and looks at everything about its numbers that the params of the run decide.
  mutating func bind(_ trigger: RollbackTrigger, phase: String?) {
    guard let call = bind(trigger.action) else { return }
    guard mayBeSampled(call, trigger) else { return }
    review(trigger.expect, of: call.descriptor)
    noteUnbuiltComparisons(in: trigger.expect, "in a rollback trigger")
    guard let every = time(trigger.every, "every", least: 1_000) else { return }
    let window = trigger.window.map { time($0, "window", least: 1_000) } ?? every
    guard let window else { return }
    if window < every || window % every != 0 { reportWindow(trigger, window: window, every: every) }
    let minSamples = minimum(trigger, call, window: window, every: every)
    triggers.append(
      BoundTrigger(
        trigger: trigger, phase: phase, call: call, timeout: trigger.timeout.flatMap { time($0, "timeout", least: 1_000) }, every: every,
        window: window, minSamples: minSamples ?? 1, confidence: confidence(trigger, call),
        initialDelay: trigger.initialDelay.flatMap { time($0, "initialDelay", least: 0) } ?? 0))
  }

  private mutating func mayBeSampled(_ call: BoundCall, _ trigger: RollbackTrigger) -> Bool {
    let name = call.descriptor.name
    if call.descriptor.isMutating {
      report(
        .mutatingCheck, "\(name) changes something and cannot be used as a trigger", at: trigger.action.nameRange,
        help: "use an action that reads")
      return false
    }
    // They last as long as people or time take; nothing can be sampled from them.
    if name.hasPrefix("manual.") || name.hasPrefix("wait.") {
      report(.trigger, "\(name) waits for people or time, so it cannot be sampled", at: trigger.action.nameRange)
      return false
    }
    return true
  }

  private mutating func reportWindow(_ trigger: RollbackTrigger, window: Int64, every: Int64) {
    let (told, step) = (DurationText.format(microseconds: window), DurationText.format(microseconds: every))
    let nearest = max(1, (window + every / 2) / every) * every
    report(
      .trigger,
      window < every
        ? "'window' is \(told), shorter than 'every' (\(step)), so most windows would hold no sample"
        : "'window' (\(told)) is no multiple of 'every' (\(step)), so windows would hold unequal numbers of samples",
      at: trigger.window?.range ?? trigger.every.range, help: "write window: \(DurationText.format(microseconds: nearest))")
  }

  /// A duration that is known when the run begins, in microseconds; nil where it is not known yet, or wrong, which is reported.
  private mutating func time(_ template: Template, _ name: String, least: Int64) -> Int64? {
    guard let time = known(template, as: .duration, name)?.durationValue else { return nil }
    guard time >= least else {
      report(.trigger, "'\(name)' must be at least \(DurationText.format(microseconds: least))", at: template.range)
      return nil
    }
    return time
  }

  /// Numbers of a trigger decide what is recorded of it, so they are fixed when the run begins.
  private mutating func known(_ template: Template, as type: FieldType, _ name: String) -> Value? {
    for reference in template.references where ![.params, .run, .metadata].contains(reference.root) {
      report(
        .trigger, "'\(name)' of a trigger must be known when the run begins, but '\(reference.text)' is known only later",
        at: reference.range, help: "refer to params, run or metadata")
      return nil
    }
    let checked = Resolver.check(template, as: type, types: known, in: plan.file)
    // Durations are looked at when the plan is loaded; what is wrong with them was said then.
    let told = checked.diagnostics.filter { new in !diagnostics.contains { $0.place == new.place && $0.code == new.code } }
    for var diagnostic in told {
      diagnostic.message = "\(name): " + diagnostic.message
      diagnostics.append(diagnostic)
    }
    guard checked.diagnostics.isEmpty else { return nil }
    return try? Resolver.resolve(template, as: type, scope: DeclarationScope(params: params, metadata: plan.metadata, run: run))
  }

  // MARK: how many, and how sure

  private mutating func minimum(_ trigger: RollbackTrigger, _ call: BoundCall, window: Int64, every: Int64) -> Int? {
    guard let template = trigger.minSamples else { return nil }
    guard let wanted = known(template, as: .integer(min: 1, max: 1_000_000), "minSamples")?.integerValue else { return nil }
    guard let each = operations(of: call) else { return Int(wanted) }
    let (most, overflows) = (window / every).multipliedReportingOverflow(by: each)
    if !overflows, wanted > most {
      let length = DurationText.format(microseconds: window)
      report(
        .trigger, "a window of \(length) holds at most \(most) \(most == 1 ? "sample" : "samples"), so 'minSamples' is never reached",
        at: template.range, help: "lower 'minSamples' to \(most) or less, lengthen 'window', or sample more often")
    }
    return Int(wanted)
  }

  /// How many requests or operations one sample is, where it can be known: an argument of the counter's name says so, and an action that
  /// counts without one makes one each time.
  private func operations(of call: BoundCall) -> Int64? {
    guard let counter = call.descriptor.operations, let field = call.descriptor.fields.first(where: { $0.name == counter }) else {
      return 1
    }
    guard let argument = call.call.arguments.first(where: { $0.key == counter }) else { return nil }
    let scope = DeclarationScope(params: params, metadata: plan.metadata, run: run)
    return (try? Resolver.resolve(argument.value, as: field.type, scope: scope))?.integerValue
  }

  private mutating func confidence(_ trigger: RollbackTrigger, _ call: BoundCall) -> Double? {
    guard let template = trigger.confidence else { return nil }
    let name = call.descriptor.name
    guard let rate = call.descriptor.rate else {
      report(
        .trigger, "'confidence' judges rates, and \(name) has none", at: template.range,
        help: "remove 'confidence', and write 'failures: { max: 1, of: 4 }' to bear single failures")
      return nil
    }
    guard trigger.expect.boundsFromAbove(rate.output, main: call.descriptor.mainOutput) else {
      report(
        .trigger, "'confidence' judges the rate '\(rate.output)', and 'expect' sets no upper bound for it", at: template.range,
        help: "write expect: { field: \(rate.output), atMost: … }, or remove 'confidence'")
      return nil
    }
    guard case .double(let share) = known(template, as: .percentage, "confidence") else { return nil }
    guard share >= 0.5, share < 1 else {
      report(.trigger, "'confidence' must be at least 50% and less than 100%", at: template.range, help: "write confidence: 95%")
      return nil
    }
    return share
  }
}

extension Matcher {
  /// Whether a rate must stay at or below something here: the one form that a confidence can be about.
  fileprivate func boundsFromAbove(_ output: String, main: String?) -> Bool {
    switch self {
    case .test(let test):
      let isBound = test.operator == .atMost || test.operator == .below
      return isBound && (test.field?.parts ?? main.map { [$0] }) == [output]
    case .all(let parts): return parts.contains { $0.boundsFromAbove(output, main: main) }
    case .any, .not: return false
    }
  }
}
