import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookTestSupport
import Synchronization
import Testing

/// Triggers that watch while a run goes on, waits, is paused and asks people.
@Suite struct TriggerTests {
  /// A change, a gate, another change, and one trigger that expects 0.
  static func plan(_ more: String = "onFail: rollback, onNoData: pause, onError: warn", gate: Bool = true) -> (phases: String, head: String)
  {
    let confirm = gate ? "\n      - { id: go, action: manual.confirm, with: { text: Go on? } }" : ""
    let phases = """
      phases:
        - id: one
          steps:
            - { id: a, action: fake.guarded, stallTimeout: 1000h, with: { cell: x } }\(confirm)
            - { id: b, action: fake.guarded, stallTimeout: 1000h, with: { cell: y } }
      """
    let head = "rollbackTriggers: [ { id: health, action: fake.look, with: { cell: health }, every: 10m, expect: { equals: 0 }, \(more) } ]"
    return (phases, head)
  }

  private func rig(_ more: String = "onFail: rollback, onNoData: pause, onError: warn", gate: Bool = true) throws -> Rig {
    let plan = Self.plan(more, gate: gate)
    let rig = try Rig(plan.phases, head: plan.head)
    rig.server.set(cell: "health", to: 0)
    return rig
  }

  /// A process that does something as often as something is told.
  static func process(
    when isDue: @escaping @Sendable (RunEvent) -> Bool, detaches: Bool = false,
    _ body: @escaping @Sendable (Int, RunExecutor) async -> Void
  ) -> Rig.Process {
    let (told, sink) = AsyncStream.makeStream(of: Void.self)
    let observer = RecordingObserver { if isDue($0) { sink.yield() } }
    return Rig.Process(observer: observer, detaches: detaches) { executor in
      Task {
        var count = 0
        for await _ in told {
          count += 1
          await body(count, executor)
        }
      }
    }
  }

  private static func says(_ text: String) -> @Sendable (RunEvent) -> Bool {
    { event in
      switch event {
      case .notice(let told), .waiting(let told): told.contains(text)
      default: false
      }
    }
  }

  private static func judges(_ verdict: Verdict) -> @Sendable (RunEvent) -> Bool {
    { event in
      guard case .recorded(let entries) = event else { return false }
      return entries.contains { if case .triggerJudged(let window) = $0.kind { window.verdict == verdict } else { false } }
    }
  }

  // MARK: while a person decides

