import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// What every changing action must do, driven against the real server: one case or more for each, in `ConformanceCases`.
@Suite(.serialized) struct ActionConformanceTests {
  @Test("Every mutating action that is built has a case here")
  func isWhole() {
    let changing = MongoActions.all().filter(\.descriptor.isMutating)
    #expect(changing.allSatisfy { $0 is any ChangingAction })
    let driven = Set(ConformanceCases.all.map(\.action.descriptor.name))
    #expect(changing.map(\.descriptor.name).filter { !driven.contains($0) } == [])
    #expect(Set(ConformanceCases.all.map(\.testDescription)).count == ConformanceCases.all.count)
  }

  /// The verbs in their order, the process killed before those that are named: state gone, another connection, values from the journal.
  private func drive(_ testCase: ConformanceCase, killedBefore: Set<ConformanceDrive.Verb>) async throws {
    try await ActionBench.run { bench in
      try await testCase.prepare(bench)
      let drive = ConformanceDrive(testCase, bench)
      try await drive.restart()
      let before = try await drive.world()
      func next(_ verb: ConformanceDrive.Verb) async throws { if killedBefore.contains(verb) { try await drive.restart() } }
      try await drive.capture()
      #expect(try await drive.world() == before, "a capture only reads")
      #expect(try await !drive.probe(), "nothing has been done yet")
      try await next(.perform)
      try await drive.perform()
      let after = try await drive.world()
      #expect(after != before, "the case changes something")
      let outputs = drive.outputs
      try await next(.probe)
      let isFound = try await drive.probe()
      #expect(isFound || testCase.action.descriptor.effectClass != .probe, "the probe finds it")
      if isFound { drive.expectSame(drive.outputs, outputs, "what the probe finds is what was done") }
      try await drive.perform()
      drive.expectSame(drive.outputs, outputs, "the same again")
      #expect(try await drive.world() == after, "the same again changes nothing")
      try await next(.undo)
      var undone = try await drive.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0, "\(undone.details)")
      try await next(.verifyUndone)
      #expect(try await drive.verifyUndone(undone) == nil)
      let restored = testCase.isUndone ? before : after
      #expect(try await drive.world() == restored)
      try await next(.undoAgain)
      undone = try await drive.undo()
      #expect(undone.conflicts == 0 && undone.inDoubt == 0, "\(undone.details)")
      #expect(try await drive.world() == restored)
      // A phase that is started again captures anew.
      drive.effect = "step:change#2"
      drive.outputs = nil
      try await next(.performAgain)
      try await drive.capture()
      try await drive.perform()
      #expect(try await drive.world() == after)
      try await next(.undoAtLast)
      undone = try await drive.undo()
      #expect(try await drive.verifyUndone(undone) == nil)
      #expect(try await drive.world() == restored)
      await drive.bench.target.close()
    }
  }

  @Test("Done, looked at, undone, undone again, done again", arguments: ConformanceCases.reversible)
  func inOneProcess(_ testCase: ConformanceCase) async throws { try await drive(testCase, killedBefore: []) }

  @Test("The same, killed before each verb", arguments: ConformanceCases.reversible)
  func killedEverywhere(_ testCase: ConformanceCase) async throws {
    try await drive(testCase, killedBefore: Set(ConformanceDrive.Verb.allCases))
  }

  @Test("The same, killed before one of the verbs", arguments: ConformanceCases.reversible, ConformanceDrive.Verb.allCases)
  func killedOnce(_ testCase: ConformanceCase, verb: ConformanceDrive.Verb) async throws {
    try await drive(testCase, killedBefore: [verb])
  }

  @Test("What was done and never recorded is undone all the same", arguments: ConformanceCases.reversible)
  func lostOutcome(_ testCase: ConformanceCase) async throws {
    try await ActionBench.run { bench in
      try await testCase.prepare(bench)
      let drive = ConformanceDrive(testCase, bench)
      try await drive.restart()
      let before = try await drive.world()
      try await drive.capture()
      try await drive.perform()
      let after = try await drive.world()
      drive.outputs = nil
      try await drive.restart()
      let undone = try await drive.undo()
      #expect(undone.conflicts == 0, "\(undone.details)")
      #expect(try await drive.verifyUndone(undone) == nil)
      #expect(try await drive.world() == (testCase.isUndone ? before : after))
      await drive.bench.target.close()
    }
  }

  @Test("An undo of what was never begun changes nothing", arguments: ConformanceCases.reversible)
  func neverBegun(_ testCase: ConformanceCase) async throws {
    try await ActionBench.run { bench in
      try await testCase.prepare(bench)
      let drive = ConformanceDrive(testCase, bench)
      try await drive.restart()
      let before = try await drive.world()
      try await drive.capture()
      try await drive.restart()
      let undone = try await drive.undo()
      #expect(undone.conflicts == 0, "\(undone.details)")
      #expect(try await drive.verifyUndone(undone) == nil)
      #expect(try await drive.world() == before)
      await drive.bench.target.close()
    }
  }

  @Test("What somebody else made of it meanwhile stays, and is told", arguments: ConformanceCases.reversible)
  func changedBySomebodyElse(_ testCase: ConformanceCase) async throws {
    try await ActionBench.run { bench in
      try await testCase.prepare(bench)
      let drive = ConformanceDrive(testCase, bench)
      try await drive.restart()
      try await drive.capture()
      try await drive.perform()
      try await testCase.interfere(drive.bench)
      try await drive.restart()
      let undone = try await drive.undo()
      #expect((undone.conflicts > 0) == testCase.conflicts, "\(undone.details)")
      if testCase.conflicts { #expect(undone.details["conflicts"]?.listValue?.isEmpty == false, "a conflict is listed") }
      #expect(try await drive.verifyUndone(undone) == nil, "a conflict that was told is no failure")
      #expect(try await testCase.isRespected(drive.bench))
      let world = try await drive.world()
      try await drive.restart()
      let again = try await drive.undo()
      #expect(again.conflicts == undone.conflicts, "the same is told again")
      #expect(try await drive.world() == world)
      await drive.bench.target.close()
    }
  }

  @Test("Without the lease nothing is changed", arguments: ConformanceCases.all)
  func withoutLease(_ testCase: ConformanceCase) async throws {
    try await ActionBench.run { bench in
      try await testCase.prepare(bench)
      let drive = ConformanceDrive(testCase, bench)
      try await drive.restart()
      try await drive.capture()
      let before = try await drive.world()
      try await drive.bench.target.releaseLease()
      let error = await #expect(throws: ActionError.self) { try await drive.perform() }
      #expect(error?.kind == .leaseLost)
      #expect(try await drive.world() == before)
      await drive.bench.target.close()
    }
  }
}
