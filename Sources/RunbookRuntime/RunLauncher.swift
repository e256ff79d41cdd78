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
    let other = try await beforeRecord { () async throws(ActionError) in try await coordination.unfinishedRun() }
    if let other { throw unfinished(other) }
    do throws(JournalError) {
      _ = try await setting.journal.createRun(
        setting.header, records: [], status: StatusNote(word: "pending", exitCode: 6, updated: setting.header.created))
    } catch {
      throw RunFailure(
        code: "RB2504", exitStatus: error.exitStatus, message: "\(error)", standing: "nothing was changed", next: ["try again when it can be written"])
    }
    let holders: [String]
    do throws(ActionError) {
      if let conflict = try await coordination.reserveAll() { throw refusal(reserved(conflict)) }
      holders = try await coordination.takeLeases()
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
    let (folded, head) = try await fold()
    if let ending = alreadyOver(folded, wish) { return ending }
    let executor = RunExecutor(setting: setting, folded: folded, head: head, targets: targets)
    let coordination = executor.coordination
    try await beforeTakeUp { () async throws(ActionError) in try await coordination.connect() }
    try await checkIdentities(exitStatus: 8)
    if let conflict = try await beforeTakeUp({ () async throws(ActionError) in try await coordination.reserveAll() }) {
      throw reserved(conflict)
    }
    let holders = try await beforeTakeUp { () async throws(ActionError) in try await coordination.takeLeases() }
    let (current, currentHead) = try await fold()
    guard currentHead == head else {
      await coordination.abandon()
      throw RunFailure(
        code: "RB2505", exitStatus: 7, message: "run \(setting.run.id) was taken up by another process meanwhile",
        standing: "this process did nothing", next: ["runbook status \(setting.run.id)"])
    }
    try await checkReceipt(coordination, head: head)
    do throws(ActionError) {
      try await coordination.resolve()
    } catch {
      await coordination.abandon()
      throw cannotGoOn(error)
    }
    await onLeading(executor)
    let holder = holders.isEmpty ? setting.owner.label : holders.joined(separator: " ")
    let request = request(wish, reason: reason, state: current)
    if current.status == .pending {
      return try await executor.lead(beginningWith: [
        .begin(info: info, until: nil), .leaseTaken(epoch: 1, newProcess: true, holder: holder, request: nil),
      ])
    }
    return try await executor.lead(beginningWith: [
      .leaseTaken(epoch: current.epoch + 1, newProcess: true, holder: holder, request: request)
    ])
  }

  /// The state that the journal tells.
  public func fold() async throws(RunFailure) -> (state: RunState, head: JournalHead) {
    try await Self.fold(run: setting.run.id, outline: Outline(setting.bound), journal: setting.journal)
  }

  public static func fold(run: String, outline: Outline, journal: any Journal) async throws(RunFailure) -> (state: RunState, head: JournalHead)
  {
    var state = RunState(outline: outline)
    var unreadable: EntryDecodingError?
    do throws(JournalError) {
      try await journal.forEachRecord(of: run) { (record) throws(JournalError) in
        guard unreadable == nil else { return }
        do throws(EntryDecodingError) {
          state.evolve(try Entry(kind: record.kind, version: record.version, payload: record.payload))
        } catch {
          unreadable = error
        }
      }
      let head = try await journal.head(of: run)
      if let unreadable { throw JournalError.damaged("\(unreadable)", seq: nil) }
      return (state, head)
    } catch {
      throw RunFailure(recording: error, run: run)
    }
  }

  // MARK: parts

  private var info: Value {
    .object([
      "plan": .string(setting.run.planID), "planDigest": .string(setting.header.planDigest), "params": setting.header.params,
      "initiator": .string(setting.run.initiator), "toolVersion": .string(setting.header.toolVersion),
    ])
  }

  /// A request for what is going on anyway is none.
  private func request(_ wish: Request.Wish, reason: String, state: RunState) -> Request? {
    if wish == .resume, state.status == .running || state.status == .pending { return nil }
    if wish == .resume || wish == .rollback, state.status == .rollingBack, !state.isSuspended { return nil }
    return Request(wish, who: setting.user, reason: reason)
  }

  /// Ended runs and blocked ones that are only resumed stay as they are.
  private func alreadyOver(_ state: RunState, _ wish: Request.Wish) -> RunEnding? {
    let ended = state.status.isEnd && !(state.status == .succeeded && wish == .rollback)
    let blocked = state.status == .blocked && wish == .resume
    return ended || blocked ? RunEnding(run: setting.run.id, state: state, waitsFor: nil) : nil
  }

  private func checkIdentities(exitStatus: Int32) async throws(RunFailure) {
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

  private func checkReceipt(_ coordination: Coordination, head: JournalHead) async throws(RunFailure) {
    let receipt = try await beforeTakeUp { () async throws(ActionError) in try await coordination.newestReceipt() }
    guard let receipt, receipt.headSequence > 0 else { return }
    var agrees = receipt.headSequence <= head.seq
    if agrees {
      do throws(JournalError) {
        let record = try await setting.journal.records(of: setting.run.id, from: receipt.headSequence, limit: 1).first
        agrees = record.map { "\($0.hash)" == receipt.headHash } ?? false
      } catch {
        await coordination.abandon()
        throw RunFailure(recording: error, run: setting.run.id)
      }
    }
    if agrees { return }
    await coordination.abandon()
    throw RunFailure(
      code: "RB2507", exitStatus: 8,
      message: "the state is older than the target, or belongs to another copy of this run (entry \(head.seq) here, \(receipt.headSequence) in the target's receipt)",
      standing: "nothing was sent for the run", next: ["bring the newer state file back, or 'runbook recover --target URI' in a version that has it"])
  }

  @discardableResult
  private func beforeRecord<T: Sendable>(_ body: () async throws(ActionError) -> T) async throws(RunFailure) -> T {
    do throws(ActionError) { return try await body() } catch { throw notBegun(error) }
  }

  @discardableResult
  private func beforeTakeUp<T: Sendable>(_ body: () async throws(ActionError) -> T) async throws(RunFailure) -> T {
    do throws(ActionError) { return try await body() } catch { throw cannotGoOn(error) }
  }

  private func notBegun(_ error: ActionError) -> RunFailure {
    RunFailure(
      code: error.code, exitStatus: 1, message: setting.redactor.redact(error.message), standing: "the run was not begun and nothing was changed",
      next: [error.help, "then: runbook execute \(setting.header.planPath)"].compactMap(\.self))
  }

  private func cannotGoOn(_ error: ActionError) -> RunFailure {
    let led = error.kind == .leaseLost || error.code == "RB3102"
    return RunFailure(
      code: error.code, exitStatus: led ? 7 : 6, message: setting.redactor.redact(error.message), standing: "the run stays as it was recorded",
      next: [error.help, "then: runbook resume \(setting.run.id)"].compactMap(\.self))
  }

  private func reserved(_ conflict: ReservationConflict) -> RunFailure {
    RunFailure(
      code: "RB2508", exitStatus: 7,
      message: "'\(conflict.reservation)' is reserved by run \(conflict.run) of plan '\(conflict.plan)'", standing: "this run changed nothing",
      next: [
        "runbook status \(conflict.run)", "wait until it has ended, or 'runbook unlock \(conflict.run) --reason T' if nobody leads it any more",
      ])
  }

  private func unfinished(_ receipt: RunReceipt) -> RunFailure {
    RunFailure(
      code: "RB2509", exitStatus: 7, message: "the plan '\(receipt.plan)' has an unfinished run in this target: \(receipt.run) (\(receipt.status))",
      standing: "nothing was changed", next: ["runbook resume \(receipt.run)", "runbook rollback \(receipt.run)"])
  }

  /// The run was recorded and cannot begin: it is over before it began.
  private func refusal(_ failure: RunFailure) -> ActionError {
    ActionError(code: failure.code, message: failure.message, kind: .refused, help: failure.next.joined(separator: "\n"))
  }

  private func giveUp(after error: ActionError, coordination: Coordination) async -> RunFailure {
    let reserved = error.code == "RB2508" || error.code == "RB3102"
    let status: Int32 = reserved ? 7 : 1
    await coordination.abandon()
    await coordination.giveBack()
    _ = try? await setting.journal.append(
      [], to: setting.run.id, expectedHead: 0, consuming: [],
      status: StatusNote(word: "failed", exitCode: status, updated: setting.clock.now()))
    return RunFailure(
      code: error.code, exitStatus: status, message: setting.redactor.redact(error.message), standing: "this run changed nothing",
      next: (error.help ?? "runbook execute \(setting.header.planPath)").split(separator: "\n").map(String.init))
  }
}

extension BoundPlan {
  /// Names of the targets that some step or check works on.
  var targetsUsed: [String] {
    let calls = steps.values.map(\.call) + checks.values.compactMap(\.call)
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
  /// Gives reservations and lease of a run back whose process is gone; the run stays as it is recorded.
  /// - Throws: `RunFailure` 7 where the lease still lasts.
  public func unlock(reason: String) async throws(RunFailure) {
    let coordination = Coordination(setting: setting, targets: targets)
    do throws(ActionError) {
      try await coordination.connect()
      for target in coordination.leased {
        try await target.breakLease(run: setting.run.id, by: "\(setting.user): \(reason)")
        try await target.releaseReservations(run: setting.run.id)
      }
    } catch {
      throw RunFailure(
        code: error.code, exitStatus: error.code == "RB3102" || error.code == "RB3103" ? 7 : 1, message: setting.redactor.redact(error.message),
        standing: "the run stays as it is; what could be given back was given back", next: [error.help].compactMap(\.self))
    }
  }
}
