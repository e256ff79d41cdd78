import OrderedCollections
import RunbookPlan

/// What an action is given to do its work with. Everything outside comes in through here, so that a simulator can stand in for it.
public struct ActionContext: Sendable {
  public var run: RunFacts
  /// The step or check on whose behalf it acts.
  public var subject: String
  /// The effect that is carried out, or that a probe or an undo is about. Stable over crashes: the same effect has the same id when it is
  /// started again.
  public var effect: String
  public var attempt: Int
  /// When the effect was first requested, in milliseconds since 1970 (this machine's clock).
  public var requestedAt: Int64
  /// The arguments with every reference put in, of the types that the descriptor names; defaults are the action's to apply.
  public var arguments: ValueMap
  public var target: (any Target)?
  public var collection: String?
  /// Microseconds that one request may take.
  public var timeout: Int64?
  /// Microseconds without progress after which a batched change gives up.
  public var stallTimeout: Int64?
  public var clock: any RunClock
  public var stop: any StopSignal
  public var people: any People
  public var world: any RunWorld
  /// Called now and then while a batched change goes on; cheap.
  public var progress: @Sendable (Progress) -> Void
  /// How fast a person wants it to go; asked at the border of every batch.
  public var pace: any PaceSignal = PlannedPace()
  /// The `measure` among the arguments, ready to be carried out.
  public var measurement: Measurement?
  /// The `check` among the arguments, ready to be asked.
  public var awaited: AwaitedCheck?
  /// Where relative paths of the plan begin: its directory.
  public var directory = "."
  /// Where the output of a program goes while it runs.
  public var output: any OutputSink = NoOutput()

  public init(
    run: RunFacts, subject: String, effect: String, attempt: Int, requestedAt: Int64, arguments: ValueMap, target: (any Target)?,
    collection: String?, timeout: Int64?, stallTimeout: Int64?, clock: any RunClock, stop: any StopSignal, people: any People,
    world: any RunWorld, progress: @escaping @Sendable (Progress) -> Void
  ) {
    self.run = run
    self.subject = subject
    self.effect = effect
    self.attempt = attempt
    self.requestedAt = requestedAt
    self.arguments = arguments
    self.target = target
    self.collection = collection
    self.timeout = timeout
    self.stallTimeout = stallTimeout
    self.clock = clock
    self.stop = stop
    self.people = people
    self.world = world
    self.progress = progress
  }
}

public struct RunFacts: Sendable, Hashable {
  public var id: String
  public var planID: String
  public var startedAt: Int64
  public var initiator: String
  /// Where the plan's file is: what files that a plan names are beside.
  public var planDirectory: String

  public init(id: String, planID: String, startedAt: Int64, initiator: String, planDirectory: String = ".") {
    self.id = id
    self.planID = planID
    self.startedAt = startedAt
    self.initiator = initiator
    self.planDirectory = planDirectory
  }
}

/// The clock of the run, replaceable in tests.
public protocol RunClock: Sendable {
  /// Milliseconds since 1970.
  func now() -> Int64
  /// Returns early, without an error, when the task is cancelled.
  func sleep(milliseconds: Int64) async
}

/// Whether the action has been asked to stop.
public protocol StopSignal: Sendable {
  /// True as soon as a stop at the next border is asked for.
  var isRequested: Bool { get }
}

/// How fast a person wants batches to go. It may change at any moment.
public protocol PaceSignal: Sendable {
  var current: WantedPace { get }
}

/// What a person wants, beside what the plan says. Going forward the slower of the two counts; going back, what the person says.
public struct WantedPace: Sendable, Hashable {
  /// Documents a batch, at most.
  public var batchSize: Int?
  /// Milliseconds between two batches; nil where the person says nothing of it.
  public var pauseBetween: Int64?
  /// Who holds all batches back, and why; nil where nobody does.
  public var hold: String?

  public init(batchSize: Int? = nil, pauseBetween: Int64? = nil, hold: String? = nil) {
    self.batchSize = batchSize
    self.pauseBetween = pauseBetween
    self.hold = hold
  }
}

/// Nobody wants anything but what the plan says.
public struct PlannedPace: PaceSignal {
  public init() {}
  public var current: WantedPace { WantedPace() }
}

public struct Progress: Sendable, Hashable {
  public var done: Int64
  public var total: Int64?
  public var unit: String
  public var note: String?

  public init(done: Int64, total: Int64?, unit: String, note: String? = nil) {
    self.done = done
    self.total = total
    self.unit = unit
    self.note = note
  }
}

/// The people who confirm, behind a terminal or in other processes.
public protocol People: Sendable {
  /// The answers to the items of a gate that are known by now, asking on the terminal where there is one.
  /// - Throws: `awaitingPeople` where items are unanswered and nobody can be asked.
  func answers(to gate: Gate) async throws(ActionError) -> [GateAnswer]
}

/// Questions to people.
public struct Gate: Sendable, Hashable {
  public struct Item: Sendable, Hashable {
    public var id: String
    public var text: String
    /// Ids of `people`; empty means anybody.
    public var by: [String]
    public var evidenceIsRequired: Bool

    public init(id: String, text: String, by: [String], evidenceIsRequired: Bool) {
      self.id = id
      self.text = text
      self.by = by
      self.evidenceIsRequired = evidenceIsRequired
    }
  }

  /// The id of the step or check that asks.
  public var subject: String
  public var title: String?
  public var items: [Item]
  /// Milliseconds since 1970 after which no answer counts any more.
  public var expiresAt: Int64?

  public init(subject: String, title: String?, items: [Item], expiresAt: Int64?) {
    self.subject = subject
    self.title = title
    self.items = items
    self.expiresAt = expiresAt
  }
}

public struct GateAnswer: Sendable, Hashable {
  public var item: String
  public var isYes: Bool
  public var by: String
  /// Milliseconds since 1970.
  public var at: Int64
  public var evidence: String?

  public init(item: String, isYes: Bool, by: String, at: Int64, evidence: String?) {
    self.item = item
    self.isYes = isYes
    self.by = by
    self.at = at
    self.evidence = evidence
  }
}

/// What an action may ask of the rest of its run.
public protocol RunWorld: Sendable {
  /// Outputs of a step that is done; nil where there are none yet.
  func outputs(ofStep step: String) -> Value?
  /// The arguments and collection of an earlier step (`{ backup: STEP }` needs to know where the backup is).
  func call(ofStep step: String) -> (arguments: ValueMap, collection: String?, target: String?)?
  func target(named name: String) async throws(ActionError) -> any Target
}
