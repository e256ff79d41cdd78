import RunbookPlan

/// The way back: last started step first, each undo proved, then `afterRollback` and `verifyRollback`.
extension RunState {
  mutating func beginUnwinding(_ phase: String?) {
    precondition(status != .rollingBack && !(status.isEnd && status != .succeeded), "a rollback begins once, and not after an end")
    setAside()
    (status, unwindingPhase, ending, pauseWanted, haltReason, list) = (.rollingBack, phase, nil, nil, nil, nil)
    endedAt = nil
    // Batches that somebody held going forward are not waited for: a rollback begins by itself, and at night. Their pauses stay.
    pace?.pace.isHeld = false
    let range = unwindingRange
    cursor = .unwind(range.upperBound)
    unwind(before: range.upperBound)
  }

  private var unwindingRange: Range<Int> {
    unwindingPhase.flatMap { layout.phaseNumbers[$0] }.map { layout.phaseSteps[$0] } ?? 0..<layout.forwardCount
  }

  /// Goes to the next older step of the scope that started, or ends the unwinding.
  mutating func unwind(before number: Int) {
    let range = unwindingRange
    var next = number - 1
    while next >= range.lowerBound, !steps[next].hasIntent { next -= 1 }
    if next >= range.lowerBound {
      cursor = .unwind(next)
      return
    }
    resolveCovered(range)
    for phase in outline.phases.indices where range.overlaps(layout.phaseSteps[phase]) && phases[phase].status != .pending {
      if layout.phaseSteps[phase].contains(where: { steps[$0].status == .undone }) { phases[phase].status = .undone }
    }
    if unwindingPhase == nil { enterAfterRollback(layout.afterRollback.lowerBound) } else { cursor = .unwound }
  }

  mutating func enterAfterRollback(_ number: Int) {
    if number < layout.afterRollback.upperBound {
      cursor = .afterRollback(number)
    } else {
      cursor = .verifyRollback
      list = CheckList(outline.verifyRollback, .verifyRollback)
    }
  }

  /// Moves the unwinding of a step to where it needs an effect or a person; true where it is over.
  mutating func settleUnwinding(_ number: Int) -> Bool {
    let site = layout.sites[number]
    if steps[number].undo == .notBegun { beginUndo(number, site.outline) }
    if case .skipped = steps[number].undo { return true }
    switch steps[number].unwinding {
    case .over: return true
    case .probe, .verifyUndone: return false
    case .undo:
      guard case .steps = site.outline.undo else { return false }
      while steps[number].undoItem < site.items.count {
        guard let item = site.items[steps[number].undoItem], settleStep(item) else { return false }
        steps[number].undoItem += 1
      }
      markUndone(number)
      return true
    }
  }

  private mutating func beginUndo(_ number: Int, _ outline: StepOutline) {
    if let reason = skipped[number] { return giveUpUndo(number, reason) }
    switch outline.undo {
    case .coveredBy: (steps[number].undo, steps[number].unwinding) = (.covered, .over)
    case .notNeeded, .nothing: (steps[number].undo, steps[number].unwinding) = (.notNeeded, .over)
    case .automatic, .steps, .none:
      steps[number].undo = .underway
      switch steps[number].effect {
      case .notHappened: markUndone(number)
      case .unknown where outline.afterUnknown == .probe: steps[number].unwinding = .probe
      case .unknown, .happened, .failed, .partly, .notRequested: steps[number].unwinding = .undo
      }
    }
  }

  // MARK: Outcomes

  mutating func finishUndoProbe(_ number: Int, _ finding: ProbeFinding, _ retryAt: Int64?) {
    switch finding {
    case .happened(let outputs):
      (steps[number].effect, steps[number].outputs, steps[number].unwinding) = (.happened, outputs, .undo)
    case .partly: (steps[number].effect, steps[number].unwinding) = (.partly, .undo)
    case .notHappened:
      steps[number].effect = .notHappened
      markUndone(number)
    case .unknown(let failure):
      // Guards undo what is there, whatever that is.
      if layout.sites[number].outline.effectClass == .guarded, layout.sites[number].outline.undo != .none {
        steps[number].unwinding = .undo
        self.retryAt = nil
      } else {
        failUndo(number, failure, retryAt)
      }
    }
  }

  mutating func finishUndo(_ number: Int, _ outcome: Outcome, _ retryAt: Int64?) {
    switch outcome {
    case .undone(let conflicts, let inDoubt, let details):
      steps[number].undoConflicts = conflicts
      steps[number].inDoubt = inDoubt
      steps[number].undoDetails = details
      steps[number].unwinding = .verifyUndone
    case .failed(let failure): failUndo(number, failure, retryAt)
    case .unknown(let failure):
      if undoRunsAgain(layout.sites[number].outline.id) { return failUndo(number, failure, retryAt) }
      steps[number].undoTries += 1
      steps[number].unwinding = .verifyUndone
    case .interrupted: break
    default: preconditionFailure("an undo is undone, failed, unknown or interrupted")
    }
  }

  mutating func finishUndoProof(_ number: Int, _ result: CheckResult, _ retryAt: Int64?) {
    if result.verdict == .pass {
      steps[number].undoVerified = true
      guard case .steps = layout.sites[number].outline.undo else { return markUndone(number) }
      steps[number].undoItem += 1
      steps[number].unwinding = .undo
      return
    }
    if result.verdict == .fail { steps[number].unwinding = .undo }
    failUndo(number, Failure(code: "RB2603", message: result.message, transient: true), retryAt)
  }

  /// An undo failed; without `retryAt` its tries are used up, and the run is blocked.
  mutating func failUndo(_ number: Int, _ failure: Failure, _ retryAt: Int64?) {
    if let reason = skipped[number] { return giveUpUndo(number, reason) }
    steps[number].undoTries += 1
    steps[number].undo = .failed(failure)
    self.retryAt = retryAt
  }

  /// A person told a blocked run to try again.
  mutating func retryUndo() {
    guard case .unwind(let number) = cursor else { preconditionFailure("a blocked run stands at a step") }
    steps[number].undoTries = 0
    steps[number].undo = .underway
    retryAt = nil
    list?.conditionMet = false
    status = .rollingBack
  }

  mutating func giveUpUndo(_ number: Int, _ reason: String) {
    steps[number].undo = .skipped(reason: reason)
    steps[number].unwinding = .over
    retryAt = nil
    list = nil
  }

  private mutating func markUndone(_ number: Int) {
    let outline = layout.sites[number].outline
    if steps[number].effect == .unknown, outline.effectClass == .opaque, !steps[number].undoVerified { steps[number].inDoubt += 1 }
    steps[number].undo = .undone
    steps[number].unwinding = .over
    steps[number].status = .undone
    steps[number].hasIntent = false
  }

  /// Steps that are undone together with another one, where that one is undone now.
  private mutating func resolveCovered(_ range: Range<Int>) {
    for number in range where steps[number].undo == .covered {
      var cover = number
      for _ in range {
        guard steps[cover].undo == .covered, case .coveredBy(let step) = layout.sites[cover].outline.undo else { break }
        cover = self.number(of: step)
      }
      // A cover that never happened took nothing back with it.
      if steps[cover].undo == .undone, steps[cover].effect != .notHappened, cover != number { markUndone(number) }
    }
  }
}
