import ArgumentParser
import Foundation
import RunbookJournal
import RunbookReport
import RunbookRuntime
import RunbookSyntax

/// Where words go: data to stdout, everything else to stderr.
enum Messages {
  static func error(_ text: String) {
    StandardError.write(text + "\n")
  }

  static func data(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  /// What failed, in what state everything is, what comes next; then the exit.
  /// - Parameter state: the `--state` that the command was given; it has to stand in the next commands, too.
  static func exit(_ failure: RunFailure, state: String?) -> ExitCode {
    error("error[\(failure.code)]: \(failure.message)")
    error("  state now: \(failure.standing)")
    for (index, command) in failure.next(with: state).enumerated() { error((index == 0 ? "  next:      " : "             ") + command) }
    return ExitCode(failure.exitStatus)
  }

  static func exit(_ failure: JournalError, state: String?) -> ExitCode {
    let next: [String] =
      switch failure {
      case .unknownRun: ["runbook list "]
      case .noState: ["run the command where the plan was executed, or name the state with --state or RUNBOOK_STATE"]
      case .locked(let run, _): ["runbook status \(run)", "runbook rollback \(run)"]
      case .overtaken(let run, _, _): ["runbook status \(run)"]
      case .notRecorded: ["make room, or make the state writable, then type the same command again"]
      default: []
      }
    let told = RunFailure(
      code: "RB2504", exitStatus: failure.exitStatus, message: "\(failure)", standing: "this command changed nothing", next: next)
    return exit(told, state: state)
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

extension RunFailure {
  /// What can come next, with the state that the command was given.
  func next(with state: String?) -> [String] {
    next.map { line in
      let command = line.hasPrefix("then: ") ? String(line.dropFirst("then: ".count)) : line
      return NextCommands.complete(command, stateOption: state).trimmingCharacters(in: .whitespaces)
    }
  }
}

extension [Diagnostic] {
  /// The diagnostics as they are shown on stderr.
  var shown: String {
    rendered(colored: Messages.showsColors(STDERR_FILENO)).trimmingCharacters(in: .newlines)
  }
}
