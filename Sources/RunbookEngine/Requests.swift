/// Why a request does not fit the state of the run; nothing is recorded then.
public enum Refusal: Sendable, Hashable {
  /// The run has ended, or does not stand where the request means something.
  case wrongState(RunStatus)
  /// The run is going on already.
  case underWay
  /// The run turned back and can only be unwound further, or closed.
  case neverForward
  /// The run stands at this point of no return.
  case pointOfNoReturn(String)
  /// The run did not stop because of this check, or step.
  case notTheReason(String)
  /// The run changed nothing that could be unwound.
  case nothingChanged
  /// Somebody gave up that the run can be unwound.
  case finalized(Finalization)
}

extension RunState {
  /// Why the request would be refused now; nil where it is accepted.
  public func refusal(of wish: Request.Wish) -> Refusal? {
    switch wish {
    case .pause: return isActive && pauseWanted == nil && ending == nil ? nil : .wrongState(status)
    case .resume: return resumeRefusal
    case .acceptCheck(let check):
      guard status == .halted, haltReason == .cause else { return .wrongState(status) }
      guard case .check(check, _) = cause?.origin else { return .notTheReason(check) }
      return nil
    case .adopt(let digest):
      guard let known = adoptable[digest], refusals(ofAdopting: known.outline, changed: []).isEmpty else { return .wrongState(status) }
      return nil
    case .cancel(let rollback):
      if rollback { return status == .succeeded ? .wrongState(status) : rollbackRefusal }
      return (status == .running || status == .paused) && ending == nil ? nil : .wrongState(status)
    case .rollback: return rollbackRefusal
    case .skipUndo(let step):
      guard status == .blocked || status == .rollingBack else { return .wrongState(status) }
      guard let number = unwound(by: step), steps[number].hasIntent else { return .notTheReason(step) }
      if status == .blocked, cursor != .unwind(number) { return .notTheReason(step) }
      return nil
    case .pastPoint(let step):
      guard status == .halted, case .pointOfNoReturn(let point) = haltReason else { return .wrongState(status) }
      return point == step ? nil : .pointOfNoReturn(point)
    case .pace: return status.isEnd ? .wrongState(status) : nil
    case .close: return status == .halted || status == .blocked ? nil : .wrongState(status)
    }
  }

  private var resumeRefusal: Refusal? {
    switch status {
    case .paused: nil
    case .running: pauseWanted == nil ? .underWay : nil
    case .rollingBack: isSuspended || pauseWanted != nil ? nil : .underWay
    case .halted:
      if case .pointOfNoReturn(let step) = haltReason { .pointOfNoReturn(step) } else { nil }
    case .blocked: .neverForward
    case .pending, .succeeded, .failed, .rolledBack, .rolledBackWithConflicts, .closed: .wrongState(status)
    }
  }

  private var rollbackRefusal: Refusal? {
    switch status {
    case .running, .paused, .blocked:
      if case .rollback(nil) = ending { .underWay } else { nil }
    case .halted:
      if case .pointOfNoReturn(let step) = haltReason { .pointOfNoReturn(step) } else { nil }
    case .rollingBack: isSuspended || pauseWanted != nil ? nil : .underWay
    case .succeeded:
      if let finalized { .finalized(finalized) } else { hasChanged ? nil : .nothingChanged }
    case .pending, .failed, .rolledBack, .rolledBackWithConflicts, .closed: .wrongState(status)
    }
  }

  /// The step of the phases that is unwound by the step named: itself, or the one whose undo list it stands in.
  func unwound(by step: String) -> Int? {
    guard let number = layout.stepNumbers[step] else { return nil }
    switch layout.sites[number].role {
    case .forward: return number
    case .undoItem(let parent): return parent
    case .afterRollback: return nil
    }
  }

