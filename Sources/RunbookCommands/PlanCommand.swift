import ArgumentParser
import Foundation
import RunbookActions
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSyntax

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Preview a plan against its targets: what each step would do, what each check says now. Only reads.",
    discussion: """
      Nothing is changed, reserved or recorded, and no program of the plan is started. With --out the preview is saved together with the \
      plan, its params and the facts that it relied on; 'runbook execute FILE' then carries out exactly that, and refuses where a fact moved.
      """)

  @Argument(help: "The plan's file.")
  var plan: String

  @OptionGroup var params: ParamOptions

  @Option(help: "text, markdown or json.")
  var format: ReportFormat = .text

  @Option(help: ArgumentHelp("Save the plan bound to its digest, params and facts.", valueName: "file"))
  var out: String?

  @Option(help: ArgumentHelp("Documents shown as they are and as they would be, a step.", valueName: "n"))
  var samples = 3

  @Option(
    help: ArgumentHelp("Look at all documents of a step up to so many; of more, at so many of them.", valueName: "n"))
  var look = 10_000

  @Option(
    help: ArgumentHelp("With --out: by how much numbers of documents may move until it is executed.", valueName: "share"))
  var tolerance = "5%"

  func validate() throws {
    if !(0...50).contains(samples) { throw ValidationError("--samples is from 0 to 50") }
    if !(1...1_000_000).contains(look) { throw ValidationError("--look is from 1 to 1000000") }
    if share == nil { throw ValidationError("--tolerance is a share, like 5%, not '\(tolerance)'") }
  }

  private var share: Double? {
    guard let share = try? TypedText.percentage(tolerance), (0...10).contains(share) else { return nil }
    return share
  }

  func run() async throws {
    let now = SystemClock().now()
    let id = Wiring.newRunID(at: now)
    let loaded = try PlanSource.load(path: plan, params: params, run: (id, now))
    try loaded.refuseUnbuilt()
    let redactor = Redactor()
    let header = RunHeader(
      run: id, planID: loaded.bound.plan.metadata.id, planDigest: loaded.normalised.digest, planBytes: loaded.normalised.bytes,
      planPath: plan, params: .map(loaded.bound.params), targets: .emptyMap, created: now, toolVersion: ProgramVersion.text,
      initiator: Wiring.user)
    var setting = Wiring.setting(
      bound: loaded.bound, header: header, journal: MemoryJournal(redactor: redactor), redactor: redactor, observer: NoObserver(),
      answersByItself: false)
    setting.planDirectory = RunningOptions.directory(of: plan)
    let targets = Wiring.targets(setting: setting, planDirectory: setting.planDirectory)
    let preview: PlanPreview
    do throws(RunFailure) {
      preview = try await PlanPreviewer(
        setting: setting, targets: targets, extent: PreviewExtent(samples: samples, documents: Int64(look))
      ).preview()
    } catch {
      await targets.closeAll()
      throw Messages.exit(error, state: nil)
    }
    await targets.closeAll()
    let saved = SavedPlan(
      planPath: plan, savedAt: now, savedBy: Wiring.user, programVersion: ProgramVersion.text, planDigest: loaded.normalised.digest,
      planText: loaded.normalised.text, params: loaded.bound.params,
      facts: ValueMap(uniqueKeysWithValues: preview.facts.map { ($0.key, redactor.redact($0.value)) }), tolerance: share ?? 0)
    tell(preview, saved, loaded.bound)
    if let out { try save(saved, to: out, redactor) }
  }

  private func tell(_ preview: PlanPreview, _ saved: SavedPlan, _ bound: BoundPlan) {
    let report = PreviewReport(
      preview, titles: PlanTitles(bound.plan, params: saved.params), unwinding: UnwindTable(bound), planPath: saved.planPath,
      planDigest: saved.planDigest,
      approvalDigest: saved.approvalDigest)
    switch format {
    case .text: Messages.data(report.text(colored: Messages.showsColors(STDOUT_FILENO)))
    case .markdown: Messages.data(report.markdown)
    case .json: Messages.data(IndentedJSON.text(report.value))
    }
  }

  private func save(_ saved: SavedPlan, to path: String, _ redactor: Redactor) throws {
    for (name, value) in saved.params where redactor.contains(value) {
      Messages.error("error[RB2514]: the value of param '\(name)' contains a secret of this plan, or its password")
      Messages.error("  state now: nothing was saved")
      Messages.error("  next:      declare it under 'secrets' and refer to it there, or change the secret, if it is an ordinary word")
      throw ExitCode(1)
    }
    do {
      try Data((IndentedJSON.text(saved.value) + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw Messages.usage("\(path) could not be written: \(error.localizedDescription)", help: "nothing was saved")
    }
    Messages.error("saved to \(path): runbook execute \(path)")
  }
}

/// Nobody watches a preview.
private struct NoObserver: RunObserver {
  func observe(_ event: RunEvent) {}
}
