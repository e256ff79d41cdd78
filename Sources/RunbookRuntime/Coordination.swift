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
          code: "RB2204", message: "target '\(reservation.target)' cannot hold reservations, so nothing in it can be changed",
          kind: .mistake)
      }
      changed.append((target, reservation.names))
    }
    let all = changed
    contents.withLock { $0.changed = all }
  }

  /// Reserves everything in every target, or gives back what it got.
  /// - Parameter isNew: the run holds nothing yet, so that an error too gives everything back. A run that is taken up keeps what it holds.
  func reserveAll(isNew: Bool) async throws(ActionError) -> ReservationConflict? {
    let changed = contents.withLock { $0.changed }
    for (number, item) in changed.enumerated() {
      let conflict: ReservationConflict?
      do throws(ActionError) {
        conflict = try await item.target.reserve(
          run: setting.run.id, reservations: item.reservations, plan: setting.run.planID)
      } catch {
        if isNew { for earlier in changed[...number] { try? await earlier.target.releaseReservations(run: setting.run.id) } }
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
      let grant = try await target.acquireLease(run: setting.run.id, owner: setting.owner) {
        [observer = setting.observer, redactor = setting.redactor] in
        observer.observe(.waiting(redactor.redact($0)))
      }
      holders.append("\(target.name):\(grant.epoch)")
    }
    return holders
  }

  /// What a process that died left open in the targets is found out about. Only under the lease.
  func resolve() async throws(ActionError) {
    for target in leased { try await target.resolve(run: setting.run.id) }
  }

  /// What each target knows of the run; nil for one that has no receipt of it.
  func receipts() async throws(ActionError) -> [RunReceipt?] {
    var receipts: [RunReceipt?] = []
    for target in leased { receipts.append(try await target.readReceipt(run: setting.run.id)) }
    return receipts
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
      ReceiptEntry(
        sequence: seq + 1 + Int64(number), epoch: record.epoch, at: record.at, version: record.version, kind: record.kind,
        payload: redactor.redact(record.payload, sparing: record.structuralKeys))
    }
    contents.withLock { $0.pending += entries }
  }

  /// Remembers entries that an earlier process recorded and could not bring to the targets any more.
  func noteStored(_ records: [JournalRecord]) {
    let entries = records.map {
      ReceiptEntry(sequence: $0.seq, epoch: $0.epoch, at: $0.at, version: $0.version, kind: $0.kind, payload: $0.payload)
    }
    contents.withLock { $0.pending = entries }
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
        "planDigest": .string(setting.header.planDigest), "planPath": .string(setting.redactor.redact(setting.header.planPath)),
        "created": .timestamp(setting.header.created), "initiator": .string(setting.redactor.redact(setting.header.initiator)),
        "toolVersion": .string(setting.header.toolVersion), "targets": setting.redactor.redact(setting.header.targets),
      ])
    for item in changed { try await item.target.writeReceipt(receipt, entries: entries) }
    let last = entries.last?.sequence ?? 0
    contents.withLock { contents in contents.pending.removeAll { $0.sequence <= last } }
  }

  /// The run stands: a last receipt, the reservations back if it has ended, the leases back in any case.
  func finish(state: RunState, head: JournalHead) async {
    do throws(ActionError) {
      try await writeReceipts(status: state.status.rawValue, phase: state.currentPhase, head: head)
      if state.status.isEnd { for target in leased { try await target.releaseReservations(run: setting.run.id) } }
    } catch {
      let next = state.status.isEnd ? "; 'runbook resume \(setting.run.id)' tells it and gives back what is reserved" : ""
      setting.observer.observe(
        .notice(setting.redactor.redact("the target could not be told that the run is \(state.status.rawValue): \(error.message)\(next)")))
    }
    await abandon()
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

extension ReceiptEntry {
  /// An entry as it is kept in a target: the same text, whichever process brings it there.
  init(sequence: Int64, epoch: Int64, at: Int64, version: Int, kind: String, payload: Value) {
    let value = Value.object([
      "epoch": .integer(epoch), "at": .integer(at), "version": .integer(Int64(version)), "kind": .string(kind), "payload": payload,
    ])
    self.init(sequence: sequence, text: value.encodedJSON())
  }
}
