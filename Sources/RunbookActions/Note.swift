import OrderedCollections
import RunbookPlan

/// `note`: a sentence that is shown and recorded.
public struct Note: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "note",
    summary: "Shows a sentence and records it.",
    isMutating: false,
    targetType: nil,
    fields: [.init("text", .text, required: true, "What is said.")],
    outputs: [.init("text", .text, "What was said.")],
    mainOutput: "text",
    effectClass: .idempotent,
    interrupt: .abort,
    example: """
      - id: said
        action: note
        with: { text: The cache is cleared by the frontend team }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { [] }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    Observation(outputs: ["text": context.arguments["text"] ?? .string("")])
  }
}
