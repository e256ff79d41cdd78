import RunbookPlan
import RunbookSyntax

extension Lint {
  /// An update that changes the same document again when the plan is executed again.
  static let updateNotIdempotent = LintRule(
    code: "L108", name: "update-not-idempotent", severity: .warning, isLocal: true,
    summary: "An update makes something of what a field holds, and nothing keeps a second run from doing it again.",
    reason: """
      A run changes a document once, whatever crashes. But plans are executed again: after a rollback, for what came in since, by mistake. An \
      update that adds to a field, or joins something to it, then does so twice, unless its filter asks for something that it makes false: a mark, \
      a version, a field that it takes away.
      """,
    bad: [
      """
      - id: raise
        title: Raise prices
        action: mongodb.update
        with: { filter: { state: open }, pipeline: [ { $set: { price: { $multiply: [ $price, 2 ] } } } ] }
      """,
      """
      - id: count-up
        title: Count up
        action: mongodb.update
        with: { filter: { state: open }, pipeline: [ { $set: { tries: { $add: [ { $ifNull: [ $tries, 0 ] }, 1 ] } } } ] }
      """,
      """
      - id: prefix
        title: Put the channel before the number
        action: mongodb.update
        with: { filter: { channel: web }, pipeline: [ { $set: { number: { $concat: [ "W-", $number ] } } } ] }
      """,
    ],
    good: [
      """
      # The mark makes the filter false.
      - id: raise
        title: Raise prices
        action: mongodb.update
        with:
          filter: { raised: { $exists: false } }
          pipeline: [ { $set: { price: { $multiply: [ $price, 2 ] }, raised: true } } ]
      """,
      """
      # Lower case stays lower case.
      - id: lower
        title: Addresses in lower case
        action: mongodb.update
        with: { filter: { state: open }, pipeline: [ { $set: { email: { $toLower: $email } } } ] }
      """,
      """
      - id: default-channel
        title: A channel where there is none
        action: mongodb.update
        with: { filter: { state: open }, pipeline: [ { $set: { channel: { $ifNull: [ $channel, web ] } } } ] }
      """,
      """
      # It adds up other fields.
      - id: total
        title: Compute totals
        action: mongodb.update
        with: { filter: { state: open }, pipeline: [ { $set: { total: { $add: [ $net, $tax ] } } } ] }
      """,
    ]
  ) { facts, report in
    for step in facts.steps where step.action == "mongodb.update" {
      let written = WrittenFields(step)
      guard let culprit = written.repeating, !written.touches(OverwrittenFields.filters(step)) else { continue }
      report.add(
        .step(step.id), "step '\(step.id)' \(culprit.words) '\(culprit.field)', and would do so again in a second run", at: culprit.range,
        help: "set a mark beside it, and let the filter ask for documents without the mark")
    }
  }
}

/// What an update writes, field by field.
private struct WrittenFields {
  /// The first field whose new value is made of its old one in a way that a repetition changes again.
  private(set) var repeating: (field: String, words: String, range: SourceRange)?
  private var fields: Set<String> = []

  init(_ step: StepFact) {
    for part in step.argument("update")?.entries ?? [] {
      for entry in part.value.entries {
        fields.insert(entry.key)
        guard repeating == nil else { continue }
        if part.key == "$inc" { repeating = (entry.key, "adds to", entry.keyRange) }
        if part.key == "$mul" { repeating = (entry.key, "multiplies", entry.keyRange) }
      }
    }
    for stage in step.argument("pipeline")?.items ?? [] {
      for part in stage.entries {
        if part.key == "$unset" { fields.formUnion((part.value.items + [part.value]).compactMap { $0.scalar?.text }) }
        for entry in part.value.entries {
          fields.insert(entry.key)
          if repeating == nil, Self.repeats(entry.value, of: entry.key) {
            repeating = (entry.key, "makes something new of", entry.keyRange)
          }
        }
      }
    }
  }

  /// Whether a filter speaks of a field that is written, by name or as `$name` in an expression: it may be false afterwards.
  func touches(_ filters: [Template]) -> Bool {
    filters.contains { filter in
      filter.hasText { text in
        let name = text.drop { $0 == "$" }
        return fields.contains { name == $0 || name.hasPrefix($0 + ".") || $0.hasPrefix(name + ".") }
      }
    }
  }

  private static let growing: Set<String> = [
    "$add", "$subtract", "$multiply", "$divide", "$concat", "$concatArrays", "$pow", "$reverseArray", "$not",
  ]

  /// Whether an operator that gives another result each time has the field itself among what it works on, without a condition in between.
  private static func repeats(_ expression: Template, of field: String) -> Bool {
    guard case .map(let entries) = expression.content else { return false }
    return entries.contains { entry in
      guard growing.contains(entry.key) else {
        // What is under a condition may be done once only; nobody can tell here.
        return ["$round", "$trunc", "$toInt", "$toString", "$trim"].contains(entry.key) && repeats(inner(entry.value), of: field)
      }
      let operands = entry.value.items.isEmpty ? [entry.value] : entry.value.items
      return operands.contains { isField($0, field) || repeats($0, of: field) }
    }
  }

  private static func inner(_ template: Template) -> Template { template["input"] ?? template.items.first ?? template }

  /// `$field`, or `{ $ifNull: [ $field, 0 ] }`.
  private static func isField(_ template: Template, _ field: String) -> Bool {
    if let scalar = template.scalar { return scalar.text == "$" + field }
    return template["$ifNull"]?.items.first.map { isField($0, field) } ?? false
  }
}
