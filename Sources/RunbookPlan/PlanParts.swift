import RunbookSyntax

// A plan has thousands of these, which are handed on many times and never changed: classes, so that handing one on copies a reference.

/// Keeps fields that are seldom given out of what has them.
public final class Apart<Fields: Sendable>: Sendable {
  public let fields: Fields

  public init(_ fields: Fields) { self.fields = fields }
}

/// The use of an action: its name and what it is given. `defaults` are already applied to `target` and `collection`.
public final class ActionCall: Sendable {
  public let name: String
  public let nameRange: SourceRange
  public let arguments: [TemplateEntry]
  /// Shared by all that have it from `defaults`.
  @usableFromInline let location: Apart<Location>
  /// Whether anything in it refers to what happens while the plan runs, as steps and checks do.
  public let refersToEvents: Bool
  public let range: SourceRange

  /// What a call works on.
  @usableFromInline
  struct Location: Sendable {
    @usableFromInline var target: Template?
    @usableFromInline var targetIsDefault = false
    @usableFromInline var collection: Template?
    @usableFromInline var collectionIsDefault = false
  }

  init(
    name: String, nameRange: SourceRange, arguments: [TemplateEntry], location: Apart<Location>, refersToEvents: Bool, range: SourceRange
  ) {
    self.name = name
    self.nameRange = nameRange
    self.arguments = arguments
    self.location = location
    self.refersToEvents = refersToEvents
    self.range = range
  }

  @inlinable public var target: Template? { location.fields.target }
  /// True where `target` came from `defaults`, which apply only to actions of the target's type.
  @inlinable public var targetIsDefault: Bool { location.fields.targetIsDefault }
  @inlinable public var collection: Template? { location.fields.collection }
  @inlinable public var collectionIsDefault: Bool { location.fields.collectionIsDefault }
}

public final class Check: Sendable {
  public enum Source: Sendable {
    case action(ActionCall)
    case value(Template)
  }

  /// What is read of a check, key by key.
  public struct Fields: Sendable {
    public internal(set) var id = ""
    /// That of its id: see ``PlanIDs``.
    var number = 0
    public internal(set) var idRange: SourceRange
    public internal(set) var title: String?
    public internal(set) var bar: String?
    public internal(set) var expect: Matcher?
    public internal(set) var onFail: Policy = .rollback
    public internal(set) var onError: Policy = .halt
    public internal(set) var onNoData: Policy = .halt
    public internal(set) var within: Template?
    public internal(set) var holdFor: Template?
    public internal(set) var timeout: Template?
    public internal(set) var retry: RetryDeclaration?
    public internal(set) var recheck = false
    public internal(set) var when: Condition?
    public internal(set) var range: SourceRange

    init(idRange: SourceRange, range: SourceRange) {
      self.idRange = idRange
      self.range = range
    }
  }

  public let source: Source
  @usableFromInline let fields: Fields
  var number: Int { fields.number }

  init(_ source: Source, _ fields: Fields) {
    self.source = source
    self.fields = fields
  }

  @inlinable public var id: String { fields.id }
  @inlinable public var idRange: SourceRange { fields.idRange }
  @inlinable public var title: String? { fields.title }
  @inlinable public var bar: String? { fields.bar }
  /// Nil only for `manual.confirm`, where a no is a fail.
  @inlinable public var expect: Matcher? { fields.expect }
  @inlinable public var onFail: Policy { fields.onFail }
  @inlinable public var onError: Policy { fields.onError }
  @inlinable public var onNoData: Policy { fields.onNoData }
  @inlinable public var within: Template? { fields.within }
  @inlinable public var holdFor: Template? { fields.holdFor }
  @inlinable public var timeout: Template? { fields.timeout }
  @inlinable public var retry: RetryDeclaration? { fields.retry }
  @inlinable public var recheck: Bool { fields.recheck }
  @inlinable public var when: Condition? { fields.when }
  @inlinable public var range: SourceRange { fields.range }
}

public final class Step: Sendable {
  public enum FailurePolicy: String, Sendable, Hashable { case rollback, halt, `continue` }
  public enum InterruptRule: String, Sendable, Hashable { case halt, rerun, probe }

  /// What is read of a step, key by key.
  public struct Fields: Sendable {
    public internal(set) var id = ""
    /// That of its id: see ``PlanIDs``.
    var number = 0
    public internal(set) var idRange: SourceRange
    public internal(set) var title: String?
    public internal(set) var preconditions: [Check] = []
    public internal(set) var verify: [Check] = []
    public internal(set) var onFailure: FailurePolicy = .rollback
    public internal(set) var rollback: RollbackDeclaration?
    public internal(set) var range: SourceRange

    init(idRange: SourceRange, range: SourceRange) {
      self.idRange = idRange
      self.range = range
    }
  }

  /// The parts that few steps have, kept apart so that the others are small.
  public struct Options: Sendable {
    public internal(set) var renamedFrom: String?
    public internal(set) var when: Condition?
    public internal(set) var capture: [Check] = []
    public internal(set) var retry: RetryDeclaration?
    public internal(set) var timeout: Template?
    public internal(set) var stallTimeout: Template?
    public internal(set) var deadline: Template?
    public internal(set) var probe: Check?
    public internal(set) var onInterrupt: InterruptRule?
    public internal(set) var outputsWhenSkipped: Template?
  }

  public let action: ActionCall
  @usableFromInline let fields: Fields
  @usableFromInline let rest: Apart<Options>?
  var number: Int { fields.number }

  init(_ action: ActionCall, _ fields: Fields, _ options: Options?) {
    self.action = action
    self.fields = fields
    rest = options.map { Apart($0) }
  }

  @inlinable public var id: String { fields.id }
  @inlinable public var idRange: SourceRange { fields.idRange }
  @inlinable public var renamedFrom: String? { rest?.fields.renamedFrom }
  @inlinable public var title: String? { fields.title }
  @inlinable public var when: Condition? { rest?.fields.when }
  @inlinable public var preconditions: [Check] { fields.preconditions }
  @inlinable public var capture: [Check] { rest?.fields.capture ?? [] }
  @inlinable public var verify: [Check] { fields.verify }
  @inlinable public var retry: RetryDeclaration? { rest?.fields.retry }
  @inlinable public var timeout: Template? { rest?.fields.timeout }
  @inlinable public var stallTimeout: Template? { rest?.fields.stallTimeout }
  @inlinable public var deadline: Template? { rest?.fields.deadline }
  @inlinable public var onFailure: FailurePolicy { fields.onFailure }
  @inlinable public var rollback: RollbackDeclaration? { fields.rollback }
  @inlinable public var probe: Check? { rest?.fields.probe }
  @inlinable public var onInterrupt: InterruptRule? { rest?.fields.onInterrupt }
  @inlinable public var outputsWhenSkipped: Template? { rest?.fields.outputsWhenSkipped }
  @inlinable public var range: SourceRange { fields.range }
}
