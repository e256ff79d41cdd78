import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookTestSupport
import Testing

/// Plans, and what is done to them, whose process is cut off at every append of the journal.
struct CrashCase: Sendable, CustomTestStringConvertible {
  var name: String
  var phases: String
  var head = ""
  var yes = false
  /// Told to the server before each run.
  var prepare: @Sendable (FakeServer) -> Void = { _ in }
  /// Whether the script is part of the world, so that every process meets it anew.
  var status: RunStatus
  var cells: [String: Int64]

  var testDescription: String { name }

  static let all: [CrashCase] = [
    CrashCase(name: "success", phases: WholeRunTests.twoSteps, status: .succeeded, cells: ["x": 2, "y": 3]),
    CrashCase(
      name: "failing check",
      phases: WholeRunTests.twoSteps.replacing("expect: { equals: 2 }", with: "expect: { equals: 3 }"),
      status: .rolledBack, cells: ["x": 0, "y": 0]),
    CrashCase(
      name: "undo list with captures",
      phases: """
        phases:
          - id: one
            steps:
              - id: a
                action: fake.probed
                with: { cell: x, by: 5 }
                capture: [ { id: before, action: fake.look, with: { cell: minus }, expect: { exists: true } } ]
                rollback:
                  - { id: put-back, action: fake.probed, with: { cell: x, by: "${{ captured.before.value }}" } }
                  - { id: told, action: note, with: { text: gone } }
              - { id: b, action: fake.guarded, with: { cell: y, by: 1 } }
            verify: [ { id: bad, action: fake.look, with: { cell: y }, expect: { equals: 0 } } ]
        """,
      prepare: { $0.set(cell: "minus", to: -5) }, status: .rolledBack, cells: ["minus": -5, "x": 0, "y": 0]),
    CrashCase(
      name: "gate and wait",
      phases: """
        phases:
          - id: one
            steps:
              - { id: a, action: fake.guarded, with: { cell: x } }
              - { id: ask, action: manual.confirm, with: { text: go on } }
              - { id: bake, action: wait.for, with: { duration: 5s } }
              - { id: b, action: fake.probed, with: { cell: y } }
        """,
      yes: true, status: .succeeded, cells: ["x": 1, "y": 1]),
    CrashCase(
      name: "idempotent and continued failure",
      phases: """
        phases:
          - id: one
            steps:
              - { id: a, action: fake.set, with: { cell: x, by: 7 } }
              - { id: fails, action: fake.look, with: { cell: x, note: n }, onFailure: continue }
          - id: two
            when: { value: "${{ steps.a.outputs.changed }}", equals: 7 }
            steps:
              - { id: b, action: fake.probed, with: { cell: y, by: "${{ steps.a.outputs.changed }}" } }
        """,
      status: .succeeded, cells: ["x": 7, "y": 7]),
    CrashCase(
      name: "failed precondition of the plan", phases: WholeRunTests.twoSteps,
      head: "preconditions: [ { id: ready, action: fake.look, with: { cell: z }, expect: { equals: 1 } } ]",
      prepare: { $0.set(cell: "z", to: 0) }, status: .failed, cells: ["z": 0]),
    CrashCase(
      name: "phase scope",
      phases: """
        phases:
          - id: one
            steps: [ { id: a, action: fake.guarded, with: { cell: x } } ]
          - id: two
            rollbackScope: phase
            steps: [ { id: b, action: fake.probed, with: { cell: y } } ]
            verify: [ { id: bad, action: fake.look, with: { cell: y }, expect: { equals: 0 } } ]
        """,
      status: .halted, cells: ["x": 1, "y": 0]),
    CrashCase(
      name: "covered, transparent, after the rollback",
      phases: """
        phases:
          - id: one
            steps:
              - { id: a, action: fake.guarded, with: { cell: x, by: 4 } }
              - { id: c, action: fake.set, with: { cell: w, by: 1 }, rollback: { coveredBy: a } }
              - { id: n, action: fake.set, with: { cell: v, by: 1 }, rollback: { notNeeded: a cache } }
            verify: [ { id: bad, action: fake.look, with: { cell: x }, expect: { equals: 0 } } ]
        afterRollback: [ { id: purge, action: fake.set, with: { cell: cache, by: 9 } } ]
        verifyRollback: [ { id: restored, action: fake.look, with: { cell: x }, expect: { equals: 0 } } ]
        """,
      status: .rolledBack, cells: ["x": 0, "w": 1, "v": 1, "cache": 9]),
    CrashCase(
      name: "undo that fails for good", phases: WholeRunTests.twoSteps,
      prepare: {
        $0.always("sees-x", .value(9))
        $0.always("undo a", .fail("no"))
      }, status: .blocked, cells: ["x": 2, "y": 0]),
    CrashCase(
      name: "unknown outcomes",
      phases: """
        phases:
          - id: one
            steps:
              - { id: a, action: fake.guarded, with: { cell: x }, retry: { attempts: 2 } }
              - { id: b, action: fake.probed, with: { cell: y }, retry: { attempts: 2 } }
            verify: [ { id: bad, action: fake.look, with: { cell: y }, expect: { equals: 0 } } ]
        """,
      prepare: {
        $0.always("a", .unknownAfter)
        $0.always("b", .unknownAfter)
      }, status: .rolledBack, cells: ["x": 0, "y": 0]),
    CrashCase(
      name: "point of no return",
      phases: """
        phases:
          - id: one
            steps:
              - { id: a, action: fake.guarded, with: { cell: x } }
              - { id: p, action: fake.set, with: { cell: y }, rollback: { none: it is sent, acknowledged: true } }
              - { id: b, action: fake.probed, with: { cell: z } }
            verify: [ { id: bad, action: fake.look, with: { cell: y }, expect: { equals: 0 } } ]
        """,
      status: .halted, cells: ["x": 1, "y": 1, "z": 0]),
    CrashCase(
      name: "conflicts and a restored state that is not",
      phases: WholeRunTests.twoSteps + """

        verifyRollback: [ { id: restored, action: fake.look, with: { cell: x }, expect: { equals: 7 } } ]
        """,
      prepare: {
        $0.always("sees-x", .value(9))
        $0.always("undo a", .conflicts(1))
      }, status: .rolledBackWithConflicts, cells: ["x": 0, "y": 0]),
  ]
}

