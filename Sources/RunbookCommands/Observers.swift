import Foundation
import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookPlan
import RunbookReport
import RunbookRuntime
import Synchronization

/// Tells a run on stderr, line by line.
final class TextObserver: RunObserver {
  private let narrator: Mutex<RunNarrator>
  private let pace: Mutex<[EffectID: Rate]> = Mutex([:])

  private struct Rate {
    var startedAt: ContinuousClock.Instant
    var shownAt: ContinuousClock.Instant
    var first: Int64
    var hadNote = false
  }

  init(narrator: RunNarrator) {
    self.narrator = Mutex(narrator)
  }

  func observe(_ event: RunEvent) {
    switch event {
    case .recorded(let entries):
      let lines = narrator.withLock { narrator in entries.flatMap { narrator.lines(for: $0) } }
      if !lines.isEmpty { Messages.error(lines.joined(separator: "\n")) }
    case .progress(let effect, let progress): show(progress, of: effect)
    case .looked, .judged: break
    case .waiting(let text): Messages.error("  … \(TerminalText.escaped(text))")
    case .notice(let text): Messages.error(TerminalText.lines(of: text).joined(separator: "\n"))
    case .warnings(let subject, let texts):
      for text in texts { Messages.error("    warning: \(subject): \(TerminalText.escaped(text))") }
    }
  }

  /// A line a second in the first twenty, then rarer, at last one a minute: what goes on for hours does not fill a log.
  static func interval(after elapsed: Duration) -> Duration { min(max(.seconds(1), elapsed / 20), .seconds(60)) }

  /// A line for each effect now and then, and where a note comes or goes.
  private func show(_ progress: RunbookActions.Progress, of effect: EffectID) {
    let now = ContinuousClock.now
    let isTold = narrator.withLock { $0.hasTold(effect) }
    let line = pace.withLock { pace -> String? in
      // What is not told yet was just begun, and its line is about to come; or an earlier process began it.
      var rate = pace[effect] ?? Rate(startedAt: now, shownAt: isTold ? now - .seconds(1) : now, first: progress.done)
      defer { pace[effect] = rate }
      let (wait, hasNote) = (now - rate.shownAt, progress.note != nil)
      let isDue = wait >= Self.interval(after: now - rate.startedAt)
      guard isDue || wait >= .seconds(1) && hasNote != rate.hadNote else { return nil }
      (rate.shownAt, rate.hadNote) = (now, hasNote)
      let seconds = Double((now - rate.startedAt).components.seconds) + Double((now - rate.startedAt).components.attoseconds) / 1e18
      let speed = seconds > 0.2 ? Double(progress.done - rate.first) / seconds : 0
      return Self.line(progress, speed: speed)
    }
    if let line { Messages.error((narrator.withLock { $0.goingOn(with: effect) } + [line]).joined(separator: "\n")) }
  }

  private static func line(_ progress: RunbookActions.Progress, speed: Double) -> String {
    var text = "    … \(PeopleText.number(progress.done))"
    // What arrives meanwhile is done, too: then the number that was there at the start says nothing any more.
    if let total = progress.total, total >= progress.done { text += " of \(PeopleText.number(total))" }
    text += " \(progress.unit)"
    if speed >= 1 {
      text += ", \(PeopleText.number(Int64(speed)))/s"
      if let total = progress.total, total > progress.done {
        text += ", about \(PeopleText.duration(milliseconds: Int64(Double(total - progress.done) / speed * 1_000))) left"
      }
    }
    if let note = progress.note { text += ", \(TerminalText.escaped(note))" }
    return text
  }
}

/// Tells a run on stdout, one JSON object a line.
final class NDJSONObserver: RunObserver {
  private let run: String

  init(run: String) {
    self.run = run
  }

  func observe(_ event: RunEvent) {
    switch event {
    case .recorded(let entries):
      for entry in entries {
        emit(["event": .string(entry.kindName), "at": .timestamp(entry.at), "data": entry.payload])
      }
    case .progress(let effect, let progress):
      var map: ValueMap = [
        "event": "progress", "effect": .string(effect.description), "done": .integer(progress.done), "unit": .string(progress.unit),
      ]
      if let total = progress.total { map["total"] = .integer(total) }
      if let note = progress.note { map["note"] = .string(note) }
      emit(map)
    case .looked, .judged: break
    case .waiting(let text): emit(["event": "waiting", "text": .string(text)])
    case .notice(let text): emit(["event": "notice", "text": .string(text)])
    case .warnings(let subject, let texts):
      emit(["event": "warnings", "subject": .string(subject), "texts": .list(texts.map(Value.string))])
    }
  }

  func emit(_ map: ValueMap) {
    var line: ValueMap = ["run": .string(run)]
    for (key, value) in map { line[key] = value }
    Messages.data(Value.map(line).plainJSON.encodedJSON())
  }
}
