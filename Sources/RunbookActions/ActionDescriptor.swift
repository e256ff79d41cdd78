import RunbookPlan

/// What a step does to the world when it is met half done after a crash (reliability page, "Effect classes").
public enum EffectClass: String, Sendable, Hashable, CaseIterable {
  case read, idempotent, guarded, receipt, probe, opaque
}

/// How an action stops when a trigger or a person asks.
public enum InterruptStyle: String, Sendable, Hashable, CaseIterable {
  /// At the next batch border.
  case batch
  /// Stopped and then undone, for a rollback or cancel; a pause awaits it.
  case abort
  case await
}

/// What `rollback: auto` does.
public enum Inverse: Sendable, Hashable {
  /// The action only reads.
  case notNeeded
  /// The action's own inverse, in words.
  case automatic(String)
  /// Written in the plan.
  case none
}

/// What is known of an action without carrying it out: names, fields, outputs, reversibility. Schema, documentation, lint and the loader's checks
/// are made from it. Whether an implementation stands behind it is the catalog's knowledge. A class, since every bound call holds one.
public final class ActionDescriptor: Sendable {
  public let name: String
  public let summary: String
  /// True where the action changes something.
  public let isMutating: Bool
  /// The type of target it works on; nil where it needs none.
  public let targetType: String?
  public let needsCollection: Bool
  public let fields: [FieldType.Field]
  /// Whether checks or measurements can stand among its arguments.
  let mayHoldChecks: Bool
  public let outputs: [Output]
  /// The output that `expect` reads without `field:`.
  public let mainOutput: String?
  public let effectClass: EffectClass
  public let interrupt: InterruptStyle
  public let inverse: Inverse
  /// A step in YAML, indented as a list item of `steps:`.
  public let example: String
  /// True where the arguments name further outputs (`mongodb.fields` has one for each field), so that only a run tells them all.
  public let hasOutputsByArgument: Bool
  /// The output that is a share of failures, and the counters it is made of: what `confidence` of a rollback trigger judges. Over several
  /// observations the counters are added up and the share is made anew.
  public let rate: Rate?
  /// The output that tells how many requests or operations an observation stands for: what `minSamples` of a rollback trigger counts. Nil where
  /// one observation is one sample.
  public let operations: String?

  /// A share of failures; all three are names of outputs.
  public struct Rate: Sendable, Hashable {
    public var output: String
    /// How many requests or operations failed: a part of `samples`.
    public var failures: String
    /// How many were made.
    public var samples: String

    public init(output: String, failures: String, samples: String) {
      self.output = output
      self.failures = failures
      self.samples = samples
    }
  }

  public struct Output: Sendable, Hashable {
    public var name: String
    public var type: FieldType
    public var summary: String

    public init(_ name: String, _ type: FieldType, _ summary: String) {
      self.name = name
      self.type = type
      self.summary = summary
    }
  }

  public init(
    name: String, summary: String, isMutating: Bool, targetType: String?, needsCollection: Bool = false, fields: [FieldType.Field],
    outputs: [Output], mainOutput: String?, effectClass: EffectClass, interrupt: InterruptStyle = .abort, inverse: Inverse = .notNeeded,
    example: String, hasOutputsByArgument: Bool = false, rate: Rate? = nil, operations: String? = nil
  ) {
    self.name = name
    self.summary = summary
    self.isMutating = isMutating
    self.targetType = targetType
    self.needsCollection = needsCollection
    self.fields = fields
    mayHoldChecks = fields.contains { $0.type.holdsChecks }
    self.outputs = outputs
    self.mainOutput = mainOutput
    self.effectClass = effectClass
    self.interrupt = interrupt
    self.inverse = inverse
    self.example = example
    self.hasOutputsByArgument = hasOutputsByArgument
    self.rate = rate
    self.operations = operations
  }
}
