import RunbookSyntax

extension PlanReader {
  /// A condition: several operators in one mapping must all hold. A `field` counts for all of the mapping, and for what is nested in it unless
  /// that has a field of its own.
  mutating func matcher(_ node: Node, opener: Node, in what: String, ignoring: String? = nil, field outer: FieldPath? = nil) -> Matcher? {
    guard isMapping(node, what, like: "{ equals: 0 }") else { return nil }
    var field = outer
    var hasField = false
    for (key, value) in node.entries where key.hasText("field") {
      hasField = true
      guard let text = text(value, "field") else { continue }
      do { field = try FieldPath(parsing: text) } catch { report(.fieldPath, error.message, at: value.range, help: error.help) }
    }
    var parts: [Matcher] = []
    var count = 0
    for entry in node.entries {
      guard let key = MatcherKey.table.find(entry.key) else {
        if let ignoring, entry.key.hasText(ignoring) { continue }
        if entry.key.text?.hasPrefix("x-") == true { continue }
        unknownKey(entry.key, in: what, known: MatcherKey.table.names)
        count += 1
        continue
      }
      if key == .field { continue }
      count += 1
      if let part = matcherPart(key, entry, field) { parts.append(part) }
    }
    if count == 0 {
      let help = hasField ? "add an operator, like equals: 0" : "write an operator, like equals: 0 or atMost: 250ms"
      report(.emptyMatcher, "\(what) says nothing that could be false", at: opener.range, help: help)
    }
    guard parts.count == count, let first = parts.first else { return nil }
    return parts.count == 1 ? first : .all(parts)
  }

  private mutating func matcherPart(_ key: MatcherKey, _ entry: Node.Entry, _ field: FieldPath?) -> Matcher? {
    switch key {
    case .allOf: return matchers(entry, field).map { .all($0) }
    case .anyOf: return matchers(entry, field).map { .any($0) }
    case .not: return matcher(entry.value, opener: entry.key, in: "'not'", field: field).map { .not($0) }
    case .notWorseThan:
      readComparison(entry)
      dependsOnOrder = true
      return test(.notWorseThan, entry, field)
    case .field: return nil
    default:
      guard let name = MatcherTest.Operator(rawValue: key.rawValue) else { return nil }
      return test(name, entry, field)
    }
  }

  private mutating func matchers(_ entry: Node.Entry, _ field: FieldPath?) -> [Matcher]? {
    let name = entry.key.text ?? ""
    guard isList(entry.value, "'\(name)'") else { return nil }
    if entry.value.count == 0 {
      report(.emptyMatcher, "'\(name)' holds no condition", at: entry.value.range)
      return nil
    }
    let parts = entry.value.elements.compactMap { matcher($0, opener: entry.key, in: "an element of '\(name)'", field: field) }
    return parts.count == entry.value.count ? parts : nil
  }

  private mutating func test(_ name: MatcherTest.Operator, _ entry: Node.Entry, _ field: FieldPath?) -> Matcher? {
    let operand = template(entry.value)
    guard isOperand(operand, of: name, entry) else { return nil }
    return .test(
      MatcherTest(field: field, operator: name, operand: operand, range: SourceRange(entry.key.range.start, entry.value.range.end)))
  }

  /// Whether what is written can be the operand; what comes by reference is seen only when the plan runs.
  private mutating func isOperand(_ operand: Template, of name: MatcherTest.Operator, _ entry: Node.Entry) -> Bool {
    if case .reference = operand.content { return true }
    let range = entry.value.range
    switch name {
    case .notWorseThan: return true
    case .equals, .notEquals, .contains: return literals(operand)
    case .oneOf, .between, .hasFields: return isListOperand(operand, name, range)
    case .exists, .isEmpty: return boolean(entry.value, name.rawValue) != nil
    case .matches: return isExpression(operand, range)
    case .atLeast, .atMost, .above, .below: return isOrdered(operand, name)
    }
  }

  private mutating func isListOperand(_ operand: Template, _ name: MatcherTest.Operator, _ range: SourceRange) -> Bool {
    guard case .list(let items) = operand.content else {
      let help = name == .between ? "write between: [1, 10]" : "write \(name.rawValue): [a, b]"
      report(.operand, "'\(name.rawValue)' takes a list", at: range, help: help)
      return false
    }
    if name == .between ? items.count != 2 : items.isEmpty {
      let wanted = name == .between ? "exactly two bounds, not \(items.count)" : "at least one value"
      report(.operand, "'\(name.rawValue)' takes \(wanted)", at: range, help: name == .between ? "write between: [1, 10]" : nil)
      return false
    }
    switch name {
    case .between:
      guard items.allSatisfy({ isOrdered($0, name) }) else { return false }
      if let low = literalNumber(items[0]), let high = literalNumber(items[1]), low > high {
        report(.operand, "'between' has its bounds the wrong way round", at: range, help: "write the smaller one first")
        return false
      }
      return true
    case .hasFields:
      for item in items {
        guard case .scalar(let scalar) = item.content else { continue }
        do { _ = try FieldPath(parsing: scalar.text) } catch {
          report(.fieldPath, error.message, at: item.range, help: error.help)
          return false
        }
      }
      return true
    default: return items.allSatisfy { literals($0) }
    }
  }

