import OrderedCollections
import RunbookPlan

/// What can be done in a step or a check. One type and one file an action; what is known without doing it stands in its descriptor.
public protocol Action: Sendable {
  var descriptor: ActionDescriptor { get }

  /// What no type can say about the arguments: fields that exclude each other, pipelines that cannot be undone. Called at load, with the values
  /// that are known then; one that refers to something later is absent from `arguments` and named in `unknown`.
  func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem]

  /// The action as one that looks or that changes something; nil where it is none. Told by each kind of action itself, since to ask the language's runtime costs more
  /// than some actions do.
  var asReading: (any ReadingAction)? { get }
  var asChanging: (any ChangingAction)? { get }
}

extension Action {
  public var asReading: (any ReadingAction)? { nil }
  public var asChanging: (any ChangingAction)? { nil }
}

extension ReadingAction {
  public var asReading: (any ReadingAction)? { self }
}

/// A mistake in an action's arguments, found at load.
public struct ArgumentProblem: Error, Sendable, Hashable {
  /// Keys and indexes from the action's fields down to the place of the mistake: `["pipeline", "0", "$set"]`.
  public var path: [String]
  public var message: String
  public var help: String?
  /// It is no mistake but a part of the format that this version does not carry out: the plan loads, running it is refused.
  public var isUnbuilt: Bool

  public init(path: [String], message: String, help: String? = nil, isUnbuilt: Bool = false) {
    self.path = path
    self.message = message
    self.help = help
    self.isUnbuilt = isUnbuilt
  }
}

/// An action that looks and changes nothing: asked in checks and in steps; asked again after a crash.
public protocol ReadingAction: Action {
  func read(_ context: ActionContext) async throws(ActionError) -> Observation
}

/// What a reading action saw.
public struct Observation: Sendable {
  public var outputs: ValueMap
  /// Why there is nothing to judge, where that is so: the verdict is then *no data*.
  public var noDataReason: String?
  /// Why a step that looks so has failed: a person said no. In a check the matcher decides.
  public var refusal: String?
  /// Things a person should know although the step succeeded, counted as warnings. In a check nobody is told.
  public var warnings: [String]

  public init(outputs: ValueMap, noDataReason: String? = nil, refusal: String? = nil, warnings: [String] = []) {
    self.outputs = outputs
    self.noDataReason = noDataReason
    self.refusal = refusal
    self.warnings = warnings
  }
}

/// An action that changes something. Its verbs are called in this order: `capture`, journalled, `perform`; after a crash `probe`; on the way
/// back `undo`, then `verifyUndone`. Each may be called again after a crash with the same context and must then come to the same end.
public protocol ChangingAction: Action {
  /// What the target's deployment must be able to do; asked before the run begins.
  var needs: Set<Capability> { get }
  /// What is changed, as names of reservations (`collection:assets`), so that no other run changes it meanwhile. Known before the run begins.
  func reservations(arguments: ValueMap, collection: String?) -> [String]
  /// Reads what undo and probe will need; journalled before `perform`.
  func capture(_ context: ActionContext) async throws(ActionError) -> Value
  func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult
  /// Did it happen? Asked after a crash or an unknown outcome, never guessed.
  func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult
  /// Takes back what `perform` did, and only that. `outputs` is nil where its outcome was never recorded.
  func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult
  /// Looks whether the undo took: a sentence for what is not as it should be, nil where all is.
  func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String?
}

extension ChangingAction {
  public var asChanging: (any ChangingAction)? { self }

  /// What every lease and every guarded write is made of.
  public var needs: Set<Capability> { [.fencedUpdates, .sessions] }
}

public struct ActionResult: Sendable {
  public var outputs: ValueMap
  /// Things a person should know although the action succeeded, counted as warnings.
  public var warnings: [String]

  public init(outputs: ValueMap, warnings: [String] = []) {
    self.outputs = outputs
    self.warnings = warnings
  }
}

public enum ProbeResult: Sendable {
  /// It had been done; the outputs as `perform` would have given them.
  case happened(ActionResult)
  /// It had not been done, or only in part: `perform` may be called again and will finish it.
  case notHappened
  /// Nobody can tell; the reason in words.
  case unknown(String)
}

public struct UndoResult: Sendable {
  /// Documents that the application changed since and which were therefore kept.
  public var conflicts: Int64
  /// Documents of which the server can no longer say whether we wrote them.
  public var inDoubt: Int64
  /// What is listed in reports: ids, fields, reasons (bounded; the whole list stands in the undo entries).
  public var details: ValueMap

  public init(conflicts: Int64 = 0, inDoubt: Int64 = 0, details: ValueMap = [:]) {
    self.conflicts = conflicts
    self.inDoubt = inDoubt
    self.details = details
  }
}

/// What the world did. Decided on by `kind`, never by text.
public struct ActionError: Error, Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable {
    /// The plan asks for something that cannot be done.
    case mistake
    /// The target refuses: rights, validators, missing collections.
    case refused
    /// It may go through when tried again; nothing was done.
    case transient
    /// It may have been done; only a probe can tell.
    case outcomeUnknown
    /// Stopped at a batch border because a stop was asked for; may be called again.
    case stopped
    /// A person has to answer and nobody is there.
    case awaitingPeople
    /// The lease is lost: another process may act for the run.
    case leaseLost
  }

  public var code: String
  public var message: String
  public var kind: Kind
  public var help: String?

  public init(code: String, message: String, kind: Kind, help: String? = nil) {
    self.code = code
    self.message = message
    self.kind = kind
    self.help = help
  }
}
