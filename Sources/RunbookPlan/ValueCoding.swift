/// The JSON form in which values are stored and hashed: compact, keys in their order, every type told apart.
///
/// What JSON has no type for is a map of one key that begins with `@` (`{"@duration": 1500}`); a map of the user's whose first key
/// begins with `@` is wrapped in `{"@map": …}`, so that reading gives back exactly what was written.
extension Value {
  public func encodedJSON() -> String {
    var bytes: [UInt8] = []
    appendJSON(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the stored form to a buffer.
  public func appendJSON(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    case .integer(let number): bytes.append(contentsOf: String(number).utf8)
    case .double(let number):
      if number.isFinite {
        // Swift prints the shortest text that reads back as the same double, with a point or exponent
        bytes.append(contentsOf: "\(number)".utf8)
      } else {
        Value.appendTagged("double", .string("\(number)"), to: &bytes)
      }
    case .decimal(let text): Value.appendTagged("decimal", .string(text), to: &bytes)
    case .string(let text): Value.appendQuoted(text, to: &bytes)
    case .timestamp(let milliseconds): Value.appendTagged("timestamp", .integer(milliseconds), to: &bytes)
    case .duration(let microseconds): Value.appendTagged("duration", .integer(microseconds), to: &bytes)
    case .list(let list):
      bytes.append(UInt8(ascii: "["))
      for (index, item) in list.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        item.appendJSON(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .map(let map):
      let wrapped = map.keys.first?.utf8.first == UInt8(ascii: "@")
      if wrapped { bytes.append(contentsOf: "{\"@map\":".utf8) }
      Value.appendObject(map, to: &bytes)
      if wrapped { bytes.append(UInt8(ascii: "}")) }
    }
  }

  private static func appendObject(_ map: ValueMap, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "{"))
    var first = true
    for (key, value) in map {
      if !first { bytes.append(UInt8(ascii: ",")) }
      first = false
      appendQuoted(key, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      value.appendJSON(to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  private static func appendTagged(_ tag: String, _ value: Value, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "{\"@\(tag)\":".utf8)
    value.appendJSON(to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  /// Appends a JSON string with its quotes.
  public static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
      case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
      case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
      case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
      case 0..<0x20, 0x7F:
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension Value {
  /// The form shown to people and written to `--format json`: durations as `1.5s`, timestamps as RFC 3339 text, no type tags.
  public var plainJSON: Value {
    switch self {
    case .duration(let microseconds): .string(DurationText.format(microseconds: microseconds))
    case .timestamp(let milliseconds): .string(TimestampText.format(milliseconds: milliseconds))
    case .decimal(let text): .string(text)
    case .list(let list): .list(list.map(\.plainJSON))
    case .map(let map): .map(map.mapValues(\.plainJSON))
    default: self
    }
  }
}

/// Durations as people write them.
public enum DurationText {
  /// `250ms`, `1.5s`, `2m 5s`, `1h 30m`; the largest two units, no more digits than help.
  public static func format(microseconds: Int64) -> String {
    if microseconds < 0 { return "-" + format(microseconds: -microseconds) }
    if microseconds < 1_000 { return "\(microseconds)µs" }
    if microseconds < 1_000_000 { return trimmed(microseconds, unit: 1_000, suffix: "ms") }
    if microseconds < 60_000_000 { return trimmed(microseconds, unit: 1_000_000, suffix: "s") }
    let seconds = microseconds / 1_000_000
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60)
    if days > 0 { return hours == 0 ? "\(days)d" : "\(days)d \(hours)h" }
    if hours > 0 { return minutes == 0 ? "\(hours)h" : "\(hours)h \(minutes)m" }
    return seconds % 60 == 0 ? "\(minutes)m" : "\(minutes)m \(seconds % 60)s"
  }

  private static func trimmed(_ amount: Int64, unit: Int64, suffix: String) -> String {
    let whole = amount / unit
    if whole >= 100 { return "\(whole)\(suffix)" }
    let digit = amount % unit * 10 / unit
    return digit == 0 ? "\(whole)\(suffix)" : "\(whole).\(digit)\(suffix)"
  }
}

/// Moments as RFC 3339 text in UTC.
public enum TimestampText {
  public static func format(milliseconds: Int64) -> String {
    let (day, rest) = milliseconds.quotientFloor(86_400_000)
    let date = civil(fromDays: day)
    let (hour, minute, second, fraction) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60, rest % 1_000)
    let time = "\(padded(hour)):\(padded(minute)):\(padded(second))" + (fraction == 0 ? "" : ".\(padded(fraction, 3))")
    return "\(padded(date.year, 4))-\(padded(date.month))-\(padded(date.day))T\(time)Z"
  }

  /// The day alone, `2025-01-18`.
  public static func formatDay(milliseconds: Int64) -> String {
    let date = civil(fromDays: milliseconds.quotientFloor(86_400_000).quotient)
    return "\(padded(date.year, 4))-\(padded(date.month))-\(padded(date.day))"
  }

  private static func padded(_ number: Int64, _ width: Int = 2) -> String {
    let text = String(number)
    return text.count >= width ? text : String(repeating: "0", count: width - text.count) + text
  }

  /// Days since 1970-01-01 to year, month and day of the proleptic Gregorian calendar (Howard Hinnant's `civil_from_days`).
  private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = (days + 719_468).quotientFloor(146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}

extension Int64 {
  /// Division that rounds towards minus infinity, with a remainder that is never negative.
  fileprivate func quotientFloor(_ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
