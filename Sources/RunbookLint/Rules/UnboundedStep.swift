import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A step that cannot be stopped, without a time by which it has to be done.
  static let unboundedStep = LintRule(
    code: "L111", name: "unbounded-step", severity: .warning, isLocal: true,
    summary: "An index is built without a deadline: the build is awaited whatever happens, a rollback included.",
    reason: """
      An index build goes on when a trigger or a person asks for a rollback, since half of it is worth nothing. On a large collection that is \
      hours in which nothing else happens. A `deadline` says when it has to be over, and ends it.
      """,
    bad: [
      """
      - { id: by-state, title: An index by state, action: mongodb.createIndex, with: { keys: { state: 1 } } }
      """,
      """
      # This ends only a build that stands still.
      - { id: by-state, title: An index by state, action: mongodb.createIndex, stallTimeout: 10m, with: { keys: { state: 1 } } }
      """,
      """
      - id: unique-number
        title: One order a number
        action: mongodb.createIndex
        with: { keys: { number: 1 }, unique: true, build: prepareUnique }
      """,
    ],
    good: [
      """
      - { id: by-state, title: An index by state, action: mongodb.createIndex, deadline: 2h, with: { keys: { state: 1 } } }
      """,
      """
      - { id: by-state, title: An index by state, action: mongodb.createIndex, timeout: 2h, with: { keys: { state: 1 } } }
      """,
      """
      # On a collection that this plan has just made, the build is over at once.
      - { id: list, title: A list, action: mongodb.createCollection, with: { name: to_ask } }
      - { id: by-kind, title: An index by kind, action: mongodb.createIndex, collection: to_ask, with: { keys: { kind: 1 } } }
      """,
    ]
  ) { facts, report in
    var made: Set<CollectionName> = []
    for step in facts.steps {
      if step.action == "mongodb.createCollection", let collection = step.collection { made.insert(collection) }
      guard step.action == "mongodb.createIndex", step.step.deadline == nil, step.step.timeout == nil else { continue }
      if let collection = step.collection, made.contains(collection) { continue }
      report.add(
        .step(step.id), "step '\(step.id)' builds an index, which is awaited however long it takes", at: step.range,
        help: "add deadline: 2h, or whatever the collection takes")
    }
  }
}
