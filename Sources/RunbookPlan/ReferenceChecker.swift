import RunbookSyntax

/// Goes through a plan in the order in which it runs and asks of every reference whether what it names exists and has happened by then.
struct ReferenceChecker {
  let plan: Plan
  let ids: PlanIDs
  let triggerIDs: Set<String>
  private(set) var diagnostics: [Diagnostic] = []

  /// What has happened by the place that is looked at, by the numbers of the ids.
  private var seen: [Part?]
  private var phaseIndex = -1
  /// Whether the phase that is looked at may be skipped.
  private var phaseMaySkip = false
  /// The step whose own parts are being looked at.
  private var current: String?
  /// References to steps that never ran are not answered but passed over: `verifyRollback`.
  private var skipsUnstarted = false
  private var isUndo = false
  /// The steps of the undo list that is looked at.
  private var undoIDs: Set<String> = []
  /// What the way back makes known: seen by `afterRollback` and `verifyRollback` alone.
  private var undone: [Int: Part] = [:]
  /// The same of the undo list that is looked at.
  private var onlyUndone: [Int] = []
  /// Whether the arguments that are looked at may refer to single requests.
  private var mayNameSamples = false
  /// Steps after which a trigger goes live.
  private let startsTriggers: Set<String>

  private struct Part {
    enum Kind { case step, check, capture, phase, trigger }
    let kind: Kind
    let phaseMaySkip: Bool
    let phase: Int
    let step: Step?
    let range: SourceRange

    init(kind: Kind, phase: Int, phaseMaySkip: Bool = false, step: Step? = nil, range: SourceRange) {
      (self.kind, self.phase, self.phaseMaySkip, self.step, self.range) = (kind, phase, phaseMaySkip, step, range)
    }
  }

  init(plan: Plan, ids: PlanIDs, triggerIDs: Set<String>) {
    self.plan = plan
    self.ids = ids
    self.triggerIDs = triggerIDs
    startsTriggers = Set(plan.allTriggers.compactMap(\.trigger.startAfter?.id))
    seen = Array(repeating: nil, count: ids.count)
  }

  mutating func check() {
    for target in plan.targets {
      for field in target.fields { look(field.value) }
      if let identity = target.identity { look(identity) }
    }
    look(plan.preconditions)
    for trigger in plan.rollbackTriggers where trigger.startAfter == nil { look(trigger) }
    for (index, phase) in plan.phases.enumerated() {
      phaseIndex = index
      look(phase)
    }
    phaseIndex = plan.phases.count
    look(plan.verify)
    for (number, part) in undone where seen[number] == nil { seen[number] = part }
    for step in plan.afterRollback { look(step, in: nil) }
    skipsUnstarted = true
    look(plan.verifyRollback)
  }

  private mutating func look(_ phase: Phase) {
    phaseMaySkip = phase.when != nil || phase.preconditions.contains { $0.onFail == .skip }
    if let when = phase.when { look(when) }
    look(phase.preconditions)
    for trigger in phase.rollbackTriggers where trigger.startAfter == nil { look(trigger) }
    for step in phase.steps {
      look(step, in: phase)
      guard startsTriggers.contains(step.id) else { continue }
      for trigger in plan.rollbackTriggers + phase.rollbackTriggers where trigger.startAfter?.id == step.id { look(trigger) }
    }
    look(phase.verify)
    happen(phase.id, Part(kind: .phase, phase: phaseIndex, range: phase.idRange))
  }

  /// A trigger reads what is known when it goes live: it begins to sample then.
  private mutating func look(_ trigger: RollbackTrigger) {
    look(trigger.action)
    look(trigger.expect)
    happen(trigger.id, Part(kind: .trigger, phase: phaseIndex, range: trigger.idRange))
  }