  private func literalNumber(_ template: Template) -> Double? {
    guard case .scalar(let scalar) = template.content else { return nil }
    return Double(scalar.text)
  }

  /// Whether all plain scalars of an operand are read by everybody alike.
  private mutating func literals(_ operand: Template) -> Bool {
    switch operand.content {
    case .reference, .interpolation: return true
    case .list(let items): return items.allSatisfy { literals($0) }
    case .map(let entries): return entries.allSatisfy { literals($0.value) }
    case .scalar(let scalar):
      do {
        _ = try Literal.value(scalar)
        return true
      } catch {
        report(error.code, error.message, at: operand.range, help: error.help)
        return false
      }
    }
  }

  private mutating func isExpression(_ operand: Template, _ range: SourceRange) -> Bool {
    guard case .scalar(let scalar) = operand.content else {
      if case .interpolation = operand.content { return true }
      report(.operand, "'matches' takes a regular expression", at: range)
      return false
    }
    if expressions.contains(scalar.text) { return true }
    guard (try? Regex(scalar.text)) != nil else {
      report(.regularExpression, "'\(scalar.text)' is no regular expression", at: range)
      return false
    }
    expressions.insert(scalar.text)
    return true
  }

  /// Whether greater and smaller mean something for the operand: numbers, durations, sizes, percentages, dates, timestamps.
  private mutating func isOrdered(_ operand: Template, _ name: MatcherTest.Operator) -> Bool {
    switch operand.content {
    case .reference: return true
    case .scalar(let scalar) where Literal.isOrdered(scalar.text): return true
    case .scalar(let scalar):
      report(
        .operand, "'\(name.rawValue)' cannot compare with '\(scalar.text)'", at: operand.range,
        help: "write a number, a duration (250ms), a size (64MiB), a percentage (0.1%), a date or a timestamp")
    case .interpolation, .list, .map:
      report(.operand, "'\(name.rawValue)' takes one number, duration, size, percentage, date or timestamp", at: operand.range)
    }
    return false
  }

  private mutating func readComparison(_ entry: Node.Entry) {
    guard isMapping(entry.value, "'notWorseThan'", like: "notWorseThan: { baseline: STEP, field: p95, tolerance: 10% }") else { return }
    var sources: [Node] = []
    if entry.value["tolerance"] == nil, entry.value["floor"] == nil, entry.value.count > 0 {
      missingKey("tolerance", in: "'notWorseThan'", opener: entry.key.range, help: "or 'floor'")
    }
    for (key, value) in entry.value.entries {
      switch ComparisonKey.table.find(key) {
      case .baseline:
        sources.append(key)
        _ = text(value, "baseline")
      case .measure:
        sources.append(key)
        if isMapping(value, "'measure'", like: "measure: { action: …, with: … }") { readMeasurement(value, opener: key) }
      case .field:
        guard let text = text(value, "field") else { continue }
        do { _ = try FieldPath(parsing: text) } catch { report(.fieldPath, error.message, at: value.range, help: error.help) }
      case .tolerance: readShare(value, "tolerance")
      case .confidence: readShare(value, "confidence", least: 0.5)
      case .floor: if let floor = textTemplate(value, "floor") { _ = isOrdered(floor, .notWorseThan) }
      case nil: unknownKey(key, in: "'notWorseThan'", known: ComparisonKey.table.names)
      }
    }
    if sources.isEmpty { missingKey("baseline", in: "'notWorseThan'", opener: entry.key.range, help: "or 'measure'") }
    if sources.count > 1 { report(.exclusiveKeys, "'notWorseThan' takes 'baseline' or 'measure', not both", at: sources[1].range) }
  }

  /// A percentage; a confidence is one of at least a half.
  private mutating func readShare(_ node: Node, _ name: String, least: Double = 0) {
    guard let template = textTemplate(node, name) else { return }
    let checked = Resolver.check(template, as: .percentage, types: DeclaredParams(types: params), in: file)
    for var diagnostic in checked.diagnostics {
      diagnostic.message = "\(name): " + diagnostic.message
      diagnostics.add(diagnostic)
    }
    if case .double(let share) = checked.value, share < least || (least > 0 && share >= 1) {
      report(.operand, "'\(name)' must be at least 50% and less than 100%", at: node.range, help: "write \(name): 95%")
    }
  }

  private mutating func readMeasurement(_ node: Node, opener: Node) {
    let known = ["action", "with", "target", "collection"]
    for (key, value) in node.entries {
      switch key.text {
      case "action": _ = text(value, "action")
      case "with": if isMapping(value, "'with'", like: "with: { … }") { _ = entries(value) }
      case "target": _ = target(value)
      case "collection": _ = textTemplate(value, "collection")
      default: unknownKey(key, in: "'measure'", known: known)
      }
    }
    if node["action"] == nil { missingKey("action", in: "'measure'", opener: opener.range) }
  }
}
