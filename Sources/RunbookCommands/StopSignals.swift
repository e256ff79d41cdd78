import Dispatch
import Glibc
import RunbookRuntime

/// Ctrl-C, SIGTERM and SIGHUP become requests to the executor: the first to pause, the second to stop at once. Listens from the moment
/// there is an executor to hear them; before that they end the process as usual, and nothing has been changed.
actor StopSignals {
  private var sources: [any DispatchSourceSignal] = []

  /// - Parameter onStop: called for each signal, before the executor hears of it.
  func listen(for executor: RunExecutor, onStop: @escaping @Sendable () -> Void = {}) {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      // Runs on a queue of its own: a closure that belonged to this actor would trap there.
      source.setEventHandler { @Sendable in
        onStop()
        executor.requestStop()
      }
      source.resume()
      sources.append(source)
    }
  }

  func stop() {
    for source in sources { source.cancel() }
    sources = []
  }
}
