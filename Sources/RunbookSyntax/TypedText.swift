/// Why a text is no value of its type: `problem` completes "…: ", `help` shows the fix.
public struct TextMistake: Error, Sendable, Hashable {
  /// For instance `'30' is no duration: the unit is missing`.
  public let problem: String
  /// For instance `write 30s`.
  public let help: String?

  public init(_ problem: String, help: String? = nil) {
    self.problem = problem
    self.help = help
  }
}

/// Reads the text of a scalar as a value of a type. What YAML would take the text for plays no part.
public enum TypedText {
  /// `true` or `false`.
  public static func boolean(_ text: String) throws(TextMistake) -> Bool {
    switch text {
    case "true": return true
    case "false": return false
    default: break
    }
    let help =
      switch text.lowercased() {
      case "true", "yes", "y", "on", "1": "write true"
      case "false", "no", "n", "off", "0": "write false"
      default: "write true or false"
      }
    throw TextMistake("'\(text)' is no boolean", help: help)
  }

  /// A whole number as JSON writes it, from -2^63 to 2^63-1.
  public static func integer(_ text: String) throws(TextMistake) -> Int64 {
    if ScalarClass.json(text.utf8) == .integer {
      guard let value = Int64(text) else {
        throw TextMistake("\(text) is too large for an integer", help: "integers reach from -9223372036854775808 to 9223372036854775807")
      }
      return value
    }
    var help: String?
    switch (ScalarClass.core(text.utf8), text.utf8.dropFirst().first) {
    case (.integer, UInt8(ascii: "x")): help = Int64(text.dropFirst(2), radix: 16).map { "write \($0)" }
    case (.integer, UInt8(ascii: "o")): help = Int64(text.dropFirst(2), radix: 8).map { "write \($0)" }
    case (.integer, _): help = Int64(text).map { "write \($0)" }
    case (.float, _): help = Double(text).flatMap { Int64(exactly: $0) }.map { "write \($0)" } ?? "write a whole number"
    default: help = Int64(text.filter { $0 != "_" && $0 != "," && $0 != "'" }).map { "write \($0)" } ?? "write a whole number, like 42"
    }
    throw TextMistake("'\(text)' is no integer", help: help)
  }

  /// A number as JSON writes it; it must be finite.
  public static func number(_ text: String) throws(TextMistake) -> Double {
    switch ScalarClass.json(text.utf8) {
    case .integer, .float:
      guard let value = Double(text), value.isFinite else { throw TextMistake("\(text) is too large for a number") }
      return value
    case .null, .boolean, .text: break
    }
    let isNumberElsewhere = [.integer, .float].contains(ScalarClass.core(text.utf8))
    let value = isNumberElsewhere ? Double(text).flatMap { $0.isFinite ? $0 : nil } : nil
    let help = value.map { number in Int64(exactly: number).map { "write \($0)" } ?? "write \(number)" }
    throw TextMistake("'\(text)' is no number", help: help ?? "write digits with a point, like 0.5")
  }

  /// A percentage as a share: `0.1%` is 0.001. Not limited to 100%; never negative.
  public static func percentage(_ text: String) throws(TextMistake) -> Double {
    let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
    guard ScalarClass.json(digits.utf8) != .text, let value = Double(digits), value.isFinite else {
      throw TextMistake("'\(text)' is no percentage", help: "write a number and a percent sign, like 0.1%")
    }
    guard text.hasSuffix("%") else {
      throw TextMistake("'\(text)' is no percentage: the percent sign is missing", help: "write \(digits)%")
    }
    if digits.hasPrefix("-") { throw TextMistake("'\(text)' is negative; a percentage is not") }
    // Scaling in the text gives the double nearest to the decimal value, which a division does not always.
    let isScaled = digits.utf8.contains { $0 | 0x20 == UInt8(ascii: "e") }
    return isScaled ? value / 100 : Double(digits + "e-2") ?? value / 100
  }

  /// A size in bytes: `512B 1KB 64MiB 2GB`; KB, MB, GB, TB are powers of 1000, KiB, MiB, GiB, TiB of 1024. A decimal fraction is allowed where
  /// whole bytes result.
  public static func bytes(_ text: String) throws(TextMistake) -> Int64 {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(number.count)
    guard let amount = Decimal(number) else {
      throw TextMistake("'\(text)' is no size", help: "write a number and a unit, like 64MiB or 10MB")
    }
    if unit.isEmpty {
      throw TextMistake("'\(text)' is no size: the unit is missing", help: "write \(text)B for bytes, or \(text)MiB")
    }
    guard let factor = sizeUnits.first(where: { $0.name == unit })?.bytes else {
      let known = sizeUnits.map(\.name)
      let meant = known.first { $0.lowercased() == unit.lowercased() } ?? known.first { $0.dropLast() == unit.uppercased() }
      throw TextMistake(
        "'\(text)' is no size: '\(unit)' is no unit of size",
        help: meant.map { "write \(number)\($0)" } ?? "units are \(known.joined(separator: ", "))")
    }
    return try amount.scaled(by: factor, orSay: "'\(text)'")
  }

  private static let sizeUnits: [(name: String, bytes: Int64)] = [
    ("B", 1), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20),
    ("GiB", 1 << 30), ("TiB", 1 << 40),
  ]
}

/// A decimal number without rounding and without a sign: digits over a power of ten.
struct Decimal {
  private let digits: UInt64
  private let divisor: UInt64

  /// `12` or `1.5`; nil for another form or more digits than fit.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }), let digits = UInt64(parts.joined()) else { return nil }
    let decimals = parts.count == 2 ? parts[1].utf8.count : 0
    guard decimals <= 18 else { return nil }
    self.digits = digits
    divisor = (0..<decimals).reduce(1) { power, _ in power * 10 }
  }

  /// The product with a whole number of base units, which must itself be whole.
  func scaled(by factor: Int64, orSay name: String) throws(TextMistake) -> Int64 {
    let (high, low) = digits.multipliedFullWidth(by: factor.magnitude)
    guard high < divisor, let value = Int64(exactly: divisor.dividingFullWidth((high, low)).quotient) else {
      throw TextMistake("\(name) is too large")
    }
    guard divisor.dividingFullWidth((high, low)).remainder == 0 else { throw TextMistake("\(name) is finer than can be kept") }
    return value
  }
}
