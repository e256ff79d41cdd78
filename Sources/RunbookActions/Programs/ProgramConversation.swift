import RunbookPlan
import Synchronization

/// A program under way that reads lines and answers each with a line, in order. It is asked a batch at a time: what it reads is written and what it
/// answers is read at once, so that neither waits for room in the other's pipe.
///
/// All that goes wrong ends the program with all that it started before it is told.
public final class ProgramConversation: Sendable {
  /// The longest line that is read, in bytes: no document of a server is as long in Extended JSON.
  public static let longestLine = 64 << 20
  /// How long a program that was asked to stop may take to answer what it was asked already.
  public static let stopGrace = Duration.seconds(5)
  /// How long a program may take to end once its input has ended, at most.
  static let endGrace = Duration.seconds(30)

  private let call: ProgramCall
  private let line: SupervisorLine
  private let number: Int64
  private let ending: ProgramEnding
  private let pipes: Mutex<ConversationPipes>
  private let redact: @Sendable (String) -> String

  init(
    _ call: ProgramCall, line: SupervisorLine, number: Int64, ending: ProgramEnding, pipes: consuming ConversationPipes,
    redact: @escaping @Sendable (String) -> String
  ) {
    self.call = call
    self.line = line
    self.number = number
    self.ending = ending
    self.pipes = Mutex(pipes)
    self.redact = redact
  }

  deinit { if ending.known == nil { line.stop(number) } }

  /// Sends lines and waits until as many have come back. One batch at a time.
  /// - Parameters:
  ///   - text: the lines, each with its newline.
  ///   - count: how many they are.
  ///   - stop: where a stop is asked for, the answers are waited for a little longer, and then given up.
  ///   - onAnswer: called, on another thread, with how many lines have come so far.
  /// - Returns: the lines of the answer, without their newlines.
  /// - Throws: RB2702 to RB2705, RB2707, RB2709; the program is gone then.
  public func ask(
    _ text: [UInt8], lines count: Int, stop: any StopSignal = NeverStopped(), onAnswer: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws(ActionError) -> [[UInt8]] {
    let limit = ContinuousClock.now + .microseconds(call.timeout)
    let cancelled = Flag()
    let result = await onThread(cancelled) { conversation in
      conversation.pipes.withLock { $0.exchange(text, count, until: limit, conversation.ending, stop, cancelled, onAnswer) }
    }
    switch result {
    case .success(let answers): return answers
    case .failure(let fault): throw await failed(fault, of: count)
    }
  }

  /// Ends its input and waits until it has ended by itself.
  /// - Returns: what a person should know, where it had to be ended.
  /// - Throws: RB2702, RB2703, RB2707 or RB2709, by how it ended or what it still said.
  public func finish() async throws(ActionError) -> String? {
    let limit = ContinuousClock.now + min(.microseconds(call.timeout), Self.endGrace)
    let cancelled = Flag()
    let result = await onThread(cancelled) { conversation in
      conversation.pipes.withLock { pipes in
        pipes.closeInput()
        return pipes.drain(until: limit, conversation.ending, cancelled)
      }
    }
    if case .failure(let fault) = result {
      if fault.reason == .late {
        await abandon()
        return "the program '\(call.name)' did not end when its input had ended, and was ended"
      }
      throw await failed(fault, of: 0)
    }
    if let error = Self.error(await ending.wait(), call, after: nil, redact) { throw error }
    return nil
  }

  /// Ends the program and all that it started, and waits until they are gone.
  public func abandon() async {
    line.stop(number)
    _ = await ending.wait()
  }

  /// A thread of its own: waiting for pipes would hold up one of Swift's.
  private func onThread<R: Sendable>(_ cancelled: Flag, _ body: @escaping @Sendable (ProgramConversation) -> R) async -> R {
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiting in
        detachThread { waiting.resume(returning: body(self)) }
      }
    } onCancel: {
      cancelled.raise()
    }
  }

  private func failed(_ fault: ConversationFault, of count: Int) async -> ActionError {
    let so = "after it had answered \(fault.answered) of \(count)"
    if fault.reason == .ended {
      // One that closed its output and goes on would be waited for in vain.
      let end = await ending.wait(atMost: .seconds(2))
      if end == nil { await abandon() }
      if let end, let error = Self.error(end, call, after: so, redact) { return error }
      return wrong("ended \(so)", help: "it has to answer every line with one line, and to go on until its input ends")
    }
    await abandon()
    switch fault.reason {
    case .stopped:
      return ActionError(code: "RB2705", message: "the program '\(call.name)' was ended, since a stop was asked for, \(so)", kind: .stopped)
    case .late:
      let limit = DurationText.format(microseconds: call.timeout)
      return ActionError(
        code: "RB2704", message: "the program '\(call.name)' was ended after its time limit of \(limit) \(so)\(lastWords)", kind: .refused,
        help: fault.answered == 0
          ? "a program that holds its output back until it has more to say never answers: let it flush after each line; else 'timeout' "
            + "beside 'action' changes the limit"
          : "'timeout' beside 'action' changes the limit, 'batch' makes it less that is asked at once")
    case .tooMany:
      return wrong(
        "printed more lines than it was asked", help: "it has to answer every line with one line; remarks go to its standard error")
    case .tooLong: return wrong("printed a line of more than \(Self.longestLine >> 20) MiB", help: nil)
    case .ended: preconditionFailure("told above")
    }
  }

  private var lastWords: String {
    guard case .ended(_, _, let stderr)? = ending.known else { return "" }
    return ProgramRunning.lastWords(redact(stderr.text(redact: redact)))
  }

  private func wrong(_ what: String, help: String?) -> ActionError {
    ActionError(code: "RB2709", message: "the program '\(call.name)' \(what)\(lastWords)", kind: .refused, help: help)
  }

  /// What the end of the program says against it; nil where it ended with status 0.
  private static func error(_ end: SupervisorLine.Ending, _ call: ProgramCall, after: String?, _ redact: (String) -> String) -> ActionError?
  {
    let when = after.map { " " + $0 } ?? ""
    switch end {
    case .notStarted(let reason): return ProgramCall.cannotStart(call.name, reason)
    case .lost:
      return ActionError(
        code: "RB2707", message: "the program '\(call.name)' was ended together with the process that looked after it\(when)",
        kind: .refused,
        help: "nothing of what it was asked last was used; resume asks again")
    case .ended(let status, _, let stderr):
      let told = ProgramRunning.lastWords(redact(stderr.text(redact: redact)))
      if status & 0x7F != 0 {
        return ActionError(
          code: "RB2703", message: "the program '\(call.name)' was ended by signal \(status & 0x7F)\(when)\(told)", kind: .refused)
      }
      let code = status >> 8 & 0xFF
      if code == 0 { return nil }
      return ActionError(code: "RB2702", message: "the program '\(call.name)' ended with exit status \(code)\(when)\(told)", kind: .refused)
    }
  }
}

