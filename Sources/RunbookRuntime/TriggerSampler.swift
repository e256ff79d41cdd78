import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// Asks the action of a trigger once, as a check would: the same resolution, the same redaction.
struct TriggerSampler: Sendable {
  let run: RunFacts
  /// Connections of their own, so that a slow source holds nothing else up.
  let targets: any TargetFinding
  let clock: any RunClock
  let memory: RunMemory
  let scope: RunScope
  let redactor: Redactor
  /// The plan's directory.
  let directory: String

  /// - Parameter number: counts the samples of this process, for the effect's name.
  func observe(_ trigger: BoundTrigger, number: Int) async -> TriggerMachine.Sample.Observation {
    do throws(ActionError) {
      guard let action = trigger.call.action?.asReading else {
        preconditionFailure("\(trigger.trigger.id) has no reading action")
      }
      let observation = try await action.read(try await context(of: trigger, number: number))
      if let reason = observation.noDataReason { return .noData(reason) }
      let descriptor = trigger.call.descriptor
      let operations = (descriptor.rate?.samples ?? descriptor.operations).map { observation.outputs[$0]?.integerValue.map(Int.init) ?? 0 }
      let failures = descriptor.rate.map { observation.outputs[$0.failures]?.integerValue.map(Int.init) ?? 0 }
      return .values(observation.outputs, operations: operations, failures: failures)
    } catch {
      return .error(error.help.map { "\(error.message); \($0)" } ?? error.message, transient: error.kind == .transient)
    }
  }

  private func context(of trigger: BoundTrigger, number: Int) async throws(ActionError) -> ActionContext {
    let call: ResolvedCall
    do throws(ResolutionError) {
      call = try trigger.call.resolved(in: scope)
    } catch {
      throw ActionError(code: "RB2305", message: error.message, kind: .mistake, help: error.help)
    }
    var target: (any Target)?
    if trigger.call.usesTarget, let name = call.target { target = try await targets.target(named: name) }
    var context = ActionContext(
      run: run, subject: trigger.trigger.id, effect: "trigger:\(trigger.trigger.id)#\(number)", attempt: 1, requestedAt: clock.now(),
      arguments: try await SealedSecrets.opened(call.arguments, of: trigger.call.descriptor, by: targets), target: target,
      collection: call.collection, timeout: trigger.timeout, stallTimeout: nil, clock: clock,
      stop: StopFlag(), people: Nobody(of: "a trigger"), world: memory, progress: { _ in })
    context.directory = directory
    context.output = TriggerOutput(redactor: redactor)
    return context
  }

  /// Holds what was observed against the trigger's `expect`.
  func judge(_ trigger: BoundTrigger, _ outputs: ValueMap) -> CheckResult {
    let evaluation = trigger.trigger.expect.evaluate(
      outputs: outputs, mainOutput: trigger.call.descriptor.mainOutput ?? "value", scope: scope)
    return CheckResult(evaluation.verdict, observed: evaluation.observed, message: evaluation.reason)
  }

  func redacted(_ window: TriggerWindow) -> TriggerWindow {
    var window = window
    window.observed = redactor.redact(window.observed)
    window.message = redactor.redact(window.message)
    return window
  }
}

/// What programs print on behalf of a trigger is not taken down: samples never are.
private struct TriggerOutput: OutputSink {
  let redactor: Redactor

  func note(stream: String, _ text: String) {}
  func end() {}
  func redact(_ text: String) -> String { redactor.redact(text) }
}
