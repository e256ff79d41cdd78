import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookPlan

/// Walks a plan without carrying it out: asks each action what it would do, and each check what it says now. Reads only; no lease, no reservation, no
/// record, and no program of the plan is started.
public struct PlanPreviewer: Sendable {
  let setting: RunSetting
  let targets: TargetSet
  let extent: PreviewExtent
  private let runner: EffectRunner
  private let scope: RunScope

  public init(setting: RunSetting, targets: TargetSet, extent: PreviewExtent) {
    self.setting = setting
    self.targets = targets
    self.extent = extent
    let state = StateBox(Conductor(state: RunState(outline: Outline(setting.bound))))
    let scope = RunScope(bound: setting.bound, run: setting.run, state: state, captureOwners: setting.bound.captureOwners)
    self.scope = scope
    let redactor = setting.redactor
    runner = EffectRunner(
      bound: setting.bound, run: setting.run, targets: targets, clock: setting.clock, people: Nobody(of: "a preview"),
      memory: RunMemory(targets: targets, state: state), referred: ReferredOutputs(setting.bound), secretsIn: { redactor.contains($0) },
      directory: setting.planDirectory, journal: setting.journal, redactor: redactor, pace: PlannedPace())
  }

  /// - Throws: `RunFailure` with exit status 1 where a target cannot be reached, or is not the one that the plan expects.
  public func preview() async throws(RunFailure) -> PlanPreview {
    try await checkTargets()
    var preview = PlanPreview()
    let plan = setting.bound.plan
    preview.facts = try await facts()
    var walk = PreviewWalk(facts: preview.facts)
    preview.preconditions = await checks(plan.preconditions, walk)
    for phase in plan.phases {
      let isSkipped = skips(phase.when)
      var told = PlanPreview.Phase(
        id: phase.id, title: phase.title, isSkipped: isSkipped, preconditions: await checks(phase.preconditions, walk), steps: [],
        verify: [])
      for step in phase.steps { told.steps.append(await self.step(step, isSkipped: isSkipped, &walk)) }
      told.verify = await checks(phase.verify, walk)
      preview.phases.append(told)
    }
    preview.verify = await checks(plan.verify, walk)
    for trigger in setting.bound.triggers { preview.triggers.append(await self.trigger(trigger)) }
    return preview
  }

  // MARK: targets

  private func checkTargets() async throws(RunFailure) {
    for name in setting.bound.targetsUsed {
      do throws(ActionError) {
        if let mismatch = try await targets.identityMismatch(of: name) {
          throw ActionError(
            code: "RB2506", message: mismatch, kind: .refused, help: "check the target's address and its 'identity' in the plan")
        }
        // A target without an expected identity is reached all the same: that it cannot be is the first thing to tell.
        _ = try await targets.target(named: name).identity()
      } catch {
        throw failure(error)
      }
    }
  }

  private func failure(_ error: ActionError) -> RunFailure {
    RunFailure(
      code: error.code, exitStatus: 1, message: setting.redactor.redact(error.message),
      standing: "nothing was changed; a preview only reads",
      next: [error.help.map(setting.redactor.redact), "then: runbook plan \(setting.header.planPath)"].compactMap(\.self))
  }

  /// What the targets are that the plan changes.
  func facts() async throws(RunFailure) -> OrderedDictionary<String, Value> {
    do throws(ActionError) {
      return try await PinnedFacts.read(of: setting.bound, targets: targets)
    } catch {
      throw failure(error)
    }
  }

  // MARK: conditions

  /// Whether a condition is known to be false; what depends on a step's outcome is not known.
  private func skips(_ condition: Condition?) -> Bool {
    guard let condition, let value = try? Resolver.resolve(condition.value, as: .any, scope: scope) else { return false }
    return condition.matcher.evaluate(outputs: ["value": value], mainOutput: "value", scope: scope).verdict == .fail
  }

  // MARK: steps

