import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// Carries one effect out: resolves what it needs, calls the action's verb, and says how it ended in the engine's words.
struct EffectRunner: Sendable {
  let bound: BoundPlan
  let run: RunFacts
  let targets: any TargetFinding
  let clock: any RunClock
  let people: any People
  let memory: RunMemory
  let referred: ReferredOutputs
  let secretsIn: @Sendable (Value) -> Bool
  /// The plan's directory.
  let directory: String
  let journal: any Journal
  let redactor: Redactor
  let pace: any PaceSignal

  /// What an effect came to, or why it has no answer for the engine.
  enum Answer: Sendable {
    case outcome(Outcome, warnings: [String])
    /// A person has to answer and nobody is there.
    case awaitsPeople(String)
    /// Another process may act for the run.
    case leaseLost(String)
  }

  /// Whether the effect works on something outside, so that it may take long. What does not is short or sleeps, and disturbs nobody on the
  /// thread of the run's loop.
  func reachesOut(_ effect: Effect) -> Bool {
    func reachesOut(_ call: BoundCall?) -> Bool {
      guard let call else { return false }
      return call.descriptor.targetType != nil || !call.nested.isEmpty || !call.nestedChecks.isEmpty
        || ![.read, .idempotent].contains(call.descriptor.effectClass)
    }
    switch effect.id.verb {
    case .condition: return false
    case .check: return reachesOut(bound.checks[effect.id.subject]?.call)
    case .capture, .perform, .probe, .undo, .verifyUndone:
      guard let step = bound.steps[effect.id.subject], !reachesOut(step.call) else { return true }
      return step.step.capture.contains { reachesOut(bound.checks[$0.id]?.call) }
        || step.step.probe.map { reachesOut(bound.checks[$0.id]?.call) } ?? false
    }
  }

  func carryOut(
    _ effect: Effect, scope: RunScope, stop: StopFlag, progress: @escaping @Sendable (Progress) -> Void
  ) async -> Answer {
    let work = EffectWork(runner: self, effect: effect, scope: scope, stop: stop, progress: progress)
    do throws(ActionError) {
      switch effect.id.verb {
      case .condition: return .outcome(try work.evaluateCondition(), warnings: [])
      case .check: return .outcome(.checked(try await work.ask(check: effect.id.subject)), warnings: [])
      case .capture: return .outcome(.done(outputs: try await work.capture(), warnings: 0), warnings: [])
      case .perform: return try await work.perform()
      case .probe: return .outcome(.probed(try await work.probe()), warnings: [])
      case .undo: return .outcome(try await work.undo(), warnings: [])
      case .verifyUndone: return .outcome(.checked(try await work.verifyUndone()), warnings: [])
      }
    } catch {
      return answer(to: error, effect: effect)
    }
  }

  private func answer(to error: ActionError, effect: Effect) -> Answer {
    let failure = Failure(error)
    switch error.kind {
    case .leaseLost: return .leaseLost(error.message)
    case .awaitingPeople: return .awaitsPeople(error.message)
    case .stopped where effect.id.verb == .perform || effect.id.verb == .undo: return .outcome(.interrupted, warnings: [])
    case .stopped, .mistake, .refused, .transient, .outcomeUnknown: break
    }
    switch effect.id.verb {
    case .check, .verifyUndone:
      return .outcome(.checked(CheckResult(.error, message: failure.message, transient: failure.transient)), warnings: [])
    case .probe:
      return .outcome(failure.transient ? .failed(failure) : .probed(.unknown(failure)), warnings: [])
    case .condition, .capture:
      return .outcome(.failed(failure), warnings: [])
    case .perform, .undo:
      return .outcome(error.kind == .outcomeUnknown ? .unknown(failure) : .failed(failure), warnings: [])
    }
  }
}

extension Failure {
  /// An action's error, with its advice behind its message.
  init(_ error: ActionError) {
    let text = error.help.map { "\(error.message); \($0)" } ?? error.message
    self.init(code: error.code, message: text, transient: error.kind == .transient || error.kind == .outcomeUnknown)
  }
}

/// One effect under way.
struct EffectWork {
  let runner: EffectRunner
  let effect: Effect
  let scope: RunScope
  let stop: StopFlag
  let progress: @Sendable (Progress) -> Void

