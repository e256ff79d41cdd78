/// What a run does next of its own accord.
extension RunState {
  enum Wanted: Sendable, Hashable {
    case effect(EffectID.Verb, String)
    case skipCheck(String)
  }

  /// The next entry that follows from the state at this time, or nil where something is under way or waited for.
  func following(at now: Int64) -> Entry? {
    guard epoch > 0 else { return nil }
    if let event = dueEvent() { return Entry(at: now, .triggerFired(event)) }
    if let ending, status != .rollingBack, isIdle { return Entry(at: now, conclusion(ending)) }
    guard isActive else { return nil }
    if let pauseWanted, isIdle { return Entry(at: now, .runPaused(reason: pauseWanted)) }
    guard current == nil, ending == nil, pauseWanted == nil else { return nil }
    if rechecks == nil {
      if let kind = standstill() { return Entry(at: now, kind) }
      if let retryAt, now < retryAt { return nil }
    }
    guard awaitedTriggers.isEmpty else { return nil }
    switch wanted() {
    case nil: return nil
    case .skipCheck(let id): return Entry(at: now, .checkSkipped(id))
    case .effect(let verb, let subject):
      let serial = (serials[EffectKey(verb: verb, subject: subject)] ?? 0) + 1
      return Entry(at: now, .effectRequested(EffectID(verb: verb, subject: subject, serial: serial)))
    }
  }

  /// Nothing is under way but what may be given up at once: reads, waits, gates.
  var isIdle: Bool {
    guard let current else { return true }
    switch current.id.verb {
    case .condition, .check, .capture, .probe, .verifyUndone: return true
    case .undo: return false
    case .perform:
      let outline = layout.sites[number(of: current.id.subject)].outline
      return !outline.mutating && (outline.effectClass == .read || outline.effectClass == .idempotent)
    }
  }

  private func conclusion(_ ending: Ending) -> Entry.Kind {
    guard hasChanged else { return .runEnded(.failed) }
    switch ending {
    case .halt: return .runHalted(.cause)
    case .rollback(let phase):
      return .rollbackBegan(phase: phase.map { outline.phases[$0].id }, cause: cause?.message ?? "")
    }
  }

  /// Where the cursor stands at an end, or at a place where the run cannot go on by itself.
  private func standstill() -> Entry.Kind? {
    switch cursor {
    case .finished: return .runEnded(.succeeded)
    case .unwind(let number):
      let record = steps[number]
      if case .failed = record.undo { return retryAt == nil ? .runBlocked(step: layout.sites[number].outline.id) : nil }
      if record.unwinding == .undo, layout.sites[number].outline.undo == .none {
        return .runHalted(.pointOfNoReturn(layout.sites[number].outline.id))
      }
      return nil
    case .unwound:
      if let unwindingPhase { return .runHalted(.phaseUndone(unwindingPhase)) }
      return .runEnded(isExact ? .rolledBack : .rolledBackWithConflicts)
    default: return nil
    }
  }

  /// The unwinding left nothing behind that would have to be listed.
  private var isExact: Bool { conflicts == 0 && inDoubt == 0 && unverified.isEmpty && standing.isEmpty }

  private func wanted() -> Wanted? {
    if rechecks != nil { return wantedCheck() }
    switch cursor {
    case .planPreconditions, .phasePreconditions, .phaseVerify, .planVerify, .verifyRollback: return wantedCheck()
    case .phaseCondition(let phase): return .effect(.condition, outline.phases[phase].id)
    case .step(let number), .afterRollback(let number): return wantedOfStep(number)
    case .unwind(let number): return wantedOfUnwinding(number)
    case .finished, .unwound: return nil
    }
  }

  private func wantedCheck() -> Wanted? {
    guard let list = activeList, let check = list.item?.check else { return nil }
    if list.item?.owner == .verifyRollback, check.refersTo.contains(where: { step($0)?.startedAt == nil }) { return .skipCheck(check.id) }
    return .effect(check.hasCondition && !list.conditionMet ? .condition : .check, check.id)
  }

  private func wantedOfStep(_ number: Int) -> Wanted? {
    let id = layout.sites[number].outline.id
    switch steps[number].stage {
    case .condition: return .effect(.condition, id)
    case .preconditions, .verify: return wantedCheck()
    case .capture: return .effect(.capture, id)
    case .perform: return .effect(.perform, id)
    case .probe: return .effect(.probe, id)
    case .over: return nil
    }
  }

  private func wantedOfUnwinding(_ number: Int) -> Wanted? {
    let site = layout.sites[number]
    switch steps[number].unwinding {
    case .probe: return .effect(.probe, site.outline.id)
    case .verifyUndone: return .effect(.verifyUndone, site.outline.id)
    case .over: return nil
    case .undo:
      guard case .steps = site.outline.undo, let item = site.items[steps[number].undoItem] else { return .effect(.undo, site.outline.id) }
      return wantedOfStep(item)
    }
  }
}
