import Glibc
import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookPlan
import Synchronization

/// What actions may ask of the rest of their run while they work: the state itself, so that a step sees what the one before it left.
final class RunMemory: RunWorld {
  /// What undos of this process found out, in full; the state keeps it without secrets.
  private let undos = Mutex<[String: UndoResult]>([:])
  private let targets: any TargetFinding
  private let state: StateBox

  init(targets: any TargetFinding, state: StateBox) {
    self.targets = targets
    self.state = state
  }

  func remember(undo result: UndoResult, of step: String) { undos.withLock { $0[step] = result } }
  func undo(of step: String) -> UndoResult? { undos.withLock { $0[step] } }

  func outputs(ofStep step: String) -> Value? {
    guard let record = state.step(step), record.effect == .happened else { return nil }
    return record.outputs
  }

  func call(ofStep step: String) -> (arguments: ValueMap, collection: String?, target: String?)? {
    guard let call = ResolvedCall(value: state.step(step)?.captures?[CaptureKey.call]) else { return nil }
    return (call.arguments, call.collection, call.target)
  }

  func target(named name: String) async throws(ActionError) -> any Target { try await targets.target(named: name) }
}

/// A stop that is asked for once and seen by the effect under way.
final class StopFlag: StopSignal {
  private let requested = Atomic<Bool>(false)

  var isRequested: Bool { requested.load(ordering: .relaxed) }
  func request() { requested.store(true, ordering: .relaxed) }
}

/// The clock of this machine.
public struct SystemClock: RunClock {
  public init() {}

  public func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }

  public func sleep(milliseconds: Int64) async {
    try? await Task.sleep(for: .milliseconds(max(milliseconds, 0)))
  }
}
