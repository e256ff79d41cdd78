import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// The conformance cases, cut off inside a verb: before or after each of the commands that change something.
@Suite(.serialized) struct ConformanceFaultTests {
  private static let server = Task { try await TestServer.start(TestServer.Options(enableTestCommands: true)) }
  private static let changing: [BSONValue] = [
    "createIndexes", "dropIndexes", "collMod", "create", "drop", "renameCollection", "insert", "update", "delete",
  ]

  /// From the command after `skipped` others on, none is answered with ok.
  private func fail(_ bench: ActionBench, after skipped: Int, isDone: Bool) async throws {
    let fault: BSONDocument =
      isDone
      ? ["writeConcernError": ["code": 64, "errmsg": "waiting for replication timed out"]] : ["errorCode": 262]
    let data = BSONDocument { writer in
      writer.append("failCommands", BSONArray(Self.changing))
      writer.append(fieldsOf: fault)
    }
    _ = try await bench.client.runCommand(
      ["configureFailPoint": "failCommand", "mode": ["skip": .integer(Int64(skipped))], "data": .document(data)], database: "admin")
  }

  private func heal(_ bench: ActionBench) async throws {
    _ = try await bench.client.runCommand(["configureFailPoint": "failCommand", "mode": "off"], database: "admin")
  }

  /// Calls the verb under the fault; where it fails, another process takes the run up.
  /// - Returns: whether it came to its end all the same.
  private func cut(_ drive: ConformanceDrive, after skipped: Int, isDone: Bool, _ verb: () async throws -> Void) async throws -> Bool {
    try await fail(drive.bench, after: skipped, isDone: isDone)
    do {
      try await verb()
      try await heal(drive.bench)
      return true
    } catch let error as ActionError {
      try await heal(drive.bench)
      #expect(error.kind == .outcomeUnknown || error.kind == .transient, "\(error)")
      try await drive.restart()
      return false
    }
  }

  @Test(
    "Cut off before or after any of its commands, forward and back, it comes to the same end", arguments: ConformanceCases.cutOff,
    [false, true])
  func cutOff(_ testCase: ConformanceCase, isDone: Bool) async throws {
    var after: World?
    var wasCut = true
    var skipped = -1
    // As long as there is another command to cut off before, or after.
    while wasCut {
      try await ActionBench.run(on: try await Self.server.value) { bench in
        try await testCase.prepare(bench)
        let drive = ConformanceDrive(testCase, bench)
        try await drive.restart()
        let before = try await drive.world()
        try await drive.capture()
        if skipped < 0 {
          try await drive.perform()
          after = try await drive.world()
        } else {
          wasCut = false
          if try await !cut(drive, after: skipped, isDone: isDone, { try await drive.perform() }) {
            wasCut = true
            if try await !drive.probe() { try await drive.perform() }
          }
          #expect(try await drive.world() == after, "after \(skipped) commands")
          if try await !cut(drive, after: skipped, isDone: isDone, { _ = try await drive.undo() }) { wasCut = true }
          let undone = try await drive.undo()
          #expect(undone.conflicts == 0, "after \(skipped) commands: \(undone.details)")
          #expect(try await drive.verifyUndone(undone) == nil)
          #expect(try await drive.world() == (testCase.isUndone ? before : after), "after \(skipped) commands")
        }
        await drive.bench.target.close()
      }
      skipped += 1
    }
    #expect(skipped > 1, "it was cut off at least once")
  }
}

extension ConformanceCases {
  /// Of the swap one: how it is interfered with does not matter here. Insertions and removals have crash tests of their own, at finer places.
  static let cutOff = indexes + collections + validators + documents + swapped.prefix(1)
}

extension OnlineChangeTiming {
  /// Short, for tests that cut commands off at many places: a take-over waits until what was sent can no longer act.
  static let cutOff = OnlineChangeTiming(window: 1000, limit: 1000, patience: .seconds(1))
}
