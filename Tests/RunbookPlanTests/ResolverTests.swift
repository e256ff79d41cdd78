import RunbookPlan
import RunbookSyntax
import Testing

@Suite struct ResolverTests {
  static let scope = NameScope(values: [
    "params.text": "$name", "params.n": 7, "params.day": "2025-01-18", "params.list": ["a", "b"], "params.wait": .duration(90_000_000),
    "params.at": .timestamp(1_737_158_400_000), "params.map": .object(["a": "$b"]), "params.id": .object(["$oid": "00"]),
    "params.inf": .double(.infinity), "params.flag": true,
  ])

  /// The value of `with.v` of a step, as it is written.
  private func template(_ text: String) throws -> Template {
    let source = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: a }
      params: { text: { type: string }, n: { type: integer }, day: { type: date }, list: { type: list }, wait: { type: duration },
        at: { type: timestamp }, map: { type: string }, id: { type: string }, inf: { type: number }, flag: { type: boolean }, none: { type: string } }
      phases: [ { id: p, steps: [ { id: s, action: note, with: { v: \(text) } } ] } ]
      """
    let loaded = PlanLoader.load(path: "x.yaml", text: source)
    let plan = try #require(loaded.plan, "\(loaded.diagnostics.rendered())")
    return plan.phases[0].steps[0].action.arguments[0].value
  }

  private func read(_ text: String, as type: FieldType) throws -> String {
    do {
      return try Resolver.resolve(template(text), as: type, scope: Self.scope).encodedJSON()
    } catch let error as ResolutionError {
      return "error: \(error.message)" + (error.help.map { " | \($0)" } ?? "")
    }
  }

  /// That it stands twice was said when the file was read, and what else is wrong is looked for all the same.
  @Test(arguments: [FieldType.document(.data), .document(.expression), .any, .mapping(.integer())])
  func aKeyThatStandsTwiceStopsNothing(type: FieldType) throws {
    let range = SourceRange(0, 1)
    let one = Template(.scalar(Scalar(text: "1", isPlain: true)), range: range)
    let entries = ["a", "b", "a"].map { TemplateEntry(key: $0, keyRange: range, value: one) }
    let value = try Resolver.resolve(Template(.map(entries), range: range), as: type, scope: Self.scope)
    #expect(value == ["a": 1, "b": 1])
  }

  static let scalars: [(String, FieldType, String)] = [
    ("no", .text, #""no""#), ("0123", .text, #""0123""#), ("12:30", .text, #""12:30""#),
    ("null", .text, "error: null stands where text is due | remove the key, or put the text in quotes"),
    ("5", .integer(), "5"), ("5", .integer(min: 6), "error: 5 is below 6 | write 6 or more"), ("1.5", .number, "1.5"), ("5", .number, "5"),
    ("yes", .boolean, "error: 'yes' is no boolean | write true"), ("1h30m", .duration, #"{"@duration":5400000000}"#),
    ("30", .duration, "error: '30' is no duration: the unit is missing | write 30s for seconds, or 30m for minutes"),
    ("64MiB", .size, "67108864"), ("0.1%", .percentage, "0.001"), ("2025-01-18", .date, #""2025-01-18""#),
    ("2025-01-18T00:00:00Z", .timestamp, #"{"@timestamp":1737158400000}"#),
    ("stp", .choice(["stop", "go"]), "error: 'stp' is none of its values | did you mean 'stop'?"),
    ("[a, b]", .list(.text), #"["a","b"]"#), ("a", .list(.text), "error: a list was expected, not text"),
    ("{ a: 1m }", .mapping(.duration), #"{"a":{"@duration":60000000}}"#),
    ("{ a: 1 }", .oneOf([.text, .object([.init("a", .integer(), "")])]), #"{"a":1}"#), ("5", .any, "5"),
    ("True", .any, #"error: 'True' is read as text by some programs and as a boolean by others | write "True" for text, or true"#),
    (
      "99999999999999999999", .any,
      #"error: 99999999999999999999 does not fit into 64 bits | put it in quotes, or write { $numberDecimal: "99999999999999999999" } in a MongoDB document"#
    ),
  ]

  static let references: [(String, FieldType, String)] = [
    (#""${{ params.n }}""#, .integer(), "7"), (#""${{ params.n }}""#, .text, #""7""#), (#""at ${{ params.wait }}""#, .text, #""at 1m30s""#),
    (
      #""${{ params.n }}m""#, .duration,
      "error: text put together from references is text, and a duration was expected | use one reference to a value of that type alone"
    ),
    (#""${{ params.wait }}""#, .duration, #"{"@duration":90000000}"#),
    (#""${{ params.text }}""#, .duration, "error: 'params.text' is a text, and a duration was expected"),
    (#""${{ params.none }}""#, .text, "error: 'params.none' has no value"),
    (#""a ${{ params.list }}""#, .text, "error: 'params.list' is a list and cannot stand inside a text"),
    (#"[x, "${{ params.list }}", y]"#, .list(.text), #"["x","a","b","y"]"#), (#""$${{ params.n }}""#, .text, #""${{ params.n }}""#),
    (#""${{ params.at }}""#, .text, #""2025-01-18T00:00:00Z""#), (#""${{ params.flag }}""#, .boolean, "true"),
  ]

  static let documents: [(String, FieldType, String)] = [
    (#"{ a: 1, b: 1.5, c: null, d: true, e: x, f: "5" }"#, .document(.data), #"{"a":1,"b":1.5,"c":null,"d":true,"e":"x","f":"5"}"#),
    ("{ z: 1, a: yes }", .document(.data), #"{"z":1,"a":"yes"}"#),
    (
      "{ a: 0x1F }", .document(.data),
      #"error: a: '0x1F' is read as text by some programs and as a number by others | write "0x1F" for text, or 31"#
    ),
    ("{ a: ~ }", .document(.data), #"error: a: '~' is read as text by some programs and as null by others | write "~" for text, or null"#),
    (#"{ name: "${{ params.text }}" }"#, .document(.data), #"{"name":"$name"}"#),
    (#"{ $expr: { $eq: [ $name, "${{ params.text }}" ] } }"#, .document(.data), #"{"$expr":{"$eq":["$name",{"$literal":"$name"}]}}"#),
    (
      #"[ { $set: { a: "${{ params.text }}", n: "${{ params.n }}" } } ]"#, .documents(.pipeline),
      #"[{"$set":{"a":{"$literal":"$name"},"n":7}}]"#
    ),
    (#"[ { $match: { a: "${{ params.text }}" } } ]"#, .documents(.pipeline), #"[{"$match":{"a":"$name"}}]"#),
    (
      #"[ { $lookup: { from: "c_${{ params.day }}", let: { x: "${{ params.text }}" }, pipeline: [ { $match: { a: "${{ params.text }}" } } ], as: "${{ params.day }}" } } ]"#,
      .documents(.pipeline),
      #"[{"$lookup":{"from":"c_2025-01-18","let":{"x":{"$literal":"$name"}},"pipeline":[{"$match":{"a":"$name"}}],"as":"2025-01-18"}}]"#
    ),
    (
      #"[ { $set: { at: { $date: "${{ params.at }}" }, alone: "${{ params.at }}", d: { $date: "${{ params.day }}T00:00:00Z" } } } ]"#,
      .documents(.pipeline),
      #"[{"$set":{"at":{"$date":{"$numberLong":"1737158400000"}},"alone":{"$date":{"$numberLong":"1737158400000"}},"d":{"$date":"2025-01-18T00:00:00Z"}}}]"#
    ),
    (
      #"[ { $facet: { a: [ { $match: { x: "${{ params.text }}" } }, { $addFields: { y: [ "${{ params.text }}" ] } } ] } } ]"#,
      .documents(.pipeline),
      #"[{"$facet":{"a":[{"$match":{"x":"$name"}},{"$addFields":{"y":[{"$literal":"$name"}]}}]}}]"#
    ),
    (
      #"[ { $set: { m: "${{ params.map }}", i: "${{ params.id }}" } }, { $unset: "${{ params.text }}" } ]"#, .documents(.pipeline),
      #"[{"$set":{"m":{"$literal":{"a":"$b"}},"i":{"$oid":"00"}}},{"$unset":"$name"}]"#
    ),
    (
      #"{ a: "${{ params.wait }}" }"#, .document(.data),
      "error: a: 'params.wait' is a duration, and a MongoDB document has none | use a number of milliseconds"
    ),
    (#"{ a: "${{ params.inf }}" }"#, .document(.data), #"{"a":{"$numberDouble":"Infinity"}}"#),
    ("a", .document(.data), "error: a MongoDB document was expected, not text | write a mapping, like { name: x }"),
    (#""${{ params.text }}""#, .document(.expression), "error: 'params.text' is a text, and a MongoDB document was expected"),
  ]

  @Test(arguments: scalars + references + documents)
  func itReads(_ text: String, _ type: FieldType, _ expected: String) throws {
    #expect(try read(text, as: type) == expected)
  }

  @Test func checkingFindsTheSameMistakesAndKnowsWhatIsUnknown() throws {
    struct Types: ReferenceTypes {
      func type(of reference: Reference) -> FieldType? {
        reference.text == "params.n" ? .integer() : reference.text == "params.wait" ? .duration : nil
      }
    }
    let fields: [FieldType.Field] = [
      .init("to", .text, required: true, "the name of the copy"), .init("limit", .integer(), ""), .init("wait", .duration, ""),
      .init("later", .text, isBuilt: false, ""),
    ]
    let arguments = try template(#"{ limt: 5, wait: "${{ params.n }}", limit: "${{ params.n }}", later: x }"#)
    guard case .map(let entries) = arguments.content else {
      Issue.record("no map")
      return
    }
    let file = SourceFile(path: "x.yaml", bytes: [])
    let checked = Resolver.check(arguments: entries, fields: fields, owner: "a.b", opener: arguments.range, types: Types(), in: file)
    #expect(
      checked.diagnostics.map(\.message) == [
        "unknown key 'limt' in a.b", "wait: 'params.n' is an integer, and a duration was expected", "a.b needs the key 'to'",
      ])
    #expect(checked.unknown == ["limit"] && checked.unbuilt.map(\.key) == ["later"])
    #expect(checked.values == ["later": "x"])
  }
}
