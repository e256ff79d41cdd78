import Foundation
import RunbookReport
import Synchronization

/// The terminal behind stderr: whether a live block fits it, how large it is, and its modes while a block is shown.
enum LiveTerminal {
  /// Whether a live view is wanted and possible: stderr is a terminal that can move its cursor, and no machine reads along.
  static var isFit: Bool {
    let environment = ProcessInfo.processInfo.environment
    let name = environment["TERM"] ?? ""
    return isatty(STDERR_FILENO) == 1 && !name.isEmpty && name != "dumb" && (environment["CI"] ?? "").isEmpty && isInForeground
  }

  /// Columns and rows as they are now.
  static var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Whether this process may draw: one that was sent to the background would draw over what its shell shows.
  static var isInForeground: Bool { tcgetpgrp(STDERR_FILENO) == getpgrp() }

  /// How high a block may be: a good part of what finished stays in sight above it.
  static func blockHeight(rows: Int) -> Int { min(rows - 1, max(rows / 2, 7), 24) }
}

/// What is typed while a block is shown is not shown: a line break would move the block. Questions switch it on again.
enum TerminalEcho {
  private static let before = Mutex<tcflag_t?>(nil)

  static func hide() {
    before.withLock { before in
      var modes = termios()
      guard before == nil, isatty(STDIN_FILENO) == 1, tcgetpgrp(STDIN_FILENO) == getpgrp(), tcgetattr(STDIN_FILENO, &modes) == 0 else {
        return
      }
      before = modes.c_lflag
      modes.c_lflag &= ~tcflag_t(ECHO | ECHONL)
      _ = tcsetattr(STDIN_FILENO, TCSANOW, &modes)
    }
  }

  static func show() {
    before.withLock { before in
      var modes = termios()
      guard let flags = before else { return }
      before = nil
      guard tcgetpgrp(STDIN_FILENO) == getpgrp(), tcgetattr(STDIN_FILENO, &modes) == 0 else { return }
      modes.c_lflag = modes.c_lflag & ~tcflag_t(ECHO | ECHONL) | flags & tcflag_t(ECHO | ECHONL)
      _ = tcsetattr(STDIN_FILENO, TCSANOW, &modes)
    }
  }
}

/// Takes the block away before a crash is told or the process is stopped by Ctrl-Z.
///
/// The handlers touch nothing but atomics, `write` and `usleep`.
enum LiveSignals {
  private static let crashes = [SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS, SIGSEGV]

  static func install() {
    for number in crashes {
      var old = sigaction()
      guard sigaction(number, nil, &old) == 0 else { continue }
      // Whoever told of crashes before still does so: the signal comes again when the handler returns.
      formerHandlers[Int(number)] = old
      handle(number) { number in
        LiveTrace.erase()
        var former = formerHandlers[Int(number)]
        sigaction(number, &former, nil)
        // A signal that was sent, and did not come from a fault, does not come again by itself.
        raise(number)
      }
    }
    handle(SIGTSTP) { _ in
      LiveTrace.erase()
      kill(getpid(), SIGSTOP)
    }
    handle(SIGCONT) { _ in LiveTrace.noteInterruption() }
  }

  static func remove() {
    for number in crashes {
      var former = formerHandlers[Int(number)]
      sigaction(number, &former, nil)
    }
    for number in [SIGTSTP, SIGCONT] { signal(number, SIG_DFL) }
  }

  private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    action.sa_flags = Int32(SA_RESTART)
    sigaction(number, &action, nil)
  }
}

/// Written before the handlers that read it are installed, and by nobody afterwards.
nonisolated(unsafe) private var formerHandlers: [sigaction] = Array(repeating: sigaction(), count: 65)