  @Test func triggerFiresWhileAPersonDecides() async throws {
    let rig = try rig()
    rig.server.script("health", .value(0), .value(0), .value(5))
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBack)
    #expect(ending.state.exitCode == 3)
    #expect(ending.state.cause?.origin == .trigger("health"))
    #expect(ending.state.cause?.message.contains("value is 5, expected equals 0") == true)
    #expect(rig.server.executions == ["a": 1])
    #expect(rig.server.history == ["a", "undo a"])
    try await rig.checkPromises()
  }

  @Test func gateWaitsForAnswersOfOtherProcessesWhileATriggerIsAwake() async throws {
    let rig = try rig()
    let process = Self.process(when: Self.says("waits for people")) { _, _ in try? await rig.answer("go", item: "go") }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .succeeded)
    #expect(rig.server.executions == ["a": 1, "b": 1])
    let observer = try #require(process.observer as? RecordingObserver)
    #expect(
      observer.all.contains {
        if case .waiting(let text) = $0 { text.contains("health watches meanwhile; 'runbook confirm run-1' answers") } else { false }
      })
    #expect(observer.notices.contains("watching health: every 10m"))
  }

  @Test func gateThatExpiresEndsTheWaiting() async throws {
    let plan = Self.plan()
    let rig = try Rig(plan.phases.replacing("text: Go on?", with: "text: Go on?, expires: 15m"), head: plan.head)
    rig.server.set(cell: "health", to: 0)
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBack)
    #expect(ending.state.cause?.message.contains("was not confirmed in time") == true)
  }

  @Test func whoDetachesLeavesAtOnceAndIsToldWhatSleeps() async throws {
    let rig = try rig()
    let observer = RecordingObserver()
    let ending = try await rig.execute(Rig.Process(observer: observer, detaches: true))
    #expect(ending.state.status == .paused)
    #expect(ending.state.exitCode == 6)
    #expect(ending.waitsFor?.contains("'go' waits for people") == true)
    #expect(observer.notices.contains("trigger asleep until the run goes on: health"))
  }

  @Test func withoutALiveTriggerAGateEndsTheProcess() async throws {
    let rig = try rig("startAfter: b, onFail: rollback, onNoData: pause, onError: warn")
    let ending = try await rig.execute()
    #expect(ending.state.status == .paused)
    #expect(ending.state.exitCode == 6)
  }

  // MARK: what never passes

  @Test(arguments: [
    (FakeBehaviour.fail("no route"), "onError", Verdict.error), (.noData, "onNoData", .noData), (.stuck, "onError", .error),
  ])
  func whatSeesNothingNeverPasses(_ behaviour: FakeBehaviour, _ policy: String, _ verdict: Verdict) async throws {
    let policies = ["onFail", "onNoData", "onError"].map { "\($0): \($0 == policy ? "rollback" : "warn")" }.joined(separator: ", ")
    let rig = try rig("requirePass: true, window: 20m, timeout: 1m, \(policies)", gate: false)
    rig.server.always("health", behaviour)
    let ending = try await rig.execute()
    // Nothing was changed: the first change waits for a passing window.
    #expect(ending.state.status == .failed)
    #expect(ending.state.exitCode == 1)
    #expect(rig.server.executions.isEmpty)
    #expect(ending.state.trigger("health")?.last?.verdict == verdict)
    #expect(ending.state.trigger("health")?.firstPassAt == nil)
  }

  @Test func anAnswerThatDoesNotComeInTimeIsAnError() async throws {
    let rig = try rig("window: 20m, timeout: 90s, onFail: warn, onNoData: warn, onError: rollback")
    rig.server.always("health", .stuck)
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBack)
    let message = ending.state.trigger("health")?.last?.message ?? ""
    #expect(message.contains("no answer within 1m 30s"), "\(message)")
  }

  @Test func firstChangeWaitsForAPassingWindow() async throws {
    let rig = try rig("requirePass: true, onFail: warn, onNoData: pause, onError: warn", gate: false)
    rig.server.script("health", .value(3), .value(0))
    let observer = RecordingObserver()
    let ending = try await rig.execute(Rig.Process(observer: observer))
    #expect(ending.state.status == .succeeded)
    #expect(ending.state.warnings.map(\.subject) == ["health"])
    let told = try await rig.entries().compactMap { entry -> String? in
      switch entry.kind {
      case .triggerJudged(let window): window.verdict.rawValue
      case .effectRequested(let id) where id.verb == .perform: id.description
      default: nil
      }
    }
    #expect(told == ["fail", "pass", "step:a#1", "step:b#1"])
    #expect(observer.all.contains { if case .waiting("waiting for a passing window of health") = $0 { true } else { false } })
  }

  @Test func singleFailuresAreBorneAsThePlanSays() async throws {
    let rig = try rig("failures: { max: 1, of: 3 }, onFail: rollback, onNoData: pause, onError: warn")
    rig.server.script("health", .value(5), .value(0), .value(0), .value(5), .value(5))
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBack)
    #expect(ending.state.trigger("health")?.windows == 5)
    #expect(ending.state.cause?.message.contains("2 of the last 3 windows failed") == true)
  }

  // MARK: in mid-change

  @Test func changeUnderWayStopsAtItsBorderAndIsUndone() async throws {
    let rig = try rig(gate: false)
    rig.server.script("a", .untilStopped)
    rig.server.script("health", .value(9))
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBack)
    #expect(rig.server.history == ["undo a"])
    let outcomes = try await rig.entries().compactMap { entry -> Outcome? in
      if case .effectFinished(let id, let outcome, _) = entry.kind, id.verb == .perform { outcome } else { nil }
    }
    #expect(outcomes == [.interrupted])
    try await rig.checkPromises()
  }

  // MARK: paused

  @Test func pauseOfATriggerEndsWithAPassingWindow() async throws {
    let rig = try rig()
    rig.server.script("health", .value(0))
    rig.server.always("health", .noData)
    let isDue: @Sendable (RunEvent) -> Bool = { event in
      Self.says("still watching")(event) || Self.says("waits for people")(event) || Self.says("waiting for a passing window")(event)
    }
    let process = Self.process(when: isDue) { count, _ in
      // First the gate waits, then the run is paused, then it waits for the trigger; answered only when the gate asks again.
      switch count {
      case 2: try? await rig.post(RequestKind.resume, .emptyMap, id: "resume-1")
      case 3: rig.server.always("health", .value(0))
      case 4: try? await rig.answer("go", item: "go")
      default: break
      }
    }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .succeeded)
    let told = try await rig.entries().compactMap { entry -> String? in
      switch entry.kind {
      case .triggerJudged(let window): window.verdict.rawValue
      case .triggerFired(let event): "fired \(event.response.rawValue)"
      case .runPaused: "paused"
      case .decision(.request(let request)): "\(request.wish)"
      case .effectRequested(let id) where id.verb == .perform: id.description
      default: nil
      }
    }
    #expect(told.starts(with: ["step:a#1", "step:go#1", "pass", "noData", "fired pause", "paused"]))
    let resumed = try #require(told.firstIndex(of: "resume"))
    let passed = try #require(told.lastIndex(of: "pass"))
    let goesOn = try #require(told.firstIndex(of: "step:b#1"))
    #expect(resumed < passed && passed < goesOn)
  }

  @Test func pausedRunIsRolledBackByItsTrigger() async throws {
    let rig = try rig()
    rig.server.script("health", .value(0), .noData, .value(7))
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBack)
    #expect(try await rig.kinds().contains("runPaused"))
    #expect(rig.server.history == ["a", "undo a"])
  }

  @Test func pauseOfAnotherProcessKeepsTriggersAwakeUntilCtrlC() async throws {
    let rig = try rig()
    let process = Self.process(when: { Self.says("still watching")($0) || Self.says("waits for people")($0) }) { count, executor in
      if count == 1 { try? await rig.post(RequestKind.pause, .object(["reason": "lunch"]), id: "p-1") } else { executor.requestStop() }
    }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .paused)
    #expect(ending.state.pauseReason == "lunch")
    let observer = try #require(process.observer as? RecordingObserver)
    #expect(observer.notices.last == "trigger asleep until the run goes on: health")
    try await rig.checkPromises()
  }

  @Test func stayingProcessTakesACancelWithRollback() async throws {
    let rig = try rig()
    let process = Self.process(when: { Self.says("still watching")($0) || Self.says("waits for people")($0) }) { count, _ in
      let (kind, argument): (String, Value) =
        count == 1 ? (RequestKind.pause, .object(["reason": "lunch"])) : (RequestKind.cancel, .object(["rollback": true]))
      try? await rig.post(kind, argument, id: "r-\(count)")
    }
    #expect(try await rig.execute(process).state.status == .rolledBack)
  }

  // MARK: a process is gone

  @Test func historyOutlastsTheProcess() async throws {
    // So many that those which pass before the process is gone do not matter, however many they are.
    let rig = try rig("failures: { max: 1, of: 1000 }, onFail: rollback, onNoData: pause, onError: warn")
    rig.server.script("health", .value(5))
    let process = Self.process(when: Self.judges(.fail)) { _, executor in
      executor.requestStop()
      executor.requestStop()
    }
    let cut = await failure { () async throws(RunFailure) in try await rig.execute(process) }
    #expect(cut?.code == "RB2502" || cut == nil)
    rig.server.crash()
    rig.server.script("health", .value(6))
    let ending = try await rig.resume()
    #expect(ending.state.status == .rolledBack)
    let verdicts = try await rig.entries().compactMap { if case .triggerJudged(let window) = $0.kind { window.verdict } else { nil } }
    #expect(verdicts.count { $0 == .fail } == 2, "one in each process: \(verdicts)")
    try await rig.checkPromises()
  }

  @Test func windowsAreCountedBesideTheLog() async throws {
    let rig = try rig()
    rig.server.script("health", .value(0), .value(0), .value(0), .value(5))
    try await rig.execute()
    let rows = try await rig.journal.windows(of: "run-1")
    #expect(rows.map(\.verdict) == ["pass", "fail"])
    #expect(rows.map(\.count) == [3, 1])
    #expect(rows.last?.payload["observed"] == .integer(5))
  }
}
