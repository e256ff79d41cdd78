/// What the runtime has to do, in this order.
public enum Order: Sendable, Hashable {
  /// Append these entries in one transaction, and consume the rows of the inbox that they name. Where that fails, nothing after it may be
  /// done, and nothing after that (exit 74).
  case commit([Entry])
  /// Start the effect, and answer it with `finished`.
  case start(Effect)
  /// Stop the effect as it is told; it is still answered.
  case stop(Effect, InterruptMode)
  /// Give the effect up at once, and swallow what it still answers: a gate may be started again under the same id.
  case drop(Effect)
  /// The run stands: say so to the outside, and end.
  case tell(RunStatus)
}

/// The rules between engine and journal: what is committed when, and what is started when. The runtime carries out its orders; the
/// simulator tests it by crashing between them.
///
/// Entries wait in a buffer until the next effect that is not a read, the next word to the outside, an entry that is committed at once, or
/// `bufferTime`. So the outcome of one step shares the transaction of the intent of the next one.
///
/// To lead a run: fold its journal into a `RunState` (or begin a fresh one with `begin`), make a conductor of it, hand it `leaseTaken`, and
/// from then on every answer of an effect, every request, and `tick` at `nextWake`; carry out the orders in their order, until `tell`. Ask
/// `RunState.refusal(of:)` before the lease is taken for a request: what would be refused leaves no entry.
public struct Conductor: Sendable {
  /// How long an entry may wait (milliseconds).
  public static let bufferTime: Int64 = 250

  public private(set) var state: RunState
  public private(set) var buffer: [Entry] = []
  private var bufferedSince: Int64 = 0
  private var running: Effect?
  private var stopSent: InterruptMode?
  private var told: RunStatus?

  /// `state`: fresh, or folded from the journal.
  public init(state: RunState) { self.state = state }

  /// When `handle` must be called with `tick` at the latest (milliseconds).
  public var nextWake: Int64? {
    let flush = buffer.isEmpty ? nil : bufferedSince + Conductor.bufferTime
    guard let deadline = state.nextDeadline else { return flush }
    return flush.map { min($0, deadline) } ?? deadline
  }

  public mutating func handle(_ input: Input) -> [Order] {
    if case .finished(let id, _) = input.event, running?.id == id {
      running = nil
      stopSent = nil
    }
    let entries = state.take(input)
    let durable = entries.filter { !$0.isTransient }
    if buffer.isEmpty, !durable.isEmpty { bufferedSince = input.at }
    buffer += durable

    var orders: [Order] = []
    if let running, state.current?.id != running.id || (state.outstanding.isEmpty && state.polling.nextAt == nil) {
      orders.append(.drop(running))
      self.running = nil
      stopSent = nil
    }
    if let running, let mode = state.stopWanted, mode != .await, mode != stopSent {
      orders.append(.stop(running, mode))
      stopSent = mode
    }
    let next = running == nil ? state.outstanding.first : nil
    let stands = state.standsStill
    let mustCommit =
      stands || next.map { !$0.isRead } ?? false || durable.contains(where: \.commitsAtOnce)
      || input.at >= bufferedSince + Conductor.bufferTime
    if mustCommit, !buffer.isEmpty {
      orders.append(.commit(buffer))
      buffer = []
    }
    if let next {
      orders.append(.start(next))
      running = next
    }
    if stands, told != state.status || durable.contains(where: \.isWorthTelling) { orders.append(.tell(state.status)) }
    told = stands ? state.status : nil
    return orders
  }
}

extension Entry {
  /// A window that was judged while the run stands changes nothing that the outside was told.
  fileprivate var isWorthTelling: Bool {
    if case .triggerJudged = kind { false } else { true }
  }
}

extension RunState {
  /// Nothing will happen until a person says so.
  public var standsStill: Bool {
    switch status {
    case .pending, .running: false
    case .rollingBack: isSuspended
    default: true
    }
  }
}
