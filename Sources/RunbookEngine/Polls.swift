import RunbookPlan

/// One asking of a check, with its polls: `within`, `holdFor`, and retries of transient errors.
extension RunState {
  /// The entry for one answer of a check: its last word, or a poll that goes on.
  func checked(_ effect: Effect, _ result: CheckResult, _ input: Input) -> Entry {
    guard let item = activeList?.item, item.check.id == effect.id.subject else {
      preconditionFailure("the check \(effect.id.subject) was not being asked")
    }
    let at = input.at
    if let poll = nextPoll(item.check, effect, result, input) {
      return Entry(at: at, .polled(effect.id, result, nextAt: poll.at, holdSince: poll.holdSince, errors: poll.errors))
    }
    return Entry(at: at, .verdict(effect.id, result, retryAt: undoItemRetry(item, result, input)))
  }

  private func nextPoll(
    _ check: CheckOutline, _ effect: Effect, _ result: CheckResult, _ input: Input
  ) -> (at: Int64, holdSince: Int64?, errors: Int)? {
    let at = input.at
    if result.verdict == .skipped { return nil }
    if let hold = check.holdFor, result.verdict == .pass || polling.holdSince != nil {
      // The holding ends at the first verdict that is no pass; it begins at the first that is one.
      let since = polling.holdSince ?? at
      guard result.verdict == .pass, at < since + hold else { return nil }
      return (min(at + RunState.pollInterval(hold), since + hold), since, polling.errors)
    }
    if result.verdict == .pass { return nil }
    if let within = check.within {
      let deadline = effect.requestedAt + within
      guard at < deadline else { return nil }
      return (min(at + RunState.pollInterval(within), deadline), nil, polling.errors)
    }
    guard result.verdict == .error, result.transient, polling.errors + 1 < check.retry.attempts else { return nil }
    let errors = polling.errors + 1
    return (at + check.retry.wait(afterTries: errors, jitter: input.jitter), nil, errors)
  }

  /// Every second, or a tenth of the time if that is shorter.
  static func pollInterval(_ time: Int64) -> Int64 { max(1, min(1_000, time / 10)) }

  /// A check in an undo list that does not pass fails the undo, which is tried again.
  private func undoItemRetry(_ item: CheckList.Item, _ result: CheckResult, _ input: Input) -> Int64? {
    guard let number = item.owner.step, case .undoItem = layout.sites[number].role, let policy = item.check.policy(for: result.verdict),
      policy == .rollback || policy == .halt
    else { return nil }
    return undoRetry(input)
  }

  /// The list whose checks are asked now.
  var activeList: CheckList? { rechecks ?? list }
}

extension CheckList.Owner {
  var step: Int? {
    switch self {
    case .stepPreconditions(let step), .stepVerify(let step): step
    default: nil
    }
  }
}

extension CheckOutline {
  /// What follows from a verdict; nil for one that lets the list go on.
  func policy(for verdict: Verdict) -> Policy? {
    switch verdict {
    case .pass, .skipped: nil
    case .fail: onFail
    case .error: onError
    case .noData, .inconclusive: onNoData
    }
  }
}
