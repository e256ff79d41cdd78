import MongoDriver
import RunbookPlan
import Testing

@testable import RunbookMongoActions

/// What is found in the arguments before anything runs.
@Suite struct UpdateReviewTests {
  private func problems(_ stages: [BSONDocument]) -> [String] { UpdatePipeline.analysed(stages).problems.map(\.message) }

  @Test(arguments: [
    ("$project", "cannot be undone field by field"), ("$replaceWith", "cannot be undone field by field"),
    ("$match", "cannot be undone field by field"),
  ]) func refusesOtherStages(_ stage: String, _ words: String) {
    #expect(problems([BSONDocument([(stage, ["a": 1] as BSONValue)])]).first?.contains(words) == true)
  }

  @Test(arguments: [
    ("_id", "never changed"), ("_id.x", "never changed"), ("a.$[].b", "through an array"), ("a.$", "through an array"),
    ("a..b", "without letters"), ("a.$b", "begins with '$'"), ("$$ROOT", "document as a whole"), ("$x", "begins with '$'"), ("", "no name"),
    ("_runbookX", "program's own"),
  ]) func refusesTargets(_ field: String, _ words: String) {
    #expect(problems([["$set": .document(BSONDocument([(field, 1 as BSONValue)]))]]).first?.contains(words) == true)
    #expect(problems([["$unset": .string(field)]]).first?.contains(words) == true || field.isEmpty)
  }

  @Test func refusesTheDocumentAsAWhole() {
    #expect(problems([["$set": ["copy": "$$ROOT"]]]).first?.contains("reads the document as a whole") == true)
    #expect(problems([["$set": ["copy": "$$ROOT.a"]]]).isEmpty)
    #expect(problems([["$set": ["copy": ["$literal": "$$ROOT"]]]]).isEmpty)
  }

  @Test func listsEverythingAtOnce() {
    let read = UpdateArguments.read([
      "pipeline": [.object(["$set": .object(["_id": 1, "a.": 2])]), .object(["$match": .emptyMap])],
      "batch": .object(["size": 1000, "workers": 9]),
    ])
    #expect(read.arguments == nil)
    #expect(
      read.problems.map(\.path) == [
        ["pipeline", "0", "$set", "_id"], ["pipeline", "0", "$set", "a."], ["pipeline", "1", "$match"],
        ["batch", "size"], ["batch", "workers"],
      ])
    #expect(read.problems.filter(\.isUnbuilt).isEmpty)
  }

  @Test func needsOneFormOfTheChange() {
    let stage: Value = [.object(["$set": .object(["a": 1])])]
    #expect(UpdateArguments.read([:]).problems.count == 1)
    #expect(UpdateArguments.read([:], unknown: ["pipeline"]).problems.isEmpty)
    #expect(UpdateArguments.read(["pipeline": stage, "update": .object(["$set": .object(["a": 1])])]).problems.count == 1)
    #expect(UpdateArguments.read(["pipeline": stage, "fields": ["b"]]).problems.count == 2)
    #expect(UpdateArguments.read(["pipeline": stage, "fields": ["a"]]).arguments?.batchSize == 500)
  }

  @Test func translatesTheOperatorForm() throws {
    let update: Value = .object(["$set": .object(["a": "$b"]), "$unset": .object(["c": ""])])
    let read = try #require(UpdateArguments.read(["update": update]).arguments)
    #expect(read.pipeline.stages == [["$set": ["a": ["$literal": "$b"]]], ["$unset": ["c"]]])
    #expect(read.pipeline.reads.fields.isEmpty)
    let increment = UpdateArguments.read(["update": .object(["$inc": .object(["n": 1])])]).problems
    #expect(increment.first?.help?.contains("$add") == true)
  }

  @Test func renamesAndLimits() throws {
    let update: Value = .object([
      "$rename": .object(["a": "b.c"]), "$max": .object(["n": 5]), "$currentDate": .object(["at": true, "on": .object(["$type": "date"])]),
    ])
    let read = try #require(UpdateArguments.read(["update": update]).arguments)
    #expect(read.pipeline.targets.map(\.text) == ["b.c", "a", "n", "at", "on"])
    #expect(read.pipeline.stages.last == ["$set": ["at": "$$NOW", "on": "$$NOW"]])
    let wrong: Value = .object(["$rename": .object(["a": "a", "b": 1]), "$currentDate": .object(["c": .object(["$type": "timestamp"])])])
    #expect(
      UpdateArguments.read(["update": wrong]).problems.map { $0.path.joined(separator: ".") } == [
        "update.$rename.a", "update.$rename.b", "update.$currentDate.c",
      ])
  }

  struct Reading: Sendable {
    var filter: BSONDocument = [:]
    var expression: BSONValue = 1
    var fields: [String]
    var whole = false
  }

  @Test(arguments: [
    Reading(filter: ["a": 1, "b.c": ["$exists": true]], fields: ["a", "b"]),
    Reading(filter: ["$or": [["a": 1], ["$and": [["b": 2]]]], "$comment": "x"], fields: ["a", "b"]),
    Reading(filter: ["$expr": ["$gt": ["$n.m", ["$literal": "$z"]]]], fields: ["n"]),
    Reading(filter: ["$jsonSchema": ["required": ["a"]]], fields: [], whole: true),
    Reading(expression: ["$cond": [["$eq": [["$type": "$a"], "missing"]], "$$NOW", "$b.c"]], fields: ["a", "b"]),
    Reading(expression: ["$let": ["vars": ["v": "$a"], "in": ["$concat": ["$$v", "$$CURRENT.d"]]]], fields: ["a", "d"]),
    Reading(expression: ["$getField": "a"], fields: ["a"]),
    Reading(expression: ["$getField": ["field": ["$literal": "$odd"], "input": "$$ROOT"]], fields: ["$odd"]),
    Reading(expression: ["$getField": ["field": "$name", "input": "$doc"]], fields: ["name", "doc"]),
    Reading(expression: ["$getField": "$name"], fields: ["name"], whole: true),
    Reading(expression: ["$map": ["input": "$list", "as": "x", "in": ["$add": ["$$x.n", "$k"]]]], fields: ["list", "k"]),
    Reading(expression: ["$$REMOVE", "$$ROOT.r.s", "plain"], fields: ["r"]),
  ]) func findsWhatIsRead(_ reading: Reading) {
    var reads = UpdateReads()
    reads.add(filter: reading.filter)
    reads.add(expression: reading.expression.raw)
    #expect(reads.fields == reading.fields)
    #expect(reads.wholeDocument == reading.whole)
  }

  @Test func fieldsOfTheFilterAreInputs() throws {
    let pipeline = try #require(UpdatePipeline.analysed([["$set": ["a": "$b", "c": 1]]]).pipeline)
    let change = ChangeDefinition(collection: "x", filter: ["c": 2, "d": 3, "_id": 4], pipeline: pipeline, isAlone: false)
    #expect(change.fields == ["a", "c"])
    #expect(change.inputs == ["b", "d"])
  }
}
