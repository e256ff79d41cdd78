import Foundation
import Synchronization

/// Runs programs on this machine through a supervisor (`ProgramSupervisor`), which is started with the first of them.
public final class Programs: Sendable {
  private let executable: String
  private let line = Mutex<SupervisorLine?>(nil)

  /// - Parameter executable: the program that serves as supervisor when it is called with `supervise`: this one, unless a test says otherwise.
  public init(executable: String = "/proc/self/exe") { self.executable = executable }

  deinit { line.withLock { $0?.close() } }

  /// Runs a program to its end.
  ///
  /// At its time limit, when `stop` is asked for, or when this task is cancelled, the program and all that it started get TERM, and what is left
  /// of them after `ProgramSupervisor.grace` gets KILL; only then this returns.
  /// - Parameter run: on whose behalf. What an earlier process of the run had started, and what is ended since that process is gone, is waited for.
  /// - Throws: RB2701 where it could not be started and nothing was done; RB2707 where nobody knows what came of it.
  public func run(_ call: ProgramCall, for run: String? = nil, stop: any StopSignal = NeverStopped(), output: any OutputSink = NoOutput())
    async throws(ActionError)
    -> ProgramEnd
  {
    if stop.isRequested || Task.isCancelled { throw Self.stoppedBefore(call.name) }
    let image = try call.image()
    let began = ContinuousClock.now
    let under = UnderWay()
    let result = await withTaskCancellationHandler { () async -> Result<SupervisorLine.Ending, ActionError> in
      let watch = Task { await under.watch(until: began + .microseconds(call.timeout), stop: stop) }
      defer { watch.cancel() }
      do throws(ActionError) {
        return .success(try await start(call, image, run, under, output))
      } catch {
        return .failure(error)
      }
    } onCancel: {
      under.cut(.stop)
    }
    let ending = try result.get()
    let duration = (ContinuousClock.now - began).inMicroseconds
    switch ending {
    case .ended(let status, let stdout, let stderr):
      return ProgramEnd(
        status: status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F), cut: under.cut, stdout: stdout,
        stderr: stderr,
        duration: duration)
    case .notStarted(let number): throw ProgramCall.cannotStart(call.name, number)
    case .lost:
      throw ActionError(
        code: "RB2707", message: "the program '\(call.name)' was ended together with the process that looked after it",
        kind: .outcomeUnknown)
    }
  }

  private func start(
    _ call: ProgramCall, _ image: ProgramImage, _ run: String?, _ under: UnderWay, _ output: any OutputSink
  ) async throws(ActionError) -> SupervisorLine.Ending {
    // A supervisor that somebody killed meanwhile is noticed at the first call, and another one takes its place.
    for _ in 0..<2 {
      let line = try openLine()
      if let run { try await hold(run, line, call) }
      let (endings, sink) = AsyncStream.makeStream(of: SupervisorLine.Ending.self)
      let number: Int64?
      do throws(SystemNumber) {
        number = try line.start(image, streams: .kept(stdin: call.stdin), captureLimit: call.captureLimit, sink: output) { sink.yield($0) }
      } catch {
        throw ProgramCall.cannotStart(call.name, error)
      }
      guard let number else { continue }
      under.began { line.stop(number) }
      // A task of its own: whoever cancels this one still has to wait until the program is gone.
      if let ending = await Task(operation: { await endings.first { _ in true } }).value { return ending }
    }
    throw ProgramCall.cannotStart(call.name, "the process that looks after programs ends at once", help: nil)
  }

  /// Twice what a supervisor takes at most to end what is left.
  private static let patience = Duration.milliseconds(2 * (ProgramSupervisor.grace + ProgramSupervisor.graceWhenAbandoned))

  /// Waits until nothing of an earlier process of the run is left, and holds the run's name from then on.
  func hold(_ run: String, _ line: SupervisorLine, _ call: ProgramCall) async throws(ActionError) {
    let deadline = ContinuousClock.now + Self.patience
    while true {
      do throws(SystemNumber) { if try line.hold(run: run) { return } } catch { throw ProgramCall.cannotStart(call.name, error) }
      if Task.isCancelled { throw Self.stoppedBefore(call.name) }
      if ContinuousClock.now > deadline {
        throw ProgramCall.cannotStart(
          call.name, "what an earlier process of this run had started has not ended yet",
          help: "look for processes called 'supervisor' and what they have under them")
      }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// The line to a supervisor, which is started where there is none.
  func openLine() throws(ActionError) -> SupervisorLine {
    let opened = line.withLock { current -> Result<(SupervisorLine, isNew: Bool), ActionError> in
      if let current, current.isOpen { return .success((current, false)) }
      do throws(ActionError) {
        let line = try SupervisorLine(executable: executable)
        current = line
        return .success((line, true))
      } catch {
        return .failure(error)
      }
    }
    let (line, isNew) = try opened.get()
    if isNew { Thread.detachNewThread { line.listen() } }
    return line
  }

  private static func stoppedBefore(_ name: String) -> ActionError {
    ActionError(code: "RB2705", message: "the program '\(name)' was not started, since a stop was asked for", kind: .stopped)
  }
}

/// Nobody stops it.
public struct NeverStopped: StopSignal {
  public init() {}
  public var isRequested: Bool { false }
}

/// One program under way, and who wants it to end.
private final class UnderWay: Sendable {
  private struct State {
    var end: (@Sendable () -> Void)?
    var cut: ProgramEnd.Cut?
  }

  private let state = Mutex(State())

  /// Why it was ended from here.
  var cut: ProgramEnd.Cut? { state.withLock { $0.cut } }

  /// - Parameter end: asks it to end.
  func began(_ end: @escaping @Sendable () -> Void) {
    let isCut = state.withLock { state in
      state.end = end
      return state.cut != nil
    }
    if isCut { end() }
  }

  /// The first reason counts.
  func cut(_ reason: ProgramEnd.Cut) {
    let end = state.withLock { state -> (@Sendable () -> Void)? in
      if state.cut != nil { return nil }
      state.cut = reason
      return state.end
    }
    end?()
  }

  /// Ends it at its limit, or soon after a stop was asked for.
  func watch(until limit: ContinuousClock.Instant, stop: any StopSignal) async {
    while !Task.isCancelled {
      if stop.isRequested { return cut(.stop) }
      let left = limit - .now
      if left <= .zero { return cut(.timeout) }
      try? await Task.sleep(for: min(left, .milliseconds(50)))
    }
  }
}

extension Duration {
  fileprivate var inMicroseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
