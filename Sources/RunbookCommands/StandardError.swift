import Glibc
import RunbookReport
import Synchronization

/// The one stderr of this process: text, and below it at most one block that is drawn anew in place. Text that anybody writes meanwhile goes
/// above the block.
enum StandardError {
  private struct Screen {
    var frame = LiveFrame()
    var block: [StyledLine] = []
    var colored = false
    var columns = 80
    /// A question that stands at the end and is not answered yet.
    var question: String?

    func around(_ text: String) -> String {
      guard let question, !text.isEmpty else { return text }
      return "\n" + text + question
    }
  }

  private static let screen = Mutex(Screen())

  /// Writes text that ends with a line break.
  static func write(_ text: String) {
    screen.withLock { screen in
      guard !screen.frame.isEmpty else { return send(screen.around(text)) }
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      if lines.last?.isEmpty == true { lines.removeLast() }
      sendFrame(of: &screen, below: lines)
    }
  }

  /// Writes lines of text and shows a block below them; sends nothing where there is no text and the block stands there already.
  static func show(_ block: [StyledLine], below text: [String] = [], columns: Int, colored: Bool) {
    screen.withLock { screen in
      if LiveTrace.takeInterruption() { screen.frame.forget() }
      let isSame = text.isEmpty && block == screen.block && columns == screen.columns && screen.frame.isEmpty == block.isEmpty
      guard !isSame else { return }
      (screen.block, screen.columns, screen.colored) = (block, columns, colored)
      if block.isEmpty, screen.frame.isEmpty { return send(screen.around(text.map { $0 + "\n" }.joined())) }
      sendFrame(of: &screen, below: text)
    }
  }

  /// While the process is about to stop or to die the block is away, and has to stay away.
  private static func sendFrame(of screen: inout Screen, below text: [String]) {
    guard LiveTrace.beginFrame() else { return send(text.map { $0 + "\r\n" }.joined()) }
    send(screen.frame.draw(text: text, block: screen.block, columns: screen.columns, colored: screen.colored))
    LiveTrace.endFrame(rows: screen.frame.isEmpty ? 0 : screen.frame.rowsAbove(columns: screen.columns) + 1)
  }

  /// Asks something; the answer is typed behind it. What is told while the question is open goes before it, and it is asked again.
  static func ask(_ question: String) {
    screen.withLock { screen in
      screen.question = question
      send(question)
    }
  }

  /// The question was answered or is no longer asked.
  /// - Parameter isAnswered: a line was typed, so that the next text begins at the left edge.
  static func endQuestion(isAnswered: Bool) {
    screen.withLock { screen in
      guard screen.question != nil else { return }
      screen.question = nil
      if !isAnswered { send("\n") }
    }
  }

  /// All of it or, where nobody is there any more to read, nothing: a run does not end because its terminal is gone.
  private static func send(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = Glibc.write(STDERR_FILENO, bytes.baseAddress! + sent, bytes.count - sent)
        if count > 0 {
          sent += count
        } else if errno == EAGAIN {
          var wait = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
          _ = poll(&wait, 1, 1_000)
        } else if errno != EINTR {
          return
        }
      }
    }
  }
}

/// Where the block stands, for handlers of signals: they may call almost nothing, and take the block away before the process stops or dies.
enum LiveTrace {
  /// Rows above the cursor and one; 0 where there is no block.
  private static let rows = Atomic<Int>(0)
  /// The process was stopped and goes on: something else has written to the terminal.
  private static let interrupted = Atomic<Bool>(false)
  private static let isDrawing = Atomic<Bool>(false)
  /// A handler has taken the block away; nothing is drawn any more.
  private static let isSilent = Atomic<Bool>(false)

  /// - Returns: whether a frame may be sent; then `endFrame` has to follow.
  static func beginFrame() -> Bool {
    isDrawing.store(true, ordering: .sequentiallyConsistent)
    guard isSilent.load(ordering: .sequentiallyConsistent) else { return true }
    isDrawing.store(false, ordering: .sequentiallyConsistent)
    return false
  }

  static func endFrame(rows count: Int) {
    rows.store(count, ordering: .sequentiallyConsistent)
    isDrawing.store(false, ordering: .sequentiallyConsistent)
  }

  static func takeInterruption() -> Bool { interrupted.exchange(false, ordering: .sequentiallyConsistent) }

  /// The process goes on after it was stopped.
  static func noteInterruption() {
    rows.store(0, ordering: .sequentiallyConsistent)
    interrupted.store(true, ordering: .sequentiallyConsistent)
    isSilent.store(false, ordering: .sequentiallyConsistent)
  }

  /// Erases the block with nothing but `write` and `usleep`. Safe in a handler of a signal.
  static func erase() {
    isSilent.store(true, ordering: .sequentiallyConsistent)
    // A frame that another thread sends is soon over; where this thread was sending one, it never is.
    var naps = 0
    while isDrawing.load(ordering: .sequentiallyConsistent), naps < 50 {
      usleep(1_000)
      naps += 1
    }
    let count = rows.exchange(0, ordering: .sequentiallyConsistent)
    guard count > 0 else { return }
    // `\r`, up, erase as `LiveFrame` does, show the cursor; the number has at most four digits. Static strings need no memory.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 48) { buffer in
      var length = 0
      func put(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount {
          buffer[length] = text.utf8Start[index]
          length += 1
        }
      }
      put("\r")
      let above = min(count - 1, 9_999)
      if above > 0 {
        put("\u{1B}[")
        var divisor = 1_000
        while divisor > above { divisor /= 10 }
        while divisor > 0 {
          buffer[length] = UInt8(48 + above / divisor % 10)
          length += 1
          divisor /= 10
        }
        put("A\u{1B}[K\u{1B}[1B\u{1B}[J\u{1B}[1A")
      } else {
        put("\u{1B}[J")
      }
      put("\u{1B}[?25h")
      _ = Glibc.write(STDERR_FILENO, buffer.baseAddress, length)
    }
  }
}
