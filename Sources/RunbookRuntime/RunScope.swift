import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookPlan

/// What references mean at one moment of a run: params, the run itself, and what steps, checks and captures have given by then.
struct RunScope: ReferenceScope {
  let bound: BoundPlan
  let run: RunFacts
  let state: StateBox
  /// Which step a capture belongs to.
  let captureOwners: [String: String]
  /// Captures of the step that is being captured right now, not yet in the state.
  var fresh: ValueMap = [:]

  func value(of reference: Reference) -> Value? {
    let path = reference.path
    switch reference.root {
    case .params: return path.first.flatMap { bound.params[$0] }?.value(at: path.dropFirst())
    case .metadata: return bound.plan.metadata.value(of: path.first)
    case .run: return run.value(of: path.first)
    case .steps: return step(path)
    case .checks: return check(path)
    case .phases: return path.first.flatMap { state.phase($0) }.map { .string($0.status.rawValue) }
    case .captured: return captured(path)
    case .triggers: return trigger(path)
    case .baselines: return path.first.flatMap { baseline(ofStep: $0) }?.value(at: path.dropFirst())
    case .secrets, .sample: return nil
    }
  }

  /// What a step recorded; nil where it has not, or not yet. A skipped one has what the plan puts in its place.
  func baseline(ofStep id: String) -> Value? {
    guard let record = state.step(id) else { return nil }
    if record.status == .skipped { return skippedOutputs(id) }
    return record.effect == .happened ? record.outputs : nil
  }

  private func trigger(_ path: [String]) -> Value? {
    guard path.count == 2 else { return nil }
    if path[1] == "observed" { return state.read { $0.trigger(path[0])?.last?.observed } }
    return state.read { $0.triggerFacts(path[0])?[path[1]] }
  }

  private func step(_ path: [String]) -> Value? {
    guard path.count >= 2, let record = state.step(path[0]) else { return nil }
    switch path[1] {
    case "status": return .string(record.status.rawValue)
    case "outputs":
      if record.status == .skipped { return skippedOutputs(path[0])?.value(at: path.dropFirst(2)) }
      return record.outputs.value(at: path.dropFirst(2))
    default: return nil
    }
  }

  private func skippedOutputs(_ id: String) -> Value? {
    guard let template = bound.steps[id]?.step.outputsWhenSkipped else { return nil }
    return try? Resolver.resolve(template, as: .any, scope: self)
  }

  private func check(_ path: [String]) -> Value? {
    guard path.count >= 2, let result = state.check(path[0])?.result else { return nil }
    switch path[1] {
    case "verdict": return .string(result.verdict.rawValue)
    case "observed": return result.observed.value(at: path.dropFirst(2))
    case "outputs": return result.outputs.value(at: path.dropFirst(2))
    default: return nil
    }
  }

  private func captured(_ path: [String]) -> Value? {
    guard let id = path.first else { return nil }
    if let value = fresh[id] { return value.value(at: path.dropFirst()) }
    guard let step = captureOwners[id] else { return nil }
    return state.step(step)?.captures?[CaptureKey.captured]?[id]?.value(at: path.dropFirst())
  }
}

/// The parts of what is journalled before a step's effect.
enum CaptureKey {
  /// The step's arguments, collection and target as they were resolved.
  static let call = "call"
  /// Outputs of the step's `capture:` checks, by id.
  static let captured = "captured"
  /// What the action itself captured.
  static let action = "action"
  /// The resolved calls of the undo list, by id of its steps.
  static let undo = "undo"
}

extension BoundPlan {
  /// Which step a capture belongs to, by the capture's id.
  var captureOwners: [String: String] {
    var owners: [String: String] = [:]
    for (id, step) in steps { for capture in step.step.capture { owners[capture.id] = id } }
    return owners
  }
}
