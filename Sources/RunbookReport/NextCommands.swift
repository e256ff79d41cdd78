import OrderedCollections
import RunbookPlan

/// Command lines as a person can type them: with the params that a run was given and the state that it is recorded in.
public struct NextCommands: Sendable {
  /// The command that begins another run of the same plan in the same way.
  public let execute: String
  private let stateOption: String?

  /// - Parameters:
  ///   - params: what the run was given, defaults included; only what differs from the plan's defaults is written.
  ///   - stateOption: the `--state` that the command was given, if any.
  public init(plan: Plan, params: ValueMap, planPath: String, stateOption: String?) {
    let given = plan.params.compactMap { param -> String? in
      guard let value = params[param.name], value != param.defaultValue, let text = value.referenceText else { return nil }
      return " --param " + Self.quoted("\(param.name)=\(text)")
    }
    execute = "runbook execute \(Self.quoted(planPath))" + given.joined()
    self.stateOption = stateOption
  }

  public func complete(_ command: String) -> String { Self.complete(command, stateOption: stateOption) }

  /// Puts the state into a command; a sentence stays as it is.
  public static func complete(_ line: String, stateOption: String?) -> String {
    guard let stateOption, line.hasPrefix("runbook ") else { return line }
    let verbs = [
      "execute", "resume", "rollback", "status", "list", "confirm", "close", "unlock", "pause", "cancel", "finalize", "logs", "report",
      "verify",
    ]
    return verbs.reduce(line) { line, verb in
      line.replacing("runbook \(verb) ", with: "runbook \(verb) --state \(quoted(stateOption)) ")
    }
  }

  /// A word for a POSIX shell.
  public static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy { scalar in
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        || "-_./:=,@%+".unicodeScalars.contains(scalar)
    }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