  private mutating func look(_ step: Step, in phase: Phase?) {
    current = step.id
    if let when = step.when { look(when) }
    look(step.preconditions)
    for capture in step.capture {
      look(capture)
      seen[capture.number] = Part(kind: .capture, phase: phaseIndex, range: capture.idRange)
    }
    look(step.action)
    if let rollback = step.rollback { look(rollback, of: step, in: phase) }
    if let outputs = step.outputsWhenSkipped { look(outputs) }
    seen[step.number] = Part(kind: .step, phase: phaseIndex, phaseMaySkip: phaseMaySkip && phase != nil, step: step, range: step.idRange)
    if let probe = step.probe {
      look(probe)
      seen[probe.number] = Part(kind: .check, phase: phaseIndex, range: probe.idRange)
    }
    look(step.verify)
    current = nil
  }

  private mutating func look(_ rollback: RollbackDeclaration, of step: Step, in phase: Phase?) {
    switch rollback {
    case .automatic, .notNeeded, .none: break
    case .coveredBy(let id, let range): look(coveredBy: id, range, of: step, in: phase)
    case .steps(let items, _):
      look(undo: items)
    }
  }

  private mutating func look(undo items: [UndoItem]) {
    isUndo = true
    undoIDs = Set(items.compactMap { if case .step(let step) = $0 { step.id } else { nil } })
    // What the steps are given is recorded before the effect that they undo; what is asked on the way back is not.
    for case .step(let undo) in items { look(undo.action) }
    for case .step(let undo) in items {
      if let when = undo.when { look(when) }
      look(undo.preconditions)
      for capture in undo.capture {
        look(capture)
        happen(capture.number, Part(kind: .capture, phase: phaseIndex, range: capture.idRange))
      }
      happen(undo.number, Part(kind: .step, phase: phaseIndex, range: undo.idRange))
      if let probe = undo.probe { look(probe) }
      look(undo.verify)
    }
    // Nothing on the way forward can read what only an undo makes known.
    for number in onlyUndone {
      undone[number] = seen[number]
      seen[number] = nil
    }
    onlyUndone = []
    isUndo = false
  }

  /// From here on the part can be referred to.
  private mutating func happen(_ number: Int, _ part: Part) {
    if isUndo, seen[number] == nil { onlyUndone.append(number) }
    seen[number] = part
  }

  private mutating func happen(_ id: String, _ part: Part) {
    if let number = ids.number(of: id) { happen(number, part) }
  }

  /// The part of that name, where it has happened.
  private func part(_ name: String) -> Part? { ids.number(of: name).flatMap { seen[$0] } }

  private mutating func look(coveredBy id: String, _ range: SourceRange, of step: Step, in phase: Phase?) {
    func report(_ message: String, help: String? = nil, notes: [DiagnosticNote] = []) -> Diagnostic {
      Diagnostic(PlanCode.coveredBy, message, at: plan.place(of: range), notes: notes, help: help)
    }
    if id == step.id {
      diagnostics.append(report("a step cannot be covered by itself"))
      return
    }
    guard let part = part(id), part.kind == .step else {
      if let entry = ids[id], entry.kind == .step {
        let note = DiagnosticNote("it stands here", at: plan.place(of: entry.range))
        diagnostics.append(report("'\(id)' comes after this step", help: "the step that covers it must be an earlier one", notes: [note]))
      } else {
        let meant = nearest(to: id, among: ids.names { seen[$0]?.kind == .step })
        diagnostics.append(report("no earlier step is called '\(id)'", help: meant.map { "did you mean '\($0)'?" }))
      }
      return
    }
    let note = DiagnosticNote("it stands here", at: plan.place(of: part.range))
    if phase?.rollbackScope == .phase, part.phase != phaseIndex {
      let message = "'\(id)' stands in another phase and is not undone when this one is"
      diagnostics.append(report(message, help: "name a step of this phase, or write rollbackScope: plan", notes: [note]))
    }
    switch part.step?.rollback {
    case .coveredBy(let other, _):
      diagnostics.append(report("'\(id)' has no undo of its own", help: "it is covered by '\(other)': name that", notes: [note]))
    case .notNeeded, .some(.none): diagnostics.append(report("'\(id)' has no undo", notes: [note]))
    case .automatic, .steps, nil: break
    }
  }

  private mutating func look(_ checks: [Check]) {
    for check in checks {
      look(check)
      happen(check.number, Part(kind: .check, phase: phaseIndex, range: check.idRange))
    }
  }

