import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// What is refused before the first write, and what is not.
@Suite(.serialized) struct UpdateForesightTests {
  private struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// nil: nothing is refused beforehand.
    var refused: String?
    var index: BSONDocument
    var documents: [BSONDocument]
    var pipeline: Value = [.object(["$set": .object(["key": "$name"])])]
    var filter: Value = .object(["key": .object(["$exists": false])])
    var testDescription: String { name }
  }

  private static let unique: BSONDocument = ["key": ["key": 1], "name": "k", "unique": true]
  private static let names: [BSONDocument] = [["_id": 1, "name": "a"], ["_id": 2, "name": "b"], ["_id": 3, "name": "a"]]

  private static func with(_ index: BSONDocument, _ name: String, _ value: BSONValue) -> BSONDocument {
    BSONDocument(index.map { ($0.key, $0.value.decoded) } + [(name, value)])
  }

  private static let cases: [Case] = [
    Case(
      name: "two that are changed", refused: #"2 documents of 'assets' of target 'registry' would have the same key {"key":"a"}"#,
      index: with(unique, "partialFilterExpression", ["key": ["$exists": true]]), documents: names),
    Case(
      name: "one that is changed and another", refused: "of the unique index 'k', for example",
      index: with(unique, "sparse", true), documents: [["_id": 1, "name": "a"], ["_id": 2, "key": "a"]]),
    Case(
      name: "absent and null", refused: #"the same key {"key":null}"#, index: unique,
      documents: [["_id": 1, "name": 1], ["_id": 2, "key": 2]], pipeline: [.object(["$set": .object(["key": .null])])],
      filter: .object(["key": .object(["$in": [2]])])),
    Case(
      name: "compound", refused: #"the same key {"key":"a","part":1}"#,
      index: ["key": ["key": 1, "part": -1], "name": "k", "unique": true],
      documents: [["_id": 1, "name": "a", "part": 1], ["_id": 2, "name": "a", "part": 2], ["_id": 3, "key": "a", "part": 1]]),
    Case(
      name: "outside the partial filter", index: with(unique, "partialFilterExpression", ["key": "b"]), documents: names),
    Case(name: "another field", index: ["key": ["name": 1], "name": "k", "unique": true], documents: [["_id": 1, "name": "a"]]),
    Case(
      name: "arrays are left to the write", index: with(unique, "partialFilterExpression", ["key": ["$exists": true]]),
      documents: [["_id": 1, "name": ["a", "b"]], ["_id": 2, "name": ["a", "b"]]]),
    Case(name: "not unique", index: ["key": ["key": 1], "name": "k"], documents: names),
  ]

  @Test(arguments: cases) private func duplicates(_ given: Case) async throws {
    try await Rig.with(["filter": given.filter, "pipeline": given.pipeline]) { rig in
      try await rig.insert(given.documents)
      _ = try await rig.client.writeCommand(
        ["createIndexes": .string(rig.collection), "indexes": [.document(given.index)]], database: rig.database)
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let work = try UpdateWork(hand.context, rig.timing, CrashPoints())
      let checks = UpdateChecks(change: work.change, definition: work.definition, allowsCollation: true)
      guard let words = given.refused else {
        _ = try await checks.run(.stop)
        return
      }
      let error = await #expect(throws: ActionError.self) { try await hand.perform() }
      #expect(error?.code == UpdateErrorCode.duplicatesAfterwards)
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
      _ = try await checks.run(.collect(limit: 1))
      let after = try await rig.all()
      #expect(after == before)
    }
  }

  @Test func documentsThatWouldBeTooLarge() async throws {
    let arguments: ValueMap = [
      "filter": .object(["copy": .object(["$exists": false])]), "pipeline": [.object(["$set": .object(["copy": "$text"])])],
    ]
    try await Rig.with(arguments) { rig in
      try await rig.insert([["_id": 1, "text": "short"]])
      try await rig.insert([["_id": 2, "text": .string(String(repeating: "x", count: 9 << 20))]])
      let hand = try await rig.takeOver()
      let error = await #expect(throws: ActionError.self) { try await hand.perform() }
      #expect(error?.code == UpdateErrorCode.tooLargeAfterwards)
      #expect(error?.message.contains("for example 2 with 188") == true, "\(error?.message ?? "")")
      #expect(try await hand.blocks().isEmpty)
    }
  }

  private static func status(_ privileges: [BSONDocument], users: Int = 1) -> BSONDocument {
    let user: BSONValue = ["user": "u", "db": "admin"]
    return [
      "authInfo": [
        "authenticatedUsers": .array(BSONArray(Array(repeating: user, count: users))),
        "authenticatedUserPrivileges": .array(BSONArray(privileges.map(BSONValue.document))),
      ]
    ]
  }

  private static func missing(_ status: BSONDocument) -> [String] {
    UpdateChecks.missingActions(status, database: "shop", collection: "assets", of: ["find", "update", "bypassDocumentValidation"])
  }

  @Test func privilegesThatAreMissing() {
    let readWrite: BSONDocument = ["resource": ["db": "shop", "collection": ""], "actions": ["find", "update", "insert"]]
    #expect(Self.missing(Self.status([readWrite])) == ["bypassDocumentValidation"])
    let administrator: BSONDocument = ["resource": ["db": "", "collection": "assets"], "actions": ["bypassDocumentValidation"]]
    #expect(Self.missing(Self.status([readWrite, administrator])).isEmpty)
    let elsewhere: BSONDocument = ["resource": ["db": "shop", "collection": "orders"], "actions": ["bypassDocumentValidation"]]
    #expect(Self.missing(Self.status([readWrite, elsewhere])) == ["bypassDocumentValidation"])
    let ofCluster: BSONDocument = ["resource": ["cluster": true], "actions": ["bypassDocumentValidation"]]
    #expect(Self.missing(Self.status([readWrite, ofCluster])) == ["bypassDocumentValidation"])
    #expect(Self.missing(Self.status([["resource": ["anyResource": true], "actions": ["anyAction"]]])).isEmpty)
    #expect(Self.missing(Self.status([], users: 0)).isEmpty, "nobody is authenticated: nothing is asked for")
    #expect(Self.missing(["ok": 1]).isEmpty)
    #expect(Self.missing(Self.status([])).isEmpty, "a server that lists none says nothing")
  }
}
