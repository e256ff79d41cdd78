import RunbookSyntax

/// A runbook as it was loaded and checked: declarations, phases, steps, checks, every part with its place. It knows the names of actions,
/// not what they do; `ActionCatalog.bind` joins the two.
public struct Plan: Sendable {
  public var path: String
  public var metadata: Metadata
  public var people: [Person] = []
  public var params: [ParamDeclaration] = []
  public var secrets: [SecretDeclaration] = []
  public var targets: [TargetDeclaration] = []
  public var locks: [String] = []
  public var preconditions: [Check] = []
  /// Watched from the first step to the end.
  public var rollbackTriggers: [RollbackTrigger] = []
  public var phases: [Phase] = []
  public var verify: [Check] = []
  public var afterRollback: [Step] = []
  public var verifyRollback: [Check] = []
  /// Keys of the format that this version loads but does not carry out yet; running a plan with one is refused, by name and place.
  public var unbuilt: [UnbuiltKey] = []

  /// What `notify` refers to: targets and texts.
  public var notifications: [Template] = []

  /// A fragment loaded by itself: it can be checked, not run.
  public var isFragment = false
  /// The files that are part of it by `include`.
  public var included: [IncludedFile] = []

  /// The text that the ranges of this plan point into, joined with those of the files that it includes; empty for a plan that was not read from text.
  public var file: SourceFile

  public init(path: String, metadata: Metadata) {
    self.path = path
    self.metadata = metadata
    file = SourceFile(path: path, bytes: [])
  }

  /// The place of one of the plan's ranges, for diagnostics.
  public func place(of range: SourceRange) -> SourcePlace { SourcePlace(file: file, range: range) }
}

public struct UnbuiltKey: Sendable, Hashable {
  public var key: String
  public var range: SourceRange

  public init(key: String, range: SourceRange) {
    self.key = key
    self.range = range
  }
}

public struct Metadata: Sendable {
  public var id: String
  public var title: String?
  /// How long a succeeded run stays reversible, in microseconds.
  public var keepUndo: Int64

  public init(id: String, title: String?, keepUndo: Int64 = 7 * 86_400 * 1_000_000) {
    self.id = id
    self.title = title
    self.keepUndo = keepUndo
  }
}

public struct Person: Sendable {
  public var id: String
  public var name: String
  public var contact: String?
  /// Who may answer for this person; empty means anybody.
  public var identities: [String]

  public init(id: String, name: String, contact: String?, identities: [String]) {
    self.id = id
    self.name = name
    self.contact = contact
    self.identities = identities
  }
}

public struct ParamDeclaration: Sendable {
  public var name: String
  public var nameRange: SourceRange
  public var type: FieldType
  /// Already of the declared type; nil where the param is required.
  public var defaultValue: Value?
  /// What the plan itself gives it, which nobody else can: the value of a fragment's param. May refer to params declared before it.
  public var fixedValue: Template?
  public var bounds = ParamBounds()
  public var summary: String?

  public init(name: String, nameRange: SourceRange, type: FieldType, defaultValue: Value?, summary: String? = nil) {
    self.name = name
    self.nameRange = nameRange
    self.type = type
    self.defaultValue = defaultValue
    self.summary = summary
  }
}

/// Where a secret comes from. The value itself is never part of a plan.
public struct SecretDeclaration: Sendable {
  public enum Source: Sendable, Hashable {
    case environment(String)
    case file(String)
    case command([String])
  }

  public var name: String
  public var source: Source
  public var range: SourceRange

  public init(name: String, source: Source, range: SourceRange) {
    self.name = name
    self.source = source
    self.range = range
  }
}

public struct TargetDeclaration: Sendable {
  public var name: String
  public var nameRange: SourceRange
  /// mongodb, http, prometheus or exec.
  public var type: String
  /// The fields beside `type` and `identity`; may refer to params and secrets.
  public var fields: [TemplateEntry]
  /// `replicaSet`, `clusterId` or `hosts`; checked before anything else.
  public var identity: Template?
  public var range: SourceRange

  public init(name: String, nameRange: SourceRange, type: String, fields: [TemplateEntry], identity: Template?, range: SourceRange) {
    self.name = name
    self.nameRange = nameRange
    self.type = type
    self.fields = fields
    self.identity = identity
    self.range = range
  }
}

/// What follows from a verdict that is no pass.
public enum Policy: String, Sendable, Hashable, CaseIterable {
  case rollback, halt, warn, skip
}

/// `when: { value: …, equals: … }`.
public struct Condition: Sendable {
  public var value: Template
  public var matcher: Matcher
  public var range: SourceRange

  public init(value: Template, matcher: Matcher, range: SourceRange) {
    self.value = value
    self.matcher = matcher
    self.range = range
  }
}

public struct RetryDeclaration: Sendable, Hashable {
  public var attempts: Int
  /// Microseconds.
  public var backoffMin: Int64
  public var backoffMax: Int64

  public init(attempts: Int, backoffMin: Int64 = 1_000_000, backoffMax: Int64 = 30_000_000) {
    self.attempts = attempts
    self.backoffMin = backoffMin
    self.backoffMax = backoffMax
  }
}

public struct Phase: Sendable {
  public enum RollbackScope: String, Sendable, Hashable { case plan, phase }

  public var id: String
  public var idRange: SourceRange
  public var title: String?
  public var owner: String?
  public var when: Condition?
  public var preconditions: [Check] = []
  /// Watched while the phase goes on.
  public var rollbackTriggers: [RollbackTrigger] = []
  public var rollbackScope: RollbackScope = .plan
  public var steps: [Step] = []
  public var verify: [Check] = []
  public var range: SourceRange

  public init(id: String, idRange: SourceRange, range: SourceRange) {
    self.id = id
    self.idRange = idRange
    self.range = range
  }
}

/// How a mutating step is taken back.
public enum RollbackDeclaration: Sendable {
  /// The action's own inverse.
  case automatic(SourceRange)
  case steps([UndoItem], SourceRange)
  case coveredBy(String, SourceRange)
  case notNeeded(reason: String, SourceRange)
  /// A point of no return.
  case none(reason: String, acknowledged: Bool, SourceRange)
}

public enum UndoItem: Sendable {
  /// The action's own inverse at this place of the list.
  case automatic(SourceRange)
  case step(Step)
}
