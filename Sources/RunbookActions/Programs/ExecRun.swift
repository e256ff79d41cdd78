import OrderedCollections
import RunbookPlan

/// `exec.run`: runs a program and waits for its end.
public struct ExecRun: ProgramAction {
  let running: ProgramRunning

  public init(running: ProgramRunning) { self.running = running }

  public var descriptor: ActionDescriptor { .execRun }

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { arguments.programProblems() }

  func call(_ context: ActionContext) throws(ActionError) -> ProgramCall { try running.call(context.arguments.argv, in: context) }
}
