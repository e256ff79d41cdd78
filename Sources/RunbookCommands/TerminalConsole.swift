import Foundation
import RunbookRuntime
import Synchronization

/// Questions at the terminal. Lines are read on a thread of their own, since reading blocks.
final class TerminalConsole: Console {
  func ask(_ question: ConsoleQuestion) async -> ConsoleAnswer? {
    var text = "\n    \(question.item.text)\n"
    if !question.people.isEmpty { text += "    to be answered by \(question.people.joined(separator: " or "))\n" }
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

  private func read(prompt: String) async -> String? {
    FileHandle.standardError.write(Data(prompt.utf8))
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: readLine(strippingNewline: true)?.trimmingCharacters(in: .whitespaces)) }
    }
  }
}