  var bound: BoundPlan { runner.bound }

  var step: BoundStep {
    guard let step = bound.steps[effect.id.subject] else { preconditionFailure("effect \(effect.id) names no step of the plan") }
    return step
  }

  // MARK: conditions and checks

  func evaluateCondition() throws(ActionError) -> Outcome {
    let id = effect.id.subject
    guard let condition = bound.condition(of: id) else { preconditionFailure("\(id) has no condition") }
    let value = try resolving { () throws(ResolutionError) in try Resolver.resolve(condition.value, as: .any, scope: scope) }
    let evaluation = condition.matcher.evaluate(outputs: ["value": value], mainOutput: "value", scope: scope)
    switch evaluation.verdict {
    case .pass: return .condition(true)
    case .fail: return .condition(false)
    default:
      throw ActionError(code: "RB2301", message: "the condition of '\(id)' cannot be judged: \(evaluation.reason)", kind: .mistake)
    }
  }

  func ask(check id: String) async throws(ActionError) -> CheckResult {
    guard let check = bound.checks[id] else { preconditionFailure("\(id) is no check of the plan") }
    let result = try await judge(check.check, check.call, check.limits, fresh: [:])
    let referred = runner.referred.part(of: result.outputs.mapValue ?? [:], ofCheck: id)
    guard runner.secretsIn(referred) else { return result }
    return CheckResult(.error, message: "what '\(id)' observed is referred to and contains a secret")
  }

  /// Looks and judges; what cannot be resolved is an error of the check, not of the program.
  func judge(_ check: Check, _ call: BoundCall?, _ limits: Limits, fresh: ValueMap) async throws(ActionError) -> CheckResult {
    var scope = scope
    scope.fresh = fresh
    var outputs: ValueMap
    var main = "value"
    switch check.source {
    case .value(let template):
      do throws(ResolutionError) {
        outputs = ["value": try Resolver.resolve(template, as: .any, scope: scope)]
      } catch {
        guard error.missing != nil else { return CheckResult(.error, message: error.message) }
        outputs = [:]
      }
    case .action:
      guard let call, let action = call.action?.asReading else { preconditionFailure("check \(check.id) has no reading action") }
      let resolved = try resolve(call, in: scope)
      let observation = try await action.read(context(resolved, call: call, limits: limits))
      if let reason = observation.noDataReason {
        return CheckResult(.noData, outputs: .map(observation.outputs), message: reason)
      }
      outputs = observation.outputs
      main = call.descriptor.mainOutput ?? "value"
    }
    guard let expect = check.expect else {
      let passed = outputs[main] == .bool(true)
      return CheckResult(passed ? .pass : .fail, observed: outputs[main] ?? .null, outputs: .map(outputs))
    }
    let compared = try await compared(with: expect.comparisons, in: check, limits)
    let evaluation = expect.evaluate(outputs: outputs, mainOutput: main, scope: scope) { compared[$0] }
    return CheckResult(
      evaluation.verdict, observed: evaluation.observed, outputs: .map(outputs), message: evaluation.reason)
  }

  // MARK: a step's own effect

  /// Everything that the effect's undo will need; the arguments of its undo list are resolved here, before the effect.
  func capture() async throws(ActionError) -> Value {
    var captured = ValueMap()
    for check in step.step.capture {
      guard let call = bound.checks[check.id]?.call else { preconditionFailure("capture \(check.id) was not bound") }
      let result = try await judge(check, call, bound.checks[check.id]?.limits ?? Limits(), fresh: captured)
      guard result.verdict == .pass else {
        throw ActionError(
          code: "RB2302", message: "the capture '\(check.id)' did not pass (\(result.verdict.rawValue)): \(result.message)", kind: .refused)
      }
      captured[check.id] = result.outputs
    }
    var scope = scope
    scope.fresh = captured
    let call = try stepCall(in: scope)
    var undo = ValueMap()
    if case .steps(let ids) = step.wayBack {
      for case .some(let id) in ids {
        guard let undoStep = bound.steps[id] else { preconditionFailure("undo step \(id) was not bound") }
        undo[id] = try resolve(undoStep.call, in: scope).value
      }
    }
    var parts: ValueMap = [CaptureKey.call: call.value]
    if !captured.isEmpty { parts[CaptureKey.captured] = .map(captured) }
    if !undo.isEmpty { parts[CaptureKey.undo] = .map(undo) }
    if let action = step.call.action?.asChanging {
      let value = try await action.capture(context(call, call: step.call, limits: step.limits))
      if value != .null { parts[CaptureKey.action] = value }
    }
    let whole = Value.map(parts)
    if runner.secretsIn(whole) {
      throw ActionError(
        code: "RB2303", message: "what step '\(step.step.id)' has to record before its effect contains a secret", kind: .refused,
        help: "put the secret into env or headers, where it stays a reference")
    }
    return whole
  }

