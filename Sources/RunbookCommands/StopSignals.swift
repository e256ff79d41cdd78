import Dispatch
import Glibc
import RunbookRuntime
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP become requests to the executor: the first to pause, the second to stop at once.
final class StopSignals: Sendable {
  private let sources: [any DispatchSourceSignal & Sendable]

  init(_ executor: RunExecutor) {
    sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { executor.requestStop() }
      source.resume()
      return source
    }
  }

  func cancel() { for source in sources { source.cancel() } }
}

/// Listens for signals from the moment there is an executor to hear them.
final class SignalHolder: Sendable {
  private let signals: Mutex<StopSignals?> = Mutex(nil)

  func listen(for executor: RunExecutor) { signals.withLock { $0 = StopSignals(executor) } }

  func stop() {
    signals.withLock { signals in
      signals?.cancel()
      signals = nil
    }
  }
}
