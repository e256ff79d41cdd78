import OrderedCollections
import RunbookPlan
import RunbookSyntax

/// A plan joined with the catalog and the params of a run: every call has its action, every step its way back, every limit its number.
public struct BoundPlan: Sendable {
  public var plan: Plan
  public var params: ValueMap
  /// Every step by its id, those of undo lists and of `afterRollback` too; in the order in which they were bound.
  public var steps: OrderedDictionary<String, BoundStep>
  public var checks: OrderedDictionary<String, BoundCheck>
  /// Those of the plan first, then those of its phases, in the order of the file.
  public var triggers: [BoundTrigger]
  /// Targets that the plan changes, with what is reserved in each; sorted.
  public var reservations: [TargetReservations]
  /// Parts of the format that this version does not carry out yet: running the plan is refused with these.
  public var unbuilt: [UnbuiltPart]

  public init(
    plan: Plan, params: ValueMap, steps: OrderedDictionary<String, BoundStep>, checks: OrderedDictionary<String, BoundCheck>,
    reservations: [TargetReservations],
    unbuilt: [UnbuiltPart], triggers: [BoundTrigger] = []
  ) {
    self.triggers = triggers
    self.plan = plan
    self.params = params
    self.steps = steps
    self.checks = checks
    self.reservations = reservations
    self.unbuilt = unbuilt
  }
}

public struct TargetReservations: Sendable, Hashable {
  public var target: String
  /// `collection:NAME` and `lock:NAME`, sorted.
  public var names: [String]

  public init(target: String, names: [String]) {
    self.target = target
    self.names = names
  }
}

/// A call with the action behind it.
public final class BoundCall: Sendable {
  public let call: ActionCall
  private let entry: ActionCatalog.Entry
  public let usesTarget: Bool
  public let usesCollection: Bool
  private let parts: Apart<NestedParts>?

  public var descriptor: ActionDescriptor { entry.descriptor }
  /// Nil where the action is not built; such a plan never runs.
  public var action: (any Action)? { entry.action }
  /// Measurements among its arguments, by the argument's name.
  public var nested: [String: BoundCall] { parts?.fields.measurements ?? [:] }
  /// Checks among its arguments, by the argument's name; for an action to ask as often as it needs.
  public var nestedChecks: [String: BoundCheck] { parts?.fields.checks ?? [:] }

  /// What is asked on behalf of a call, by the names of its arguments.
  struct NestedParts: Sendable {
    var measurements: [String: BoundCall] = [:]
    var checks: [String: BoundCheck] = [:]
  }

  /// - Parameter parts: nil where there are none, as in nearly every call.
  init(_ call: ActionCall, _ entry: ActionCatalog.Entry, usesTarget: Bool, usesCollection: Bool, parts: NestedParts?) {
    self.call = call
    self.entry = entry
    self.usesTarget = usesTarget
    self.usesCollection = usesCollection
    self.parts = parts.map { Apart($0) }
  }
}

public final class BoundStep: Sendable {
  public enum Role: Sendable, Hashable {
    case forward(phase: String)
    /// An item of the undo list of this step.
    case undo(of: String)
    case afterRollback
  }

  public enum WayBack: Sendable, Hashable {
    case automatic
    /// Ids of steps; nil stands for `auto`.
    case steps([String?])
    case coveredBy(String)
    case notNeeded(reason: String)
    case pointOfNoReturn(reason: String)
    /// The step changes nothing.
    case nothing
  }

  public let step: Step
  public let call: BoundCall
  public let role: Role
  public let wayBack: WayBack
  /// Apart from it, since hardly any step has limits.
  private let ownLimits: Apart<Limits>?
  public var limits: Limits { ownLimits?.fields ?? Limits() }

  public init(step: Step, call: BoundCall, role: Role, wayBack: WayBack, limits: Limits) {
    self.step = step
    self.call = call
    self.role = role
    self.wayBack = wayBack
    ownLimits = limits == Limits() ? nil : Apart(limits)
  }
}

/// Limits of a step or check, in microseconds.
public struct Limits: Sendable, Hashable {
  public var timeout: Int64?
  public var stallTimeout: Int64?
  /// For the whole effect.
  public var deadline: Int64?
  public var within: Int64?
  public var holdFor: Int64?

  public init(
    timeout: Int64? = nil, stallTimeout: Int64? = nil, deadline: Int64? = nil, within: Int64? = nil, holdFor: Int64? = nil
  ) {
    self.deadline = deadline
    self.timeout = timeout
    self.stallTimeout = stallTimeout
    self.within = within
    self.holdFor = holdFor
  }
}

public final class BoundCheck: Sendable {
  public let check: Check
  /// Nil for a check of a `value:`.
  public let call: BoundCall?
  public let limits: Limits
  /// What is measured for `notWorseThan: { measure: … }`, by the place of the test in the file.
  public let measurements: [SourceRange: BoundCall]

  public init(check: Check, call: BoundCall?, limits: Limits, measurements: [SourceRange: BoundCall] = [:]) {
    self.measurements = measurements
    self.check = check
    self.call = call
    self.limits = limits
  }
}

/// A trigger with its action, and its numbers as they are in this run. Times are in microseconds.
public struct BoundTrigger: Sendable {
  public var trigger: RollbackTrigger
  /// The phase it stands in; nil for one of the plan.
  public var phase: String?
  public var call: BoundCall
  public var timeout: Int64?
  public var every: Int64
  public var window: Int64
  public var minSamples: Int
  /// For rates, from 0.5 up to 1.
  public var confidence: Double?
  public var initialDelay: Int64

  public init(
    trigger: RollbackTrigger, phase: String?, call: BoundCall, timeout: Int64?, every: Int64, window: Int64, minSamples: Int,
    confidence: Double?, initialDelay: Int64
  ) {
    self.trigger = trigger
    self.phase = phase
    self.call = call
    self.timeout = timeout
    self.every = every
    self.window = window
    self.minSamples = minSamples
    self.confidence = confidence
    self.initialDelay = initialDelay
  }
}
