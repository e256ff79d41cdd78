import RunbookSyntax

/// One test held against one observed value.
struct Judgement {
  let test: MatcherTest
  /// What the observed value is called.
  let name: String
  let operands: [Operand]

  typealias Result = (verdict: Verdict, reason: String)

  func judge(_ observed: Value?) -> Result {
    if test.operator == .exists { return judgeExistence(observed) }
    guard let observed else { return (.noData, "there is no \(name)") }
    if observed.isNotANumber { return (.noData, "\(name) is not a number") }
    switch test.operator {
    case .equals: return judgeEquality(observed)
    case .notEquals:
      let (verdict, reason) = judgeEquality(observed)
      return (verdict == .pass ? .fail : verdict == .fail ? .pass : verdict, verdict == .error ? reason : told(observed, verdict == .fail))
    case .oneOf: return judgeMembership(observed)
    case .atLeast, .atMost, .above, .below, .between: return judgeOrder(observed)
    case .matches: return judgeExpression(observed)
    case .contains: return judgeContents(observed)
    case .isEmpty: return judgeEmptiness(observed)
    case .hasFields: return judgeFields(observed)
    case .exists, .notWorseThan: preconditionFailure("'\(test.operator.rawValue)' was judged before")
    }
  }

  private func told(_ observed: Value, _ holds: Bool) -> String {
    "\(name) is \(observed.shown)" + (holds ? "" : ", expected \(test.expectation(operands))")
  }

  private func result(_ observed: Value, _ holds: Bool) -> Result { (holds ? .pass : .fail, told(observed, holds)) }

  private func mismatch(_ observed: Value, _ operand: Value) -> Result {
    var hint = ""
    if case .duration = observed { hint = "; write a duration, like 250ms" }
    if case .string = observed, operand.isNumber { hint = "; put \(operand.shown) in quotes to compare as text" }
    return (
      .error,
      "\(name) is a \(observed.typeName) (\(observed.shown)) and cannot be compared with the \(operand.typeName) \(operand.shown)\(hint)"
    )
  }

  private func judgeExistence(_ observed: Value?) -> Result {
    guard let wanted = operands[0].value.flag(isWritten: operands[0].isWritten) else {
      return (.error, "'exists' takes true or false, not \(operands[0].value.shown)")
    }
    let isThere = observed != nil
    return (isThere == wanted ? .pass : .fail, isThere ? "\(name) is there" : "there is no \(name)")
  }

  private func judgeEquality(_ observed: Value) -> Result {
    let operand = operands[0].matching(observed)
    guard let equal = Comparison.equal(observed, operand) else { return mismatch(observed, operand) }
    return result(observed, equal)
  }

  private func judgeMembership(_ observed: Value) -> Result {
    let results = operands.map { Comparison.equal(observed, $0.matching(observed)) }
    if results.contains(true) { return result(observed, true) }
    guard let first = operands.first else { return result(observed, false) }
    return results.allSatisfy { $0 == nil } ? mismatch(observed, first.value) : result(observed, false)
  }

  private func judgeOrder(_ observed: Value) -> Result {
    if observed.isNull { return (.noData, "\(name) is null") }
    let bounds = operands.map { $0.matching(observed) }
    var orders: [NumberComparison.Order] = []
    for bound in bounds {
      if bound.isNotANumber { return (.noData, "the bound of \(name) is not a number") }
      guard let order = Comparison.order(observed, bound) else { return mismatch(observed, bound) }
      orders.append(order)
    }
    switch test.operator {
    case .atLeast: return result(observed, orders[0] != .below)
    case .atMost: return result(observed, orders[0] != .above)
    case .above: return result(observed, orders[0] == .above)
    case .below: return result(observed, orders[0] == .below)
    default:
      guard orders.count == 2 else { return (.error, "'between' needs two bounds") }
      return result(observed, orders[0] != .below && orders[1] != .above)
    }
  }

  private func judgeExpression(_ observed: Value) -> Result {
    guard case .string(let text) = observed else { return (.error, "\(name) is a \(observed.typeName), and 'matches' looks at text") }
    guard let pattern = operands[0].value.referenceText, let expression = try? Regex(pattern) else {
      return (.error, "'\(operands[0].value.shown)' is no regular expression")
    }
    return result(observed, text.firstMatch(of: expression) != nil)
  }

