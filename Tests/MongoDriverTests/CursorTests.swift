import RunbookTestSupport
import Testing

@testable import MongoDriver

@Suite struct CursorTests {
  private func withNumbers(_ count: Int32, _ body: (MongoClient, String) async throws -> Void) async throws {
    try await TestServer.shared().withDatabase { client, database in
      _ = try await client.writeCommand(insert(into: "a.b", (0..<count).map { ["_id": .int32($0)] }), database: database)
      try await body(client, database)
    }
  }

  @Test(arguments: [
    ["find": "a.b", "filter": [:], "sort": ["_id": 1]] as BSONDocument, ["aggregate": "a.b", "pipeline": [["$sort": ["_id": 1]]]],
  ])
  func batchesBringEverythingOnceAndInOrder(command: BSONDocument) async throws {
    try await withNumbers(25) { client, database in
      var sizes: [Int] = []
      var ids: [Int32] = []
      try await client.forEachBatch(command, database: database, batchSize: 10) { batch in
        sizes.append(batch.count)
        ids += batch.compactMap { $0["_id"]?.int32 }
      }
      #expect(sizes == [10, 10, 5])
      #expect(ids == Array(0..<25))
    }
  }

  @Test func nothingIsNoBatch() async throws {
    try await withNumbers(1) { client, database in
      try await client.forEachBatch(["find": "a.b", "filter": ["_id": 99]], database: database) { _ in Issue.record("an empty batch") }
      let cursor = try await client.withCursor(["find": "nowhere"], database: database) { try await $0.next() }
      #expect(cursor == nil)
    }
  }

  @Test func anEarlyExitKillsTheCursorOnTheServer() async throws {
    struct Enough: Error {}
    try await withNumbers(30) { client, database in
      let session = try await client.startSession()
      var number: Int64 = 0
      await #expect(throws: Enough.self) {
        try await client.withCursor(["find": "a.b"], database: database, batchSize: 10, session: session) { cursor in
          #expect(try await cursor.next()?.count == 10)
          number = cursor.number
          throw Enough()
        }
      }
      #expect(number != 0)
      let more: BSONDocument = ["getMore": .int64(number), "collection": "a.b"]
      let lost = await #expect(throws: MongoError.self) { try await client.runCommand(more, database: database, session: session) }
      #expect(lost?.code == 43)
    }
  }

  @Test func aLostCursorIsAnErrorAndNeverTheEnd() async throws {
    try await withNumbers(40) { client, database in
      await #expect {
        try await client.withCursor(["find": "a.b"], database: database, batchSize: 10) { cursor in
          _ = try await cursor.next()
          // One batch is being read ahead; after the collection is gone the one behind it cannot come.
          _ = try await client.writeCommand(["drop": "a.b"], database: database)
          while try await cursor.next() != nil {}
        }
      } throws: { error in
        (error as? MongoError).map { [43, 175, 237].contains($0.code) && $0.kind == .transient } ?? false
      }
    }
  }

  @Test func cursorsAtOnceHaveSessionsOfTheirOwnAndLaterOnesTheSame() async throws {
    try await withNumbers(30) { client, database in
      func ids(_ cursor: MongoCursor) async throws -> [Int32] {
        var ids: [Int32] = []
        while let batch = try await cursor.next() { ids += batch.compactMap { $0["_id"]?.int32 } }
        return ids
      }
      for _ in 0..<2 {
        // The inner one begins and ends while the server holds the outer one's cursor, which it would not find in another session.
        let (outer, inner) = try await client.withCursor(["find": "a.b"], database: database, batchSize: 7) { outer in
          let inner = try await client.withCursor(["find": "a.b"], database: database, batchSize: 10) { try await ids($0) }
          return (try await ids(outer), inner)
        }
        #expect(outer == Array(0..<30))
        #expect(inner == Array(0..<30))
      }
      let (first, second) = (client.idle.take(on: 0), client.idle.take(on: 1))
      #expect(first != nil && second != nil && first?.0.uuid != second?.0.uuid)
      #expect(client.idle.take(on: 0) == nil)
    }
  }

  @Test func aClosedClientsCursorsBeginAnew() async throws {
    try await withNumbers(3) { client, database in
      for _ in 0..<2 {
        let documents = try await client.documents(["find": "a.b"], database: database)
        #expect(documents.count == 3)
        await client.close()
      }
    }
  }

  @Test func aSessionOfAClosedConnectionIsNotKept() {
    let idle = IdleSessions()
    let entry = IdleSessions.Entry(id: 1, uuid: [])
    #expect(idle.keep(entry, on: 2, of: idle.generation))
    #expect(!idle.keep(entry, on: 2, of: idle.generation), "one a connection")
    let former = idle.generation
    idle.forget()
    #expect(idle.take(on: 2) == nil)
    #expect(!idle.keep(entry, on: 2, of: former))
    #expect(idle.keep(entry, on: 2, of: idle.generation))
    #expect(idle.take(on: 2)?.generation == idle.generation)
  }
}
