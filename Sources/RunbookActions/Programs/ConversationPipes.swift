import CProcess
import Foundation
import Glibc

/// The two pipes of a conversation: this process's ends, and, until the program has them, the program's.
struct ConversationPipes: ~Copyable {
  /// What the program reads is written here; negative once that is closed.
  private var input: Int32
  /// What the program writes is read here; negative once it has ended.
  private var output: Int32
  private(set) var theirs: ProgramStreams
  /// Read and no line yet; searched for its end up to `searched`.
  private var pending: [UInt8] = []
  private var searched = 0

  /// So much may be written at once where a pipe has any room, without waiting.
  private static let piece = Int(PIPE_BUF)
  /// How often it is looked whether anything else has happened, in milliseconds.
  private static let lookInterval: Int32 = 20

  init() throws(SystemNumber) {
    var (reading, writing): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    guard cprocess_waiting_pipe(&reading) == 0 else { throw SystemNumber(errno) }
    guard cprocess_waiting_pipe(&writing) == 0 else {
      let number = SystemNumber(errno)
      reading.forEach { close($0) }
      throw number
    }
    input = reading[1]
    output = writing[0]
    theirs = .given(stdin: reading[0], stdout: writing[1])
  }

  deinit {
    for descriptor in [input, output] where descriptor >= 0 { close(descriptor) }
  }

  /// Closes the program's ends here, once it has them.
  mutating func closeTheirs() {
    if case .given(let stdin, let stdout) = theirs {
      close(stdin)
      close(stdout)
    }
    theirs = .kept(stdin: nil)
  }

  mutating func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// Writes and reads until all is sent and as many lines have come. Blocks its thread, which must not hear SIGPIPE.
  mutating func exchange(
    _ text: [UInt8], _ count: Int, until limit: ContinuousClock.Instant, _ ending: ProgramEnding, _ stop: any StopSignal, _ cancelled: Flag,
    _ onAnswer: (Int) -> Void
  ) -> Result<[[UInt8]], ConversationFault> {
    var sent = 0
    var answers: [[UInt8]] = []
    var givesUpAt: ContinuousClock.Instant?
    func fault(_ reason: ConversationFault.Reason) -> Result<[[UInt8]], ConversationFault> {
      .failure(ConversationFault(reason: reason, answered: answers.count))
    }
    // Whatever came since the last batch was answered was not asked for.
    if wait(wantsToWrite: false, milliseconds: 0).canRead { _ = read() }
    if takeLine() != nil { return fault(.tooMany) }
    while answers.count < count || sent < text.count && input >= 0 {
      let hadEnded = ending.known != nil
      let ready = wait(wantsToWrite: sent < text.count)
      if ready.canWrite { write(text, &sent) }
      let came = ready.canRead && read()
      let before = answers.count
      while answers.count < count, let line = takeLine() { answers.append(line) }
      if answers.count > before { onAnswer(answers.count) }
      if pending.count > ProgramConversation.longestLine { return fault(.tooLong) }
      if answers.count == count { continue }
      // Whatever it left running may hold its output open for ever.
      if output < 0 || hadEnded && !came { return fault(.ended) }
      let now = ContinuousClock.now
      if cancelled.isRaised { return fault(.stopped) }
      if stop.isRequested, givesUpAt == nil { givesUpAt = now + ProgramConversation.stopGrace }
      if let givesUpAt, now >= givesUpAt { return fault(.stopped) }
      if now >= limit { return fault(.late) }
    }
    return takeLine() == nil ? .success(answers) : fault(.tooMany)
  }

  /// Reads what still comes, until the program has ended.
  mutating func drain(until limit: ContinuousClock.Instant, _ ending: ProgramEnding, _ cancelled: Flag) -> Result<Void, ConversationFault> {
    while true {
      let hasEnded = ending.known != nil
      let came = output >= 0 && wait(wantsToWrite: false).canRead && read()
      if takeLine() != nil { return .failure(ConversationFault(reason: .tooMany, answered: 0)) }
      if hasEnded, !came { return isBlank(pending[...]) ? .success(()) : .failure(ConversationFault(reason: .tooMany, answered: 0)) }
      if cancelled.isRaised || ContinuousClock.now >= limit { return .failure(ConversationFault(reason: .late, answered: 0)) }
      if output < 0 { usleep(UInt32(Self.lookInterval) * 1_000) }
    }
  }

  /// Waits a moment for one of the pipes.
  private func wait(wantsToWrite: Bool, milliseconds: Int32 = lookInterval) -> (canRead: Bool, canWrite: Bool) {
    // A negative descriptor is passed over.
    var waited = [
      pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: wantsToWrite ? input : -1, events: Int16(POLLOUT), revents: 0),
    ]
    guard poll(&waited, 2, milliseconds) > 0 else { return (false, false) }
    return (waited[0].revents != 0, waited[1].revents != 0)
  }

  private mutating func write(_ text: [UInt8], _ sent: inout Int) {
    let count = text.withUnsafeBytes { Glibc.write(input, $0.baseAddress?.advanced(by: sent), min($0.count - sent, Self.piece)) }
    if count > 0 {
      sent += count
    } else if errno != EINTR, errno != EAGAIN {
      // It does not read any more. What it has not answered shows by its end.
      closeInput()
    }
  }

  /// - Returns: whether anything came.
  private mutating func read() -> Bool {
    let count = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
      let count = Glibc.read(output, buffer.baseAddress, buffer.count)
      if count > 0 { pending.append(contentsOf: buffer.prefix(count)) }
      return count
    }
    if count > 0 { return true }
    if count < 0, errno == EINTR || errno == EAGAIN { return false }
    close(output)
    output = -1
    // A last line may lack its newline.
    if !pending.isEmpty, pending.last != 0x0A { pending.append(0x0A) }
    return false
  }

  /// The next line that is not blank, if it is whole.
  private mutating func takeLine() -> [UInt8]? {
    var start = 0
    defer { pending.removeFirst(start) }
    while let end = pending[max(searched, start)...].firstIndex(of: 0x0A) {
      let line = pending[start..<end]
      start = end + 1
      searched = 0
      if !isBlank(line) { return Array(line) }
    }
    searched = pending.count - start
    return nil
  }

  private func isBlank(_ line: ArraySlice<UInt8>) -> Bool { line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}

/// Does something that waits for descriptors on a thread of its own, which hears of a closed pipe by an error and not by a signal.
func detachThread(_ body: @escaping @Sendable () -> Void) {
  Thread.detachNewThread {
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipe, nil)
    body()
  }
}
