import OrderedCollections
import RunbookPlan
import RunbookSyntax

/// What binding came to.
public struct BindingResult: Sendable {
  /// Nil where there are errors.
  public var bound: BoundPlan?
  /// In order of place.
  public var diagnostics: [Diagnostic]
}

extension ActionCatalog {
  /// Joins a plan with its actions and the params of a run, and finds everything that is wrong between them.
  /// - Parameters:
  ///   - params: typed values; a required param that is missing is taken as not yet known, so that a plan can be checked without them.
  ///   - run: what references to the run mean; nil where there is none yet.
  public func bind(_ plan: Plan, params: ValueMap, run: RunFacts? = nil) -> BindingResult {
    var binder = Binder(catalog: self, plan: plan, params: params, run: run)
    binder.bindAll()
    let diagnostics = plan.included.noted(binder.diagnostics.inOrderOfPlace())
    guard !diagnostics.contains(where: { $0.severity == .error }) else { return BindingResult(bound: nil, diagnostics: diagnostics) }
    return BindingResult(bound: binder.bound, diagnostics: diagnostics)
  }
}

struct Binder {
  let catalog: ActionCatalog
  let plan: Plan
  let params: ValueMap
  let run: RunFacts?
  var diagnostics: [Diagnostic] = []
  /// What was bound so far, by its names.
  let known: KnownTypes
  var triggers: [BoundTrigger] = []
  var unbuilt: [UnbuiltPart] = []
  /// Steps that say something about the outputs of others, which is looked at when all are bound.
  var referringSteps: [BoundStep] = []
  private var covered: [(step: Step, phase: Phase)] = []
  /// Whether a step of the phases that was bound already lets people approve what comes after it.
  private var isApproved = false
  /// What is reserved, by target.
  var reservations: [String: Set<String>] = [:]

  init(catalog: ActionCatalog, plan: Plan, params: ValueMap, run: RunFacts?) {
    self.run = run
    self.catalog = catalog
    self.plan = plan
    self.params = params
    known = KnownTypes(plan, catalog)
    unbuilt = plan.unbuilt.map { UnbuiltPart(what: "the key '\($0.key)'", range: $0.range) }
  }

  var bound: BoundPlan {
    var reservations = reservations
    if !plan.locks.isEmpty {
      let mongoTargets = plan.targets.filter { $0.type == "mongodb" }.map(\.name)
      for target in mongoTargets { reservations[target, default: []].formUnion(plan.locks.map { "lock:\($0)" }) }
    }
    return BoundPlan(
      plan: plan, params: params, steps: known.steps, checks: known.checks,
      reservations: reservations.sorted { $0.key < $1.key }.map { TargetReservations(target: $0.key, names: $0.value.sorted()) },
      unbuilt: unbuilt, triggers: triggers)
  }

  mutating func bindAll() {
    known.steps.reserveCapacity(plan.phases.reduce(plan.afterRollback.count) { $0 + $1.steps.count })
    bind(plan.preconditions)
    for phase in plan.phases {
      bind(phase.preconditions)
      let role = BoundStep.Role.forward(phase: phase.id)
      for step in phase.steps {
        bind(step, role)
        if case .coveredBy = step.rollback { covered.append((step, phase)) }
      }
      bind(phase.verify)
    }
    bind(plan.verify)
    for (trigger, phase) in plan.allTriggers { bind(trigger, phase: phase) }
    for step in plan.afterRollback { bind(step, .afterRollback) }
    bind(plan.verifyRollback)
    for (step, phase) in covered { checkCover(step, phase: phase) }
    checkReferences()
  }

  mutating func report(_ code: BindingCode, _ message: String, at range: SourceRange, help: String? = nil) {
    diagnostics.append(Diagnostic(code, message, at: plan.place(of: range), help: help))
  }

  // MARK: checks

  private mutating func bind(_ checks: [Check]) {
    if checks.isEmpty { return }
    for check in checks { bind(check) }
  }

