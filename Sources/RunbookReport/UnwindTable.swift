import RunbookActions
import RunbookPlan

/// What a rollback does for a failure after each step: what is undone, in which order, what stays, and where it stops. Follows from the plan alone.
public struct UnwindTable: Sendable {
  /// One step that is undone.
  public struct Undo: Sendable, Hashable {
    public var step: String
    /// By what: the action's own inverse, steps of the plan.
    public var means: String

    public init(step: String, means: String) {
      self.step = step
      self.means = means
    }
  }

  /// What is there afterwards all the same.
  public struct Stay: Sendable, Hashable {
    public var step: String
    public var reason: String

    public init(step: String, reason: String) {
      self.step = step
      self.reason = reason
    }
  }

  /// The failure of something after this step has been done: of its own checks, or of whatever comes before the next step is done.
  public struct Row: Sendable, Hashable {
    public var step: String
    public var phase: String
    /// In the order in which they are undone.
    public var undone: [Undo]
    public var stays: [Stay]
    /// The point of no return at which the unwinding ends; what stands before it stays, too.
    public var stopsAt: String?
    /// Whether only the phase is unwound, so that what stands before it stays.
    public var isPhaseOnly: Bool

    /// Whether everything is as before, but for what a rollback never takes back.
    public var isWhole: Bool { stopsAt == nil && !isPhaseOnly && stays.isEmpty }
  }

  /// One for each step of the way on that changes something, in order.
  public let rows: [Row]
  /// Points of no return, in order.
  public let pointsOfNoReturn: [String]
  /// Ids of the steps that follow once the whole plan is unwound, and of the checks of the restored state.
  public let afterwards: [String]
  public let verifications: [String]

  public init(_ bound: BoundPlan) {
    var rows: [Row] = []
    var done: [(phase: Phase, step: BoundStep)] = []
    for phase in bound.plan.phases {
      for step in phase.steps {
        guard let step = bound.steps[step.id] else { continue }
        done.append((phase, step))
        if step.call.descriptor.isMutating { rows.append(Self.row(after: done, phase)) }
      }
    }
    self.rows = rows
    pointsOfNoReturn = done.compactMap { if case .pointOfNoReturn = $0.step.wayBack { $0.step.step.id } else { nil } }
    afterwards = bound.plan.afterRollback.map(\.id)
    verifications = bound.plan.verifyRollback.map(\.id)
  }

  private static func row(after done: [(phase: Phase, step: BoundStep)], _ phase: Phase) -> Row {
    let isPhaseOnly = phase.rollbackScope == .phase
    var row = Row(step: done[done.count - 1].step.step.id, phase: phase.id, undone: [], stays: [], stopsAt: nil, isPhaseOnly: false)
    for (index, (owner, step)) in done.enumerated().reversed() {
      guard step.call.descriptor.isMutating else { continue }
      let id = step.step.id
      if isPhaseOnly, owner.id != phase.id {
        row.isPhaseOnly = true
        row.stays.append(Stay(step: id, reason: "stands before the phase, which alone is unwound"))
        continue
      }
      if let stop = row.stopsAt {
        row.stays.append(Stay(step: id, reason: "stands before the point of no return \(stop)"))
        continue
      }
      switch step.wayBack {
      case .automatic:
        if case .automatic(let words) = step.call.descriptor.inverse, words.hasPrefix("keeps") {
          row.stays.append(Stay(step: id, reason: words))
        } else {
          row.undone.append(Undo(step: id, means: means(of: step)))
        }
      case .steps(let items): row.undone.append(Undo(step: id, means: items.map { $0 ?? "auto" }.joined(separator: ", ")))
      case .coveredBy(let other):
        // The step that covers it comes later: where it was not reached, nothing takes this one back.
        if done[index...].contains(where: { $0.step.step.id == other }) || done[..<index].contains(where: { $0.step.step.id == other }) {
          row.undone.append(Undo(step: id, means: "with \(other)"))
        } else {
          row.stays.append(Stay(step: id, reason: "is undone with \(other), which was not done yet"))
        }
      case .notNeeded(let reason): row.stays.append(Stay(step: id, reason: "not needed: \(reason)"))
      case .pointOfNoReturn(let reason):
        row.stopsAt = id
        row.stays.append(Stay(step: id, reason: "point of no return: \(reason)"))
      case .nothing: break
      }
    }
    return row
  }

  private static func means(of step: BoundStep) -> String {
    if case .automatic(let words) = step.call.descriptor.inverse { return words }
    return "its own inverse"
  }
}

extension UnwindTable.Row {
  /// The row as data.
  public var value: Value {
    .object([
      "after": .string(step), "phase": .string(phase),
      "undone": .list(undone.map { .object(["step": .string($0.step), "means": .string($0.means)]) }),
      "stays": .list(stays.map { .object(["step": .string($0.step), "reason": .string($0.reason)]) }),
      "stopsAt": stopsAt.map(Value.string) ?? .null, "phaseOnly": .bool(isPhaseOnly),
    ])
  }
}
