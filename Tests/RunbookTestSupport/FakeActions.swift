import OrderedCollections
import RunbookActions
import RunbookPlan

/// Actions on the cells of a `FakeServer`.
public enum FakeActions {
  /// `fake.look`, and one changing action of each effect class.
  public static func all() -> [any Action] {
    [
      FakeLook(), FakeTimes(), FakeAdd("fake.guarded", .guarded, .batch, .automatic("takes it off again")),
      FakeAdd("fake.probed", .probe, .await, .automatic("takes it off again")),
      FakeAdd("fake.opaque", .opaque, .abort, .none), FakeAdd("fake.set", .idempotent, .abort, .automatic("puts the former value back")),
    ]
  }
}

/// `fake.look`: the number in a cell, or what the script says.
public struct FakeLook: ReadingAction {
  public let descriptor = ActionDescriptor(
    name: "fake.look", summary: "Reads a cell.", isMutating: false, targetType: "mongodb",
    fields: [.init("cell", .text, required: true, "Which."), .init("note", .text, "Given back as text.")],
    outputs: [.init("value", .integer(), "The number."), .init("text", .text, "Text.")], mainOutput: "value", effectClass: .read,
    example: "")

  public init() {}

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] { [] }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    guard let target = context.target as? FakeTarget, let cell = context.arguments["cell"]?.stringValue else {
      throw ActionError(code: "TEST", message: "no target", kind: .mistake)
    }
    try target.server.check(target.session)
    var outputs: ValueMap = ["text": context.arguments["note"] ?? ""]
    if let value = target.server.cells[cell] { outputs["value"] = .integer(value) }
    switch target.server.behaviour(of: context.subject) {
    case .text(let text): outputs["text"] = .string(text)
    case .value(let value): outputs["value"] = .integer(value)
    case .noData: return Observation(outputs: [:], noDataReason: "there is nothing to see")
    case .transient: throw ActionError(code: "TEST", message: "not now", kind: .transient)
    case .fail(let text): throw ActionError(code: "TEST", message: text, kind: .refused)
    case .stuck, .untilStopped:
      while !context.stop.isRequested, !Task.isCancelled { try? await Task.sleep(for: .microseconds(100)) }
      throw ActionError(code: "TEST", message: "stopped", kind: .stopped)
    default: break
    }
    return Observation(outputs: outputs)
  }
}

/// Adds to a cell (or sets it, where it is idempotent) in one of the effect classes.
public struct FakeAdd: ChangingAction {
  public let descriptor: ActionDescriptor

