import RunbookActions
import RunbookEngine
import RunbookPlan
import RunbookRuntime
import RunbookTestSupport
import Testing

@Suite("Baselines, and checks that compare with them")
struct BaselineTests {
  private static func plan(_ check: String, measure: String = "measure: { action: fake.times, with: { cell: x } }") -> String {
    """
    phases:
      - id: one
        steps:
          - { id: before, action: baseline.record, with: { \(measure) } }
          - { id: told, action: fake.guarded, with: { cell: y, by: "${{ baselines.before.samples }}" } }
    verify: [ \(check) ]
    """
  }

  private static func gate(_ more: String = "") -> String {
    "{ id: gate, action: fake.times, with: { cell: x }, expect: { notWorseThan: { baseline: before, field: p50, tolerance: 10% } } \(more) }"
  }

  private func run(_ text: String, _ prepare: (Rig) -> Void = { _ in }) async throws -> (rig: Rig, state: RunState) {
    let rig = try Rig(text)
    rig.server.set(cell: "x", to: 10_000)
    prepare(rig)
    let ending = try await rig.execute()
    try await rig.checkPromises()
    return (rig, ending.state)
  }

  @Test("What was measured is journalled, referred to, and compared with; a slower answer is a fail and unwinds")
  func compares() async throws {
    let (rig, good) = try await run(Self.plan(Self.gate()))
    #expect(good.status == .succeeded)
    #expect(rig.server.cells["y"] == 500)
    let folded = try await rig.fold()
    #expect(folded.step("before")?.outputs["recordedAt"]?.timestampValue != nil)
    #expect(folded.step("before")?.outputs["histogram"]?.listValue?.count == 500)
    let (worse, bad) = try await run(Self.plan(Self.gate())) { $0.server.script("gate", .value(12_000)) }
    #expect(bad.status == .rolledBack)
    #expect(bad.check("gate")?.result?.verdict == .fail)
    #expect(worse.server.cells["y"] == 0)
  }

  @Test("Inconclusive follows the policy for no data: halt by default, else what the check says")
  func inconclusive() async throws {
    let (_, halted) = try await run(Self.plan(Self.gate())) { $0.server.script("gate", .value(11_000)) }
    #expect(halted.check("gate")?.result?.verdict == .inconclusive)
    #expect(halted.status == .halted)
    let (_, warned) = try await run(Self.plan(Self.gate(", onNoData: warn"))) { $0.server.script("gate", .value(11_000)) }
    #expect(warned.status == .succeeded)
    let (_, unwound) = try await run(Self.plan(Self.gate(", onNoData: rollback"))) { $0.server.script("gate", .value(11_000)) }
    #expect(unwound.status == .rolledBack)
  }

  @Test("A baseline that is older than its maxAge is no data")
  func age() async throws {
    let measure = "measure: { action: fake.times, with: { cell: x } }, maxAge: 1m"
    let text = Self.plan(Self.gate(", onNoData: warn"), measure: measure)
    let (_, young) = try await run(text)
    #expect(young.check("gate")?.result?.verdict == .pass)
    let aged = text.replacing(
      "verify: [", with: "    - { id: later, action: wait.for, with: { duration: 2m } }\nverify: [")
    let (_, old) = try await run(aged.replacing("\n    - { id: later", with: "\n      - { id: later"))
    #expect(old.check("gate")?.result?.verdict == .noData)
    let message = try #require(old.check("gate")?.result?.message)
    #expect(message.hasPrefix("the baseline of 'before' is 2m") && message.hasSuffix(" old, and its 'maxAge' is 1m"))
  }

  @Test("A measurement beside the check's own, on another target")
  func beside() async throws {
    let check = """
      { id: gate, action: fake.times, with: { cell: x }, expect: { notWorseThan: { field: p50, tolerance: 10%, measure: { action: fake.times, target: other, with: { cell: z } } } }, onNoData: warn }
      """
    let (_, none) = try await run(Self.plan(check))
    #expect(none.check("gate")?.result?.message == "what was measured beside it: nothing answered")
    let (_, same) = try await run(Self.plan(check)) { $0.other.set(cell: "z", to: 10_000) }
    #expect(same.check("gate")?.result?.verdict == .pass)
    let (_, slower) = try await run(Self.plan(check)) { $0.other.set(cell: "z", to: 5_000) }
    #expect(slower.check("gate")?.result?.verdict == .fail)
  }

  @Test("After a pause the baseline is read from the journal and not measured again")
  func resumes() async throws {
    let rig = try Rig(Self.plan(Self.gate()))
    rig.server.set(cell: "x", to: 10_000)
    let paused = try await rig.execute(until: "before")
    #expect(paused.state.status == .paused)
    // All has become slower meanwhile: only what was recorded can tell.
    rig.server.set(cell: "x", to: 20_000)
    let ended = try await rig.resume()
    #expect(ended.state.check("gate")?.result?.verdict == .fail)
    #expect(ended.state.status == .rolledBack)
  }
}
