import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookRuntime

/// What keeps a run from beginning, or this process from leading it on.
@Suite struct RefusalTests {
  @Test func anotherDeploymentIsNoTarget() async throws {
    let rig = try Rig(WholeRunTests.twoSteps, identity: "rs-two")
    let refused = try #require(await failure { () async throws(RunFailure) in try await rig.execute() })
    #expect(refused.exitStatus == 1)
    #expect(refused.code == "RB2506")
    #expect(refused.message == "target 'db' should have replicaSet \"rs-two\", but it is \"rs-one\"")
    #expect(try await rig.journal.runs().isEmpty)
    #expect(rig.server.reservations.isEmpty)
  }

  @Test func anotherDeploymentAtResumeLeavesTheRunAsItIs() async throws {
    let rig = try Rig(WholeRunTests.twoSteps, identity: "rs-one")
    try await rig.execute(until: "a")
    let before = try await rig.journal.head(of: "run-1")
    rig.server.set(fact: "replicaSet", to: "rs-other")
    let refused = await failure { () async throws(RunFailure) in try await rig.resume() }
    #expect(refused?.exitStatus == 8)
    #expect(try await rig.journal.head(of: "run-1") == before)
    #expect(rig.server.cells == ["x": 2])
    rig.server.set(fact: "replicaSet", to: "rs-one")
    #expect(try await rig.resume().state.status == .succeeded)
  }

  @Test func reservedCollectionsNameTheirRun() async throws {
    let rig = try Rig(WholeRunTests.twoSteps, head: "locks: [service]")
    rig.server.reserve("lock:service", run: "run-0", plan: "other")
    let refused = try #require(await failure { () async throws(RunFailure) in try await rig.execute() })
    #expect(refused.exitStatus == 7)
    #expect(refused.message == "'lock:service' is reserved by run run-0 of plan 'other'")
    #expect(rig.server.reservations == ["lock:service"])
    #expect(rig.server.history.isEmpty)
    #expect(rig.server.leaseHolders.isEmpty)
    // The run is over, on record, and nobody can begin it later by resuming it.
    let state = try await rig.fold()
    #expect(state.status == .failed)
    #expect(state.cause?.message.contains("run-0") == true)
    #expect(try await rig.journal.runs().first?.status?.exitCode == 7)
    #expect(try await rig.resume().state.status == .failed)
    #expect(rig.server.history.isEmpty)
  }

  @Test func unfinishedRunOfThePlanIsNamed() async throws {
    let first = try Rig(WholeRunTests.twoSteps)
    try await first.execute(until: "a")
    let second = try Rig(WholeRunTests.twoSteps, run: "run-2", server: first.server, clock: first.clock)
    let refused = await failure { () async throws(RunFailure) in try await second.execute() }
    #expect(refused?.exitStatus == 7)
    #expect(refused?.code == "RB2509")
    #expect(refused?.message == "the plan 'sample' has an unfinished run in this target: run-1 (paused)")
    #expect(try await second.journal.runs().isEmpty)
    try await first.resume()
    #expect(try await second.execute().state.status == .succeeded)
  }

  @Test func placesTellWhatRunsShare() {
    typealias Place = RunPlaces.Place
    let one = RunPlaces(places: [
      Place(target: "db", identity: "set:a/x", reservations: ["collection:cells", "lock:service"]),
      Place(target: RunPlaces.state, identity: RunPlaces.state, reservations: ["lock:service"]),
    ])
    let elsewhere = RunPlaces(places: [
      Place(target: "db", identity: "set:b/x", reservations: ["collection:cells", "lock:service"]),
      Place(target: RunPlaces.state, identity: RunPlaces.state, reservations: ["lock:service"]),
    ])
    #expect(RunPlaces(one.value) == one)
    #expect(!one.overlaps(elsewhere))
    #expect(one.sharedCollection(with: elsewhere) == nil)
    #expect(one.sharedLock(with: elsewhere) == "lock:service")
    let same = RunPlaces(places: [Place(target: "other-name", identity: "set:a/x", reservations: ["collection:cells"])])
    #expect(one.overlaps(same))
    #expect(one.sharedCollection(with: same) == "collection:cells")
    #expect(one.sharedLock(with: same) == nil)
    #expect(RunPlaces(places: []).overlaps(RunPlaces(places: [])))
    #expect(!one.overlaps(RunPlaces(places: [])))
  }

