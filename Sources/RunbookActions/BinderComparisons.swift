import RunbookPlan
import RunbookSyntax

/// `notWorseThan`: that what is compared can be, and what is measured for it.
extension Binder {
  /// The measurements that a check makes beside its own, by the place of their tests.
  mutating func measurements(in matcher: Matcher, of call: ActionCall, _ bound: BoundCall) -> [SourceRange: BoundCall] {
    var measurements: [SourceRange: BoundCall] = [:]
    for test in matcher.comparisons {
      guard let template = test.measure, let measured = measurement(template, in: call) else { continue }
      requireSame(measured.descriptor, as: bound.descriptor, "what is measured beside it", at: template.range)
      measurements[test.range] = measured
    }
    return measurements
  }

  /// Looks at what is compared: an output that is a number or a time, of the same action on both sides.
  mutating func review(comparison test: MatcherTest, of output: ActionDescriptor.Output, of descriptor: ActionDescriptor) {
    if let step = test.baseline, let measured = known.measured(by: step) {
      requireSame(measured, as: descriptor, "the baseline of '\(step)'", at: test.operand["baseline"]?.range ?? test.range)
    }
    let path = test.comparedField?.parts ?? [output.name]
    if descriptor.outputs.contains(where: { $0.name == "histogram" }) {
      guard path.count > 1 || !Self.quantiles.contains(output.name) else { return }
      return report(
        .output, "'notWorseThan' compares the samples of \(descriptor.name) at a quantile, and '\(path.joined(separator: "."))' is none",
        at: test.operand["field"]?.range ?? test.range, help: "write field: p50, p95 or p99")
    }
    if let confidence = test.operand["confidence"] {
      report(
        .output, "'confidence' is about samples, and \(descriptor.name) gives one number", at: confidence.range,
        help: "remove 'confidence'; 'tolerance' and 'floor' say how much worse is borne")
    }
    guard path.count == 1, !output.type.isMeasurable else { return }
    report(
      .output, "output '\(output.name)' of \(descriptor.name) is \(output.type.words), and 'notWorseThan' compares numbers and durations",
      at: test.operand["field"]?.range ?? test.range)
  }

  private static let quantiles: Set<String> = ["p50", "p95", "p99"]

  private mutating func requireSame(_ measured: ActionDescriptor, as descriptor: ActionDescriptor, _ what: String, at range: SourceRange) {
    guard measured.name != descriptor.name else { return }
    report(
      .output, "\(what) comes from \(measured.name), and the check asks \(descriptor.name)", at: range,
      help: "compare what the same action measured")
  }

  /// A value by itself is no measurement.
  mutating func refuseComparisons(in matcher: Matcher) {
    for test in matcher.comparisons {
      report(
        .output, "'notWorseThan' compares what an action measured, and this is a value", at: test.range,
        help: "write a check with an action, or compare with atMost and a reference to baselines.ID")
    }
  }

  mutating func noteUnbuiltComparisons(in matcher: Matcher, _ place: String) {
    for test in matcher.comparisons { unbuilt.append(UnbuiltPart(what: "'notWorseThan' \(place)", range: test.range)) }
  }
}

extension FieldType {
  /// Whether one value of this type can be worse than another.
  fileprivate var isMeasurable: Bool {
    switch self {
    case .integer, .number, .percentage, .size, .duration, .any: true
    default: false
    }
  }
}