  private mutating func look(_ check: Check) {
    if let when = check.when { look(when) }
    switch check.source {
    case .action(let call): look(call)
    case .value(let template): look(template)
    }
    if let expect = check.expect { look(expect) }
  }

  private mutating func look(_ call: ActionCall) {
    if let collection = call.collection { look(collection) }
    guard call.refersToEvents else { return }
    let isLatency = call.name == Self.samplingAction
    for argument in call.arguments {
      mayNameSamples = isLatency || argument.value["action"]?.isText(Self.samplingAction) == true
      look(argument.value)
    }
    mayNameSamples = false
    if let target = call.target, !call.targetIsDefault { look(target) }
  }

  private mutating func look(_ condition: Condition) {
    look(condition.value)
    look(condition.matcher)
  }

  private mutating func look(_ matcher: Matcher) {
    switch matcher {
    case .test(let test):
      look(test.operand)
      if test.operator == .notWorseThan, let baseline = test.operand["baseline"], case .scalar(let name) = baseline.content {
        // It names a step without a reference.
        look(Reference(root: .baselines, path: [name.text], text: "baselines.\(name.text)", range: baseline.range))
      }
    case .all(let parts), .any(let parts): for part in parts { look(part) }
    case .not(let part): look(part)
    }
  }

  private mutating func look(_ template: Template) {
    switch template.content {
    case .scalar: break
    case .reference(let reference): look(reference)
    case .interpolation(let pieces): for case .reference(let reference) in pieces { look(reference) }
    case .list(let items): for item in items { look(item) }
    case .map(let entries): for entry in entries { look(entry.value) }
    }
  }
}

extension Step {
  fileprivate var maySkip: Bool { when != nil || preconditions.contains { $0.onFail == .skip } }
}

// MARK: One reference

extension ReferenceChecker {
  /// The action whose requests are samples.
  private static let samplingAction = "http.latency"

  private mutating func report(
    _ code: PlanCode, _ reference: Reference, _ message: String, help: String? = nil, notes: [DiagnosticNote] = []
  ) {
    diagnostics.append(Diagnostic(code, message, at: plan.place(of: reference.range), notes: notes, help: help))
  }

  private mutating func unknown(_ reference: Reference, _ what: String, among names: [String]) {
    let meant = nearest(to: reference.path[0], among: names) ?? nearestInFragment(to: reference, among: names)
    report(.unknownName, reference, "no \(what) is called '\(reference.path[0])'", help: meant.map { "did you mean '\($0)'?" })
  }

  /// Inside a fragment a name is written without the prefix under which the fragment is included.
  private func nearestInFragment(to reference: Reference, among names: [String]) -> String? {
    let file = plan.place(of: reference.range).file
    guard let prefix = plan.included.first(where: { $0.file === file })?.prefix, !prefix.isEmpty else { return nil }
    return nearest(to: "\(prefix)-\(reference.path[0])", among: names).map {
      $0.hasPrefix(prefix + "-") ? String($0.dropFirst(prefix.utf8.count + 1)) : $0
    }
  }

  private mutating func look(_ reference: Reference) {
    let name = reference.path[0]
    switch reference.root {
    case .params, .secrets, .metadata, .run: break
    case .sample:
      if mayNameSamples { return }
      report(
        .referenceNotHere, reference, "'\(reference.text)' is known only inside the arguments of \(Self.samplingAction)",
        help: "a sample is one of its requests")
    case .steps: look(reference, .step, "step")
    case .baselines: look(reference, .step, "step")
    case .checks: look(reference, .check, "check")
    case .captured: look(reference, .check, "captured check")
    case .phases: look(reference, .phase, "phase")
    case .triggers:
      if ids[name]?.kind != .trigger {
        unknown(reference, "trigger", among: triggerIDs.sorted())
      } else if part(name) == nil {
        report(.refersToLater, reference, "trigger '\(name)' is not live yet", help: "refer to it from what comes after it goes live")
      }
    }
  }

