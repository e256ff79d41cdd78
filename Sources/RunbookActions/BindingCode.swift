import RunbookSyntax

/// The codes of binding a plan to the actions, RB20xx.
public enum BindingCode: String, Sendable, Hashable, CaseIterable {
  /// No action has this name.
  case unknownAction = "RB2001"
  /// The action changes something and stands where only looking is allowed.
  case mutatingCheck = "RB2002"
  /// The action needs a target, or one of another type.
  case wrongTarget = "RB2003"
  /// The action needs a collection.
  case missingCollection = "RB2004"
  /// Target or collection of a mutating step refer to something that is not known when the run reserves what it changes.
  case lateReservation = "RB2005"
  /// A mutating step has no way back and says nothing about it.
  case missingRollback = "RB2006"
  /// `rollback` stands on a step that changes nothing, or says `auto` where the action has no inverse.
  case needlessRollback = "RB2007"
  /// The action's own rules for its arguments.
  case argument = "RB2008"
  /// The matcher looks at an output that the action does not have, or compares it with a value of another type.
  case output = "RB2009"
  /// The way back named by `coveredBy` is none.
  case coveredBy = "RB2010"
  /// A part of the format that this version does not carry out yet.
  case notBuilt = "RB2011"
  /// A point of no return that nobody acknowledged.
  case notAcknowledged = "RB2012"
  /// `onInterrupt` or `probe` on a step whose outcome is never in question.
  case needlessInterrupt = "RB2013"
  /// Numbers of a rollback trigger that do not go together, or an action that cannot be sampled.
  case trigger = "RB2015"
  /// The address of a target holds a password.
  case passwordInAddress = "RB2016"

  /// Why it is said, and what to do.
  public var explanation: (cause: String, remedy: String) {
    switch self {
    case .unknownAction: ("The catalog of actions has no such name.", "Correct the name; 'runbook validate' suggests the nearest one.")
    case .mutatingCheck:
      (
        "Checks, preconditions, captures and probes only look; an action that changes something cannot stand there.",
        "Make it a step, or use an action that reads."
      )
    case .wrongTarget: ("Each action works on one type of target.", "Name a target of that type, or set one under 'defaults'.")
    case .missingCollection:
      ("The action works on a collection, and none is named.", "Add 'collection:' beside 'action', or under 'defaults'.")
    case .lateReservation:
      (
        "A run reserves everything that it changes before it begins, so it must know the names by then.",
        "Refer only to params, run and metadata in 'target' and 'collection' of a step that changes something."
      )
    case .missingRollback:
      (
        "A step that changes something must say how it is taken back.",
        "Add 'rollback:' with a list of steps, coveredBy, notNeeded, or none with acknowledged: true."
      )
    case .needlessRollback: ("There is nothing that this 'rollback' could do.", "Remove it, or write the steps that undo the effect.")
    case .argument: ("The action refuses this combination of arguments.", "Change it as the message says.")
    case .output: ("The check looks at something that the action does not give.", "Use one of the outputs that the message lists.")
    case .coveredBy:
      (
        "The covering step must change something, have a way back of its own, and be undone by the same rollback.",
        "Name such a step."
      )
    case .notBuilt:
      (
        "The format has this, but this version of the program does not carry it out yet.",
        "Leave it out, or use a version that has it. Nothing was run."
      )
    case .trigger:
      (
        "A trigger samples an action at even intervals and judges whole windows of samples; these values do not allow that.",
        "Correct them as the message says."
      )
    case .passwordInAddress:
      (
        "A plan and its params are stored with each run as they are, and a password in an address would be stored with them.",
        "Declare the address under 'secrets', from the environment, a file or a program, and refer to it."
      )
    case .needlessInterrupt:
      (
        "'onInterrupt' and 'probe' say what to do where nobody knows whether the effect happened; of this action that is known, or plays no part.",
        "Remove them."
      )
    case .notAcknowledged:
      (
        "Beyond a point of no return nothing can be taken back, so somebody has to say that this is known.",
        "Add 'acknowledged: true' beside 'none'."
      )
    }
  }
}

/// A part of the format that a plan uses and this version does not carry out yet.
public struct UnbuiltPart: Sendable, Hashable {
  /// In words: `the action http.check`, `the key 'throttle' of mongodb.update`.
  public var what: String
  public var range: SourceRange

  public init(what: String, range: SourceRange) {
    self.what = what
    self.range = range
  }
}
