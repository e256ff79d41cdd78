import RunbookPlan

/// An edited plan that a run is to go on with.
public struct Adoption: Sendable, Hashable {
  /// The plan's digest.
  public var digest: String
  /// Its normal form: from here on it is the run's stored plan.
  public var plan: String
  /// The values of its params: those the run has, and defaults of new ones.
  public var params: Value

  public init(digest: String, plan: String, params: Value) {
    self.digest = digest
    self.plan = plan
    self.params = params
  }
}

/// Why an edited plan cannot be adopted.
public enum AdoptionRefusal: Sendable, Hashable {
  /// The run goes back, or has ended: it does that with the plan that it was done with.
  case wrongState(RunStatus)
  /// The step has changed something, and is gone, so that nobody could take that back.
  case removed(String)
  /// The step has changed something, or is under way, and what it does or how it is taken back differs.
  case changed(String)
  /// It stands before the place where the run is, so that it would never run.
  case inserted(String)
  /// Steps that have begun stand in another order or phase, which is the order of their undoing.
  case moved(String)
  /// The phase has begun, and is gone.
  case phaseRemoved(String)
}

extension RunState {
  /// Why the run cannot go on with `outline`; empty where it can.
  /// - Parameter changed: ids (of the new plan) of steps whose effect, or way back, is another one than before.
  public func refusals(ofAdopting outline: Outline, changed: Set<String>) -> [AdoptionRefusal] {
    guard status == .paused || status == .running || (status == .halted && isForwardHalt), ending == nil else {
      return [.wrongState(status)]
    }
    let new = Layout(outline)
    var refusals: [AdoptionRefusal] = []
    var lastBegun = -1
    var kept: Set<Int> = []
    var open: [StepOutline] = []
    for number in 0..<new.forwardCount {
      let step = new.sites[number].outline
      guard let old = formerNumber(of: step), old < layout.forwardCount else {
        open.append(step)
        continue
      }
      kept.insert(old)
      guard hasBegun(old) else {
        open.append(step)
        continue
      }
      refusals += open.map { formerNumber(of: $0) == nil ? .inserted($0.id) : .moved($0.id) }
      open = []
      if old < lastBegun || phaseID(ofStep: old, layout, self.outline) != phaseID(ofStep: number, new, outline) {
        refusals.append(.moved(step.id))
      }
      lastBegun = max(lastBegun, old)
      if changed.contains(step.id), steps[old].hasIntent || steps[old].captures != nil, steps[old].undo != .undone {
        refusals.append(.changed(step.id))
      }
    }
    for old in 0..<layout.forwardCount where !kept.contains(old) && steps[old].hasIntent {
      refusals.append(.removed(layout.sites[old].outline.id))
    }
    for refusal in phaseRefusals(outline, new) where !refusals.contains(refusal) { refusals.append(refusal) }
    return refusals
  }

  /// A phase that began must still be there, and nothing that was passed may have got new steps at its end.
  private func phaseRefusals(_ outline: Outline, _ new: Layout) -> [AdoptionRefusal] {
    var refusals: [AdoptionRefusal] = []
    for (old, phase) in self.outline.phases.enumerated() where phases[old].status != .pending {
      guard let number = new.phaseNumbers[phase.id] else {
        refusals.append(.phaseRemoved(phase.id))
        continue
      }
      guard phases[old].status != .started, phases[old].status != .failed, phases[old].status != .undone else { continue }
      for step in new.phaseSteps[number] {
        let outline = new.sites[step].outline
        if formerNumber(of: outline).map({ !hasBegun($0) }) ?? true { refusals.append(.inserted(outline.id)) }
      }
    }
    return refusals
  }

  /// Halted on the way on, or before a phase that was unwound, and not at a point of no return.
  private var isForwardHalt: Bool {
    switch haltReason {
    case .cause, .phaseUndone: true
    default: false
    }
  }

  /// A phase that was unwound alone begins anew, and with it all of its steps of which nothing stands.
  private func hasBegun(_ number: Int) -> Bool {
    if case .phaseUndone(let id) = haltReason, phaseID(ofStep: number, layout, outline) == id, !steps[number].hasIntent { return false }
    return steps[number].startedAt != nil || steps[number].stage == .over
  }

  private func phaseID(ofStep number: Int, _ layout: Layout, _ outline: Outline) -> String? {
    layout.phase(ofStep: number).map { outline.phases[$0].id }
  }

  /// The number that a step of a new plan has in this one.
  private func formerNumber(of step: StepOutline) -> Int? {
    layout.stepNumbers[step.id] ?? step.renamedFrom.flatMap { layout.stepNumbers[$0] }
  }

  /// Makes plans known that entries of the journal say were adopted; before they are evolved.
  public mutating func know(_ outline: Outline, of adoption: Adoption) { adoptable[adoption.digest] = (outline, adoption) }

  // MARK: The change

