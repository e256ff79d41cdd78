import RunbookPlan

/// How far an effect is, with its rate over the last seconds.
public struct LiveProgress: Sendable {
  public private(set) var done: Int64
  public private(set) var total: Int64?
  public private(set) var unit: String
  public private(set) var note: String?
  private var samples: [(at: Int64, done: Int64)]

  /// The rate is that of the last ten seconds (milliseconds): long enough to be calm, short enough to follow a change of pace.
  static let rateTime: Int64 = 10_000
  /// Without a word for so long (milliseconds), that is said.
  static let silenceTime: Int64 = 10_000

  /// - Parameter at: milliseconds since 1970, as everywhere here.
  public init(done: Int64, total: Int64?, unit: String, note: String?, at: Int64) {
    (self.done, self.total, self.unit, self.note) = (done, total, unit, note)
    samples = [(at, done)]
  }

  public mutating func advance(done: Int64, total: Int64?, unit: String, note: String?, at: Int64) {
    // Less than before is another count, a second pass for instance; its rate begins anew.
    if unit != self.unit || done < self.done { samples = [] }
    if done != samples.last?.done { samples.append((at, done)) }
    while samples.count > 2, samples[1].at < at - Self.rateTime { samples.removeFirst() }
    (self.done, self.total, self.unit, self.note) = (done, total, unit, note)
  }

  /// A time that passes: no rate, and what is left is known without one.
  private var isTime: Bool { unit == "seconds" }

  /// Units a second; nil where too little is known.
  func rate(now: Int64) -> Double? {
    guard let first = samples.first, let last = samples.last, last.done > first.done, last.at - first.at >= 200 else { return nil }
    // While nothing comes, the rate falls.
    let time = max(last.at, min(now, last.at + Self.rateTime) - 1_000) - first.at
    return Double(last.done - first.done) * 1_000 / Double(time)
  }

  /// The share done, from 0 to 1; nil without a total.
  var share: Double? {
    // What arrives meanwhile is done, too: then the number that was there at the start says nothing any more.
    guard let total, total > 0, done <= total else { return nil }
    return Double(done) / Double(total)
  }

  /// `924 of 1,681 documents, 312/s, 2s left`.
  func text(now: Int64) -> String {
    if isTime, let total {
      let passed = LiveTime.text(milliseconds: min(done, total) * 1_000)
      let left = LiveTime.text(milliseconds: max(total - done, 0) * 1_000)
      return "\(passed) of \(LiveTime.text(milliseconds: total * 1_000)), \(left) left" + (note.map { ", \($0)" } ?? "")
    }
    var text = PeopleText.number(done)
    if let total, total >= done { text += " of \(PeopleText.number(total))" }
    text += " \(unit)"
    if let rate = rate(now: now), rate >= 0.1 {
      text += rate >= 10 ? ", \(PeopleText.number(Int64(rate)))/s" : ", \((rate * 10).rounded() / 10)/s"
      if let total, total > done {
        text += ", about \(LiveTime.text(milliseconds: Int64(min(Double(total - done) / rate, 8_640_000) * 1_000))) left"
      }
    }
    if let last = samples.last, now - last.at >= Self.silenceTime, done != total {
      text += ", nothing new for \(LiveTime.text(milliseconds: now - last.at))"
    }
    if let note, !note.isEmpty { text += ", \(note)" }
    return text
  }

  /// A bar of this many columns.
  func bar(columns: Int) -> StyledLine? {
    guard let share, columns > 0 else { return nil }
    let full = min(Int(share * Double(columns)), columns)
    var line = StyledLine(String(repeating: "█", count: full), .green)
    line.add(String(repeating: "░", count: columns - full), .dim)
    return line
  }
}

/// Lengths of time in whole seconds: what changes more often is no use to a reader.
public enum LiveTime {
  /// `0s`, `12s`, `1m02s`, `3h05m`, `2d04h`.
  public static func text(milliseconds: Int64) -> String {
    let seconds = max(milliseconds, 0) / 1_000
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3_600: return "\(seconds / 60)m\(padded(seconds % 60))s"
    case ..<86_400: return "\(seconds / 3_600)h\(padded(seconds % 3_600 / 60))m"
    default: return "\(seconds / 86_400)d\(padded(seconds % 86_400 / 3_600))h"
    }
  }

  private static func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
