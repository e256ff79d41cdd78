import Glibc
import RunbookPlan

/// Which process this is, so that another one, now or after a restart of the machine, can tell whether it still lives.
public struct ProcessIdentity: Sendable, Hashable {
  public var host: String
  /// Differs at each start of the kernel, and is the same in all its containers.
  public var bootID: String
  /// Process ids mean something only inside one.
  public var pidNamespace: String
  public var pid: Int32
  /// Of the process, in clock ticks since the kernel started: tells a process from a later one with the same id.
  public var startTime: UInt64

  public init(host: String, bootID: String, pidNamespace: String, pid: Int32, startTime: UInt64) {
    self.host = host
    self.bootID = bootID
    self.pidNamespace = pidNamespace
    self.pid = pid
    self.startTime = startTime
  }
}

/// Whether a process still lives, as far as it can be told from here.
public enum ProcessLiveness: Sendable, Hashable {
  case alive, gone
  /// It ran on another machine or in another container, or this system does not say.
  case unknown
}

extension ProcessIdentity {
  public static func current() -> ProcessIdentity {
    let pid = getpid()
    return ProcessIdentity(
      host: hostName(), bootID: bootID(), pidNamespace: pidNamespace(), pid: pid, startTime: processStat(of: pid)?.startTime ?? 0)
  }

  public var liveness: ProcessLiveness {
    let ownBoot = Self.bootID()
    if bootID.isEmpty || ownBoot.isEmpty { return .unknown }
    guard bootID == ownBoot else {
      // The same host with another boot id was started again. A name that many machines have says nothing.
      return host == Self.hostName() && !host.isEmpty && host != "localhost" ? .gone : .unknown
    }
    guard pidNamespace == Self.pidNamespace() else { return .unknown }
    if let stat = Self.processStat(of: pid) {
      // Z and X: it has ended and only waits for its parent to ask.
      return stat.startTime == startTime && stat.state != UInt8(ascii: "Z") && stat.state != UInt8(ascii: "X") ? .alive : .gone
    }
    return kill(pid, 0) != 0 && errno == ESRCH ? .gone : .unknown
  }

  public var isAlive: Bool { liveness == .alive }

  private static func hostName() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, 255) == 0 else { return "" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func bootID() -> String {
    guard let bytes = readSmallFile("/proc/sys/kernel/random/boot_id") else { return "" }
    return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
  }

  private static func pidNamespace() -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    let length = readlink("/proc/self/ns/pid", &buffer, buffer.count)
    return length > 0 ? String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
  }

  /// Fields 3 and 22 of `/proc/PID/stat`. The name in field 2 may hold anything, also brackets: fields count from the last one.
  private static func processStat(of pid: Int32) -> (state: UInt8, startTime: UInt64)? {
    guard let bytes = readSmallFile("/proc/\(pid)/stat"), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = bytes[(end + 1)...].split(separator: 0x20)
    guard fields.count > 19, let state = fields[0].first, let start = UInt64(String(decoding: fields[19], as: UTF8.self)) else {
      return nil
    }
    return (state, start)
  }
}

extension ProcessIdentity {
  /// For a lock file or a lease.
  public var value: Value {
    .object([
      "host": .string(host), "bootID": .string(bootID), "pidNamespace": .string(pidNamespace), "pid": .integer(Int64(pid)),
      "startTime": .integer(Int64(clamping: startTime)),
    ])
  }

  /// nil where this is not what `value` gives.
  public init?(value: Value) {
    guard let host = value["host"]?.stringValue, let bootID = value["bootID"]?.stringValue,
      let pidNamespace = value["pidNamespace"]?.stringValue, let pid = value["pid"]?.integerValue.flatMap(Int32.init(exactly:)),
      let startTime = value["startTime"]?.integerValue.flatMap(UInt64.init(exactly:))
    else { return nil }
    self.init(host: host, bootID: bootID, pidNamespace: pidNamespace, pid: pid, startTime: startTime)
  }
}
