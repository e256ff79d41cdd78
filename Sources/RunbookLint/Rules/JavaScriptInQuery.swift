import RunbookPlan
import RunbookSyntax

extension Lint {
  /// JavaScript inside the server.
  static let javaScriptInQuery = LintRule(
    code: "L131", name: "javascript-in-query", severity: .warning, isLocal: true,
    summary: "A filter or pipeline lets the server run JavaScript, for every document.",
    reason: """
      `$where`, `$function` and `$accumulator` use no index, are slow by orders of magnitude, and are switched off on many deployments. Nearly all of \
      what they do can be written with the operators of expressions.
      """,
    bad: [
      """
      - { id: odd, title: Odd orders, action: mongodb.count, with: { filter: { $where: "this.a > this.b" } } }
      """,
      """
      - id: odd
        title: Odd orders
        action: mongodb.aggregate
        with: { pipeline: [ { $match: { $expr: { $function: { body: "function(a) { return a > 1 }", args: [ $a ], lang: js } } } } ] }
      """,
      """
      - id: odd
        title: Odd orders
        action: mongodb.find
        with: { filter: { $or: [ { $where: "this.a > this.b" }, { state: open } ] } }
      """,
    ],
    good: [
      """
      - { id: odd, title: Odd orders, action: mongodb.count, with: { filter: { $expr: { $gt: [ $a, $b ] } } } }
      """,
      """
      - { id: odd, title: Odd orders, action: mongodb.count, with: { filter: { where: here } } }
      """,
      """
      # A text is no operator.
      - { id: told, title: Tell, action: note, with: { text: "$where is not used" } }
      """,
    ]
  ) { facts, report in
    facts.eachCall { call, subject in
      guard call.descriptor.targetType == "mongodb" else { return }
      for argument in call.call.arguments {
        guard let found = operatorName(in: argument.value) else { continue }
        report.add(
          subject, "'\(found.key)' runs JavaScript in the server for every document", at: found.keyRange,
          help: "write it with operators of expressions, like { $expr: { $gt: [ $a, $b ] } }")
      }
    }
  }

  private static func operatorName(in template: Template) -> TemplateEntry? {
    switch template.content {
    case .map(let entries):
      for entry in entries {
        if entry.key == "$where" || entry.key == "$function" || entry.key == "$accumulator" { return entry }
        if let found = operatorName(in: entry.value) { return found }
      }
      return nil
    case .list(let items): return items.lazy.compactMap { operatorName(in: $0) }.first
    case .scalar, .reference, .interpolation: return nil
    }
  }
}
