import RunbookActions
import RunbookPlan

/// Lets a batched change wait before each batch, as the plan says. What cannot be read holds it back as what is over its limit does.
///
/// A rollback keeps the plan's pauses too, but asks no signals: what they complain of may be what it is to mend, and it must not wait for ever.
final class Throttle {
  /// Which way a change goes.
  enum Way: Sendable { case forward, back }

  /// What was waited for, in words, and how long.
  struct Waited: Sendable {
    var name: String
    var milliseconds: Int64
    /// The last reason.
    var reason: String
  }

  let settings: ThrottleSettings
  private let signals: [any ThrottleSignal]
  private let clock: any RunClock
  private let pace: any PaceSignal
  private let way: Way
  private let isStopped: @Sendable () -> Bool
  private let onPause: (String?) -> Void
  private var isFirst = true
  private(set) var waited: [Waited] = []

  /// How long it waits before it looks again, in milliseconds.
  private static let interval: Int64 = 500

  /// - Parameters:
  ///   - pace: what a person wants beside the plan; forward the slower counts, back the person's.
  ///   - onPause: told why it waits, again and again; nil once it goes on.
  init(
    _ settings: ThrottleSettings, signals: [any ThrottleSignal], clock: any RunClock, pace: any PaceSignal = PlannedPace(),
    way: Way = .forward, isStopped: @escaping @Sendable () -> Bool, onPause: @escaping (String?) -> Void
  ) {
    self.settings = settings
    self.signals = signals
    self.clock = clock
    self.pace = pace
    self.way = way
    self.isStopped = isStopped
    self.onPause = onPause
  }

  /// Reads each signal once, so that one that can never be read fails the step before it writes.
  /// - Throws: RB3411 where this deployment or this user cannot read one.
  func prepare() async throws(ActionError) {
    for signal in signals {
      do throws(ActionError) {
        _ = try await signal.read()
      } catch {
        guard error.kind == .refused || error.kind == .mistake else { continue }
        if error.code == UpdateErrorCode.unreadableSignal { throw error }
        throw ActionError(
          code: UpdateErrorCode.unreadableSignal, message: "the throttle cannot read its signal '\(signal.name)': \(error.message)",
          kind: .refused, help: error.help ?? "give the user the privilege that it needs, or leave this part of 'throttle' out")
      }
    }
  }

  /// Waits until the next batch may go out.
  func wait() async {
    let began = clock.now()
    // Asked again and again: somebody may hasten or delay it meanwhile.
    while !isFirst, goesOn, case let (length, whose) = between, clock.now() < began + length {
      await pause(until: began + length, began: began, "pause", length < 1_000 ? nil : whose)
    }
    isFirst = false
    while goesOn, let (name, reason) = await firstReason() {
      await pause(until: clock.now() + Self.interval, began: began, name, reason)
    }
    if clock.now() > began { onPause(nil) }
  }

  private var goesOn: Bool { !isStopped() && !Task.isCancelled }

  /// The pause between two batches, in milliseconds, and who asks for it.
  private var between: (length: Int64, whose: String) {
    guard let wanted = pace.current.pauseBetween, way == .back || wanted > settings.pauseBetween else {
      return (settings.pauseBetween, "the plan's pause between batches")
    }
    return (wanted, "the pause between batches that was asked for")
  }

  /// Documents a batch, at most, as a person wants it.
  var batchLimit: Int { pace.current.batchSize ?? .max }

  /// Why no batch may go out now, by the first signal that says so.
  private func firstReason() async -> (name: String, reason: String)? {
    if let hold = pace.current.hold {
      return ("a person", "held by \(hold)" + (way == .back ? "; 'runbook pace' lets the rollback go on" : ""))
    }
    for signal in signals {
      do throws(ActionError) {
        if case .busy(let reason) = try await signal.read() { return (signal.name, reason) }
      } catch {
        return (signal.name, "it cannot be read: \(error.message)")
      }
    }
    return nil
  }

  /// Sleeps a while, at most until the end.
  /// - Parameter reason: why; nil: too short to be told.
  private func pause(until end: Int64, began: Int64, _ name: String, _ reason: String?) async {
    let start = clock.now()
    // With the time that has gone by: a word that differs from the last says that somebody is at it.
    if let reason { onPause("throttled for \(Self.words(start - began)) by \(name): \(reason)") }
    await clock.sleep(milliseconds: max(0, min(end - start, Self.interval)))
    note(name, clock.now() - start, reason ?? "")
  }

  private func note(_ name: String, _ milliseconds: Int64, _ reason: String) {
    if let index = waited.firstIndex(where: { $0.name == name }) {
      waited[index].milliseconds += milliseconds
      waited[index].reason = reason
    } else {
      waited.append(Waited(name: name, milliseconds: milliseconds, reason: reason))
    }
  }

  /// All of it, in milliseconds.
  var total: Int64 { waited.reduce(0) { $0 + $1.milliseconds } }

  /// What the record says of it; nil where nothing held it back but the plan's own pauses.
  var summary: String? {
    let told = waited.filter { $0.name != "pause" }
    guard !told.isEmpty else { return nil }
    return "the throttle held it back: "
      + told.map { "\(Self.words($0.milliseconds)) by \($0.name) (last: \($0.reason))" }.joined(separator: "; ")
  }

  private static func words(_ milliseconds: Int64) -> String {
    // Whole seconds: a word that changes twice a second is none that a person reads.
    milliseconds < 1_000 ? "less than 1s" : DurationText.format(microseconds: milliseconds / 1_000 * 1_000_000)
  }
}
