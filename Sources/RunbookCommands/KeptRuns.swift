import Foundation
import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSQLiteJournal
import RunbookSyntax

/// What is recorded of a run after its end, without folding its journal: whether it was finalized, and what that left.
struct RunAftermath {
  let listing: RunListing
  let status: RunStatus
  let endedAt: Int64
  /// Microseconds that the run stays reversible after its end.
  let keepUndo: Int64
  let finalized: (who: String, at: Int64)?
  /// What the last cleaning up left, by target; nil where there was none.
  let cleanedUp: Value?

  /// When its undo entries may go without anybody being asked, in milliseconds.
  var reversibleUntil: Int64 { endedAt + keepUndo / 1_000 }

  var isReversible: Bool { status == .succeeded && finalized == nil }

  /// Backups that the last cleaning up left.
  var leftBackups: [Value] { (cleanedUp?.mapValue ?? [:]).values.flatMap { $0["left"]?["backups"]?.listValue ?? [] } }

  /// Whether there is something that `finalize --expired` removes.
  func isExpired(at now: Int64) -> Bool {
    if finalized == nil { return reversibleUntil <= now }
    // Recorded as finalized, and then cut off.
    guard cleanedUp != nil else { return true }
    return leftBackups.contains { backup in backup["expiresAt"]?.timestampValue.map { $0 <= now } ?? false }
  }

  /// Nil for a run that has not ended, or that changed nothing and so keeps nothing.
  static func read(_ listing: RunListing, from journal: SQLiteJournal) async throws(JournalError) -> RunAftermath? {
    guard let status = listing.status.flatMap({ RunStatus(rawValue: $0.word) }), status.isEnd, status != .failed,
      listing.reservesCollections, listing.headSeq > 0
    else { return nil }
    var endedAt: Int64?
    var finalized: (who: String, at: Int64)?
    var cleanedUp: Value?
    var first = listing.headSeq + 1
    var step: Int64 = 16
    // The end stands among the last records; what was decided after it stands behind it.
    while endedAt == nil, first > 1 {
      let last = first - 1
      first = max(1, first - step)
      step *= 8
      for record in try await journal.records(of: listing.run, from: first, limit: Int(last - first + 1)) {
        switch record.kind {
        case "runEnded": endedAt = record.at
        case "finalized": finalized = finalized ?? (record.payload["who"]?.stringValue ?? "", record.at)
        case "cleanedUp": cleanedUp = record.payload["targets"]
        default: break
        }
      }
    }
    guard let endedAt else { return nil }
    let bytes = try await journal.header(of: listing.run).planBytes
    let plan = PlanLoader.load(SourceFile(path: "stored plan of \(listing.run)", bytes: bytes)).plan
    return RunAftermath(
      listing: listing, status: status, endedAt: endedAt, keepUndo: plan?.metadata.keepUndo ?? Metadata(id: "", title: nil).keepUndo,
      finalized: finalized, cleanedUp: cleanedUp)
  }

  /// What is kept, in words.
  func words(at now: Int64) -> String {
    let age = Self.age(now - endedAt)
    let keep = DurationText.format(microseconds: keepUndo)
    var text: String
    if let finalized {
      text = "finalized by \(finalized.who)"
      if cleanedUp == nil { text += ", not yet cleaned up" }
      let names = leftBackups.compactMap { $0["name"]?.stringValue }
      if !names.isEmpty { text += "; backup \(names.joined(separator: ", "))" }
    } else if isReversible {
      text = reversibleUntil > now ? "undo, \(age) old, kept for \(keep)" : "undo, \(age) old, past its \(keep)"
    } else {
      text = "records of its undo, \(age) old"
    }
    return text
  }

  /// Days, hours, minutes or seconds, whichever says enough.
  static func age(_ milliseconds: Int64) -> String {
    let minutes = max(milliseconds, 0) / 60_000
    if minutes == 0 { return "\(max(milliseconds, 0) / 1_000)s" }
    if minutes < 60 { return "\(minutes)m" }
    return minutes < 48 * 60 ? "\(minutes / 60)h" : "\(minutes / 60 / 24)d"
  }

  var value: ValueMap {
    var map: ValueMap = [
      "reversible": .bool(isReversible), "endedAt": .timestamp(endedAt), "reversibleUntil": .timestamp(reversibleUntil),
    ]
    if let finalized {
      map["finalizedBy"] = .string(finalized.who)
      map["finalizedAt"] = .timestamp(finalized.at)
    }
    if let cleanedUp { map["cleanedUp"] = cleanedUp }
    return map
  }
}

extension RunListing {
  /// Whether the run reserved collections somewhere: only then it may have changed one.
  var reservesCollections: Bool {
    (targets.mapValue ?? [:]).values.contains { place in
      place["reserved"]?.listValue?.contains { $0.stringValue?.hasPrefix("collection:") ?? false } ?? false
    }
  }
}

/// A recorded run with its targets at hand, for commands that look at what it keeps.
struct TargetAccess {
  let launcher: RunLauncher
  let targets: TargetSet

  init(_ recorded: RecordedRun, journal: SQLiteJournal, redactor: Redactor) {
    let setting = Wiring.setting(
      bound: recorded.bound, header: recorded.header, journal: journal, redactor: redactor, observer: NoticeObserver(),
      answersByItself: false)
    targets = Wiring.targets(setting: setting, planDirectory: RunningOptions.directory(of: recorded.header.planPath))
    launcher = RunLauncher(setting: setting, targets: targets, onLeading: { _ in })
  }
}

/// Passes on what is waited for and what a person should know, and nothing else.
struct NoticeObserver: RunObserver {
  func observe(_ event: RunEvent) {
    switch event {
    case .waiting(let text), .notice(let text): Messages.error("  … \(text)")
    default: break
    }
  }
}
