import Foundation
import RunbookActions
import RunbookEngine
import RunbookReport
import RunbookRuntime
import Synchronization

/// Tells a run on a terminal: what is finished as plain lines that scroll away, what is under way in a block below them.
///
/// What happens only changes the view; a thread draws it, at most ten times a second and only when something is different.
final class LiveObserver: RunObserver {
  private struct Telling {
    var narrator: RunNarrator
    var view: LiveView
    var lines: [String] = []
    /// When progress came first of an effect that nothing was said of yet.
    var untold: [EffectID: Int64] = [:]
    /// Questions that are open at the terminal: while there are any the block is away.
    var questions = 0
    var isOver = false

    /// What is not told yet was just begun, and its line is about to come; or, after a second, an earlier process began it.
    mutating func noteProgress(of effect: EffectID, at now: Int64) {
      guard !narrator.hasTold(effect) else { return }
      let since = untold[effect] ?? now
      untold[effect] = since
      if now - since >= 1_000 { lines += narrator.goingOn(with: effect) }
    }
  }

  private let telling: Mutex<Telling>
  /// Held while something is sent: a terminal that takes nothing must not hold up the run.
  private let drawing = Mutex(())
  private let colored: Bool
  private let clock = SystemClock()

  /// Seconds between two looks whether something has to be drawn.
  private static let interval = 0.1
  /// Columns that the block takes at most: what stands far apart is hard to read as one line.
  private static let widest = 120

  init(narrator: RunNarrator, view: LiveView, colored: Bool) {
    telling = Mutex(Telling(narrator: narrator, view: view))
    self.colored = colored
  }

  func begin() {
    LiveSignals.install()
    TerminalEcho.hide()
    // A thread of its own: a terminal may take nothing for a while, and whoever writes to it waits.
    Thread.detachNewThread { [self] in
      while !telling.withLock({ $0.isOver }) {
        draw()
        Thread.sleep(forTimeInterval: Self.interval)
      }
    }
  }

  /// Writes what is still to be said, takes the block away and leaves the terminal as it was.
  func end() {
    let isFirst = telling.withLock { telling in
      defer { telling.isOver = true }
      return !telling.isOver
    }
    guard isFirst else { return }
    draw()
    TerminalEcho.show()
    LiveSignals.remove()
  }

  /// Ctrl-C was pressed.
  func noteStop() { telling.withLock { $0.view.isStopping = true } }

  func observe(_ event: RunEvent) {
    telling.withLock { telling in
      switch event {
      case .recorded(let entries):
        for entry in entries {
          telling.lines += telling.narrator.lines(for: entry)
          telling.view.take(entry)
        }
      case .looked(let effect, let result): telling.view.take(look: result, of: effect, at: clock.now())
      case .judged(let window): telling.view.take(window: window)
      case .progress(let effect, let progress):
        let now = clock.now()
        telling.noteProgress(of: effect, at: now)
        let shown = LiveProgress(done: progress.done, total: progress.total, unit: progress.unit, note: progress.note, at: now)
        telling.view.take(progress: shown, of: effect, at: now)
      case .waiting(let text): telling.lines.append("  … \(TerminalText.escaped(text))")
      case .notice(let text): telling.lines += TerminalText.lines(of: text)
      case .warnings(let subject, let texts):
        telling.lines += texts.map { "    warning: \(subject): \(TerminalText.escaped($0))" }
      }
    }
  }

  private func draw() {
    let size = LiveTerminal.size
    let fits = size.columns >= LiveView.smallest.columns && size.rows >= LiveView.smallest.rows && LiveTerminal.isInForeground
    drawing.withLock { _ in
      let (lines, block) = telling.withLock { telling in
        defer { telling.lines = [] }
        guard fits, !telling.isOver, telling.questions == 0 else { return (telling.lines, [StyledLine]()) }
        // One column stays free, so that no terminal is ever about to wrap.
        let height = LiveTerminal.blockHeight(rows: size.rows)
        return (telling.lines, telling.view.lines(columns: min(size.columns - 1, Self.widest), height: height, now: clock.now()))
      }
      StandardError.show(block, below: lines, columns: size.columns, colored: colored)
    }
  }
}

extension LiveObserver: QuestionPlace {
  func beginQuestion() {
    telling.withLock { $0.questions += 1 }
    draw()
    TerminalEcho.show()
  }

  func endQuestion() {
    TerminalEcho.hide()
    telling.withLock { $0.questions -= 1 }
  }
}
