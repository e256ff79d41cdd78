import RunbookSyntax

extension PlanReader {
  enum StepPlace {
    case forward, undo, afterRollback

    var name: String {
      switch self {
      case .forward: "a step"
      case .undo: "an undo step"
      case .afterRollback: "a step of 'afterRollback'"
      }
    }
  }

  mutating func phase(_ node: Node) -> Phase? {
    guard isMapping(node, "a phase", like: "{ id: …, steps: [ … ] }") else { return nil }
    let opener = opener(of: node)
    var phase = Phase(id: "", idRange: opener, range: node.range)
    var (hasID, hasSteps) = (false, false)
    for entry in node.entries {
      let value = entry.value
      switch PhaseKey.table.find(entry.key) {
      case .id:
        hasID = true
        phase.idRange = value.range
        phase.id = (id(value, .phase) ?? noID()).text
      case .title: phase.title = text(value, "title")
      case .owner: phase.owner = person(value, "owner")
      case .when: phase.when = condition(value, opener: entry.key)
      case .preconditions: phase.preconditions = checks(value, .preconditions, "preconditions")
      case .rollbackTriggers: phase.rollbackTriggers = triggers(value)
      case .rollbackScope: phase.rollbackScope = word(value, "rollbackScope", among: ["plan", "phase"]) == "phase" ? .phase : .plan
      case .steps:
        hasSteps = true
        if value.isSequence, value.count == 0 { report(PlanCode.emptyList, "the phase holds no step", at: value.range) }
        phase.steps = steps(value, .forward, "steps")
      case .verify: phase.verify = checks(value, .verify, "verify")
      case nil: unknownKey(entry.key, in: "a phase", known: PhaseKey.table.names)
      }
    }
    if !hasID {
      phase.id = noID().text
      missingKey("id", in: "a phase", opener: opener)
    }
    if !hasSteps { missingKey("steps", in: "a phase", opener: opener) }
    return phase
  }

  mutating func steps(_ node: Node, _ place: StepPlace, _ name: String) -> [Step] {
    guard isList(node, "'\(name)'") else { return [] }
    var steps: [Step] = []
    steps.reserveCapacity(node.count)
    for element in node.elements {
      if let step = step(element, place) { steps.append(step) }
    }
    return steps
  }

  mutating func step(_ node: Node, _ place: StepPlace) -> Step? {
    guard isMapping(node, place.name, like: "{ id: …, action: … }") else { return nil }
    let opener = opener(of: node)
    var step = Step.Fields(idRange: opener, range: node.range)
    var options: Step.Options?
    var call = CallNodes()
    var hasID = false
    var probeKey: Node?
    for entry in node.entries {
      guard let key = StepKey.table.find(entry.key) else {
        unknownKey(entry.key, in: place.name, known: StepKey.table.names)
        continue
      }
      switch key {
      case .id:
        hasID = true
        step.idRange = entry.value.range
        (step.id, step.number) = id(entry.value, .step) ?? noID()
      case .action: call.action = entry.value
      case .with: call.with = entry
      case .target: call.target = entry
      case .collection: call.collection = entry
      case .probe:
        probeKey = entry.key
        let probe = check(entry.value, .probe, opener: entry.key)
        options = options ?? Step.Options()
        options?.probe = probe
      default: if mayStand(key, entry, place) { readStepPart(key, entry, place, into: &step, &options) }
      }
    }
    if !hasID {
      (step.id, step.number) = noID()
      missingKey("id", in: place.name, opener: opener)
    }
    checkInterrupt(&options, node, probeKey)
    guard call.action != nil else {
      missingKey("action", in: place.name, opener: opener)
      return nil
    }
    guard let action = actionCall(call, node) else { return nil }
    if let defaultRetry, node["retry"] == nil, !Self.neverInheritsRetry.contains(action.name) {
      options = options ?? Step.Options()
      options?.retry = defaultRetry
    }
    return Step(action, step, options)
  }

  /// Actions whose repetition may do something twice: for them `retry` must be written at the step itself.
  static let neverInheritsRetry: Set<String> = ["exec.run", "shell.run", "http.request", "mongodb.command"]

  /// Whether the key has a meaning for steps in this place.
  private mutating func mayStand(_ key: StepKey, _ entry: Node.Entry, _ place: StepPlace) -> Bool {
    guard place != .forward else { return true }
    switch key {
    case .rollback, .onFailure, .outputsWhenSkipped, .renamedFrom:
      notHere(entry.key, "\(place.name) takes no '\(key.rawValue)'")
      return false
    default: return true
    }
  }

  private mutating func readStepPart(
    _ key: StepKey, _ entry: Node.Entry, _ place: StepPlace, into step: inout Step.Fields, _ options: inout Step.Options?
  ) {
    let value = entry.value
    switch key {
    case .title: step.title = text(value, "title")
    case .preconditions: step.preconditions = checks(value, place == .forward ? .preconditions : .undoPreconditions, "preconditions")
    case .verify: step.verify = checks(value, place == .forward ? .verify : .undoVerify, "verify")
    case .onFailure:
      if let text = word(value, "onFailure", among: ["rollback", "halt", "continue"]) {
        step.onFailure = .init(rawValue: text) ?? .rollback
      }
    case .rollback: step.rollback = rollback(entry)
    default:
      var some = options ?? Step.Options()
      readOption(key, entry, into: &some)
      options = some
    }
  }

