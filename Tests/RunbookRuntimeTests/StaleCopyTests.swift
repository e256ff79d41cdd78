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
}
