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
  /// The plan that the run goes on with.
  let bound: BoundPlan
  /// Its normal form.
  let planBytes: [UInt8]
  /// That plan and the ones before it.
  let plans: PlanVersions
  let state: RunState

  /// The digest of the plan that the run goes on with.
  var planDigest: String { state.adopted?.digest ?? header.planDigest }

  /// Reads a run and loads its stored plan with the loader that reads files.
  static func read(_ run: String, from journal: SQLiteJournal, of options: StateOptions) async throws -> RecordedRun {
    let header: RunHeader
    do throws(JournalError) { header = try await journal.header(of: run) } catch { throw options.exit(error) }
    let first = try bind(header.planBytes, params: header.params, header, options)
    var (bound, planBytes) = (first, header.planBytes)
    var plans = PlanVersions(first: Outline(first))
    for adoption in try await adoptions(of: run, journal, options) {
      planBytes = Array(adoption.plan.utf8)
      bound = try bind(planBytes, params: adoption.params, header, options)
      plans.later.append(PlanVersions.Later(adoption: adoption, outline: Outline(bound)))
    }
    let state: RunState
    do throws(RunFailure) {
      state = try await RunLauncher.fold(run: run, plans: plans, journal: journal).state
    } catch {
      throw options.exit(error)
    }
    return RecordedRun(header: header, bound: bound, planBytes: planBytes, plans: plans, state: state)
  }

  /// The edited plans that the run was told to go on with, in their order.
  private static func adoptions(of run: String, _ journal: SQLiteJournal, _ options: StateOptions) async throws -> [Adoption] {
    var adoptions: [Adoption] = []
    do throws(JournalError) {
      try await journal.forEachRecord(of: run) { (record) throws(JournalError) in
        guard record.kind == Entry.planAdoptedKind else { return }
        guard let entry = try? Entry(kind: record.kind, version: record.version, payload: record.payload),
          case .planAdopted(let adoption) = entry.kind
        else { throw JournalError.damaged("an adopted plan cannot be read", seq: record.seq) }
        adoptions.append(adoption)
      }
    } catch {
      throw options.exit(error)
    }
    return adoptions
  }

  private static func bind(_ bytes: [UInt8], params: Value, _ header: RunHeader, _ options: StateOptions) throws -> BoundPlan {
    let loaded = PlanLoader.load(SourceFile(path: "stored plan of \(header.run)", bytes: bytes))
    guard let plan = loaded.plan else { throw unreadable(header.run, loaded.diagnostics, options) }
    let result = Wiring.catalog().bind(plan, params: params.mapValue ?? [:], run: header.facts)
    guard let bound = result.bound else { throw unreadable(header.run, result.diagnostics, options) }
    return bound
  }

  private static func unreadable(_ run: String, _ diagnostics: [Diagnostic], _ options: StateOptions) -> ExitCode {
    Messages.error(diagnostics.shown)
    return options.exit(
      RunFailure(
        code: "RB2510", exitStatus: 70,
        message: "the stored plan of run \(run) cannot be read by this version of the program (\(ProgramVersion.text))",
        standing: "the run stays as it is", next: ["use the version that began the run; 'runbook list' shows it"]))
  }

  /// Says that the plan's file is no longer what the run goes by: a run goes on, and back, with the plan that is stored.
  func noteEditedPlan() {
    guard !state.status.isEnd, let bytes = readFile(header.planPath) else { return }
    let loaded = PlanLoader.load(SourceFile(path: header.planPath, bytes: bytes), includes: IncludedFiles.read)
    guard let digest = loaded.normalised?.digest else {
      Messages.error("note: \(header.planPath) was edited and has errors now; the stored plan is used")
      return
    }
    guard digest != planDigest else { return }
    Messages.error("note: \(header.planPath) was edited since the run began; the stored plan is used")
    if state.status != .rollingBack, state.status != .blocked {
      Messages.error("      'runbook resume \(header.run) --accept \(digest)' would go on with the edited one")
    }
  }

  func summary(stateOption: String?, isLed: Bool) -> RunSummary {
    RunSummary(
      run: header.run, state: state, plan: bound.plan, planPath: header.planPath, params: bound.params, stateOption: stateOption,
      isLed: isLed)
  }
}

extension RunHeader {
  /// What references to the run mean.
  var facts: RunFacts { RunFacts(id: run, planID: planID, startedAt: created, initiator: initiator) }
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
