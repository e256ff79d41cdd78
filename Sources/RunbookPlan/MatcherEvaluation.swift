import RunbookSyntax

/// What came of holding a matcher against what was seen.
public struct Evaluation: Sendable, Hashable {
  /// Pass, fail, noData, error or inconclusive.
  public var verdict: Verdict
  /// The value that was looked at, null where there was none; a map by field where several were.
  public var observed: Value
  /// One sentence without a full stop.
  public var reason: String

  public init(verdict: Verdict, observed: Value, reason: String) {
    self.verdict = verdict
    self.observed = observed
    self.reason = reason
  }
}

extension Matcher {
  /// Judges outputs.
  /// - Parameters:
  ///   - mainOutput: the output that is looked at without `field:`. For a `value:` check the outputs are `{ value: v }` and this is `value`.
  ///   - compared: what a `notWorseThan` compares with.
  ///   - resolve: puts values in for the references of an operand.
  public func evaluate(
    outputs: ValueMap, mainOutput: String?, compared: (MatcherTest) -> ComparedOutputs = Self.nothing,
    resolve: (Template) throws(ResolutionError) -> Value
  ) -> Evaluation {
    switch self {
    case .test(let test): return test.evaluate(outputs, mainOutput, compared, resolve)
    case .all(let parts):
      // What is known to be false makes the whole false, whatever the rest may be.
      let results = parts.map { $0.evaluate(outputs: outputs, mainOutput: mainOutput, compared: compared, resolve: resolve) }
      return Self.combine(parts, results, mainOutput, strongest: [.fail, .error, .noData, .inconclusive, .pass])
    case .any(let parts):
      let results = parts.map { $0.evaluate(outputs: outputs, mainOutput: mainOutput, compared: compared, resolve: resolve) }
      return Self.combine(parts, results, mainOutput, strongest: [.pass, .error, .noData, .inconclusive, .fail])
    case .not(let part):
      var evaluation = part.evaluate(outputs: outputs, mainOutput: mainOutput, compared: compared, resolve: resolve)
      switch evaluation.verdict {
      case .pass: evaluation.verdict = .fail
      case .fail: evaluation.verdict = .pass
      case .noData, .error, .inconclusive, .skipped: break
      }
      return evaluation
    }
  }

  /// The same with references read from a scope.
  public func evaluate(
    outputs: ValueMap, mainOutput: String?, scope: some ReferenceScope, compared: (MatcherTest) -> ComparedOutputs = Self.nothing
  ) -> Evaluation {
    evaluate(outputs: outputs, mainOutput: mainOutput, compared: compared) { (template) throws(ResolutionError) in
      try Resolver.resolve(template, as: .any, scope: scope)
    }
  }

  /// Where there are no baselines.
  public static func nothing(_ test: MatcherTest) -> ComparedOutputs { .missing("there is nothing to compare with here") }

  private static func combine(_ parts: [Matcher], _ results: [Evaluation], _ mainOutput: String?, strongest: [Verdict]) -> Evaluation {
    let verdict = strongest.first { verdict in results.contains { $0.verdict == verdict } } ?? .error
    let told = results.filter { $0.verdict == verdict }.map(\.reason)
    return Evaluation(verdict: verdict, observed: observed(parts, results, mainOutput), reason: told.joined(separator: "; "))
  }

  /// One value where all parts look at the same one, else a map by field.
  private static func observed(_ parts: [Matcher], _ results: [Evaluation], _ mainOutput: String?) -> Value {
    var map = ValueMap()
    for (part, result) in zip(parts, results) {
      let fields = part.fields
      if fields.count > 1, case .map(let inner) = result.observed {
        for (key, value) in inner { map[key] = value }
      } else {
        map[(fields.first ?? nil) ?? mainOutput ?? "value"] = result.observed
      }
    }
    return map.count == 1 ? map.values[0] : .map(map)
  }

  /// The fields that are looked at, each once; nil is the main output.
  var fields: [String?] {
    switch self {
    case .test(let test): return [(test.operator == .notWorseThan ? test.comparedField : test.field)?.text]
    case .not(let part): return part.fields
    case .all(let parts), .any(let parts):
      var found: [String?] = []
      for field in parts.flatMap(\.fields) where !found.contains(field) { found.append(field) }
      return found
    }
  }
}

