import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookMongoActions
import RunbookPlan
import RunbookTestSupport
import Testing

/// What becomes of the target's own writes and of the backup when connections break and servers refuse.
@Suite(.serialized) struct TargetFaultTests {
  private static let server = Task { try await TestServer.start(TestServer.Options(enableTestCommands: true)) }

  private func withBench(_ body: (ActionBench) async throws -> Void) async throws {
    try await ActionBench.run(on: try await Self.server.value, body)
  }

  private func fail(_ bench: ActionBench, _ command: String, times: Int32 = 1, _ data: BSONDocument) async throws {
    let full = BSONDocument { writer in
      writer.append("failCommands", [.string(command)] as BSONValue)
      writer.append(fieldsOf: data)
    }
    _ = try await bench.client.runCommand(
      ["configureFailPoint": "failCommand", "mode": ["times": .int32(times)], "data": .document(full)], database: "admin")
  }

  @Test("A connection that breaks at a write of the target's own costs a repetition, no more")
  func ownWrites() async throws {
    try await withBench { bench in
      try await fail(bench, "findAndModify", ["closeConnection": true])
      try await bench.takeLease()
      #expect(bench.target.lease?.epoch == 1)
      try await fail(bench, "insert", ["closeConnection": true])
      #expect(try await bench.target.reserve(run: "run1", reservations: ["collection:a", "lock:b"], plan: "p") == nil)
      try await fail(bench, "insert", ["writeConcernError": ["code": 64, "errmsg": "waiting for replication timed out"]])
      #expect(try await bench.target.reserve(run: "run1", reservations: ["lock:c"], plan: "p") == nil)
      #expect(try await bench.all("_runbook.reservations").count == 3)
    }
  }

  @Test("A backup goes on over a broken connection, and its proof still holds")
  func backup() async throws {
    try await withBench { bench in
      try await bench.insert((0..<1500).map { ["_id": .integer(Int64($0)), "name": "asset"] })
      try await bench.takeLease()
      for data: BSONDocument in [["closeConnection": true], ["writeConcernError": ["code": 64, "errmsg": "timed out"]]] {
        try await bench.insert([["_id": "warm"]], into: "warm")
        try await fail(bench, "insert", data)
        let context = bench.context(["to": "copy"], effect: "\(data)")
        #expect(try await MongoBackup().perform(context, captured: .null).outputs["documents"] == 1500)
        #expect(try await Set(bench.all("copy")) == Set(bench.all("assets")))
        try await bench.command(["delete": "warm", "deletes": [["q": [:], "limit": 0]]])
      }
    }
  }

  @Test("A missing privilege is named, and is no reason to try again", arguments: ["aggregate", "listCollections"])
  func notAuthorised(command: String) async throws {
    try await withBench { bench in
      try await bench.insert([["_id": 1]])
      try await fail(bench, command, ["errorCode": 13])
      let context = bench.context(["to": "copy"])
      let error = await #expect(throws: ActionError.self) {
        if command == "aggregate" { _ = try await MongoCount().read(context) } else { _ = try await MongoBackup().capture(context) }
      }
      #expect(error?.code == "RB3003")
      #expect(error?.kind == .refused)
      #expect(error?.message.contains("'assets' of target 'registry'") == true)
    }
  }

  @Test("A server that steps down is a reason to try again")
  func steppingDown() async throws {
    try await withBench { bench in
      try await bench.insert([["_id": 1]])
      try await fail(bench, "aggregate", ["errorCode": 10107])
      let error = await #expect(throws: ActionError.self) { try await MongoCount().read(bench.context([:])) }
      #expect(error?.kind == .transient)
    }
  }
}