  private func judgeContents(_ observed: Value) -> Result {
    switch observed {
    case .string(let text):
      guard let part = operands[0].value.referenceText else {
        return (.error, "\(name) is text and cannot contain a \(operands[0].value.typeName)")
      }
      return result(observed, text.contains(part))
    case .list(let items):
      return result(observed, items.contains { Comparison.equal($0.natural, operands[0].matching($0.natural)) == true })
    case .map(let map):
      guard let key = operands[0].value.referenceText else { return (.error, "the keys of \(name) are text") }
      return result(observed, map[key] != nil)
    default: return (.error, "\(name) is a \(observed.typeName), and 'contains' looks into text, lists and maps")
    }
  }

  private func judgeEmptiness(_ observed: Value) -> Result {
    guard let wanted = operands[0].value.flag(isWritten: operands[0].isWritten) else {
      return (.error, "'isEmpty' takes true or false, not \(operands[0].value.shown)")
    }
    let count: Int
    switch observed {
    case .null: count = 0
    case .string(let text): count = text.unicodeScalars.count
    case .list(let items): count = items.count
    case .map(let map): count = map.count
    default: return (.error, "\(name) is a \(observed.typeName), and 'isEmpty' looks at text, lists and maps")
    }
    if count == 0 { return (wanted ? .pass : .fail, "\(name) is empty") }
    return (wanted ? .fail : .pass, "\(name) is \(observed.shown)" + (wanted ? ", expected nothing in it" : ""))
  }

  private func judgeFields(_ observed: Value) -> Result {
    guard case .map = observed else { return (.error, "\(name) is a \(observed.typeName), and 'hasFields' looks into maps") }
    var lacking: [String] = []
    for operand in operands {
      guard case .string(let text) = operand.value, let path = try? FieldPath(parsing: text) else {
        return (.error, "'\(operand.value.shown)' is no name of a field")
      }
      if observed.value(at: path.parts) == nil { lacking.append(text) }
    }
    if lacking.isEmpty { return (.pass, "\(name) has \(operands.map(\.value.shown).joined(separator: ", "))") }
    return (.fail, "\(name) has no \(lacking.joined(separator: ", "))")
  }
}

/// Equality and order of values. Nil where two kinds have nothing in common.
enum Comparison {
  static func equal(_ left: Value, _ right: Value) -> Bool? {
    switch (left, right) {
    case (.null, _), (_, .null): return left.isNull && right.isNull
    case (.bool(let left), .bool(let right)): return left == right
    case (.string(let left), .string(let right)): return left.utf8.elementsEqual(right.utf8)
    case (.duration(let left), .duration(let right)), (.timestamp(let left), .timestamp(let right)): return left == right
    case (.list(let left), .list(let right)):
      return left.count == right.count && zip(left, right).allSatisfy { equal($0.natural, $1.natural) == true }
    case (.map(let left), .map(let right)):
      return left.count == right.count
        && left.allSatisfy { key, value in right[key].map { equal(value.natural, $0.natural) == true } ?? false }
    default:
      guard left.isNumber, right.isNumber else { return nil }
      return NumberComparison.order(left, right) == .same
    }
  }

  static func order(_ left: Value, _ right: Value) -> NumberComparison.Order? {
    switch (left, right) {
    case (.duration(let left), .duration(let right)), (.timestamp(let left), .timestamp(let right)):
      return left < right ? .below : left == right ? .same : .above
    case (.string(let left), .string(let right)):
      guard let left = try? TypedText.date(left), let right = try? TypedText.date(right) else { return nil }
      return left < right ? .below : left == right ? .same : .above
    default: return NumberComparison.order(left, right)
    }
  }
}

extension Value {
  var isNumber: Bool {
    switch self {
    case .integer, .double, .decimal: true
    default: false
    }
  }

  /// A boolean; the written words count too, since a param may have put them in quotes.
  fileprivate func flag(isWritten: Bool) -> Bool? {
    switch self {
    case .bool(let flag): flag
    case .string("true") where isWritten: true
    case .string("false") where isWritten: false
    default: nil
    }
  }
}
