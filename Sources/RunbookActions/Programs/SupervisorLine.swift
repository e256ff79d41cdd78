import CProcess
import Glibc
import RunbookPlan
import Synchronization

/// Where a program's standard input comes from, and where its output goes; its standard error is always read here.
enum ProgramStreams: Sendable {
  /// It reads this text, or nothing; what it prints is read here.
  case kept(stdin: String?)
  /// Descriptors, which stay the caller's.
  case given(stdin: Int32, stdout: Int32)
}

/// The line to one supervisor, and the thread that listens to it and to what its programs write.
final class SupervisorLine: Sendable {
  /// What came of a program.
  enum Ending: Sendable {
    case ended(status: Int32, stdout: CapturedText, stderr: CapturedText)
    case notStarted(SystemNumber)
    /// The supervisor is gone, and the program with it.
    case lost
  }

  private struct Stream {
    /// Negative once it is closed.
    var descriptor: Int32
    var text: CapturedText
    var decoder = StreamDecoder()
  }

  private struct Program {
    /// Zero until it runs.
    var pid: Int32 = 0
    var stdout: Stream
    var stderr: Stream
    var sink: any OutputSink
    var onEnd: @Sendable (Ending) -> Void
  }

  private struct Contents {
    /// Negative once the line is closed.
    var socket: Int32
    var last: Int64 = 0
    /// Runs whose names the supervisor holds.
    var held: Set<String> = []
    var programs: [Int64: Program] = [:]
  }

  private let contents: Mutex<Contents>

  /// - Parameter executable: the program that serves as supervisor when it is called with `supervise`.
  /// - Throws: RB2701 where it cannot be started.
  init(executable: String) throws(ActionError) {
    var ends: [Int32] = [-1, -1]
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { Glibc.close(null) }
    guard null >= 0, cprocess_socket_pair(&ends) == 0 else { throw Self.noSupervisor(SystemNumber(errno)) }
    defer { Glibc.close(ends[1]) }
    let names: [String] = ["PATH", "LD_LIBRARY_PATH"]
    let environment = names.compactMap { name in getenv(name).map { name + "=" + String(cString: $0) } }
    // Named otherwise than this program, so that whoever ends that by its name leaves the one that cleans up after it.
    let image = ProgramImage(path: executable, directory: "/", arguments: ["program-supervisor", "supervise"], environment: environment)
    switch image.start(streams: [ends[1], null, null], diesWithThread: false) {
    case .success: contents = Mutex(Contents(socket: ends[0]))
    case .failure(let number):
      Glibc.close(ends[0])
      throw Self.noSupervisor(number)
    }
  }

  private static func noSupervisor(_ number: SystemNumber) -> ActionError {
    ActionError(
      code: "RB2701", message: "the process that looks after programs cannot be started: \(number.text)", kind: .refused,
      help: "look whether this machine has processes and memory left")
  }

  var isOpen: Bool { contents.withLock { $0.socket >= 0 } }

  /// Nobody asks for programs any more. The supervisor ends what is under way.
  func close() { contents.withLock { if $0.socket >= 0 { _ = shutdown($0.socket, Int32(SHUT_RDWR)) } } }

  /// Has the supervisor hold the name of a run until all that it started has ended.
  /// - Returns: whether it does; false where another process of the run, or its supervisor, still does.
  func hold(run: String) throws(SystemNumber) -> Bool {
    if contents.withLock({ $0.held.contains(run) }) { return true }
    let name = cprocess_hold_name("runbook-programs/\(getuid())/\(run)")
    if name < 0, errno == EADDRINUSE { return false }
    guard name >= 0 else { throw SystemNumber(errno) }
    defer { Glibc.close(name) }
    contents.withLock { contents in
      guard contents.socket >= 0, SupervisorMessage(word: .hold, program: 0).send(to: contents.socket, descriptors: [name]) else { return }
      contents.held.insert(run)
    }
    return true
  }

  /// Has a program started.
  /// - Parameters:
  ///   - captureLimit: bytes that are kept of each stream that is read here.
  ///   - onEnd: called once, with what came of it.
  /// - Returns: its number; nil where the supervisor is gone, and nothing was started.
  func start(
    _ image: ProgramImage, streams: ProgramStreams, captureLimit: Int, sink: any OutputSink, onEnd: @escaping @Sendable (Ending) -> Void
  ) throws(SystemNumber) -> Int64? {
    var given: [Int32] = []
    defer { given.forEach { Glibc.close($0) } }
    func keep(_ descriptor: Int32) throws(SystemNumber) {
      if descriptor < 0 { throw SystemNumber(errno) }
      given.append(descriptor)
    }
    try keep(image.file())
    var (out, err): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    switch streams {
    case .kept(let stdin):
      try keep(stdin.map { memoryFile(holding: Array($0.utf8)) } ?? open("/dev/null", O_RDONLY | O_CLOEXEC))
      try keep(cprocess_pipe(&out) == 0 ? out[1] : -1)
    case .given(let stdin, let stdout):
      try keep(dup(stdin))
      try keep(dup(stdout))
    }
    guard cprocess_pipe(&err) == 0 else {
      let number = SystemNumber(errno)
      if out[0] >= 0 { Glibc.close(out[0]) }
      throw number
    }
    try keep(err[1])
    let program = Program(
      stdout: Stream(descriptor: out[0], text: CapturedText(limit: captureLimit)),
      stderr: Stream(descriptor: err[0], text: CapturedText(limit: captureLimit)), sink: sink, onEnd: onEnd)
    return contents.withLock { [given] contents in
      contents.last += 1
      let message = SupervisorMessage(word: .start, program: contents.last)
      guard contents.socket >= 0, message.send(to: contents.socket, descriptors: given) else {
        Self.closeStreams(program)
        return nil
      }
      contents.programs[contents.last] = program
      return contents.last
    }
  }

