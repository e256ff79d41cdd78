import RunbookActions
import RunbookEngine
import Synchronization

/// The conductor, and with it the state, where the executor changes it and effects under way read single records of it; nobody copies it.
final class StateBox: Sendable {
  private let conductor: Mutex<Conductor>

  init(_ conductor: Conductor) {
    self.conductor = Mutex(conductor)
  }

  func handle(_ input: Input) -> [Order] { conductor.withLock { $0.handle(input) } }

  /// Reads from the state; keep it short.
  func read<T: Sendable>(_ body: (borrowing RunState) -> T) -> T { conductor.withLock { body($0.state) } }

  var nextWake: Int64? { conductor.withLock { $0.nextWake } }
  /// A copy, for reports.
  var snapshot: RunState { conductor.withLock { $0.state } }

  func step(_ id: String) -> StepRecord? { conductor.withLock { $0.state.step(id) } }
  func phase(_ id: String) -> PhaseRecord? { conductor.withLock { $0.state.phase(id) } }
  func check(_ id: String) -> CheckRecord? { conductor.withLock { $0.state.check(id) } }
  func answers(to subject: String) -> [Answer] { conductor.withLock { $0.state.answers(to: subject) } }
}

/// The pace that a person has set, as the run's state has it.
struct StatePace: PaceSignal {
  private let state: StateBox

  init(_ state: StateBox) { self.state = state }

  var current: WantedPace {
    guard let (pace, who, reason) = state.read({ $0.pace }) else { return WantedPace() }
    return WantedPace(
      batchSize: pace.batchSize.map { Int(clamping: $0) }, pauseBetween: pace.pauseBetween,
      hold: pace.isHeld ? who + (reason.isEmpty ? "" : ": \(reason)") : nil)
  }
}
