import ArgumentParser
import Foundation
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSQLiteJournal
import RunbookSyntax

/// A run as it is recorded: its header, the stored plan bound again, and the state that the journal tells.
struct RecordedRun {
  let header: RunHeader
  let bound: BoundPlan
  let state: RunState

  /// Reads a run and loads its stored plan with the loader that reads files.
  static func read(_ run: String, from journal: SQLiteJournal, of options: StateOptions) async throws -> RecordedRun {
    let header: RunHeader
    do throws(JournalError) { header = try await journal.header(of: run) } catch { throw options.exit(error) }
    let loaded = PlanLoader.load(SourceFile(path: "stored plan of \(run)", bytes: header.planBytes))
    guard let plan = loaded.plan else {
      throw unreadable(run, loaded.diagnostics, options)
    }
    let result = Wiring.catalog().bind(
      plan, params: header.params.mapValue ?? [:],
      run: RunFacts(id: header.run, planID: header.planID, startedAt: header.created, initiator: header.initiator))
    guard let bound = result.bound else { throw unreadable(run, result.diagnostics, options) }
    let state: RunState
    do throws(RunFailure) {
      state = try await RunLauncher.fold(run: run, outline: Outline(bound), journal: journal).state
    } catch {
      throw options.exit(error)
    }
    return RecordedRun(header: header, bound: bound, state: state)
  }

  private static func unreadable(_ run: String, _ diagnostics: [Diagnostic], _ options: StateOptions) -> ExitCode {
    Messages.error(diagnostics.shown)
    return options.exit(
      RunFailure(
        code: "RB2510", exitStatus: 70,
        message: "the stored plan of run \(run) cannot be read by this version of the program (\(ProgramVersion.text))",
        standing: "the run stays as it is", next: ["use the version that began the run; 'runbook list' shows it"]))
  }

  /// Says that the plan's file is no longer what the run began with: a run goes on, and back, with the plan that was stored.
  func noteEditedPlan() {
    guard !state.status.isEnd, let data = FileManager.default.contents(atPath: header.planPath) else { return }
    let loaded = PlanLoader.load(SourceFile(path: header.planPath, bytes: Array(data)))
    guard loaded.normalised?.digest != header.planDigest else { return }
    Messages.error("note: \(header.planPath) was edited since the run began; the plan as it was then is used")
  }

  func summary(stateOption: String?, isLed: Bool) -> RunSummary {
    RunSummary(
      run: header.run, state: state, plan: bound.plan, planPath: header.planPath, params: bound.params, stateOption: stateOption,
      isLed: isLed)
  }
}

/// Which run a command is about.
enum RunChoice {
  /// The run named, or the only one that fits; several are listed.
  static func resolve(
    _ run: String?, from journal: SQLiteJournal, of options: StateOptions, what: String, fits: (RunListing) -> Bool,
    orElse: ((RunListing) -> Bool)? = nil
  ) async throws -> String {
    if let run { return run }
    let all: [RunListing]
    do throws(JournalError) { all = try await journal.runs() } catch { throw options.exit(error) }
    let fitting = all.filter(fits)
    if fitting.count == 1, let only = fitting.first { return only.run }
    if fitting.isEmpty, let orElse, let latest = all.first(where: orElse) { return latest.run }
    if fitting.isEmpty { throw Messages.usage("there is no \(what) in this state", help: "'runbook list' shows all runs") }
    let lines = fitting.map { "  \($0.run)  \($0.planID)  \($0.status?.word ?? "pending")" }
    throw Messages.usage("there are several: name one of them\n" + lines.joined(separator: "\n"))
  }
}
