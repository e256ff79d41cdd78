import RunbookPlan

/// The routine of one step: condition, preconditions, capture, effect, verify. The same for steps of phases, of undo lists, and of
/// `afterRollback`; only what a failure means differs.
extension RunState {
  /// Moves a step to where it needs an effect; true where it is over.
  mutating func settleStep(_ number: Int) -> Bool {
    while true {
      switch steps[number].stage {
      case .condition:
        if layout.sites[number].outline.hasCondition { return false }
        enterPreconditions(number)
      case .preconditions:
        if list?.item != nil { return false }
        list = nil
        steps[number].stage = .capture
      case .capture:
        if layout.sites[number].outline.hasCapture, steps[number].captures == nil { return false }
        steps[number].stage = .perform
      case .perform, .probe: return false
      case .verify:
        if list?.item != nil { return false }
        list = nil
        close(number, .done)
      case .over: return true
      }
    }
  }

  mutating func enterPreconditions(_ number: Int) {
    steps[number].stage = .preconditions
    list = CheckList(layout.sites[number].outline.preconditions, .stepPreconditions(number))
  }

  mutating func close(_ number: Int, _ status: StepStatus) {
    steps[number].stage = .over
    steps[number].status = status
    steps[number].endedAt = lastAt
    if layout.sites[number].outline.id == stopsAfter { reachStop() }
  }

  mutating func finishStep(_ number: Int, _ outcome: Outcome, _ retryAt: Int64?) {
    // An answer counts for one asking: whoever said no once is asked again.
    answersBySubject[layout.sites[number].outline.id] = nil
    switch outcome {
    case .done(let outputs, let warnings): happened(number, outputs, warnings)
    case .failed(let failure):
      steps[number].effect = .failed
      fail(number, failure, retryAt)
    case .unknown(let failure):
      steps[number].effect = .unknown
      steps[number].failure = failure
      switch layout.sites[number].outline.afterUnknown {
      // Cut off by whoever wants a pause: that is no failure, and what resume does follows from the class.
      case .perform where pauseWanted != nil && status == .running: self.retryAt = nil
      case .perform: fail(number, failure, retryAt)
      case .probe:
        if case .undoItem(let parent) = layout.sites[number].role { steps[parent].undoTries += 1 } else { steps[number].tries += 1 }
        steps[number].stage = .probe
      case .ask: ask(number)
      }
    case .interrupted: steps[number].effect = .partly
    default: preconditionFailure("a step's effect is done, failed, unknown or interrupted")
    }
  }

  private mutating func happened(_ number: Int, _ outputs: Value, _ warningCount: Int) {
    steps[number].effect = .happened
    steps[number].outputs = outputs
    steps[number].failure = nil
    steps[number].tries = 0
    steps[number].probeTries = 0
    steps[number].stage = .verify
    list = CheckList(layout.sites[number].outline.verify, .stepVerify(number))
    guard warningCount > 0 else { return }
    let id = layout.sites[number].outline.id
    let texts = outputs["warnings"]?.listValue?.compactMap(\.stringValue) ?? ["\(warningCount) in doubt or collected"]
    for text in texts { warnings.append(Warning(at: lastAt, subject: id, message: text)) }
  }

  mutating func finishProbe(_ number: Int, _ finding: ProbeFinding, _ retryAt: Int64?) {
    let site = layout.sites[number]
    switch finding {
    case .happened(let outputs): happened(number, outputs, 0)
    case .notHappened, .partly:
      steps[number].effect = finding == .partly ? .partly : .notHappened
      steps[number].probeTries = 0
      steps[number].stage = .perform
      // Only what failed in this process counts against the tries, not what a crash cut off.
      guard let failure = steps[number].failure else { return }
      if case .undoItem(let parent) = site.role {
        if steps[parent].undoTries >= RetryPolicy.undo.attempts { fail(number, failure, nil) }
      } else if steps[number].tries >= site.outline.retry.attempts {
        fail(number, failure, nil)
      }
    case .unknown(let failure):
      steps[number].failure = failure
      if case .undoItem = site.role { return fail(number, failure, retryAt) }
      if retryAt != nil { steps[number].probeTries += 1 } else { ask(number) }
    }
  }

  /// A step failed; with `retryAt` it is tried again.
  mutating func fail(_ number: Int, _ failure: Failure, _ retryAt: Int64?) {
    let site = layout.sites[number]
    steps[number].failure = failure
    switch site.role {
    case .undoItem(let parent):
      if retryAt == nil, site.outline.onFailure == .continue {
        steps[parent].listConflicts += 1
        close(number, .failed)
      } else {
        steps[number].status = .failed
        failUndo(parent, failure, retryAt)
      }
    case .afterRollback, .forward:
      if retryAt != nil {
        steps[number].tries += 1
        return
      }
      steps[number].status = .failed
      guard case .forward(let phase) = site.role else { return failAfterRollback(number) }
      let message = "step \(site.outline.id) failed: \(failure.message)"
      switch site.outline.onFailure {
      case .continue:
        continuedFailures.append(site.outline.id)
        close(number, .failed)
      case .halt: halt(.step(site.outline.id), phase, message)
      case .rollback: turn(.step(site.outline.id), .rollback, phase: phase, message)
      }
    }
  }

  /// Only a person can say whether the effect happened.
  mutating func ask(_ number: Int) {
    let site = layout.sites[number]
    let failure = steps[number].failure ?? Failure(code: "RB2602", message: "it was cut off")
    steps[number].failure = failure
    switch site.role {
    case .forward(let phase):
      steps[number].stage = .probe
      halt(.step(site.outline.id), phase, "nobody knows whether step \(site.outline.id) happened: \(failure.message)")
    case .undoItem(let parent):
      // Whoever tells the blocked run to try again wants it run again.
      steps[number].stage = .perform
      failUndo(parent, failure, nil)
    case .afterRollback: failAfterRollback(number)
    }
  }

  private mutating func failAfterRollback(_ number: Int) {
    unverified.append(layout.sites[number].outline.id)
    close(number, .failed)
  }

  // MARK: A process is gone

  /// The process that led the run is gone: what it had under way is run again, probed or asked about, by its class.
  mutating func loseProcess() {
    polling = Polling()
    if rechecks != nil { (current, held, rechecks) = (held, nil, nil) }
    defer { if status == .running, ending == nil { beginRechecks() } }
    guard let effect = current else { return }
    let number = layout.stepNumbers[effect.id.subject]
    switch effect.id.verb {
    case .condition, .check, .capture, .probe, .verifyUndone: return
    case .undo:
      guard !undoRunsAgain(effect.id.subject), let number else { return }
      current = nil
      steps[number].unwinding = .verifyUndone
    case .perform:
      guard let number, status != .paused else { return }
      steps[number].failure = nil
      switch layout.sites[number].outline.afterUnknown {
      case .perform:
        // Asked for anew, so that a rollback this lease was taken for need not wait for it. A gate or a wait keeps its name and its deadline.
        if layout.sites[number].outline.mutating { current = nil }
      case .probe:
        current = nil
        steps[number].stage = .probe
      case .ask:
        current = nil
        ask(number)
      }
    }
  }
}
