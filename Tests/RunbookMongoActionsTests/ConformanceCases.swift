import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport

@testable import RunbookMongoActions

/// The cases of the conformance suite. A new action adds its own in an extension of this type, beside its other tests, and its cases to `all`:
///
///     static let insert = ConformanceCase(
///       title: "documents of the plan", action: MongoInsert(), arguments: ["documents": [["_id": 100]]],
///       prepare: { try await $0.insert([["_id": 1]]) },
///       interfere: { try await $0.command(["update": "assets", "updates": [["q": ["_id": 100], "u": ["$set": ["x": 1]]]]]) },
///       isRespected: { try await $0.all("assets").contains { $0["x"] != nil } })
enum ConformanceCases {
  static let all: [ConformanceCase] =
    indexes + collections + validators + documents + transformed + inserted + deleted + restored + swapped + [command]
  static let reversible = all.filter(\.isReversible)

  /// Five documents and an index.
  @Sendable static func fill(_ bench: ActionBench) async throws {
    try await bench.command(["create": "assets", "validator": ["n": ["$type": "int"]], "validationLevel": "moderate"])
    try await bench.insert((0..<5).map { ["_id": .integer(Int64($0)), "n": .int32(Int32($0)), "name": .string("asset \($0)")] })
    try await bench.command(["createIndexes": "assets", "indexes": [.document(byName)]])
  }

  static let byName: BSONDocument = [
    "key": ["name": 1, "n": -1.0], "name": "by_name", "unique": true, "partialFilterExpression": ["n": ["$gt": 1]],
    "collation": ["locale": "en", "strength": 2], "hidden": true,
  ]

  @Sendable static func count(_ bench: ActionBench, _ collection: String) async throws -> Int { try await bench.all(collection).count }

  @Sendable static func indexes(_ bench: ActionBench, _ collection: String = "assets") async throws -> OrderedDictionary<
    String, BSONDocument
  > {
    try await bench.target.definition(of: collection)?.indexes ?? [:]
  }

  static let command = ConformanceCase(
    title: "of the server", action: MongoCommand(),
    arguments: ["command": .object(["collMod": "assets", "index": .object(["name": "by_name", "hidden": false])])], collection: nil,
    prepare: fill, interfere: { _ in }, isRespected: { _ in true }, isReversible: false)
}

extension ConformanceCases {
  static let indexes: [ConformanceCase] = [
    ConformanceCase(
      title: "new", action: MongoCreateIndex(), arguments: ["keys": .object(["n": 1]), "name": "by_n"], prepare: fill,
      interfere: { bench in
        try await bench.command(["dropIndexes": "assets", "index": "by_n"])
        try await bench.command(["createIndexes": "assets", "indexes": [["key": ["n": -1], "name": "by_n"]]])
      },
      isRespected: { try await indexes($0)["by_n"]?["key"]?.document == ["n": -1] }),
    ConformanceCase(
      title: "with every option", action: MongoCreateIndex(),
      arguments: [
        "keys": .object(["name": 1, "at": -1]), "unique": true, "partialFilterExpression": .object(["n": .object(["$gt": 2])]),
        "collation": .object(["locale": "fr", "strength": 1]), "hidden": true, "expireAfter": .duration(86_400_000_000),
      ], prepare: fill,
      interfere: { bench in
        try await bench.command(["dropIndexes": "assets", "index": "name_1_at_-1"])
        try await bench.command(["createIndexes": "assets", "indexes": [["key": ["name": 1, "at": -1], "name": "name_1_at_-1"]]])
      },
      isRespected: { try await indexes($0)["name_1_at_-1"]?["unique"] == nil }),
    ConformanceCase(
      title: "by prepareUnique", action: MongoCreateIndex(),
      arguments: ["keys": .object(["n": 1]), "name": "by_n", "unique": true, "build": "prepareUnique"], prepare: fill,
      interfere: { bench in
        try await bench.command(["dropIndexes": "assets", "index": "by_n"])
        try await bench.command(["createIndexes": "assets", "indexes": [["key": ["n": -1], "name": "by_n"]]])
      },
      isRespected: { try await indexes($0)["by_n"]?["key"]?.document == ["n": -1] }),
    ConformanceCase(
      title: "dropped", action: MongoDropIndex(), arguments: ["name": "by_name"], prepare: fill,
      interfere: { try await $0.command(["createIndexes": "assets", "indexes": [["key": ["n": 1], "name": "by_name"]]]) },
      isRespected: { try await indexes($0)["by_name"]?["key"]?.document == ["n": 1] }),
    ConformanceCase(
      title: "dropped, and its key taken twice since", action: MongoDropIndex(), arguments: ["name": "by_name"], prepare: fill,
      interfere: { try await $0.insert([["_id": 10, "n": 3, "name": "ASSET 3"]]) },
      isRespected: { bench in
        let hasIndex = try await indexes(bench)["by_name"] != nil
        return try await count(bench, "assets") == 6 && !hasIndex
      }),
  ]

