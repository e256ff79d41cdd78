import RunbookPlan
import RunbookSyntax

extension Lint {
  /// `f: null` in a filter, which also fits documents without the field.
  static let nullCompared = LintRule(
    code: "L109", name: "null-compared", severity: .warning, isLocal: true,
    summary: "A filter compares a field with null, which documents without the field fit as well.",
    reason: """
      In a filter `{ f: null }` fits documents where `f` is null and those that have no `f`, and `{ f: { $ne: null } }` leaves both out. Which of \
      the two is meant is written with `$exists` or with `$type`.
      """,
    bad: [
      """
      - { id: without-channel, title: Orders without a channel, action: mongodb.count, with: { filter: { channel: null } } }
      """,
      """
      - id: mark
        title: Mark orders with a channel
        action: mongodb.update
        with: { filter: { channel: { $ne: null } }, pipeline: [ { $set: { routed: true } } ] }
      """,
      """
      - id: without-channel
        title: Orders without a channel
        action: mongodb.aggregate
        with: { pipeline: [ { $match: { $or: [ { channel: { $in: [ null, "" ] } } ] } } ] }
      """,
    ],
    good: [
      """
      - { id: without-channel, title: Orders without a channel, action: mongodb.count, with: { filter: { channel: { $exists: false } } } }
      """,
      """
      - { id: null-channel, title: Orders whose channel is null, action: mongodb.count, with: { filter: { channel: { $type: "null" } } } }
      """,
      """
      # Both are said, so it is clear which is meant.
      - id: null-channel
        title: Orders whose channel is null
        action: mongodb.count
        with: { filter: { channel: { $eq: null, $exists: true } } }
      """,
      """
      # In an expression null is null alone.
      - id: null-channel
        title: Orders whose channel is null
        action: mongodb.aggregate
        with: { pipeline: [ { $match: { $expr: { $eq: [ $channel, null ] } } }, { $group: { _id: null, n: { $sum: 1 } } } ] }
      """,
    ]
  ) { facts, report in
    facts.eachCall { call, subject in
      for entry in call.call.arguments {
        switch call.descriptor.fields.first(where: { $0.name == entry.key })?.type {
        case .document(.data)? where Self.filters.contains(entry.key): look(into: entry.value, subject, &report)
        case .documents(.pipeline)?: lookIntoStages(entry.value, subject, &report)
        case .object?: if let stages = entry.value["pipeline"] { lookIntoStages(stages, subject, &report) }
        default: continue
        }
      }
    }
  }

  private static let filters: Set<String> = ["filter", "guard", "partialFilterExpression"]

  private static func lookIntoStages(_ stages: Template, _ subject: LintSubject, _ report: inout LintReport) {
    for stage in stages.items {
      for part in stage.entries {
        if part.key == "$match" { look(into: part.value, subject, &report) }
        if let inner = part.value["pipeline"] { lookIntoStages(inner, subject, &report) }
      }
    }
  }

  private static func look(into filter: Template, _ subject: LintSubject, _ report: inout LintReport) {
    for entry in filter.entries {
      switch entry.key {
      case "$and", "$or", "$nor": for part in entry.value.items { look(into: part, subject, &report) }
      case _ where entry.key.hasPrefix("$"): continue
      default:
        guard let place = comparedNull(entry.value) else { continue }
        report.add(
          subject, "this compares '\(entry.key)' with null, and documents without it count as null here", at: place,
          help: "write { $exists: false } for documents without it, { $type: \"null\" } for those where it is null")
      }
    }
  }

  /// Where a condition on a field is a comparison with null, and nothing beside it says which of the two is meant.
  private static func comparedNull(_ value: Template) -> SourceRange? {
    if value.isNull { return value.range }
    guard let operators = FilterConditions.operators(value) else { return nil }
    if operators.contains(where: { $0.key == "$exists" || $0.key == "$type" }) { return nil }
    for part in operators {
      switch part.key {
      case "$eq", "$ne": if part.value.isNull { return part.value.range }
      case "$in", "$nin": if let null = part.value.items.first(where: \.isNull) { return null.range }
      case "$not": if let inner = comparedNull(part.value) { return inner }
      default: continue
      }
    }
    return nil
  }
}
