import RunbookPlan

extension Lint {
  /// Documents are changed or deleted, and no copy of the collection was made before.
  static let writeWithoutBackup = LintRule(
    code: "L101", name: "write-without-backup", severity: .warning,
    summary: "Documents are changed or deleted, and the plan made no copy of their collection before.",
    reason: """
      A rollback takes back what the step itself wrote, where it still stands. A copy is what is left when the change was wrong in a way that \
      no check saw: weeks later, or after people built on it. An update that only adds fields where they are absent overwrites nothing and \
      needs none.
      """,
    bad: [
      """
      - id: archive
        title: Archive old orders
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
      """,
      """
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
      """,
      """
      # The copy is of another collection.
      - id: backup
        title: Back customers up
        action: mongodb.backup
        collection: customers
        with: { to: customers_backup }
      - id: archive
        title: Archive old orders
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
      """,
      """
      # The copy comes too late.
      - id: archive
        title: Archive old orders
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
      - id: backup
        title: Back orders up
        action: mongodb.backup
        with: { to: orders_backup }
      """,
    ],
    good: [
      """
      - id: backup
        title: Back orders up
        action: mongodb.backup
        with: { to: orders_backup }
      - id: archive
        title: Archive old orders
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
      """,
      """
      # Nothing that was there is overwritten.
      - id: add-channel
        title: Add the channel
        action: mongodb.update
        with: { filter: { channel: { $exists: false } }, pipeline: [ { $set: { channel: web } } ] }
      """,
      """
      # A program makes the copy; which collections it takes is its own affair.
      - id: dump
        title: Dump the shop's database
        action: exec.run
        with: { argv: [ mongodump, --db, shop, --out, dump ] }
        onInterrupt: rerun
        rollback: { notNeeded: a dump harms nobody }
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
      """,
    ]
  ) { facts, report in
    var copied: Set<CollectionName> = []
    for step in facts.steps {
      if step.change == .copy, let source = step.collection { copied.insert(source) }
      // What a program copies cannot be told from its arguments.
      if step.isProgramBackup { return }
      guard step.change.touchesDocuments, let collection = step.collection, !copied.contains(collection) else { continue }
      if step.change == .update, OverwrittenFields(step).isNothing { continue }
      report.add(
        .step(step.id), "step '\(step.id)' \(step.change.words) documents of \(collection), and no step before it copies them",
        at: step.range, help: "put a step with action mongodb.backup on \(collection) before it")
    }
  }
}

extension Change {
  /// `changes`, `deletes`: what is done to documents.
  var words: String {
    switch self {
    case .delete: "deletes"
    case .overwrite: "overwrites"
    case .insert: "adds"
    default: "changes"
    }
  }
}

extension StepFact {
  /// Whether a program is called whose name says that it makes a copy.
  var isProgramBackup: Bool {
    guard action == "exec.run" || action == "shell.run" else { return false }
    guard let words = argument(action == "exec.run" ? "argv" : "run") else { return false }
    let names = ["dump", "backup", "snapshot"]
    return words.hasText { text in
      let text = text.lowercased()
      return names.contains { text.contains($0) }
    }
  }
}
