import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookTestSupport
import Testing

@Suite struct WholeRunTests {
  static let twoSteps = """
    phases:
      - id: one
        steps:
          - { id: a, action: fake.guarded, with: { cell: x, by: 2 } }
          - { id: b, action: fake.probed, with: { cell: y, by: 3 } }
        verify:
          - { id: sees-x, action: fake.look, with: { cell: x }, expect: { equals: 2 } }
    """

  @Test func succeeds() async throws {
    let rig = try Rig(Self.twoSteps)
    let ending = try await rig.execute()
    #expect(ending.state.status == .succeeded)
    #expect(ending.state.exitCode == 0)
    #expect(rig.server.cells == ["x": 2, "y": 3])
    #expect(rig.server.reservations.isEmpty)
    #expect(rig.server.leaseHolders.isEmpty)
    #expect(rig.server.receipts["run-1"]?.status == "succeeded")
    try await rig.checkPromises()
    #expect(try await rig.fold().status == .succeeded)
  }

  @Test func failingCheckUnwindsLastStepFirst() async throws {
    let rig = try Rig(Self.twoSteps)
    rig.server.script("sees-x", .value(7))
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBack)
    #expect(ending.state.exitCode == 3)
    #expect(rig.server.history == ["a", "b", "undo b", "undo a"])
    #expect(rig.server.cells == ["x": 0, "y": 0])
    #expect(rig.server.reservations.isEmpty)
    try await rig.checkPromises()
  }

  @Test func undoListUsesWhatWasResolvedBeforeTheEffect() async throws {
    let rig = try Rig(
      """
      phases:
        - id: one
          steps:
            - id: a
              action: fake.opaque
              with: { cell: x, by: 5 }
              capture: [ { id: before, action: fake.look, with: { cell: y }, expect: { exists: true } } ]
              rollback:
                - { id: put-back, action: fake.opaque, with: { cell: x, by: "${{ captured.before.value }}" } }
          verify: [ { id: bad, action: fake.look, with: { cell: x }, expect: { equals: 0 } } ]
      """)
    rig.server.set(cell: "y", to: -5)
    let entry = RecordingObserver { [server = rig.server] event in
      // What the capture saw is gone by the time of the rollback.
      if case .recorded(let entries) = event, entries.contains(where: { $0.kindName == "rollbackBegan" }) { server.set(cell: "y", to: 99) }
    }
    let ending = try await rig.execute(.init(observer: entry))
    #expect(ending.state.status == .rolledBack)
    #expect(rig.server.cells["x"] == 0)
    let kinds = try await rig.entries().map { entry -> String in
      if case .effectRequested(let id) = entry.kind { return id.description }
      if case .effectFinished(let id, _, _) = entry.kind { return "end of \(id)" }
      return entry.kindName
    }
    let captured = try #require(kinds.firstIndex(of: "end of capture:a#1"))
    let effect = try #require(kinds.firstIndex(of: "step:a#1"))
    #expect(captured < effect)
    #expect(ending.state.step("a")?.captures?["undo"]?["put-back"]?["arguments"]?["by"] == .integer(-5))
    try await rig.checkPromises()
  }

  @Test func failingPreconditionGivesEverythingBack() async throws {
    let rig = try Rig(
      Self.twoSteps, head: "preconditions: [ { id: ready, action: fake.look, with: { cell: z }, expect: { equals: 1 } } ]")
    rig.server.set(cell: "z", to: 0)
    let ending = try await rig.execute()
    #expect(ending.state.status == .failed)
    #expect(ending.state.exitCode == 1)
    #expect(rig.server.history.isEmpty)
    #expect(rig.server.reservations.isEmpty)
    #expect(rig.server.leaseHolders.isEmpty)
    try await rig.checkPromises()
  }

  @Test func transientErrorsAreTriedAgainOnlyWithRetry() async throws {
    let rig = try Rig(
      """
      phases:
        - id: one
          steps:
            - { id: a, action: fake.guarded, with: { cell: x }, retry: { attempts: 3, backoff: 1s..2s } }
      """)
    rig.server.script("a", .transient, .transient)
    #expect(try await rig.execute().state.status == .succeeded)
    #expect(rig.server.executions == ["a": 1])
    let without = try Rig(Self.twoSteps)
    without.server.script("a", .transient)
    #expect(try await without.execute().state.status == .rolledBack)
  }

  @Test func unknownOutcomesAreProbedAndNotRepeated() async throws {
    for behaviour in [FakeBehaviour.unknownAfter, .unknownBefore] {
      let rig = try Rig(Self.twoSteps.replacing("by: 3 }", with: "by: 3 }, retry: { attempts: 3 }"))
      rig.server.script("b", behaviour)
      #expect(try await rig.execute().state.status == .succeeded)
      #expect(rig.server.executions["b"] == 1)
      #expect(rig.server.cells["y"] == 3)
      try await rig.checkPromises()
    }
  }

  @Test func undoThatFailsForGoodBlocksAndCanBeTriedAgain() async throws {
    let rig = try Rig(Self.twoSteps)
    rig.server.script("sees-x", .noData, .value(9))
    rig.server.script("undo b", .fail("no"), .fail("no"), .fail("no"), .fail("no"), .fail("no"))
    let halted = try await rig.execute()
    #expect(halted.state.status == .halted)
    #expect(halted.state.exitCode == 9)
    #expect(rig.server.reservations == ["collection:cells"])
    let blocked = try await rig.resume()
    #expect(blocked.state.status == .blocked)
    #expect(blocked.state.exitCode == 5)
    #expect(rig.server.reservations == ["collection:cells"])
    #expect(try await rig.resume().state.status == .blocked)
    #expect(rig.server.cells["x"] == 2)
    let undone = try await rig.resume(.init(), .rollback)
    #expect(undone.state.status == .rolledBack)
    #expect(rig.server.reservations.isEmpty)
    try await rig.checkPromises()
  }

  @Test func conflictsOfAnUndoAreCounted() async throws {
    let rig = try Rig(Self.twoSteps)
    rig.server.script("sees-x", .value(9))
    rig.server.script("undo a", .conflicts(2))
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBackWithConflicts)
    #expect(ending.state.exitCode == 4)
    #expect(ending.state.conflicts == 2)
  }

  @Test func succeededRunCanBeRolledBackAndReservesAgain() async throws {
    let rig = try Rig(Self.twoSteps)
    try await rig.execute()
    rig.server.reserve("collection:cells", run: "other", plan: "another")
    let refused = await failure { () async throws(RunFailure) in try await rig.resume(.init(), .rollback) }
    #expect(refused?.exitStatus == 7)
    #expect(refused?.message.contains("other") == true)
    #expect(rig.server.cells == ["x": 2, "y": 3])
    let rig2 = try Rig(Self.twoSteps)
    try await rig2.execute()
    #expect(try await rig2.resume(.init(), .rollback).state.status == .rolledBack)
    #expect(rig2.server.cells == ["x": 0, "y": 0])
    #expect(try await rig2.resume(.init(), .rollback).state.status == .rolledBack)
    try await rig2.checkPromises()
  }

  @Test func runsUntilAPhaseOrStep() async throws {
    let rig = try Rig(Self.twoSteps)
    let paused = try await rig.execute(until: "a")
    #expect(paused.state.status == .paused)
    #expect(rig.server.cells == ["x": 2])
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(rig.server.executions == ["a": 1, "b": 1])
    try await rig.checkPromises()
  }

  /// A step right behind another one sees what that one left, in its outputs and in the state.
  @Test func outputsAreThereForTheNextStep() async throws {
    for _ in 0..<20 {
      let rig = try Rig(
        """
        phases:
          - id: one
            steps:
              - id: a
                action: fake.guarded
                with: { cell: x, by: 4 }
                verify: [ { id: own, value: "${{ steps.a.outputs.changed }}", expect: { equals: 4 } } ]
              - { id: b, action: fake.guarded, with: { cell: y, by: "${{ steps.a.outputs.changed }}" } }
        """)
      #expect(try await rig.execute().state.status == .succeeded)
      #expect(rig.server.cells == ["x": 4, "y": 4])
    }
  }
}
