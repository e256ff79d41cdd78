import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A count of all documents that must be equal to a number, after a write, while the application goes on.
  static let equalityOnLiveCount = LintRule(
    code: "L125", name: "equality-on-live-count", severity: .warning,
    summary: "After a write, the number of all documents of a collection that goes on being used must be equal to something.",
    reason: """
      People insert and delete while the plan runs, so the number is another one a second later, and a run is rolled back because somebody \
      placed an order. What is meant is said by looking up the documents of the backup in the collection of now, by mongodb.compare with \
      `liveWrites: explain`, or by a bound.
      """,
    bad: [
      """
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        verify:
          - { id: same, title: As many as before, action: mongodb.count, expect: { equals: 1681 } }
      """,
      """
      params:
        expected: { type: integer }
      phases:
        - id: change
          title: The change
          steps:
            - id: archive
              title: Archive what is done
              action: mongodb.update
              with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
      verify:
        - { id: same, title: As many as before, action: mongodb.count, expect: { equals: "${{ params.expected }}" } }
      """,
      """
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
        verify:
          - id: states
            title: Orders by state
            action: mongodb.distribution
            with: { by: state }
            expect: { allOf: [ { field: groups.open, equals: 20 }, { field: groups.done, equals: 80 } ] }
      """,
    ],
    good: [
      """
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
        verify:
          - { id: none, title: None is left, action: mongodb.count, with: { filter: { state: cart } }, expect: { equals: 0 } }
      """,
      """
      preconditions:
        - { id: as-many, title: As many as expected, action: mongodb.count, expect: { equals: 1681 } }
      phases:
        - id: change
          title: The change
          steps:
            - id: archive
              title: Archive what is done
              action: mongodb.update
              with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
      """,
      """
      # Nobody else knows this collection.
      - { id: list, title: A list, action: mongodb.createCollection, with: { name: to_ask } }
      - id: fill
        title: Fill it
        action: mongodb.insert
        collection: to_ask
        with: { documents: [ { _id: 1 }, { _id: 2 } ] }
        verify:
          - { id: both, title: Both are there, action: mongodb.count, collection: to_ask, expect: { equals: 2 } }
      """,
    ]
  ) { facts, report in
    var made: Set<CollectionName> = []
    var written: [CollectionName: StepFact] = [:]
    for step in facts.steps {
      guard let collection = step.collection else { continue }
      if step.action == "mongodb.createCollection" { made.insert(collection) }
      if step.change.writesDocuments, written[collection] == nil { written[collection] = step }
    }
    for check in facts.checks where check.isForward {
      guard let call = check.bound.call, call.call.name == "mongodb.count" || call.call.name == "mongodb.distribution", call.isUnfiltered,
        let collection = check.collection, !made.contains(collection), let write = written[collection], write.index < check.stepsBefore
      else { continue }
      guard let test = check.check.expect?.tests.first(where: { isFixed($0, facts.values) }) else { continue }
      report.add(
        .check(check.id), "the number of documents of \(collection) must be equal to something, while the application goes on writing",
        at: test.range, notes: [("it was changed here", write.range)],
        help: "look the documents of the backup up in it, compare with liveWrites: explain, or set a bound")
    }
  }

  /// Equality with a number that is not small: none, or one, is what a plan can be sure of.
  private static func isFixed(_ test: MatcherTest, _ values: KnownValues) -> Bool {
    guard test.operator == .equals else { return false }
    return values.number(test.operand).map { $0 > 1 } ?? true
  }
}