  func perform() async throws(ActionError) -> EffectRunner.Answer {
    let call = try stepCall(in: scope)
    let context = try await contextOf(call)
    if let action = step.call.action?.asReading {
      let observation = try await action.read(context)
      if let refusal = observation.refusal { throw ActionError(code: "RB2307", message: refusal, kind: .refused) }
      try refuseSecrets(in: observation.outputs)
      var outputs = observation.outputs
      if !observation.warnings.isEmpty { outputs["warnings"] = .list(observation.warnings.map(Value.string)) }
      return .outcome(
        .done(outputs: .map(outputs), warnings: observation.warnings.count),
        warnings: observation.warnings + (observation.noDataReason.map { [$0] } ?? []))
    }
    guard let action = step.call.action?.asChanging else {
      preconditionFailure("step \(step.step.id) has no action that can be carried out")
    }
    let result = try await action.perform(context, captured: actionCapture)
    try refuseSecrets(in: result.outputs)
    var outputs = result.outputs
    if !result.warnings.isEmpty { outputs["warnings"] = .list(result.warnings.map(Value.string)) }
    return .outcome(.done(outputs: .map(outputs), warnings: result.warnings.count), warnings: result.warnings)
  }

  /// The step happened, and fails: what refers to its output would mean something else after a crash.
  private func refuseSecrets(in outputs: ValueMap) throws(ActionError) {
    guard runner.secretsIn(runner.referred.part(of: outputs, ofStep: step.step.id)) else { return }
    throw ActionError(
      code: "RB2306", message: "an output of step '\(step.step.id)' that something refers to contains a secret", kind: .refused,
      help: "refer to the secret itself, in env or headers")
  }

  func probe() async throws(ActionError) -> ProbeFinding {
    if let probe = step.step.probe {
      guard let call = bound.checks[probe.id] else { preconditionFailure("probe \(probe.id) was not bound") }
      let result = try await judge(probe, call.call, call.limits, fresh: [:])
      switch result.verdict {
      case .pass: return .happened(outputs: .emptyMap)
      case .fail: return .notHappened
      default: return .unknown(Failure(code: "RB2304", message: "the probe '\(probe.id)' gave no answer: \(result.message)"))
      }
    }
    guard let action = step.call.action?.asChanging else { return .notHappened }
    let context = try await contextOf(try stepCall(in: scope))
    switch try await action.probe(context, captured: actionCapture) {
    case .happened(let result): return .happened(outputs: .map(result.outputs))
    case .notHappened: return step.call.descriptor.effectClass == .guarded ? .partly : .notHappened
    case .unknown(let reason): return .unknown(Failure(code: "RB2304", message: reason))
    }
  }

  func undo() async throws(ActionError) -> Outcome {
    guard let action = step.call.action?.asChanging else { return .undone() }
    let context = try await contextOf(try stepCall(in: scope))
    let result = try await action.undo(context, captured: actionCapture, outputs: recordedOutputs)
    runner.memory.remember(undo: result, of: step.step.id)
    return .undone(conflicts: Int(result.conflicts), inDoubt: Int(result.inDoubt), details: .map(result.details))
  }

  func verifyUndone() async throws(ActionError) -> CheckResult {
    guard let action = step.call.action?.asChanging else { return CheckResult(.pass) }
    let record = scope.state.step(step.step.id)
    let result =
      runner.memory.undo(of: step.step.id)
      ?? UndoResult(
        conflicts: Int64(record?.conflicts ?? 0), inDoubt: Int64(record?.inDoubt ?? 0), details: record?.undoDetails.mapValue ?? [:])
    let context = try await contextOf(try stepCall(in: scope))
    if let wrong = try await action.verifyUndone(context, captured: actionCapture, undone: result) {
      return CheckResult(.fail, message: wrong)
    }
    return CheckResult(.pass)
  }

