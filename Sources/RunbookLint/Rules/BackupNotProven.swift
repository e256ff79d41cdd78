import RunbookPlan

extension Lint {
  /// A backup that a later write relies on, and of which nobody knows that it holds what it should.
  static let backupNotProven = LintRule(
    code: "L104", name: "backup-not-proven", severity: .warning,
    summary: "A later change relies on a backup of which nobody checks that it holds what it should.",
    reason: """
      The digest of mongodb.backup proves that the copy is like its source, and nothing more: a copy of an empty or a wrong collection is proven \
      just as well. A check that reads the source before, the copy, or the step's outputs tells whether it is the one that is meant. A copy by \
      `filter` covers only changes of what fits that filter. A backup made by a program is proven by nothing but a check of the plan.
      """,
    bad: [
      """
      - id: backup
        title: Back orders up
        action: mongodb.backup
        with: { to: orders_backup }
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
      """,
      """
      # What is copied is not what is changed.
      - id: backup
        title: Back carts up
        action: mongodb.backup
        with: { to: orders_backup, filter: { state: cart } }
        verify:
          - { id: some, title: There are some, value: "${{ steps.backup.outputs.documents }}", expect: { above: 0 } }
      - id: archive
        title: Archive what is done
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
      """,
      """
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
    ],
    good: [
      """
      - id: backup
        title: Back orders up
        action: mongodb.backup
        with: { to: orders_backup }
        verify:
          - { id: enough, title: As many as there should be, value: "${{ steps.backup.outputs.documents }}", expect: { atLeast: 1000 } }
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
      """,
      """
      # The same filter, and more.
      - id: backup
        title: Back carts up
        action: mongodb.backup
        with: { to: orders_backup, filter: { state: cart } }
        verify:
          - { id: some, title: There are some, action: mongodb.count, collection: orders_backup, expect: { above: 0 } }
      - id: clean
        title: Delete old carts
        action: mongodb.delete
        with: { filter: { state: cart, age: { $gt: 30 } } }
      """,
      """
      - id: dump
        title: Dump the shop's database
        action: exec.run
        with: { argv: [ mongodump, --db, shop, --out, dump ] }
        onInterrupt: rerun
        rollback: { notNeeded: a dump harms nobody }
        verify:
          - { id: readable, title: It can be read, action: exec.check, with: { argv: [ mongorestore, --dryRun, dump ] }, expect: { equals: 0 } }
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
      """,
    ]
  ) { facts, report in
    let backups = facts.steps.filter { $0.change == .copy || $0.isProgramBackup }
    guard !backups.isEmpty else { return }
    let looks = LooksAtBackups(facts)
    let relying = RelyingWrites(facts)
    for backup in backups {
      guard let write = relying.write(on: backup) else { continue }
      if backup.change == .copy {
        guard !looks.judge(backup) else { continue }
        report.add(
          .step(backup.id), "nobody checks that what '\(backup.id)' copies is what it should be, and '\(write.id)' relies on it",
          at: backup.range, notes: [("it is relied on here", write.range)],
          help: "check \(backup.collection?.name ?? "the source") before, or the step's outputs, or the copy")
      } else if !looks.isAnythingAsked(between: backup, and: write) {
        report.add(
          .step(backup.id), "nothing is checked between this backup by a program and '\(write.id)', which relies on it", at: backup.range,
          notes: [("it is relied on here", write.range)], help: "let a check look at what the program made")
      }
    }
    findPartial(facts, backups, &report)
  }

  /// Changes of documents that no copy of their collection holds.
  private static func findPartial(_ facts: PlanFacts, _ backups: [StepFact], _ report: inout LintReport) {
    guard !backups.contains(where: { $0.isProgramBackup }) else { return }
    var copiesOf: [CollectionName: [StepFact]] = [:]
    for backup in backups { if let source = backup.collection { copiesOf[source, default: []].append(backup) } }
    // A whole copy covers whatever comes after it.
    var whole: [CollectionName: Int] = [:]
    for (source, copies) in copiesOf { whole[source] = copies.first { $0.argument("filter") == nil }?.index }
    for write in facts.steps where write.change.touchesDocuments && write.argument("select") == nil {
      guard let filter = write.argument("filter"), filter.isMap, let collection = write.collection else { continue }
      if let first = whole[collection], first < write.index { continue }
      let copies = (copiesOf[collection] ?? []).filter { $0.index < write.index }
      let wanted = FilterConditions(filter)
      guard let last = copies.last, !copies.contains(where: { $0.covers(wanted) }), !OverwrittenFields(write).isNothing else { continue }
      report.add(
        .step(write.id), "'\(last.id)' copies only what fits its filter, and '\(write.id)' \(write.change.words) other documents as well",
        at: write.bound.call.entry("filter")?.keyRange ?? write.range,
        notes: last.bound.call.entry("filter").map { [("this is copied", $0.keyRange)] } ?? [],
        help: "copy what the step's own filter finds, or the whole collection")
    }
  }
}

extension StepFact {
  /// Whether a copy holds all that fits a filter: it has no filter itself, or one whose conditions all stand in the other.
  fileprivate func covers(_ wanted: FilterConditions) -> Bool {
    guard let own = argument("filter") else { return true }
    guard own.isMap else { return true }
    let conditions = FilterConditions(own)
    return conditions.conditions.allSatisfy { condition in
      wanted.conditions.contains {
        $0.field == condition.field && $0.operator == condition.operator && $0.operand.isWritten(like: condition.operand)
      }
    } && conditions.others.allSatisfy { part in wanted.others.contains { $0.key == part.key && $0.value.isWritten(like: part.value) } }
  }
}

/// The first change of documents after each backup that it may be needed for.
private struct RelyingWrites {
  private var next: [Int: StepFact] = [:]

  init(_ facts: PlanFacts) {
    var any: StepFact?
    var of: [CollectionName: StepFact] = [:]
    for step in facts.steps.reversed() {
      if step.change == .copy {
        next[step.index] = step.collection.flatMap { of[$0] }
      } else if step.isProgramBackup {
        next[step.index] = any
      }
      guard step.change.touchesDocuments else { continue }
      any = step
      if let collection = step.collection { of[collection] = step }
    }
  }

  func write(on backup: StepFact) -> StepFact? { next[backup.index] }
}

/// What the plan looks at of backups: their sources before, their outputs, the copies.
private struct LooksAtBackups {
  private var firstRead: [String: Int] = [:]
  private var read: Set<String> = []
  private var judged: Set<String> = []
  /// Of every check how many steps are over when it is asked, sorted.
  private let moments: [Int]
  private let values: KnownValues

  init(_ facts: PlanFacts) {
    values = facts.values
    moments = facts.checks.filter(\.isForward).map(\.stepsBefore)
    for check in facts.checks {
      if let name = check.collection?.name {
        read.insert(name)
        firstRead[name] = min(firstRead[name] ?? .max, check.stepsBefore)
      }
      for entry in check.bound.call?.call.arguments ?? [] { look(into: entry.value) }
    }
    for step in facts.steps where step.change == .nothing { if let name = step.collection?.name { read.insert(name) } }
    for step in facts.steps { for entry in step.bound.call.call.arguments where step.change != .copy { look(into: entry.value) } }
    var judged: Set<String> = []
    facts.eachTemplate { _, template, _ in
      for reference in template.references where reference.root == .steps {
        if reference.path.count > 1, reference.path[1] == "outputs" { judged.insert(reference.path[0]) }
      }
    }
    self.judged.formUnion(judged)
  }

  private mutating func look(into template: Template) {
    switch template.content {
    case .scalar, .reference, .interpolation: read.insert(values.name(template))
    case .list(let items): for item in items { look(into: item) }
    case .map(let entries):
      for entry in entries {
        if entry.key == "backup", let id = entry.value.scalar { judged.insert(id.text) }
        look(into: entry.value)
      }
    }
  }

  func isAnythingAsked(between backup: StepFact, and write: StepFact) -> Bool {
    var (low, high) = (0, moments.count)
    while low < high {
      let middle = (low + high) / 2
      if moments[middle] <= backup.index { low = middle + 1 } else { high = middle }
    }
    return low < moments.count && moments[low] <= write.index
  }

  func judge(_ backup: StepFact) -> Bool {
    if judged.contains(backup.id) { return true }
    if let copy = backup.argument("to"), read.contains(values.name(copy)) { return true }
    guard let source = backup.collection?.name, let first = firstRead[source] else { return false }
    return first <= backup.index
  }
}
