import OrderedCollections
import RunbookPlan

/// `shell.run`: runs a script. On this machine the shell gets it with `-c`, so that its standard input stays free; behind a target's `via`, which
/// may join words and read them again, as its standard input.
public struct ShellRun: ProgramAction {
  let running: ProgramRunning

  public init(running: ProgramRunning) { self.running = running }

  public var descriptor: ActionDescriptor { .shellRun }

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    var problems = arguments.programProblems()
    if arguments["shell"]?.stringValue.map({ Self.words($0).isEmpty }) ?? false {
      problems.append(
        ArgumentProblem(path: ["shell"], message: "there is no shell", help: "write a program with its options, like /bin/sh -eu"))
    }
    return problems
  }

  func call(_ context: ActionContext) throws(ActionError) -> ProgramCall {
    let shell = Self.words(context.arguments["shell"]?.stringValue ?? "/bin/sh -eu")
    let script = context.arguments["run"]?.stringValue ?? ""
    guard let target = context.target as? ExecTarget, !target.via.isEmpty else {
      return try running.call(shell + ["-c", script], in: context)
    }
    if context.arguments["stdin"] != nil {
      throw ActionError(
        code: "RB2708",
        message: "target '\(target.name)' has 'via', so the script itself is what the shell reads, and 'stdin' cannot be used",
        kind: .mistake, help: "hand the text over in another way, or run the script by exec.run")
    }
    return try running.call(shell, stdin: script.hasSuffix("\n") ? script : script + "\n", in: context)
  }

  private static func words(_ text: String) -> [String] { text.split(whereSeparator: \.isWhitespace).map(String.init) }
}
