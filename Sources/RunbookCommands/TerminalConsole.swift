import Foundation
import RunbookEngine
import RunbookReport
import RunbookRuntime
import Synchronization

/// Something that is shown where questions are asked, and steps aside for them.
protocol QuestionPlace: Sendable {
  func beginQuestion()
  func endQuestion()
}

/// Questions at the terminal. Lines are read on a thread of their own, since reading blocks.
final class TerminalConsole: Console {
  private let place: (any QuestionPlace)?

  /// - Parameter place: what has to step aside while a question is open.
  init(beside place: (any QuestionPlace)? = nil) {
    self.place = place
  }

  func ask(_ question: ConsoleQuestion) async -> ConsoleAnswer? {
    // What led to the question is recorded, and told, a moment after it is asked for.
    try? await Task.sleep(for: .milliseconds(Conductor.bufferTime + 50))
    place?.beginQuestion()
    defer { place?.endQuestion() }
    var text = "\n    \(TerminalText.lines(of: question.item.text).joined(separator: "\n    "))\n"
    if !question.people.isEmpty {
      text += "    to be answered by \(TerminalText.escaped(question.people.joined(separator: " or ")))\n"
    }
    text += "    confirm '\(question.item.id)'? [yes/no] "
    while true {
      guard let line = await read(prompt: text) else { return nil }
      switch line.lowercased() {
      case "y", "yes":
        let evidence = await evidence(for: question)
        if question.item.evidenceIsRequired, evidence == nil { return nil }
        return ConsoleAnswer(isYes: true, evidence: evidence)
      case "n", "no": return ConsoleAnswer(isYes: false, evidence: nil)
      default: text = "    please answer yes or no: "
      }
    }
  }

  private func evidence(for question: ConsoleQuestion) async -> String? {
    guard question.item.evidenceIsRequired else { return nil }
    while true {
      guard let line = await read(prompt: "    how is it known (required)? ") else { return nil }
      if !line.isEmpty { return line }
    }
  }

  /// Asks for a plain yes; anything else is a no.
  func confirm(_ text: String) async -> Bool {
    guard let line = await read(prompt: text) else { return false }
    return ["y", "yes"].contains(line.lowercased())
  }

  /// One line; nil at the end of the input, or when the question was taken back: then nothing is read that somebody types afterwards.
  private func read(prompt: String) async -> String? {
    StandardError.ask(prompt)
    let reader = LineReader()
    let line = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: reader.line()?.trimmingCharacters(in: .whitespaces)) }
      }
    } onCancel: {
      reader.cancel()
    }
    StandardError.endQuestion(isAnswered: line != nil)
    return line
  }
}

/// Reads one line of stdin, and stops reading when it is told to.
private final class LineReader: Sendable {
  private let isCancelled = Atomic<Bool>(false)
  /// What was read beyond the last line: a terminal gives one line at a time, a pipe does not.
  private static let left = Mutex<[UInt8]>([])

  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  func line() -> String? {
    Self.left.withLock { left in
      while !isCancelled.load(ordering: .relaxed) {
        if let end = left.firstIndex(of: UInt8(ascii: "\n")) {
          defer { left.removeFirst(end + 1) }
          return String(decoding: left[..<end], as: UTF8.self)
        }
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&input, 1, 50) > 0 else { continue }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
        if count < 0, errno == EINTR || errno == EAGAIN { continue }
        guard count > 0 else { return rest(of: &left) }
        left += bytes[..<count]
      }
      return nil
    }
  }

  /// The input ended; what stands there without a line break is a line.
  private func rest(of left: inout [UInt8]) -> String? {
    defer { left = [] }
    return left.isEmpty ? nil : String(decoding: left, as: UTF8.self)
  }
}
