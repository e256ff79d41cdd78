import RunbookEngine
import RunbookPlan

/// A pace in words.
public enum PaceText {
  /// `batches of at most 50 documents, 2s apart`.
  public static func words(_ pace: Pace?) -> String {
    guard let pace else { return "batches as fast as the plan says" }
    if pace.isHeld { return "no batches until further notice" }
    let size = pace.batchSize.map { "batches of at most \($0) documents" } ?? "batches"
    guard let pause = pace.pauseBetween else { return size }
    return size + (pause > 0 ? ", \(DurationText.format(microseconds: pause * 1_000)) apart" : " with no pause between them")
  }
}
