import RunbookPlan
import RunbookSyntax
import Testing

@Suite struct MatcherTests {
  /// The matcher of the sample plan's last check, written anew.
  private func matcher(_ text: String) throws -> Matcher {
    let loaded = PlanLoader.load(path: "x.yaml", text: Samples.plan("{ equals: pass }", text))
    let plan = try #require(loaded.plan, "\(loaded.diagnostics.rendered())")
    return try #require(plan.verify[0].expect)
  }

  private func verdict(_ text: String, _ value: Value?, outputs: ValueMap = [:]) throws -> Verdict {
    var all = outputs
    if let value { all["value"] = value }
    return try matcher(text).evaluate(outputs: all, mainOutput: "value", scope: NameScope()).verdict
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var matcher: String
    var value: Value?
    var verdict: Verdict
    init(_ matcher: String, _ value: Value?, _ verdict: Verdict) {
      self.matcher = matcher
      self.value = value
      self.verdict = verdict
    }
    var testDescription: String { "\(matcher) of \(value?.encodedJSON() ?? "nothing")" }
  }

  static let numbers: [Row] = [
    Row("{ equals: 5 }", 5, .pass), Row("{ equals: 5 }", .double(5), .pass), Row("{ equals: 5 }", .decimal("5.00"), .pass),
    Row("{ equals: 5 }", .decimal("5.000000000000000000000000001"), .fail), Row("{ equals: 5.5 }", .decimal("55E-1"), .pass),
    Row("{ equals: 9007199254740993 }", .double(9_007_199_254_740_992), .fail),
    Row("{ above: 9007199254740992 }", 9_007_199_254_740_993, .pass), Row("{ below: 9223372036854775807 }", .double(0x1p63), .fail),
    Row("{ above: -9223372036854775808 }", .decimal("-9223372036854775807.5"), .pass), Row("{ atLeast: 0 }", .decimal("-0"), .pass),
    Row("{ atMost: 1 }", .decimal("Infinity"), .fail), Row("{ atMost: 1 }", .double(.nan), .noData),
    Row("{ atMost: 1 }", .decimal("NaN"), .noData),
    Row("{ atLeast: -2 }", .double(-2.5), .fail), Row("{ between: [1, 3] }", 3, .pass), Row("{ between: [1, 3] }", .double(3.1), .fail),
    Row("{ notEquals: 5 }", 5, .fail), Row("{ notEquals: 5 }", 6, .pass), Row("{ oneOf: [1, 2] }", 2, .pass),
    Row("{ oneOf: [1, 2] }", 3, .fail),
    Row("{ atLeast: 0.1 }", .decimal("0.1"), .pass), Row("{ atMost: 1 }", .null, .noData), Row("{ atMost: 1 }", nil, .noData),
    Row("{ equals: 3 }", .object(["$numberLong": "3"]), .pass), Row("{ equals: 3 }", .object(["$numberDecimal": "3.0"]), .pass),
  ]

  static let units: [Row] = [
    Row("{ below: 250ms }", .duration(249_999), .pass), Row("{ below: 250ms }", .duration(250_000), .fail),
    Row("{ atMost: 1m }", .duration(60_000_000), .pass), Row("{ below: 250 }", .duration(1), .error),
    Row("{ equals: 100% }", .double(1), .pass),
    Row("{ equals: 100% }", 1, .pass), Row("{ below: 0.1% }", .double(0.001), .fail), Row("{ atMost: 64MiB }", 67_108_864, .pass),
    Row("{ above: 2025-01-17 }", "2025-01-18", .pass), Row("{ above: 2025-01-17 }", "soon", .error),
    Row("{ atLeast: 2025-01-18T00:00:00Z }", .timestamp(1_737_158_400_000), .pass),
    Row("{ above: 2025-01-18T00:00:00Z }", .object(["$date": "2025-01-18T00:00:00.001Z"]), .pass),
  ]

  static let texts: [Row] = [
    Row("{ equals: pass }", "pass", .pass), Row("{ equals: pass }", "fail", .fail), Row("{ equals: 5 }", "5", .error),
    Row("{ equals: \"5\" }", "5", .pass), Row("{ equals: no }", "no", .pass), Row("{ equals: true }", .bool(true), .pass),
    Row("{ equals: true }", "true", .error), Row("{ equals: null }", .null, .pass), Row("{ equals: null }", 5, .fail),
    Row("{ equals: null }", nil, .noData), Row("{ matches: '^\\S+$' }", "a.b", .pass), Row("{ matches: '^\\S+$' }", "a b", .fail),
    Row("{ matches: b }", "abc", .pass), Row("{ matches: b }", 5, .error), Row("{ contains: b }", "abc", .pass),
    Row("{ contains: b }", ["a", "b"], .pass), Row("{ contains: c }", ["a", "b"], .fail), Row("{ contains: a }", .object(["a": 1]), .pass),
    Row("{ contains: 5 }", 5, .error), Row("{ isEmpty: true }", [], .pass), Row("{ isEmpty: true }", .null, .pass),
    Row("{ isEmpty: true }", "x", .fail), Row("{ isEmpty: false }", "x", .pass), Row("{ isEmpty: true }", nil, .noData),
    Row("{ isEmpty: true }", 0, .error), Row("{ exists: true }", .null, .pass), Row("{ exists: false }", nil, .pass),
    Row("{ exists: true }", nil, .fail), Row("{ exists: false }", 1, .fail), Row("{ hasFields: [a, b.c] }", .object(["a": .null]), .fail),
    Row("{ hasFields: [a] }", .object(["a": .null]), .pass), Row("{ hasFields: [a] }", nil, .noData),
    Row("{ equals: [1, a] }", [.double(1), "a"], .pass),
    Row("{ equals: { a: 1, b: 2 } }", .object(["b": 2, "a": 1]), .pass), Row("{ equals: { a: 1 } }", .object(["a": 2]), .fail),
  ]

