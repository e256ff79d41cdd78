import RunbookActions
import Synchronization

/// The processes of one program that answer side by side. Each is started when it is first asked, goes on to the end, and has one batch at a time.
final class TransformPrograms: Sendable {
  private struct State {
    var free: [ProgramConversation] = []
    /// Started or being started, and not gone.
    var count = 0
  }

  private let start: @Sendable () async throws(ActionError) -> ProgramConversation
  private let most: Int
  private let state = Mutex(State())

  /// - Parameters:
  ///   - count: how many run at once, at most.
  ///   - start: starts one.
  init(count: Int, start: @escaping @Sendable () async throws(ActionError) -> ProgramConversation) {
    most = count
    self.start = start
  }

  /// Asks one that is free. Whoever calls never asks more at once than there may be.
  func ask(
    _ text: [UInt8], lines count: Int, stop: any StopSignal, onAnswer: @escaping @Sendable (Int) -> Void
  ) async -> Result<[[UInt8]], ActionError> {
    let free = state.withLock { state in
      let free = state.free.popLast()
      if free == nil {
        state.count += 1
        precondition(state.count <= most, "more is asked at once than programs may run")
      }
      return free
    }
    do throws(ActionError) {
      let program: ProgramConversation
      if let free { program = free } else { program = try await start() }
      let answers = try await program.ask(text, lines: count, stop: stop, onAnswer: onAnswer)
      state.withLock { $0.free.append(program) }
      return .success(answers)
    } catch {
      // That one is gone.
      state.withLock { $0.count -= 1 }
      return .failure(error)
    }
  }

  /// Lets all come to their end.
  /// - Returns: what a person should know.
  func finish() async throws(ActionError) -> [String] {
    var warnings: [String] = []
    while let program = state.withLock({ $0.free.popLast() }) {
      if let warning = try await program.finish() { warnings.append(warning) }
    }
    return warnings
  }

  /// Ends all that are not asked anything now.
  func abandon() async {
    while let program = state.withLock({ $0.free.popLast() }) { await program.abandon() }
  }
}
