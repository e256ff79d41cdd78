import CProcess
import Foundation
import Synchronization

/// A program that a test started. Foundation's `Process` is not used: it notices the end of a process by a descriptor that another one, started
/// at the same moment by another test, may keep open, and then waits for ever.
public final class ChildProcess: Sendable {
  public let pid: Int32
  /// As waitpid(2) gives it; nil while the process runs.
  private let waitStatus = Mutex<Int32?>(nil)

  /// Starts a program in a session of its own, with no descriptor of ours but its three streams.
  /// - Parameters:
  ///   - path: the program's file; a name without a slash is looked for in the PATH.
  ///   - environment: the whole of it.
  ///   - streams: stdin, stdout and stderr, which stay the caller's to close; negative stands for /dev/null.
  /// - Throws: `ProgramError` where it cannot be started.
  public init(
    _ path: String, _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment, directory: String = "/",
    streams: (Int32, Int32, Int32) = (-1, -1, -1)
  ) throws {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(null) }
    // `env` finds what is named without a slash.
    let command = path.contains("/") ? [path] + arguments : ["/usr/bin/env", path] + arguments
    var argv = command.map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    let given = [streams.0, streams.1, streams.2].map { $0 < 0 ? null : $0 }
    pid = cprocess_start(command[0], &argv, &envp, directory, given, 0)
    guard pid > 0 else { throw ProgramError("\(path) did not start: errno \(errno)") }
  }

  /// How it ended: its exit status, or 128 and the number of the signal that ended it; nil while it runs.
  public var status: Int32? {
    waitStatus.withLock { status in
      if status == nil {
        var ended: Int32 = 0
        if waitpid(pid, &ended, WNOHANG) == pid { status = ended }
      }
      return status.map { $0 & 0x7F == 0 ? $0 >> 8 & 0xFF : 128 + $0 & 0x7F }
    }
  }

  public var isRunning: Bool { status == nil }

  /// Sends a signal, where it still runs.
  public func signal(_ number: Int32) {
    waitStatus.withLock { if $0 == nil { Foundation.kill(pid, number) } }
  }

  /// Waits for the end, also where the task is cancelled meanwhile.
  @discardableResult
  public func ended() async -> Int32 {
    while true {
      if let status { return status }
      await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
    }
  }
}