  static let combined: [Row] = [
    Row("{ atLeast: 1, atMost: 3 }", 4, .fail), Row("{ atLeast: 1, atMost: 3 }", 2, .pass), Row("{ not: { equals: 1 } }", 1, .fail),
    Row("{ not: { equals: 1 } }", nil, .noData), Row("{ anyOf: [ { equals: 1 }, { equals: 2 } ] }", 2, .pass),
    Row("{ anyOf: [ { field: none, equals: 1 }, { equals: 2 } ] }", 2, .pass),
    Row("{ anyOf: [ { field: none, equals: 1 }, { equals: 2 } ] }", 3, .noData),
    Row("{ allOf: [ { field: none, equals: 1 }, { equals: 2 } ] }", 2, .noData),
    Row("{ allOf: [ { field: none, equals: 1 }, { equals: 2 } ] }", 3, .fail),
    Row("{ allOf: [ { field: none, equals: 1 }, { matches: x } ] }", 3, .error), Row("{ not: { atMost: 1 } }", "a", .error),
  ]

  @Test(arguments: numbers + units + texts + combined)
  func aRowHolds(_ row: Row) throws {
    #expect(try verdict(row.matcher, row.value) == row.verdict)
  }

  @Test func textThatCameInByReferenceIsNotReadAsAnotherType() throws {
    #expect(try verdict("{ below: \"${{ params.name }}\" }", .duration(1)) == .error)
    #expect(try verdict("{ below: \"${{ params.bar }}\" }", .duration(1)) == .pass)
    #expect(try verdict("{ equals: \"${{ params.name }}\" }", "250ms") == .pass)
  }

  @Test func fieldsAreWalkedInto() throws {
    let groups = Value.object(["a.b": 1, "S": 88])
    let outputs: ValueMap = ["groups": groups, "body": .object(["items": [.object(["name": "x"])]])]
    #expect(try verdict("{ field: 'groups.\"a.b\"', equals: 1 }", nil, outputs: outputs) == .pass)
    #expect(try verdict("{ field: body.items.0.name, equals: x }", nil, outputs: outputs) == .pass)
    #expect(try verdict("{ field: body.items.1.name, equals: x }", nil, outputs: outputs) == .noData)
    #expect(try verdict("{ field: groups.S, not: { equals: 88 } }", nil, outputs: outputs) == .fail)
  }

  @Test func theOutcomeSaysWhatWasSeenAndWhatWasExpected() throws {
    let low = try matcher("{ atLeast: 1681 }").evaluate(outputs: ["count": 1680], mainOutput: "count", scope: NameScope())
    #expect(low == Evaluation(verdict: .fail, observed: 1680, reason: "count is 1680, expected at least 1681"))
    let both = try matcher("{ allOf: [ { field: a, equals: 1 }, { field: b, below: 5ms } ] }")
      .evaluate(outputs: ["a": 1, "b": .duration(9_000)], mainOutput: nil, scope: NameScope())
    #expect(both == Evaluation(verdict: .fail, observed: .object(["a": 1, "b": .duration(9_000)]), reason: "b is 9ms, expected below 5ms"))
    let none = try matcher("{ equals: 1 }").evaluate(outputs: [:], mainOutput: "count", scope: NameScope())
    #expect(none == Evaluation(verdict: .noData, observed: .null, reason: "there is no count"))
  }

  @Test func aMissingReferenceIsAnError() throws {
    let seen = try matcher("{ equals: \"${{ steps.backup.outputs.none }}\" }").evaluate(
      outputs: ["v": 1], mainOutput: "v", scope: NameScope())
    #expect(seen.verdict == .error && seen.reason == "'steps.backup.outputs.none' has no value")
  }

  @Test(arguments: [
    ("{ atMost: 250ms }", "at most 250ms"), ("{ equals: 1681 }", "equals 1681"), ("{ between: [1, 2] }", "between 1 and 2"),
    ("{ allOf: [ { field: groups.S, equals: 88 }, { field: groups.L, equals: 156 } ] }", "groups.S equals 88, groups.L equals 156"),
    ("{ not: { anyOf: [ { equals: a }, { exists: false } ] } }", "not (equals a or is not there)"), ("{ isEmpty: true }", "is empty"),
    ("{ atLeast: \"${{ params.count }}\" }", "at least ${{ params.count }}"),
  ])
  func itIsDescribedInWords(_ text: String, _ words: String) throws {
    #expect(try matcher(text).description == words)
  }
}

/// Params of the sample plan; everything else has no value.
struct NameScope: ReferenceScope, ReferenceTypes {
  var values: [String: Value] = ["params.name": "250ms", "params.bar": .duration(250_000)]
  func value(of reference: Reference) -> Value? { values[reference.text] }
  func type(of reference: Reference) -> FieldType? { nil }
}
