import Foundation
import RunbookPlan
import RunbookSyntax

/// A moment as people write it: with an offset, or by the clock on the wall of a zone, with a day or without one.
struct WaitMoment: Sendable {
  private enum Form {
    /// Milliseconds since 1970.
    case instant(Int64)
    /// Seconds since the midnight of a day; the day counts from 1970, and is nil where none is written.
    case wallClock(day: Int64?, seconds: Int64, zone: TimeZone)
  }

  /// What `at` came to.
  struct Resolved: Sendable, Hashable {
    /// Milliseconds since 1970.
    var at: Int64
    /// In words, for whoever waits.
    var words: String
    /// What a person may not have thought of: the clock skips this time, or shows it twice.
    var remark: String?
  }

  private let form: Form

  /// - Throws: what is wrong with one of the two, and with which: `at` or `zone`.
  init(at text: String, zone name: String?) throws(ArgumentProblem) {
    if let instant = try? TypedText.timestamp(text) {
      if name != nil {
        throw ArgumentProblem(path: ["zone"], message: "'\(text)' has an offset of its own", help: "remove 'zone', or the offset")
      }
      form = .instant(instant)
      return
    }
    guard let wall = Self.wallClock(text) else {
      throw ArgumentProblem(
        path: ["at"], message: "'\(text)' is no moment",
        help: "write 2025-01-18T02:00 or 02:00 and a zone, or a moment with an offset, like 2025-01-18T02:00:00Z")
    }
    guard let name else {
      throw ArgumentProblem(
        path: ["at"], message: "'\(text)' does not say by which clock", help: "add zone: Europe/Berlin (or another), or an offset")
    }
    form = .wallClock(day: wall.day, seconds: wall.seconds, zone: try Self.zone(named: name))
  }

  /// Whether a zone can be meant; told apart from `init` so that a plan is looked at where only one of the two is known.
  static func problem(withZone name: String) -> ArgumentProblem? {
    do throws(ArgumentProblem) {
      _ = try zone(named: name)
      return nil
    } catch {
      return error
    }
  }

  private static func zone(named name: String) throws(ArgumentProblem) -> TimeZone {
    // `GMT+2` and the like are read by the library and mean to most people the opposite of what they mean elsewhere.
    let isOffset = !name.contains("/") && name.contains { "+-:".contains($0) }
    if !isOffset, let zone = TimeZone(identifier: name) { return zone }
    throw ArgumentProblem(
      path: ["zone"], message: "there is no time zone '\(name)'",
      help: nearest(to: name, among: TimeZone.knownTimeZoneIdentifiers).map { "did you mean \($0)?" }
        ?? "write its name in the IANA database, like Europe/Berlin, or UTC")
  }

  /// `2025-01-18T02:00`, `2025-01-18 02:00:30`, `02:00`; nil for anything else.
  private static func wallClock(_ text: String) -> (day: Int64?, seconds: Int64)? {
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
    guard (1...2).contains(parts.count), let time = parts.last else { return nil }
    let fields = time.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(fields.count), fields.allSatisfy(isTwoDigits) else {
      return nil
    }
    let numbers = fields.compactMap { Int64($0) }
    guard numbers[0] < 24, numbers[1] < 60, numbers.count == 2 || numbers[2] < 60 else { return nil }
    let seconds = numbers[0] * 3_600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0)
    guard parts.count == 2 else { return (nil, seconds) }
    guard let date = try? TypedText.date(String(parts[0])) else { return nil }
    return (Int64(date.daysSinceEpoch), seconds)
  }

  private static func isTwoDigits(_ text: Substring) -> Bool { text.utf8.count == 2 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } }

  /// The moment itself. A time without a day is the next one at or after `from` at which the clock of the zone shows it.
  /// - Parameter from: milliseconds since 1970. The same one gives the same moment, so that a wait that goes on after a crash ends when it would have.
  func resolved(from: Int64) -> Resolved {
    switch form {
    case .instant(let at): return Resolved(at: at, words: TimestampText.format(milliseconds: at), remark: nil)
    case .wallClock(let day?, let seconds, let zone): return Self.moment(day * 86_400 + seconds, in: zone)
    case .wallClock(nil, let seconds, let zone):
      let today = (from + Self.offset(of: zone, at: from / 1_000) * 1_000).quotientAndRemainder(dividingBy: 86_400_000).quotient
      var found = Self.moment(today * 86_400 + seconds, in: zone)
      // Of a time that comes twice today the second may still be ahead; it is not meant.
      if found.at < from { found = Self.moment((today + 1) * 86_400 + seconds, in: zone) }
      return found
    }
  }

  /// - Parameter wall: seconds from 1970-01-01T00:00 to what the clock shows.
  private static func moment(_ wall: Int64, in zone: TimeZone) -> Resolved {
    // No zone changes its clock twice within two days, so the offsets on both sides are all that can be meant.
    let (before, after) = (offset(of: zone, at: wall - 86_400), offset(of: zone, at: wall + 86_400))
    let fitting = Set([before, after]).filter { offset(of: zone, at: wall - $0) == $0 }.sorted(by: >)
    let shown = shown(wall)
    guard let offset = fitting.first else {
      let at = wall - before
      let instead = self.shown(at + after)
      return resolved(
        at, zone, wall: at + after,
        remark: "on that day the clocks of \(zone.identifier) skip \(shown); \(instead) is taken, which is the same time after the change")
    }
    guard fitting.count > 1 else { return resolved(wall - offset, zone, wall: wall, remark: nil) }
    return resolved(
      wall - offset, zone, wall: wall,
      remark: "on that day the clocks of \(zone.identifier) show \(shown) twice; the first time is taken")
  }

  private static func resolved(_ at: Int64, _ zone: TimeZone, wall: Int64, remark: String?) -> Resolved {
    Resolved(
      at: at * 1_000, words: "\(shown(wall)) in \(zone.identifier) (\(TimestampText.format(milliseconds: at * 1_000)))", remark: remark)
  }

  private static func shown(_ wall: Int64) -> String { String(TimestampText.format(milliseconds: wall * 1_000).dropLast()) }

  /// Seconds east of UTC.
  private static func offset(of zone: TimeZone, at seconds: Int64) -> Int64 {
    Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
  }
}
