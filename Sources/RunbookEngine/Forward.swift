/// The way on: from the plan's preconditions through the phases to its verify.
extension RunState {
  /// Moves the cursor to the next place that needs an effect, or where the run ends.
  mutating func settle() {
    guard isActive, ending == nil else { return }
    if let rechecks {
      if rechecks.item != nil { return }
      self.rechecks = nil
      (current, held) = (held, nil)
    }
    while passOn() {}
  }

  private mutating func passOn() -> Bool {
    switch cursor {
    case .planPreconditions:
      guard leaveList() else { return false }
      enter(phase: 0)
    case .phaseCondition(let phase):
      if outline.phases[phase].hasCondition { return false }
      start(phase: phase)
    case .phasePreconditions(let phase):
      guard leaveList() else { return false }
      enterStep(layout.phaseSteps[phase].lowerBound, of: phase)
    case .step(let number):
      guard current == nil, settleStep(number), let phase = layout.phase(ofStep: number) else { return false }
      enterStep(number + 1, of: phase)
    case .phaseVerify(let phase):
      guard leaveList() else { return false }
      phases[phase].status = .done
      leave(phase: phase)
    case .planVerify:
      guard leaveList() else { return false }
      cursor = .finished
    case .unwind(let number):
      guard current == nil, settleUnwinding(number) else { return false }
      unwind(before: number)
    case .afterRollback(let number):
      guard current == nil, settleStep(number) else { return false }
      enterAfterRollback(number + 1)
    case .verifyRollback:
      guard leaveList() else { return false }
      cursor = .unwound
    case .finished, .unwound: return false
    }
    return true
  }

  private mutating func leaveList() -> Bool {
    guard current == nil, list?.item == nil else { return false }
    list = nil
    return true
  }

  private mutating func enter(phase: Int) {
    if phase < outline.phases.count {
      cursor = .phaseCondition(phase)
    } else {
      cursor = .planVerify
      list = CheckList(outline.verify, .planVerify)
    }
  }

  mutating func start(phase: Int) {
    phases[phase].status = .started
    phases[phase].startedAt = phases[phase].startedAt ?? lastAt
    cursor = .phasePreconditions(phase)
    list = CheckList(outline.phases[phase].preconditions, .phasePreconditions(phase))
  }

  private mutating func enterStep(_ number: Int, of phase: Int) {
    if number < layout.phaseSteps[phase].upperBound {
      cursor = .step(number)
    } else {
      cursor = .phaseVerify(phase)
      list = CheckList(outline.phases[phase].verify, .phaseVerify(phase))
    }
  }

  mutating func skip(phase: Int) {
    for number in layout.phaseSteps[phase] { close(number, .skipped) }
    phases[phase].status = .skipped
    (list, rechecks) = (nil, nil)
    leave(phase: phase)
  }

  private mutating func leave(phase: Int) {
    phases[phase].endedAt = lastAt
    if outline.phases[phase].id == stopsAfter { reachStop() }
    enter(phase: phase + 1)
  }

  mutating func reachStop() {
    pauseWanted = pauseWanted ?? "it was to run until \(stopsAfter ?? "here")"
    stopsAfter = nil
  }

  /// A phase that was unwound begins anew: its gates, captures and effects. Attempts count on.
  mutating func restart(phase: Int) {
    let numbers = layout.phaseSteps[phase]
    for number in numbers {
      earlierConflicts += steps[number].conflicts
      earlierInDoubt += steps[number].inDoubt
      reset(number)
      for item in layout.sites[number].items { if let item { reset(item) } }
    }
    for check in outline.phases[phase].preconditions + outline.phases[phase].verify { checks[check.id] = nil }
    skipped = skipped.filter { !numbers.contains($0.key) }
    phases[phase] = PhaseRecord()
    for trigger in layout.triggers.indices where layout.triggers[trigger].phase == phase { triggers[trigger] = TriggerRecord() }
    cursor = .phaseCondition(phase)
    list = nil
    unwindingPhase = nil
  }

  private mutating func reset(_ number: Int) {
    let outline = layout.sites[number].outline
    for check in outline.preconditions + outline.verify { checks[check.id] = nil }
    answersBySubject[outline.id] = nil
    var record = StepRecord()
    record.attempts = steps[number].attempts
    // What a person gave up still stands.
    if case .skipped = steps[number].undo { record.hasIntent = true }
    steps[number] = record
  }
}
