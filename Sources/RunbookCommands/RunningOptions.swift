import ArgumentParser
import Foundation
import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSQLiteJournal

/// What the commands that lead a run have in common.
struct RunningOptions: ParsableArguments {
  @Option(help: "How the run is told: text, or ndjson (one JSON object a line, on stdout).")
  var output: ProgressFormat = .text

  @Flag(help: "Answer the start, and confirmations that need no evidence; recorded as such.")
  var yes = false

  @Flag(help: "End where the run waits for people or is paused (exit status 6), although its triggers fall asleep then.")
  var detach = false

  @Flag(help: "Tell the run as plain lines on a terminal, too, without the live view.")
  var plain = false

  /// Leads a run to where it stands, tells it, and ends with its exit status.
  /// - Parameters:
  ///   - plans: the plans of a recorded run; left out, `bound` is the only one.
  ///   - pinned: what a saved plan relies on.
  ///   - endsWell: where the run came to what the command was asked for; the exit status is 0 then.
  func lead(
    header: RunHeader, bound: BoundPlan, journal: SQLiteJournal, redactor: Redactor, planPath: String, state: String?,
    plans: PlanVersions? = nil, pinned: PinnedFacts? = nil, endsWell: (RunState) -> Bool = { _ in false },
    _ body: (RunLauncher) async throws(RunFailure) -> RunEnding
  ) async throws {
    let teller =
      output == .text ? await RunTeller(bound: bound, plans: plans, header: header, journal: journal, state: state, plain: plain) : nil
    let observer: any RunObserver = teller?.observer ?? NDJSONObserver(run: header.run)
    let lock: RunLock
    do throws(JournalError) {
      lock = try RunLock.acquire(run: header.run, directory: journal.directory)
    } catch {
      throw Messages.exit(error, state: state)
    }
    defer { withExtendedLifetime(lock) {} }
    var setting = Wiring.setting(
      bound: bound, header: header, journal: journal, redactor: redactor, observer: observer, answersByItself: yes, detaches: detach)
    if let plans { setting.plans = plans }
    setting.pinned = pinned
    setting.planDirectory = Self.directory(of: planPath)
    if setting.console != nil { setting.console = TerminalConsole(beside: teller?.live) }
    let targets = Wiring.targets(setting: setting, planDirectory: Self.directory(of: planPath))
    let signals = StopSignals()
    let launcher = RunLauncher(setting: setting, targets: targets) { executor in
      await signals.listen(for: executor) { teller?.live?.noteStop() }
    }
    if output == .text {
      let digest = plans?.later.last?.adoption.digest ?? header.planDigest
      Messages.error("Run \(header.run) of plan '\(header.planID)' (\(planPath), \(digest.prefix(15))…)")
    }
    teller?.live?.begin()
    defer { teller?.live?.end() }
    let ending: RunEnding
    do throws(RunFailure) {
      ending = try await body(launcher)
    } catch {
      teller?.live?.end()
      try? await journal.flushNotes()
      tell(error, header: header, state: state)
      throw ExitCode(error.exitStatus)
    }
    try? await journal.flushNotes()
    await targets.closeAll()
    await signals.stop()
    teller?.live?.end()
    let summary = RunSummary(
      run: header.run, state: ending.state, plan: bound.plan, planPath: planPath, params: bound.params, stateOption: state,
      waitsFor: ending.waitsFor)
    switch output {
    case .text: Messages.error(summary.text(colored: Messages.showsColors(STDERR_FILENO)))
    case .ndjson: NDJSONObserver(run: header.run).emit(["event": "summary", "summary": summary.value])
    }
    if ending.state.exitCode != 0, !endsWell(ending.state) { throw ExitCode(ending.state.exitCode) }
  }

  private func tell(_ failure: RunFailure, header: RunHeader, state: String?) {
    if output == .ndjson {
      NDJSONObserver(run: header.run).emit([
        "event": "stopped", "code": .string(failure.code), "exitCode": .integer(Int64(failure.exitStatus)),
        "message": .string(failure.message),
        "state": .string(failure.standing), "next": .list(failure.next(with: state).map(Value.string)),
      ])
    }
    _ = Messages.exit(failure, state: state)
  }

  /// The directory of a plan, where its relative paths begin.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
