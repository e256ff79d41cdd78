import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// Begins runs and takes them up again, in the order that the contract gives ("How a run goes").
public struct RunLauncher: Sendable {
  public let setting: RunSetting
  public let targets: TargetSet
  /// Called with the executor as soon as there is one, so that a signal finds it.
  public let onLeading: @Sendable (RunExecutor) async -> Void

  public init(setting: RunSetting, targets: TargetSet, onLeading: @escaping @Sendable (RunExecutor) async -> Void) {
    self.setting = setting
    self.targets = targets
    self.onLeading = onLeading
  }

  /// Begins the run: identities, record, reservations, lease, then the engine.
  /// - Parameter until: the id of the phase or step after which the run pauses.
  /// - Throws: `RunFailure`: 1 where a target cannot be used, 7 where something is reserved, 74 where the state could not be recorded.
  public func execute(until: String?) async throws(RunFailure) -> RunEnding {
    let outline = Outline(setting.bound)
    let executor = RunExecutor(
      setting: setting, folded: RunState(outline: outline), head: JournalHead(seq: 0, hash: setting.genesis), targets: targets)
    let coordination = executor.coordination
    try await beforeRecord { () async throws(ActionError) in try await coordination.connect() }
    try await checkIdentities(exitStatus: 1)
    try await checkCapabilities(of: coordination)
    try await refuseMovedFacts()
    let places = try await beforeRecord { () async throws(ActionError) in try await placesOfRun() }
    try await refuseSecondRun(in: places)
    let other = try await beforeRecord { () async throws(ActionError) in try await coordination.unfinishedRun() }
    if let other { throw await unfinished(other) }
    try refuseSecretParams()
    var header = setting.header
    header.targets = places.value
    do throws(JournalError) {
      _ = try await setting.journal.createRun(
        header, records: [], status: StatusNote(word: "pending", exitCode: 6, updated: setting.header.created))
    } catch {
      throw RunFailure(
        code: "RB2504", exitStatus: error.exitStatus, message: "\(error)", standing: "nothing was changed",
        next: ["try again when it can be written"])
    }
    let holders: [String]
    do throws(RunFailure) {
      if let conflict = try await conflictOfLocks(in: places) { throw await reserved(conflict) }
      if let conflict = try await beforeRecord({ () async throws(ActionError) in try await coordination.reserveAll(isNew: true) }) {
        throw await reserved(conflict)
      }
      holders = try await beforeRecord { () async throws(ActionError) in try await coordination.takeLeases() }
    } catch {
      throw await giveUp(after: error, coordination: coordination)
    }
    await onLeading(executor)
    return try await executor.lead(beginningWith: [
      .begin(info: info, until: until),
      .leaseTaken(epoch: 1, newProcess: true, holder: holders.isEmpty ? setting.owner.label : holders.joined(separator: " "), request: nil),
    ])
  }

  /// Takes a recorded run up again: with a request where a person asked for more than to go on.
  /// - Throws: `RunFailure`: 8 where a target is no longer the one that the run began with or the state is older than the target knows, 7
  ///   where another process leads the run or another run has taken its place, 74 where the state cannot be used.
  public func takeUp(_ wish: Request.Wish, reason: String) async throws(RunFailure) -> RunEnding {
    do throws(RunFailure) {
      return try await goOn(wish, reason: reason)
    } catch {
      // Whoever wanted the run rolled back still does.
      guard wish == .rollback else { throw error }
      var failure = error
      failure.next = error.next.map { $0 == goOnCommand ? "then: runbook rollback \(setting.run.id)" : $0 }
      throw failure
    }
  }

  private func goOn(_ wish: Request.Wish, reason: String) async throws(RunFailure) -> RunEnding {
    let (folded, head) = try await fold()
    if let ending = alreadyOver(folded, wish) {
      if folded.status.isEnd { await settle(folded, head: head) }
      return ending
    }
    try refuse(wish, in: folded)
    try await refuseWhereLaterRunStands()
    let executor = RunExecutor(setting: setting, folded: folded, head: head, targets: targets)
    let coordination = executor.coordination
    try await beforeTakeUp { () async throws(ActionError) in try await coordination.connect() }
    try await checkIdentities(exitStatus: 8)
    let holder: String
    do throws(RunFailure) {
      holder = try await takeOver(coordination, head: head, mayStayReserved: !folded.status.isEnd)
    } catch {
      await coordination.abandon()
      throw error
    }
    await onLeading(executor)
    let lease = Input.Event.leaseTaken(
      epoch: folded.epoch + 1, newProcess: true, holder: holder, request: Request(wish, who: setting.user, reason: reason))
    return try await executor.lead(beginningWith: folded.status == .pending ? [.begin(info: info, until: nil), lease] : [lease])
  }

