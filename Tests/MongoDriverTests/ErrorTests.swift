import MongoDriver
import RunbookTestSupport
import Testing

/// Nobody's password: it must never be seen in any text.
private let canary = "c4n%2Fry-s3cret"
private let canaryForms = ["c4n%2Fry-s3cret", "c4n/ry-s3cret"]

private func thrown(_ body: () async throws(MongoError) -> Void) async -> MongoError? {
  do throws(MongoError) {
    try await body()
    Issue.record("no error was thrown")
    return nil
  } catch {
    return error
  }
}

private func expectClean(_ text: String, _ location: SourceLocation = #_sourceLocation) {
  for form in canaryForms { #expect(!text.contains(form), "a secret shows: \(text)", sourceLocation: location) }
}

@Suite struct ErrorTests {
  @Test(arguments: [
    "", "localhost:27017", "http://h/", "mongodb://", "mongodb://u:\(canary)@", "mongodb://u:\(canary)@h:99999/",
    "mongodb://u:\(canary)@h:x/",
    "mongodb://u:\(canary)@h/?nonsense", "mongodb://u:\(canary)@h/?replicaSet=", "mongodb://u:\(canary)@h/%zz", "mongodb://u:\(canary)@/db",
    "mongodb://h/?authMechanism=MONGODB-AWS&authMechanismProperties=AWS_SESSION_TOKEN:\(canary)&tls=maybe",
  ])
  func aBadConnectionStringIsTheUsersMistakeAndKeepsItsSecret(uri: String) async throws {
    do throws(MongoError) {
      _ = try MongoClient(uri: uri)
    } catch {
      #expect(error.kind == .usersMistake)
      #expect(!error.message.isEmpty)
      expectClean("\(error) \(error.hosts)")
    }
    expectClean(MongoURI(uri).redacted + "\(MongoURI(uri).hosts)")
  }

  @Test func thePlainlyWrongConnectionStringsAreRefused() {
    for uri in ["", "localhost:27017", "http://h/", "mongodb://", "mongodb://h:x/", "mongodb://h\u{0}/"] {
      #expect(throws: MongoError.self, "\(uri)") { try MongoClient(uri: uri) }
    }
  }

  @Test func aConnectionStringIsTakenApart() {
    let uri = MongoURI("mongodb://user:p%40ss@a.example,b.example:27018/db?replicaSet=rs&tlsCertificateKeyFilePassword=hush#1")
    #expect(uri.hosts == ["a.example:27017", "b.example:27018"])
    #expect(uri.database == "db")
    #expect(uri.redacted == "mongodb://***@a.example,b.example:27018/db?replicaSet=rs&tlsCertificateKeyFilePassword=***")
    #expect(MongoURI("mongodb+srv://u:p@cluster.example/").hosts == ["cluster.example"])
    #expect(MongoURI("mongodb://[::1]:27019,[::2]/").hosts == ["[::1]:27019", "[::2]:27017"])
  }

  @Test func aRefusedConnectionNamesHostPortAndReason() async throws {
    let port = try freePort()
    var options = MongoClient.Options()
    options.serverSelectionTimeout = .milliseconds(300)
    let client = try MongoClient(uri: "mongodb://someone:\(canary)@127.0.0.1:\(port)/?appName=x", options: options)
    let error = await thrown { () throws(MongoError) in _ = try await client.writeCommand(["ping": 1], database: "admin") }
    #expect(error?.kind == .transient)
    #expect(error?.mayHaveBeenApplied == false)
    #expect(error?.code == nil)
    let text = "\(try #require(error))"
    #expect(text.contains("127.0.0.1:\(port)"), "\(text)")
    #expect(text.lowercased().contains("refused"), "\(text)")
    expectClean(text)
  }

  @Test func anUnknownHostIsNamed() async throws {
    var options = MongoClient.Options()
    options.serverSelectionTimeout = .milliseconds(300)
    let client = try MongoClient(uri: "mongodb://nowhere.invalid:1234/", options: options)
    let error = await thrown { () throws(MongoError) in _ = try await client.runCommand(["ping": 1], database: "admin") }
    #expect(error?.kind == .transient)
    #expect(error.map { "\($0)".contains("nowhere.invalid:1234") } == true, "\(String(describing: error))")
  }

  @Test func aWrongCommandIsTheUsersMistakeAndAnUnknownOneRefused() async throws {
    try await TestServer.shared().withDatabase { client, database in
      let wrong = await thrown { () throws(MongoError) in
        _ = try await client.runCommand(["aggregate": "c", "pipeline": [["$nonsense": 1]], "cursor": [:]], database: database)
      }
      #expect(wrong?.kind == .usersMistake, "\(String(describing: wrong))")
      #expect(wrong?.code != nil)
      #expect(wrong?.reply != nil)
      let unknown = await thrown { () throws(MongoError) in _ = try await client.runCommand(["nonsense": 1], database: database) }
      #expect(unknown?.kind == .refused)
      #expect(unknown?.code == 59)
      #expect(unknown?.codeName == "CommandNotFound")
    }
  }

  /// Each failure that the server can be told to give, for a read and for a write.
  @Test func failuresMeanWhatTheyMean() async throws {
    let server = try await TestServer.start(TestServer.Options(enableTestCommands: true))
    let client = try server.client()
    let cases: [(code: Int32, read: MongoError.Kind, write: MongoError.Kind, applied: Bool)] = [
      (189, .transient, .transient, true), (91, .transient, .transient, true), (11600, .transient, .transient, true),
      (11602, .transient, .transient, true), (10107, .transient, .transient, false), (112, .transient, .transient, false),
      (50, .transient, .outcomeUnknown, true), (262, .transient, .outcomeUnknown, true), (6, .transient, .outcomeUnknown, true),
      (89, .transient, .outcomeUnknown, true), (13, .refused, .refused, false), (18, .refused, .refused, false),
      (20, .refused, .refused, false), (2, .usersMistake, .usersMistake, false), (9, .usersMistake, .usersMistake, false),
      (8, .failed, .failed, true),
    ]
    for (code, read, write, applied) in cases {
      try await failOnce(client, "find", ["errorCode": .int32(code)])
      let reading = await thrown { () throws(MongoError) in _ = try await client.runCommand(["find": "c"], database: "d") }
      #expect(reading?.kind == read, "read \(code)")
      #expect(reading?.code == code)
      #expect(reading?.mayHaveBeenApplied == false)
      try await failOnce(client, "update", ["errorCode": .int32(code)])
      let writing = await thrown { () throws(MongoError) in _ = try await client.writeCommand(increment(), database: "d") }
      #expect(writing?.kind == write, "write \(code)")
      #expect(writing?.mayHaveBeenApplied == applied, "write \(code)")
    }
    await client.close()
    await server.stop()
  }

  @Test func aCutConnectionLeavesTheOutcomeOfAWriteUnknown() async throws {
    let server = try await TestServer.start(TestServer.Options(enableTestCommands: true))
    let client = try server.client()
    try await failOnce(client, "update", ["closeConnection": true])
    let write = await thrown { () throws(MongoError) in _ = try await client.writeCommand(increment(), database: "d") }
    #expect(write?.kind == .outcomeUnknown)
    #expect(write?.mayHaveBeenApplied == true)
    #expect(write?.code == nil)
    try await failOnce(client, "find", ["closeConnection": true])
    let read = await thrown { () throws(MongoError) in _ = try await client.runCommand(["find": "c"], database: "d") }
    #expect(read?.kind == .transient)
    // The client finds its way back by itself.
    #expect(try await client.runCommand(["ping": 1], database: "admin")["ok"]?.isTruthy == true)
    await client.close()
    await server.stop()
  }

  @Test func anAnswerThatDoesNotComeEndsWithTheSocketTimeout() async throws {
    let server = try await TestServer.start(TestServer.Options(enableTestCommands: true))
    var options = MongoClient.Options()
    options.socketTimeout = .milliseconds(300)
    let hasty = try server.client(options)
    try await failOnce(hasty, "update", ["blockConnection": true, "blockTimeMS": 3000])
    let error = await thrown { () throws(MongoError) in _ = try await hasty.writeCommand(increment(), database: "d") }
    #expect(error?.kind == .outcomeUnknown)
    await hasty.close()
    await server.stop()
  }

  @Test func aKilledServerComesBackWithItsData() async throws {
    let server = try await TestServer.start(TestServer.Options(syncOnCommit: true))
    let client = try server.client()
    let written = BSONDocument { writer in
      writer.append(fieldsOf: insert(into: "c", [["_id": 1]]))
      writer.append("writeConcern", ["w": "majority", "j": true] as BSONDocument)
    }
    _ = try await client.writeCommand(written, database: "d")
    await server.crash()
    #expect(await server.pid == nil)
    try await server.restart()
    let again = try server.client()
    #expect(try await again.documents(["find": "c"], database: "d") == [["_id": 1]])
    await server.stop()
  }

  @Test func refusedUsersAreToldWithoutTheirPassword() async throws {
    let server = try await TestServer.start(TestServer.Options(syncOnCommit: true))
    guard server.isMongod == false else { return try await withAuthenticatedMongod(server) }
    let open = try server.client()
    let user: BSONDocument = ["createUser": "reader", "pwd": .string(canaryForms[1]), "roles": [["role": "read", "db": "d"]]]
    _ = try await open.writeCommand(user, database: "admin")
    await open.close()
    try await server.restart(adding: ["--auth"])
    let host = server.uri.dropFirst("mongodb://".count)
    let wrong = try MongoClient(uri: "mongodb://reader:\(canary)x@\(host)?authSource=admin")
    let denied = await thrown { () throws(MongoError) in _ = try await wrong.runCommand(["find": "c"], database: "d") }
    #expect(denied?.kind == .refused, "\(String(describing: denied))")
    expectClean("\(String(describing: denied))")
    let right = try MongoClient(uri: "mongodb://reader:\(canary)@\(host)?authSource=admin")
    #expect(try await right.documents(["find": "c"], database: "d").isEmpty)
    let unauthorised = await thrown { () throws(MongoError) in _ = try await right.writeCommand(increment(), database: "d") }
    #expect(unauthorised?.kind == .refused)
    #expect(unauthorised?.code == 13)
    expectClean("\(String(describing: unauthorised))")
    await server.stop()
  }

  /// A real mongod as a set of one wants a key file for `--auth`; there, a wrong password is checked against an open server, which still verifies it.
  private func withAuthenticatedMongod(_ server: TestServer) async throws {
    let host = server.uri.dropFirst("mongodb://".count)
    let wrong = try MongoClient(uri: "mongodb://reader:\(canary)@\(host)?authSource=admin")
    let denied = await thrown { () throws(MongoError) in _ = try await wrong.runCommand(["find": "c"], database: "d") }
    #expect(denied?.kind == .refused, "\(String(describing: denied))")
    expectClean("\(String(describing: denied))")
    await server.stop()
  }

  private func failOnce(_ client: MongoClient, _ command: String, _ how: BSONDocument) async throws {
    let data = BSONDocument { writer in
      writer.append("failCommands", BSONArray([.string(command)]))
      writer.append(fieldsOf: how)
    }
    let point: BSONDocument = ["configureFailPoint": "failCommand", "mode": ["times": 1], "data": .document(data)]
    _ = try await client.runCommand(point, database: "admin")
  }

  private func increment() -> BSONDocument {
    ["update": "c", "updates": [["q": ["_id": 1], "u": ["$inc": ["v": 1]]]]]
  }
}
