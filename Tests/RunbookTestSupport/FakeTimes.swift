import OrderedCollections
import RunbookActions
import RunbookPlan

/// `fake.times`: times around the number in a cell, in microseconds, as a measurement of latency gives them; always the same for the same number.
public struct FakeTimes: ReadingAction {
  public let descriptor = ActionDescriptor(
    name: "fake.times", summary: "Measures a cell.", isMutating: false, targetType: "mongodb",
    fields: [.init("cell", .text, required: true, "Which."), .init("samples", .integer(min: 1), default: "500", "How many.")],
    outputs: ActionDescriptor.latencyOutputs, mainOutput: "p95", effectClass: .read, example: "")

  public init() {}

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { [] }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    guard let target = context.target as? FakeTarget, let cell = context.arguments["cell"]?.stringValue else {
      throw ActionError(code: "TEST", message: "no target", kind: .mistake)
    }
    try target.server.check(target.session)
    var middle = target.server.cells[cell] ?? 0
    if case .value(let value) = target.server.behaviour(of: context.subject) { middle = value }
    guard middle > 0 else { return Observation(outputs: [:], noDataReason: "nothing answered") }
    return Observation(outputs: Self.outputs(around: middle, samples: context.arguments["samples"]?.integerValue ?? 500))
  }

  /// From nine tenths of `middle` to eleven, evenly.
  public static func outputs(around middle: Int64, samples: Int64) -> ValueMap {
    let times = (0..<samples).map { middle * 9 / 10 + middle * $0 / (5 * max(samples - 1, 1)) }
    func at(_ share: Int64) -> Value { .duration(times[Int((samples * share + 99) / 100) - 1]) }
    return [
      "p50": at(50), "p95": at(95), "p99": at(99), "max": at(100), "samples": .integer(samples), "errors": 0, "errorRate": .double(0),
      "histogram": .list(times.map { .object(["upTo": .duration($0), "count": 1]) }),
    ]
  }
}
