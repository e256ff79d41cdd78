import RunbookEngine
import RunbookPlan

/// A pace in words.
public enum PaceText {
  /// `batches of at most 50 documents, 2s apart`.
  public static func words(_ pace: Pace?) -> String {
    guard let pace else { return "batches as fast as the plan says" }
    if pace.isHeld { return "no batches until further notice" }
    let size = pace.batchSize.map { "batches of at most \($0) documents" } ?? "batches"
    return size + (pace.pauseBetween.map { ", \(DurationText.format(microseconds: $0 * 1_000)) apart" } ?? "")
  }
}
