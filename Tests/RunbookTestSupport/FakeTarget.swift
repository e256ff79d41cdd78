import OrderedCollections
import RunbookActions
import RunbookPlan

/// Connects to a `FakeServer`; stands in for `mongodb`.
public struct FakeConnector: TargetConnector {
  public let type = "mongodb"
  public let fields: [FieldType.Field] = [
    .init("uri", .text, "Ignored."), .init("database", .text, "Ignored."),
  ]
  private let server: FakeServer
  private let others: [String: FakeServer]

  /// - Parameter others: the servers of targets that have one of their own, by the target's name.
  public init(_ server: FakeServer, others: [String: FakeServer] = [:]) {
    self.server = server
    self.others = others
  }

  public func connect(name: String, fields: ValueMap) async throws(ActionError) -> any Target {
    let server = others[name] ?? server
    return FakeTarget(name: name, server: server, session: server.connect())
  }
}

/// One process's connection to a `FakeServer`.
public final class FakeTarget: CoordinatingTarget {
  public let name: String
  public let type = "mongodb"
  let server: FakeServer
  let session: Int

  init(name: String, server: FakeServer, session: Int) {
    self.name = name
    self.server = server
    self.session = session
  }

  public func identity() async throws(ActionError) -> TargetIdentity {
    try server.check(session)
    return TargetIdentity(facts: server.state.withLock { $0.facts }, key: server.name)
  }

  public func close() async {}

  // MARK: reservations

  public func reserve(run: String, reservations: [String], plan: String) async throws(ActionError) -> ReservationConflict? {
    try server.check(session)
    return server.state.withLock { state in
      for reservation in reservations {
        if let held = state.reservations[reservation], held.run != run { return held }
      }
      for reservation in reservations {
        state.reservations[reservation] = ReservationConflict(reservation: reservation, run: run, plan: plan)
      }
      return nil
    }
  }

  public func releaseReservations(run: String) async throws(ActionError) {
    try server.check(session)
    server.state.withLock { state in state.reservations = state.reservations.filter { $0.value.run != run } }
  }

  // MARK: lease

  public func acquireLease(run: String, owner: LeaseOwner, onWaiting: @Sendable (String) -> Void) async throws(ActionError) -> LeaseGrant {
    while true {
      try server.check(session)
      let now = server.clock.now()
      let (grant, until) = server.state.withLock { state -> (LeaseGrant?, Int64?) in
        if let lease = state.leases[run], lease.session != session, lease.until.map({ $0 > now }) ?? true { return (nil, lease.until) }
        let epoch = state.epochs[run, default: 0] + 1
        state.epochs[run] = epoch
        state.leases[run] = FakeServer.Lease(owner: owner.id, session: session, epoch: epoch, until: nil)
        return (LeaseGrant(epoch: epoch, until: now + FakeServer.leaseTime), nil)
      }
      if let grant { return grant }
      guard let until else { throw ActionError(code: "RB3102", message: "run \(run) is led by another process", kind: .refused) }
      onWaiting("waiting for the lease of a process that is gone")
      await server.clock.sleep(milliseconds: until - now)
    }
  }

  public var holdsLease: Bool {
    server.state.withLock { state in
      !state.dead.contains(session) && state.leases.values.contains { $0.session == session && $0.until == nil }
    }
  }

  public func leaseIsLost() async -> Bool {
    while !Task.isCancelled {
      if server.state.withLock({ $0.lost.contains(session) }) { return true }
      try? await Task.sleep(for: .milliseconds(1))
    }
    return false
  }

  public func releaseLease() async throws(ActionError) {
    try server.check(session)
    server.state.withLock { state in state.leases = state.leases.filter { $0.value.session != session } }
  }

  public func breakLease(run: String, by person: String) async throws(ActionError) {
    try server.check(session)
    server.state.withLock { $0.leases[run] = nil }
  }

  public func resolve(run: String) async throws(ActionError) {
    try server.check(session)
    server.state.withLock { $0.resolves += 1 }
    if !holdsLease { server.complain("open writes were resolved without the lease") }
  }

  // MARK: receipts

  public func writeReceipt(_ receipt: RunReceipt, entries: [ReceiptEntry]) async throws(ActionError) {
    try server.check(session)
    guard holdsLease else { throw FakeTarget.leaseLost }
    if let complaint = await server.complaint(about: receipt) { server.complain(complaint) }
    server.state.withLock { state in
      var log = state.receiptLog[receipt.run] ?? [:]
      for entry in entries {
        if let known = log[entry.sequence], known != entry.text { state.complaints.append("entry \(entry.sequence) has two forms") }
        log[entry.sequence] = entry.text
      }
      if log.keys.sorted() != Array(1...max(receipt.headSequence, 1)).prefix(log.count).map(\.self)
        || Int64(log.count) != receipt.headSequence
      {
        state.complaints.append("the target has entries \(log.keys.sorted()) at head \(receipt.headSequence)")
      }
      state.receiptLog[receipt.run] = log
      state.receipts[receipt.run] = receipt
    }
  }

  public func readReceipt(run: String) async throws(ActionError) -> RunReceipt? {
    try server.check(session)
    return server.state.withLock { $0.receipts[run] }
  }

  public func allReceipts() async throws(ActionError) -> [RunReceipt] {
    try server.check(session)
    return server.state.withLock { $0.receipts.values.sorted { $0.run < $1.run } }
  }

  public func readReceiptEntries(run: String) async throws(ActionError) -> [ReceiptEntry] {
    try server.check(session)
    return server.receiptLog(of: run).sorted { $0.sequence < $1.sequence }.map { ReceiptEntry(sequence: $0.sequence, text: $0.text) }
  }

  public func unfinishedRuns(plan: String) async throws(ActionError) -> [RunReceipt] {
    try server.check(session)
    let ended: Set<String> = ["succeeded", "failed", "rolledBack", "rolledBackWithConflicts", "closed"]
    return server.state.withLock { state in
      state.receipts.values.filter { $0.plan == plan && !ended.contains($0.status) }.sorted { $0.run < $1.run }
    }
  }

  public func kept(for run: String) async throws(ActionError) -> KeptForRun {
    try server.check(session)
    let undo = server.state.withLock { state in state.applied.keys.sorted().filter { state.finalized[run]?.contains($0) != true } }
    return KeptForRun(undo: undo.map { KeptCollection(name: $0, documents: 1, bytes: 1) })
  }

  public func cleanUp(run: String) async throws(ActionError) -> CleanUp {
    let kept = try await kept(for: run)
    guard holdsLease else { throw FakeTarget.leaseLost }
    let error = server.state.withLock { state in
      state.finalized[run, default: []].formUnion(kept.undo.map(\.name))
      return state.cleanUpErrors.isEmpty ? nil : state.cleanUpErrors.removeFirst()
    }
    if let error { throw error }
    return CleanUp(removed: kept)
  }

  static let leaseLost = ActionError(code: "RB3101", message: "the lease is lost", kind: .leaseLost)
}
