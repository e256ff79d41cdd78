import MongoDriver
import RunbookTestSupport
import Testing

@Suite struct ServerTests {
  @Test func theServerSaysWhatItIs() async throws {
    try await TestServer.shared().withDatabase { client, _ in
      let facts = try await client.hello()
      #expect(facts.isWritablePrimary)
      #expect(facts.maxWireVersion >= 13)
      #expect(!facts.version.isEmpty)
      #expect(facts.setName != nil || facts.isRouter)
      #expect(facts.hasRetryableWrites)
    }
  }

  @Test func allTypesComeBackFromTheServerByteForByte() async throws {
    // The server puts `_id` first, gives an empty timestamp a value, and its own reader may drop deprecated types: only what it must keep.
    let fields = everyType.filter { ![.undefined, .dbPointer, .symbol, .codeWithScope].contains($0.1.type) && !$0.0.isEmpty }
    let document = BSONDocument([("_id", .int32(1))] + fields)
    try await TestServer.shared().withDatabase { client, database in
      let reply = try await client.writeCommand(insert(into: "c", [document]), database: database)
      #expect(WriteReply(reply).count == 1)
      let found = try await client.documents(["find": "c", "readConcern": ["level": "majority"]], database: database)
      #expect(found == [document])
    }
  }

  @Test func anUnorderedUpdateSaysForEachStatementWhatBecameOfIt() async throws {
    try await TestServer.shared().withDatabase { client, database in
      _ = try await client.writeCommand(insert(into: "c", (0..<4).map { ["_id": .int32($0), "v": 1] }), database: database)
      let reply = try await client.writeCommand(guardedUpdate([0, 1, 9, 3], expecting: 1, setting: 2), database: database)
      #expect(WriteReply(reply).count == 3)
      #expect(WriteReply(reply).writeErrors.isEmpty)
      let again = WriteReply(try await client.writeCommand(guardedUpdate([0, 2, 3], expecting: 1, setting: 2), database: database))
      #expect(again.count == 1)
      #expect(again.writeErrors.map(\.index) == [0, 2])
      #expect(again.writeErrors.map(\.code) == [66, 66])
      #expect(again.writeErrors.allSatisfy { !$0.message.isEmpty })
      #expect(again.writeConcernError == nil)
    }
  }

  @Test func aWriteConcernErrorIsAnAnswer() async throws {
    try await TestServer.shared().withDatabase { client, database in
      let command = BSONDocument { writer in
        writer.append(fieldsOf: insert(into: "c", [["_id": 1]]))
        writer.document("writeConcern") { concern in
          concern.append("w", 50 as Int32)
          concern.append("wtimeout", 200 as Int32)
        }
      }
      let reply = WriteReply(try await client.writeCommand(command, database: database))
      #expect(reply.writeConcernError?.code == 100 || reply.writeConcernError?.code == 64)
      #expect(reply.count == 1)
    }
  }

  @Test func aRepeatedTransactionNumberIsNotAppliedTwice() async throws {
    try await TestServer.shared().withDatabase { client, database in
      _ = try await client.writeCommand(insert(into: "c", [["_id": 1, "v": 0]]), database: database)
      let session = try await client.startSession()
      let first = try await client.writeCommand(increment(number: 1), database: database, session: session)
      let second = try await client.writeCommand(increment(number: 1), database: database, session: session)
      #expect(WriteReply(first).count == 1)
      #expect(WriteReply(second).count == WriteReply(first).count)
      #expect(try await client.documents(["find": "c"], database: database) == [["_id": 1, "v": 1]])
      _ = try await client.writeCommand(increment(number: 2), database: database, session: session)
      #expect(try await client.documents(["find": "c"], database: database) == [["_id": 1, "v": 2]])
    }
  }

  @Test func aRecordedSessionIsRecognisedByItsBytes() async throws {
    let server = try await TestServer.shared()
    try await server.withDatabase { client, database in
      _ = try await client.writeCommand(insert(into: "c", [["_id": 1, "v": 0]]), database: database)
      var uuid: [UInt8] = []
      do {
        let session = try await client.startSession()
        uuid = session.uuid
        _ = try await client.writeCommand(increment(number: 7), database: database, session: session)
      }
      // As another process would: another client, another connection.
      let other = try server.client()
      let taken = try await other.startSession(overwritingUUID: uuid)
      #expect(taken.lsid["id"]?.binary == BSONBinary(subtype: 4, bytes: uuid))
      let reply = try await other.writeCommand(increment(number: 7), database: database, session: taken)
      #expect(WriteReply(reply).count == 1)
      #expect(try await client.documents(["find": "c"], database: database) == [["_id": 1, "v": 1]])
      // The counter-proof: a fresh session with the same number is new to the server.
      let fresh = try await other.startSession()
      _ = try await other.writeCommand(increment(number: 7), database: database, session: fresh)
      #expect(try await client.documents(["find": "c"], database: database) == [["_id": 1, "v": 2]])
      _ = try await other.runCommand(["killSessions": [.document(taken.lsid)]], database: "admin")
      _ = try await other.runCommand(["refreshSessions": [.document(taken.lsid)]], database: "admin")
      await other.close()
    }
  }

  @Test func anEndedSessionsBytesAreNotGivenToAnybodyElse() async throws {
    var options = MongoClient.Options()
    options.width = 1
    let client = try await TestServer.shared().client(options)
    var seen: Set<[UInt8]> = []
    for _ in 0..<20 {
      let session = try await client.startSession()
      _ = try await client.runCommand(["ping": 1], database: "admin", session: session)
      #expect(seen.insert(session.uuid).inserted)
    }
    await client.close()
  }

  @Test func manyCallersShareFewConnections() async throws {
    var options = MongoClient.Options()
    options.width = 2
    let client = try await TestServer.shared().client(options)
    let sessions = [try await client.startSession(), try await client.startSession(), try await client.startSession()]
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<60 {
        let session = index % 2 == 0 ? sessions[index % 3] : nil
        group.addTask { try await client.runCommand(["ping": 1], database: "admin", session: session)["ok"]?.isTruthy == true }
      }
      var answered = 0
      for try await fine in group where fine { answered += 1 }
      #expect(answered == 60)
    }
    await client.close()
  }
}

func insert(into collection: String, _ documents: [BSONDocument]) -> BSONDocument {
  BSONDocument { writer in
    writer.append("insert", collection)
    writer.array("documents") { array in documents.forEach { array.append($0) } }
  }
}

/// Adds one to `v` of document 1, under a transaction number.
func increment(number: Int64) -> BSONDocument {
  BSONDocument { writer in
    writer.append("update", "c")
    writer.array("updates") { $0.append(["q": ["_id": 1], "u": ["$inc": ["v": 1]]] as BSONDocument) }
    writer.append("txnNumber", number)
  }
}

/// Sets `v` where it is `expected`, and asks for another `_id`, which the server refuses for that statement alone, where it is not.
func guardedUpdate(_ ids: [Int32], expecting expected: Int32, setting value: Int32) -> BSONDocument {
  BSONDocument { writer in
    writer.append("update", "c")
    writer.array("updates") { updates in
      for id in ids {
        let condition: BSONValue = ["$cond": [["$eq": ["$v", .int32(expected)]], "$_id", ["missed": "$_id"]]]
        updates.append(["q": ["_id": .int32(id)], "u": [["$set": ["_id": condition, "v": ["$literal": .int32(value)]]]]] as BSONDocument)
      }
    }
    writer.append("ordered", false)
  }
}
