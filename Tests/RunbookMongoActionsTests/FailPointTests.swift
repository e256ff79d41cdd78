import MongoDriver
import RunbookActions
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// One fault at one command of a change, forward and back, whatever the command is; `tools/faults` has them all, with whole programs.
@Suite(.serialized) struct FailPointTests {
  private static let server = Task { try await TestServer.start(TestServer.Options(enableTestCommands: true)) }

  enum Fault: String, CaseIterable, Sendable {
    case closes, stepsDown, isInterrupted, failsItsConcern, blocks

    var data: BSONDocument {
      switch self {
      case .closes: ["closeConnection": true]
      case .stepsDown: ["errorCode": 10107]
      case .isInterrupted: ["errorCode": 11602]
      case .failsItsConcern: ["writeConcernError": ["code": 64, "errmsg": "waiting for replication timed out"]]
      case .blocks: ["blockConnection": true, "blockTimeMS": 300]
      }
    }
  }

  private func arm(_ rig: Rig, _ command: String, _ fault: Fault, after skipped: Int32) async throws {
    let data = BSONDocument { writer in
      writer.append("failCommands", [.string(command)] as BSONValue)
      writer.append(fieldsOf: fault.data)
    }
    _ = try await rig.client.runCommand(
      ["configureFailPoint": "failCommand", "mode": ["skip": .int32(skipped), "times": 1], "data": .document(data)], database: "admin")
  }

  private func heal(_ rig: Rig) async throws {
    _ = try await rig.client.runCommand(["configureFailPoint": "failCommand", "mode": "off"], database: "admin")
  }

  /// Calls a verb; where it gives up, another process takes the run up and calls it again.
  private func lead<R>(_ rig: Rig, _ verb: (Hand) async throws -> R) async throws -> R {
    var attempts = 0
    while true {
      do {
        let hand = try await rig.takeOver()
        try await hand.resolve()
        return try await verb(hand)
      } catch let error as ActionError where error.kind == .transient || error.kind == .outcomeUnknown {
        attempts += 1
        if attempts > 3 { throw error }
      }
    }
  }

  @Test(
    arguments: ["find", "aggregate", "getMore", "insert", "update", "findAndModify", "killSessions", "listCollections"], Fault.allCases)
  func oneFault(_ command: String, _ fault: Fault) async throws {
    try await Rig.with(addFields, server: try await Self.server.value) { given in
      var rig = given
      rig.timing = .cutOff
      try await rig.insert((0..<50).map(asset))
      let before = try await rig.all()
      // Not always the first: which one differs from fault to fault.
      let skipped = Int32(Fault.allCases.firstIndex(of: fault) ?? 0) % 3
      try await arm(rig, command, fault, after: skipped)
      _ = try await lead(rig) { try await $0.perform() }
      try await heal(rig)
      let changed = try await rig.all()
      #expect(changed.values.allSatisfy { $0["extra"] != nil && $0["label"] != nil })
      try await arm(rig, command, fault, after: skipped)
      let undone = try await lead(rig) { try await $0.undo() }
      try await heal(rig)
      #expect(undone.conflicts == 0 && undone.inDoubt == 0, "\(undone.details)")
      let after = try await rig.all()
      #expect(after == before)
    }
  }
}