  private mutating func readOption(_ key: StepKey, _ entry: Node.Entry, into options: inout Step.Options) {
    let value = entry.value
    switch key {
    case .renamedFrom:
      if let text = text(value, "renamedFrom"), isID(text, at: value.range, "id") {
        options.renamedFrom = text
        checkFormer(text, at: value.range)
      }
    case .when: options.when = condition(value, opener: entry.key)
    case .capture: options.capture = checks(value, .capture, "capture")
    case .retry: options.retry = retry(value, opener: entry.key)
    case .timeout: options.timeout = durationTemplate(value, "timeout")
    case .stallTimeout: options.stallTimeout = durationTemplate(value, "stallTimeout")
    case .deadline: options.deadline = durationTemplate(value, "deadline")
    case .onInterrupt:
      if let text = word(value, "onInterrupt", among: ["halt", "rerun", "probe"]) { options.onInterrupt = .init(rawValue: text) }
    case .outputsWhenSkipped:
      if isMapping(value, "'outputsWhenSkipped'", like: "outputsWhenSkipped: { changed: 0 }") {
        options.outputsWhenSkipped = template(value)
      }
    case .id, .action, .with, .target, .collection, .probe, .title, .preconditions, .verify, .onFailure, .rollback: break
    }
  }

  private mutating func checkInterrupt(_ options: inout Step.Options?, _ node: Node, _ probeKey: Node?) {
    guard probeKey != nil || options?.onInterrupt != nil else { return }
    let place = node["onInterrupt"]?.range
    if let probeKey, let rule = options?.onInterrupt, rule != .probe, let place {
      report(
        .interrupt, "'onInterrupt: \(rule.rawValue)' contradicts 'probe'", at: place,
        notes: [DiagnosticNote("the probe is here", at: self.place(probeKey.range))], help: "remove one of the two")
    } else if probeKey == nil, options?.onInterrupt == .probe, let place {
      report(
        .interrupt, "'onInterrupt: probe' needs to know what to look at", at: place, help: "add 'probe: { id: …, action: …, expect: … }'")
    }
    if probeKey != nil, options?.onInterrupt == nil { options?.onInterrupt = .probe }
  }

  private mutating func rollback(_ entry: Node.Entry) -> RollbackDeclaration? {
    let node = entry.value
    switch node.kind {
    case .scalar:
      if node.hasText("auto") { return .automatic(node.range) }
      report(
        .rollbackForm, isNull(node) ? "'rollback' is null" : "'\(node.text ?? "")' is no form of 'rollback'", at: node.range,
        help: "write auto, a list of steps, { coveredBy: STEP }, { notNeeded: reason } or { none: reason, acknowledged: true }")
      return nil
    case .sequence:
      if node.count == 0 {
        report(.emptyList, "'rollback' holds no step", at: node.range, help: "write { notNeeded: reason } where nothing has to be undone")
      }
      if let second = node.elements.filter({ $0.hasText("auto") }).dropFirst().first {
        report(
          .repeated, "'auto' stands twice in the list", at: second.range,
          help: "the action's own inverse is run once: remove one of the two")
      }
      return .steps(node.elements.compactMap { undoItem($0) }, node.range)
    case .mapping: return rollbackReason(entry)
    }
  }

  private mutating func undoItem(_ node: Node) -> UndoItem? {
    if node.hasText("auto") { return .automatic(node.range) }
    return step(node, .undo).map { .step($0) }
  }

  /// An id is given up once, and for one step.
  private mutating func checkFormer(_ id: String, at range: SourceRange) {
    guard let first = formerIDs.updateValue(range, forKey: id) else { return }
    formerIDs[id] = first
    report(
      .repeated, "two steps cannot both have been '\(id)'", at: range,
      notes: [DiagnosticNote("the other one is here", at: place(first))], help: "keep 'renamedFrom' where the step lives on")
  }

  private mutating func rollbackReason(_ entry: Node.Entry) -> RollbackDeclaration? {
    let node = entry.value
    var result: RollbackDeclaration?
    var first: Node?
    var acknowledged: (key: Node, value: Bool)?
    for (key, value) in node.entries {
      guard let name = RollbackKey.table.find(key) else {
        unknownKey(key, in: "'rollback'", known: RollbackKey.table.names)
        continue
      }
      if name == .acknowledged {
        acknowledged = (key, boolean(value, "acknowledged") ?? false)
        continue
      }
      if let first {
        report(
          .exclusiveKeys, "'rollback' takes one of coveredBy, notNeeded and none", at: key.range,
          notes: [DiagnosticNote("the first one is here", at: place(first.range))])
        continue
      }
      first = key
      guard let text = text(value, name.rawValue) else { continue }
      if text.utf8.allSatisfy({ $0 == 0x20 }) {
        let help = name == .coveredBy ? "name the step whose undo takes this one back as well" : "say why, for whoever reads the report"
        report(.rollbackForm, "'\(name.rawValue)' says nothing", at: value.range, help: help)
      }
      switch name {
      case .coveredBy:
        dependsOnOrder = true
        result = .coveredBy(text, value.range)
      case .notNeeded: result = .notNeeded(reason: text, node.range)
      case .none, .acknowledged: result = RollbackDeclaration.none(reason: text, acknowledged: false, node.range)
      }
    }
    if case .some(.none(let reason, _, let range)) = result {
      return RollbackDeclaration.none(reason: reason, acknowledged: acknowledged?.value ?? false, range)
    }
    if let acknowledged { notHere(acknowledged.key, "'acknowledged' belongs to 'none'") }
    if first == nil { report(.rollbackForm, "'rollback' says nothing", at: entry.key.range, help: "write auto, or { notNeeded: reason }") }
    return result
  }
}
