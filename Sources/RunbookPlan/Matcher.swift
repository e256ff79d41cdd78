import RunbookSyntax

/// A condition as data: what an observed value must be.
public indirect enum Matcher: Sendable {
  case test(MatcherTest)
  case all([Matcher])
  case any([Matcher])
  case not(Matcher)
}

public struct MatcherTest: Sendable {
  public enum Operator: String, Sendable, Hashable, CaseIterable {
    case equals, notEquals, oneOf, atLeast, atMost, above, below, between, matches, contains, exists, isEmpty, hasFields, notWorseThan
  }

  /// The output that is looked at, taken apart at its dots; nil means the action's main output.
  public var field: FieldPath?
  public var `operator`: Operator
  public var operand: Template
  public var range: SourceRange

  public init(field: FieldPath?, operator: Operator, operand: Template, range: SourceRange) {
    self.field = field
    self.operator = `operator`
    self.operand = operand
    self.range = range
  }
}

/// `body.items.0.name`, `groups."a.b"`.
public struct FieldPath: Sendable, Hashable {
  public var text: String
  public var parts: [String]

  public init(text: String, parts: [String]) {
    self.text = text
    self.parts = parts
  }
}
