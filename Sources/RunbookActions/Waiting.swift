import RunbookPlan

/// Time that passes for an action, from when it was first requested up to a moment.
struct Waiting {
  private let context: ActionContext
  /// Milliseconds since 1970.
  private let end: Int64

  init(_ context: ActionContext, until end: Int64) {
    self.context = context
    self.end = end
  }

  var isOver: Bool { context.clock.now() >= end }

  /// Waits for the end.
  /// - Parameters:
  ///   - note: what is waited for, shown meanwhile.
  ///   - most: milliseconds after which it comes back before the end.
  func pass(_ note: String?, atMost most: Int64 = .max) async throws(ActionError) {
    let began = context.clock.now()
    while true {
      let now = context.clock.now()
      let left = min(end - now, most == .max ? .max : began + most - now)
      if left <= 0 { return }
      if end - context.requestedAt >= 2_000 {
        context.progress(
          Progress(done: (now - context.requestedAt) / 1_000, total: (end - context.requestedAt) / 1_000, unit: "seconds", note: note))
      }
      if context.stop.isRequested || Task.isCancelled {
        throw ActionError(
          code: "RB4001", message: "the wait was stopped \(DurationText.format(microseconds: (end - now) * 1_000)) before its end",
          kind: .stopped)
      }
      // Short naps, so that a stop is noticed soon.
      await context.clock.sleep(milliseconds: min(left, 100))
    }
  }
}
