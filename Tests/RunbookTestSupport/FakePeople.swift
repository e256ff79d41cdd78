import RunbookActions
import RunbookEngine
import RunbookRuntime
import Synchronization

/// Keeps what a run tells.
public final class RecordingObserver: RunObserver {
  private let events = Mutex<[RunEvent]>([])
  private let onEvent: @Sendable (RunEvent) -> Void

  public init(onEvent: @escaping @Sendable (RunEvent) -> Void = { _ in }) {
    self.onEvent = onEvent
  }

  public func observe(_ event: RunEvent) {
    events.withLock { $0.append(event) }
    onEvent(event)
  }

  public var all: [RunEvent] { events.withLock { $0 } }

  public var entries: [Entry] { all.flatMap { event -> [Entry] in if case .recorded(let entries) = event { entries } else { [] } } }
  public var notices: [String] { all.compactMap { if case .notice(let text) = $0 { text } else { nil } } }
  /// Everything that was told, as text.
  public var text: String { all.map { String(describing: $0) }.joined(separator: "\n") }
}

/// Answers questions as it was told to; a question that nobody prepared is taken back.
public final class ScriptedConsole: Console {
  private let answers: [String: ConsoleAnswer]
  private let questions = Mutex<[ConsoleQuestion]>([])

  public init(_ answers: [String: ConsoleAnswer]) {
    self.answers = answers
  }

  public var asked: [ConsoleQuestion] { questions.withLock { $0 } }

  public func ask(_ question: ConsoleQuestion) async -> ConsoleAnswer? {
    questions.withLock { $0.append(question) }
    return answers[question.item.id]
  }
}
