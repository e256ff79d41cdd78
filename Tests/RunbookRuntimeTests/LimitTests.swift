import RunbookActions
import RunbookEngine
import RunbookRuntime
import RunbookTestSupport
import Testing

/// The time limits of steps.
@Suite struct LimitTests {
  private func rig(_ limits: String, action: String = "fake.guarded") throws -> Rig {
    try Rig(
      """
      phases:
        - id: one
          steps:
            - { id: a, action: fake.guarded, with: { cell: x } }
            - { id: b, action: \(action), with: { cell: y }\(limits) }
      """)
  }

  private func failure(of step: String, in rig: Rig) async throws -> Failure? {
    try await rig.entries().compactMap { entry -> Failure? in
      switch entry.kind {
      case .effectFinished(let id, .failed(let failure), _) where id.subject == step: failure
      case .effectFinished(let id, .unknown(let failure), _) where id.subject == step: failure
      default: nil
      }
    }.first
  }

  @Test(arguments: [
    (", deadline: 3m", "its deadline of 3m has passed"), (", stallTimeout: 2m", "nothing went on for 2m (stallTimeout)"),
    // What batched changes have that say nothing else.
    ("", "nothing went on for 10m (stallTimeout)"),
  ])
  func effectStopsAtItsBorder(_ limits: String, _ words: String) async throws {
    let rig = try rig(limits)
    rig.server.script("b", .untilStopped)
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBack)
    #expect(rig.server.history == ["a", "undo b", "undo a"])
    let failure = try #require(try await failure(of: "b", in: rig))
    #expect(failure.code == "RB2308")
    #expect(failure.message == "\(words), and it stopped at its border; 1 of 2 cells were done by then")
    #expect(ending.state.cause?.origin == .step("b"))
    try await rig.checkPromises()
  }

  @Test func effectThatComesToNoBorderIsCutOff() async throws {
    let rig = try rig(", deadline: 1m")
    rig.server.script("b", .stuck)
    let ending = try await rig.execute()
    #expect(ending.state.status == .rolledBack)
    let failure = try #require(try await failure(of: "b", in: rig))
    #expect(failure.code == "RB2309")
    #expect(failure.message.hasPrefix("its deadline of 1m has passed, and it was cut off"))
  }

  @Test func policyOfTheStepFollows() async throws {
    let rig = try rig(", deadline: 1m, onFailure: halt")
    rig.server.script("b", .untilStopped)
    let ending = try await rig.execute()
    #expect(ending.state.status == .halted)
    #expect(ending.state.exitCode == 9)
    // And whoever resumes has the whole time again.
    #expect(try await rig.resume().state.status == .succeeded)
  }

  @Test func effectInTimeIsLeftAlone() async throws {
    let rig = try rig(", deadline: 1m, stallTimeout: 30s")
    #expect(try await rig.execute().state.status == .succeeded)
  }

  @Test func undoIsNeverCutShort() async throws {
    let rig = try rig(", deadline: 1m")
    rig.server.script("b", .failAfter("broken"))
    rig.server.script("undo b", .untilStopped)
    let (started, sink) = AsyncStream.makeStream(of: Void.self)
    let observer = RecordingObserver { event in
      guard case .recorded(let entries) = event else { return }
      if entries.contains(where: { if case .effectRequested(let id) = $0.kind { id.verb == .undo } else { false } }) { sink.yield() }
    }
    let process = Rig.Process(observer: observer) { executor in
      Task {
        for await _ in started {
          // Far beyond the deadline of the step.
          await rig.clock.sleep(milliseconds: 300_000)
          executor.requestStop()
          return
        }
      }
    }
    let ending = try await rig.execute(process)
    #expect(ending.state.status == .rollingBack)
    #expect(try await rig.resume().state.status == .rolledBack)
  }
}
