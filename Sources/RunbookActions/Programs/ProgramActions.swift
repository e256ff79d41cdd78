import OrderedCollections
import RunbookPlan

/// The actions that run programs.
public enum ProgramActions {
  public static func all(_ running: ProgramRunning) -> [any Action] {
    [ExecRun(running: running), ExecCheck(running: running), ShellRun(running: running)]
  }
}

/// What `exec.run` and `shell.run` share: what a program did nobody but the plan can find out or take back.
protocol ProgramAction: ChangingAction {
  var running: ProgramRunning { get }
  func call(_ context: ActionContext) throws(ActionError) -> ProgramCall
}

extension ProgramAction {
  public func reservations(arguments: ValueMap, collection: String?) -> [String] { [] }

  /// Sees that the program is there, before anything is recorded as begun.
  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    _ = try call(context).image()
    return .null
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let statuses = context.arguments["okExitCodes"]?.listValue?.compactMap { $0.integerValue.map { Int32(clamping: $0) } } ?? [0]
    return try await running.run(try call(context), statuses: Set(statuses), in: context)
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    .unknown("only the plan can say whether a program did its work")
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult { UndoResult() }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? { nil }
}

extension ValueMap {
  /// The elements of `argv`.
  var argv: [String] { self["argv"]?.listValue?.compactMap(\.stringValue) ?? [] }

  /// Mistakes in what all programs are given.
  func programProblems() -> [ArgumentProblem] {
    var problems: [ArgumentProblem] = []
    if self["argv"]?.listValue?.isEmpty == true {
      problems.append(ArgumentProblem(path: ["argv"], message: "there is no program", help: "write argv: [ program, argument, … ]"))
    }
    if self["argv"]?.listValue?.first == .string("") {
      problems.append(ArgumentProblem(path: ["argv", "0"], message: "the program's name is empty"))
    }
    if self["okExitCodes"]?.listValue?.isEmpty == true {
      problems.append(
        ArgumentProblem(path: ["okExitCodes"], message: "no exit status would count as success", help: "list at least one, like [0]"))
    }
    if let limit = self["captureLimit"]?.integerValue, !(1...(256 * 1_024 * 1_024)).contains(limit) {
      problems.append(ArgumentProblem(path: ["captureLimit"], message: "it is from 1 byte to 256MiB"))
    }
    for name in (self["env"]?.mapValue ?? [:]).keys where name.isEmpty || name.contains("=") {
      problems.append(ArgumentProblem(path: ["env", name], message: "no variable can be called '\(name)'"))
    }
    return problems
  }
}
