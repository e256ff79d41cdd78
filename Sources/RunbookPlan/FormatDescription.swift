/// One kind of mapping of the format: which keys it has and what they mean. JSON Schema, `explain` and the documentation are made from this; the
/// keys are those that the loader knows, since each case of a key table must say what it means.
public struct FormatMapping: Sendable {
  /// Unique among the mappings, like `step`.
  public var name: String
  /// What a message calls one, like `a step`.
  public var words: String
  public var keys: [FormatKeyDescription]
  /// Groups of keys of which exactly one must stand there.
  public var alternatives: [[String]]

  init(_ name: String, _ words: String, _ keys: [FormatKeyDescription], alternatives: [[String]] = []) {
    self.name = name
    self.words = words
    self.keys = keys
    self.alternatives = alternatives
  }

  init<Key: DescribedKey>(_ name: String, _ words: String, of _: Key.Type, alternatives: [[String]] = []) {
    self.init(name, words, Key.allCases.map(\.description), alternatives: alternatives)
  }

  public func key(_ name: String) -> FormatKeyDescription? { keys.first { $0.name == name } }
}

public struct FormatKeyDescription: Sendable {
  public var name: String
  public var shape: FormatShape
  public var isRequired: Bool
  /// What holds where the key is left out, as the documentation shows it.
  public var defaultText: String?
  /// One or two sentences.
  public var summary: String

  init(
    _ name: String, _ shape: FormatShape, required: Bool = false, default defaultText: String? = nil, _ summary: String
  ) {
    self.name = name
    self.shape = shape
    isRequired = required
    self.defaultText = defaultText
    self.summary = summary
  }
}

/// What may stand behind a key.
public indirect enum FormatShape: Sendable, Hashable {
  /// Text without references.
  case text
  /// One of these words.
  case word([String])
  /// An id: `[a-z][a-z0-9-]*`, at most 60 characters.
  case id
  case boolean
  case integer(min: Int64?, max: Int64?)
  case duration
  /// One duration, or two with `..` between them.
  case backoff
  /// A value that may hold references.
  case value(FieldType)
  /// What values are compared with: numbers, durations, sizes, percentages, dates, timestamps, references.
  case ordered
  /// A condition: a mapping of operators.
  case matcher
  /// The name of an action; with the arguments beside it.
  case action
  case arguments
  /// Another kind of mapping, by its name.
  case mapping(String)
  /// A mapping from names of the user's choice to such mappings.
  case named(String)
  case list(FormatShape, atLeast: Int)
  case rollback
  case oneOf([FormatShape])
}

/// A key of the format that says what it means. There is one case for each key, so that none can be forgotten.
protocol DescribedKey: FormatKey {
  var shape: FormatShape { get }
  var summary: String { get }
  var isRequired: Bool { get }
  var defaultText: String? { get }
}

extension DescribedKey {
  var isRequired: Bool { false }
  var defaultText: String? { nil }
  var description: FormatKeyDescription {
    FormatKeyDescription(rawValue, shape, required: isRequired, default: defaultText, summary)
  }
}

/// The whole format, mapping by mapping.
public enum FormatDescription {
  public static let mappings: [FormatMapping] =
    [
      FormatMapping("runbook", "a runbook", of: RootKey.self),
      FormatMapping("metadata", "'metadata'", of: MetadataKey.self),
      FormatMapping("person", "a person", of: PersonKey.self),
      FormatMapping("param", "a param", of: ParamKey.self),
      FormatMapping("secret", "a secret", of: SecretKey.self, alternatives: [SecretKey.table.names]),
    ] + targets + [
      FormatMapping("defaults", "'defaults'", of: DefaultsKey.self),
      FormatMapping("include", "an include", of: IncludeKey.self),
      FormatMapping("phase", "a phase", of: PhaseKey.self),
      FormatMapping("step", "a step", of: StepKey.self),
      FormatMapping("rollback", "'rollback'", of: RollbackKey.self, alternatives: [["coveredBy", "notNeeded", "none"]]),
      FormatMapping("check", "a check", of: CheckKey.self, alternatives: [["action", "value"]]),
      FormatMapping("trigger", "a rollback trigger", TriggerKey.allCases.filter { $0 != .value }.map(\.description)),
      FormatMapping("failures", "'failures'", of: FailuresKey.self),
      FormatMapping("retry", "'retry'", of: RetryKey.self),
      FormatMapping("matcher", "a condition", of: MatcherKey.self),
      FormatMapping(
        "condition", "'when'", ConditionKey.allCases.map(\.description) + MatcherKey.allCases.map(\.description)),
      FormatMapping("comparison", "'notWorseThan'", of: ComparisonKey.self, alternatives: [["baseline", "measure"]]),
      FormatMapping("notification", "an element of 'notify'", of: NotifyKey.self),
    ]