  private mutating func look(_ reference: Reference, _ kind: PlanIDs.Kind, _ what: String) {
    let name = reference.path[0]
    if let part = part(name), matches(part, reference.root) {
      requireOutputs(of: part, reference)
      return
    }
    guard let entry = ids[name], entry.kind == kind else {
      if let entry = ids[name] {
        report(
          .unknownName, reference, "'\(name)' is a \(entry.kind.rawValue), not a \(what)", help: "write \(entry.kind.rawValue)s.\(name)…",
          notes: [DiagnosticNote("it is defined here", at: plan.place(of: entry.range))])
      } else {
        unknown(reference, what, among: ids.names(kind))
      }
      return
    }
    let note = DiagnosticNote("it stands here", at: plan.place(of: entry.range))
    if let part = part(name), part.kind != .capture || reference.root == .checks {
      let isCapture = part.kind == .capture
      let message = isCapture ? "'\(name)' is captured" : "'\(name)' is a check that nothing captures"
      report(.unknownName, reference, message, help: isCapture ? "write captured.\(name)…" : "write checks.\(name)…", notes: [note])
    } else if isUndo, undoIDs.contains(name) {
      report(
        .undoUsesLaterValue, reference, "an undo cannot be given what '\(name)' makes known on the way back",
        help: "what an undo is given is recorded before the effect: capture the value, or use the output of an earlier step", notes: [note])
    } else if name == current {
      let message = isUndo ? "an undo cannot use what its own step makes known" : "a step cannot use its own outputs before it has run"
      let help = isUndo ? "capture the value before the effect, or use the output of an earlier step" : nil
      report(isUndo ? .undoUsesLaterValue : .refersToLater, reference, message, help: help, notes: [note])
    } else {
      report(.refersToLater, reference, "'\(name)' comes later", help: "a reference can only name what has happened before", notes: [note])
    }
  }

  private func matches(_ part: Part, _ root: Reference.Root) -> Bool {
    switch root {
    case .steps, .baselines: part.kind == .step
    case .checks: part.kind == .check
    case .captured: part.kind == .capture
    case .phases: part.kind == .phase
    default: true
    }
  }

  private mutating func requireOutputs(of part: Part, _ reference: Reference) {
    guard reference.root == .steps, reference.path[1] == "outputs", part.step?.outputsWhenSkipped == nil, !skipsUnstarted else { return }
    guard reference.path[0] != current, part.step?.maySkip ?? false || (part.phaseMaySkip && part.phase != phaseIndex) else { return }
    report(
      .needsOutputsWhenSkipped, reference, "'\(reference.path[0])' may be skipped, and would have no outputs",
      help: "add 'outputsWhenSkipped' to that step", notes: [DiagnosticNote("it stands here", at: plan.place(of: part.range))])
  }
}

/// The types of references as far as the plan itself tells them.
public struct PlanReferenceTypes: ReferenceTypes, Sendable {
  let params: [String: FieldType]
  private let outputs: (@Sendable (Reference) -> FieldType?)?

  /// - Parameter outputs: tells the types of what steps, checks, captures and baselines give, for who knows the actions.
  public init(_ plan: Plan, outputs: (@Sendable (Reference) -> FieldType?)? = nil) {
    params = Dictionary(plan.params.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
    self.outputs = outputs
  }

  public func type(of reference: Reference) -> FieldType? {
    guard let first = reference.path.first else { return nil }
    switch reference.root {
    case .params: return params[first]
    case .secrets: return .text
    case .metadata: return first == "keepUndo" ? .duration : .text
    case .run: return first == "startedAt" ? .timestamp : first == "date" ? .date : .text
    case .phases: return .text
    case .triggers:
      switch reference.path.last {
      case "verdict": return .text
      case "observed": return nil
      case "longestGap", "p50", "p95": return .duration
      case "samples", "failures": return .integer()
      default: return .number
      }
    case .steps where reference.path.last == "status" && reference.path.count == 2: return .text
    case .checks where reference.path.last == "verdict" && reference.path.count == 2: return .text
    case .steps, .checks, .captured, .baselines, .sample: return outputs?(reference)
    }
  }
}