  private func step(_ step: Step, isSkipped: Bool, _ walk: inout PreviewWalk) async -> PlanPreview.Step {
    guard let bound = setting.bound.steps[step.id] else { preconditionFailure("step \(step.id) was not bound") }
    let descriptor = bound.call.descriptor
    let resolved = try? bound.call.resolved(in: scope)
    var told = PlanPreview.Step(
      id: step.id, title: step.title, action: descriptor.name, place: place(resolved), isMutating: descriptor.isMutating,
      effect: EffectPreview(.exact, "changes nothing"), isSkipped: isSkipped || skips(step.when))
    told.preconditions = await checks(step.preconditions, walk)
    guard !told.isSkipped else { return told }
    if descriptor.isMutating {
      told.dependsOn = walk.changers(of: bound.call, resolved)
      do throws(ActionError) {
        told.effect = redacted(try await effect(bound, resolved))
      } catch {
        told.effect = EffectPreview(.opaque, "could not be looked at")
        told.failure = setting.redactor.redact(error.message)
      }
      walk.note(step.id, bound.call, resolved)
    }
    told.verify = await checks(step.verify, walk)
    return told
  }

  private func effect(_ step: BoundStep, _ resolved: ResolvedCall?) async throws(ActionError) -> EffectPreview {
    guard let resolved else {
      let steps = Set(step.call.call.templates.flatMap(\.references).compactMap { $0.isAboutEvents ? $0.text : nil }).sorted()
      return EffectPreview(.opaque, "depends on what \(steps.joined(separator: ", ")) will be")
    }
    guard let action = step.call.action as? any PreviewingAction else {
      let isProgram = step.call.descriptor.targetType == "exec"
      return EffectPreview(
        .opaque, isProgram ? "starts a program, which a preview never does" : "what it does is known when it is done")
    }
    // As for a probe, no secret of the arguments is read: nothing is done with them.
    let work = work(on: step.step.id, verb: .probe)
    return try await action.preview(try await work.context(resolved, call: step.call, limits: step.limits), extent: extent)
  }

  private func place(_ call: ResolvedCall?) -> String? {
    guard let target = call?.target else { return nil }
    return call?.collection.map { "\($0) of \(target)" } ?? target
  }

  private func redacted(_ preview: EffectPreview) -> EffectPreview {
    var preview = preview
    let redactor = setting.redactor
    preview.summary = redactor.redact(preview.summary)
    preview.facts = preview.facts.map(redactor.redact)
    preview.problems = preview.problems.map(redactor.redact)
    for index in preview.samples.indices {
      preview.samples[index].id = redactor.redact(preview.samples[index].id)
      preview.samples[index].before = preview.samples[index].before.map(redactor.redact)
      preview.samples[index].after = preview.samples[index].after.map(redactor.redact)
    }
    return preview
  }

  // MARK: checks

  private func checks(_ checks: [Check], _ walk: PreviewWalk) async -> [PlanPreview.Check] {
    var told: [PlanPreview.Check] = []
    for check in checks { told.append(await self.check(check, walk)) }
    return told
  }

  private func check(_ check: Check, _ walk: PreviewWalk) async -> PlanPreview.Check {
    var told = PlanPreview.Check(
      id: check.id, title: check.title, expectation: check.bar ?? check.expect?.description, verdict: nil)
    guard let bound = setting.bound.checks[check.id] else { preconditionFailure("check \(check.id) was not bound") }
    if skips(check.when) {
      told.verdict = .skipped
      return told
    }
    if let reason = reasonNotToAsk(check, bound.call) {
      told.note = reason
      return told
    }
    let resolved = bound.call.flatMap { try? $0.resolved(in: scope) }
    told.precedes = bound.call.map { walk.changers(of: $0, resolved) } ?? []
    if let maker = told.precedes.last, let resolved, walk.isMissing(resolved) {
      told.note = "depends on step '\(maker)', which makes '\(resolved.collection ?? "")'"
      return told
    }
    do throws(ActionError) {
      let result = try await work(on: check.id, verb: .check).judge(check, bound.call, bound.limits, fresh: [:])
      told.verdict = result.verdict
      told.observed = setting.redactor.redact(result.observed)
      told.note = result.verdict == .pass ? "" : setting.redactor.redact(result.message)
    } catch {
      told.verdict = .error
      told.note = setting.redactor.redact(error.message)
    }
    return told
  }

  /// Why a check cannot, or must not, be asked by a preview; nil where it can.
  private func reasonNotToAsk(_ check: Check, _ call: BoundCall?) -> String? {
    if let event = check.references.first(where: \.isAboutEvents) { return "depends on \(event.text)" }
    if let step = check.stepsReferredTo.first { return "depends on step '\(step)'" }
    guard let call else { return nil }
    let descriptor = call.descriptor
    if descriptor.targetType == "exec" { return "a program of the plan, which a preview never starts" }
    if descriptor.targetType == nil, descriptor.effectClass == .read { return "asked while the plan runs" }
    if descriptor.operations != nil || descriptor.rate != nil { return "measured while the plan runs" }
    if let comparison = check.expect?.comparisons.first {
      return comparison.baseline.map { "compared with the baseline of step '\($0)'" } ?? "compared with a measurement while the plan runs"
    }
    return nil
  }