  @Test func whatALaterRunStandsOnIsNotTakenBack() async throws {
    let first = try Rig(WholeRunTests.twoSteps)
    try await first.execute()
    first.clock.advance(milliseconds: 1_000)
    let phases = """
      phases:
        - id: later
          steps:
            - { id: c, action: fake.guarded, with: { cell: z, by: 4 } }
      """
    let second = try Rig(phases, run: "run-2", server: first.server, clock: first.clock)
    #expect(try await second.execute(.init(journal: first.journal)).state.status == .succeeded)
    let header = try await first.journal.header(of: "run-1")
    let before = first.server.cells
    let refused = await failure { () async throws(RunFailure) in try await first.resume(.init(header: header), .rollback) }
    #expect(refused?.exitStatus == 8)
    #expect(refused?.code == "RB2512")
    #expect(refused?.message == "run run-2 of plan 'sample' changed 'collection:cells' after this run, and is succeeded")
    #expect(first.server.cells == before)
    let later = try await first.journal.header(of: "run-2")
    #expect(try await second.resume(.init(journal: first.journal, header: later), .rollback).state.status == .rolledBack)
    #expect(try await first.fold().status == .succeeded)
  }

  /// A process that died between the last entry and its last word to the targets: looking at the run again gives everything back.
  @Test func endedRunIsSettledByWhoeverResumesIt() async throws {
    let dead = try Rig(WholeRunTests.twoSteps)
    let journal = FaultyJournal(dead.journal, fault: .afterKind("runEnded")) { [server = dead.server] in server.crash() }
    _ = await failure { () async throws(RunFailure) in try await dead.execute(.init(journal: journal)) }
    #expect(try await dead.fold().status == .succeeded)
    #expect(dead.server.reservations == ["collection:cells"])
    let head = try await dead.journal.head(of: "run-1")
    #expect(try await dead.resume().state.status == .succeeded)
    #expect(dead.server.reservations.isEmpty)
    #expect(dead.server.receipts["run-1"]?.status == "succeeded")
    #expect(try await dead.journal.head(of: "run-1") == head)
  }

