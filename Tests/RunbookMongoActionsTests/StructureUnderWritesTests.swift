import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookMongoActions

/// An application that writes all the while. Its writes fit what is built and set, so the server alone would refuse none of them.
@Suite(.serialized) struct StructureUnderWritesTests {
  private final class Writer: Sendable {
    private let state = Mutex((written: 0, errors: [String]()))
    private let client: MongoClient
    private let database: String

    init(_ bench: ActionBench) throws {
      client = try bench.server.client()
      database = bench.database
    }

    var written: Int { state.withLock { $0.written } }
    var errors: [String] { state.withLock { $0.errors } }

    /// Inserts, updates and deletes, until it is cancelled.
    func run() async {
      var n = 1_000
      while !Task.isCancelled {
        n += 1
        let document: BSONValue = ["_id": .integer(Int64(n)), "email": .string("user \(n)"), "n": .int32(Int32(n))]
        await send(["insert": "assets", "documents": [document]])
        await send(["update": "assets", "updates": [["q": ["_id": .integer(Int64(n))], "u": ["$inc": ["n": .int32(1)]]]]])
        if n % 3 == 0 { await send(["delete": "assets", "deletes": [["q": ["_id": .integer(Int64(n))], "limit": 1]]]) }
      }
      await client.close()
    }

    private func send(_ command: BSONDocument) async {
      do throws(MongoError) {
        let reply = WriteReply(try await client.writeCommand(command, database: database))
        let failures = reply.writeErrors.map(\.message)
        state.withLock { state in
          state.errors += failures
          if failures.isEmpty, reply.count == 1 { state.written += 1 } else if failures.isEmpty { state.errors.append("lost: \(command)") }
        }
      } catch {
        state.withLock { $0.errors.append("\(error)") }
      }
    }

    /// Waits until it has written so many more.
    func goOn(by count: Int) async {
      let goal = written + count
      while written < goal, errors.isEmpty { try? await Task.sleep(for: .milliseconds(5)) }
    }
  }

  private static let actions: [(any ChangingAction, ValueMap)] = [
    (MongoCreateIndex(), ["keys": .object(["email": 1]), "unique": true]),
    (MongoCreateIndex(), ["keys": .object(["email": 1]), "unique": true, "build": "prepareUnique"]),
    (MongoCreateIndex(), ["keys": .object(["n": -1, "email": 1])]),
    (MongoSetValidator(), ["validator": .object(["$jsonSchema": .object(["required": ["email", "n"]])])]),
    (MongoSetValidator(), ["validator": .object(["n": .object(["$type": "int"])]), "level": "moderate"]),
    (MongoDropIndex(), ["name": "by_n"]),
  ]

  @Test("Indexes and validators are made and taken back while the application writes, and it gets no error", arguments: 0..<6)
  func noErrors(number: Int) async throws {
    let (action, arguments) = Self.actions[number]
    try await ActionBench.run { bench in
      try await bench.insert((0..<500).map { ["_id": .integer(Int64($0)), "email": .string("user \($0)"), "n": .int32(Int32($0))] })
      try await bench.command(["createIndexes": "assets", "indexes": [["key": ["n": 1], "name": "by_n"]]])
      try await bench.takeLease()
      let definition = try await bench.target.definition(of: "assets")
      let writer = try Writer(bench)
      let writing = Task { await writer.run() }
      await writer.goOn(by: 20)
      for round in 1...3 {
        let context = bench.context(arguments, effect: "effect\(round)")
        let captured = try ConformanceDrive.journalled(try await action.capture(context))
        let outputs = try await action.perform(context, captured: captured).outputs
        await writer.goOn(by: 20)
        let undone = try await action.undo(context, captured: captured, outputs: .map(outputs))
        #expect(undone.conflicts == 0)
        #expect(try await action.verifyUndone(context, captured: captured, undone: undone) == nil)
        await writer.goOn(by: 20)
      }
      writing.cancel()
      await writing.value
      #expect(writer.errors == [])
      #expect(writer.written >= 140)
      let after = try await bench.target.definition(of: "assets")
      #expect(after?.indexes == definition?.indexes, "identical, byte by byte")
      #expect(CollectionDefinition.normalised(after?.options ?? [:]) == CollectionDefinition.normalised(definition?.options ?? [:]))
    }
  }
}
