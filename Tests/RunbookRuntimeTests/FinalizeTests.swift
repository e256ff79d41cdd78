import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookTestSupport
import Testing

/// Giving up that an ended run can be rolled back: recorded first, cleaned up then, whatever happens in between.
@Suite struct FinalizeTests {
  private func failure(of body: () async throws(RunFailure) -> OrderedDictionary<String, CleanUp>) async -> RunFailure? {
    do throws(RunFailure) {
      _ = try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test func afterItTheRunIsNotRolledBackAnyMore() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute()
    let kept = try await rig.launcher().kept()
    #expect(kept["db"]?.undo.map(\.name) == ["a", "b"])
    let done = try await rig.launcher(.init(user: "ben")).finalize(reason: "accepted")
    #expect(done["db"]?.removed.undo.map(\.name) == ["a", "b"])
    let state = try await rig.fold()
    #expect(state.status == .succeeded)
    #expect(state.finalized?.who == "ben" && state.finalized?.reason == "accepted")
    #expect(state.cleanedUp?["db"]?["removed"]?["undo"]?.listValue?.count == 2)
    #expect(rig.server.leaseHolders.isEmpty && rig.server.reservations.isEmpty)
    let refused = await RunbookRuntimeTests.failure { () async throws(RunFailure) in try await rig.resume(.init(), .rollback) }
    #expect(refused?.code == "RB2515" && refused?.exitStatus == 64, "\(String(describing: refused))")
    #expect(refused?.message.contains("finalized by ben") == true)
    #expect(rig.server.cells == ["x": 2, "y": 3])
    #expect(try await rig.resume().state.status == .succeeded, "to resume it shows it")
    try await rig.checkPromises()
  }

  @Test func cutOffAfterTheDecisionItIsStillDecidedAndTheRestIsRemovedLater() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute()
    rig.server.failNextCleanUp(with: ActionError(code: "RB3006", message: "the connection broke", kind: .transient))
    let cut = await failure { () async throws(RunFailure) in try await rig.launcher().finalize(reason: "") }
    #expect(cut?.exitStatus == 1)
    #expect(cut?.standing.contains("cannot be rolled back any more") == true)
    #expect(cut?.next.last == "runbook finalize run-1")
    #expect(try await rig.fold().finalized != nil)
    #expect(try await rig.fold().cleanedUp == nil)
    let refused = await RunbookRuntimeTests.failure { () async throws(RunFailure) in try await rig.resume(.init(), .rollback) }
    #expect(refused?.code == "RB2515", "no rollback with half of its undo entries")
    _ = try await rig.launcher(.init(user: "ben")).finalize(reason: "again")
    let state = try await rig.fold()
    #expect(state.finalized?.who == "ana", "the decision was made before")
    #expect(state.cleanedUp != nil)
    let kinds = try await rig.kinds()
    _ = try await rig.launcher().finalize(reason: "")
    #expect(try await rig.kinds() == kinds, "a third time says nothing new")
    try await rig.checkPromises()
  }

  @Test func onlyAnEndedRunIsFinalized() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute(until: "a")
    let refused = await failure { () async throws(RunFailure) in try await rig.launcher().finalize(reason: "") }
    #expect(refused?.code == "RB2516" && refused?.exitStatus == 64)
    #expect(try await rig.fold().finalized == nil)
    #expect(try await rig.resume().state.status == .succeeded)
  }

  @Test func anUnreachableTargetIsSaidBeforeAnythingIsDecided() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute()
    rig.server.fail(with: ActionError(code: "RB3001", message: "connection refused", kind: .transient))
    let failed = await failure { () async throws(RunFailure) in try await rig.launcher().finalize(reason: "") }
    #expect(failed?.exitStatus == 1)
    #expect(failed?.next.last == "then: runbook finalize run-1", "\(String(describing: failed))")
    rig.server.fail(with: nil)
    #expect(try await rig.fold().finalized == nil)
    #expect(try await rig.resume(.init(), .rollback).state.status == .rolledBack, "nothing was given up")
    try await rig.checkPromises()
  }

  @Test func anOlderCopyOfTheStateFindsOutAtTheTarget() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute()
    let copy = MemoryJournal(redactor: Redactor())
    let records = try await rig.journal.records(of: "run-1")
    _ = try await copy.createRun(rig.header, records: records.map { NewRecord($0) }, status: nil)
    _ = try await rig.launcher().finalize(reason: "")
    let refused = await RunbookRuntimeTests.failure { () async throws(RunFailure) in
      try await rig.resume(.init(journal: copy), .rollback)
    }
    #expect(refused?.code == "RB2507" && refused?.exitStatus == 8, "\(String(describing: refused))")
    #expect(rig.server.cells == ["x": 2, "y": 3])
  }
}

extension NewRecord {
  /// A stored record as it could have been appended.
  fileprivate init(_ record: JournalRecord) {
    self.init(epoch: record.epoch, at: record.at, version: record.version, kind: record.kind, payload: record.payload)
  }
}
