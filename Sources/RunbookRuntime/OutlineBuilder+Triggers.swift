import RunbookActions
import RunbookEngine
import RunbookPlan

extension BoundPlan {
  /// The triggers of a phase, or with nil those of the plan, as the engine sees them.
  func triggers(ofPhase phase: String?) -> [TriggerOutline] { triggers.filter { $0.phase == phase }.map { TriggerOutline($0) } }
}

extension TriggerOutline {
  init(_ bound: BoundTrigger) {
    let trigger = bound.trigger
    self.init(
      id: trigger.id, every: max(1, bound.every / 1_000), window: max(1, bound.window / 1_000), minSamples: bound.minSamples,
      failures: FailureLimit(max: trigger.failures.max, of: trigger.failures.of), confidence: bound.confidence,
      initialDelay: bound.initialDelay / 1_000, startAfter: trigger.startAfter?.id, stopBefore: trigger.stopBefore?.id,
      requirePass: trigger.requirePass, onFail: TriggerEvent.Response(trigger.onFail), onError: TriggerEvent.Response(trigger.onError),
      onNoData: TriggerEvent.Response(trigger.onNoData), rate: RateOutputs(bound.call.descriptor))
  }
}

extension TriggerEvent.Response {
  fileprivate init(_ response: RollbackTrigger.Response) {
    switch response {
    case .rollback: self = .rollback
    case .pause: self = .pause
    case .warn: self = .warn
    }
  }
}

extension TriggerOutline.RateOutputs {
  /// Nil where the action has no rate.
  fileprivate init?(_ descriptor: ActionDescriptor) {
    guard let rate = descriptor.rate else { return nil }
    func named(_ name: String) -> String? { descriptor.outputs.contains { $0.name == name } ? name : nil }
    // What makes one request a sample tells its duration as the only value of its percentiles.
    self.init(
      rate: rate.output, operations: rate.samples, failures: rate.failures, longestGap: named("longestGap"),
      duration: named("duration") ?? named("p50"), p50: named("p50"), p95: named("p95"))
  }
}