  // MARK: what they share

  /// What the action captured; null where it captured nothing.
  private var actionCapture: Value { scope.state.step(step.step.id)?.captures?[CaptureKey.action] ?? .null }

  private var recordedOutputs: Value? {
    guard let record = scope.state.step(step.step.id), record.effect == .happened else { return nil }
    return record.outputs
  }

  /// The call as it was journalled: by the step's own capture, or, for a step of an undo list, by the capture of the step it undoes. Only a
  /// call that nothing was journalled for is resolved now.
  private func stepCall(in scope: RunScope) throws(ActionError) -> ResolvedCall {
    if let call = ResolvedCall(value: scope.state.step(step.step.id)?.captures?[CaptureKey.call]) { return call }
    if case .undo(let parent) = step.role,
      let call = ResolvedCall(value: scope.state.step(parent)?.captures?[CaptureKey.undo]?[step.step.id])
    {
      return call
    }
    return try resolve(step.call, in: scope)
  }

  func resolve(_ call: BoundCall, in scope: RunScope) throws(ActionError) -> ResolvedCall {
    try resolving { () throws(ResolutionError) in try call.resolved(in: scope) }
  }

  func resolving<T>(_ body: () throws(ResolutionError) -> T) throws(ActionError) -> T {
    do throws(ResolutionError) {
      return try body()
    } catch {
      throw ActionError(code: "RB2305", message: error.message, kind: .mistake, help: error.help)
    }
  }

  private func contextOf(_ call: ResolvedCall) async throws(ActionError) -> ActionContext {
    try await context(call, call: step.call, limits: step.limits)
  }

  /// The name under which the target knows what the step did: its own, or the one before an adopted plan renamed it.
  private var subject: String { scope.state.step(effect.id.subject)?.recordedAs ?? effect.id.subject }

  /// The effect that an action is asked about: a probe or an undo concerns what `perform` was last told to do, under that name.
  private var acting: EffectID {
    switch effect.id.verb {
    case .condition, .check, .capture, .perform: EffectID(verb: effect.id.verb, subject: subject, serial: effect.id.serial)
    case .probe, .undo, .verifyUndone:
      EffectID(verb: .perform, subject: subject, serial: max(scope.state.step(effect.id.subject)?.attempts ?? 1, 1))
    }
  }

  func context(_ resolved: ResolvedCall, call: BoundCall, limits: Limits) async throws(ActionError) -> ActionContext {
    var context = ActionContext(
      run: runner.run, subject: subject, effect: acting.description, attempt: acting.serial, requestedAt: effect.requestedAt,
      arguments: try await needsSecrets
        ? SealedSecrets.opened(resolved.arguments, of: call.descriptor, by: runner.targets) : resolved.arguments,
      target: try await target(of: call, resolved), collection: resolved.collection, timeout: limits.timeout,
      stallTimeout: limits.stallTimeout, clock: runner.clock, stop: stop, people: runner.people,
      world: runner.memory, progress: progress)
    context.directory = runner.directory
    context.pace = runner.pace
    context.output = EffectOutput(
      journal: runner.journal, redactor: runner.redactor, clock: runner.clock, run: runner.run.id, effect: effect.id.description)
    context.measurement = try await measurement(in: call, resolved)
    context.awaited = awaited(in: call)
    return context
  }

  /// What an action looks up or takes back it does by what it recorded: a secret of its arguments may be gone by then, and is not asked for.
  private var needsSecrets: Bool {
    switch effect.id.verb {
    case .condition, .check, .capture, .perform: true
    case .probe, .undo, .verifyUndone: false
    }
  }

  func target(of call: BoundCall, _ resolved: ResolvedCall) async throws(ActionError) -> (any Target)? {
    guard call.usesTarget, let name = resolved.target else { return nil }
    return try await runner.targets.target(named: name)
  }
}

extension BoundPlan {
  /// The `when` of a phase, step or check.
  func condition(of id: String) -> Condition? {
    if let phase = plan.phases.first(where: { $0.id == id }) { return phase.when }
    return steps[id]?.step.when ?? checks[id]?.check.when
  }
}