  func facts(of request: Request, at: Int64) -> [Entry] {
    guard refusal(of: request.wish) == nil else {
      return request.requestID == nil ? [] : [Entry(at: at, .requestDeclined(request))]
    }
    switch request.wish {
    case .cancel(let rollback):
      return [
        Entry(at: at, .cancelRequested(rollback: rollback, who: request.who, reason: request.reason, requestID: request.requestID))
      ]
    case .close: return [Entry(at: at, .decision(.request(request))), Entry(at: at, .runEnded(.closed))]
    case .adopt(let digest):
      guard let adoption = adoptable[digest]?.adoption else { preconditionFailure("the plan \(digest) was not made known") }
      return [Entry(at: at, .planAdopted(adoption)), Entry(at: at, .decision(.request(request)))]
    default: return [Entry(at: at, .decision(.request(request)))]
    }
  }

  // MARK: What a decision makes of the state

  mutating func evolve(_ decision: Entry.Decision) {
    decisions.append(decision)
    switch decision {
    case .answer(let answer): answersBySubject[answer.subject, default: []].append(answer)
    case .request(let request):
      switch request.wish {
      case .pause: pauseWanted = request.reason.isEmpty ? "asked for by \(request.who)" : request.reason
      case .resume: resume()
      case .acceptCheck(let check):
        accept(check, request)
        resume()
      case .adopt:
        if status == .running { beginRechecks() } else { resume() }
      case .rollback: evolveRollback(.rollbackRequest, request.who, request.reason)
      case .skipUndo(let step):
        guard let number = unwound(by: step) else { preconditionFailure("the undo of \(step) cannot be skipped") }
        skipped[number] = request.reason
        if status == .blocked { status = .rollingBack }
        if cursor == .unwind(number), current == nil { giveUpUndo(number, request.reason) }
      case .pastPoint(let step):
        giveUpUndo(number(of: step), request.reason)
        status = .rollingBack
        haltReason = nil
      case .pace(let pace): self.pace = pace.map { ($0, request.who, request.reason) }
      case .close, .cancel: break
      }
    }
  }

  /// `rollback` and `cancel --rollback`: unwind the plan, or go on with that.
  mutating func evolveRollback(_ origin: Cause.Origin, _ who: String, _ reason: String) {
    pauseWanted = nil
    switch status {
    case .rollingBack: isSuspended = false
    case .blocked: retryUndo()
    default:
      add(Cause(origin: origin, response: .rollback, phase: nil, at: lastAt, message: reason.isEmpty ? "asked for by \(who)" : reason))
      ending = .rollback(phase: nil)
    }
  }

  private mutating func resume() {
    pauseWanted = nil
    pauseReason = nil
    if status == .rollingBack {
      isSuspended = false
      return
    }
    if status == .running { return }
    let reason = haltReason
    if status == .halted {
      for number in triggers.indices { triggers[number].rearm() }
      cause = nil
      ending = nil
      haltReason = nil
    }
    status = .running
    if case .phaseUndone(let id) = reason, let phase = layout.phaseNumbers[id] { restart(phase: phase) }
    if case .step(let number) = cursor {
      steps[number].tries = 0
      if steps[number].status == .failed { steps[number].status = .started }
      // Whoever resumes after an outcome that only a person can judge wants a new attempt.
      if steps[number].stage == .probe, layout.sites[number].outline.afterUnknown == .ask { steps[number].stage = .perform }
    }
    if let phase = currentPhase.flatMap({ layout.phaseNumbers[$0] }), phases[phase].status == .failed { phases[phase].status = .started }
    list?.conditionMet = false
    retryAt = nil
    beginRechecks()
  }

  private mutating func accept(_ check: String, _ request: Request) {
    checks[check, default: CheckRecord()].acceptedBy = request.who
    warnings.append(Warning(at: lastAt, subject: check, message: "accepted by \(request.who): \(request.reason)"))
    if rechecks == nil, list?.item?.check.id == check { list?.advance() }
  }
}
