/// A check among the arguments of a call, ready to be asked as often as it takes.
public struct AwaitedCheck: Sendable {
  public struct Answer: Sendable, Hashable {
    public var holds: Bool
    /// What was seen, or why nothing was.
    public var words: String

    public init(holds: Bool, words: String) {
      self.holds = holds
      self.words = words
    }
  }

  public var ask: @Sendable () async -> Answer

  public init(ask: @escaping @Sendable () async -> Answer) { self.ask = ask }
}
