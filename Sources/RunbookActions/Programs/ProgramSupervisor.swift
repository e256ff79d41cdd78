import CProcess
import Glibc

/// The process that starts the programs of a run and outlives the run's own, so that no program is left behind by it.
///
/// It is this program again, with a socket as its standard input. As long as the socket is open it starts and ends what it is told to. When the
/// other end closes, however that process ended, it ends every program that is still under way, with all that it started, and then itself.
///
/// A program is the leader of a session of its own; what it starts is found by that session and by descent. What left both, as daemons
/// do, becomes a child of the supervisor, which adopts orphans. A program that ended by itself may leave something running on purpose: that is left alone.
public struct ProgramSupervisor: ~Copyable {
  /// Milliseconds between TERM and KILL.
  public static let grace: Int64 = 5_000
  /// The same where the process that asked is gone: nobody waits for a clean end, and somebody may resume the run soon.
  public static let graceWhenAbandoned: Int64 = 500
  /// How often it is looked whether everything has ended, in milliseconds.
  private static let lookInterval: Int32 = 20

  private struct Program {
    var id: Int64
    /// When KILL follows, in milliseconds of the monotonic clock; nil while the program may run.
    var killAt: Int64?
    /// How the program itself ended, where something that it started is still awaited.
    var status: Int32?
  }

  private let socket: Int32
  private let signals: Int32
  private var isAbandoned = false
  /// Open as long as anything that was started may be there.
  private var held: [Int32] = []
  /// By process id.
  private var programs: [Int32: Program] = [:]
  /// Children of this process that programs left running when they ended by themselves.
  private var leftBehind: Set<ProcessTable.Key> = []

  /// Whether a descriptor is a socket: what tells the supervisor from a person who tries the command.
  public static func isSocket(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  /// - Parameter socket: the end of the pair that is the supervisor's.
  public init(socket: Int32) {
    self.socket = socket
    signals = cprocess_child_signals()
    _ = cprocess_adopt_orphans()
    // What asks for the end of this program by its name must not take the supervisor along.
    let name = open("/proc/self/comm", O_WRONLY | O_CLOEXEC)
    if name >= 0 {
      _ = "supervisor".withCString { write(name, $0, strlen($0)) }
      close(name)
    }
    for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
  }

  /// Serves until the other end of the socket is closed and nothing is left that was started.
  public mutating func serve() {
    while true {
      let isEnding = isAbandoned || programs.values.contains { $0.killAt != nil }
      var waited = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
      if !isAbandoned { waited.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0)) }
      poll(&waited, nfds_t(waited.count), isEnding ? Self.lookInterval : -1)
      if waited.count > 1, waited[1].revents != 0 { takeMessage() }
      takeEnds()
      if isEnding || isAbandoned { if goOnEnding() { return } }
    }
  }

  private mutating func takeMessage() {
    guard let (message, descriptors) = SupervisorMessage.receive(from: socket) else { return abandon() }
    if message.word == .hold { return held += descriptors }
    defer { descriptors.forEach { close($0) } }
    switch message.word {
    case .start where descriptors.count == 4: start(message.program, descriptors)
    case .stop:
      guard let pid = programs.first(where: { $0.value.id == message.program })?.key else { return }
      end(pid, grace: Self.grace)
    case .start, .hold, .started, .failed, .ended: abandon()
    }
  }

  private mutating func start(_ id: Int64, _ descriptors: [Int32]) {
    let started: Result<Int32, SystemNumber> =
      ProgramImage(file: descriptors[0]).map { $0.start(streams: Array(descriptors[1...]), diesWithThread: true) }
      ?? .failure(SystemNumber(EINVAL))
    switch started {
    case .success(let pid):
      programs[pid] = Program(id: id)
      answer(.started, id, Int64(pid))
    case .failure(let reason): answer(.failed, id, Int64(reason.number))
    }
  }

  private mutating func answer(_ word: SupervisorMessage.Word, _ id: Int64, _ value: Int64) {
    if !isAbandoned, !SupervisorMessage(word: word, program: id, value: value).send(to: socket) { abandon() }
  }

  private mutating func abandon() {
    isAbandoned = true
    for pid in programs.keys { end(pid, grace: Self.graceWhenAbandoned) }
  }

  // MARK: ends

  /// Takes note of every child that has ended.
  private mutating func takeEnds() {
    var drained = [UInt8](repeating: 0, count: 1_024)
    while read(signals, &drained, drained.count) > 0 {}
    var status: Int32 = 0
    while true {
      let pid = waitpid(-1, &status, WNOHANG)
      guard pid > 0 else { return }
      guard var program = programs[pid] else { continue }
      guard program.killAt == nil else {
        program.status = status
        programs[pid] = program
        continue
      }
      programs[pid] = nil
      letGo(of: pid)
      answer(.ended, program.id, Int64(status))
    }
  }

  /// What a program left running when it ended by itself is nobody's to end.
  private mutating func letGo(of pid: Int32) {
    var any = siginfo_t()
    // Whatever it left has become a child of this process by now; mostly there is none, and the table need not be read.
    if waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT) < 0, errno == ECHILD { return leftBehind.removeAll() }
    let table = ProcessTable.now()
    leftBehind.formIntersection(table.entries.map(\.key))
    leftBehind.formUnion(table.family(of: [pid]).map(\.key))
    if programs.isEmpty { leftBehind.formUnion(table.children(of: getpid()).map(\.key)) }
  }

  /// Asks a program and all that it started to end.
  private mutating func end(_ pid: Int32, grace: Int64) {
    let killAt = Self.now + grace
    let earlier = programs[pid]?.killAt
    programs[pid]?.killAt = min(earlier ?? killAt, killAt)
    if earlier != nil { return }
    let family = members(of: pid, ProcessTable.now())
    // The group at once, so that none of it sees another one gone first.
    kill(-pid, SIGTERM)
    for member in family where getpgid(member.pid) != pid { kill(member.pid, SIGTERM) }
    // One that was stopped hears it only when it goes on.
    for member in family { kill(member.pid, SIGCONT) }
  }

  /// Kills what did not end in time, and says which programs are gone with all that they started.
  /// - Returns: whether there is nothing left to do in this process.
  private mutating func goOnEnding() -> Bool {
    let table = ProcessTable.now()
    for (pid, program) in programs {
      guard let killAt = program.killAt else { continue }
      let family = members(of: pid, table)
      if family.isEmpty, let status = program.status {
        programs[pid] = nil
        answer(.ended, program.id, Int64(status))
      } else if Self.now >= killAt {
        for member in family { kill(member.pid, SIGKILL) }
      }
    }
    return isAbandoned && programs.isEmpty
  }

  /// A program and all that it started. An orphan without a trace of where it came from is taken to be of the program that runs alone.
  private func members(of pid: Int32, _ table: ProcessTable) -> [ProcessTable.Entry] {
    var roots: Set<Int32> = [pid]
    if isAbandoned || programs.count == 1 {
      for child in table.children(of: getpid()) where programs[child.pid] == nil && !leftBehind.contains(child.key) {
        roots.insert(child.pid)
      }
    }
    return table.family(of: roots).filter { !leftBehind.contains($0.key) }
  }

  private static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}
