import OrderedCollections
import RunbookPlan

/// `baseline.record`: measures, and keeps what came of it for later checks.
public struct BaselineRecord: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "baseline.record",
    summary: "Measures and keeps the outputs under the step's id, for `notWorseThan` of later checks.",
    isMutating: false,
    targetType: nil,
    fields: [
      .init("measure", .measurement, required: true, "What is measured: an action that reads, with target, collection and arguments."),
      .init("maxAge", .duration, "A check that compares with an older baseline has no data."),
    ],
    outputs: [],
    mainOutput: nil,
    effectClass: .read,
    example: """
      - id: baseline-search
        action: baseline.record
        with:
          measure:
            action: http.latency
            target: api
            with: { path: "/assets?search=HPM", samples: 500, warmUp: 50 }
      """,
    hasOutputsByArgument: true)

  /// The output that tells when it was measured, beside those of what was measured.
  public static let recordedAt = "recordedAt"

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { [] }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    guard let measurement = context.measurement else {
      preconditionFailure("'\(context.subject)' was begun without what it measures")
    }
    var observation = try await measurement.observe(for: context)
    observation.outputs[Self.recordedAt] = .timestamp(context.clock.now())
    return observation
  }
}

/// An action that reads, with all that it needs, on behalf of another one.
public struct Measurement: Sendable {
  public var action: any ReadingAction
  public var arguments: ValueMap
  public var target: (any Target)?
  public var collection: String?

  public init(action: any ReadingAction, arguments: ValueMap, target: (any Target)?, collection: String?) {
    self.action = action
    self.arguments = arguments
    self.target = target
    self.collection = collection
  }

  /// Carries it out with the limits, the clock and the stop signal of who asks.
  public func observe(for context: ActionContext) async throws(ActionError) -> Observation {
    var own = context
    (own.arguments, own.target, own.collection, own.measurement) = (arguments, target, collection, nil)
    return try await action.read(own)
  }
}
