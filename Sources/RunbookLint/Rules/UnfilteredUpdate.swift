import RunbookPlan

extension Lint {
  /// A change of documents without a filter, or with one that every document fits.
  static let unfilteredUpdate = LintRule(
    code: "L102", name: "unfiltered-update", severity: .warning, isLocal: true,
    summary: "Documents are changed or deleted without a filter, so every document of the collection is.",
    reason: """
      A filter says which documents are meant, and its being false afterwards is how a resumed run, or a second one, finds what is left. Without \
      one a document that the application made a second ago is changed as well, and a wrong collection is changed from end to end.
      """,
    bad: [
      """
      - id: mark
        title: Mark every order
        action: mongodb.update
        with: { pipeline: [ { $set: { migrated: true } } ] }
      """,
      """
      - id: mark
        title: Mark every order
        action: mongodb.update
        with: { filter: {}, pipeline: [ { $set: { migrated: true } } ] }
      """,
      """
      # Every document has an _id.
      - id: clean
        title: Delete all orders
        action: mongodb.delete
        with: { filter: { _id: { $exists: true } } }
      """,
    ],
    good: [
      """
      - id: mark
        title: Mark orders that are not marked
        action: mongodb.update
        with: { filter: { migrated: { $ne: true } }, pipeline: [ { $set: { migrated: true } } ] }
      """,
      """
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
      """,
      """
      - id: mark
        title: Mark the orders that a pipeline finds
        action: mongodb.update
        with:
          select: { pipeline: [ { $match: { state: done } }, { $project: { _id: 1 } } ] }
          guard: { state: done }
          pipeline: [ { $set: { migrated: true } } ]
      """,
    ]
  ) { facts, report in
    for step in facts.steps where step.change == .update || step.change == .delete {
      guard step.argument("select") == nil else { continue }
      if let filter = step.argument("filter") {
        // A filter that comes in by reference is not known.
        guard filter.isMap, FilterConditions(filter).fitsAll else { continue }
      }
      if let rule = step.argument("guard"), !(rule.isMap && FilterConditions(rule).fitsAll) { continue }
      report.add(
        .step(step.id), "step '\(step.id)' \(step.change.words) every document of \(step.collection?.name ?? "its collection")",
        at: step.bound.call.entry("filter")?.keyRange ?? step.range,
        help: "write a filter that is false once a document is done")
    }
  }
}

extension FilterConditions {
  /// Whether every document fits.
  var fitsAll: Bool {
    others.isEmpty && conditions.allSatisfy { $0.field == "_id" && $0.operator == "$exists" && $0.operand.isPlain("true") }
  }
}
