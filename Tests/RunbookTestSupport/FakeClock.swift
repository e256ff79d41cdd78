import RunbookActions
import Synchronization

/// A clock of its own time. Flowing, it jumps to the next moment that somebody sleeps until, so that hours pass in milliseconds; standing, it
/// moves only when it is told to.
public final class FakeClock: RunClock {
  private struct State {
    var now: Int64
    var flows: Bool
    var sleepers: [Int: Int64] = [:]
    var next = 0
  }

  private let state: Mutex<State>

  /// - Parameter now: milliseconds since 1970.
  public init(now: Int64 = 1_763_640_000_000, flows: Bool = true) {
    state = Mutex(State(now: now, flows: flows))
  }

  public func now() -> Int64 { state.withLock { $0.now } }

  public func advance(milliseconds: Int64) { state.withLock { $0.now += milliseconds } }

  public func sleep(milliseconds: Int64) async {
    let sleeper = state.withLock { state -> Int in
      state.next += 1
      state.sleepers[state.next] = state.now + max(milliseconds, 0)
      return state.next
    }
    while !isOver(sleeper) {
      await Self.letOthersWork()
      if Task.isCancelled { break }
      jump(for: sleeper)
    }
    _ = state.withLock { $0.sleepers.removeValue(forKey: sleeper) }
  }

  /// Real time, so that others get to do what they are about to do before the next jump: longer where they have to wait for their turn.
  private static func letOthersWork() async {
    var turns = 0
    repeat {
      let began = ContinuousClock.now
      try? await Task.sleep(for: .microseconds(150))
      turns += ContinuousClock.now - began < .milliseconds(2) ? 3 : 1
    } while turns < 6 && !Task.isCancelled
  }

  private func isOver(_ sleeper: Int) -> Bool { state.withLock { state in state.sleepers[sleeper].map { $0 <= state.now } ?? true } }

  /// Whoever sleeps until the earliest moment takes the time there.
  private func jump(for sleeper: Int) {
    state.withLock { state in
      guard state.flows, let wake = state.sleepers[sleeper], wake > state.now, state.sleepers.values.allSatisfy({ $0 >= wake }) else {
        return
      }
      state.now = wake
    }
  }
}

/// A stop signal that a test gives.
public final class FakeStop: StopSignal {
  private let flag = Atomic<Bool>(false)

  public init() {}

  public var isRequested: Bool { flag.load(ordering: .sequentiallyConsistent) }
  public func request() { flag.store(true, ordering: .sequentiallyConsistent) }
}
