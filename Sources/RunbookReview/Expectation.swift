import OrderedCollections

/// Compares what two versions of a check expect: whether all that passes now passed before, or the other way round.
struct Expectation {
  /// One test of an output.
  private struct Test: Hashable {
    var field: String
    var name: String
    var operand: PlanPart
  }

  /// What a test on amounts lets pass.
  private struct Interval {
    var kind: Amount.Kind
    var low = -Double.infinity
    var high = Double.infinity
    var includesLow = true
    var includesHigh = true

    /// Whether all of `other` lies in it.
    func holds(_ other: Interval) -> Bool {
      let low = other.low > self.low || other.low == self.low && (includesLow || !other.includesLow)
      let high = other.high < self.high || other.high == self.high && (includesHigh || !other.includesHigh)
      return low && high
    }
  }

  static func compare(_ old: PlanPart?, _ new: PlanPart?) -> Strictness {
    switch (old, new) {
    case (nil, nil): return .same
    case (nil, _): return .tighter
    case (_, nil): return .looser
    case (let old?, let new?):
      if old == new { return .same }
      if let before = old["not"], let after = new["not"], old.map.count == 1, new.map.count == 1 { return compare(before, after).inverted }
      if let before = alternatives(old), let after = alternatives(new) { return alternatives(before, after) }
      return conjunctions(conjuncts(old), conjuncts(new))
    }
  }

  private static func alternatives(_ part: PlanPart) -> Set<PlanPart>? {
    guard part.map.count == 1, let any = part["anyOf"] else { return nil }
    return Set(any.list)
  }

  private static func alternatives(_ old: Set<PlanPart>, _ new: Set<PlanPart>) -> Strictness {
    if old == new { return .same }
    return new.isSubset(of: old) ? .tighter : old.isSubset(of: new) ? .looser : .other
  }

  /// The parts that all have to hold.
  private static func conjuncts(_ part: PlanPart) -> [PlanPart] {
    let field = part["field"]
    var parts: [PlanPart] = []
    for (key, value) in part.map where key != "field" {
      if key == "allOf" {
        parts += value.list.flatMap(conjuncts)
      } else {
        parts.append(.map(field.map { ["field": $0, key: value] } ?? [key: value]))
      }
    }
    return parts
  }

  private static func conjunctions(_ old: [PlanPart], _ new: [PlanPart]) -> Strictness {
    var (old, new) = (old, new)
    for part in old {
      guard let index = new.firstIndex(of: part), let own = old.firstIndex(of: part) else { continue }
      new.remove(at: index)
      old.remove(at: own)
    }
    var result = Strictness.same
    for part in old {
      if let index = new.firstIndex(where: { isAboutTheSame(part, $0) }) {
        result = result.joined(with: single(part, new.remove(at: index)))
      } else {
        // One thing less is asked for.
        result = result.joined(with: .looser)
      }
    }
    return new.isEmpty ? result : result.joined(with: .tighter)
  }

  private static func isAboutTheSame(_ old: PlanPart, _ new: PlanPart) -> Bool {
    guard let old = test(old), let new = test(new) else { return false }
    return old.field == new.field
  }

  private static func test(_ part: PlanPart) -> Test? {
    for (key, value) in part.map where !["field", "not", "anyOf"].contains(key) {
      return Test(field: part["field"]?.text ?? "", name: key, operand: value)
    }
    return nil
  }

  private static func single(_ old: PlanPart, _ new: PlanPart) -> Strictness {
    guard let before = test(old), let after = test(new) else { return .other }
    if let old = interval(before), let new = interval(after), old.kind == new.kind {
      let (fits, held) = (old.holds(new), new.holds(old))
      return fits && held ? .same : fits ? .tighter : held ? .looser : .other
    }
    if let bounds = sameOperand(before, after) { return bounds }
    if let old = choices(before), let new = choices(after) { return alternatives(old, new) }
    switch (before.name, after.name) {
    case ("hasFields", "hasFields"): return alternatives(Set(before.operand.list), Set(after.operand.list)).inverted
    case ("notWorseThan", "notWorseThan"): return comparisons(before.operand, after.operand)
    default: return .other
    }
  }

  private static func choices(_ test: Test) -> Set<PlanPart>? {
    switch test.name {
    case "equals": [test.operand]
    case "oneOf": Set(test.operand.list)
    default: nil
    }
  }

  /// Tests against the same value, which may be a reference: `above` asks for more than `atLeast`, `equals` for more than both.
  private static func sameOperand(_ old: Test, _ new: Test) -> Strictness? {
    guard old.operand == new.operand else { return nil }
    switch (old.name, new.name) {
    case ("above", "atLeast"), ("below", "atMost"), ("equals", "atLeast"), ("equals", "atMost"): return .looser
    case ("atLeast", "above"), ("atMost", "below"), ("atLeast", "equals"), ("atMost", "equals"): return .tighter
    default: return nil
    }
  }

  private static func comparisons(_ old: PlanPart, _ new: PlanPart) -> Strictness {
    var result = Strictness.same
    for key in Set(old.map.keys).union(new.map.keys) where old[key] != new[key] {
      switch (key, old[key], new[key]) {
      case ("tolerance", nil, _?), ("floor", nil, _?): result = result.joined(with: .looser)
      case ("tolerance", _?, nil), ("floor", _?, nil): result = result.joined(with: .tighter)
      case ("tolerance", _, _), ("floor", _, _):
        switch Amount.compare(old[key], new[key]) {
        case .up: result = result.joined(with: .looser)
        case .down: result = result.joined(with: .tighter)
        case .same: break
        case nil: result = result.joined(with: .other)
        }
      default: result = result.joined(with: .other)
      }
    }
    return result
  }

  private static func interval(_ test: Test) -> Interval? {
    if test.name == "between" {
      guard test.operand.list.count == 2, let low = Amount(test.operand.list[0]), let high = Amount(test.operand.list[1]),
        low.kind == high.kind
      else { return nil }
      return Interval(kind: low.kind, low: low.value, high: high.value)
    }
    guard let amount = Amount(test.operand) else { return nil }
    switch test.name {
    case "equals": return Interval(kind: amount.kind, low: amount.value, high: amount.value)
    case "atLeast": return Interval(kind: amount.kind, low: amount.value)
    case "atMost": return Interval(kind: amount.kind, high: amount.value)
    case "above": return Interval(kind: amount.kind, low: amount.value, includesLow: false)
    case "below": return Interval(kind: amount.kind, high: amount.value, includesHigh: false)
    default: return nil
    }
  }
}
