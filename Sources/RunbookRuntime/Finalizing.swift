import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// What a run keeps in its targets after its end, and how that is given up.
extension RunLauncher {
  /// What each target that the run changed keeps for it, sizes included. Only reads.
  public func kept() async throws(ActionError) -> OrderedDictionary<String, KeptForRun> {
    let coordination = Coordination(setting: setting, targets: targets)
    try await coordination.connect()
    var kept: OrderedDictionary<String, KeptForRun> = [:]
    for target in coordination.leased { kept[target.name] = try await target.kept(for: setting.run.id) }
    return kept
  }

  /// Gives up that the ended run can be rolled back, and cleans up after it.
  ///
  /// The decision is recorded, and told to the targets, before anything is removed: a process that dies in between leaves a run that nobody rolls
  /// back with half of its undo entries, and the same command again removes the rest.
  /// - Returns: what was removed and what is left, by target.
  /// - Throws: `RunFailure`: 64 where the run has not ended, 7 where another process leads it, 8 where a target or the state is not the one that the
  ///   run knows, 1 where a target refused something.
  public func finalize(reason: String) async throws(RunFailure) -> OrderedDictionary<String, CleanUp> {
    let (folded, head) = try await fold()
    guard folded.status.isEnd else {
      throw RunFailure(
        code: "RB2516", exitStatus: 64,
        message: "run \(setting.run.id) is \(folded.status.rawValue); only a run that has ended can be finalized",
        standing: "nothing was removed", next: ["runbook status \(setting.run.id)"])
    }
    let coordination = Coordination(setting: setting, targets: targets)
    do throws(RunFailure) {
      try await beforeTakeUp { () async throws(ActionError) in try await coordination.connect() }
      try await checkIdentities(exitStatus: 8)
      try await beforeTakeUp { () async throws(ActionError) in _ = try await coordination.takeLeases() }
      let done = try await finalizeUnderLease(folded, head, coordination, reason)
      await coordination.giveBack()
      await coordination.abandon()
      return done
    } catch {
      await coordination.abandon()
      var failure = error
      // What could not be begun says how a run goes on; this one goes nowhere.
      failure.exitStatus = error.exitStatus == 6 ? 1 : error.exitStatus
      failure.next = error.next.map { $0.replacing("runbook resume ", with: "runbook finalize ") }
      throw failure
    }
  }

  private func finalizeUnderLease(
    _ state: RunState, _ first: JournalHead, _ coordination: Coordination, _ reason: String
  ) async throws(RunFailure) -> OrderedDictionary<String, CleanUp> {
    var head = first
    guard try await fold().head == head else {
      throw RunFailure(
        code: "RB2505", exitStatus: 7, message: "run \(setting.run.id) was taken up by another process meanwhile",
        standing: "this process did nothing", next: ["runbook status \(setting.run.id)"])
    }
    try await checkReceipts(coordination, head: head)
    if state.finalized == nil {
      let reason = setting.redactor.redact(reason)
      head = try await record(.finalized(who: setting.user, reason: reason), after: head, epoch: state.epoch, coordination)
    }
    var done: OrderedDictionary<String, CleanUp> = [:]
    do throws(ActionError) {
      try await coordination.writeReceipts(status: state.status.rawValue, phase: nil, head: head)
      for target in coordination.leased { done[target.name] = try await target.cleanUp(run: setting.run.id) }
    } catch {
      throw halfCleaned(error)
    }
    let value = Value.map(ValueMap(uniqueKeysWithValues: done.map { ($0.key, $0.value.value) }))
    // The same command once more finds nothing and says nothing new.
    if state.cleanedUp == nil || done.values.contains(where: { $0.removed != KeptForRun() }) {
      _ = try await record(.cleanedUp(value), after: head, epoch: state.epoch, coordination)
    }
    return done
  }

  private func record(
    _ kind: Entry.Kind, after head: JournalHead, epoch: Int64, _ coordination: Coordination
  ) async throws(RunFailure) -> JournalHead {
    let records = [NewRecord(Entry(at: setting.clock.now(), kind), epoch: epoch)]
    do throws(JournalError) {
      let next = try await setting.journal.append(records, to: setting.run.id, expectedHead: head.seq)
      coordination.noteCommitted(records, after: head.seq, redactor: setting.redactor)
      return next
    } catch {
      throw RunFailure(recording: error, run: setting.run.id)
    }
  }

  private func halfCleaned(_ error: ActionError) -> RunFailure {
    RunFailure(
      code: error.code, exitStatus: error.kind == .leaseLost ? 7 : 1, message: setting.redactor.redact(error.message),
      standing: "run \(setting.run.id) is finalized and cannot be rolled back any more; not everything that it kept is removed",
      next: [error.help.map(setting.redactor.redact), "runbook finalize \(setting.run.id)"].compactMap(\.self))
  }

  func wasFinalized(_ decision: Finalization) -> RunFailure {
    let reason = decision.reason.isEmpty ? "" : " (\(decision.reason))"
    return RunFailure(
      code: "RB2515", exitStatus: 64,
      message:
        "run \(setting.run.id) was finalized by \(decision.who) at \(TimestampText.format(milliseconds: decision.at))\(reason): what its rollback would need was given up",
      standing: "the run stays \(RunStatus.succeeded.rawValue), with its changes", next: ["runbook report \(setting.run.id)"])
  }
}
