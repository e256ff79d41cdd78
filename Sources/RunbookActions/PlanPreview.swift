import OrderedCollections
import RunbookPlan

/// What carrying a plan out would do, found out by reading: for each step what it would do now, for each check what it would say now.
public struct PlanPreview: Sendable {
  public struct Check: Sendable {
    public var id: String
    public var title: String?
    public var expectation: String?
    /// What it says of the targets as they are now; nil where it was not asked.
    public var verdict: Verdict?
    public var observed: Value
    /// Why it says so, or why it was not asked.
    public var note: String
    /// Steps that stand before it and change what it looks at: it says how that is before them.
    public var precedes: [String] = []

    public init(id: String, title: String?, expectation: String? = nil, verdict: Verdict?, observed: Value = .null, note: String = "") {
      self.id = id
      self.title = title
      self.expectation = expectation
      self.verdict = verdict
      self.observed = observed
      self.note = note
    }
  }

  public struct Step: Sendable {
    public var id: String
    public var title: String?
    public var action: String
    /// `collection of target` or the target alone; nil where it works on none.
    public var place: String?
    public var isMutating: Bool
    public var effect: EffectPreview
    /// Earlier steps that change what this one works on: what is told is how it is before them.
    public var dependsOn: [String]
    /// Why it cannot be looked at, or would fail now.
    public var failure: String?
    /// Its `when` is false now.
    public var isSkipped: Bool
    public var preconditions: [Check]
    public var verify: [Check]

    public init(
      id: String, title: String?, action: String, place: String?, isMutating: Bool, effect: EffectPreview, dependsOn: [String] = [],
      failure: String? = nil, isSkipped: Bool = false, preconditions: [Check] = [], verify: [Check] = []
    ) {
      self.id = id
      self.title = title
      self.action = action
      self.place = place
      self.isMutating = isMutating
      self.effect = effect
      self.dependsOn = dependsOn
      self.failure = failure
      self.isSkipped = isSkipped
      self.preconditions = preconditions
      self.verify = verify
    }

    /// What of it is known: a step whose input an earlier step changes is never exact.
    public var coverage: EffectPreview.Coverage {
      effect.coverage == .exact && (!dependsOn.isEmpty || failure != nil) ? .estimated : effect.coverage
    }
  }

  public struct Phase: Sendable {
    public var id: String
    public var title: String?
    public var isSkipped: Bool
    public var preconditions: [Check]
    public var steps: [Step]
    public var verify: [Check]

    public init(id: String, title: String?, isSkipped: Bool, preconditions: [Check], steps: [Step], verify: [Check]) {
      self.id = id
      self.title = title
      self.isSkipped = isSkipped
      self.preconditions = preconditions
      self.steps = steps
      self.verify = verify
    }
  }

  public var preconditions: [Check] = []
  public var phases: [Phase] = []
  public var verify: [Check] = []
  public var triggers: [Check] = []
  /// What the targets are, by name.
  public var facts: OrderedDictionary<String, Value> = [:]

  public init() {}

  public var steps: [Step] { phases.flatMap { $0.isSkipped ? [] : $0.steps } }

  /// How many changing steps are of each kind.
  public func count(_ coverage: EffectPreview.Coverage) -> Int {
    steps.count { $0.isMutating && !$0.isSkipped && $0.coverage == coverage }
  }

  /// Preconditions that do not pass now: the run would end before it changed anything.
  public var hindrances: [Check] {
    preconditions.filter { $0.verdict.map { $0 != .pass && $0 != .skipped } ?? false }
  }
}
