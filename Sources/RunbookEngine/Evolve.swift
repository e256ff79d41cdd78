import RunbookPlan

extension RunState {
  /// What an entry makes of the state. Deterministic, and the only way in which the state changes: a run is the fold of its entries.
  public mutating func evolve(_ entry: Entry) {
    lastAt = max(lastAt, entry.at)
    switch entry.kind {
    case .runStarted(let info, let until):
      precondition(status == .pending, "a run starts once")
      (self.info, stopsAfter, startedAt, status) = (info, until, entry.at, .running)
      list = CheckList(outline.preconditions, .planPreconditions)
    case .leaseTaken(let epoch, let newProcess, _):
      precondition(epoch >= self.epoch, "the epoch of a lease never decreases")
      self.epoch = epoch
      if newProcess { loseProcess() }
    case .effectRequested(let id): request(id, at: entry.at)
    case .effectFinished(let id, let outcome, let retryAt): finish(id, outcome, retryAt)
    case .verdict(let id, let result, let retryAt): judge(id, result, retryAt)
    case .checkSkipped(let id):
      checks[id] = CheckRecord(result: CheckResult(.skipped, message: "it refers to a step that never started"), at: entry.at)
      list?.advance()
    case .decision(let decision): evolve(decision)
    case .triggerJudged(let window): judge(window, recorded: true)
    case .triggerRepeated(let window): judge(window, recorded: false)
    case .triggerFired(let event): fire(event)
    case .cancelRequested(let rollback, let who, let reason, _):
      decisions.append(.request(Request(.cancel(rollback: rollback), who: who, reason: reason)))
      if rollback {
        evolveRollback(.cancel, who, reason)
      } else {
        halt(.cancel, nil, "cancelled by \(who)" + (reason.isEmpty ? "" : ": \(reason)"))
      }
    case .requestDeclined, .unlocked: break
    case .finalized(let who, let reason):
      precondition(status.isEnd, "only an ended run is finalized")
      finalized = finalized ?? Finalization(who: who, reason: reason, at: entry.at)
    case .cleanedUp(let targets): cleanedUp = targets
    case .rollbackBegan(let phase, _): beginUnwinding(phase)
    case .runPaused(let reason): pause(reason)
    case .runHalted(let reason):
      setAside()
      (status, haltReason, ending, pauseWanted) = (.halted, reason, nil, nil)
    case .runBlocked: (status, pauseWanted) = (.blocked, nil)
    case .planAdopted(let adoption): adopt(adoption)
    case .runEnded(let status):
      precondition(status.isEnd, "a run ends in an end state")
      setAside()
      (self.status, endedAt, ending, pauseWanted) = (status, entry.at, nil, nil)
    case .polled(let id, _, let nextAt, let holdSince, let errors):
      precondition(current?.id == id, "a poll belongs to the check that is being asked")
      polling = Polling(nextAt: nextAt, holdSince: holdSince, errors: errors)
    case .pollDue(let id):
      precondition(current?.id == id, "a poll belongs to the check that is being asked")
      polling.nextAt = nil
      current?.poll += 1
    }
    settle()
    wakeTriggers()
  }

  // MARK: Effects begin

  private mutating func request(_ id: EffectID, at: Int64) {
    precondition(current == nil, "there is one effect at a time")
    precondition(isActive, "effects are requested only while a run is under way")
    let key = EffectKey(verb: id.verb, subject: id.subject)
    precondition(id.serial == (serials[key] ?? 0) + 1, "the serial of an effect counts on")
    serials[key] = id.serial
    if rechecks == nil { retryAt = nil }
    if case .unwind(let number) = cursor { steps[number].undo = .underway }
    guard id.verb == .perform || id.verb == .undo else {
      current = Effect(id: id, requestedAt: at, isRead: true, mutates: false, interrupt: .abort)
      return
    }
    let number = number(of: id.subject)
    let (site, outline) = (layout.sites[number], layout.sites[number].outline)
    current = Effect(
      id: id, requestedAt: at, isRead: id.verb == .perform && outline.effectClass == .read, mutates: id.verb == .undo || outline.mutating,
      interrupt: outline.interrupt)
    guard id.verb == .perform else {
      precondition(status == .rollingBack, "an undo runs only in a rollback")
      return
    }
    if case .forward = site.role {
      precondition(status == .running, "no step goes forward once a rollback began")
      if outline.mutating { hasChanged = true }
    } else {
      precondition(status == .rollingBack, "steps of a rollback run only in one")
    }
    steps[number].attempts = id.serial
    steps[number].status = .started
    if steps[number].startedAt == nil { steps[number].startedAt = at }
    steps[number].effect = .unknown
    if outline.mutating { steps[number].hasIntent = true }
  }

  // MARK: Effects end

