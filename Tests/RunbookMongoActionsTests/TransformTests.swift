import Foundation
import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// Programs of the tests, in Python: each reads `documents` and answers with what `answer` makes of one.
enum TransformProgram {
  static func argv(_ answer: String, before: String = "") -> Value {
    let script = """
      import json, os, sys
      \(before)
      for line in sys.stdin:
          d = json.loads(line)
      \(answer.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
          print(a if isinstance(a, str) else json.dumps({"_id": d["_id"], **a}), flush=True)
      """
    return ["python3", "-c", .string(script)]
  }

  /// What `addFields` does by a pipeline.
  static let addFields: ValueMap = [
    "program": .object(["argv": argv("a = {'label': d.get('label') or d.get('description') or '', 'extra': d.get('extra')}")]),
    "filter": .object(["$or": .list(["label", "extra"].map { .object([$0: .object(["$exists": false])]) })]),
    "projection": .object(["description": 1, "label": 1, "extra": 1]), "fields": ["label", "extra"],
    "batch": .object(["size": 20]),
  ]

  /// Starts programs by the built program, with no more than a PATH.
  static let running = ProgramRunning(
    programs: Programs(executable: (try? Program.built().path) ?? "runbook is not built"), environment: ["PATH": "/usr/bin:/bin"])
  static let action = MongoTransform(running: running)
}

/// `mongodb.transform` against a real server, with real programs.
@Suite(.serialized) struct TransformTests {
  private let make: ActionMaker = { MongoTransform(running: TransformProgram.running, timing: $0, crashPoints: $1) }

  private func asking(_ answer: String, _ more: ValueMap = [:], before: String = "") -> ValueMap {
    let base: ValueMap = [
      "program": .object(["argv": TransformProgram.argv(answer, before: before)]), "fields": ["label"],
      "filter": .object(["label": .object(["$exists": false])]), "batch": .object(["size": 20]),
    ]
    return base.merging(more) { $1 }
  }

