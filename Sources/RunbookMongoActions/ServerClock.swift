import Synchronization

/// The server's clock as it can be told from here: its last answer plus what this machine's clock of elapsed time, which also counts
/// through sleep, has counted since.
final class ServerClock: Sendable {
  private struct Reading {
    var server: Int64
    var sent: ContinuousClock.Instant
  }

  private let reading = Mutex<Reading?>(nil)

  /// Takes an answer in: `server` milliseconds, read by the server some time after `sent`.
  func learn(server: Int64, sent: ContinuousClock.Instant) {
    reading.withLock { $0 = Reading(server: server, sent: sent) }
  }

  /// Milliseconds since 1970; never behind the server's clock as long as both clocks run equally fast, ahead of it by at most the time that the
  /// exchange took. Nil before the first exchange.
  var now: Int64? {
    reading.withLock { reading in
      reading.map { $0.server + wholeMilliseconds(ContinuousClock.now - $0.sent) }
    }
  }
}

/// A duration in whole milliseconds, rounded down.
func wholeMilliseconds(_ duration: Duration) -> Int64 {
  let (seconds, attoseconds) = duration.components
  return seconds * 1000 + attoseconds / 1_000_000_000_000_000
}