  private mutating func finish(_ id: EffectID, _ outcome: Outcome, _ retryAt: Int64?) {
    precondition(current?.id == id, "an outcome has an intent")
    current = nil
    self.retryAt = retryAt
    switch id.verb {
    case .condition: finishCondition(id.subject, outcome, retryAt)
    case .capture:
      let number = number(of: id.subject)
      switch outcome {
      case .done(let captures, _): steps[number].captures = captures
      case .failed(let failure): fail(number, failure, retryAt)
      default: preconditionFailure("a capture is done or failed")
      }
    case .perform: finishStep(number(of: id.subject), outcome, retryAt)
    case .probe:
      guard case .probed(let finding) = outcome else { preconditionFailure("a probe has a finding") }
      let number = number(of: id.subject)
      if cursor == .unwind(number) { finishUndoProbe(number, finding, retryAt) } else { finishProbe(number, finding, retryAt) }
    case .undo: finishUndo(number(of: id.subject), outcome, retryAt)
    case .check, .verifyUndone: preconditionFailure("a check ends with a verdict")
    }
  }

  private mutating func finishCondition(_ subject: String, _ outcome: Outcome, _ retryAt: Int64?) {
    if let item = activeList?.item, item.check.id == subject {
      switch outcome {
      case .condition(true):
        if rechecks == nil { list?.conditionMet = true } else { rechecks?.conditionMet = true }
      case .condition: conclude(item, CheckResult(.skipped, message: "its condition does not hold"), nil)
      case .failed(let failure): conclude(item, CheckResult(.error, message: failure.message), nil)
      default: preconditionFailure("a condition holds or not")
      }
    } else if case .phaseCondition(let phase) = cursor {
      switch outcome {
      case .condition(true): start(phase: phase)
      case .condition: skip(phase: phase)
      case .failed(let failure):
        let id = outline.phases[phase].id
        phases[phase].status = .failed
        turn(.phase(id), .rollback, phase: phase, "the condition of phase \(id) failed: \(failure.message)")
      default: preconditionFailure("a condition holds or not")
      }
    } else {
      let number = number(of: subject)
      switch outcome {
      case .condition(true): enterPreconditions(number)
      case .condition: close(number, .skipped)
      case .failed(let failure): fail(number, failure, retryAt)
      default: preconditionFailure("a condition holds or not")
      }
    }
  }

  private mutating func judge(_ id: EffectID, _ result: CheckResult, _ retryAt: Int64?) {
    precondition(current?.id == id, "a verdict has an intent")
    current = nil
    polling = Polling()
    self.retryAt = retryAt
    if id.verb == .verifyUndone {
      finishUndoProof(number(of: id.subject), result, retryAt)
    } else {
      guard let item = activeList?.item, item.check.id == id.subject else {
        preconditionFailure("the check \(id.subject) was not being asked")
      }
      conclude(item, result, retryAt)
    }
  }

  // MARK: Causes

  /// Records a cause; the first one decides how the run stops or turns.
  mutating func turn(_ origin: Cause.Origin, _ response: Cause.Response, phase: Int?, _ message: String) {
    let limited = phase.flatMap { outline.phases[$0].rollbackScope == .phase ? $0 : nil }
    add(Cause(origin: origin, response: response, phase: limited.map { outline.phases[$0].id }, at: lastAt, message: message))
    guard ending == nil, status == .running || status == .paused else { return }
    ending = response == .halt ? .halt : .rollback(phase: limited)
  }

  mutating func halt(_ origin: Cause.Origin, _ phase: Int?, _ message: String) { turn(origin, .halt, phase: phase, message) }

  mutating func add(_ new: Cause) {
    if cause == nil { cause = new }
    causes.append(new)
  }

  private mutating func fire(_ event: TriggerEvent) {
    if let number = layout.triggerNumbers[event.id] { triggers[number].act(event) }
    switch event.response {
    case .warn: warnings.append(Warning(at: lastAt, subject: event.id, message: event.message))
    case .pause: if status == .running { pauseWanted = pauseWanted ?? event.message }
    case .rollback: turn(.trigger(event.id), .rollback, phase: event.phase.flatMap { layout.phaseNumbers[$0] }, event.message)
    }
  }

  // MARK: Standing still

  private mutating func pause(_ reason: String) {
    precondition(isIdle, "a pause kills no effect")
    pauseWanted = nil
    pauseReason = reason
    polling = Polling()
    // A gate or a wait keeps its name and its deadline; what only reads is asked for again.
    if current?.id.verb != .perform { current = nil }
    if status == .rollingBack { isSuspended = true } else { status = .paused }
  }

  /// Gives up what was being read or waited for.
  mutating func setAside() {
    precondition(isIdle, "nothing that changes something is under way when a run stops")
    (current, held, rechecks, polling, retryAt) = (nil, nil, nil, Polling(), nil)
  }
}
