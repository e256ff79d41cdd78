import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import Synchronization

/// What the run owes its targets: reservations, leases, receipts, in every target that it changes, in the order of their names.
final class Coordination: Sendable {
  private struct Contents {
    var changed: [(target: any CoordinatingTarget, reservations: [String])] = []
    var pending: [ReceiptEntry] = []
  }

  private let setting: RunSetting
  private let targets: TargetSet
  private let contents = Mutex(Contents())

  init(setting: RunSetting, targets: TargetSet) {
    self.setting = setting
    self.targets = targets
  }

  /// The targets in which this process holds the lease, or will.
  var leased: [any CoordinatingTarget] { contents.withLock { $0.changed.map(\.target) } }

  /// Connects the targets that are changed.
  func connect() async throws(ActionError) {
    var changed: [(target: any CoordinatingTarget, reservations: [String])] = []
    for reservation in setting.bound.reservations {
      guard let target = try await targets.target(named: reservation.target) as? any CoordinatingTarget else {
        throw ActionError(
          code: "RB2204", message: "target '\(reservation.target)' cannot hold reservations, so nothing in it can be changed", kind: .mistake)
      }
      changed.append((target, reservation.names))
    }
    let all = changed
    contents.withLock { $0.changed = all }
  }

  /// Reserves everything in every target, or gives back what it got.
  func reserveAll() async throws(ActionError) -> ReservationConflict? {
    let changed = contents.withLock { $0.changed }
    for (number, item) in changed.enumerated() {
      let conflict: ReservationConflict?
      do throws(ActionError) {
        conflict = try await item.target.reserve(
          run: setting.run.id, reservations: item.reservations, plan: setting.run.planID)
      } catch {
        for earlier in changed[..<number] { try? await earlier.target.releaseReservations(run: setting.run.id) }
        throw error
      }
      if let conflict {
        for earlier in changed[...number] { try await earlier.target.releaseReservations(run: setting.run.id) }
        return conflict
      }
    }
    return nil
  }

  /// Takes the lease in every target.
  /// - Returns: the epochs, for the record.
  func takeLeases() async throws(ActionError) -> [String] {
    var holders: [String] = []
    for target in leased {
      let grant = try await target.acquireLease(run: setting.run.id, owner: setting.owner) { [observer = setting.observer] in
        observer.observe(.waiting($0))
      }
      holders.append("\(target.name):\(grant.epoch)")
    }
    return holders
  }

  /// What a process that died left open in the targets is found out about. Only under the lease.
  func resolve() async throws(ActionError) {
    for target in leased { try await target.resolve(run: setting.run.id) }
  }

  /// A receipt that is newer than the journal: its sequence number and hash.
  func newestReceipt() async throws(ActionError) -> RunReceipt? {
    var newest: RunReceipt?
    for target in leased {
      if let receipt = try await target.readReceipt(run: setting.run.id), receipt.headSequence > (newest?.headSequence ?? -1) {
        newest = receipt
      }
    }
    return newest
  }

  /// An unfinished run of the same plan that a target knows of.
  func unfinishedRun() async throws(ActionError) -> RunReceipt? {
    for target in leased {
      let other = try await target.unfinishedRuns(plan: setting.run.planID).first { $0.run != setting.run.id }
      if let other { return other }
    }
    return nil
  }

  /// Remembers committed entries until the next receipt takes them along.
  func noteCommitted(_ records: [NewRecord], after seq: Int64, redactor: Redactor) {
    guard !setting.bound.reservations.isEmpty else { return }
    let entries = records.enumerated().map { number, record in
      let value = Value.object([
        "epoch": .integer(record.epoch), "at": .integer(record.at), "version": .integer(Int64(record.version)), "kind": .string(record.kind),
        "payload": redactor.redact(record.payload, sparing: record.structuralKeys),
      ])
      return ReceiptEntry(sequence: seq + 1 + Int64(number), text: value.encodedJSON())
    }
    contents.withLock { $0.pending += entries }
  }

  /// Puts the run's head and the entries since the last receipt into every target.
  func writeReceipts(status: String, phase: String?, head: JournalHead) async throws(ActionError) {
    let (changed, entries) = contents.withLock { ($0.changed, $0.pending) }
    guard !changed.isEmpty else { return }
    let receipt = RunReceipt(
      run: setting.run.id, plan: setting.run.planID, planBytes: String(decoding: setting.header.planBytes, as: UTF8.self),
      params: setting.redactor.redact(setting.header.params), status: status, phase: phase, headSequence: head.seq,
      headHash: "\(head.hash)",
      details: [
        "planDigest": .string(setting.header.planDigest), "planPath": .string(setting.header.planPath),
        "created": .timestamp(setting.header.created), "initiator": .string(setting.header.initiator),
        "toolVersion": .string(setting.header.toolVersion),
      ])
    for item in changed { try await item.target.writeReceipt(receipt, entries: entries) }
    let last = entries.last?.sequence ?? 0
    contents.withLock { contents in contents.pending.removeAll { $0.sequence <= last } }
  }

  /// The run stands: a last receipt, the reservations back if it has ended, the leases back in any case.
  func finish(state: RunState, head: JournalHead) async throws(RunFailure) {
    do throws(ActionError) {
      try await writeReceipts(status: state.status.rawValue, phase: state.currentPhase, head: head)
      for target in leased {
        if state.status.isEnd { try await target.releaseReservations(run: setting.run.id) }
        try await target.releaseLease()
      }
    } catch {
      setting.observer.observe(
        .notice("the target could not be told that the run is \(state.status.rawValue): \(error.message); 'runbook unlock \(setting.run.id)' does it later"))
    }
  }

  /// Gives back what a run that never began had reserved.
  func giveBack() async {
    for target in leased { try? await target.releaseReservations(run: setting.run.id) }
  }

  /// This process stops where it is: the lease runs out by itself or is given back, everything else stays.
  func abandon() async {
    for target in leased { try? await target.releaseLease() }
  }
}
