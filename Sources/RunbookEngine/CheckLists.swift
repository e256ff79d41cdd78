/// Lists of checks: what a verdict means where it stands, and which checks are asked again on resume.
extension RunState {
  /// The last word of the check that is being asked.
  mutating func conclude(_ item: CheckList.Item, _ result: CheckResult, _ retryAt: Int64?) {
    let check = item.check
    checks[check.id] = CheckRecord(result: result, at: lastAt)
    answersBySubject[check.id] = nil
    guard let policy = check.policy(for: result.verdict) else {
      if result.verdict == .pass, case .stepVerify(let number) = item.owner, case .undoItem(let parent) = layout.sites[number].role {
        steps[parent].undoVerified = true
      }
      return advanceList()
    }
    if policy == .warn { return warn(item, result) }
    if item.owner == .verifyRollback {
      // All of them are asked: nothing is left to be stopped, and each says something about the restored state.
      unverified.append(check.id)
      return advanceList()
    }
    if let number = item.owner.step {
      switch layout.sites[number].role {
      case .forward: break
      case .undoItem(let parent):
        if policy == .skip { return skipGuarded(item, result) }
        return failUndo(parent, Failure(code: "RB2601", message: message(check, result)), retryAt)
      case .afterRollback:
        if policy == .skip { return skipGuarded(item, result) }
        unverified.append(check.id)
        if case .stepVerify = item.owner { return advanceList() }
        list = nil
        return close(number, .failed)
      }
    }
    if policy == .skip, item.owner != .planPreconditions { return skipGuarded(item, result) }
    markFailed(item.owner)
    // A precondition of the plan knows no rollback: nothing was changed yet, or, asked again on resume, what stands is kept.
    let response: Cause.Response = policy == .rollback && item.owner != .planPreconditions ? .rollback : .halt
    turn(.check(check.id, result.verdict), response, phase: phase(of: item.owner), message(check, result))
  }

  private mutating func advanceList() {
    if rechecks == nil { list?.advance() } else { rechecks?.advance() }
  }

  private mutating func warn(_ item: CheckList.Item, _ result: CheckResult) {
    warnings.append(Warning(at: lastAt, subject: item.check.id, message: message(item.check, result)))
    if let number = item.owner.step, case .undoItem(let parent) = layout.sites[number].role, case .stepVerify = item.owner {
      steps[parent].listConflicts += 1
    }
    advanceList()
  }

  private func message(_ check: CheckOutline, _ result: CheckResult) -> String {
    "check \(check.id): \(result.verdict.rawValue)" + (result.message.isEmpty ? "" : ", \(result.message)")
  }

  /// Skips what a precondition guards; what has begun already cannot be skipped any more, only warned of.
  private mutating func skipGuarded(_ item: CheckList.Item, _ result: CheckResult) {
    switch item.owner {
    case .stepPreconditions(let number) where steps[number].attempts == 0:
      (list, rechecks) = (nil, nil)
      close(number, .skipped)
    case .phasePreconditions(let phase) where layout.phaseSteps[phase].allSatisfy({ steps[$0].stage == .condition }):
      skip(phase: phase)
    default: warn(item, result)
    }
  }

  private func phase(of owner: CheckList.Owner) -> Int? {
    switch owner {
    case .phasePreconditions(let phase), .phaseVerify(let phase): phase
    case .stepPreconditions(let number), .stepVerify(let number): layout.phase(ofStep: number)
    case .planPreconditions, .planVerify, .verifyRollback: nil
    }
  }

  private mutating func markFailed(_ owner: CheckList.Owner) {
    switch owner {
    case .phasePreconditions(let phase), .phaseVerify(let phase): phases[phase].status = .failed
    case .stepPreconditions(let number), .stepVerify(let number): steps[number].status = .failed
    case .planPreconditions, .planVerify, .verifyRollback: break
    }
  }

  // MARK: Asked again on resume

  /// Preconditions with `recheck` that were asked (and not accepted by a person), and whose plan, phase or step is still to be guarded, are asked again before anything else.
  mutating func beginRechecks() {
    var items: [CheckList.Item] = []
    func add(_ checks: [CheckOutline], _ owner: CheckList.Owner) {
      for check in checks where check.recheck && check.id != list?.item?.check.id {
        guard let record = self.checks[check.id], record.acceptedBy == nil, record.result?.verdict != .skipped else { continue }
        items.append(CheckList.Item(check: check, owner: owner))
      }
    }
    switch cursor {
    case .planPreconditions, .phaseCondition, .phasePreconditions, .step: add(outline.preconditions, .planPreconditions)
    default: return
    }
    switch cursor {
    case .phasePreconditions(let phase): add(outline.phases[phase].preconditions, .phasePreconditions(phase))
    case .step(let number):
      if let phase = layout.phase(ofStep: number) { add(outline.phases[phase].preconditions, .phasePreconditions(phase)) }
      if steps[number].stage != .verify, steps[number].stage != .over {
        add(layout.sites[number].outline.preconditions, .stepPreconditions(number))
      }
    default: break
    }
    guard !items.isEmpty else { return }
    rechecks = CheckList(items: items)
    if let current { held = current }
    current = nil
    polling = Polling()
  }
}