  /// Takes the leases, looks whether the state is still the newest one, and reserves again; then nothing is open in the targets. In this order:
  /// only under the lease is it known that what is reserved for the run is this process's to keep or to give back, and that the run has not ended
  /// in another copy of the state.
  /// - Parameter mayStayReserved: false for a succeeded run, which holds nothing unless its rollback begins.
  /// - Returns: who holds the leases, for the record.
  private func takeOver(_ coordination: Coordination, head: JournalHead, mayStayReserved: Bool) async throws(RunFailure) -> String {
    let holders = try await beforeTakeUp { () async throws(ActionError) in try await coordination.takeLeases() }
    guard try await fold().head == head else {
      throw RunFailure(
        code: "RB2505", exitStatus: 7, message: "run \(setting.run.id) was taken up by another process meanwhile",
        standing: "this process did nothing", next: ["runbook status \(setting.run.id)"])
    }
    try await checkReceipts(coordination, head: head)
    do throws(RunFailure) {
      if let conflict = try await beforeTakeUp({ () async throws(ActionError) in try await coordination.reserveAll(isNew: false) }) {
        throw await reserved(conflict)
      }
      try await beforeTakeUp { () async throws(ActionError) in try await coordination.resolve() }
    } catch {
      if !mayStayReserved { await coordination.giveBack() }
      throw error
    }
    return holders.isEmpty ? setting.owner.label : holders.joined(separator: " ")
  }

  /// The state that the journal tells.
  public func fold() async throws(RunFailure) -> (state: RunState, head: JournalHead) {
    try await Self.fold(run: setting.run.id, plans: setting.plans, journal: setting.journal)
  }

  public static func fold(run: String, plans: PlanVersions, journal: any Journal) async throws(RunFailure) -> (
    state: RunState, head: JournalHead
  ) {
    var state = plans.freshState
    var unreadable: EntryDecodingError?
    do throws(JournalError) {
      let head = try await journal.head(of: run)
      var last = JournalHead(seq: 0, hash: head.hash)
      try await journal.forEachRecord(of: run) { (record) throws(JournalError) in
        last = JournalHead(seq: record.seq, hash: record.hash)
        guard unreadable == nil else { return }
        do throws(EntryDecodingError) {
          state.evolve(try Entry(kind: record.kind, version: record.version, payload: record.payload))
        } catch {
          unreadable = error
        }
      }
      if let unreadable { throw JournalError.damaged("\(unreadable)", seq: nil) }
      // More than the head may be there, where somebody appends meanwhile; less never.
      if last.seq < head.seq { throw JournalError.damaged("the last records are missing", seq: last.seq + 1) }
      return (state, last)
    } catch {
      throw RunFailure(recording: error, run: run)
    }
  }

  // MARK: parts

  /// Params are stored, and a run is resumed with what is stored: a secret among them could only be stored as it is or be lost.
  private func refuseSecretParams() throws(RunFailure) {
    for (name, value) in setting.header.params.mapValue ?? [:] where setting.redactor.contains(value) {
      throw RunFailure(
        code: "RB2514", exitStatus: 1, message: "the value of param '\(name)' contains a secret of this plan, or its password",
        standing: "the run was not begun and nothing was changed",
        next: ["declare it under 'secrets' and refer to it there, or change the secret, if it is an ordinary word"])
    }
  }

  private var info: Value {
    .object([
      "plan": .string(setting.run.planID), "planDigest": .string(setting.header.planDigest), "params": setting.header.params,
      "initiator": .string(setting.run.initiator), "toolVersion": .string(setting.header.toolVersion),
    ])
  }

  /// What cannot be done is said before anything is contacted. To go on, or back, with what is going on so anyway is fine.
  private func refuse(_ wish: Request.Wish, in state: RunState) throws(RunFailure) {
    switch wish {
    case .resume: return
    case .rollback:
      if state.status == .succeeded, let decision = state.finalized { throw wasFinalized(decision) }
      return
    case .acceptCheck, .adopt, .skipUndo, .pastPoint, .close, .pause, .pace, .cancel: break
    }
    guard state.refusal(of: wish) != nil else { return }
    throw RunFailure(
      code: "RB2513", exitStatus: 64, message: "this does not fit run \(setting.run.id), which is \(state.status.rawValue)",
      standing: "the run stays as it is", next: ["runbook status \(setting.run.id)"])
  }

  /// Ended runs and blocked ones that are only resumed stay as they are.
  private func alreadyOver(_ state: RunState, _ wish: Request.Wish) -> RunEnding? {
    let isReversible = state.status == .succeeded && wish == .rollback && state.refusal(of: .rollback) != .nothingChanged
    let ended = state.status.isEnd && !isReversible
    let blocked = state.status == .blocked && wish == .resume
    return ended || blocked ? RunEnding(run: setting.run.id, state: state, waitsFor: nil) : nil
  }

