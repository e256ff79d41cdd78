import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookTestSupport
import Testing

/// A secret never leaves the process but to where it is used.
@Suite struct SecretTests {
  static let canary = "kanarienvogel-4711"

  /// A plan whose target's address has the secret in it, so that it is learned with the first connection.
  private func rig(_ phases: String) throws -> Rig {
    try Rig(
      phases, head: "secrets: { token: { fromEnv: TOKEN } }", secrets: ["TOKEN": Self.canary],
      targetFields: "database: \"${{ secrets.token }}\"")
  }

  private func expectNothing(_ rig: Rig, _ observer: RecordingObserver, _ failed: RunFailure? = nil) async throws {
    let stored = try await rig.journal.records(of: "run-1").map { "\($0)" }.joined()
    #expect(!stored.isEmpty)
    #expect(!stored.contains(Self.canary))
    #expect(!observer.text.contains(Self.canary))
    #expect(!rig.server.receiptLog(of: "run-1").map(\.text).joined().contains(Self.canary))
    #expect(!"\(rig.server.receipts)".contains(Self.canary))
    #expect(!"\(String(describing: failed))".contains(Self.canary))
    #expect(!"\(try await rig.journal.progress(of: "run-1"))".contains(Self.canary))
    #expect(!"\(try await rig.fold())".contains(Self.canary))
    try await rig.checkPromises()
  }

  @Test func errorsAndObservationsAreRedacted() async throws {
    let rig = try rig(
      """
      phases:
        - id: one
          steps:
            - { id: a, action: fake.guarded, with: { cell: x } }
            - { id: b, action: fake.guarded, with: { cell: y } }
          verify: [ { id: seen, action: fake.look, with: { cell: x }, expect: { field: text, equals: nothing } } ]
      """)
    rig.server.script("a", .text("output with \(Self.canary)"))
    rig.server.script("seen", .text("I saw \(Self.canary)"))
    rig.server.script("undo b", .fail("cannot log in with \(Self.canary)"))
    let observer = RecordingObserver()
    let ending = try await rig.execute(.init(observer: observer))
    #expect(ending.state.status == .rolledBack)
    #expect(ending.state.check("seen")?.result?.observed == "I saw ***")
    #expect(!"\(ending.state)".contains(Self.canary))
    try await expectNothing(rig, observer)
  }

  @Test func failuresToBeginAreRedacted() async throws {
    let rig = try rig(WholeRunTests.twoSteps)
    rig.server.fail(with: ActionError(code: "TEST", message: "no way in with \(Self.canary)", kind: .refused, help: "try \(Self.canary)"))
    let failed = await failure { () async throws(RunFailure) in try await rig.execute() }
    #expect(failed?.message == "no way in with ***")
    #expect(failed?.next.first == "try ***")
    let other = try self.rig(WholeRunTests.twoSteps)
    try await other.execute(until: "a")
    other.server.fail(with: ActionError(code: "TEST", message: "no way in with \(Self.canary)", kind: .leaseLost))
    let observer = RecordingObserver()
    let atResume = await failure { () async throws(RunFailure) in try await other.resume(.init(observer: observer)) }
    #expect(atResume?.message == "no way in with ***")
    try await expectNothing(other, observer, atResume)
  }

  @Test func capturedValueWithASecretFailsTheStepBeforeItsEffect() async throws {
    let rig = try rig(
      """
      phases:
        - id: one
          steps:
            - id: a
              action: fake.opaque
              with: { cell: x }
              capture: [ { id: before, action: fake.look, with: { cell: z }, expect: { field: text, exists: true } } ]
              rollback: [ { id: back, action: fake.opaque, with: { cell: x, by: -1 } } ]
      """)
    // What is captured is captured in the name of the step.
    rig.server.script("a", .text("key \(Self.canary)"))
    let observer = RecordingObserver()
    let ending = try await rig.execute(.init(observer: observer))
    #expect(ending.state.status == .failed)
    #expect(rig.server.history.isEmpty)
    #expect(ending.state.cause?.message.contains("contains a secret") == true)
    try await expectNothing(rig, observer)
  }

  @Test func outputWithASecretFailsItsStepOnlyWhereItIsReferredTo() async throws {
    let plan = """
      phases:
        - id: one
          steps:
            - { id: a, action: fake.guarded, with: { cell: x } }
            - { id: say, action: note, with: { text: "${{ steps.a.outputs.FIELD }}" } }
      """
    for (field, status) in [("text", RunStatus.rolledBack), ("changed", .succeeded)] {
      let rig = try rig(plan.replacing("FIELD", with: field))
      rig.server.script("a", .text("key \(Self.canary)"))
      let observer = RecordingObserver()
      let ending = try await rig.execute(.init(observer: observer))
      #expect(ending.state.status == status)
      try await expectNothing(rig, observer)
    }
  }

  @Test func observationWithASecretIsAnErrorWhereItIsReferredTo() async throws {
    let rig = try rig(
      """
      phases:
        - id: one
          steps:
            - id: a
              action: fake.guarded
              with: { cell: x }
              verify: [ { id: seen, action: fake.look, with: { cell: x }, expect: { equals: 1 } } ]
            - { id: say, action: note, with: { text: "${{ checks.seen.outputs.text }}" } }
      """)
    rig.server.script("seen", .text("key \(Self.canary)"))
    let observer = RecordingObserver()
    let ending = try await rig.execute(.init(observer: observer))
    #expect(ending.state.status == .halted)
    #expect(ending.state.check("seen")?.result?.verdict == .error)
    try await expectNothing(rig, observer)
  }

  @Test func whatPeopleWriteIsRedacted() async throws {
    let plan = PeopleTests.gate("{ text: go on, evidence: required }")
    let rig = try rig(plan.phases)
    let observer = RecordingObserver()
    let console = ScriptedConsole(["ask": ConsoleAnswer(isYes: true, evidence: "logged in with \(Self.canary)")])
    let ending = try await rig.execute(.init(console: console, observer: observer))
    #expect(ending.state.status == .succeeded)
    #expect(ending.state.step("ask")?.outputs["notes"]?["ask"] == "logged in with ***")
    try await expectNothing(rig, observer)
  }
}