extension Programs {
  /// Starts a program that is asked and answers while it runs (`ProgramConversation`). Its time limit is that of one batch.
  /// - Parameters:
  ///   - run: on whose behalf, as for `run`.
  ///   - output: where what it writes to its standard error goes.
  /// - Throws: RB2701 where it could not be started and nothing was done.
  public func converse(with call: ProgramCall, for run: String? = nil, output: any OutputSink = NoOutput()) async throws(ActionError)
    -> ProgramConversation
  {
    let image = try call.image()
    for _ in 0..<2 {
      let line = try openLine()
      if let run { try await hold(run, line, call) }
      let ending = ProgramEnding()
      var pipes: ConversationPipes
      let number: Int64?
      do throws(SystemNumber) { pipes = try ConversationPipes() } catch { throw ProgramCall.cannotStart(call.name, error) }
      do throws(SystemNumber) {
        number = try line.start(image, streams: pipes.theirs, captureLimit: call.captureLimit, sink: output) { ending.note($0) }
      } catch {
        pipes.closeTheirs()
        throw ProgramCall.cannotStart(call.name, error)
      }
      pipes.closeTheirs()
      guard let number else { continue }
      return ProgramConversation(call, line: line, number: number, ending: ending, pipes: pipes, redact: { output.redact($0) })
    }
    throw ProgramCall.cannotStart(call.name, "the process that looks after programs ends at once", help: nil)
  }
}

/// Why a batch came to nothing.
struct ConversationFault: Error {
  enum Reason { case ended, late, stopped, tooMany, tooLong }
  var reason: Reason
  /// Lines that had come.
  var answered: Int
}

/// Says once that something is not wanted any more.
final class Flag: Sendable {
  private let raised = Atomic(false)
  var isRaised: Bool { raised.load(ordering: .relaxed) }
  func raise() { raised.store(true, ordering: .relaxed) }
}

/// How a program ended, as soon as that is known.
final class ProgramEnding: Sendable {
  private struct State {
    var ending: SupervisorLine.Ending?
    var waiting: [@Sendable (SupervisorLine.Ending) -> Void] = []
  }

  private let state = Mutex(State())

  var known: SupervisorLine.Ending? { state.withLock { $0.ending } }

  func note(_ ending: SupervisorLine.Ending) {
    let waiting = state.withLock { state in
      state.ending = ending
      defer { state.waiting = [] }
      return state.waiting
    }
    for each in waiting { each(ending) }
  }

  /// Waits also where the task is cancelled: whoever stops a program still has to wait until it is gone.
  func wait() async -> SupervisorLine.Ending {
    await withCheckedContinuation { continuation in
      let known = state.withLock { state in
        if state.ending == nil { state.waiting.append { continuation.resume(returning: $0) } }
        return state.ending
      }
      if let known { continuation.resume(returning: known) }
    }
  }

  /// - Returns: nil where it has not ended by then.
  func wait(atMost patience: Duration) async -> SupervisorLine.Ending? {
    let limit = ContinuousClock.now + patience
    while known == nil, ContinuousClock.now < limit {
      // Not a task's own sleep, which a cancelled task does not do.
      await Task { try? await Task.sleep(for: .milliseconds(10)) }.value
    }
    return known
  }
}
