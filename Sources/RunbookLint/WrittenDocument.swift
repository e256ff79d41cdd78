import RunbookPlan
import RunbookSyntax

// Filters and pipelines as they are written, without running them.

extension Template {
  var entries: [TemplateEntry] { if case .map(let entries) = content { entries } else { [] } }
  var items: [Template] { if case .list(let items) = content { items } else { [] } }
  var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
  var isMap: Bool { if case .map = content { true } else { false } }

  /// `null`, without quotes.
  var isNull: Bool { scalar.map { $0.isPlain && $0.text == "null" } ?? false }

  func isPlain(_ text: String) -> Bool { scalar.map { $0.isPlain && $0.text == text } ?? false }

  /// Whether it is the same as another as far as both are written: references by their text.
  func isWritten(like other: Template) -> Bool {
    switch (content, other.content) {
    case (.scalar(let left), .scalar(let right)): left == right
    case (.reference(let left), .reference(let right)): left.text == right.text
    case (.interpolation(let left), .interpolation(let right)):
      left.count == right.count
        && zip(left, right).allSatisfy {
          switch ($0, $1) {
          case (.text(let left), .text(let right)): left == right
          case (.reference(let left), .reference(let right)): left.text == right.text
          default: false
          }
        }
    case (.list(let left), .list(let right)): left.count == right.count && zip(left, right).allSatisfy { $0.isWritten(like: $1) }
    case (.map(let left), .map(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.key == $1.key && $0.value.isWritten(like: $1.value) }
    default: false
    }
  }

  /// Every reference in it, without making a list of them.
  func eachReference(_ body: (Reference) -> Void) {
    switch content {
    case .scalar: break
    case .reference(let reference): body(reference)
    case .interpolation(let pieces): for case .reference(let reference) in pieces { body(reference) }
    case .list(let items): for item in items { item.eachReference(body) }
    case .map(let entries): for entry in entries { entry.value.eachReference(body) }
    }
  }

  /// Whether it, or something in it, is a text that `condition` takes; keys of maps count too.
  func hasText(where condition: (String) -> Bool) -> Bool {
    switch content {
    case .scalar(let scalar): condition(scalar.text)
    case .reference: false
    case .interpolation(let pieces): pieces.contains { if case .text(let text) = $0 { condition(text) } else { false } }
    case .list(let items): items.contains { $0.hasText(where: condition) }
    case .map(let entries): entries.contains { condition($0.key) || $0.value.hasText(where: condition) }
    }
  }
}

/// A filter, as the conditions that all have to hold.
struct FilterConditions {
  /// One condition on one field, `f: {…}` taken apart.
  struct Condition {
    var field: String
    /// `$eq` for a plain value.
    var `operator`: String
    var operand: Template
    var range: SourceRange
  }

  /// Those on fields.
  var conditions: [Condition] = []
  /// Those that are no simple condition on a field: `$or`, `$expr` and the like, by their key.
  var others: [TemplateEntry] = []

  init(_ filter: Template?) {
    guard let filter else { return }
    add(filter)
  }

  private mutating func add(_ filter: Template) {
    for entry in filter.entries {
      if entry.key == "$and" {
        for part in entry.value.items { add(part) }
      } else if entry.key.hasPrefix("$") {
        others.append(entry)
      } else if let operators = Self.operators(entry.value) {
        for part in operators {
          conditions.append(Condition(field: entry.key, operator: part.key, operand: part.value, range: entry.keyRange))
        }
      } else {
        conditions.append(Condition(field: entry.key, operator: "$eq", operand: entry.value, range: entry.keyRange))
      }
    }
  }

  /// The operators of `{ $gt: 1, $lt: 5 }`; nil for a plain value, an extended one like `{ $oid: … }` too.
  static func operators(_ value: Template) -> [TemplateEntry]? {
    guard case .map(let entries) = value.content, let first = entries.first, first.key.hasPrefix("$"), !extended.contains(first.key) else {
      return nil
    }
    return entries
  }

  /// Keys of Extended JSON, which make a value and no condition.
  private static let extended: Set<String> = [
    "$oid", "$date", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal", "$binary", "$uuid", "$timestamp",
    "$regularExpression", "$minKey", "$maxKey", "$undefined", "$symbol", "$code", "$dbPointer",
  ]

  var isEmpty: Bool { conditions.isEmpty && others.isEmpty }

  /// Whether it holds only for documents that lack the field.
  func demandsAbsence(of field: String) -> Bool {
    conditions.contains { $0.field == field && $0.operator == "$exists" && $0.operand.isPlain("false") }
  }
}
