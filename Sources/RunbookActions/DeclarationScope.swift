import OrderedCollections
import RunbookPlan

/// What declarations, targets and reservations may refer to: params, metadata and the run itself.
public struct DeclarationScope: ReferenceScope, Sendable {
  private let params: ValueMap
  private let metadata: Metadata
  private let run: RunFacts?

  /// - Parameter run: nil before there is one.
  public init(params: ValueMap, metadata: Metadata, run: RunFacts?) {
    self.params = params
    self.metadata = metadata
    self.run = run
  }

  public func value(of reference: Reference) -> Value? {
    let path = reference.path
    switch reference.root {
    case .params: return path.first.flatMap { params[$0] }?.value(at: path.dropFirst())
    case .metadata: return metadata.value(of: path.first)
    case .run: return run?.value(of: path.first)
    case .secrets, .steps, .checks, .triggers, .phases, .captured, .baselines, .sample: return nil
    }
  }
}

extension Metadata {
  /// The value behind `metadata.X`.
  public func value(of field: String?) -> Value? {
    switch field {
    case "id": .string(id)
    case "title": title.map(Value.string)
    case "keepUndo": .duration(keepUndo)
    default: nil
    }
  }
}

extension RunFacts {
  /// The value behind `run.X`; times are UTC.
  public func value(of field: String?) -> Value? {
    switch field {
    case "id": .string(id)
    case "startedAt": .timestamp(startedAt)
    case "date": .string(TimestampText.formatDay(milliseconds: startedAt))
    case "initiator": .string(initiator)
    default: nil
    }
  }
}