  mutating func bind(_ check: Check) {
    let limits = Limits(
      timeout: limit(check.timeout, "timeout"), within: limit(check.within, "within"), holdFor: limit(check.holdFor, "holdFor"))
    guard case .action(let call) = check.source else {
      if let expect = check.expect { refuseComparisons(in: expect) }
      known.checks[check.id] = BoundCheck(check: check, call: nil, limits: limits)
      return
    }
    guard let bound = bind(call) else { return }
    if bound.descriptor.isMutating {
      report(
        .mutatingCheck, "\(call.name) changes something and cannot be used as a check", at: call.nameRange,
        help: "make it a step, or use an action that reads")
      return
    }
    if let expect = check.expect { review(expect, of: bound.descriptor) }
    known.checks[check.id] = BoundCheck(
      check: check, call: bound, limits: limits, measurements: check.expect.map { measurements(in: $0, of: call, bound) } ?? [:])
  }

  /// Of two with one id the later one counts; that there are two was said when the plan was loaded.
  private mutating func keep(_ step: BoundStep) {
    if known.steps.updateValue(step, forKey: step.step.id) != nil { referringSteps.removeAll { $0.step.id == step.step.id } }
    if step.isReferring { referringSteps.append(step) }
  }

  // MARK: steps

  private mutating func bind(_ step: Step, _ role: BoundStep.Role) {
    bind(step.preconditions)
    bind(step.capture)
    let call = bind(step.action)
    if case .steps(let items, _) = step.rollback { for case .step(let undo) in items { bind(undo, .undo(of: step.id)) } }
    defer {
      // They may look at what the step gave.
      if let probe = step.probe { bind(probe) }
      bind(step.verify)
    }
    guard let call else { return }
    checkInterrupt(step, call.descriptor)
    let limits = limits(of: step, role)
    let wayBack = wayBack(of: step, role, call.descriptor)
    if call.descriptor.isMutating { reserve(step, call) }
    if case .forward = role, step.action.name == "manual.approve", step.when == nil { isApproved = true }
    keep(BoundStep(step: step, call: call, role: role, wayBack: wayBack, limits: limits))
  }

  /// What to do about an unknown outcome is asked only where the engine cannot find out itself.
  private mutating func checkInterrupt(_ step: Step, _ descriptor: ActionDescriptor) {
    guard step.onInterrupt != nil, descriptor.effectClass != .opaque, catalog.action(named: descriptor.name) != nil else { return }
    let range = step.probe?.range ?? step.idRange
    let reason =
      descriptor.isMutating ? "finds out itself what a crash left of it" : "changes nothing, so after a crash it is simply done again"
    report(
      .needlessInterrupt, "\(descriptor.name) \(reason)", at: range,
      help: "remove \(step.probe == nil ? "'onInterrupt'" : "'probe' and 'onInterrupt'") from step '\(step.id)'")
  }

  private mutating func wayBack(of step: Step, _ role: BoundStep.Role, _ descriptor: ActionDescriptor) -> BoundStep.WayBack {
    guard case .forward = role else { return .nothing }
    guard descriptor.isMutating else {
      if let rollback = step.rollback, !rollback.isHarmless {
        report(
          .needlessRollback, "step '\(step.id)' changes nothing, so there is nothing to roll back", at: rollback.range,
          help: "remove 'rollback'")
      }
      return .nothing
    }
    let hasInverse = if case .automatic = descriptor.inverse { true } else { false }
    guard let rollback = step.rollback else {
      if hasInverse { return .automatic }
      report(
        .missingRollback, "step '\(step.id)' changes something and does not say how it is taken back", at: step.idRange,
        help: "add 'rollback:' with steps, coveredBy, notNeeded or none")
      return .nothing
    }
    switch rollback {
    case .automatic(let range):
      if !hasInverse { reportNoInverse(descriptor, range) }
      return .automatic
    case .steps(let items, _):
      for case .automatic(let range) in items where !hasInverse { reportNoInverse(descriptor, range) }
      return .steps(items.map { if case .step(let step) = $0 { step.id } else { nil } })
    case .coveredBy(let other, _): return .coveredBy(other)
    case .notNeeded(let reason, _): return .notNeeded(reason: reason)
    case .none(let reason, let acknowledged, let range):
      if !acknowledged, !isApproved {
        report(
          .notAcknowledged, "step '\(step.id)' is a point of no return that nobody acknowledged", at: range,
          help: "add 'acknowledged: true', or let people decide by manual.approve in a step before it")
      }
      return .pointOfNoReturn(reason: reason)
    }
  }

