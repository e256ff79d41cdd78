import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// The plans of other fields: forward and back, and failing for a reason that their data give them. After each, a program that knows
/// nothing of runbook reads the database and judges it.
@Suite(.serialized) struct OtherPlansTests {
  private struct Case {
    let place: Workplace
    let name: String
    let execute: [String]

    /// Runs the plan's script of data and judgement: `demo/NAME.py`.
    func script(_ arguments: String...) async throws -> Program.Ended {
      let root = Program.repository.path
      return try await place.program.shell(
        "'\(root)/tools/python' '\(root)/demo/\(name).py' \(arguments.joined(separator: " ")) --uri \"$MONGODB_URI\""
          + " --database \(place.database) --snapshot loaded.bson")
    }

    func expect(_ state: String, _ more: String...) async throws {
      let judged = try await script("check", "--expect", state, more.joined(separator: " "))
      #expect(judged.status == 0, "\(judged)")
    }

    /// What the judge says of a database that is not in that state: a judge that is never against is none.
    func expectNot(_ state: String) async throws {
      let judged = try await script("check", "--expect", state)
      #expect(judged.status == 1 && judged.output.contains("\(state): "), "\(judged)")
    }

    func run(_ status: Int32, _ arguments: String...) async throws -> Program.Ended { try await run(status, arguments) }

    func run(_ status: Int32, _ arguments: [String]) async throws -> Program.Ended {
      let ended = try await place.program.run(execute + arguments)
      #expect(ended.status == status, "\(ended)")
      #expect(!ended.error.contains("${{"), "\(ended)")
      return ended
    }

    func rollBack() async throws -> Program.Ended {
      let ended = try await place.program.run("rollback")
      #expect(ended.status == 3, "\(ended)")
      return ended
    }
  }

  /// - Parameters:
  ///   - plan: file in `plans`.
  ///   - script: name of its script in `demo`.
  private static func lend(_ plan: String, _ script: String, params: [String] = [], _ body: (Case) async throws -> Void) async throws {
    try await Workplace.lend { place in
      let set = try await place.client.hello().setName ?? ""
      let path = Program.repository.appendingPathComponent("plans/\(plan).yaml").path
      // Few samples and a wide floor: how fast the server is on a machine that does other things is no matter of this test.
      let params = ["database=\(place.database)", "replicaSet=\(set)", "samples=40", "floor=10s"] + params
      try await body(Case(place: place, name: script, execute: ["execute", path, "--yes"] + params.flatMap { ["--param", $0] }))
    }
  }

  @Test func ordersAreIndexedAndBack() async throws {
    try await Self.lend("orders-index", "orders", params: ["duplicates=setAside"]) { orders in
      #expect(try await orders.script("load").status == 0)
      try await orders.expectNot("indexed")
      let preview = try await PreviewedRun(orders.place, execute: orders.execute)
      let ended = try await orders.run(0)
      #expect(try await preview.holds() > 0)
      for line in ["deleted 18", "Looking an order up: no slower than before", "confirmed by"] {
        #expect(ended.error.contains(line), "'\(line)' is missing in\n\(ended)")
      }
      try await orders.expect("indexed")
      try await orders.expectNot("restored")
      _ = try await orders.rollBack()
      try await orders.expect("restored")
    }
  }

  /// The server refuses the index: ten are listed, and nothing stays changed. A second run then sets the copies aside.
  @Test func duplicatesMakeTheIndexFail() async throws {
    try await Self.lend("orders-index", "orders") { orders in
      #expect(try await orders.script("load").status == 0)
      let refused = try await orders.run(3)
      #expect(refused.error.contains("the index 'channel_number' cannot be unique"), "\(refused)")
      let message = try #require(refused.error.split(separator: "\n").first { $0.contains("cannot be unique") })
      #expect(message.components(separatedBy: "$oid").count - 1 == 10, "\(message)")
      try await orders.expect("restored")
      _ = try await orders.run(0, "--param", "duplicates=setAside", "--param", "day=2025-02-04")
      try await orders.expect("indexed", "--day", "2025-02-04")
    }
  }

