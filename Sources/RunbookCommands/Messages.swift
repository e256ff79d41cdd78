import ArgumentParser
import Foundation
import RunbookJournal
import RunbookRuntime

/// Where words go: data to stdout, everything else to stderr.
enum Messages {
  static func error(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  static func data(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  /// What failed, in what state everything is, what comes next; then the exit.
  static func exit(_ failure: RunFailure) -> ExitCode {
    error("error[\(failure.code)]: \(failure.message)")
    error("  state now: \(failure.standing)")
    for (index, command) in failure.next.enumerated() { error((index == 0 ? "  next:      " : "             ") + command) }
    return ExitCode(failure.exitStatus)
  }

  static func exit(_ failure: JournalError) -> ExitCode {
    error("error[RB2504]: \(failure)")
    error("  state now: this command changed nothing")
    return ExitCode(failure.exitStatus)
  }

  static func usage(_ text: String, help: String? = nil) -> ExitCode {
    error("error[RB0064]: \(text)")
    if let help { error("help: \(help)") }
    return ExitCode(64)
  }

  /// Whether a stream is a terminal that shows colours, and nobody asked for none.
  static func showsColors(_ descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) == 1 && environment["NO_COLOR"].map(\.isEmpty) ?? true && environment["TERM"] != "dumb"
  }

  /// A person sits at this terminal; under CI nobody does.
  static var isInteractive: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 && (environment["CI"] ?? "").isEmpty
  }
}
