import RunbookSyntax

/// What `notWorseThan` compares with.
public enum ComparedOutputs: Sendable {
  case outputs(ValueMap)
  /// There is nothing to compare with; why, as a sentence without a full stop.
  case missing(String)
}

extension MatcherTest {
  /// The step whose baseline `notWorseThan` names.
  public var baseline: String? {
    guard self.operator == .notWorseThan, case .scalar(let step)? = operand["baseline"]?.content else { return nil }
    return step.text
  }

  /// What `notWorseThan` measures at the moment of the check, in place of a baseline.
  public var measure: Template? { self.operator == .notWorseThan ? operand["measure"] : nil }

  /// The output that `notWorseThan` compares: its own `field`, else the matcher's; nil for the main one.
  public var comparedField: FieldPath? {
    guard case .scalar(let own)? = operand["field"]?.content else { return field }
    return (try? FieldPath(parsing: own.text)) ?? field
  }
}

extension Matcher {
  /// Every `notWorseThan` in it.
  public var comparisons: [MatcherTest] {
    switch self {
    case .test(let test): test.operator == .notWorseThan ? [test] : []
    case .all(let parts), .any(let parts): parts.flatMap(\.comparisons)
    case .not(let part): part.comparisons
    }
  }
}

/// `notWorseThan`: outputs of one measurement held against those of another. More is worse.
///
/// Times of which the samples are known are compared by a quantile and its bounds, so that the answer can be *inconclusive*; every other
/// number is compared as it is.
struct BaselineComparison {
  /// The quantiles of a measurement of latency that have bounds.
  static let quantiles: [String: Double] = ["p50": 0.5, "p95": 0.95, "p99": 0.99]

  let name: String
  /// What it is compared with, in words: `the baseline of 'before'`.
  let other: String
  /// A share.
  let tolerance: Double
  /// Microseconds for times, else in the unit of the output; 0 where there is none.
  let floor: Value?
  let confidence: Double

  typealias Result = (verdict: Verdict, reason: String)

  init(test: MatcherTest, name: String, _ resolve: (Template) throws(ResolutionError) -> Value) throws(ResolutionError) {
    self.name = name
    other = test.baseline.map { "the baseline of '\($0)'" } ?? "what was measured beside it"
    tolerance = try Self.share("tolerance", in: test, resolve) ?? 0
    confidence = try Self.share("confidence", in: test, resolve) ?? 0.95
    floor = try test.operand["floor"].map { (template) throws(ResolutionError) in Self.length(try resolve(template)) }
    guard tolerance >= 0, confidence >= 0.5, confidence < 1 else {
      throw Self.unfit(test, "'tolerance' is at least 0%, and 'confidence' at least 50% and less than 100%")
    }
  }

  private static func share(_ key: String, in test: MatcherTest, _ resolve: (Template) throws(ResolutionError) -> Value)
    throws(ResolutionError) -> Double?
  {
    guard let template = test.operand[key] else { return nil }
    switch try resolve(template).natural {
    case .double(let share): return share
    case .integer(let share): return Double(share)
    case .string(let text):
      if let share = try? TypedText.percentage(text) { return share }
    default: break
    }
    throw unfit(test, "'\(key)' takes a percentage, like 10%")
  }

  private static func length(_ value: Value) -> Value {
    guard case .string(let text) = value else { return value.natural }
    if let time = try? ScalarText.microseconds(text) { return .duration(time) }
    if let share = try? TypedText.percentage(text) { return .double(share) }
    if let bytes = try? TypedText.bytes(text) { return .integer(bytes) }
    return value
  }

  private static func unfit(_ test: MatcherTest, _ message: String) -> ResolutionError {
    ResolutionError(code: PlanCode.operand.rawValue, message: message, range: test.operand.range)
  }

  /// - Parameters:
  ///   - path: the output that is compared.
  ///   - outputs: of the check's own action.
  func judge(_ path: [String], _ outputs: ValueMap, with compared: ComparedOutputs) -> Result {
    let before: ValueMap
    switch compared {
    case .missing(let reason): return (.noData, reason)
    case .outputs(let map): before = map
    }
    if path.count == 1, let quantile = Self.quantiles[path[0]], let new = MeasuredTimes(outputs: outputs),
      let old = MeasuredTimes(outputs: before)
    {
      return judge(new, old, quantile)
    }
    guard let new = Value.map(outputs).value(at: path)?.natural, !new.isNull, !new.isNotANumber else {
      return (.noData, "there is no \(name)")
    }
    guard let old = Value.map(before).value(at: path)?.natural, !old.isNull, !old.isNotANumber else {
      return (.noData, "\(other) has no \(name)")
    }
    return judge(new, old)
  }

  // MARK: numbers as they are

  private func judge(_ new: Value, _ old: Value) -> Result {
    guard let (after, before) = Self.numbers(new, old) else {
      return (.error, "\(name) is a \(new.typeName) (\(new.shown)), and 'notWorseThan' compares numbers and durations of one kind")
    }
    var most = before + abs(before) * tolerance
    if let floor {
      guard let (least, _) = Self.numbers(floor, old) else {
        return (.error, "'floor' is a \(floor.typeName) (\(floor.shown)), and \(name) a \(new.typeName)")
      }
      most = max(most, before + least)
    }
    let told = "\(name) is \(new.shown) against \(old.shown) of \(other)"
    return after <= most ? (.pass, told) : (.fail, "\(told), which is worse by more than \(allowance)")
  }

