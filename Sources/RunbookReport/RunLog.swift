import OrderedCollections
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// One line of a run's log: an entry of the journal, or something that stands beside it.
public struct LogLine: Sendable, Hashable {
  public enum Source: String, Sendable, Hashable { case entry, output, progress, window }

  /// Milliseconds since 1970.
  public let at: Int64
  public let source: Source
  /// The entry's number; nil for what stands beside the journal.
  public let seq: Int64?
  /// The entry's kind, or the stream of an output.
  public let kind: String
  /// The id of the step, check, phase or trigger.
  public let subject: String?
  public let text: String
  public let data: Value

  /// `2026-01-02T03:04:05.678Z  step 'change': started`, several lines where an output has several.
  public var rendered: String {
    let time = TimestampText.format(milliseconds: at)
    // Whole seconds have no fraction, and all lines shall begin alike.
    let stamp = time.count == 20 ? time.dropLast() + ".000Z" : time
    return TerminalText.lines(of: text.isEmpty ? " " : text).map { "\(stamp)  \($0)" }.joined(separator: "\n")
  }

  /// As `logs --format json` gives it.
  public var value: Value {
    var map: ValueMap = ["at": .timestamp(at), "source": .string(source.rawValue), "kind": .string(kind)]
    if let seq { map["entry"] = .integer(seq) }
    if let subject { map["subject"] = .string(subject) }
    map["text"] = .string(text)
    map["data"] = data
    return Value.map(map).plainJSON
  }
}

/// A run's log as it grows: each call of `lines` gives what is new since the one before.
public struct RunLog: Sendable {
  private let run: String
  private let titles: PlanTitles
  private let step: String?
  private var words: EntryText
  private var nextSeq: Int64 = 1
  private var effects: OrderedSet<EffectID> = []
  private var told: [String: Told] = [:]

  /// How far what stands beside the journal was told.
  private struct Told {
    var at: Int64 = .min
    var countAtLast = 0
  }

  /// - Parameter step: tell only what is about this step and what belongs to it.
  public init(run: String, titles: PlanTitles, step: String?) {
    self.run = run
    self.titles = titles
    self.step = step
    words = EntryText(titles: titles)
  }

  /// What is new, in the order of time; entries of the same moment before what stands beside them.
  /// - Throws: what reading a journal throws.
  public mutating func lines(from journal: some Journal) async throws(JournalError) -> [LogLine] {
    var lines: [LogLine] = []
    for record in try await journal.records(of: run, from: nextSeq) {
      nextSeq = record.seq + 1
      let entry: Entry
      do throws(EntryDecodingError) {
        entry = try Entry(kind: record.kind, version: record.version, payload: record.payload)
      } catch {
        throw JournalError.damaged("\(error)", seq: record.seq)
      }
      if case .effectRequested(let id) = entry.kind { effects.append(id) }
      let (subject, text) = words.line(for: entry)
      lines.append(
        LogLine(at: record.at, source: .entry, seq: record.seq, kind: record.kind, subject: subject, text: text, data: record.payload))
    }
    lines += try await besides(journal)
    let fitting = lines.filter { fits($0.subject) }
    return fitting.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  private mutating func besides(_ journal: some Journal) async throws(JournalError) -> [LogLine] {
    var lines: [LogLine] = []
    for effect in effects where effect.verb == .perform || effect.verb == .undo || effect.verb == .check {
      for row in fresh(try await journal.output(of: run, effect: effect.description), "output \(effect)", at: \.at) {
        let text = row.text.hasSuffix("\n") ? String(row.text.dropLast()) : row.text
        let prefixed = text.split(separator: "\n", omittingEmptySubsequences: false).map { "'\(effect.subject)' \(row.stream): \($0)" }
        lines.append(
          LogLine(
            at: row.at, source: .output, seq: nil, kind: row.stream, subject: effect.subject, text: prefixed.joined(separator: "\n"),
            data: .object(["effect": .string(effect.description), "text": .string(row.text)])))
      }
    }
    for row in fresh(try await journal.progress(of: run).sorted { $0.at < $1.at }, "progress", at: \.at) {
      let subject = EffectID(row.effect)?.subject
      lines.append(
        LogLine(
          at: row.at, source: .progress, seq: nil, kind: "progress", subject: subject,
          text: "'\(subject ?? row.effect)': \(Self.progress(row.payload))", data: row.payload))
    }
    for row in fresh(try await journal.windows(of: run).sorted { $0.lastAt < $1.lastAt }, "windows", at: \.lastAt) {
      let count = PeopleText.count(Int(row.count), "window")
      lines.append(
        LogLine(
          at: row.lastAt, source: .window, seq: nil, kind: row.verdict, subject: row.trigger,
          text: "trigger '\(row.trigger)': \(count) with \(row.verdict) since \(TimestampText.format(milliseconds: row.firstAt))",
          data: row.payload))
    }
    return lines
  }

  /// The rows that were not told yet. Rows come in the order of time, and old ones may be gone.
  private mutating func fresh<Row>(_ rows: [Row], _ key: String, at: (Row) -> Int64) -> [Row] {
    var known = told[key, default: Told()]
    let last = known.at
    let atLast = rows.filter { at($0) == last }.count
    var skip = min(known.countAtLast, atLast)
    let new = rows.filter { row in
      if at(row) < last { return false }
      if at(row) == last, skip > 0 {
        skip -= 1
        return false
      }
      return true
    }
    if let newest = rows.last.map(at) {
      known.at = max(newest, last)
      known.countAtLast = rows.filter { at($0) == known.at }.count
      told[key] = known
    }
    return new
  }

  private static func progress(_ payload: Value) -> String {
    var text = PeopleText.number(payload["done"]?.integerValue ?? 0)
    if let total = payload["total"]?.integerValue { text += " of \(PeopleText.number(total))" }
    if let unit = payload["unit"]?.stringValue { text += " \(unit)" }
    if let note = payload["note"]?.stringValue { text += ", \(note)" }
    return text
  }

  private func fits(_ subject: String?) -> Bool {
    guard let step else { return true }
    guard let subject else { return false }
    return subject == step || titles.owner(of: subject) == step
  }
}

extension PlanTitles {
  /// The step that a check, capture or undo step belongs to.
  func owner(of id: String) -> String? {
    switch self[id]?.place {
    case .undoStep(let step), .stepPrecondition(let step), .stepVerify(let step), .capture(let step): step
    default: nil
    }
  }
}
