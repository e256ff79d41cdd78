import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookTestSupport
import Testing

/// What becomes of an effect that a crash cut off, by its class; and of runs in two targets.
@Suite struct InterruptionTests {
  private static func opaque(_ more: String) -> String {
    """
    phases:
      - id: one
        steps:
          - { id: a, action: fake.opaque, with: { cell: x }, rollback: [ { id: back, action: fake.opaque, with: { cell: x, by: -1 } } ], \(more) }
          - { id: b, action: fake.guarded, with: { cell: y } }
    """
  }

  /// A run that was cut off when the effect of `a` was requested, and had happened or not.
  private func cut(_ plan: String, effectHappened: Bool) async throws -> Rig {
    let whole = try Rig(plan)
    let counting = FaultyJournal(whole.journal, fault: .none)
    try await whole.execute(.init(journal: counting))
    for append in 1...counting.appends {
      for fault in [FaultyJournal.Fault.after(append), .before(append)] {
        let rig = try Rig(plan)
        let journal = FaultyJournal(rig.journal, fault: fault) { [server = rig.server] in server.crash() }
        _ = await failure { () async throws(RunFailure) in try await rig.execute(.init(journal: journal)) }
        let record = try await rig.fold().step("a")
        if record?.effect == .unknown, (rig.server.executions["a"] ?? 0) == (effectHappened ? 1 : 0) { return rig }
      }
    }
    let none: Rig? = nil
    return try #require(none, "the effect was never cut off so")
  }

  @Test func opaqueEffectIsNeverRepeatedInSilence() async throws {
    for happened in [true, false] {
      let rig = try await cut(Self.opaque("timeout: 1m"), effectHappened: happened)
      let halted = try await rig.resume()
      #expect(halted.state.status == .halted)
      #expect(halted.state.exitCode == 9)
      #expect(rig.server.executions["a"] == (happened ? 1 : nil))
      // Whoever resumes now has seen to it, and wants it done.
      let resumed = try await rig.resume()
      #expect(resumed.state.status == .succeeded)
      #expect(rig.server.executions["a"] == (happened ? 2 : 1))
      try await rig.checkPromises()
    }
  }

  @Test func opaqueEffectIsRepeatedWhereThePlanSaysSo() async throws {
    let rig = try await cut(Self.opaque("onInterrupt: rerun"), effectHappened: true)
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(rig.server.executions["a"] == 2)
  }

  @Test func opaqueEffectIsProbedWhereThePlanSaysHow() async throws {
    for happened in [true, false] {
      let rig = try await cut(
        Self.opaque("probe: { id: there, action: fake.look, with: { cell: x }, expect: { equals: 1 } }"), effectHappened: happened)
      if !happened { rig.server.set(cell: "x", to: 0) }
      #expect(try await rig.resume().state.status == .succeeded)
      #expect(rig.server.executions["a"] == 1)
      #expect(rig.server.cells["x"] == 1)
    }
  }

  @Test func waitIsNotProlongedByACrashOrAPause() async throws {
    let plan = """
      phases:
        - id: one
          steps:
            - { id: a, action: fake.guarded, with: { cell: x } }
            - { id: bake, action: wait.for, with: { duration: 10m } }
      """
    let rig = try Rig(plan)
    let observer = RecordingObserver()
    let process = Rig.Process(observer: observer) { executor in
      Task {
        while !observer.all.contains(where: { if case .progress = $0 { true } else { false } }) { await Task.yield() }
        executor.requestStop()
      }
    }
    let paused = try await rig.execute(process)
    #expect(paused.state.status == .paused)
    #expect(observer.notices == ["stopping; once more stops at once"])
    let began = try #require(
      try await rig.entries().first { if case .effectRequested(let id) = $0.kind { id.description == "step:bake#1" } else { false } })
    let ending = try await rig.resume()
    #expect(ending.state.status == .succeeded)
    let lasted = try #require(ending.state.step("bake")?.endedAt) - began.at
    #expect(lasted >= 600_000)
    #expect(lasted < 630_000)
    // And a resume after all of the time has passed does not wait at all.
    let late = try Rig(plan)
    _ = try await late.execute(until: "a")
    #expect(try await late.resume().state.status == .succeeded)
  }

  // MARK: two targets

  static let twoTargets = """
    phases:
      - id: one
        steps:
          - { id: a, action: fake.guarded, with: { cell: x } }
          - { id: b, action: fake.guarded, target: other, with: { cell: y } }
    """

  @Test func bothTargetsKnowTheRun() async throws {
    let rig = try Rig(Self.twoTargets)
    #expect(try await rig.execute(until: "a").state.status == .paused)
    #expect(rig.server.receipts["run-1"]?.status == "paused")
    #expect(rig.other.receipts["run-1"]?.status == "paused")
    #expect(rig.other.reservations == ["collection:cells"])
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(rig.server.cells == ["x": 1])
    #expect(rig.other.cells == ["y": 1])
    #expect(rig.server.receiptLog(of: "run-1").map(\.sequence) == rig.other.receiptLog(of: "run-1").map(\.sequence))
    #expect(rig.other.reservations.isEmpty)
    #expect(rig.server.reservations.isEmpty)
    try await rig.checkPromises()
  }

  @Test func allIsReservedOrNothing() async throws {
    let rig = try Rig(Self.twoTargets)
    rig.other.reserve("collection:cells", run: "run-0", plan: "another")
    let refused = await failure { () async throws(RunFailure) in try await rig.execute() }
    #expect(refused?.exitStatus == 7)
    #expect(rig.server.reservations.isEmpty)
    #expect(rig.other.reservations == ["collection:cells"])
  }

  @Test func resumeThatCannotReachOneTargetKeepsWhatIsReservedInTheOther() async throws {
    let rig = try Rig(Self.twoTargets)
    try await rig.execute(until: "a")
    rig.other.fail(with: ActionError(code: "TEST", message: "no route", kind: .transient))
    let failed = await failure { () async throws(RunFailure) in try await rig.resume() }
    #expect(failed?.exitStatus == 6)
    #expect(rig.server.reservations == ["collection:cells"])
    #expect(rig.server.leaseHolders.isEmpty)
    rig.other.fail(with: nil)
    #expect(try await rig.resume().state.status == .succeeded)
  }

  @Test func oneTargetOutOfReachMakesNoHalfRun() async throws {
    let rig = try Rig(Self.twoTargets)
    rig.other.fail(with: ActionError(code: "TEST", message: "no route", kind: .transient))
    let refused = await failure { () async throws(RunFailure) in try await rig.execute() }
    #expect(refused?.exitStatus == 1)
    #expect(rig.server.reservations.isEmpty)
    #expect(rig.server.leaseHolders.isEmpty)
    #expect(rig.server.history.isEmpty)
  }
}