  public static func mapping(_ name: String) -> FormatMapping? { mappings.first { $0.name == name } }

  /// Types of targets.
  public static let targetTypes = PlanReader.targetKeys.map(\.type)

  /// The events that `notify` may name.
  public static let events = ["gate", "paused", "rollingBack", "rolledBack", "blocked", "halted", "succeeded", "failed"]

  /// Keys that a step takes only on the way forward.
  public static let forwardOnlyKeys: Set<String> = ["rollback", "onFailure", "outputsWhenSkipped", "renamedFrom"]

  /// What a target of each type is described by: `target-mongodb` and so on.
  private static let targets: [FormatMapping] =
    PlanReader.targetKeys.map { type, keys, required in
      var described = [FormatKeyDescription("type", .word([type]), required: true, "Which kind of place it is.")]
      described += keys.map { TargetField.description($0, required: $0 == required) }
      if type == "mongodb" { described.append(TargetField.description("identity", required: false)) }
      return FormatMapping("target-\(type)", "a target of type \(type)", described)
    } + [
      FormatMapping(
        "identity", "'identity'",
        ["replicaSet", "clusterId", "hosts"].map { TargetField.description($0, required: false) })
    ]
}

/// Where a check stands decides which policies it may have.
public enum CheckSite: String, Sendable, CaseIterable {
  case planPrecondition, precondition, verify, undoVerify, verifyRollback, capture, probe

  /// Words of `onFail`; empty where the key has no meaning.
  public var onFail: [String] { place.onFail }
  /// Words of `onError` and `onNoData`.
  public var onOther: [String] { place.onOther }
  /// Whether `recheck` has a meaning.
  public var allowsRecheck: Bool { self == .planPrecondition || self == .precondition }

  private var place: PlanReader.CheckPlace {
    switch self {
    case .planPrecondition: .planPreconditions
    case .precondition: .preconditions
    case .verify: .verify
    case .undoVerify: .undoVerify
    case .verifyRollback: .verifyRollback
    case .capture: .capture
    case .probe: .probe
    }
  }
}

/// Fields of targets, which the loader knows as text.
enum TargetField {
  static func description(_ name: String, required: Bool) -> FormatKeyDescription {
    switch name {
    case "uri": .init(name, .value(.text), required: required, "Connection string; credentials come from a secret.")
    case "database": .init(name, .value(.text), "Name of the database; the connection string's by default.")
    case "identity":
      .init(name, .mapping("identity"), "What the deployment must be; it is compared before anything else, and again on resume.")
    case "baseUrl": .init(name, .value(.text), required: required, "What paths are put behind.")
    case "headers": .init(name, .value(.mapping(.text)), "Headers of every request; secrets may be referred to.")
    case "tls": .init(name, .value(.any), "Certificates that are trusted or shown.")
    case "cwd": .init(name, .value(.text), "Directory that programs run in; the plan's by default.")
    case "env": .init(name, .value(.mapping(.text)), "Variables of every program; secrets may be referred to.")
    case "via": .init(name, .value(.list(.text)), "What stands in front of each command, like ssh and a host.")
    case "replicaSet": .init(name, .value(.text), "Name of the replica set.")
    case "clusterId": .init(name, .value(.text), "Id of the sharded cluster.")
    case "hosts": .init(name, .value(.oneOf([.list(.text), .text])), "Hosts of the deployment.")
    default: preconditionFailure("the field '\(name)' of targets is described nowhere")
    }
  }
}
