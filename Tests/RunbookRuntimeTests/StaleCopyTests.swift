import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookRuntime
import RunbookTestSupport
import Testing

/// What a copy of the state may do after the run has gone on, or ended, in another one.
@Suite struct StaleCopyTests {
  /// A rig whose journal is what `rig`'s is now, on the same server.
  private func copy(of rig: Rig) async throws -> Rig {
    let copy = try Rig(WholeRunTests.twoSteps, server: rig.server, clock: rig.clock)
    let records = try await rig.journal.records(of: "run-1")
    _ = try await copy.journal.createRun(
      rig.header,
      records: records.map { NewRecord(epoch: $0.epoch, at: $0.at, version: $0.version, kind: $0.kind, payload: $0.payload) }, status: nil)
    return copy
  }

  @Test(arguments: [Request.Wish.resume, .rollback])
  func runThatEndedInAnotherCopyIsNotReservedAgain(wish: Request.Wish) async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute(until: "a")
    let stale = try await copy(of: rig)
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(rig.server.reservations.isEmpty)
    let refused = await failure { () async throws(RunFailure) in try await stale.resume(.init(), wish) }
    #expect(refused?.exitStatus == 8)
    #expect(refused?.code == "RB2507")
    #expect(rig.server.reservations.isEmpty)
    #expect(rig.server.leaseHolders.isEmpty)
    #expect(rig.server.executions == ["a": 1, "b": 1])
  }

  @Test func runThatIsUnderWayInAnotherCopyKeepsItsReservations() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute(until: "a")
    let stale = try await copy(of: rig)
    #expect(try await rig.resume(.init(onLeading: { $0.requestStop() })).state.status == .paused)
    let held = rig.server.reservations
    #expect(!held.isEmpty)
    let refused = await failure { () async throws(RunFailure) in try await stale.resume() }
    #expect(refused?.exitStatus == 8)
    #expect(rig.server.reservations == held)
  }

  /// A copy that may not act gives nothing back either: the reservations are those of the process that rolls back.
  @Test func rollbackUnderWayInAnotherCopyKeepsItsReservations() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute()
    let stale = try await copy(of: rig)
    let target = try await FakeConnector(rig.server).connect(name: "db", fields: [:]) as? any CoordinatingTarget
    let owner = LeaseOwner(id: "somebody", host: "there", processID: 2, processStart: 2, label: "there/2")
    _ = try await target?.acquireLease(run: "run-1", owner: owner) { _ in }
    #expect(try await target?.reserve(run: "run-1", reservations: ["collection:cells"], plan: "sample") == nil)
    let refused = await failure { () async throws(RunFailure) in try await stale.resume(.init(), .rollback) }
    #expect(refused?.exitStatus == 7)
    #expect(refused?.next.last == "then: runbook rollback run-1")
    #expect(rig.server.reservations == ["collection:cells"])
  }

  /// The target still holds a reservation for a run that this very state knows to have ended: the message says how it is given back.
  @Test func endedRunThatStillHoldsAReservationIsToldSo() async throws {
    let dead = try Rig(WholeRunTests.twoSteps, head: "locks: [service]")
    let journal = FaultyJournal(dead.journal, fault: .afterKind("runEnded")) { [server = dead.server] in server.crash() }
    _ = await failure { () async throws(RunFailure) in try await dead.execute(.init(journal: journal)) }
    #expect(dead.server.reservations == ["collection:cells", "lock:service"])
    let next = try Rig(WholeRunTests.twoSteps, run: "run-2", server: dead.server, clock: dead.clock)
    let refused = await failure { () async throws(RunFailure) in try await next.execute(.init(journal: dead.journal)) }
    #expect(refused?.exitStatus == 7)
    #expect(refused?.message.contains("run-1") == true)
    #expect(refused?.message.hasSuffix("it is succeeded, which the target could not be told") == true)
    #expect(refused?.next.first == "runbook resume run-1")
    #expect(try await dead.resume().state.status == .succeeded)
    #expect(try await next.execute(.init(journal: dead.journal)).state.status == .succeeded)
  }
}