  private static func numbers(_ left: Value, _ right: Value) -> (Double, Double)? {
    switch (left, right) {
    case (.duration(let left), .duration(let right)): return (Double(left), Double(right))
    case (.duration, _), (_, .duration): return nil
    default: return left.real.flatMap { left in right.real.map { (left, $0) } }
    }
  }

  private var allowance: String {
    let share = Self.percent(tolerance)
    guard let floor else { return share }
    return tolerance > 0 ? "\(share) and \(floor.shown)" : floor.shown
  }

  // MARK: times with their samples

  private func judge(_ new: MeasuredTimes, _ old: MeasuredTimes, _ quantile: Double) -> Result {
    guard new.count > 0 else { return (.noData, "nothing was measured") }
    guard old.count > 0 else { return (.noData, "\(other) holds no sample") }
    guard let comparison = QuantileComparison(new, with: old, quantile: quantile, confidence: confidence) else {
      return (.noData, "\(other) has no \(name): \(old.failures) of \(old.count) operations failed")
    }
    var least = 0.0
    if let floor {
      guard case .duration(let time) = floor else { return (.error, "'floor' takes a duration, like 5ms, since \(name) is one") }
      least = Double(time)
    }
    let told =
      "\(name) is \(Self.time(comparison.after)) against \(Self.time(comparison.before)) of \(other), \(Self.times(comparison.ratio.value))"
    let bounds = "at least \(Self.times(comparison.ratio.lower)) and at most \(Self.times(comparison.ratio.upper))"
    let allowed = "\(Self.times(1 + tolerance)) allowed" + (floor.map { " above \($0.shown)" } ?? "")
    switch comparison.finding(tolerance: tolerance, floor: least) {
    case .notWorse: return (.pass, "\(told): \(bounds), \(allowed)")
    case .worse: return (.fail, "\(told): \(bounds), \(allowed)\(Self.evidence(new, old))")
    case .inconclusive:
      return (.inconclusive, "\(told): \(bounds), \(allowed), so it cannot be told\(advice(comparison, new, old))")
    }
  }

  /// What the whole of the samples says.
  private static func evidence(_ new: MeasuredTimes, _ old: MeasuredTimes) -> String {
    guard let test = RankTest(new, old) else { return "" }
    let chance = test.chance < 0.0001 ? "p < 0.0001" : "p = \(rounded(test.chance, 4))"
    return "; over all samples Mann-Whitney \(chance), Cliff's delta \(rounded(test.effect, 2))"
  }

  /// How many samples would tell: bounds narrow with the root of the number.
  private func advice(_ comparison: QuantileComparison, _ new: MeasuredTimes, _ old: MeasuredTimes) -> String {
    let gap = abs(RealFunction.log(comparison.ratio.value) - RealFunction.log(1 + tolerance))
    let reach = comparison.ratio.value > 1 + tolerance ? comparison.ratio.lower : comparison.ratio.upper
    let distance = abs(RealFunction.log(reach) - RealFunction.log(comparison.ratio.value))
    let fewer = min(new.count, old.count)
    guard gap > 0, distance < .infinity, comparison.ratio.value < .infinity else {
      return fewer < 100 ? "; \(fewer) samples are too few for \(name)" : ""
    }
    let needed = Double(fewer) * (distance / gap) * (distance / gap)
    guard needed < 100_000 else { return "; it lies too close to what is allowed" }
    let magnitude = Self.magnitude(needed)
    return "; about \(Int((needed / magnitude).rounded(.up) * magnitude)) samples on each side would tell"
  }

  /// One digit below the first, so that advice does not look more exact than it is.
  private static func magnitude(_ number: Double) -> Double {
    var magnitude = 1.0
    while magnitude * 100 <= number { magnitude *= 10 }
    return magnitude
  }

  // MARK: words

  private static func time(_ microseconds: Double) -> String {
    guard microseconds < .infinity else { return "a failure" }
    // Rounded to the one digit behind the point that is shown, since the rest is cut off.
    let scale: Int64 = microseconds < 1_000 ? 1 : microseconds < 1_000_000 ? 100 : 100_000
    return DurationText.format(microseconds: (Int64(microseconds) + scale / 2) / scale * scale)
  }

  private static func times(_ ratio: Double) -> String {
    ratio < .infinity ? "\(rounded(ratio, 3)) times" : "any number of times"
  }

  private static func percent(_ share: Double) -> String { "\(rounded(share * 100, 2))%" }

  /// At most so many digits behind the point, and no zeros at the end.
  private static func rounded(_ number: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
    let text = "\((number * scale).rounded() / scale)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension Value {
  /// The number as a double; nil for what is none.
  fileprivate var real: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .double(let number): number
    case .decimal(let text): Double(text)
    default: nil
    }
  }
}
