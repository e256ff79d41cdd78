import RunbookSyntax

/// Readers of scalar text in the units of `Value`.
enum ScalarText {
  static func microseconds(_ text: String) throws(TextMistake) -> Int64 {
    let milliseconds = try TypedText.milliseconds(text)
    let (microseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
    if overflow { throw TextMistake("'\(text)' is too large") }
    return microseconds
  }

  /// A duration as text that reads back as the same duration; nil for one finer than a millisecond or below zero.
  static func exactText(microseconds: Int64) -> String? {
    guard microseconds >= 0, microseconds % 1000 == 0 else { return nil }
    var rest = microseconds / 1000
    if rest == 0 { return "0s" }
    var text = ""
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] as [(String, Int64)] where rest >= size
    {
      text += "\(rest / size)\(unit)"
      rest %= size
    }
    return text
  }
}

extension Value {
  /// The value inside a text; nil for lists, maps and null, which have no place in one.
  public var referenceText: String? {
    switch self {
    case .null, .list, .map: nil
    case .bool(let flag): flag ? "true" : "false"
    case .integer(let number): String(number)
    case .double(let number): Int64(exactly: number).map { String($0) } ?? "\(number)"
    case .decimal(let text), .string(let text): text
    case .timestamp(let milliseconds): TimestampText.format(milliseconds: milliseconds)
    case .duration(let microseconds): ScalarText.exactText(microseconds: microseconds) ?? "\(microseconds)µs"
    }
  }
}

extension BinaryInteger {
  /// In groups of three digits: `1,681`.
  public var grouped: String {
    let digits = Array(String(magnitude))
    var text = self < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }
}
