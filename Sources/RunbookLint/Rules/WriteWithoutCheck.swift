import RunbookPlan

extension Lint {
  /// Something is changed, and nothing looks at the result.
  static let writeWithoutCheck = LintRule(
    code: "L103", name: "write-without-check", severity: .warning,
    summary: "Something is changed, and no check of the plan looks at it afterwards.",
    reason: """
      That a command was carried out says nothing about whether what it made is what was wanted. Without a check the run succeeds whatever came \
      of it, and the rollback that the plan has never begins.
      """,
    bad: [
      """
      - id: archive
        title: Archive old orders
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
      """,
      """
      # The check is of another collection.
      - id: archive
        title: Archive old orders
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        verify:
          - { id: looked, title: Customers are there, action: mongodb.count, collection: customers, expect: { above: 0 } }
      """,
      """
      - id: looked
        title: Looked before, not after
        action: mongodb.count
      - id: deploy
        title: Deploy
        action: exec.run
        with: { argv: [ ./deploy ] }
        onInterrupt: rerun
        rollback: { notNeeded: the old release goes on beside it }
      """,
    ],
    good: [
      """
      - id: archive
        title: Archive old orders
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        verify:
          - { id: none-left, title: None is left, action: mongodb.count, with: { filter: { state: done } }, expect: { equals: 0 } }
      """,
      """
      - id: archive
        title: Archive old orders
        action: mongodb.update
        with: { filter: { state: done }, pipeline: [ { $set: { state: archived } } ] }
        verify:
          - { id: few, title: Not too many, value: "${{ steps.archive.outputs.changed }}", expect: { atMost: 100 } }
      """,
      """
      # The check reads the copy and looks up what stands now.
      - id: clean
        title: Delete carts
        action: mongodb.delete
        with: { filter: { state: cart } }
        verify:
          - id: orders-stand
            title: No order is gone
            action: mongodb.aggregate
            collection: orders_backup
            with:
              pipeline:
                - { $match: { state: { $ne: cart } } }
                - { $lookup: { from: orders, localField: _id, foreignField: _id, as: now } }
                - { $match: { now: [] } }
            expect: { field: documents, isEmpty: true }
      """,
      """
      - id: deploy
        title: Deploy
        action: exec.run
        with: { argv: [ ./deploy ] }
        onInterrupt: rerun
        rollback: { notNeeded: the old release goes on beside it }
        verify:
          - { id: serves, title: It serves, action: http.check, target: api, with: { path: /health }, expect: { equals: 200 } }
      """,
    ]
  ) { facts, report in
    let looks = ChecksAfter(facts)
    for step in facts.steps {
      switch step.change {
      case .update, .delete, .overwrite, .insert:
        guard let collection = step.collection, !looks.read(collection, after: step) else { continue }
        report.add(
          .step(step.id), "no check looks at \(collection) after step '\(step.id)' \(step.change.words) documents there", at: step.range,
          help: "add a check under 'verify' of the step, of its phase or of the plan")
      case .opaque, .other:
        guard !looks.any(after: step), !step.isProgramBackup else { continue }
        report.add(
          .step(step.id), "no check of the plan is asked after step '\(step.id)', so nobody sees what it did", at: step.range,
          help: "add a check under 'verify' of the step, of its phase or of the plan")
      case .nothing, .copy, .structure: continue
      }
    }
  }
}

/// Which checks are asked after a step, by what they look at.
private struct ChecksAfter {
  /// Of each collection the last moment, as a number of steps, at which a check reads it.
  private var last: [String: Int] = [:]
  /// Steps whose outputs a check judges.
  private var judged: Set<String> = []
  /// The last check that may look at anything.
  private var lastOfAny = -1
  private var lastCheck = -1

  init(_ facts: PlanFacts) {
    for check in facts.checks where check.isForward {
      if !(check.isPrecondition) || check.stepsBefore > 0 { lastCheck = max(lastCheck, check.stepsBefore) }
      guard let call = check.bound.call else {
        if case .value(let value) = check.check.source { judge(value.references) }
        continue
      }
      if let expect = check.check.expect { judge(expect.references) }
      switch call.descriptor.targetType {
      case "mongodb":
        if let collection = check.collection { note(collection.name, check.stepsBefore) }
        for entry in call.call.arguments { look(into: entry.value, facts.values, check.stepsBefore) }
      default: lastOfAny = max(lastOfAny, check.stepsBefore)
      }
    }
    // What people are asked, and what is shown to them, is a look as well.
    for step in facts.steps where step.action.hasPrefix("manual.") { lastOfAny = max(lastOfAny, step.index) }
  }

  private mutating func judge(_ references: [Reference]) {
    for reference in references where reference.root == .steps { if let id = reference.path.first { judged.insert(id) } }
  }

  private mutating func note(_ name: String, _ moment: Int) { last[name] = max(last[name] ?? -1, moment) }

  /// Collections that a pipeline or a comparison reads beside its own: whatever text in it is the name of one.
  private mutating func look(into template: Template, _ values: KnownValues, _ moment: Int) {
    switch template.content {
    case .scalar, .reference, .interpolation: note(values.name(template), moment)
    case .list(let items): for item in items { look(into: item, values, moment) }
    case .map(let entries): for entry in entries { look(into: entry.value, values, moment) }
    }
  }

  func read(_ collection: CollectionName, after step: StepFact) -> Bool {
    if judged.contains(step.id) || lastOfAny > step.index { return true }
    return (last[collection.name] ?? -1) > step.index
  }

  func any(after step: StepFact) -> Bool { judged.contains(step.id) || lastOfAny > step.index || lastCheck > step.index }
}

extension CheckFact {
  var isPrecondition: Bool {
    switch place {
    case .planPrecondition, .phasePrecondition, .precondition: true
    default: false
    }
  }
}

extension Matcher {
  /// All references in what is compared with.
  var references: [Reference] { tests.flatMap(\.operand.references) }

  /// Every test, in order.
  var tests: [MatcherTest] {
    switch self {
    case .test(let test): [test]
    case .all(let parts), .any(let parts): parts.flatMap(\.tests)
    case .not(let part): part.tests
    }
  }
}
