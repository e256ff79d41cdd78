import RunbookPlan

/// Numbers, values and times as people read them.
public enum PeopleText {
  /// `1,681`.
  public static func number(_ number: Int64) -> String { number.grouped }

  /// `812 bytes`, `1.2 MiB`.
  public static func bytes(_ bytes: Int64) -> String {
    if bytes < 1_024 { return "\(bytes) bytes" }
    var (amount, unit) = (Double(bytes) / 1_024, 0)
    while amount >= 1_024, unit < 4 { (amount, unit) = (amount / 1_024, unit + 1) }
    let tenths = Int64((amount * 10).rounded())
    return "\(tenths / 10)\(tenths % 10 == 0 || tenths >= 1_000 ? "" : ".\(tenths % 10)") \(["KiB", "MiB", "GiB", "TiB", "PiB"][unit])"
  }

  /// `1 step`, `3 steps`.
  public static func count(_ number: Int, _ noun: String, plural: String? = nil) -> String {
    "\(self.number(Int64(number))) \(number == 1 ? noun : plural ?? noun + "s")"
  }

  /// A value on one line, cut where it is long.
  public static func value(_ value: Value, limit: Int = 120) -> String {
    let text: String
    switch value {
    case .string(let string): text = Value.string(string).encodedJSON()
    case .integer(let integer): text = number(integer)
    case .duration(let microseconds): text = DurationText.format(microseconds: microseconds)
    case .timestamp(let milliseconds): text = TimestampText.format(milliseconds: milliseconds)
    case .double(let double): text = share(double)
    case .list(let list) where list.isEmpty: text = "none"
    case .map(let map) where map.count <= 8:
      text = "{" + map.map { "\($0.key): \(self.value($0.value, limit: limit))" }.joined(separator: ", ") + "}"
    case .list(let list) where list.count <= 8: text = "[" + list.map { self.value($0, limit: limit) }.joined(separator: ", ") + "]"
    default: text = value.plainJSON.encodedJSON()
    }
    return text.count > limit ? String(text.prefix(limit - 1)) + "…" : text
  }

  private static func share(_ double: Double) -> String {
    guard double.isFinite else { return "\(double)" }
    let rounded = (double * 10_000).rounded() / 10_000
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : "\(rounded)"
  }

  /// Milliseconds as a length of time.
  public static func duration(milliseconds: Int64) -> String {
    milliseconds == 0 ? "0ms" : DurationText.format(microseconds: milliseconds * 1_000)
  }
}
