import OrderedCollections
import RunbookPlan

/// `exec.check`: runs a program that only looks. Every exit status is an observation.
public struct ExecCheck: ReadingAction {
  private let running: ProgramRunning

  public init(running: ProgramRunning) { self.running = running }

  public var descriptor: ActionDescriptor { .execCheck }

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { arguments.programProblems() }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try running.call(context.arguments.argv, in: context)
    return Observation(outputs: try await running.run(call, statuses: nil, in: context).outputs)
  }
}