  /// Goes on with another plan: everything known of a step, check or phase moves to where it stands there.
  mutating func adopt(_ adoption: Adoption) {
    guard let outline = adoptable[adoption.digest]?.outline else { preconditionFailure("the plan \(adoption.digest) was not made known") }
    precondition(refusals(ofAdopting: outline, changed: []).isEmpty, "an adopted plan keeps all that has begun where it was")
    let old = self
    let oldLayout = layout
    adopted = adoption
    self.outline = outline
    layout = Layout(outline)
    steps = layout.sites.map { site in
      guard let number = old.formerNumber(of: site.outline) else { return StepRecord() }
      var record = old.steps[number]
      let former = oldLayout.sites[number].outline.id
      if former != site.outline.id, record.attempts > 0, record.recordedAs == nil { record.recordedAs = former }
      return record
    }
    phases = outline.phases.map { phase in oldLayout.phaseNumbers[phase.id].map { old.phases[$0] } ?? PhaseRecord() }
    triggers = layout.triggers.map { site in oldLayout.triggerNumbers[site.outline.id].map { old.triggers[$0] } ?? TriggerRecord() }
    skipped = [:]
    rename(from: old)
    stopsAfter = stopsAfter.flatMap { layout.stepNumbers[$0] != nil || layout.phaseNumbers[$0] != nil ? $0 : nil }
    (rechecks, held, current) = (nil, nil, Self.still(old.held ?? old.current, in: layout))
    (polling, retryAt) = (Polling(), nil)
    moveCursor(from: old)
  }

  /// What is kept under the ids of steps.
  private mutating func rename(from old: RunState) {
    for site in layout.sites {
      guard let former = site.outline.renamedFrom, old.layout.stepNumbers[site.outline.id] == nil else { continue }
      for verb in EffectID.Verb.allCases {
        if let serial = serials[EffectKey(verb: verb, subject: former)] {
          serials[EffectKey(verb: verb, subject: site.outline.id)] = serial
        }
      }
      answersBySubject[site.outline.id] = answersBySubject[former]
      continuedFailures = continuedFailures.map { $0 == former ? site.outline.id : $0 }
    }
  }

  /// A gate or a wait that goes on under its name; everything else is asked for anew.
  private static func still(_ effect: Effect?, in layout: Layout) -> Effect? {
    guard let effect, effect.id.verb == .perform, let number = layout.stepNumbers[effect.id.subject] else { return nil }
    let outline = layout.sites[number].outline
    return outline.effectClass == .read && !outline.mutating ? effect : nil
  }

  /// The first place that is not over; a list of checks goes on behind those that were passed already.
  private mutating func moveCursor(from old: RunState) {
    defer { if cursor != .planPreconditions { settleList(from: old) } }
    if old.cursor == .planPreconditions {
      list = continued(outline.preconditions, .planPreconditions, old.list)
      return
    }
    for (number, phase) in outline.phases.enumerated() {
      switch phases[number].status {
      case .done, .skipped: continue
      case .pending, .undone: cursor = .phaseCondition(number)
      case .started, .failed:
        if case .phasePreconditions(let before) = old.cursor, old.outline.phases[before].id == phase.id {
          cursor = .phasePreconditions(number)
        } else if let step = layout.phaseSteps[number].first(where: { steps[$0].stage != .over }) {
          cursor = .step(step)
        } else {
          cursor = .phaseVerify(number)
        }
      }
      return
    }
    cursor = old.cursor == .finished ? .finished : .planVerify
  }

  private mutating func settleList(from old: RunState) {
    switch cursor {
    case .phasePreconditions(let phase):
      list = continued(outline.phases[phase].preconditions, .phasePreconditions(phase), old.list)
    case .phaseVerify(let phase): list = continued(outline.phases[phase].verify, .phaseVerify(phase), old.list)
    case .planVerify: list = continued(outline.verify, .planVerify, old.list)
    case .step(let number):
      let step = layout.sites[number].outline
      switch steps[number].stage {
      case .preconditions: list = continued(step.preconditions, .stepPreconditions(number), old.list)
      case .verify: list = continued(step.verify, .stepVerify(number), old.list)
      default: list = nil
      }
    default: list = nil
    }
  }

  private func continued(_ checks: [CheckOutline], _ owner: CheckList.Owner, _ old: CheckList?) -> CheckList {
    var list = CheckList(checks, owner)
    guard let old, old.items.first.map({ $0.owner.isKind(of: owner) }) ?? false else { return list }
    let passed = Set(old.items[..<min(old.index, old.items.count)].map(\.check.id))
    while let item = list.item, passed.contains(item.check.id) { list.advance() }
    return list
  }
}

extension CheckList.Owner {
  /// The same place in a plan, under whichever number.
  fileprivate func isKind(of other: CheckList.Owner) -> Bool {
    switch (self, other) {
    case (.planPreconditions, .planPreconditions), (.phasePreconditions, .phasePreconditions), (.stepPreconditions, .stepPreconditions),
      (.stepVerify, .stepVerify), (.phaseVerify, .phaseVerify), (.planVerify, .planVerify), (.verifyRollback, .verifyRollback):
      true
    default: false
    }
  }
}
