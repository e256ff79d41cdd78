import OrderedCollections
import RunbookPlan

/// A changing action that can tell what it would do, by reading alone.
public protocol PreviewingAction: ChangingAction {
  /// Looks at what `perform` would meet now. Called without a lease, reserves nothing and writes nothing.
  /// - Throws: `ActionError` where it cannot be looked at, or where the step would fail now before it changes anything.
  func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview
}

/// How closely a preview looks.
public struct PreviewExtent: Sendable, Hashable {
  /// Documents shown as they are and as they would be.
  public var samples: Int
  /// Up to so many documents all of them are looked at for what the server would refuse; of more, only so many.
  public var documents: Int64

  public init(samples: Int = 3, documents: Int64 = 10_000) {
    self.samples = samples
    self.documents = documents
  }
}

/// What an effect would do to the world as it is now.
public struct EffectPreview: Sendable {
  /// How much of what the step will do is known before it does it.
  public enum Coverage: String, Sendable, Hashable, CaseIterable {
    /// What is told is what the step would do, if it began now and nobody wrote meanwhile.
    case exact
    /// Numbers from statistics or from some of the documents.
    case estimated
    /// Only doing it will tell.
    case opaque
  }

  /// One document, as it is and as it would be.
  public struct Sample: Sendable {
    public var id: Value
    /// Nil: there is none yet.
    public var before: Value?
    /// Nil: there is none afterwards.
    public var after: Value?

    public init(id: Value, before: Value?, after: Value?) {
      self.id = id
      self.before = before
      self.after = after
    }
  }

  public var coverage: Coverage
  /// Documents that would be changed, copied, inserted or deleted; nil where the step is not about documents.
  public var documents: Int64?
  /// What it would do, in one sentence without a full stop.
  public var summary: String
  /// Further facts: which index finds the documents, how many batches, what there is already.
  public var facts: [String]
  /// What would go wrong: documents that a validator or a unique index would refuse, names that are taken.
  public var problems: [String]
  public var samples: [Sample]
  /// Bytes of the documents that are copied or inserted.
  public var bytes: Int64?
  /// Bytes of undo entries, about.
  public var undoBytes: Int64?
  /// Microseconds it would take, about; the way back takes about as long.
  public var duration: Int64?

  public init(
    _ coverage: Coverage, _ summary: String, documents: Int64? = nil, facts: [String] = [], problems: [String] = [], samples: [Sample] = [],
    undoBytes: Int64? = nil, duration: Int64? = nil
  ) {
    self.coverage = coverage
    self.summary = summary
    self.documents = documents
    self.facts = facts
    self.problems = problems
    self.samples = samples
    self.undoBytes = undoBytes
    self.duration = duration
  }
}

/// A target that can say what a review of a plan relies on, so that it can be seen later whether it still holds.
public protocol FactTarget: Target {
  /// `version` of the server, and what there is under each name: `count` (about), `indexes` and `validator` and `options` as text, `uuid`;
  /// null for a collection that does not exist.
  func facts(ofCollections names: [String]) async throws(ActionError) -> ValueMap
}
