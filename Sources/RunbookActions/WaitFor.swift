import OrderedCollections
import RunbookPlan

/// `wait.for`: lets time pass. The moment it ends is fixed when it is first asked for, so that a crash does not make it longer.
public struct WaitFor: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "wait.for",
    summary: "Waits for a length of time; a crash or a pause does not make it longer.",
    isMutating: false,
    targetType: nil,
    fields: [.init("duration", .duration, required: true, "How long.")],
    outputs: [.init("waited", .duration, "How long it was.")],
    mainOutput: "waited",
    effectClass: .read,
    interrupt: .abort,
    example: """
      - id: bake
        action: wait.for
        with: { duration: 10m }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { [] }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let duration = context.arguments["duration"]?.durationValue ?? 0
    try await Waiting(context, until: context.requestedAt + duration / 1_000).pass(nil)
    return Observation(outputs: ["waited": .duration(duration)])
  }
}
