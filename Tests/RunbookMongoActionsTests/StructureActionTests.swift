import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// What the actions on indexes, collections and validators refuse, and what they say.
@Suite(.serialized) struct StructureActionTests {
  private func perform(_ action: any ChangingAction, _ context: ActionContext) async throws -> ActionResult {
    try await action.perform(context, captured: try ConformanceDrive.journalled(try await action.capture(context)))
  }

  private func error(_ action: any ChangingAction, _ context: ActionContext) async -> ActionError? {
    await #expect(throws: ActionError.self) { _ = try await perform(action, context) }
  }

  private func indexNames(_ bench: ActionBench) async throws -> [String] {
    try await bench.target.definition(of: "assets")?.indexes.keys.sorted() ?? []
  }

  // MARK: indexes

  @Test("A unique index over duplicates lists ten documents with their keys and leaves nothing", arguments: ["direct", "prepareUnique"])
  func duplicates(build: String) async throws {
    try await ActionBench.run { bench in
      try await bench.insert((0..<30).map { ["_id": .integer(Int64($0)), "email": .string("user \($0 / 3)")] })
      try await bench.takeLease()
      let context = bench.context(["keys": .object(["email": 1]), "name": "email", "unique": true, "build": .string(build)])
      let error = await error(MongoCreateIndex(), context)
      #expect(try await indexNames(bench) == ["_id_"])
      #expect(error?.kind == .refused)
      #expect(error?.code == "RB3502")
      let told =
        build == "direct"
        ? #"_id 0, 1, 2 with {"email":"user 0"}; _id 3, 4, 5 with {"email":"user 1"}; _id 6, 7, 8 with {"email":"user 2"}; _id 9 with"#
        : "_id 0, 1, 2; _id 3, 4, 5; _id 6, 7, 8; _id 9;"
      #expect(error?.message.contains(told) == true, "\(error?.message ?? "")")
    }
  }

