import RunbookSyntax

extension Matcher: CustomStringConvertible {
  /// The condition in words: `at most 250ms`, `groups.S equals 88, groups.L equals 156`.
  public var description: String {
    switch self {
    case .test(let test): return test.description
    case .all(let parts): return parts.map(\.nested).joined(separator: ", ")
    case .any(let parts): return parts.map(\.nested).joined(separator: " or ")
    case .not(let part): return "not " + part.nested
    }
  }

  private var nested: String {
    switch self {
    case .all(let parts), .any(let parts): parts.count > 1 ? "(\(description))" : description
    case .test, .not: description
    }
  }
}

extension MatcherTest {
  var description: String {
    if self.operator == .notWorseThan { return comparison }
    let words = expectation(of: operand)
    return field.map { "\($0.text) \(words)" } ?? words
  }

  /// `p95 not worse than 'before' by more than 10% and 5ms`.
  private var comparison: String {
    var words = comparedField.map { "\($0.text) not worse than " } ?? "not worse than "
    words += baseline.map { "'\($0)'" } ?? measure?["action"]?.shown ?? "the other"
    let bounds = [operand["tolerance"], operand["floor"]].compactMap { $0?.shown }
    return bounds.isEmpty ? words : words + " by more than \(bounds.joined(separator: " and "))"
  }

  private func expectation(of template: Template) -> String {
    if case .list(let items) = template.content { return sentence(items.map(\.shown)) }
    return sentence([template.shown])
  }

  /// The same with the values that were put in.
  func expectation(_ operands: [Operand]) -> String { sentence(operands.map(\.value.shown)) }

  private func sentence(_ operands: [String]) -> String {
    let all = operands.joined(separator: ", ")
    switch self.operator {
    case .equals: return "equals \(all)"
    case .notEquals: return "is not \(all)"
    case .oneOf: return "one of \(all)"
    case .atLeast: return "at least \(all)"
    case .atMost: return "at most \(all)"
    case .above: return "above \(all)"
    case .below: return "below \(all)"
    case .between: return "between \(operands.joined(separator: " and "))"
    case .matches: return "matches \(all)"
    case .contains: return "contains \(all)"
    case .exists: return all == "false" ? "is not there" : "is there"
    case .isEmpty: return all == "false" ? "is not empty" : "is empty"
    case .hasFields: return "has \(all)"
    case .notWorseThan: return "not worse than \(all)"
    }
  }
}

extension Template {
  /// The value as it is written, on one line.
  public var shown: String {
    switch content {
    case .scalar(let scalar): scalar.text.isEmpty ? "\"\"" : scalar.text
    case .reference(let reference): "${{ \(reference.text) }}"
    case .interpolation(let pieces):
      pieces.map { piece in
        switch piece {
        case .text(let text): text
        case .reference(let reference): "${{ \(reference.text) }}"
        }
      }.joined()
    case .list(let items): "[\(items.map(\.shown).joined(separator: ", "))]"
    case .map(let entries): "{ \(entries.map { "\($0.key): \($0.value.shown)" }.joined(separator: ", ")) }"
    }
  }
}

extension Value {
  /// The value for people: text as it is, lists and maps as short JSON, cut after 200 characters.
  public var shown: String {
    switch self {
    case .null: return "null"
    case .list, .map:
      let text = plainJSON.encodedJSON()
      return text.count <= 200 ? text : text.prefix(200) + "…"
    case .string(let text):
      if text.isEmpty { return "\"\"" }
      return text.count <= 200 ? text : text.prefix(200) + "…"
    case .duration(let microseconds): return DurationText.format(microseconds: microseconds)
    default: return referenceText ?? ""
    }
  }
}
