import Foundation
import Synchronization

/// The built program on a terminal of its own: a person sits there, types, and makes the window larger or smaller.
public final class PseudoTerminal: Sendable {
  private let master: Int32
  private let pid: Int32
  private let screen: Mutex<TerminalScreen>
  /// The exit status once the program ended.
  private let status = Mutex<Int32?>(nil)

  /// Starts the program on a terminal and lends it; the program is killed afterwards if it has not ended.
  public static func lend(
    _ program: Program, _ arguments: [String], columns: Int = 80, rows: Int = 24, _ body: (PseudoTerminal) async throws -> Void
  ) async throws {
    let terminal = try PseudoTerminal(program, arguments, columns: columns, rows: rows)
    defer { if terminal.status.withLock({ $0 == nil }) { kill(terminal.pid, SIGKILL) } }
    try await body(terminal)
  }

  /// Starts the program with stdin, stdout and stderr on a new terminal, as the leader of its session.
  private init(_ program: Program, _ arguments: [String], columns: Int, rows: Int) throws {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // What unlockpt and ptsname do, which Glibc does not offer to Swift.
    var locked: Int32 = 0
    var number: Int32 = 0
    guard master >= 0, ioctl(master, Self.setLock, &locked) == 0, ioctl(master, Self.getNumber, &number) == 0 else {
      throw ProgramError("no pseudo-terminal: errno \(errno)")
    }
    let name = "/dev/pts/\(number)"
    screen = Mutex(TerminalScreen(columns: columns, rows: rows))
    Self.setSize(of: master, columns: columns, rows: rows)
    var environment = program.environment
    if environment["TERM"] == nil { environment["TERM"] = "xterm-256color" }
    do {
      pid = try Self.spawn(Program.built().path, arguments, environment: environment, directory: program.directory.path, terminal: name)
    } catch {
      close(master)
      throw error
    }
    Thread.detachNewThread { [self] in follow() }
  }

  deinit { close(master) }

  /// TIOCSPTLCK and TIOCGPTN.
  private static let setLock: UInt = 0x4004_5431
  private static let getNumber: UInt = 0x8004_5430

  private static func spawn(
    _ path: String, _ arguments: [String], environment: [String: String], directory: String, terminal: String
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // The leader of a session that opens a terminal gets it as its own.
    posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // POSIX_SPAWN_SETSID is 0x80 in glibc. The threads that tests run on block signals, which a child would inherit.
    posix_spawnattr_setflags(&attributes, Int16(0x80 | POSIX_SPAWN_SETSIGMASK))
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // A shell changes the directory and becomes the program.
    let command = ["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", directory, path]
    var argv = (command + arguments).map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var pid: pid_t = 0
    let result = posix_spawn(&pid, "/bin/sh", &actions, &attributes, &argv, &envp)
    guard result == 0 else { throw ProgramError("the program did not start: errno \(result)") }
    return pid
  }

  /// Reads what is sent until the program has ended and nothing is left.
  private func follow() {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(master, &bytes, bytes.count)
      if count < 0, errno == EINTR { continue }
      // When nobody has the terminal open any more, reading ends with an error.
      guard count > 0 else { break }
      screen.withLock { $0.take(bytes[..<count]) }
    }
    var ended: Int32 = 0
    while waitpid(pid, &ended, 0) < 0, errno == EINTR {}
    let signal = ended & 0x7F
    status.withLock { $0 = signal == 0 ? (ended >> 8) & 0xFF : 128 + signal }
  }

  // MARK: the person

  /// Types text; `\n` is Enter, `\u{3}` Ctrl-C, `\u{1A}` Ctrl-Z.
  public func type(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write(master, $0.baseAddress, $0.count) } }

  public func signal(_ number: Int32) { kill(pid, number) }

  /// Makes the window another size, as a terminal does: its own lines first, then the program is told.
  public func resize(columns: Int, rows: Int) {
    screen.withLock { screen in
      screen.resize(columns: columns, rows: rows)
      Self.setSize(of: master, columns: columns, rows: rows)
    }
  }

  private static func setSize(of terminal: Int32, columns: Int, rows: Int) {
    var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
  }

  // MARK: what is seen

  public var seen: TerminalScreen { screen.withLock { $0 } }
  /// Whether what is typed would be shown.
  public var echoes: Bool {
    var modes = termios()
    return tcgetattr(master, &modes) == 0 && modes.c_lflag & tcflag_t(ECHO) != 0
  }

  /// Waits until the screen, between two frames, is as it should be, and gives it.
  /// - Throws: where the program ends, or a minute passes, without it.
  @discardableResult
  public func waits(_ what: String, until condition: (TerminalScreen) -> Bool) async throws -> TerminalScreen {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      let isOver = status.withLock { $0 != nil } || ContinuousClock.now > deadline
      let seen = seen
      if !seen.isInFrame, condition(seen) { return seen }
      if isOver { throw ProgramError("\(what) never came:\n" + seen.log.joined(separator: "\n")) }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Waits until a row of the screen holds a text.
  @discardableResult
  public func waits(for text: String) async throws -> TerminalScreen {
    try await waits("'\(text)'") { $0.screen.contains { $0.contains(text) } }
  }

  /// Waits for the end.
  /// - Returns: the exit status (where a signal ended it, 128 and its number), and what stands there then.
  public func ended() async throws -> (status: Int32, seen: TerminalScreen) {
    let deadline = ContinuousClock.now + .seconds(120)
    while true {
      if let status = status.withLock({ $0 }) { return (status, seen) }
      if ContinuousClock.now > deadline {
        kill(pid, SIGKILL)
        throw ProgramError("it hung and was killed:\n" + seen.log.joined(separator: "\n"))
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
