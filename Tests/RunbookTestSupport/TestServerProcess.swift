import CProcess
import Foundation
import Synchronization

/// A server's process under the guard of a shell that kills it, and removes its files, when this process goes, however it goes.
///
/// The guard reads from a pipe whose other end only we hold: the end of the pipe is the end of the server.
final class TestServerProcess: Sendable {
  /// The server's process id.
  let pid: Int32
  private let guardian: ChildProcess
  private let pipeEnd: Mutex<Int32>

  /// The guard's program. It ignores Ctrl-C but not SIGTERM, which its child would inherit as ignored.
  /// Its arguments: directory of everything, file for the id, log, then the server's command.
  private static let script = """
    trap '' INT HUP
    root=$1; id=$2; log=$3; shift 3
    "$@" >>"$log" 2>&1 </dev/null &
    server=$!
    echo $server >"$id.new" && mv "$id.new" "$id"
    read -r word
    case "$word" in
    term*) kill -TERM $server; (sleep 15; kill -KILL $server) 2>/dev/null & late=$! ;;
    *) kill -KILL $server; late= ;;
    esac
    wait $server
    [ -z "$late" ] || kill $late
    case "$word" in *keep) ;; *) rm -rf "$root" ;; esac
    """

  /// - Parameters:
  ///   - root: the directory that is removed at the end.
  ///   - command: the server's program and its arguments.
  init(root: URL, command: [String]) async throws {
    let idFile = root.appendingPathComponent("pid")
    try? FileManager.default.removeItem(at: idFile)
    var ends: [Int32] = [-1, -1]
    guard cprocess_pipe(&ends) == 0 else { throw TestServerError("no pipe for the server's guard: errno \(errno)") }
    defer { close(ends[0]) }
    pipeEnd = Mutex(ends[1])
    // A shell waits for what it reads.
    _ = fcntl(ends[0], F_SETFL, 0)
    let log = root.appendingPathComponent("server.log").path
    guardian = try ChildProcess(
      "/bin/sh", ["-c", Self.script, "server-guard", root.path, idFile.path, log] + command, streams: (ends[0], -1, -1))
    var id: Int32?
    for _ in 0..<500 where id == nil {
      id = (try? String(contentsOf: idFile, encoding: .utf8)).flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
      if id == nil { try await Task.sleep(for: .milliseconds(10)) }
    }
    guard let id else { throw TestServerError("the shell that guards the server did not start it within 5 s") }
    pid = id
  }

  deinit { closePipe() }

  /// Ends the server and waits until it is gone.
  /// - Parameters:
  ///   - gently: with SIGTERM instead of SIGKILL.
  ///   - keepingFiles: whether its files stay for a restart.
  func end(gently: Bool, keepingFiles: Bool) async {
    let word = (gently ? "term" : "kill") + (keepingFiles ? "keep" : "") + "\n"
    pipeEnd.withLock { end in
      if end >= 0 { _ = word.withCString { write(end, $0, strlen($0)) } }
    }
    closePipe()
    await guardian.ended()
  }

  /// Whether the server has ended by itself (it is then a zombie of its guard).
  var hasDied: Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return kill(pid, 0) != 0 }
    return stat.split(separator: ")").last?.split(separator: " ").first == "Z"
  }

  private func closePipe() {
    pipeEnd.withLock { end in
      if end >= 0 { close(end) }
      end = -1
    }
  }
}

/// Why there is no server to test with.
public struct TestServerError: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