  @Test("Duplicates are found among elements of arrays, missing fields, equal texts of a collation, and only where the index holds them")
  func kindsOfDuplicates() async throws {
    let cases: [(documents: [BSONDocument], arguments: ValueMap, told: String?)] = [
      ([["_id": 1, "tags": ["a", "b"]], ["_id": 2, "tags": ["b"]]], ["keys": .object(["tags": 1])], #"_id 1, 2 with {"tags":"b"}"#),
      ([["_id": 1], ["_id": 2, "a": .null]], ["keys": .object(["a": 1])], #"_id 1, 2 with {"a":null}"#),
      ([["_id": 1], ["_id": 2]], ["keys": .object(["a": 1]), "sparse": true], nil),
      (
        [["_id": 1, "a": "x"], ["_id": 2, "a": "X"]],
        ["keys": .object(["a": 1]), "collation": .object(["locale": "en", "strength": 2])], #"_id 1, 2 with {"a":"x"}"#
      ),
      (
        [["_id": 1, "a": 1, "n": 1], ["_id": 2, "a": 1, "n": 9], ["_id": 3, "a": 2, "n": 8]],
        ["keys": .object(["a": 1]), "partialFilterExpression": .object(["n": .object(["$gt": 5])])], nil
      ),
      (
        [["_id": 1, "u": ["m": ["x": 1]]], ["_id": 2, "u": ["m": ["x": 1]]]], ["keys": .object(["u.m.x": 1, "u.n": 1])],
        #"_id 1, 2 with {"u.m.x":1,"u.n":null}"#
      ),
    ]
    for testCase in cases {
      try await ActionBench.run { bench in
        try await bench.insert(testCase.documents)
        try await bench.takeLease()
        let context = bench.context(testCase.arguments.merging(["unique": true]) { first, _ in first })
        guard let told = testCase.told else {
          #expect(try await perform(MongoCreateIndex(), context).outputs["created"] == true)
          return
        }
        let error = await error(MongoCreateIndex(), context)
        #expect(error?.message.contains(told) == true, "\(error?.message ?? "")")
        #expect(try await indexNames(bench) == ["_id_"])
      }
    }
  }

  @Test("An index that is there already is not created, and not dropped by the undo; one defined otherwise is refused")
  func existingIndex() async throws {
    try await ActionBench.run { bench in
      try await bench.insert([["_id": 1, "n": 1]])
      try await bench.command(["createIndexes": "assets", "indexes": [["key": ["n": 1.0], "name": "n_1"]]])
      try await bench.takeLease()
      let context = bench.context(["keys": .object(["n": 1])])
      let action = MongoCreateIndex()
      let captured = try await action.capture(context)
      let result = try await action.perform(context, captured: captured)
      #expect(result.outputs == ["name": "n_1", "created": false])
      for outputs in [nil, Value.map(result.outputs)] {
        _ = try await action.undo(context, captured: captured, outputs: outputs)
        #expect(try await indexNames(bench) == ["_id_", "n_1"])
      }
      for arguments: ValueMap in [
        ["keys": .object(["n": 1]), "name": "n_1", "unique": true], ["keys": .object(["n": -1]), "name": "n_1"],
        ["keys": .object(["n": 1]), "name": "other"],
      ] {
        let error = await error(action, bench.context(arguments))
        #expect(error?.code == "RB3501" && error?.kind == .refused, "\(arguments): \(String(describing: error))")
      }
      let error = await error(action, bench.context(["keys": .object(["n": 1])], collection: "nothing"))
      #expect(error?.code == "RB3009")
      #expect(try await !bench.collections().contains("nothing"), "the server would have made the collection")
    }
  }

  @Test("What is wrong with arguments is said at load")
  func reviews() {
    func paths(_ action: any ChangingAction, _ arguments: ValueMap) -> [[String]] {
      action.review(arguments: arguments, unknown: []).map(\.path)
    }
    #expect(paths(MongoCreateIndex(), ["keys": .emptyMap, "build": "prepareUnique"]) == [["keys"], ["build"]])
    #expect(paths(MongoCreateIndex(), ["keys": .object(["a": 1]), "sparse": true, "partialFilterExpression": .emptyMap]) == [["sparse"]])
    #expect(paths(MongoCreateIndex(), ["keys": .object(["a": 1]), "expireAfter": .duration(1_500_000)]) == [["expireAfter"]])
    #expect(paths(MongoDropIndex(), ["name": "_id_"]) == [["name"]])
    #expect(paths(MongoDropIndex(), ["name": "*"]) == [["name"]])
    #expect(
      paths(MongoCreateCollection(), ["name": "a$", "options": .object(["viewOn": "x", "capped": true])]) == [
        ["name"], ["options", "viewOn"],
      ])
    #expect(paths(MongoRenameCollection(), ["from": "a", "to": "a"]) == [["to"]])
    #expect(paths(MongoRenameCollection(), ["from": "a", "to": "_runbook.runs"]) == [["to"]])
    #expect(paths(MongoDropCollection(), ["name": "system.views"]) == [["name"]])
    #expect(paths(MongoSetValidator(), ["validator": 5]) == [["validator"]])
    #expect(paths(MongoSetValidator(), ["validator": .null]) == [])
    #expect(paths(MongoCommand(), ["command": .emptyMap]) == [["command"]])
    #expect(paths(MongoCommand(), ["command": .object(["ping": 1, "lsid": .emptyMap])]) == [["command", "lsid"]])
  }

  @Test("Each reserves what it changes")
  func reservations() {
    #expect(
      MongoRenameCollection().reservations(arguments: ["from": "a", "to": "b"], collection: nil) == ["collection:a", "collection:b"])
    #expect(MongoCreateIndex().reservations(arguments: [:], collection: "a") == ["collection:a"])
    #expect(MongoCommand().reservations(arguments: ["command": .object(["collMod": "a", "x": "y"])], collection: nil) == ["collection:a"])
    #expect(MongoCommand().reservations(arguments: ["command": .object(["ping": 1])], collection: nil) == [])
  }

