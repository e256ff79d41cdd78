import RunbookActions
import RunbookPlan
import RunbookSyntax

extension Lint {
  /// Expected numbers of groups that do not come to the expected total.
  static let distributionTotal = LintRule(
    code: "L110", name: "distribution-total", severity: .warning,
    summary: "The groups that a distribution is expected to have do not add up to the total that is expected.",
    reason: """
      When the numbers were written down, one of them was wrong, or a group was forgotten. The check can then only fail, or passes while documents \
      that nobody named are there as well.
      """,
    bad: [
      """
      preconditions:
        - id: states
          title: Orders by state
          action: mongodb.distribution
          with: { by: state }
          expect: { allOf: [ { field: groups.open, equals: 10 }, { field: groups.done, equals: 80 }, { field: total, equals: 100 } ] }
      """,
      """
      params:
        expected: { type: integer, default: 100 }
      preconditions:
        - id: states
          title: Orders by state
          action: mongodb.distribution
          with: { by: state }
          expect:
            allOf: [ { field: groups.open, equals: 30 }, { field: groups.done, equals: 80 }, { field: total, equals: "${{ params.expected }}" } ]
      """,
      """
      # The total stands in another check.
      preconditions:
        - { id: orders, title: Orders, action: mongodb.count, expect: { equals: 100 } }
        - id: states
          title: Orders by state
          action: mongodb.distribution
          with: { by: state }
          expect: { allOf: [ { field: groups.open, equals: 30 }, { field: groups.done, equals: 80 } ] }
      """,
    ],
    good: [
      """
      preconditions:
        - id: states
          title: Orders by state
          action: mongodb.distribution
          with: { by: state }
          expect: { allOf: [ { field: groups.open, equals: 20 }, { field: groups.done, equals: 80 }, { field: total, equals: 100 } ] }
      """,
      """
      # Without a total, one group may be all that is meant.
      preconditions:
        - { id: orders, title: Orders, action: mongodb.count, expect: { equals: 100 } }
        - id: open
          title: Open orders
          action: mongodb.distribution
          with: { by: state }
          expect: { field: groups.open, equals: 20 }
      """,
      """
      # How many there will be is not known.
      params:
        expected: { type: integer }
      preconditions:
        - id: states
          title: Orders by state
          action: mongodb.distribution
          with: { by: state }
          expect: { allOf: [ { field: groups.open, equals: 20 }, { field: total, equals: "${{ params.expected }}" } ] }
      """,
    ]
  ) { facts, report in
    var counted: [CollectionName: (number: Double, range: SourceRange)] = [:]
    for check in facts.checks where check.action == "mongodb.count" && check.bound.call?.isUnfiltered == true && check.stepsBefore == 0 {
      guard let collection = check.collection, case .test(let test)? = check.check.expect, test.operator == .equals, test.field == nil,
        let number = facts.values.number(test.operand)
      else { continue }
      counted[collection] = (number, test.range)
    }
    for check in facts.checks where check.action == "mongodb.distribution" {
      guard let expected = ExpectedGroups(check, facts.values) else { continue }
      if let total = expected.total, total.number != expected.sum {
        report.add(
          .check(check.id), "the groups add up to \(whole(expected.sum)), and the total is expected to be \(whole(total.number))",
          at: total.range, help: "mend the number that is wrong, or name the groups that are missing")
      } else if expected.total == nil, check.bound.call?.isUnfiltered == true, check.stepsBefore == 0,
        let count = check.collection.flatMap({ counted[$0] }), expected.sum > count.number
      {
        report.add(
          .check(check.id), "the groups add up to \(whole(expected.sum)), more than the \(whole(count.number)) documents that are expected",
          at: check.check.idRange, notes: [("so many are expected here", count.range)], help: "mend the number that is wrong")
      }
    }
  }

  private static func whole(_ number: Double) -> String { Int64(exactly: number).map { String($0) } ?? "\(number)" }
}

extension BoundCall {
  /// Whether every document counts.
  var isUnfiltered: Bool { argument("filter").map { $0.isMap && $0.entries.isEmpty } ?? true }
}

/// The numbers of a check that holds only if all of them are so.
private struct ExpectedGroups {
  var sum = 0.0
  var total: (number: Double, range: SourceRange)?

  /// Nil where there is no group, or where one of the numbers is not known.
  init?(_ check: CheckFact, _ values: KnownValues) {
    guard let expect = check.check.expect else { return nil }
    let tests: [MatcherTest]
    switch expect {
    case .test(let test): tests = [test]
    case .all(let parts):
      tests = parts.compactMap { if case .test(let test) = $0 { test } else { nil } }
      guard tests.count == parts.count else { return nil }
    case .any, .not: return nil
    }
    var groups = 0
    for test in tests where test.operator == .equals {
      let path = test.field?.parts ?? []
      let isGroup = path.count == 2 && path[0] == "groups"
      guard isGroup || path == ["total"] else { continue }
      guard let number = values.number(test.operand) else { return nil }
      if isGroup {
        groups += 1
        sum += number
      } else {
        total = (number, test.range)
      }
    }
    guard groups > 0 else { return nil }
  }
}