  init(_ name: String, _ effectClass: EffectClass, _ interrupt: InterruptStyle, _ inverse: Inverse) {
    descriptor = ActionDescriptor(
      name: name, summary: "Changes a cell.", isMutating: true, targetType: "mongodb", needsCollection: true,
      fields: [
        .init("cell", .text, required: true, "Which."), .init("by", .integer(), default: "1", "How much."),
        .init("unbuilt", .text, isBuilt: false, "For a later version."), .init("bad", .text, "Refused."),
      ],
      outputs: [.init("changed", .integer(), "How much."), .init("text", .text, "Text.")], mainOutput: "changed", effectClass: effectClass,
      interrupt: interrupt, inverse: inverse, example: "")
  }

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    switch arguments["bad"]?.stringValue {
    case nil: []
    case "later": [ArgumentProblem(path: ["bad"], message: "'bad' is 'later'", isUnbuilt: true)]
    default: [ArgumentProblem(path: ["bad"], message: "'bad' may not be used", help: "remove it")]
    }
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] { collection.map { ["collection:\($0)"] } ?? [] }

  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    let call = try Call(context)
    try call.server.check(call.target.session)
    return .object(["before": .integer(call.server.cells[call.cell] ?? 0)])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let call = try Call(context)
    try call.enter(asking: context.effect)
    switch call.server.behaviour(of: context.subject) {
    case .transient: throw ActionError(code: "TEST", message: "not now", kind: .transient)
    case .fail(let text): throw ActionError(code: "TEST", message: text, kind: .refused)
    case .unknownBefore: throw ActionError(code: "TEST", message: "the answer was lost", kind: .outcomeUnknown)
    case .unknownAfter:
      apply(call)
      throw ActionError(code: "TEST", message: "the answer was lost", kind: .outcomeUnknown)
    case .failAfter(let text):
      apply(call)
      throw ActionError(code: "TEST", message: text, kind: .refused)
    case .untilStopped:
      context.progress(Progress(done: 1, total: 2, unit: "cells"))
      while !context.stop.isRequested, !Task.isCancelled { try? await Task.sleep(for: .microseconds(100)) }
      throw ActionError(code: "TEST", message: "stopped at a border", kind: .stopped)
    case .stuck:
      while !Task.isCancelled { try? await Task.sleep(for: .microseconds(100)) }
      throw ActionError(code: "TEST", message: "the answer was lost", kind: .outcomeUnknown)
    case .text(let text):
      apply(call)
      return ActionResult(outputs: ["changed": .integer(call.by), "text": .string(text)])
    default:
      apply(call)
      return ActionResult(outputs: ["changed": .integer(call.by)])
    }
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    let call = try Call(context)
    try call.server.check(call.target.session)
    switch call.server.behaviour(of: "probe \(context.subject)") {
    case .transient: throw ActionError(code: "TEST", message: "not now", kind: .transient)
    case .fail(let text): return .unknown(text)
    default: break
    }
    let applied = call.server.state.withLock { $0.applied[call.subject] ?? 0 }
    return applied > 0 ? .happened(ActionResult(outputs: ["changed": .integer(call.by)])) : .notHappened
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    let call = try Call(context)
    try call.enter(asking: "undo:\(context.subject)#")
    let behaviour = call.server.behaviour(of: "undo \(context.subject)")
    switch behaviour {
    case .transient: throw ActionError(code: "TEST", message: "not now", kind: .transient)
    case .fail(let text): throw ActionError(code: "TEST", message: text, kind: .refused)
    case .untilStopped:
      while !context.stop.isRequested, !Task.isCancelled { try? await Task.sleep(for: .microseconds(100)) }
      throw ActionError(code: "TEST", message: "stopped at a border", kind: .stopped)
    default: break
    }
    let before = captured["before"]?.integerValue ?? 0
    call.server.state.withLock { state in
      // An undo takes back what stands, and only that, so that it may be called again.
      if descriptor.effectClass == .idempotent {
        state.cells[call.cell] = before
      } else if state.applied[call.subject, default: 0] > 0 {
        state.cells[call.cell, default: 0] -= call.by
      }
      state.applied[call.subject] = 0
      state.undos[call.subject, default: 0] += 1
      if state.history.last != "undo \(call.subject)" { state.history.append("undo \(call.subject)") }
    }
    if behaviour == .unknownAfter { throw ActionError(code: "TEST", message: "the answer was lost", kind: .outcomeUnknown) }
    if case .conflicts(let count) = behaviour { return UndoResult(conflicts: count) }
    return UndoResult()
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let call = try Call(context)
    try call.server.check(call.target.session)
    if case .unproved(let text) = call.server.behaviour(of: "proof \(context.subject)") { return text }
    return call.server.state.withLock { $0.applied[call.subject, default: 0] == 0 } ? nil : "it still stands"
  }

  private func apply(_ call: Call) {
    call.server.state.withLock { state in
      // Guards make a second execution of what stands a no-op; the other classes have nothing of the kind.
      if descriptor.effectClass == .guarded, state.applied[call.subject, default: 0] > 0 { return }
      if descriptor.effectClass == .idempotent { state.cells[call.cell] = call.by } else { state.cells[call.cell, default: 0] += call.by }
      state.applied[call.subject, default: 0] += 1
      state.executions[call.subject, default: 0] += 1
      state.history.append(call.subject)
    }
  }

  private struct Call {
    let target: FakeTarget
    let subject: String
    let run: String
    let cell: String
    let by: Int64
    var server: FakeServer { target.server }

    init(_ context: ActionContext) throws(ActionError) {
      guard let target = context.target as? FakeTarget, let cell = context.arguments["cell"]?.stringValue else {
        throw ActionError(code: "TEST", message: "no target", kind: .mistake)
      }
      self.target = target
      self.cell = cell
      subject = context.subject
      run = context.run.id
      by = context.arguments["by"]?.integerValue ?? 1
    }

    /// What must hold before anything is changed: the lease, the reservation, and the intent in the target's own log.
    func enter(asking effect: String) throws(ActionError) {
      try server.check(target.session)
      guard target.holdsLease else { throw FakeTarget.leaseLost }
      let isTold = server.receiptLog(of: run).contains { $0.text.contains("effectRequested") && $0.text.contains("\"\(effect)") }
      if !isTold { server.complain("\(effect) began before the target knew its intent") }
      if !server.state.withLock({ $0.reservations.values.contains { $0.run == run } }) { server.complain("\(effect) began unreserved") }
    }
  }
}
