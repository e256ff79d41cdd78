/// What a check came to. Inconclusive is treated as no data.
public enum Verdict: String, Sendable, Hashable, CaseIterable {
  case pass, fail, noData, error, inconclusive
  /// It was not asked: its `when` was false, or it refers to a step that never started. No matcher says so.
  case skipped
}
