/// A day of the calendar, without a zone.
public struct CalendarDate: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let year: Int
  public let month: Int
  public let day: Int

  /// Nil when there is no such day (proleptic Gregorian calendar, years 0 to 9999).
  public init?(year: Int, month: Int, day: Int) {
    guard (0...9999).contains(year), (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year) else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  /// `2025-01-18`.
  public var description: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }

  public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }

  /// Days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil).
  public var daysSinceEpoch: Int {
    let year = month <= 2 ? self.year - 1 : self.year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension TypedText {
  private static let durationUnits: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// A duration in milliseconds: `250ms 30s 5m 1h30m 7d`, larger units first, each at most once; a fraction like `1.5s` is allowed.
  public static func milliseconds(_ text: String) throws(TextMistake) -> Int64 {
    let name = "'\(text)' is no duration"
    if Decimal(text) != nil {
      throw TextMistake(name + ": the unit is missing", help: "write \(text)s for seconds, or \(text)m for minutes")
    }
    if text.hasPrefix("-") { throw TextMistake("'\(text)' is negative; a duration is not") }
    var total: Int64 = 0
    var rest = text[...]
    var lastUnit = -1
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let unit = rest.dropFirst(number.count).prefix { !($0.isASCII && $0.isNumber) }
      guard let amount = Decimal(number), !unit.isEmpty else {
        throw TextMistake(name, help: "write numbers and units, like 250ms, 30s, 5m, 1h30m or 7d")
      }
      guard let index = durationUnits.firstIndex(where: { $0.name == unit }) else {
        throw TextMistake(name + ": '\(unit)' is no unit of time", help: unitHelp(number, unit))
      }
      guard index > lastUnit else { throw TextMistake(name, help: "write larger units first, each once, like 1h30m") }
      lastUnit = index
      let (sum, overflow) = total.addingReportingOverflow(try amount.scaled(by: durationUnits[index].milliseconds, orSay: "'\(text)'"))
      if overflow { throw TextMistake("'\(text)' is too large") }
      total = sum
      rest = rest.dropFirst(number.count + unit.count)
    }
    guard lastUnit >= 0 else { throw TextMistake(name, help: "write a number and a unit, like 30s") }
    return total
  }

  /// The same as a `Duration`.
  public static func duration(_ text: String) throws(TextMistake) -> Duration {
    .milliseconds(try milliseconds(text))
  }

  private static func unitHelp(_ number: Substring, _ unit: Substring) -> String {
    let word = unit.lowercased().filter { $0 != " " }
    if word == "w" || word.hasPrefix("week"), let weeks = Int64(number), weeks < 10_000 { return "write \(weeks * 7)d" }
    let unit: String? =
      switch word {
      case "ms", "msec", "msecs", "millis", "millisecond", "milliseconds": "ms"
      case "s", "sec", "secs", "second", "seconds": "s"
      case "m", "min", "mins", "minute", "minutes": "m"
      case "h", "hr", "hrs", "hour", "hours": "h"
      case "d", "day", "days": "d"
      default: nil
      }
    return unit.map { "write \(number)\($0)" } ?? "units are ms, s, m, h and d"
  }

  /// A date `2025-01-18`.
  public static func date(_ text: String) throws(TextMistake) -> CalendarDate {
    let name = "'\(text)' is no date"
    var digits = DigitReader(text)
    guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2), digits.skip("-"), let day = digits.number(2) else {
      throw TextMistake(name, help: "write year-month-day, like 2025-01-18")
    }
    guard digits.isAtEnd else { throw TextMistake(name, help: "write the day alone, \(text.prefix(10))") }
    guard let date = CalendarDate(year: year, month: month, day: day) else { throw TextMistake(name + ": there is no such day") }
    return date
  }

  /// A point in time with an offset (RFC 3339), `2025-01-18T09:30:00Z` or `…+07:00`, as milliseconds since 1970-01-01T00:00:00Z.
  /// A leap second is refused, and so is what is finer than a millisecond.
  public static func timestamp(_ text: String) throws(TextMistake) -> Int64 {
    let name = "'\(text)' is no timestamp"
    var digits = DigitReader(text)
    guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2), digits.skip("-"), let day = digits.number(2) else {
      throw TextMistake(name, help: "write date, time and offset, like 2025-01-18T09:30:00Z")
    }
    if digits.isAtEnd { throw TextMistake(name + ": the time is missing", help: "write \(text)T00:00:00Z") }
    guard digits.skip("T") || digits.skip("t") || digits.skip(" "), let hour = digits.number(2), digits.skip(":"),
      let minute = digits.number(2), digits.skip(":"), let second = digits.number(2)
    else { throw TextMistake(name, help: "write date, time and offset, like 2025-01-18T09:30:00Z") }
    var milliseconds = 0
    if digits.skip(".") {
      guard let fraction = digits.milliseconds() else { throw TextMistake("'\(text)' is finer than a millisecond, which cannot be kept") }
      milliseconds = fraction
    }
    if digits.isAtEnd {
      throw TextMistake(name + ": the offset is missing", help: "write \(text)Z for UTC, or an offset like \(text)+07:00")
    }
    guard let offset = digits.offset(), digits.isAtEnd else {
      throw TextMistake(name + ": the offset is wrong", help: "end with Z for UTC, or an offset like +07:00")
    }
    guard let date = CalendarDate(year: year, month: month, day: day), hour < 24, minute < 60, second < 60 else {
      throw TextMistake(name + ": there is no such day or time")
    }
    let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second - offset * 60
    return Int64(seconds) * 1000 + Int64(milliseconds)
  }
}

/// Reads fixed-width numbers off the front of a text.
private struct DigitReader {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  mutating func number(_ width: Int) -> Int? {
    let digits = rest.prefix(width)
    guard digits.count == width, digits.allSatisfy(isDigit) else { return nil }
    rest = rest.dropFirst(width)
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  /// The digits of a fraction of a second; nil where there are none or they say more than milliseconds.
  mutating func milliseconds() -> Int? {
    let digits = Array(rest.prefix(while: isDigit))
    guard !digits.isEmpty, digits.dropFirst(3).allSatisfy({ $0 == 0x30 }) else { return nil }
    rest = rest.dropFirst(digits.count)
    return (0..<3).reduce(0) { $0 * 10 + ($1 < digits.count ? Int(digits[$1] - 0x30) : 0) }
  }

  /// Minutes east of UTC.
  mutating func offset() -> Int? {
    if skip("Z") || skip("z") { return 0 }
    let sign: Int
    if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
    guard let hours = number(2), skip(":"), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
    return sign * (hours * 60 + minutes)
  }
}