  // MARK: collections

  @Test("Names that are taken, views and collections that are not there are refused before anything is done")
  func refusedCollections() async throws {
    try await ActionBench.run { bench in
      try await bench.insert([["_id": 1]])
      try await bench.insert([["_id": 1]], into: "other")
      try await bench.command(["create": "view", "viewOn": "assets", "pipeline": .array(BSONArray([]))])
      try await bench.takeLease()
      let before = try await World(bench)
      let cases: [(action: any ChangingAction, arguments: ValueMap, code: String)] = [
        (MongoRenameCollection(), ["from": "assets", "to": "other"], "RB3503"),
        (MongoRenameCollection(), ["from": "nothing", "to": "x"], "RB3009"),
        (MongoRenameCollection(), ["from": "view", "to": "x"], "RB3507"),
        (MongoDropCollection(), ["name": "nothing"], "RB3009"), (MongoDropCollection(), ["name": "view"], "RB3507"),
        (MongoCreateCollection(), ["name": "assets", "validator": .object(["a": 1])], "RB3503"),
        (MongoCreateCollection(), ["name": "view"], "RB3503"),
        (MongoCreateCollection(), ["name": "x", "options": .object(["nonsense": 1])], "RB3004"),
      ]
      for testCase in cases {
        let error = await error(testCase.action, bench.context(testCase.arguments, collection: nil))
        #expect(error?.code == testCase.code, "\(testCase.arguments): \(String(describing: error))")
      }
      #expect(try await World(bench) == before)
    }
  }

  @Test("What a rename loses for good is a warning on the way forward and a conflict on the way back; the rest is set again")
  func lostOnTheWay() async throws {
    try await ActionBench.run { bench in
      guard bench.server.isMongod != true else { return }  // A mongod loses nothing.
      try await bench.command(["create": "assets", "collation": ["locale": "de"], "validator": ["n": ["$type": "int"]]])
      try await bench.insert([["_id": 1, "n": .int32(1)]])
      try await bench.takeLease()
      let action = MongoRenameCollection()
      let context = bench.context(["from": "assets", "to": "next"], collection: nil)
      let captured = try await action.capture(context)
      let result = try await action.perform(context, captured: captured)
      #expect(result.warnings.count == 1 && result.warnings[0].contains("option 'collation' of 'next' was"), "\(result.warnings)")
      #expect(try await bench.target.definition(of: "next")?.options["validator"]?.document == ["n": ["$type": "int"]])
      let undone = try await action.undo(context, captured: captured, outputs: .map(result.outputs))
      #expect(undone.conflicts == 1)
      #expect(try await bench.target.definition(of: "assets")?.options["validator"]?.document == ["n": ["$type": "int"]])
    }
  }

  @Test("A dropped collection is kept with its indexes until finalize, which removes it and the notes")
  func finalized() async throws {
    try await ActionBench.run { bench in
      try await ConformanceCases.fill(bench)
      try await bench.command(["createIndexes": "assets", "indexes": [["key": ["at": 1], "name": "ttl", "expireAfterSeconds": 86_400]]])
      try await bench.takeLease()
      let context = bench.context(["name": "assets"], collection: nil, subject: "old")
      let result = try await perform(MongoDropCollection(), context)
      #expect(result.outputs == ["documents": 5, "keptAs": "_runbook.dropped.run1.old"])
      #expect(result.warnings.count == 1 && result.warnings[0].contains("'ttl'"))
      let kept = try await bench.target.kept(for: "run1")
      #expect(kept.dropped.map(\.step) == ["old"] && kept.dropped.map(\.collection.documents) == [5])
      #expect(try await bench.target.kept(for: "run").dropped == [], "another run's is none of ours")
      let done = try await bench.target.cleanUp(run: "run1")
      #expect(done.removed.dropped == kept.dropped)
      #expect(try await !bench.collections().contains { $0.hasPrefix("_runbook.dropped.") })
      #expect(try await bench.target.cleanUp(run: "run1").removed == KeptForRun())
    }
  }

