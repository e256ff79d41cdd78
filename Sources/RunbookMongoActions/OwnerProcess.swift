import Glibc
import RunbookActions

/// Tells whether a process on this machine is gone. Nothing is said about other machines and containers.
public enum OwnerProcess {
  /// What `LeaseOwner.host` holds for processes of this machine's present start, in this PID namespace: boot id, a space, namespace. Empty where the
  /// system does not tell them.
  public static var thisHost: String {
    let boot = text(of: "/proc/sys/kernel/random/boot_id").prefix { $0 != "\n" }
    var buffer = [UInt8](repeating: 0, count: 128)
    let length = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { readlink("/proc/self/ns/pid", $0, bytes.count) } ?? 0
    }
    guard !boot.isEmpty, length > 0 else { return "" }
    return boot + " " + String(decoding: buffer.prefix(length), as: UTF8.self)
  }

  /// This process as the owner of a lease, under a fresh id.
  /// - Parameter label: what people read, `ana@host, process 4711`.
  public static func current(label: String) -> LeaseOwner {
    LeaseOwner(
      id: randomToken(), host: thisHost, processID: Int64(getpid()), processStart: start(of: Int64(getpid()))?.time ?? 0, label: label)
  }

  /// True only where the owner ran here and certainly runs no more; a process id that another process has now does not count as running.
  static func isGone(_ owner: LeaseOwner, on host: String) -> Bool {
    guard !host.isEmpty, owner.host == host, host == thisHost, owner.processID > 0, owner.processStart > 0 else { return false }
    guard let found = start(of: owner.processID) else {
      return kill(pid_t(clamping: owner.processID), 0) != 0 && errno == ESRCH
    }
    // Z and X: it has ended and only waits for its parent to ask.
    return found.time != owner.processStart || found.state == "Z" || found.state == "X"
  }

  /// Fields 3 and 22 of `/proc/PID/stat`; the name in field 2 may hold anything, so fields count from its last bracket.
  private static func start(of process: Int64) -> (state: Character, time: Int64)? {
    let stat = text(of: "/proc/\(process)/stat")
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 19, let state = fields[0].first, let time = Int64(fields[19]) else { return nil }
    return (state, time)
  }

  private static func text(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let length = buffer.withUnsafeMutableBytes { bytes in bytes.baseAddress.map { read(file, $0, bytes.count) } ?? 0 }
    return length > 0 ? String(decoding: buffer.prefix(length), as: UTF8.self) : ""
  }
}