  /// A check fails when all is done: the old index is built again, the copies come back.
  @Test func ordersUnwindFromTheEnd() async throws {
    try await Self.lend("orders-index", "orders", params: ["duplicates=setAside", "failAt=outcome"]) { orders in
      #expect(try await orders.script("load").status == 0)
      let ended = try await orders.run(3)
      for step in ["text-numbers", "drop-old", "unique-index", "delete-surplus", "keep-aside", "shelf"] {
        #expect(ended.error.contains("undoing \(step)"), "\(ended)")
      }
      try await orders.expect("restored")
    }
  }

  /// Two copies of an order that were both paid are nothing that a program may decide on: nothing begins.
  @Test func ordersPaidTwiceAreLeftToPeople() async throws {
    try await Self.lend("orders-index", "orders", params: ["duplicates=setAside"]) { orders in
      #expect(try await orders.script("load").status == 0)
      let paid = try #require(try await orders.place.all("orders", filter: ["state": "paid", "channel": "web"]).first)
      let twin = BSONDocument { twin in
        twin.append("_id", "twin")
        for element in paid where !element.hasKey("_id") { twin.append(element) }
      }
      try await orders.place.insert([twin], into: "orders")
      let ended = try await orders.run(1)
      #expect(ended.error.contains("No number was paid twice"), "\(ended)")
      #expect(try await orders.place.all("orders").count == 419)
    }
  }

  private static func interpreter(_ place: Workplace) async throws -> String {
    let asked = try await place.program.shell("'\(Program.repository.path)/tools/python' -c 'import sys; print(sys.executable)'")
    return asked.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func namesAreSplitAndBack() async throws {
    try await Self.lend("user-names", "users") { users in
      #expect(try await users.script("load").status == 0)
      try await users.expectNot("split")
      let python = ["--param", "python=\(try await Self.interpreter(users.place))"]
      let preview = try await PreviewedRun(users.place, execute: users.execute + python)
      let ended = try await users.run(0, python)
      #expect(try await preview.holds() > 0)
      for line in ["inserted 24", "An independent program agrees about every name", "changed 276"] {
        #expect(ended.error.contains(line), "'\(line)' is missing in\n\(ended)")
      }
      try await users.expect("split")
      try await users.expectNot("restored")
      _ = try await users.rollBack()
      try await users.expect("restored")
    }
  }

  /// A user whose first name is no text is found when the rule is set, near the end: everything unwinds by itself.
  @Test func aFirstNameThatIsNoTextBringsTheOldStateBack() async throws {
    try await Self.lend("user-names", "users") { users in
      #expect(try await users.script("load", "--odd-first-name").status == 0)
      let ended = try await users.run(3, "--param", "python=\(try await Self.interpreter(users.place))")
      #expect(ended.error.contains("step rule failed: 1 document of 'users'"), "\(ended)")
      try await users.expect("restored")
    }
  }

  /// The second opinion is asked for: one that disagrees unwinds the split.
  @Test func aSecondOpinionThatDisagreesIsHeard() async throws {
    try await Self.lend("user-names", "users") { users in
      #expect(try await users.script("load").status == 0)
      let judge = try users.place.file("judge", "#!/bin/sh\necho '{\"disagreements\": [\"one\"]}'\n")
      let path = users.place.directory.appendingPathComponent(judge).path
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      let ended = try await users.run(3, "--param", "python=\(path)")
      #expect(ended.error.contains("check second-opinion"), "\(ended)")
      try await users.expect("restored")
    }
  }

  @Test func tooManyLeftAloneBeginNothing() async throws {
    try await Self.lend("user-names", "users", params: ["maxLeftAlone=23"]) { users in
      #expect(try await users.script("load").status == 0)
      let ended = try await users.run(1)
      #expect(ended.error.contains("count is 24, expected at most 23"), "\(ended)")
      try await users.expect("restored")
    }
  }
}
