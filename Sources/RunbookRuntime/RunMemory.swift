import Glibc
import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookPlan
import Synchronization

/// What actions may ask of the rest of their run while they work: a small copy of the state that the executor keeps up to date.
final class RunMemory: RunWorld {
  private struct Contents {
    var outputs: [String: Value] = [:]
    var calls: [String: ResolvedCall] = [:]
    var undos: [String: UndoResult] = [:]
  }

  private let contents = Mutex(Contents())
  private let targets: any TargetFinding

  init(targets: any TargetFinding) {
    self.targets = targets
  }

  /// Takes over what the state knows of a step.
  func learn(_ step: String, from state: StateBox) {
    guard let record = state.step(step) else { return }
    contents.withLock { contents in
      contents.outputs[step] = record.effect == .happened ? record.outputs : nil
      if let call = ResolvedCall(value: record.captures?[CaptureKey.call]) { contents.calls[step] = call }
    }
  }

  func remember(undo result: UndoResult, of step: String) { contents.withLock { $0.undos[step] = result } }
  func undo(of step: String) -> UndoResult? { contents.withLock { $0.undos[step] } }

  func outputs(ofStep step: String) -> Value? { contents.withLock { $0.outputs[step] } }

  func call(ofStep step: String) -> (arguments: ValueMap, collection: String?, target: String?)? {
    contents.withLock { $0.calls[step] }.map { ($0.arguments, $0.collection, $0.target) }
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