  @Test func unreachableServerDoesNotMatterToAnEndedRun() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute()
    rig.server.fail(with: ActionError(code: "TEST", message: "no route", kind: .transient))
    let observer = RecordingObserver()
    #expect(try await rig.resume(.init(observer: observer)).state.status == .succeeded)
    #expect(observer.notices.contains { $0.contains("no route") })
  }

  @Test func failingResumeKeepsReservations() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute(until: "a")
    rig.server.fail(with: ActionError(code: "TEST", message: "no route", kind: .transient))
    let failed = await failure { () async throws(RunFailure) in try await rig.resume() }
    #expect(failed?.exitStatus == 6)
    rig.server.fail(with: nil)
    #expect(rig.server.reservations == ["collection:cells"])
    #expect(rig.server.leaseHolders.isEmpty)
  }

  @Test func succeededRunThatCannotBeRolledBackHoldsNothing() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute()
    let target = try #require(try await FakeConnector(rig.server).connect(name: "db", fields: [:]) as? any CoordinatingTarget)
    let owner = LeaseOwner(id: "somebody", host: "there", processID: 2, processStart: 2, label: "there/2")
    _ = try await target.acquireLease(run: "run-1", owner: owner) { _ in }
    let refused = await failure { () async throws(RunFailure) in try await rig.resume(.init(), .rollback) }
    #expect(refused?.exitStatus == 7)
    #expect(rig.server.reservations.isEmpty)
    #expect(try await rig.fold().status == .succeeded)
    try await target.releaseLease()
    #expect(try await rig.resume(.init(), .rollback).state.status == .rolledBack)
  }

  @Test func olderCopyOfTheStateIsRefused() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    let ending = try await rig.execute(until: "a")
    // Another machine has the run as it was some entries ago.
    let old = try Rig(WholeRunTests.twoSteps, server: rig.server, clock: rig.clock)
    let records = try await rig.journal.records(of: "run-1")
    let count = records.count - 3
    _ = try await old.journal.createRun(
      rig.header,
      records: records.prefix(count).map {
        NewRecord(epoch: $0.epoch, at: $0.at, version: $0.version, kind: $0.kind, payload: $0.payload)
      }, status: nil)
    let refused = await failure { () async throws(RunFailure) in try await old.resume() }
    #expect(refused?.exitStatus == 8)
    #expect(refused?.code == "RB2507")
    #expect(refused?.message.contains("entry \(count) here, \(records.count)") == true)
    #expect(rig.server.leaseHolders.isEmpty)
    #expect(ending.state.status == .paused)
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(rig.server.executions == ["a": 1, "b": 1])
  }

  /// Two copies went on apart: the numbers fit, the entries do not.
  @Test func forkedStateIsRefused() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute(until: "a")
    let fork = try Rig(WholeRunTests.twoSteps, server: rig.server, clock: rig.clock)
    let records = try await rig.journal.records(of: "run-1")
    _ = try await fork.journal.createRun(
      rig.header,
      records: (records + records.suffix(1)).map {
        NewRecord(epoch: $0.epoch, at: $0.at + 1, version: $0.version, kind: $0.kind, payload: $0.payload)
      }, status: nil)
    let refused = await failure { () async throws(RunFailure) in try await fork.resume() }
    #expect(refused?.exitStatus == 8)
  }

  @Test func lostLeaseEndsThisProcessAndNothingMoreIsSent() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    rig.server.script("b", .untilStopped)
    let observer = RecordingObserver { [server = rig.server] event in
      if case .progress = event { server.takeLeasesAway() }
    }
    let failed = await failure { () async throws(RunFailure) in try await rig.execute(.init(observer: observer)) }
    #expect(failed?.exitStatus == 7)
    #expect(failed?.code == "RB2501")
    #expect(rig.server.history == ["a"])
    let observerAfter = RecordingObserver()
    #expect(try await rig.resume(.init(observer: observerAfter)).state.status == .succeeded)
    #expect(rig.server.executions == ["a": 1, "b": 1])
    #expect(rig.server.resolves == 1)
    #expect(try await rig.fold().epoch == 2)
    try await rig.checkPromises()
  }

  @Test func leaseOfADeadProcessIsWaitedFor() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    let journal = FaultyJournal(rig.journal, fault: .after(3)) { [server = rig.server] in server.crash() }
    _ = await failure { () async throws(RunFailure) in try await rig.execute(.init(journal: journal)) }
    let before = rig.clock.now()
    let observer = RecordingObserver()
    #expect(try await rig.resume(.init(observer: observer)).state.status == .succeeded)
    #expect(rig.clock.now() - before >= FakeServer.leaseTime)
    #expect(observer.all.contains { if case .waiting = $0 { true } else { false } })
  }

  @Test func nothingIsStartedOnceTheStateCannotBeRecorded() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    let counting = FaultyJournal(rig.journal, fault: .none)
    try await rig.execute(.init(journal: counting))
    for append in 1...counting.appends {
      let rig = try Rig(WholeRunTests.twoSteps)
      let history = RecordedHistory()
      let journal = FaultyJournal(rig.journal, fault: .before(append)) { [server = rig.server] in history.keep(server.history) }
      let failed = await failure { () async throws(RunFailure) in try await rig.execute(.init(journal: journal)) }
      guard journal.hasFailed else { continue }
      #expect(failed?.exitStatus == 74)
      #expect(failed?.standing == "nothing was done after that; what was recorded before it stands")
      #expect(rig.server.history == history.kept)
      #expect(rig.server.leaseHolders.isEmpty)
      #expect(try await rig.resume().state.status == .succeeded)
      #expect(rig.server.executions == ["a": 1, "b": 1])
    }
  }

  @Test func unfitWishesAreRefusedBeforeAnythingIsContacted() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute(until: "a")
    rig.server.fail(with: ActionError(code: "TEST", message: "no route", kind: .transient))
    for wish in [Request.Wish.skipUndo("a"), .pastPoint("a"), .acceptCheck("sees-x"), .close] {
      let refused = await failure { () async throws(RunFailure) in try await rig.resume(.init(), wish) }
      #expect(refused?.exitStatus == 64)
    }
  }

  @Test func rollbackOfARunThatNeverBeganRunsNothing() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    _ = try await rig.journal.createRun(rig.header)
    let ending = try await rig.resume(.init(), .rollback)
    #expect(ending.state.status == .failed)
    #expect(rig.server.history.isEmpty)
    #expect(rig.server.reservations.isEmpty)
    let other = try Rig(WholeRunTests.twoSteps)
    _ = try await other.journal.createRun(other.header)
    #expect(try await other.resume().state.status == .succeeded)
  }

  @Test func shortenedJournalIsDamaged() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute(until: "a")
    let journal = FaultyJournal(rig.journal, fault: .shortened)
    let failed = await failure { () async throws(RunFailure) in try await rig.resume(.init(journal: journal)) }
    #expect(failed?.exitStatus == 74)
    #expect(failed?.message.contains("the last records are missing") == true)
  }
}

/// What was done by the moment at which something failed.
private final class RecordedHistory: Sendable {
  private let history = Mutex<[String]>([])
  var kept: [String] { history.withLock { $0 } }
  func keep(_ steps: [String]) { history.withLock { $0 = steps } }
}

/// What `unlock` does to a run whose process is gone.
@Suite struct UnlockTests {
  @Test func unlockIsOnRecordAndTheRunGoesOnAfterIt() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    try await rig.execute(until: "a")
    let before = try await rig.fold()
    try await rig.launcher().unlock(reason: "the machine is gone")
    #expect(rig.server.reservations.isEmpty)
    #expect(try await rig.entries().last?.kind == .unlocked(who: "ana", reason: "the machine is gone"))
    #expect(try await rig.fold().status == before.status)
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(rig.server.cells == ["x": 2, "y": 3])
    try await rig.checkPromises()
  }
}
