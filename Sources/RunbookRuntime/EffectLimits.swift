import RunbookActions
import RunbookEngine
import RunbookPlan
import Synchronization

/// How long a step's effect may take as a whole, and how long without a sign of progress. Milliseconds.
struct EffectLimits: Sendable, Hashable {
  var deadline: Int64?
  var stallTimeout: Int64?

  /// Batched changes that say nothing else give up when nothing has gone on for so long.
  static let defaultStallTimeout: Int64 = 10 * 60 * 1_000
  /// How long an effect that was asked to stop may take to come to its border.
  static let grace: Int64 = 10_000
  /// How long one that was cut off may take to say so.
  static let cutOffGrace: Int64 = 2_000
}

extension BoundStep {
  /// The limits of the step's effect; nil where it has none. An undo is never cut short, and what waits for people or time takes as long as it
  /// says (seen when the plan is bound).
  var effectLimits: EffectLimits? {
    if case .undo = role { return nil }
    let isBatched = call.descriptor.isMutating && call.descriptor.interrupt == .batch
    let found = EffectLimits(
      deadline: limits.deadline.map { $0 / 1_000 },
      stallTimeout: limits.stallTimeout.map { $0 / 1_000 } ?? (isBatched ? EffectLimits.defaultStallTimeout : nil))
    return found.deadline == nil && found.stallTimeout == nil ? nil : found
  }
}

extension EffectRunner {
  /// Carries an effect out within the limits of its step: at a limit it is asked to stop at its border; what does not come to one is cut off,
  /// and nobody knows then whether it happened.
  func carryOutInTime(
    _ effect: Effect, scope: RunScope, stop: StopFlag, progress: @escaping @Sendable (Progress) -> Void
  ) async -> Answer {
    guard effect.id.verb == .perform, let limits = bound.steps[effect.id.subject]?.effectLimits else {
      return await carryOut(effect, scope: scope, stop: stop, progress: progress)
    }
    let watch = LimitWatch(limits: limits, effect: effect, clock: clock)
    let work = Task {
      await carryOut(effect, scope: scope, stop: stop) { step in
        watch.note(step)
        progress(step)
      }
    }
    let (answers, sink) = AsyncStream.makeStream(of: Answer?.self)
    Task { sink.yield(await work.value) }
    let limit = Task {
      guard await watch.waitForLimit() else { return }
      stop.request()
      await clock.sleep(milliseconds: EffectLimits.grace)
      if Task.isCancelled { return }
      work.cancel()
      await clock.sleep(milliseconds: EffectLimits.cutOffGrace)
      if !Task.isCancelled { sink.yield(nil) }
    }
    let answer = await withTaskCancellationHandler {
      await answers.first { _ in true }
    } onCancel: {
      work.cancel()
    }
    limit.cancel()
    // Without an answer this task itself was cancelled: the work was told, and has the last word.
    guard let answer else { return watch.judged(await work.value) }
    return watch.judged(answer)
  }
}

/// Watches one effect against its limits.
private final class LimitWatch: Sendable {
  private struct State {
    var last: Progress?
    var movedAt: Int64
    /// What was exceeded, in words.
    var exceeded: String?
  }

  private let limits: EffectLimits
  private let requestedAt: Int64
  private let subject: String
  private let clock: any RunClock
  private let state: Mutex<State>

  init(limits: EffectLimits, effect: Effect, clock: any RunClock) {
    self.limits = limits
    self.clock = clock
    requestedAt = effect.requestedAt
    subject = effect.id.subject
    state = Mutex(State(movedAt: clock.now()))
  }

  /// Only what differs from the word before is progress.
  func note(_ progress: Progress) {
    let now = clock.now()
    state.withLock { state in
      guard state.last != progress else { return }
      state.last = progress
      state.movedAt = now
    }
  }

  /// Returns true when a limit is exceeded, false when nobody waits for that any more.
  func waitForLimit() async -> Bool {
    while !Task.isCancelled {
      let now = clock.now()
      let movedAt = state.withLock { $0.movedAt }
      let deadline = limits.deadline.map { requestedAt + $0 } ?? .max
      let stall = limits.stallTimeout.map { movedAt + $0 } ?? .max
      if now >= min(deadline, stall) {
        let text =
          deadline <= stall
          ? "its deadline of \(told(limits.deadline)) has passed" : "nothing went on for \(told(limits.stallTimeout)) (stallTimeout)"
        state.withLock { $0.exceeded = text }
        return true
      }
      await clock.sleep(milliseconds: min(deadline, stall) - now)
    }
    return false
  }

  private func told(_ milliseconds: Int64?) -> String { DurationText.format(microseconds: (milliseconds ?? 0) * 1_000) }

  /// The answer as the limits make it; nil is one that never came.
  func judged(_ answer: EffectRunner.Answer?) -> EffectRunner.Answer {
    let (exceeded, last) = state.withLock { ($0.exceeded, $0.last) }
    let done = last.map { progress in
      "\(progress.done)" + (progress.total.map { " of \($0)" } ?? "") + " \(progress.unit) were done by then"
    }
    guard let exceeded else {
      return answer ?? .outcome(.unknown(Failure(code: "RB2309", message: "'\(subject)' was cut off")), warnings: [])
    }
    let soFar = done ?? "it had reported nothing by then"
    switch answer {
    case .outcome(.interrupted, _):
      return .outcome(.failed(Failure(code: "RB2308", message: "\(exceeded), and it stopped at its border; \(soFar)")), warnings: [])
    case .outcome(.unknown(let failure), _):
      return .outcome(
        .unknown(Failure(code: "RB2309", message: "\(exceeded), and it was cut off (\(failure.message)); \(soFar)")), warnings: [])
    case nil:
      let grace = told(EffectLimits.grace)
      return .outcome(
        .unknown(
          Failure(code: "RB2309", message: "\(exceeded), and it came to no border within \(grace), so it was cut off; \(soFar)")),
        warnings: [])
    case let answer?: return answer
    }
  }
}