extension MatcherTest {
  fileprivate func evaluate(
    _ outputs: ValueMap, _ mainOutput: String?, _ compared: (MatcherTest) -> ComparedOutputs,
    _ resolve: (Template) throws(ResolutionError) -> Value
  ) -> Evaluation {
    if self.operator == .notWorseThan { return compare(outputs, mainOutput, compared, resolve) }
    let name = field?.text ?? mainOutput ?? "value"
    let observed = Value.map(outputs).value(at: field?.parts ?? [mainOutput ?? "value"])?.natural
    let operands: [Operand]
    do {
      operands = try self.operands(resolve)
    } catch {
      return Evaluation(verdict: .error, observed: observed ?? .null, reason: error.message)
    }
    let judgement = Judgement(test: self, name: name, operands: operands)
    let (verdict, reason) = judgement.judge(observed)
    return Evaluation(verdict: verdict, observed: observed ?? .null, reason: reason)
  }

  private func compare(
    _ outputs: ValueMap, _ mainOutput: String?, _ compared: (MatcherTest) -> ComparedOutputs,
    _ resolve: (Template) throws(ResolutionError) -> Value
  ) -> Evaluation {
    let path = comparedField?.parts ?? [mainOutput ?? "value"]
    let observed = Value.map(outputs).value(at: path)?.natural ?? .null
    do throws(ResolutionError) {
      let comparison = try BaselineComparison(test: self, name: comparedField?.text ?? mainOutput ?? "value", resolve)
      let (verdict, reason) = comparison.judge(path, outputs, with: compared(self))
      return Evaluation(verdict: verdict, observed: observed, reason: reason)
    } catch {
      return Evaluation(verdict: .error, observed: observed, reason: error.message)
    }
  }

  /// What is compared with: the items of a list for operators that take one.
  private func operands(_ resolve: (Template) throws(ResolutionError) -> Value) throws(ResolutionError) -> [Operand] {
    switch self.operator {
    case .oneOf, .between, .hasFields:
      guard case .list(let items) = operand.content else {
        let value = try resolve(operand)
        guard case .list(let values) = value else {
          let message = "'\(self.operator.rawValue)' needs a list, and was given a \(value.typeName)"
          throw ResolutionError(code: PlanCode.operand.rawValue, message: message, range: operand.range)
        }
        return values.map { Operand(value: $0.natural, isWritten: false) }
      }
      var operands: [Operand] = []
      for item in items { operands.append(try Operand(item, resolve)) }
      return operands
    case .notWorseThan: return []
    default: return [try Operand(operand, resolve)]
    }
  }
}

/// A value to compare with. Only written text is read as a duration, percentage, size, date or timestamp where the observed value is one; text that
/// came in by reference stays text.
struct Operand {
  var value: Value
  var isWritten: Bool

  init(value: Value, isWritten: Bool) {
    self.value = value
    self.isWritten = isWritten
  }

  fileprivate init(_ template: Template, _ resolve: (Template) throws(ResolutionError) -> Value) throws(ResolutionError) {
    value = try resolve(template).natural
    if case .scalar = template.content { isWritten = true } else { isWritten = false }
  }

  /// The value as one of the observed value's kind.
  func matching(_ observed: Value) -> Value {
    guard isWritten, case .string(let text) = value else { return value }
    switch observed {
    case .duration: return (try? ScalarText.microseconds(text)).map { .duration($0) } ?? value
    case .timestamp: return (try? TypedText.timestamp(text)).map { .timestamp($0) } ?? value
    case .integer, .double, .decimal:
      if let share = try? TypedText.percentage(text) { return .double(share) }
      return (try? TypedText.bytes(text)).map { .integer($0) } ?? value
    default: return value
    }
  }
}

extension Value {
  /// Numbers and dates that came as Extended JSON, as what they are.
  var natural: Value {
    guard case .map(let map) = self, map.count == 1, let (key, inner) = map.elements.first, key.utf8.first == UInt8(ascii: "$") else {
      return self
    }
    switch (key, inner) {
    case ("$numberInt", .string(let text)), ("$numberLong", .string(let text)): return Int64(text).map { .integer($0) } ?? self
    case ("$numberDouble", .string(let text)): return Double(text).map { .double($0) } ?? self
    case ("$numberDecimal", .string(let text)): return .decimal(text)
    case ("$date", .string(let text)): return (try? TypedText.timestamp(text)).map { .timestamp($0) } ?? self
    case ("$date", _):
      if case .integer(let milliseconds) = inner.natural { return .timestamp(milliseconds) }
      return self
    default: return self
    }
  }

  /// A number that is none: no data.
  var isNotANumber: Bool {
    switch self {
    case .double(let number): number.isNaN
    case .decimal(let text): ["nan", "+nan", "-nan", "snan"].contains(text.lowercased())
    default: false
    }
  }
}
