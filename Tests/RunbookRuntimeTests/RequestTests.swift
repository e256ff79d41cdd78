import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookTestSupport
import Testing

/// What other processes ask of a run, and signals.
@Suite struct RequestTests {
  /// A step that goes on until it is told to stop; what is asked is posted once it is under way.
  private func running(_ ask: @escaping @Sendable (Rig, RunExecutor) async -> Void) async throws -> (rig: Rig, process: Rig.Process) {
    let rig = try Rig(WholeRunTests.twoSteps)
    rig.server.script("a", .untilStopped)
    let (started, sink) = AsyncStream.makeStream(of: Void.self)
    let observer = RecordingObserver { if case .progress = $0 { sink.yield() } }
    let process = Rig.Process(observer: observer) { executor in
      Task {
        for await _ in started {
          await ask(rig, executor)
          return
        }
      }
    }
    return (rig, process)
  }

  @Test func pauseRequestIsConsumedOnce() async throws {
    let (rig, process) = try await running { rig, _ in try? await rig.post(RequestKind.pause, .object(["reason": "lunch"]), id: "p-1") }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .paused)
    #expect(ending.state.pauseReason == "lunch")
    let rows = try await rig.journal.requests(of: "run-1")
    #expect(rows.count == 1)
    let consumed = try #require(rows.first?.consumedSeq)
    let records = try await rig.journal.records(of: "run-1", from: consumed, limit: 1)
    #expect(records.first?.kind == "decision")
    #expect(try await rig.kinds().count { $0 == "decision" } == 1)
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(rig.server.executions == ["a": 1, "b": 1])
    try await rig.checkPromises()
  }

  /// A pause that is taken back before it took hold: the step stops at its border, and goes on.
  @Test func aResumeFromTheInboxTakesAPauseBack() async throws {
    let (rig, process) = try await running { rig, _ in
      try? await rig.post(RequestKind.pause, .object(["reason": "lunch"]), id: "p-1")
      try? await rig.post(RequestKind.resume, .object(["reason": "no lunch"]), id: "r-1", who: "ben")
    }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .succeeded)
    let wishes = ending.state.decisions.compactMap { if case .request(let request) = $0 { request } else { nil } }
    #expect(wishes.map(\.wish) == [.pause, .resume])
    #expect(wishes.last?.who == "ben")
    #expect(try await rig.journal.pendingRequests(of: "run-1").isEmpty)
    try await rig.checkPromises()
  }

  @Test func cancelWithRollbackUnwinds() async throws {
    let (rig, process) = try await running { rig, _ in
      try? await rig.post(RequestKind.cancel, .object(["rollback": true, "reason": "no more"]), id: "c-1")
    }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .rolledBack)
    #expect(rig.server.history == ["undo a"])
    #expect(ending.state.cause?.message.contains("no more") == true)
  }

  @Test func requestThatDoesNotFitIsDeclinedOnRecord() async throws {
    let (rig, process) = try await running { rig, _ in
      try? await rig.post(RequestKind.skip, .object(["step": "b", "reason": "why not"]), id: "s-1")
      try? await rig.post(RequestKind.pause, .object(["reason": "lunch"]), id: "p-1")
    }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .paused)
    #expect(try await rig.kinds().count { $0 == "requestDeclined" } == 1)
    #expect(try await rig.journal.pendingRequests(of: "run-1").isEmpty)
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(rig.server.undos.isEmpty)
  }

  @Test func firstSignalPausesAtTheNextBorder() async throws {
    let (rig, process) = try await running { _, executor in executor.requestStop() }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .paused)
    #expect(ending.state.exitCode == 6)
    let observer = try #require(process.observer as? RecordingObserver)
    #expect(observer.notices == ["stopping at the next batch border of 'a'; once more stops at once"])
    #expect(try await rig.resume().state.status == .succeeded)
  }

  @Test func secondSignalStopsAtOnceAndResumeFindsOut() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    rig.server.script("b", .stuck)
    let observer = RecordingObserver()
    let process = Rig.Process(observer: observer) { executor in
      Task {
        while !observer.entries.contains(where: {
          if case .effectRequested(let id) = $0.kind { id.description == "step:b#1" } else { false }
        }) {
          await Task.yield()
        }
        executor.requestStop()
        executor.requestStop()
      }
    }
    let failed = await failure { () async throws(RunFailure) in try await rig.execute(process) }
    #expect(failed?.exitStatus == 6)
    #expect(failed?.code == "RB2502")
    #expect(try await rig.fold().status == .running)
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(rig.server.executions == ["a": 1, "b": 1])
    try await rig.checkPromises()
  }

  /// The pause was asked of a process that died before it looked.
  @Test func pauseThatNobodyTookIsOvertakenByResume() async throws {
    let (rig, process) = try await running { _, executor in
      executor.requestStop()
      executor.requestStop()
    }
    _ = await failure { () async throws(RunFailure) in try await rig.execute(process) }
    try await rig.post(RequestKind.pause, .object(["reason": "lunch"]), id: "p-1")
    rig.clock.advance(milliseconds: 60_000)
    #expect(try await rig.resume().state.status == .succeeded)
    #expect(try await rig.kinds().count { $0 == "requestDeclined" } == 1)
    #expect(try await rig.journal.pendingRequests(of: "run-1").isEmpty)
  }

  /// The pause was recorded, and the process died before it came to its border: whoever resumes wants the run to go on.
  @Test func resumeGoesOnWhereAPauseWasCutOff() async throws {
    let (rig, process) = try await running { rig, _ in try? await rig.post(RequestKind.pause, .object(["reason": "lunch"]), id: "p-1") }
    var cut = process
    let journal = FaultyJournal(rig.journal, fault: .none) { [server = rig.server] in server.crash() }
    cut.journal = journal
    cut.observer = RecordingObserver { event in
      process.observer.observe(event)
      if case .recorded(let entries) = event, entries.contains(where: { $0.kindName == "decision" }) { journal.fail() }
    }
    let failed = await failure { () async throws(RunFailure) in try await rig.execute(cut) }
    #expect(failed != nil)
    #expect(try await rig.fold().status == .running)
    #expect(try await rig.resume().state.status == .succeeded)
  }

  @Test func signalInARollbackLeavesItRollingBack() async throws {
    let rig = try Rig(WholeRunTests.twoSteps)
    rig.server.script("sees-x", .value(9))
    rig.server.script("undo a", .untilStopped)
    let observer = RecordingObserver()
    let process = Rig.Process(observer: observer) { executor in
      Task {
        while !observer.entries.contains(where: {
          if case .effectRequested(let id) = $0.kind { id.description == "undo:a#1" } else { false }
        }) {
          await Task.yield()
        }
        executor.requestStop()
      }
    }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .rollingBack)
    #expect(ending.state.exitCode == 6)
    #expect(try await rig.resume().state.status == .rolledBack)
    #expect(rig.server.cells == ["x": 0, "y": 0])
    try await rig.checkPromises()
  }

  @Test func whatSignalsStopIsRecordedInTheNameOfWhoSitsThere() async throws {
    let (rig, process) = try await running { _, executor in executor.requestStop() }
    var other = process
    other.user = "bob"
    try await rig.execute(other)
    guard case .request(let request) = try await rig.fold().decisions.first else {
      Issue.record("no request was recorded")
      return
    }
    #expect(request.who == "bob")
  }
}