  static let collections: [ConformanceCase] = [
    ConformanceCase(
      title: "plain", action: MongoCreateCollection(), arguments: ["name": "layers"], collection: nil, prepare: fill,
      interfere: { try await $0.insert([["_id": 1]], into: "layers") }, isRespected: { try await $0.all("layers").count == 1 }),
    ConformanceCase(
      title: "with options", action: MongoCreateCollection(),
      arguments: [
        "name": "layers", "validator": .object(["title": .object(["$type": "string"])]), "collation": .object(["locale": "de"]),
        "options": .object(["validationLevel": "moderate", "changeStreamPreAndPostImages": .object(["enabled": true])]),
      ], collection: nil, prepare: fill,
      interfere: { try await $0.command(["collMod": "layers", "validationLevel": "off"]) },
      isRespected: { try await $0.target.definition(of: "layers")?.options["validationLevel"]?.string == "off" }),
    ConformanceCase(
      title: "given an index by somebody", action: MongoCreateCollection(), arguments: ["name": "layers"], collection: nil, prepare: fill,
      interfere: { try await $0.command(["createIndexes": "layers", "indexes": [["key": ["n": 1], "name": "by_n"]]]) },
      isRespected: { try await indexes($0, "layers")["by_n"] != nil }),
    ConformanceCase(
      title: "taken away", action: MongoDropCollection(), arguments: ["name": "assets"], collection: nil, prepare: fill,
      interfere: { try await $0.insert([["_id": "new"]]) },
      isRespected: { try await [count($0, "assets"), count($0, "_runbook.dropped.run1.change")] == [1, 5] }),
    ConformanceCase(
      title: "renamed", action: MongoRenameCollection(), arguments: ["from": "assets", "to": "old_assets"], collection: nil, prepare: fill,
      interfere: { try await $0.insert([["_id": "new"]]) },
      isRespected: { try await [count($0, "assets"), count($0, "old_assets")] == [1, 5] }),
    ConformanceCase(
      title: "renamed, and written to since", action: MongoRenameCollection(), arguments: ["from": "assets", "to": "old_assets"],
      collection: nil, prepare: fill, interfere: { try await $0.insert([["_id": 10, "n": 10]], into: "old_assets") },
      isRespected: { try await $0.all("assets").count == 6 }, conflicts: false),
    ConformanceCase(
      title: "renamed, and given an index since", action: MongoRenameCollection(), arguments: ["from": "assets", "to": "old_assets"],
      collection: nil, prepare: fill,
      interfere: { try await $0.command(["createIndexes": "old_assets", "indexes": [["key": ["n": 1], "name": "by_n"]]]) },
      isRespected: { try await indexes($0)["by_n"] != nil }),
  ]

  static let validators: [ConformanceCase] = [
    ConformanceCase(
      title: "set", action: MongoSetValidator(),
      arguments: ["validator": .object(["$jsonSchema": .object(["required": ["name"]])]), "action": "warn"], prepare: fill,
      interfere: { try await $0.command(["collMod": "assets", "validator": ["n": ["$exists": true]]]) },
      isRespected: { try await $0.target.definition(of: "assets")?.options["validator"]?.document == ["n": ["$exists": true]] }),
    ConformanceCase(
      title: "removed", action: MongoSetValidator(), arguments: ["validator": .null], prepare: fill,
      interfere: { try await $0.command(["collMod": "assets", "validator": ["n": ["$exists": true]]]) },
      isRespected: { try await $0.target.definition(of: "assets")?.options["validator"]?.document == ["n": ["$exists": true]] }),
  ]

  static let documents: [ConformanceCase] = [
    ConformanceCase(
      title: "a field added", action: MongoUpdate(timing: .cutOff),
      arguments: [
        "filter": .object(["label": .object(["$exists": false])]),
        "pipeline": [.object(["$set": .object(["label": .object(["$concat": ["about ", "$name"]])])])],
      ], prepare: fill,
      interfere: { try await $0.command(["update": "assets", "updates": [["q": ["_id": 3], "u": ["$set": ["label": "mine"]]]]]) },
      isRespected: { try await $0.all("assets").filter { $0["label"] != nil }.map { $0["label"]?.string } == ["mine"] },
      volatile: ["duration", "sweeps", "alreadyDone", "arrivingPerSecond", "matched"]),
    ConformanceCase(
      title: "proven", action: MongoBackup(), arguments: ["to": "copy"], prepare: fill,
      interfere: { try await $0.command(["update": "copy", "updates": [["q": ["_id": 3], "u": ["$set": ["name": "mine"]]]]]) },
      isRespected: { try await $0.all("copy").contains { $0["name"]?.string == "mine" } }, isUndone: false, conflicts: false,
      volatile: ["digest", "shownFrom", "shownUntil"]),
  ]
}