  // MARK: validators and commands

  @Test("A validator is not set over documents that it refuses, unless the plan allows it; the number is told")
  func violations() async throws {
    try await ActionBench.run { bench in
      try await bench.insert((0..<15).map { ["_id": .integer(Int64($0)), "n": .integer(Int64($0))] })
      try await bench.command(["collMod": "assets", "validator": ["n": ["$exists": true]], "validationLevel": "moderate"])
      try await bench.takeLease()
      let before = try await World(bench)
      for validator: Value in [
        .object(["n": .object(["$lt": 3])]), .object(["$jsonSchema": .object(["properties": .object(["n": .object(["maximum": 2])])])]),
      ] {
        let error = await error(MongoSetValidator(), bench.context(["validator": validator]))
        #expect(error?.code == "RB3504")
        #expect(error?.message.contains("12 documents of 'assets'") == true && error?.message.contains("_id 3, 4, 5") == true)
        #expect(try await World(bench) == before)
        let context = bench.context(["validator": validator, "allowExistingViolations": true])
        let action = MongoSetValidator()
        let captured = try await action.capture(context)
        let outputs = try await action.perform(context, captured: captured).outputs
        #expect(outputs == ["violations": 12, "previous": .object(["n": .object(["$exists": true])])])
        _ = try await action.undo(context, captured: captured, outputs: .map(outputs))
        #expect(try await World(bench) == before)
      }
    }
  }

  @Test("A validator that somebody else changed before the step is not overwritten")
  func validatorChangedBefore() async throws {
    try await ActionBench.run { bench in
      try await bench.insert([["_id": 1]])
      try await bench.takeLease()
      let action = MongoSetValidator()
      let context = bench.context(["validator": .object(["a": .object(["$exists": false])])])
      let captured = try await action.capture(context)
      try await bench.command(["collMod": "assets", "validator": ["b": ["$exists": false]]])
      let error = await #expect(throws: ActionError.self) { try await action.perform(context, captured: captured) }
      #expect(error?.code == "RB3505")
      #expect(try await bench.target.definition(of: "assets")?.options["validator"]?.document == ["b": ["$exists": false]])
    }
  }

  @Test("A command's answer is its output; one that is not ok fails the step, unless the plan says otherwise")
  func command() async throws {
    try await ActionBench.run { bench in
      try await bench.insert([["_id": 1]])
      try await bench.takeLease()
      func context(_ command: Value, expectOk: Bool = true) -> ActionContext {
        bench.context(["command": command, "expectOk": .bool(expectOk)], collection: nil)
      }
      let counted = try await perform(MongoCommand(), context(.object(["count": "assets"])))
      #expect(counted.outputs["reply"]?["n"] == 1)
      #expect(counted.outputs["reply"]?["operationTime"] == nil)
      let unknown = await error(MongoCommand(), context(.object(["fooBar": 1])))
      #expect(unknown?.kind == .refused && unknown?.message.contains("while running 'fooBar'") == true)
      let told = try await perform(MongoCommand(), context(.object(["fooBar": 1]), expectOk: false))
      #expect(told.outputs["reply"]?["code"] == 59)
      let insert: Value = .object(["insert": "assets", "documents": [.object(["_id": 1]), .object(["_id": 2])], "ordered": false])
      let partly = await error(MongoCommand(), context(insert))
      #expect(partly?.code == "RB3506" && partly?.message.contains("1 of its statements") == true)
      #expect(try await bench.all("assets").count == 2)
      #expect(try await perform(MongoCommand(), context(insert, expectOk: false)).outputs["reply"]?["n"] == 0)
      guard case .unknown = try await MongoCommand().probe(context(insert), captured: .null) else {
        Issue.record("nobody can tell whether a command was run")
        return
      }
    }
  }
}