  private func error(_ body: () async throws -> Void) async -> ActionError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? ActionError
    }
  }

  @Test("Every document is asked about once, of one process; taken back to the byte, and again")
  func thereAndBack() async throws {
    let odd: [BSONDocument] = [
      ["_id": .null, "name": "null"], ["_id": ["a": 1, "b": [1.5]], "name": "document"], ["_id": .int64(1 << 40), "name": "long"],
      ["_id": .double(2.5), "name": "double"], ["_id": .datetime(1_700_000_000_123), "name": "date"],
      ["_id": .objectID(ObjectID(hex: "65f0c0ffee65f0c0ffee65f0")!), "name": "id"],
    ]
    try await Rig.with(asking("a = {'label': d['name'] + ' of ' + str(os.getpid())}", ["projection": .object(["name": 1])]), make: make) {
      rig in
      try await rig.insert((0..<60).map(asset) + odd)
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      _ = try await hand.capture()
      for _ in 0..<2 {
        let result = try await hand.perform()
        #expect(result.outputs["changed"] == 66 && result.outputs["asked"] == 66 && result.outputs["failed"] == 0, "\(result.outputs)")
        let labels = try await rig.all().values.compactMap { $0["label"]?.string }
        #expect(labels.count == 66 && Set(labels.compactMap { $0.split(separator: " ").last }).count == 1)
        let again = try await hand.perform()
        #expect(again.outputs["changed"] == 66 && again.outputs["asked"] == 0, "nothing is asked where nothing is to do")
        let undone = try await hand.undo()
        #expect(undone.conflicts == 0 && undone.inDoubt == 0)
        #expect(try await hand.verify(undone) == nil)
        #expect(try await rig.all() == before)
      }
    }
  }

  @Test(
    "The program sees what the projection says, and what it says guards the write",
    arguments: [
      ("{}", #"["_id","description","name","owner"]"#, ["$ROOT"]), ("{ name: 1 }", #"["_id","name"]"#, ["name"]),
      ("{ owner.name: 1 }", #"["_id","owner"]"#, ["owner"]), ("{ owner: 0 }", #"["_id","description","name"]"#, ["$ROOT"]),
      ("{ text: $description, name: 1 }", #"["_id","name","text"]"#, ["description", "name"]),
    ] as [(String, String, [String])])
  func projections(_ words: String, _ keys: String, _ inputs: [String]) async throws {
    let projections: [String: Value] = [
      "{}": .object([:]), "{ name: 1 }": .object(["name": 1]), "{ owner.name: 1 }": .object(["owner.name": 1]),
      "{ owner: 0 }": .object(["owner": 0]), "{ text: $description, name: 1 }": .object(["text": "$description", "name": 1]),
    ]
    let projection = try #require(projections[words])
    let arguments = asking(
      "a = {'label': json.dumps(sorted(d), separators=(',', ':'))}", ["projection": projection])
    try await Rig.with(arguments, make: make) { rig in
      try await rig.insert([["_id": 1, "name": "n", "description": "d", "owner": ["name": "o", "age": 3]]])
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      #expect(try await rig.all().values.first?["label"]?.string == keys)
      let block = try #require(try await hand.blocks().first)
      #expect(Set(block.inputs.map(\.text)) == Set(inputs))
    }
  }

  @Test("What the application writes while the program thinks wins, and is asked about again")
  func writtenMeanwhile() async throws {
    try await Rig.with(asking("a = {'label': d['name'] + '!'}", ["projection": .object(["name": 1])]), make: make) { rig in
      try await rig.insert((0..<10).map(asset))
      let hand = try await rig.takeOver(
        .interleaving("transform.answered") {
          try await rig.update(1, ["$set": ["name": "renamed"]])
          try await rig.update(2, ["$set": ["label": "mine"]])
          try await rig.update(3, ["$set": ["other": 1]])
          try await rig.delete(4)
        })
      let result = try await hand.unhurried.perform()
      let all = try await rig.all()
      #expect(all[BSONValue.int32(1).raw]?["label"]?.string == "renamed!")
      #expect(all[BSONValue.int32(2).raw]?["label"]?.string == "mine")
      #expect(all[BSONValue.int32(3).raw]?["label"]?.string == "asset 3!", "what the program was not given is no matter")
      #expect(all.count == 9 && result.outputs["guarded"]?.integerValue ?? 0 >= 2)
      _ = try await hand.undo()
      let back = try await rig.all()
      #expect(back.values.filter { $0["label"] != nil }.map { $0["_id"] } == [BSONValue.int32(2).raw])
    }
  }

  @Test("A program that hands everything on changes nothing, whatever the types")
  func echo() async throws {
    let all: BSONDocument = [
      "_id": .int64(7), "i": 1, "l": .int64(5), "d": 1.0, "f": 1.5, "n": .double(.nan), "z": .double(-0.0), "t": .datetime(5), "b": true,
      "x": .null, "e": .decimal128(Decimal128("1.50")!), "y": .binary(BSONBinary(subtype: 4, bytes: Array(0..<16))),
      "r": .regex(pattern: "a", options: "i"), "m": .minKey, "s": "\u{1F600} \"q\" \\ \u{7F} \n",
      "a": [1, .int64(2), ["deep": [.int64(3)]]],
      "ts": .timestamp(BSONTimestamp(seconds: 1, increment: 2)), "o": ["$odd": 1],
    ]
    let fields = all.keys.filter { $0 != "_id" }
    let relaxed =
      "def plain(v):\n  if isinstance(v, list): return [plain(i) for i in v]\n  if isinstance(v, dict):\n"
      + "    if list(v) == ['$numberInt'] or list(v) == ['$numberLong']: return int(list(v.values())[0])\n"
      + "    if list(v) == ['$numberDouble'] and v['$numberDouble'] not in ('NaN', 'Infinity'): return float(v['$numberDouble'])\n"
      + "    return {k: plain(i) for k, i in v.items()}\n  return v\n"
    for answer in ["a = d", "a = plain(d)"] {
      let arguments = asking(answer, ["filter": .object([:]), "fields": .list(fields.map(Value.string))], before: relaxed)
      try await Rig.with(arguments, make: make) { rig in
        try await rig.insert([all])
        let result = try await (try await rig.takeOver()).perform()
        #expect(result.outputs["alreadyDone"] == 1 && result.outputs["changed"] == 0 && result.outputs["failed"] == 0, "\(result.outputs)")
        #expect(try await rig.all().values.first == all)
      }
    }
  }

  @Test("A field that was given and is not answered goes, one that was not given stays")
  func takenAway() async throws {
    let arguments = asking(
      "a = {'kept': d['kept']}",
      [
        "projection": .object(["old": 1, "kept": 1]), "fields": ["old", "kept", "hidden"],
        "filter": .object(["old": .object(["$exists": true])]),
      ])
    try await Rig.with(arguments, make: make) { rig in
      try await rig.insert([["_id": 1, "old": [1, 2.5], "kept": .int64(3), "hidden": "h"]])
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      _ = try await hand.perform()
      #expect(try await rig.all().values.first == ["_id": 1, "kept": .int64(3), "hidden": "h"])
      _ = try await hand.undo()
      #expect(Set(try await rig.all().values.first?.map { $0.key } ?? []) == Set(before.values.first?.map { $0.key } ?? []))
      #expect(try await rig.all().values.first?["old"] == before.values.first?["old"])
    }
  }

  /// Each answer that cannot be used, with what is said of it.
  private static let unusable: [(answer: String, words: String, isRejected: Bool)] = [
    ("a = {'$error': 'the service refused it'}", "the program says: the service refused it", false),
    ("a = 'no json'", "is no document in Extended JSON, byte 1: the text is not a JSON object; it begins 'no json'", true),
    ("a = '{\"label\": 1}'", "has no '_id'", true), ("a = {'_id': 77, 'label': 1}", "is about 77, whose turn it was not", true),
    ("a = {'name': 'another', 'label': 1}", "changes 'name', which 'fields' does not name", true),
    ("a = {'new': 1, 'label': 1}", "changes 'new', which 'fields' does not name", true),
    ("a = {'$set': {'label': 1}}", "has '$set', which means nothing", true),
    ("a = {'label': {'$numberInt': 'x'}}", "$numberInt does not hold what it should", true),
    ("a = '{\"_id\": ' + json.dumps(d['_id']) + ', \"label\": 1, \"label\": 2}'", "names a field twice", true),
  ]

  @Test("An answer that cannot be used stops the step, or is collected and left out", arguments: 0..<9)
  func unusableAnswers(_ index: Int) async throws {
    let (answer, words, isRejected) = Self.unusable[index]
    let only = "if d['name'] not in ('asset 3', 'asset 25'):\n  a = {'label': 'fine'}\nelse:\n  \(answer)"
    try await Rig.with(asking(only, ["projection": .object(["name": 1])]), make: make) { rig in
      try await rig.insert((0..<30).map(asset))
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let stopped = await error { _ = try await hand.perform() }
      #expect(stopped?.code == "RB3450" && stopped?.kind == .refused)
      #expect(stopped?.message.contains("1 document of 'assets' cannot be changed: 3 (") == true)
      #expect(stopped?.message.contains(words) == true, "\(stopped?.message ?? "")")
      #expect(try await rig.all().values.count { $0["label"] != nil } == 19, "what else was answered is written and recorded")
      _ = try await hand.undo()
      #expect(try await rig.all() == before)
      var collecting = rig
      collecting.arguments["onDocumentError"] = .object(["collect": .object(["limit": 2])])
      let other = Hand(rig: collecting, target: hand.target, crashPoints: CrashPoints())
      let result = try await other.perform()
      #expect(result.outputs["changed"] == 28 && result.outputs["failed"] == 2 && result.outputs["asked"] == 30, "\(result.outputs)")
      #expect(result.outputs["rejected"] == (isRejected ? 2 : 0))
      #expect(result.outputs["failures"]?.listValue?.map { $0["id"] } == [3, 25])
      #expect(result.outputs["failures"]?.listValue?.first?["reason"]?.stringValue?.contains(words) == true)
      #expect(result.warnings.count == 1)
      _ = try await other.undo()
      collecting.arguments["onDocumentError"] = .object(["collect": .object(["limit": 1])])
      let strict = Hand(rig: collecting, target: hand.target, crashPoints: CrashPoints())
      #expect(await error { _ = try await strict.perform() }?.message.contains("more than the 1 that may be") == true)
      collecting.arguments["onDocumentError"] = "rollback"
      let back = Hand(rig: collecting, target: hand.target, crashPoints: CrashPoints())
      #expect(await error { _ = try await back.perform() }?.message.hasSuffix("what the step had written was taken back") == true)
      #expect(try await rig.all() == before)
    }
  }

  @Test("A program that dies, or says too much, takes only its batch along; the next attempt goes on")
  func dies() async throws {
    for fault in ["sys.exit(3)", "os.kill(os.getpid(), 9)", "print('loading', flush=True)\nos.close(1)\nsys.exit(0)"] {
      let answer =
        "if d['name'] == 'asset 25' and not os.path.exists(os.environ['MARK']):\n  open(os.environ['MARK'], 'w')\n  "
        + fault.replacingOccurrences(of: "\n", with: "\n  ") + "\na = {'label': 'fine'}"
      let mark = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-mark-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: mark) }
      var arguments = asking(answer, ["projection": .object(["name": 1])])
      arguments["program"] = .object(["argv": TransformProgram.argv(answer), "env": .object(["MARK": .string(mark)])])
      try await Rig.with(arguments, make: make) { rig in
        try await rig.insert((0..<50).map(asset))
        let hand = try await rig.takeOver()
        let died = await error { _ = try await hand.perform() }
        #expect(["RB2702", "RB2703", "RB2709"].contains(died?.code), "\(died?.message ?? "it went on")")
        #expect(try await rig.all().values.count { $0["label"] != nil } == 20)
        let result = try await hand.perform()
        #expect(result.outputs["changed"] == 50 && result.outputs["asked"] == 30)
      }
    }
  }

  @Test("Several of the program side by side, each with a batch of its own")
  func workers() async throws {
    let seen = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-workers-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: seen, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: seen) }
    // Each waits for the two others, so that none can answer everything before another has begun.
    let meeting = """
      if not os.path.exists(f'{SEEN}/{os.getpid()}'):
        open(f'{SEEN}/{os.getpid()}', 'w').close()
      while len(os.listdir(SEEN)) < 3:
        time.sleep(0.01)
      a = {'label': str(os.getpid())}
      """
    let arguments = asking(
      meeting, ["batch": .object(["size": 5, "workers": 3]), "projection": .object(["name": 1])],
      before: "import time\nSEEN = '\(seen.path)'")
    try await Rig.with(arguments, make: make) { rig in
      try await rig.insert((0..<60).map(asset))
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let result = try await hand.perform()
      #expect(result.outputs["changed"] == 60 && result.outputs["asked"] == 60)
      #expect(Set(try await rig.all().values.compactMap { $0["label"]?.string }).count == 3)
      _ = try await hand.undo()
      #expect(try await rig.all() == before)
    }
  }

  @Test("A document that fits the filter with its answer is asked about once, also by a resumed attempt, and told")
  func stillFits() async throws {
    let arguments = asking("a = {'n': {'$numberInt': str(int(d['n']['$numberInt']) + 1)}}", ["fields": ["n"], "filter": .object([:])])
    try await Rig.with(arguments, make: make) { rig in
      try await rig.insert((0..<50).map { ["_id": .int32($0), "n": .int32(100)] })
      let first = try await rig.takeOver(.abandoning("transform.sent", at: 2))
      #expect(await error { _ = try await first.perform() }?.code == "crash")
      let second = try await rig.takeOver()
      try await second.resolve()
      let result = try await second.perform()
      #expect(try await rig.all().values.allSatisfy { $0["n"]?.integer == 101 })
      #expect(result.outputs["changed"] == 50 && result.warnings.first?.hasPrefix("50 documents fit the filter with their answer") == true)
      _ = try await second.undo()
      #expect(try await rig.all().values.allSatisfy { $0["n"]?.integer == 100 })
    }
  }

  @Test("A validator refuses what a program makes; a guard keeps documents back; a stop comes between two batches")
  func refusals() async throws {
    try await Rig.with(asking("a = {'label': len(d['name'])}"), make: make) { rig in
      try await rig.create(rig.collection, ["validator": ["label": ["$not": ["$type": "int"]]]])
      try await rig.insert((0..<5).map(asset))
      let hand = try await rig.takeOver()
      #expect(await error { _ = try await hand.perform() }?.code == "RB3404")
      var guarded = rig
      guarded.arguments["guard"] = .object(["tags": .object(["$exists": true])])
      guarded.arguments["program"] = .object(["argv": TransformProgram.argv("a = {'label': 'text'}")])
      let other = Hand(rig: guarded, target: hand.target, crashPoints: CrashPoints())
      let result = try await other.perform()
      #expect(result.outputs["changed"] == 1 && result.outputs["withheld"] == 4, "\(result.outputs)")
      rig.stop.request()
      guarded.arguments["guard"] = nil
      let stopped = Hand(rig: guarded, target: hand.target, crashPoints: CrashPoints())
      #expect(await error { _ = try await stopped.perform() }?.kind == .stopped)
    }
  }

  @Test("A preview says how many documents a program would be asked about, and starts none")
  func preview() async throws {
    let mark = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-preview-\(UUID().uuidString)").path
    try await Rig.with(asking("a = {'label': 'text'}", before: "open('\(mark)', 'w').close()"), make: make) { rig in
      try await rig.insert((0..<7).map(asset))
      let target = try MongoTarget(name: "registry", uri: rig.server.uri, database: rig.database)
      let hand = Hand(rig: rig, target: target, crashPoints: CrashPoints())
      let told = try await TransformProgram.action.preview(hand.context, extent: PreviewExtent())
      #expect(told.coverage == .opaque && told.summary == "asks a program about 7 documents, which sets 'label'", "\(told)")
      #expect(told.problems.isEmpty && !FileManager.default.fileExists(atPath: mark))
      var missing = rig
      missing.arguments["program"] = .object(["argv": ["./nothere"]])
      let other = Hand(rig: missing, target: target, crashPoints: CrashPoints())
      let problems = try await TransformProgram.action.preview(other.context, extent: PreviewExtent()).problems
      #expect(problems.first?.contains("the program './nothere' cannot be started") == true, "\(problems)")
      await target.close()
    }
  }

  @Test("What the server refused of an earlier attempt is not asked about again, as long as it needs the change")
  func refusalsOutlastAnAttempt() async throws {
    let more: ValueMap = ["onDocumentError": .object(["collect": .object(["limit": 3])])]
    try await Rig.with(asking("a = {'label': 1 if d['name'] == 'asset 3' else 'text'}", more), make: make) { rig in
      try await rig.create(rig.collection, ["validator": ["label": ["$not": ["$type": "int"]]]])
      try await rig.insert((0..<5).map(asset))
      let hand = try await rig.takeOver()
      let first = try await hand.perform()
      #expect(first.outputs["changed"] == 4 && first.outputs["failed"] == 1, "\(first.outputs)")
      let second = try await hand.perform()
      #expect(second.outputs["asked"] == 0 && second.outputs["failed"] == 1, "\(second.outputs)")
      #expect(second.outputs["failures"]?.listValue?.first?["reason"]?.stringValue?.contains("code 121") == true)
    }
  }

  @Test(
    "Killed at every point while applications write, taken up, rolled back",
    arguments: ["transform.answered", "transform.captured", "transform.block-written", "transform.sent", "transform.recorded"],
    [1, 3] as [Int64])
  func crashes(_ point: String, _ time: Int64) async throws {
    try await Rig.with(TransformProgram.addFields, make: make) { rig in
      try await rig.insert((0..<90).map(asset))
      let writers = try await Writers(rig)
      let first = try await rig.takeOver(.abandoning(point, at: time))
      #expect(await error { _ = try await first.perform() }?.code == "crash")
      let second = try await rig.takeOver(.abandoning("transform.sent", at: 1))
      try await second.resolve()
      #expect(await error { _ = try await second.perform() }?.code == "crash")
      let third = try await rig.takeOver()
      try await third.resolve()
      let result = try await third.perform()
      #expect(result.outputs["failed"] == 0)
      await writers.stop()
      _ = try await third.perform()
      let changed = try await rig.all()
      #expect(changed.values.allSatisfy { $0["extra"] != nil && $0["label"] != nil })
      try await writers.expectNothingLost(changed)
      let undone = try await third.undo()
      try await writers.expectRolledBack(try await rig.all(), undone)
    }
  }
}

extension Hand {
  /// The same with commands that have nearly all the lease to arrive.
  var unhurried: Hand { Hand(rig: rig.unhurried, target: target, crashPoints: crashPoints) }
}
