/// Something that actions rely on and that not every deployment can do.
public enum Capability: String, Sendable, Hashable, CaseIterable {
  /// Updates by a pipeline that compares the server's clock: what the lease and every guarded write are made of.
  case fencedUpdates
  /// Sessions, in which commands are counted.
  case sessions
  /// A record of what a session's commands did, so that one whose answer was lost can be asked again.
  case retryableWrites
  /// Events of what others write.
  case changeEvents

  /// What it is called in messages.
  public var words: String {
    switch self {
    case .fencedUpdates: "updates by pipeline with the server's clock"
    case .sessions: "sessions"
    case .retryableWrites: "retryable writes"
    case .changeEvents: "change events"
    }
  }
}

/// What a deployment cannot do.
public struct Shortcomings: Sendable, Hashable {
  public struct Lack: Sendable, Hashable {
    public var capability: Capability
    /// What does not work without it, and what does all the same; a sentence.
    public var meaning: String

    public init(_ capability: Capability, _ meaning: String) {
      self.capability = capability
      self.meaning = meaning
    }
  }

  /// What the deployment is, in a few words.
  public var deployment: String
  public var lacks: [Lack]

  public init(deployment: String, lacks: [Lack]) {
    self.deployment = deployment
    self.lacks = lacks
  }
}

/// A target that can say what its deployment cannot do.
public protocol CapableTarget: Target {
  /// Asks the deployment, before anything is changed in it. Changes no document.
  func shortcomings() async throws(ActionError) -> Shortcomings
}
