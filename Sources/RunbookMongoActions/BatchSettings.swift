import RunbookActions
import RunbookPlan

/// `batch`, as the plan says it; `targetLatency` is read with the throttle.
struct BatchSettings: Sendable, Hashable {
  static let mostDocuments: Int64 = 500

  /// Documents at a time, at most.
  var size = Int(mostDocuments)
  /// How many batches may be under way at a time.
  var workers = 1

  /// - Parameters:
  ///   - most: how many workers there may be; where it is one, more are a part of the format that is not carried out.
  ///   - what: that many of which may be under way.
  init(_ value: Value?, mostWorkers most: Int64, of what: String, _ problems: inout [ArgumentProblem]) {
    if let size = value?["size"]?.integerValue {
      if (1...Self.mostDocuments).contains(size) {
        self.size = Int(size)
      } else {
        problems.append(
          ArgumentProblem(path: ["batch", "size"], message: "a batch has 1 to \(Self.mostDocuments) documents, not \(size)"))
      }
    }
    guard let workers = value?["workers"]?.integerValue else { return }
    if (1...most).contains(workers) {
      self.workers = Int(workers)
    } else if most == 1, workers > 1 {
      problems.append(ArgumentProblem(path: ["batch", "workers"], message: "more than one worker", isUnbuilt: true))
    } else {
      problems.append(
        ArgumentProblem(path: ["batch", "workers"], message: "1 to \(most) \(what) may be under way at a time, not \(workers)"))
    }
  }
}
