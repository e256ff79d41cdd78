import RunbookEngine

/// The plans of one run as the engine sees them: the one it began with, and edited ones that it was told to go on with.
public struct PlanVersions: Sendable {
  public struct Later: Sendable {
    public var adoption: Adoption
    public var outline: Outline

    public init(adoption: Adoption, outline: Outline) {
      self.adoption = adoption
      self.outline = outline
    }
  }

  public var first: Outline
  /// In the order of their adoption; the last one may be about to be adopted.
  public var later: [Later]

  public init(first: Outline, later: [Later] = []) {
    self.first = first
    self.later = later
  }

  /// A state to fold the run's journal over.
  public var freshState: RunState {
    var state = RunState(outline: first)
    for version in later { state.know(version.outline, of: version.adoption) }
    return state
  }
}
