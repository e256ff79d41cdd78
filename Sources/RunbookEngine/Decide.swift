import RunbookPlan

/// What follows from an input: the facts it brings, and what the run does next because of them. The entries belong into one transaction.
public func decide(_ input: Input, _ state: RunState) -> [Entry] {
  var next = state
  return next.take(input)
}

extension RunState {
  /// Decides and evolves in one: the same entries as `decide`, without a copy of the state.
  public mutating func take(_ input: Input) -> [Entry] {
    var entries: [Entry] = []
    record(facts(of: input), in: &entries)
    if case .leaseTaken(_, _, _, let request?) = input.event { record(facts(of: request, at: input.at), in: &entries) }
    while let entry = following(at: input.at) { record([entry], in: &entries) }
    return entries
  }

  private mutating func record(_ new: [Entry], in entries: inout [Entry]) {
    for entry in new { evolve(entry) }
    entries += new
  }

  /// Nothing follows from the entries folded so far without a new input. A journal that was cut between two decisions always is.
  public var isSettled: Bool { following(at: lastAt) == nil }

  /// The entries that state what the input says, without what the run makes of it.
  private func facts(of input: Input) -> [Entry] {
    let at = input.at
    switch input.event {
    case .begin(let info, let until):
      precondition(status == .pending, "a run begins once")
      return [Entry(at: at, .runStarted(info: info, until: until))]
    case .leaseTaken(let epoch, let newProcess, let holder, _):
      precondition(status != .pending, "a lease is taken for a run that has begun")
      return [Entry(at: at, .leaseTaken(epoch: epoch, newProcess: newProcess, holder: holder))]
    case .finished(let id, let outcome):
      guard let current, current.id == id, polling.nextAt == nil, isActive else { return [] }
      return [finished(current, outcome, input)]
    case .tick:
      guard let current, let nextAt = polling.nextAt, nextAt <= at, isActive else { return [] }
      return [Entry(at: at, .pollDue(current.id))]
    case .request(let request): return facts(of: request, at: at)
    case .decline(let request): return [Entry(at: at, .requestDeclined(request))]
    case .answer(let answer): return [Entry(at: at, .decision(.answer(answer)))]
    case .window(let window): return facts(of: window, at: at)
    case .trigger(let event): return status == .running || status == .paused ? [Entry(at: at, .triggerFired(event))] : []
    }
  }

  var isActive: Bool { (status == .running || status == .rollingBack) && !isSuspended }

  // MARK: Outcomes

  /// The entry for an outcome. What cannot be an answer to the effect is a defect of the runtime.
  private func finished(_ effect: Effect, _ outcome: Outcome, _ input: Input) -> Entry {
    switch effect.id.verb {
    case .check: return checked(effect, checkResult(outcome), input)
    case .verifyUndone:
      let result = checkResult(outcome)
      let retryAt = result.verdict == .pass ? nil : undoRetry(input)
      return Entry(at: input.at, .verdict(effect.id, result, retryAt: retryAt))
    case .condition, .capture, .perform, .probe, .undo:
      let outcome = normalised(outcome, effect.id.verb)
      return Entry(at: input.at, .effectFinished(effect.id, outcome, retryAt: retryAt(effect.id, outcome, input)))
    }
  }

  private func checkResult(_ outcome: Outcome) -> CheckResult {
    switch outcome {
    case .checked(let result): return result
    case .failed(let failure), .unknown(let failure):
      return CheckResult(.error, message: failure.message, transient: failure.transient)
    case .done, .interrupted, .undone, .condition, .probed: preconditionFailure("a check was answered by something else")
    }
  }

  /// A read whose outcome is unknown has failed; a probe that failed has found nothing out.
  private func normalised(_ outcome: Outcome, _ verb: EffectID.Verb) -> Outcome {
    switch (verb, outcome) {
    case (.condition, .condition), (.condition, .failed), (.capture, .done), (.capture, .failed), (.probe, .probed): outcome
    case (.perform, .done), (.perform, .failed), (.perform, .unknown), (.perform, .interrupted): outcome
    case (.undo, .undone), (.undo, .failed), (.undo, .unknown), (.undo, .interrupted): outcome
    case (.condition, .unknown(let failure)), (.capture, .unknown(let failure)): .failed(failure)
    case (.probe, .failed(let failure)), (.probe, .unknown(let failure)): .probed(.unknown(failure))
    default: preconditionFailure("an outcome does not fit the effect \(verb.rawValue)")
    }
  }

  private func retryAt(_ id: EffectID, _ outcome: Outcome, _ input: Input) -> Int64? {
    if id.verb == .undo { return undoRetryNeeded(id, outcome) ? undoRetry(input) : nil }
    guard let number = layout.stepNumbers[id.subject] else { return nil }
    let (site, record) = (layout.sites[number], steps[number])
    let failure: Failure
    var policy = site.outline.retry
    switch (id.verb, outcome) {
    case (.probe, .probed(.unknown(let found))):
      if status == .rollingBack, site.role != .afterRollback { return undoRetry(input) }
      (failure, policy) = (found, .undo)
    case (.perform, .failed(let found)), (.capture, .failed(let found)): failure = found
    case (.perform, .unknown(let found)):
      guard site.outline.afterUnknown == .perform else { return nil }
      failure = Failure(code: found.code, message: found.message, transient: true)
      if site.outline.effectClass == .opaque { policy.attempts = max(policy.attempts, RetryPolicy.undo.attempts) }
    case (.condition, .failed(let found)): (failure, policy) = (found, .none)
    default: return nil
    }
    if case .undoItem = site.role { return undoRetry(input) }
    let tries = (id.verb == .probe ? record.probeTries : record.tries) + 1
    guard failure.transient, tries < policy.attempts else { return nil }
    return input.at + policy.wait(afterTries: tries, jitter: input.jitter)
  }

  private func undoRetryNeeded(_ id: EffectID, _ outcome: Outcome) -> Bool {
    switch outcome {
    case .failed: true
    case .unknown: undoRunsAgain(id.subject)
    default: false
    }
  }

  /// After an unknown outcome the inverse may simply run again; of other classes it is asked first whether the effect is gone.
  func undoRunsAgain(_ step: String) -> Bool {
    switch layout.sites[number(of: step)].outline.effectClass {
    case .read, .idempotent, .guarded: true
    case .receipt, .probe, .opaque: false
    }
  }

  /// The time of the next try of an undo, or nil where all are used up.
  func undoRetry(_ input: Input) -> Int64? {
    guard case .unwind(let number) = cursor else { return nil }
    let tries = steps[number].undoTries + 1
    guard tries < RetryPolicy.undo.attempts else { return nil }
    return input.at + RetryPolicy.undo.wait(afterTries: tries, jitter: input.jitter)
  }

  func number(of step: String) -> Int {
    guard let number = layout.stepNumbers[step] else { preconditionFailure("the plan has no step \(step)") }
    return number
  }
}

extension StepOutline {
  enum AfterUnknown: Sendable, Hashable { case perform, probe, ask }

  /// What may be done where the effect was requested and nobody knows whether it happened: run it again, probe, or ask a person.
  var afterUnknown: AfterUnknown {
    switch effectClass {
    case .read, .idempotent: .perform
    case .guarded, .receipt, .probe: .probe
    case .opaque:
      switch onInterrupt {
      case .halt: .ask
      case .rerun: .perform
      case .probe: .probe
      }
    }
  }
}
