import RunbookPlan
import RunbookSyntax

extension Lint {
  /// Documents that are chosen by what stands in another collection, and changed without asking again.
  static let selectWithoutGuard = LintRule(
    code: "L126", name: "select-without-guard", severity: .warning, isLocal: true,
    summary: "Documents are selected by what another collection holds, and changed without a guard.",
    reason: """
      Between the moment a pipeline finds a document and the moment it is changed, the application may have made something else of it, or of what \
      it was found by. A filter is asserted again for each document; a selection by another collection cannot be. `guard` says what must still hold.
      """,
    bad: [
      """
      - id: clean
        title: Delete orders whose customer is gone
        action: mongodb.delete
        with:
          select:
            pipeline:
              - { $lookup: { from: customers, localField: customer, foreignField: _id, as: found } }
              - { $match: { found: [] } }
              - { $project: { _id: 1 } }
      """,
      """
      - id: mark
        title: Mark orders of large customers
        action: mongodb.update
        with:
          select:
            pipeline:
              - { $lookup: { from: customers, localField: customer, foreignField: _id, as: found } }
              - { $match: { found.size: { $gt: 100 } } }
              - { $project: { _id: 1 } }
          pipeline: [ { $set: { large: true } } ]
      """,
      """
      - id: clean
        title: Delete what is doubled in the archive
        action: mongodb.delete
        with:
          select:
            pipeline:
              - { $unionWith: archive }
              - { $group: { _id: $_id, n: { $sum: 1 } } }
              - { $match: { n: { $gt: 1 } } }
      """,
    ],
    good: [
      """
      - id: clean
        title: Delete orders whose customer is gone
        action: mongodb.delete
        with:
          select:
            pipeline:
              - { $lookup: { from: customers, localField: customer, foreignField: _id, as: found } }
              - { $match: { found: [] } }
              - { $project: { _id: 1 } }
          guard: { state: cart }
      """,
      """
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
      """,
      """
      # The oldest of each number stays; the collection alone decides.
      - id: clean
        title: Delete duplicates
        action: mongodb.delete
        with:
          select:
            pipeline:
              - $setWindowFields:
                  partitionBy: $number
                  sortBy: { importedAt: 1 }
                  output: { place: { $documentNumber: {} } }
              - { $match: { place: { $gt: 1 } } }
              - { $project: { _id: 1 } }
      """,
    ]
  ) { facts, report in
    for step in facts.steps where step.change == .update || step.change == .delete {
      guard step.argument("guard") == nil, let stages = step.argument("select")?["pipeline"] else { continue }
      guard let stage = stages.items.flatMap(\.entries).first(where: { others.contains($0.key) }) else { continue }
      report.add(
        .step(step.id), "step '\(step.id)' \(step.change.words) documents that another collection chose, whatever they are by then",
        at: stage.keyRange, help: "add guard: what must still hold of a document when it is changed")
    }
  }

  private static let others: Set<String> = ["$lookup", "$unionWith", "$graphLookup"]
}
