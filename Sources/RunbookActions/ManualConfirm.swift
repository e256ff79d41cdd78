import OrderedCollections
import RunbookPlan

/// `manual.confirm`: people answer questions that no program can; the run records who, when, and with what evidence.
public struct ManualConfirm: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "manual.confirm",
    summary: "Asks people to confirm what no program can see, and records who did and when.",
    isMutating: false,
    targetType: nil,
    fields: [
      .init("items", .list(.object(Self.itemFields)), "The questions, each with an id of its own."),
      .init("text", .text, "One question; instead of `items`."),
      .init("by", .oneOf([.list(.text), .text]), "Who may answer `text`: ids of `people`."),
      .init("evidence", .choice(["required", "optional"]), default: "optional", "Whether `text` needs a note that says how it is known."),
      .init("expires", .duration, "How long answers are awaited; afterwards the confirmation is no longer given."),
    ],
    outputs: [
      .init("confirmed", .boolean, "True where every item was answered with yes."),
      .init("by", .mapping(.text), "Who answered, by item."),
      .init("at", .mapping(.timestamp), "When, by item."),
      .init("notes", .mapping(.text), "The evidence given, by item."),
    ],
    mainOutput: "confirmed",
    effectClass: .read,
    interrupt: .abort,
    example: """
      - id: features
        action: manual.confirm
        with:
          items:
            - { id: browsing, by: qa, text: Search and detail pages work, evidence: optional }
      """)

  private static let itemFields: [FieldType.Field] = [
    .init("id", .text, required: true, "Names the item in `runbook confirm`."),
    .init("text", .text, required: true, "What is confirmed."),
    .init("by", .oneOf([.list(.text), .text]), "Who may answer: ids of `people`; left out, anybody."),
    .init("evidence", .choice(["required", "optional"]), default: "optional", "Whether a note is needed that says how it is known."),
  ]

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    let hasItems = arguments["items"] != nil || unknown.contains("items")
    let hasText = arguments["text"] != nil || unknown.contains("text")
    if hasItems == hasText {
      return [
        ArgumentProblem(
          path: hasItems ? ["text"] : [], message: hasItems ? "'items' and 'text' exclude each other" : "'items' or 'text' is needed",
          help: hasItems ? "write the text as one of the items" : "write 'text: what is confirmed', or a list of items")
      ]
    }
    var problems: [ArgumentProblem] = []
    var seen: Set<String> = []
    for (index, item) in (arguments["items"]?.listValue ?? []).enumerated() {
      guard let id = item["id"]?.stringValue else { continue }
      if !seen.insert(id).inserted {
        problems.append(ArgumentProblem(path: ["items", String(index), "id"], message: "two items have the id '\(id)'"))
      }
    }
    if arguments["items"]?.listValue?.isEmpty == true {
      problems.append(ArgumentProblem(path: ["items"], message: "there is nothing to confirm", help: "list at least one item"))
    }
    return problems
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let gate = Self.gate(of: context)
    let answers = try await context.people.answers(to: gate)
    var (by, at, notes) = (ValueMap(), ValueMap(), ValueMap())
    for answer in answers {
      by[answer.item] = .string(answer.by)
      at[answer.item] = .timestamp(answer.at)
      if let evidence = answer.evidence { notes[answer.item] = .string(evidence) }
    }
    let refused = answers.filter { !$0.isYes }
    let confirmed = refused.isEmpty && gate.items.allSatisfy { item in answers.contains { $0.item == item.id } }
    var outputs: ValueMap = ["confirmed": .bool(confirmed), "by": .map(by), "at": .map(at), "notes": .map(notes)]
    if !refused.isEmpty { outputs["refused"] = .list(refused.map { .string($0.item) }) }
    return Observation(outputs: outputs, refusal: confirmed ? nil : Self.refusal(refused, gate, answers))
  }

  private static func refusal(_ refused: [GateAnswer], _ gate: Gate, _ answers: [GateAnswer]) -> String {
    if !refused.isEmpty {
      return "'\(gate.subject)' was refused: " + refused.map { "\($0.item) by \($0.by)" }.joined(separator: ", ")
    }
    let open = gate.items.filter { item in !answers.contains { $0.item == item.id } }
    return "'\(gate.subject)' was not confirmed in time: " + open.map(\.id).joined(separator: ", ")
  }

  static func gate(of context: ActionContext) -> Gate {
    gate(subject: context.subject, arguments: context.arguments, requestedAt: context.requestedAt)
  }

  /// The gate that the arguments describe; a single `text` becomes one item named like its step or check.
  static func gate(subject: String, arguments: ValueMap, requestedAt: Int64?) -> Gate {
    var items: [Gate.Item] = []
    if let text = arguments["text"]?.stringValue {
      let evidence = arguments["evidence"] == .string("required")
      items.append(Gate.Item(id: subject, text: text, by: names(arguments["by"]), evidenceIsRequired: evidence))
    }
    for item in arguments["items"]?.listValue ?? [] {
      items.append(
        Gate.Item(
          id: item["id"]?.stringValue ?? subject, text: item["text"]?.stringValue ?? "", by: names(item["by"]),
          evidenceIsRequired: item["evidence"] == .string("required")))
    }
    var expiresAt: Int64?
    if let requestedAt, let expires = arguments["expires"]?.durationValue { expiresAt = requestedAt + expires / 1_000 }
    return Gate(subject: subject, title: nil, items: items, expiresAt: expiresAt)
  }

  private static func names(_ value: Value?) -> [String] {
    switch value {
    case .string(let name): [name]
    case .list(let names): names.compactMap(\.stringValue)
    default: []
    }
  }
}
