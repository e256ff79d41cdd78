import Dispatch
import Glibc
import RunbookRuntime

/// Ctrl-C, SIGTERM and SIGHUP become requests to the executor: the first to pause, the second to stop at once. Listens from the moment there is
/// an executor to hear them.
@MainActor
final class StopSignals {
  private var sources: [any DispatchSourceSignal] = []

  nonisolated init() {}

  func listen(for executor: RunExecutor) {
    sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { executor.requestStop() }
      source.resume()
      return source
    }
  }

  func stop() {
    for source in sources { source.cancel() }
    sources = []
  }
}