  private mutating func reportNoInverse(_ descriptor: ActionDescriptor, _ range: SourceRange) {
    report(
      .needlessRollback, "\(descriptor.name) has no inverse of its own, so 'auto' can do nothing", at: range,
      help: "write the steps that undo it")
  }

  /// The covering step must change something, and must not be undone without the phase of the covered one. That it has a way back, and is
  /// undone whenever the covered one is, was seen when the plan was loaded.
  private mutating func checkCover(_ step: Step, phase: Phase) {
    guard case .coveredBy(let id, let range) = step.rollback else { return }
    guard let cover = known.steps[id], case .forward(let coverPhase) = cover.role else { return }
    if !cover.call.descriptor.isMutating { return report(.coveredBy, "'\(id)' changes nothing, so its undo covers nothing", at: range) }
    guard coverPhase != phase.id, plan.phases.contains(where: { $0.id == coverPhase && $0.rollbackScope == .phase }) else { return }
    report(
      .coveredBy, "a rollback of phase '\(coverPhase)' alone would undo '\(id)' and with it '\(step.id)', which stands outside", at: range,
      help: "name a step of the same phase, or write 'rollbackScope: plan' there")
  }

  /// Reserves what the step changes; the names must be known before the run begins.
  private mutating func reserve(_ step: Step, _ call: BoundCall) {
    let places = [call.usesTarget ? call.call.target : nil, call.usesCollection ? call.call.collection : nil].compactMap(\.self)
    for reference in places.flatMap(\.references) where ![.params, .run, .metadata].contains(reference.root) {
      report(
        .lateReservation, "what step '\(step.id)' changes must be known when the run begins, but '\(reference.text)' is known only later",
        at: reference.range, help: "refer to params, run or metadata")
    }
    // Only databases hold reservations: what programs and services change is protected by the plan's `locks`.
    guard call.descriptor.targetType == "mongodb", let action = call.action?.asChanging else { return }
    let scope = DeclarationScope(params: params, metadata: plan.metadata, run: run)
    guard let target = call.call.target.flatMap({ try? Resolver.resolve($0, as: .text, scope: scope).stringValue }) else { return }
    let collection = call.call.collection.flatMap { try? Resolver.resolve($0, as: .text, scope: scope).stringValue }
    let known = Resolver.check(
      arguments: call.call.arguments, fields: call.descriptor.fields, owner: call.descriptor.name, opener: call.call.range,
      types: known, in: plan.file)
    var arguments = known.values
    for entry in call.call.arguments where arguments[entry.key] == nil {
      guard let field = call.descriptor.fields.first(where: { $0.name == entry.key }) else { continue }
      if let value = try? Resolver.resolve(entry.value, as: field.type, scope: scope) { arguments[entry.key] = value }
    }
    reservations[target, default: []].formUnion(action.reservations(arguments: arguments, collection: collection))
    for (other, names) in (action as? any ReservingElsewhere)?.reservationsElsewhere(arguments: arguments) ?? [:] {
      guard plan.targets.contains(where: { $0.name == other && $0.type == call.descriptor.targetType }) else {
        report(
          .wrongTarget, "no target of type \(call.descriptor.targetType ?? "") is called '\(other)'", at: call.call.range,
          help: "declare it under 'targets'")
        continue
      }
      reservations[other, default: []].formUnion(names)
    }
  }
}

extension BoundStep {
  fileprivate var isReferring: Bool { step.action.refersToEvents || step.when != nil || step.outputsWhenSkipped != nil }
}

extension RollbackDeclaration {
  var range: SourceRange {
    switch self {
    case .automatic(let range), .steps(_, let range), .coveredBy(_, let range), .notNeeded(_, let range), .none(_, _, let range): range
    }
  }

  /// Says only what is so anyway for a step that changes nothing.
  fileprivate var isHarmless: Bool { if case .notNeeded = self { true } else { false } }
}