  func checkIdentities(exitStatus: Int32) async throws(RunFailure) {
    let used = Set(setting.bound.targetsUsed)
    for declaration in setting.bound.plan.targets where used.contains(declaration.name) {
      let mismatch: String?
      do throws(ActionError) {
        mismatch = try await targets.identityMismatch(of: declaration.name)
      } catch {
        throw exitStatus == 1 ? notBegun(error) : cannotGoOn(error)
      }
      if let mismatch {
        throw RunFailure(
          code: "RB2506", exitStatus: exitStatus, message: mismatch,
          standing: exitStatus == 1 ? "nothing was changed" : "the run stays as it is",
          next: ["check the target's address and its 'identity' in the plan"])
      }
    }
  }

  /// A target that knows more than the journal, or something else, was written by another copy of the run. One that knows less is told later.
  func checkReceipts(_ coordination: Coordination, head: JournalHead) async throws(RunFailure) {
    let receipts = try await beforeTakeUp { () async throws(ActionError) in try await coordination.receipts() }
    guard !receipts.isEmpty else { return }
    for receipt in receipts.compactMap(\.self) where receipt.headSequence > 0 {
      let record = try await stored(from: receipt.headSequence, limit: 1).first
      guard receipt.headSequence <= head.seq, let record, "\(record.hash)" == receipt.headHash else { throw outdated(receipt, head) }
    }
    let told = receipts.map { $0?.headSequence ?? 0 }.min() ?? 0
    coordination.noteStored(try await stored(from: told + 1, limit: .max))
  }

  private func stored(from seq: Int64, limit: Int) async throws(RunFailure) -> [JournalRecord] {
    do throws(JournalError) {
      return try await setting.journal.records(of: setting.run.id, from: seq, limit: limit)
    } catch {
      throw RunFailure(recording: error, run: setting.run.id)
    }
  }

  private func outdated(_ receipt: RunReceipt, _ head: JournalHead) -> RunFailure {
    RunFailure(
      code: "RB2507", exitStatus: 8,
      message:
        "the state is older than the target, or belongs to another copy of this run (entry \(head.seq) here, \(receipt.headSequence) in the target's receipt)",
      standing: "nothing was sent for the run",
      next: [
        "bring the newer state file back, or add to this one what the target knows: runbook recover --target URI --run \(setting.run.id)"
      ])
  }

  @discardableResult
  func beforeRecord<T: Sendable>(_ body: () async throws(ActionError) -> T) async throws(RunFailure) -> T {
    do throws(ActionError) { return try await body() } catch { throw notBegun(error) }
  }

  @discardableResult
  func beforeTakeUp<T: Sendable>(_ body: () async throws(ActionError) -> T) async throws(RunFailure) -> T {
    do throws(ActionError) { return try await body() } catch { throw cannotGoOn(error) }
  }

  func notBegun(_ error: ActionError) -> RunFailure {
    RunFailure(
      code: error.code, exitStatus: error.code == "RB3102" ? 7 : 1, message: setting.redactor.redact(error.message),
      standing: "the run was not begun and nothing was changed",
      next: [error.help.map(setting.redactor.redact), "then: runbook execute \(setting.header.planPath)"].compactMap(\.self))
  }

  private func cannotGoOn(_ error: ActionError) -> RunFailure {
    let led = error.kind == .leaseLost || error.code == "RB3102"
    return RunFailure(
      code: error.code, exitStatus: led ? 7 : 6, message: setting.redactor.redact(error.message),
      standing: "the run stays as it was recorded",
      next: [error.help.map(setting.redactor.redact), goOnCommand].compactMap(\.self))
  }

  private var goOnCommand: String { "then: runbook resume \(setting.run.id)" }

  private func reserved(_ conflict: ReservationConflict) async -> RunFailure {
    let failure = RunFailure(
      code: "RB2508", exitStatus: 7,
      message: "'\(conflict.reservation)' is reserved by run \(conflict.run) of plan '\(conflict.plan)'",
      standing: "this run changed nothing",
      next: [
        "where that run is recorded (in its directory, or with its --state): runbook status \(conflict.run)",
        "wait until it has ended, or 'runbook unlock \(conflict.run) --reason T' there if nobody leads it any more",
      ])
    return await endedHere(conflict.run, failure) ?? failure
  }

