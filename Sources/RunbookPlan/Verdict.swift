/// What a check came to. Inconclusive is treated as no data.
public enum Verdict: String, Sendable, Hashable, CaseIterable {
  case pass, fail, noData, error, inconclusive
}
