import ArgumentParser
import Foundation
import RunbookActions
import RunbookJournal
import RunbookPlan
import RunbookRuntime

struct ExecuteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "execute", abstract: "Carry a plan out: its steps in order, recorded, checked, and taken back when a check fails.")

  @Argument(help: "The plan's file, or what 'runbook plan --out' saved.")
  var plan: String

  @OptionGroup var params: ParamOptions
  @OptionGroup var stateOptions: StateOptions
  @OptionGroup var running: RunningOptions

  @Option(help: ArgumentHelp("Pause after this phase or step.", valueName: "phase[/step]"))
  var until: String?

  @Option(
    help: ArgumentHelp("Go on only where this is the approval digest, as 'runbook plan' tells it; else exit status 8.", valueName: "digest")
  )
  var approved: String?

  func run() async throws {
    let now = SystemClock().now()
    let id = Wiring.newRunID(at: now)
    let (loaded, saved) = try PlanSource.loadForExecution(path: plan, params: params, run: (id, now))
    try loaded.refuseUnbuilt()
    let approval = Approval(loaded, saved: saved, path: plan)
    try approval.refuseOtherVersion()
    if let approved { try approval.refuse(unless: approved) }
    let planPath = saved?.planPath ?? plan
    let until = try until.map { try loaded.stoppingPoint($0) }
    let redactor = Redactor()
    let journal = try await stateOptions.open(redactor: redactor, create: true)
    try await confirmStart(loaded.bound)
    let header = RunHeader(
      run: id, planID: loaded.bound.plan.metadata.id, planDigest: loaded.normalised.digest,
      planBytes: Array(loaded.normalised.text.utf8), planPath: planPath, params: .map(loaded.bound.params), targets: .emptyMap,
      created: now,
      toolVersion: ProgramVersion.text, initiator: Wiring.user)
    try await running.lead(
      header: header, bound: loaded.bound, journal: journal, redactor: redactor, planPath: planPath, state: stateOptions.state,
      pinned: saved.map { PinnedFacts(targets: $0.facts, tolerance: $0.tolerance) }
    ) { (launcher) throws(RunFailure) in
      try await launcher.execute(until: until)
    }
  }

  /// On a terminal a person is asked once before the first change.
  private func confirmStart(_ bound: BoundPlan) async throws {
    guard Messages.isInteractive, !running.yes else { return }
    let changes = bound.reservations.flatMap { item in item.names.map { "\(item.target)/\($0)" } }
    let title = bound.plan.metadata.title ?? bound.plan.metadata.id
    let text =
      changes.isEmpty
      ? "Start '\(title)'? It changes nothing. [yes/no] " : "Start '\(title)'? It changes \(changes.joined(separator: ", ")). [yes/no] "
    guard await TerminalConsole().confirm(text) else {
      Messages.error("not started; nothing was changed")
      throw ExitCode(1)
    }
  }
}
