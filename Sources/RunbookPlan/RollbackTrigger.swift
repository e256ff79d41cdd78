import RunbookSyntax

/// A check that is asked again and again while the run goes on, and what follows when it says that something is wrong.
///
/// `every`, `window`, `minSamples`, `confidence` and `initialDelay` may refer to params, metadata and the run; what they come to is seen when
/// the plan is bound.
public struct RollbackTrigger: Sendable {
  /// What a trigger does about a verdict that is no pass.
  public enum Response: String, Sendable, Hashable, CaseIterable { case rollback, pause, warn }

  /// How many failed windows are put up with.
  public struct Failures: Sendable, Hashable {
    /// So many failures among the last `of` windows are borne; one more and the trigger acts.
    public var max: Int
    public var of: Int

    public init(max: Int = 0, of: Int = 1) {
      self.max = max
      self.of = of
    }
  }

  /// The id of a step, where it is written.
  public struct StepName: Sendable, Hashable {
    public var id: String
    public var range: SourceRange

    public init(id: String, range: SourceRange) {
      self.id = id
      self.range = range
    }
  }

  public var id: String
  public var idRange: SourceRange
  public var title: String?
  public var bar: String?
  public var action: ActionCall
  public var expect: Matcher
  /// Bounds one sample.
  public var timeout: Template?
  /// How often it samples.
  public var every: Template
  /// How long the samples are that one verdict is made of; nil stands for `every`.
  public var window: Template?
  /// Requests or operations in a window below which it is no data; nil stands for 1.
  public var minSamples: Template?
  /// For rates: a failure counts only where it is this sure.
  public var confidence: Template?
  public var failures = Failures()
  /// Counts from when it goes live.
  public var initialDelay: Template?
  /// It goes live when this step is over; without it, with the first step of its plan or phase.
  public var startAfter: StepName?
  /// It ends before this step begins.
  public var stopBefore: StepName?
  /// The first change after it goes live waits for a passing window.
  public var requirePass = false
  public var onFail = Response.rollback
  public var onNoData = Response.pause
  public var onError = Response.pause
  public var range: SourceRange

  public init(
    id: String, idRange: SourceRange, action: ActionCall, expect: Matcher, every: Template, range: SourceRange
  ) {
    self.id = id
    self.idRange = idRange
    self.action = action
    self.expect = expect
    self.every = every
    self.range = range
  }
}

extension Plan {
  /// Every trigger with the id of the phase it stands in (nil for those of the plan), in the order of the file.
  public var allTriggers: [(trigger: RollbackTrigger, phase: String?)] {
    rollbackTriggers.map { ($0, nil) } + phases.flatMap { phase in phase.rollbackTriggers.map { ($0, phase.id) } }
  }
}
