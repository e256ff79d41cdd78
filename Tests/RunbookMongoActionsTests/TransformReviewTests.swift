import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import Testing

@testable import RunbookMongoActions

/// What is said of the arguments of `mongodb.transform` at load.
@Suite struct TransformReviewTests {
  private static let sound: ValueMap = ["program": .object(["argv": ["./enrich"]]), "fields": ["label"]]

  private func problems(_ more: ValueMap, without missing: String? = nil) -> [ArgumentProblem] {
    var arguments = Self.sound.merging(more) { $1 }
    if let missing { arguments[missing] = nil }
    return TransformArguments.read(arguments).problems
  }

  @Test func whatIsSoundIsTaken() {
    #expect(problems([:]) == [])
    #expect(problems(["projection": .object(["name": 1, "owner.name": 1, "label": 1])]) == [])
    #expect(problems(["projection": .object(["name": 0, "owner.name": 0])]) == [])
    #expect(problems(["projection": .object(["_id": 1, "text": .object(["$concat": ["$a", "$b"]])])]) == [])
    #expect(TransformArguments.read([:], unknown: ["program", "fields"]).problems == [])
  }

  @Test func mistakesAreTold() {
    let cases: [(ValueMap, [String], String)] = [
      (["fields": []], ["fields"], "'fields' has to name the fields that the program may change"),
      (["fields": ["a.b"]], ["fields", "0"], "a whole top-level field is due, not 'a.b'"),
      (["fields": ["_id"]], ["fields", "0"], "'_id' cannot be changed"),
      (["fields": ["a", "a"]], ["fields", "1"], "'a' is named twice"),
      (["program": .object(["argv": []])], ["program", "argv"], "there is no program"),
      (
        ["program": .object(["argv": ["a"], "env": .object(["a=b": "c"])])], ["program", "env", "a=b"],
        "no variable can be called 'a=b'"
      ),
      (["projection": .object(["_id": 0])], ["projection", "_id"], "'_id' is always given: the answer is known by it"),
      (
        ["projection": .object(["a": 1, "b": 0])], ["projection"],
        "a projection names the fields that are given, or those that are not, not both"
      ),
      (
        ["projection": .object(["label.de": 1])], ["projection", "label.de"],
        "'fields' names 'label', of which the projection gives only a part, or something else"
      ),
      (
        ["projection": .object(["label": "$name"])], ["projection", "label"],
        "'fields' names 'label', of which the projection gives only a part, or something else"
      ),
      (["projection": .object(["$a": 1])], ["projection", "$a"], "'$a' names no field"),
      (["batch": .object(["workers": 17])], ["batch", "workers"], "1 to 16 copies of the program may be under way at a time, not 17"),
      (["batch": .object(["size": 501])], ["batch", "size"], "a batch has 1 to 500 documents, not 501"),
    ]
    for (more, path, message) in cases {
      let found = problems(more)
      #expect(found.count == 1 && found.first?.path == path && found.first?.message == message, "\(found)")
    }
    #expect(problems([:], without: "program").map(\.message) == ["mongodb.transform needs 'program'"])
    #expect(problems([:], without: "fields").map(\.path) == [[]])
  }

  @Test func whatIsNotBuiltIsRefusedByName() {
    let unbuilt: [ValueMap] = [
      ["http": .object(["target": "api", "path": "/enrich"])], ["onNotConverged": "wait"], ["undo": "documents"],
    ]
    for more in unbuilt { #expect(problems(more).map(\.isUnbuilt) == [true]) }
  }
}

/// What is made of a line that a program answers, without a program.
@Suite struct TransformAnswerTests {
  private func row(_ sent: BSONDocument, before: BSONDocument) throws -> TransformRow {
    let row = BSONDocument { row in
      row.append("_id", raw: sent["_id"]!)
      row.append("p", before)
      row.append("r", BSONDocument())
      row.append("s", sent)
    }
    return try #require(TransformRow(row))
  }

  private func after(_ line: String, _ row: TransformRow, _ fields: [String]) -> BSONDocument? {
    guard case .after(let after) = TransformAnswer(Array(line.utf8), about: row, fields: fields) else { return nil }
    return after
  }

  @Test func aNumberOfAnotherTypeAloneIsNoChange() throws {
    let stored: BSONDocument = ["l": .int64(5), "d": 1.0, "o": ["n": [.int64(1), 2.0]]]
    let row = try row(["_id": .int64(7), "l": .int64(5), "d": 1.0, "o": ["n": [.int64(1), 2.0]]], before: stored)
    #expect(after(#"{"_id":7,"l":5,"d":1,"o":{"n":[1,2]}}"#, row, ["l", "d", "o"]) == stored)
    #expect(after(#"{"_id":7,"l":6,"d":1,"o":{"n":[1,3]}}"#, row, ["l", "d", "o"]) == ["l": 6, "d": 1.0, "o": ["n": [1, 3]]])
    // Beyond 2⁵³ two whole numbers are one double, and no more the same number.
    let large = try self.row(["_id": 1, "l": .int64(9_007_199_254_740_993)], before: ["l": .int64(9_007_199_254_740_993)])
    #expect(after(#"{"_id":1,"l":9007199254740992.0}"#, large, ["l"]) == ["l": 9_007_199_254_740_992.0])
    #expect(after(#"{"_id":1,"l":9007199254740993}"#, large, ["l"]) == ["l": .int64(9_007_199_254_740_993)])
  }

  @Test func orderAndMissingKeysInsideAreChanges() throws {
    let row = try row(["_id": 1, "o": ["a": 1, "b": 2]], before: ["o": ["a": 1, "b": 2]])
    #expect(after(#"{"_id":1,"o":{"b":2,"a":1}}"#, row, ["o"]) == ["o": ["b": 2, "a": 1]])
    #expect(after(#"{"_id":1,"o":{"a":1}}"#, row, ["o"]) == ["o": ["a": 1]])
    #expect(after(#"{"_id":1}"#, row, ["o"]) == [:], "it was given and is not answered")
  }
}