  private func unfinished(_ receipt: RunReceipt) async -> RunFailure {
    let failure = RunFailure(
      code: "RB2509", exitStatus: 7,
      message: "the plan '\(receipt.plan)' has an unfinished run in this target: \(receipt.run) (\(receipt.status))",
      standing: "nothing was changed",
      next: ["where that run is recorded (in its directory, or with its --state): runbook status \(receipt.run)"])
    return await endedHere(receipt.run, failure) ?? failure
  }

  /// The same failure where the run that stands in the way has ended, by this very state, and its target could not be told: to look at that run
  /// again makes it good (see `settle`).
  private func endedHere(_ run: String, _ failure: RunFailure) async -> RunFailure? {
    guard let other = try? await runs().first(where: { $0.run == run }), let word = other.status?.word, !other.isUnfinished else {
      return nil
    }
    var failure = failure
    failure.message += "; it is \(word), which the target could not be told"
    failure.next = ["runbook resume \(run)", "then the same command again"]
    return failure
  }

  /// The run was recorded and cannot begin: it is over before it began.
  private func giveUp(after failure: RunFailure, coordination: Coordination) async -> RunFailure {
    await coordination.abandon()
    await coordination.giveBack()
    let at = setting.clock.now()
    let entries = [
      Entry(at: at, .runStarted(info: info, until: nil)),
      Entry(at: at, .cancelRequested(rollback: false, who: setting.user, reason: failure.message, requestID: nil)),
      Entry(at: at, .runEnded(.failed)),
    ]
    do throws(JournalError) {
      _ = try await setting.journal.append(
        entries.map { NewRecord($0, epoch: 0) }, to: setting.run.id, expectedHead: 0, consuming: [],
        status: StatusNote(word: RunStatus.failed.rawValue, exitCode: failure.exitStatus, updated: at))
    } catch {
      setting.observer.observe(.notice("that the run was not begun could not be recorded: \(error)"))
    }
    return failure
  }
}

extension BoundPlan {
  /// Names of the targets that some step or check works on.
  public var targetsUsed: [String] {
    let calls = steps.values.map(\.call) + checks.values.compactMap(\.call) + triggers.map(\.call)
    var names: Set<String> = Set(reservations.map(\.target))
    for call in calls where call.usesTarget {
      if case .scalar(let scalar) = call.call.target?.content { names.insert(scalar.text) }
    }
    return names.sorted()
  }
}

extension RunSetting {
  var genesis: ChainHash { HashChain.genesis(run: run.id, planDigest: header.planDigest) }
}

extension RunLauncher {
  /// A process that died between a run's last entry and its last word to the targets left reservations there, and a receipt of a run under
  /// way. Whoever looks at the run again makes that good; that it cannot be is no failure of the run.
  private func settle(_ state: RunState, head: JournalHead) async {
    let coordination = Coordination(setting: setting, targets: targets)
    do {
      try await coordination.connect()
      let receipts = try await coordination.receipts().compactMap(\.self)
      if receipts.allSatisfy({ $0.status == state.status.rawValue }) { return await coordination.giveBack() }
      _ = try await coordination.takeLeases()
      try await checkReceipts(coordination, head: head)
      await coordination.finish(state: state, head: head)
    } catch {
      await coordination.abandon()
      let reason = (error as? ActionError)?.message ?? (error as? RunFailure)?.message ?? "\(error)"
      setting.observer.observe(
        .notice(setting.redactor.redact("the targets could not be asked whether anything of the run is still reserved: \(reason)")))
    }
  }

  /// Gives reservations and lease of a run back whose process is gone, and records who decided that; the run stays as it is.
  /// - Throws: `RunFailure` 7 where the lease still lasts, 74 where the decision could not be recorded.
  public func unlock(reason: String) async throws(RunFailure) {
    let (state, head) = try await fold()
    let coordination = Coordination(setting: setting, targets: targets)
    do throws(ActionError) {
      try await coordination.connect()
      for target in coordination.leased {
        try await target.breakLease(run: setting.run.id, by: "\(setting.user): \(reason)")
        try await target.releaseReservations(run: setting.run.id)
      }
    } catch {
      throw RunFailure(
        code: error.code, exitStatus: error.code == "RB3102" || error.code == "RB3103" ? 7 : 1,
        message: setting.redactor.redact(error.message),
        standing: "the run stays as it is; what could be given back was given back",
        next: [error.help.map(setting.redactor.redact)].compactMap(\.self))
    }
    // What never began has no journal yet, and must not begin with this.
    guard head.seq > 0 else { return }
    let entry = Entry(at: setting.clock.now(), .unlocked(who: setting.user, reason: reason))
    do throws(JournalError) {
      _ = try await setting.journal.append([NewRecord(entry, epoch: state.epoch)], to: setting.run.id, expectedHead: head.seq)
    } catch {
      throw RunFailure(recording: error, run: setting.run.id)
    }
  }
}