  /// Has a program ended, with all that it started; how it ended is told as usual.
  func stop(_ number: Int64) {
    contents.withLock { if $0.socket >= 0 { _ = SupervisorMessage(word: .stop, program: number).send(to: $0.socket) } }
  }

  // MARK: the listening thread

  /// Listens until the supervisor is gone. Blocks its thread.
  func listen() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      // A program that was just started comes into the list with the supervisor's next message, that it runs.
      var waited = contents.withLock { contents in
        [pollfd(fd: contents.socket, events: Int16(POLLIN), revents: 0)]
          + contents.programs.values.flatMap { [$0.stdout.descriptor, $0.stderr.descriptor] }.filter { $0 >= 0 }
          .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      }
      if poll(&waited, nfds_t(waited.count), -1) < 0 { continue }
      let ready = Set(waited.dropFirst().filter { $0.revents != 0 }.map(\.fd))
      if !ready.isEmpty { takeOutput(ready, &buffer) }
      guard waited[0].revents != 0 else { continue }
      guard let (message, descriptors) = SupervisorMessage.receive(from: waited[0].fd) else { break }
      descriptors.forEach { Glibc.close($0) }
      take(message, &buffer)
    }
    lose()
  }

  private func takeOutput(_ ready: Set<Int32>, _ buffer: inout [UInt8]) {
    let numbers = contents.withLock { contents in
      contents.programs.filter { ready.contains($0.value.stdout.descriptor) || ready.contains($0.value.stderr.descriptor) }.map(\.key)
    }
    for number in numbers {
      guard var program = contents.withLock({ $0.programs[number] }) else { continue }
      if ready.contains(program.stdout.descriptor) { _ = Self.read(&program.stdout, "stdout", program.sink, &buffer) }
      if ready.contains(program.stderr.descriptor) { _ = Self.read(&program.stderr, "stderr", program.sink, &buffer) }
      // Only this thread changes a program once it is under way.
      contents.withLock { $0.programs[number] = program }
    }
  }

  /// - Returns: whether there may be more.
  private static func read(_ stream: inout Stream, _ name: String, _ sink: any OutputSink, _ buffer: inout [UInt8]) -> Bool {
    guard stream.descriptor >= 0 else { return false }
    let count = Glibc.read(stream.descriptor, &buffer, buffer.count)
    if count < 0 { return errno == EINTR }
    guard count > 0 else {
      Glibc.close(stream.descriptor)
      stream.descriptor = -1
      return false
    }
    stream.text.append(buffer[..<count])
    let text = stream.decoder.feed(buffer[..<count])
    if !text.isEmpty { sink.note(stream: name, text) }
    return true
  }

  private func take(_ message: SupervisorMessage, _ buffer: inout [UInt8]) {
    switch message.word {
    case .started: contents.withLock { $0.programs[message.program]?.pid = Int32(truncatingIfNeeded: message.value) }
    case .failed: end(message.program, &buffer) { _ in .notStarted(SystemNumber(Int32(truncatingIfNeeded: message.value))) }
    case .ended:
      end(message.program, &buffer) {
        .ended(status: Int32(truncatingIfNeeded: message.value), stdout: $0.stdout.text, stderr: $0.stderr.text)
      }
    case .start, .stop, .hold: break
    }
  }

  /// How many pieces are read of a stream that something which the program left behind may go on filling.
  private static let mostPiecesAtEnd = 1_024

  private func end(_ number: Int64, _ buffer: inout [UInt8], _ ending: (Program) -> Ending) {
    guard var program = contents.withLock({ $0.programs.removeValue(forKey: number) }) else { return }
    for _ in 0..<Self.mostPiecesAtEnd where Self.read(&program.stdout, "stdout", program.sink, &buffer) == false { break }
    for _ in 0..<Self.mostPiecesAtEnd where Self.read(&program.stderr, "stderr", program.sink, &buffer) == false { break }
    Self.finish(&program)
    program.onEnd(ending(program))
  }

  private static func finish(_ program: inout Program) {
    let (out, err) = (program.stdout.decoder.finish(), program.stderr.decoder.finish())
    if !out.isEmpty { program.sink.note(stream: "stdout", out) }
    if !err.isEmpty { program.sink.note(stream: "stderr", err) }
    program.sink.end()
    closeStreams(program)
  }

  private static func closeStreams(_ program: Program) {
    for descriptor in [program.stdout.descriptor, program.stderr.descriptor] where descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// The supervisor is gone before its programs, which nothing in it does: somebody killed it. What it looked after is ended from here.
  private func lose() {
    let programs = contents.withLock { contents in
      defer { contents.programs = [:] }
      if contents.socket >= 0 { Glibc.close(contents.socket) }
      contents.socket = -1
      return contents.programs.values
    }
    guard !programs.isEmpty else { return }
    let family = ProcessTable.now().family(of: Set(programs.map(\.pid).filter { $0 > 0 }))
    for member in family { kill(member.pid, SIGKILL) }
    for var program in programs {
      Self.finish(&program)
      program.onEnd(.lost)
    }
  }
}