  private func trigger(_ trigger: BoundTrigger) async -> PlanPreview.Check {
    var told = PlanPreview.Check(
      id: trigger.trigger.id, title: trigger.trigger.title, expectation: trigger.trigger.bar ?? trigger.trigger.expect.description,
      verdict: nil)
    let descriptor = trigger.call.descriptor
    let references = trigger.call.call.templates.flatMap(\.references) + trigger.trigger.expect.operands.flatMap(\.references)
    if descriptor.targetType == "exec" || descriptor.rate != nil || descriptor.operations != nil
      || references.contains(where: \.isAboutEvents)
    {
      told.note = "watched while the plan runs"
      return told
    }
    let sampler = TriggerSampler(
      run: setting.run, targets: targets, clock: setting.clock, memory: runner.memory, scope: scope, redactor: setting.redactor,
      directory: setting.planDirectory)
    switch await sampler.observe(trigger, number: 1) {
    case .values(let outputs, _, _):
      let result = sampler.judge(trigger, outputs)
      told.verdict = result.verdict
      told.observed = setting.redactor.redact(result.observed)
      told.note = result.verdict == .pass ? "" : setting.redactor.redact(result.message)
    case .noData(let reason):
      told.verdict = .noData
      told.note = setting.redactor.redact(reason)
    case .error(let message, _):
      told.verdict = .error
      told.note = setting.redactor.redact(message)
    }
    return told
  }

  private func work(on subject: String, verb: EffectID.Verb) -> EffectWork {
    let effect = Effect(id: EffectID(verb: verb, subject: subject, serial: 1), reading: setting.clock.now())
    return EffectWork(runner: runner, effect: effect, scope: scope, stop: StopFlag(), progress: { _ in })
  }
}

/// Which steps have come by, and what they change.
struct PreviewWalk {
  /// What the targets are.
  private let facts: OrderedDictionary<String, Value>
  /// Names of places (`target/collection:name`) with the steps that change them.
  private var changed: OrderedDictionary<String, [String]> = [:]

  init(facts: OrderedDictionary<String, Value>) { self.facts = facts }

  /// Whether the collection of a call is known not to be there yet.
  func isMissing(_ call: ResolvedCall) -> Bool {
    guard let target = call.target, let collection = call.collection else { return false }
    return facts[target]?["collections"]?[collection] == .null
  }

  /// Earlier steps that change something that the call reads or changes.
  func changers(of call: BoundCall, _ resolved: ResolvedCall?) -> [String] {
    let places = Set(Self.places(of: call, resolved))
    var steps: OrderedSet<String> = []
    for (place, changers) in changed where places.contains(place) { steps.append(contentsOf: changers) }
    return Array(steps)
  }

  mutating func note(_ step: String, _ call: BoundCall, _ resolved: ResolvedCall?) {
    guard let action = call.action?.asChanging, let resolved else { return }
    for name in action.reservations(arguments: resolved.arguments, collection: resolved.collection) {
      changed["\(resolved.target ?? "")/\(name)", default: []].append(step)
    }
  }

  private static func places(of call: BoundCall, _ resolved: ResolvedCall?) -> [String] {
    guard let resolved else { return [] }
    var names = call.action?.asChanging?.reservations(arguments: resolved.arguments, collection: resolved.collection) ?? []
    if let collection = resolved.collection { names.append("collection:\(collection)") }
    return names.map { "\(resolved.target ?? "")/\($0)" }
  }
}

extension Check {
  /// Everything that it refers to.
  fileprivate var references: [Reference] {
    var templates: [Template] = expect?.operands ?? []
    switch source {
    case .value(let value): templates.append(value)
    case .action(let call): templates += call.templates
    }
    return templates.flatMap(\.references)
  }
}

extension Reference {
  /// Whether it is about something that only a run has.
  var isAboutEvents: Bool {
    switch root {
    case .steps, .checks, .triggers, .phases, .captured, .baselines: true
    case .params, .secrets, .metadata, .run, .sample: false
    }
  }
}
