import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookTestSupport
import Testing

/// Gates: who answers, where, and what that does.
@Suite struct PeopleTests {
  static func gate(_ with: String, people: String = "") -> (phases: String, head: String) {
    (
      """
      phases:
        - id: one
          steps:
            - { id: a, action: fake.guarded, with: { cell: x } }
            - { id: ask, action: manual.confirm, with: \(with) }
            - { id: b, action: fake.guarded, with: { cell: y } }
      """, people
    )
  }

  private func rig(_ with: String, people: String = "") throws -> Rig {
    let plan = Self.gate(with, people: people)
    return try Rig(plan.phases, head: plan.head)
  }

  @Test func nobodyThereMeansPaused() async throws {
    let rig = try rig("{ text: go on }")
    let ending = try await rig.execute()
    #expect(ending.state.status == .paused)
    #expect(ending.state.exitCode == 6)
    #expect(ending.waitsFor == "'ask' waits for people: ask")
    #expect(rig.server.cells == ["x": 1])
    #expect(rig.server.leaseHolders.isEmpty)
    #expect(rig.server.reservations == ["collection:cells"])
    #expect(try await rig.resume().state.status == .paused)
    try await rig.answer("ask", item: "ask")
    let resumed = try await rig.resume()
    #expect(resumed.state.status == .succeeded)
    #expect(resumed.state.step("ask")?.outputs["by"]?["ask"] == "ana")
    #expect(try await rig.journal.requests(of: "run-1").allSatisfy { $0.consumedSeq != nil })
    try await rig.checkPromises()
  }

  /// The gate keeps its name over pause and resume, so that its deadline does not begin anew.
  @Test func deadlineOfAGateCountsFromItsFirstAsking() async throws {
    let rig = try rig("{ text: go on, expires: 1h }")
    #expect(try await rig.execute().state.status == .paused)
    rig.clock.advance(milliseconds: 3_600_000)
    try await rig.answer("ask", item: "ask")
    let ending = try await rig.resume()
    #expect(ending.state.status == .rolledBack)
    #expect(ending.state.cause?.message.contains("'ask' was not confirmed in time: ask") == true)
    #expect(rig.server.cells == ["x": 0])
  }

  @Test func noFailsTheStep() async throws {
    let rig = try rig("{ text: go on }")
    try await rig.execute()
    try await rig.answer("ask", item: "ask", yes: false)
    let ending = try await rig.resume()
    #expect(ending.state.status == .rolledBack)
    #expect(ending.state.cause?.message.contains("'ask' was refused: ask by ana") == true)
    #expect(rig.server.cells == ["x": 0])
  }

  @Test func noFailsACheck() async throws {
    let rig = try Rig(
      """
      phases:
        - id: one
          steps: [ { id: a, action: fake.guarded, with: { cell: x } } ]
          verify: [ { id: looks-good, action: manual.confirm, with: { text: looks good } } ]
      """)
    let console = ScriptedConsole(["looks-good": ConsoleAnswer(isYes: false, evidence: nil)])
    #expect(try await rig.execute(.init(console: console)).state.status == .rolledBack)
    #expect(console.asked.map(\.item.text) == ["looks good"])
  }

  @Test func terminalAnswersItemByItem() async throws {
    let rig = try rig(
      "{ items: [ { id: one-item, text: first }, { id: two-item, text: second, by: qa, evidence: required } ] }",
      people: "people: { qa: { name: Quality, contact: '#qa' } }")
    let console = ScriptedConsole([
      "one-item": ConsoleAnswer(isYes: true, evidence: nil), "two-item": ConsoleAnswer(isYes: true, evidence: "looked"),
    ])
    let ending = try await rig.execute(.init(console: console))
    #expect(ending.state.status == .succeeded)
    #expect(console.asked.map(\.item.id) == ["one-item", "two-item"])
    #expect(console.asked.map(\.people) == [[], ["Quality (#qa)"]])
    #expect(ending.state.step("ask")?.outputs["notes"] == .object(["two-item": "looked"]))
    let answers = ending.state.decisions.compactMap { if case .answer(let answer) = $0 { answer.value["how"] } else { nil } }
    #expect(answers == ["terminal", "terminal"])
  }

  @Test func terminalOfSomebodyElseIsNotAsked() async throws {
    let rig = try rig("{ text: go on, by: dba }", people: "people: { dba: { name: Admin, identities: [root] } }")
    let console = ScriptedConsole(["ask": ConsoleAnswer(isYes: true, evidence: nil)])
    let ending = try await rig.execute(.init(console: console))
    #expect(ending.state.status == .paused)
    #expect(console.asked.isEmpty)
    #expect(ending.waitsFor == "'ask' waits for people: ask by Admin")
    // An answer that somebody else put into the inbox is on record, and counts for nothing.
    try await rig.answer("ask", item: "ask", who: "ana")
    #expect(try await rig.resume(.init(console: console)).state.status == .paused)
    try await rig.answer("ask", item: "ask", who: "root", id: "answer-2")
    #expect(try await rig.resume().state.status == .succeeded)
  }

  @Test func yesAnswersWhatNeedsNoEvidence() async throws {
    let rig = try rig("{ text: go on }")
    let ending = try await rig.execute(.init(yes: true))
    #expect(ending.state.status == .succeeded)
    guard case .answer(let answer) = ending.state.decisions.first else {
      Issue.record("no answer was recorded")
      return
    }
    #expect(answer.who == "ana")
    #expect(answer.value["how"] == "--yes")
  }

  @Test func yesNeverAnswersForEvidence() async throws {
    let rig = try rig("{ text: go on, evidence: required }")
    #expect(try await rig.execute(.init(yes: true)).state.status == .paused)
    try await rig.answer("ask", item: "ask", evidence: nil)
    #expect(try await rig.resume(.init(yes: true)).state.status == .paused)
    try await rig.answer("ask", item: "ask", evidence: "seen", id: "answer-2")
    #expect(try await rig.resume().state.status == .succeeded)
  }

  /// An answer that lies in the inbox when a crashed run is taken up does not start anything before the lease is on record: the effect that
  /// the crash cut off is probed, not carried out a second time.
  @Test func answersInTheInboxDoNotStartWhatACrashCutOff() async throws {
    let plan = """
      phases:
        - id: one
          steps:
            - { id: a, action: fake.probed, with: { cell: x } }
            - { id: ask, action: manual.confirm, with: { text: go on } }
      """
    let whole = try Rig(plan)
    let counting = FaultyJournal(whole.journal, fault: .none)
    try await whole.execute(.init(journal: counting, yes: true))
    for append in 1...counting.appends {
      let rig = try Rig(plan)
      let journal = FaultyJournal(rig.journal, fault: .before(append)) { [server = rig.server] in server.crash() }
      _ = await failure { () async throws(RunFailure) in try await rig.execute(.init(journal: journal, yes: true)) }
      try await rig.answer("ask", item: "ask")
      #expect(try await rig.resume().state.status == .succeeded)
      #expect(rig.server.executions["a"] == 1, "append \(append)")
      try await rig.checkPromises()
    }
  }
}