@Suite struct CrashTests {
  private func rig(_ plan: CrashCase) throws -> Rig {
    let rig = try Rig(plan.phases, head: plan.head)
    plan.prepare(rig.server)
    return rig
  }

  private func stands(_ status: RunStatus) -> Bool { status.isEnd || status == .halted || status == .blocked }

  /// Goes on with fresh processes until the run stands.
  private func goOn(_ rig: Rig, _ plan: CrashCase) async throws -> RunStatus {
    for _ in 0..<6 {
      // Whoever resumes a run that stands halted asks for more than this test wants to see.
      if try await rig.fold().status == .halted { return .halted }
      let status = try await rig.resume(.init(yes: plan.yes)).state.status
      if stands(status) { return status }
    }
    return try await rig.fold().status
  }

  private func compare(_ rig: Rig, with plan: CrashCase, executions: [String: Int], undos: [String: Int], _ what: String) async throws {
    #expect(rig.server.cells == plan.cells, "\(what)")
    #expect(rig.server.leaseHolders.isEmpty, "\(what)")
    #expect(rig.server.complaints.isEmpty, "\(what)")
    #expect(rig.server.reservations == (plan.status.isEnd ? [] : ["collection:cells"]), "\(what)")
    for (step, count) in rig.server.executions where executions[step] != nil && !step.isIdempotent(in: rig) {
      #expect(count == executions[step], "\(what): \(step) was carried out \(count) times")
    }
    #expect(Set(rig.server.undos.keys) == Set(undos.keys), "\(what)")
    if let receipt = rig.server.receipts["run-1"], plan.status.isEnd { #expect(receipt.status == plan.status.rawValue, "\(what)") }
    guard case .intact(let head) = try await rig.journal.verifyChain(of: "run-1") else {
      Issue.record("\(what): the chain is broken")
      return
    }
    if let receipt = rig.server.receipts["run-1"] { #expect(receipt.headSequence <= head.seq, "\(what)") }
    let forward = try await rig.entries().drop { $0.kindName != "rollbackBegan" }
    for entry in forward {
      guard case .effectRequested(let id) = entry.kind, id.verb == .perform, let step = rig.bound.steps[id.subject] else { continue }
      if case .forward = step.role { Issue.record("\(what): \(id) went forward in a rollback") }
    }
  }

  @Test(arguments: CrashCase.all) func comesToTheSameEndFromEveryAppend(_ plan: CrashCase) async throws {
    let whole = try rig(plan)
    let counting = FaultyJournal(whole.journal, fault: .none)
    #expect(try await whole.execute(.init(journal: counting, yes: plan.yes)).state.status == plan.status)
    let (executions, undos) = (whole.server.executions, whole.server.undos)
    try await compare(whole, with: plan, executions: executions, undos: undos, "without a crash")
    #expect(counting.appends >= 3)

    for append in 1...counting.appends {
      for fault in [FaultyJournal.Fault.before(append), .after(append)] {
        let rig = try rig(plan)
        let journal = FaultyJournal(rig.journal, fault: fault) { [server = rig.server] in server.crash() }
        let failed = await failure { () async throws(RunFailure) in try await rig.execute(.init(journal: journal, yes: plan.yes)) }
        guard journal.hasFailed else { continue }
        #expect(failed?.exitStatus == 74, "\(fault)")
        #expect(try await goOn(rig, plan) == plan.status, "\(fault)")
        try await compare(rig, with: plan, executions: executions, undos: undos, "\(fault)")
      }
    }
  }

  /// The process that goes on after a crash is cut off too, at each of its appends.
  @Test(arguments: CrashCase.all) func comesToTheSameEndFromEveryPairOfAppends(_ plan: CrashCase) async throws {
    let whole = try rig(plan)
    let counting = FaultyJournal(whole.journal, fault: .none)
    try await whole.execute(.init(journal: counting, yes: plan.yes))
    for first in 1...counting.appends {
      for second in 1...counting.appends + 2 {
        let rig = try rig(plan)
        let one = FaultyJournal(rig.journal, fault: .after(first)) { [server = rig.server] in server.crash() }
        _ = await failure { () async throws(RunFailure) in try await rig.execute(.init(journal: one, yes: plan.yes)) }
        if try await rig.fold().status == .halted { break }
        let two = FaultyJournal(rig.journal, fault: .before(second)) { [server = rig.server] in server.crash() }
        _ = await failure { () async throws(RunFailure) in try await rig.resume(.init(journal: two, yes: plan.yes)) }
        let what = "after \(first), then before \(second)"
        #expect(try await goOn(rig, plan) == plan.status, "\(what)")
        try await compare(rig, with: plan, executions: whole.server.executions, undos: whole.server.undos, what)
        if !two.hasFailed { break }
      }
    }
  }
}

extension String {
  /// Whether this step may be carried out more than once: its class says that it makes no difference.
  fileprivate func isIdempotent(in rig: Rig) -> Bool { rig.bound.steps[self]?.call.descriptor.effectClass == .idempotent }
}
