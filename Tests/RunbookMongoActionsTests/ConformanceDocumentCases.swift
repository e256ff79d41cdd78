import MongoDriver
import RunbookActions
import RunbookPlan

@testable import RunbookMongoActions

/// The cases of the actions that change whole documents.
extension ConformanceCases {
  @Sendable private static func set(_ id: Int64, _ bench: ActionBench) async throws {
    try await bench.command(["update": "assets", "updates": [["q": ["_id": .integer(id)], "u": ["$set": ["name": "mine"]]]]])
  }

  @Sendable private static func hasMine(_ bench: ActionBench) async throws -> Bool {
    try await bench.all("assets").contains { $0["name"]?.string == "mine" }
  }

  /// The five documents, and a copy with two more, of which one of the five differs.
  @Sendable private static func fillTwice(_ bench: ActionBench) async throws {
    try await fill(bench)
    try await bench.insert(
      (0..<7).map { ["_id": .integer(Int64($0)), "n": .int32(Int32($0 == 1 ? 11 : $0)), "name": .string("asset \($0)")] }, into: "copy")
  }

  static let inserted: [ConformanceCase] = [
    ConformanceCase(
      title: "documents of the plan", action: MongoInsert(),
      arguments: [
        "documents": [.object(["_id": 100, "n": 100, "name": "new"]), .object(["_id": 0, "n": 0]), .object(["_id": "x", "n": 101])],
        "ifExists": "skip",
      ], prepare: fill, interfere: { try await set(100, $0) }, isRespected: hasMine, volatile: ["skipped"]),
    ConformanceCase(
      title: "of another collection", action: MongoInsert(),
      arguments: [
        "select": .object(["collection": "copy", "pipeline": [.object(["$match": .object(["n": .object(["$in": [5, 6]])])])]])
      ], prepare: fillTwice, interfere: { try await set(6, $0) }, isRespected: hasMine),
  ]

  static let deleted: [ConformanceCase] = [
    ConformanceCase(
      title: "by a filter and a guard", action: MongoDelete(),
      arguments: ["filter": .object(["n": .object(["$gte": 2])]), "guard": .object(["n": .object(["$ne": 4])])], prepare: fill,
      interfere: { try await $0.insert([["_id": 3, "n": 3, "name": "mine"]]) }, isRespected: hasMine, volatile: ["duration", "sweeps"]),
    ConformanceCase(
      title: "by a pipeline", action: MongoDelete(),
      arguments: ["select": .object(["pipeline": [.object(["$match": .object(["n": .object(["$in": [1, 2]])])])]])], prepare: fill,
      interfere: { try await $0.insert([["_id": 2, "n": 2, "name": "mine"]]) }, isRespected: hasMine, volatile: ["duration", "sweeps"]),
  ]

  static let transformed: [ConformanceCase] = [
    ConformanceCase(
      title: "by a program", action: TransformProgram.action,
      arguments: [
        "program": .object(["argv": TransformProgram.argv("a = {'label': 'of ' + d['name']}")]),
        "filter": .object(["label": .object(["$exists": false])]), "projection": .object(["name": 1]), "fields": ["label"],
      ], prepare: fill,
      interfere: { try await $0.command(["update": "assets", "updates": [["q": ["_id": 3], "u": ["$set": ["label": "mine"]]]]]) },
      isRespected: { try await $0.all("assets").contains { $0["label"]?.string == "mine" } }, volatile: ["duration", "sweeps", "asked"])
  ]

  static let restored: [ConformanceCase] = [
    ConformanceCase(
      title: "what is missing", action: MongoRestore(), arguments: ["from": "copy", "to": "assets"], collection: nil, prepare: fillTwice,
      interfere: { try await set(6, $0) }, isRespected: hasMine),
    ConformanceCase(
      title: "whole documents", action: MongoRestore(),
      arguments: ["from": "copy", "to": "assets", "mode": "documents", "acceptWriteLoss": true], collection: nil, prepare: fillTwice,
      interfere: { try await set(1, $0) }, isRespected: hasMine),
  ]

  private static let swap: ValueMap = ["from": "copy", "to": "assets", "mode": "swap", "acceptWriteLoss": true]

  /// A collection in another's place: whatever somebody has done to it since stays.
  static let swapped: [ConformanceCase] = [
    ConformanceCase(
      title: "whole, and written to since", action: MongoRestore(timing: .cutOff), arguments: swap, collection: nil, prepare: fillTwice,
      interfere: { try await set(1, $0) },
      isRespected: { bench in
        let kept = try await count(bench, "_runbook.dropped.run1.change")
        let now = try await count(bench, "assets")
        let isMine = try await hasMine(bench)
        return isMine && now == 7 && kept == 5
      }),
    ConformanceCase(
      title: "whole, and dropped and made anew since", action: MongoRestore(timing: .cutOff), arguments: swap, collection: nil,
      prepare: fillTwice,
      interfere: { bench in
        try await bench.command(["drop": "assets"])
        try await bench.insert([["_id": "new"]])
      }, isRespected: { try await [count($0, "assets"), count($0, "_runbook.dropped.run1.change")] == [1, 5] }),
    ConformanceCase(
      title: "whole, and dropped since", action: MongoRestore(timing: .cutOff), arguments: swap, collection: nil, prepare: fillTwice,
      interfere: { try await $0.command(["drop": "assets"]) },
      isRespected: { bench in
        let isThere = try await bench.collections().contains("assets")
        let kept = try await count(bench, "_runbook.dropped.run1.change")
        return !isThere && kept == 5
      }),
    ConformanceCase(
      title: "whole, and given an index since", action: MongoRestore(timing: .cutOff), arguments: swap, collection: nil,
      prepare: fillTwice,
      interfere: { try await $0.command(["createIndexes": "assets", "indexes": [["key": ["n": 1], "name": "by_n"]]]) },
      isRespected: { try await indexes($0)["by_n"] != nil }),
    ConformanceCase(
      title: "whole, and what it replaced dropped since", action: MongoRestore(timing: .cutOff), arguments: swap, collection: nil,
      prepare: fillTwice, interfere: { try await $0.command(["drop": "_runbook.dropped.run1.change"]) },
      isRespected: { try await count($0, "assets") == 7 }),
  ]
}
