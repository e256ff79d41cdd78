import ArgumentParser
import Foundation
import RunbookActions
import RunbookJournal
import RunbookLint
import RunbookPlan
import RunbookReport
import RunbookReview
import RunbookSyntax

struct ReviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "review", abstract: "Tell what changed between two versions of a plan, and what that does to its safety.",
    discussion: """
      Compared is by id, never by line. The base is a file, or a revision of the git repository that the plan is in, with what the plan includes there.
      """)

  enum Form: String, ExpressibleByArgument, CaseIterable { case text, markdown, json }

  @Argument(help: "The plan's file.")
  var plan: String

  @Option(help: ArgumentHelp("The version to compare with: a file, a revision, or REVISION:PATH.", valueName: "rev|file"))
  var base = "HEAD"

  @Option(help: "text, markdown (one comment of at most 60,000 characters) or json.")
  var format: Form = .text

  func run() async throws {
    let loaded = PlanLoader.load(try PlanSource.source(plan), includes: IncludedFiles.read)
    let checked = try Self.bind(loaded)
    guard let normalised = loaded.normalised, let bound = checked.bound else {
      Messages.error((loaded.diagnostics + checked.diagnostics).inOrderOfPlace().shown)
      throw ExitCode(2)
    }
    if bound.plan.isFragment {
      throw Messages.usage("\(plan) is a fragment, which is no plan by itself", help: "review the runbook that includes it")
    }
    let (former, name) = try await formerVersion()
    let formerBound = try former.flatMap { try Self.bind($0).bound }
    let catalog = Wiring.catalog()
    let review = PlanReview(old: former?.normalised, new: normalised) { catalog.descriptor(named: $0) }
    let report = ReviewReport(
      review, path: plan, base: name, bound: bound, formerBound: formerBound, findings: Self.newFindings(bound, formerBound))
    // What a plan says is shown, and passwords in addresses are hidden wherever they stand.
    let redactor = Redactor()
    switch format {
    case .text: Messages.data(redactor.redact(report.text))
    case .markdown: Messages.data(redactor.redact(report.markdown))
    case .json: Messages.data(IndentedJSON.text(redactor.redact(report.value)))
    }
  }

  /// The base and how it is called; nil where it does not have the plan, or the plan has errors there.
  private func formerVersion() async throws -> (LoadedPlan?, String?) {
    let loaded: LoadedPlan?
    if FileManager.default.fileExists(atPath: base) {
      loaded = PlanLoader.load(try PlanSource.source(base), includes: IncludedFiles.read)
    } else {
      loaded = try await GitFiles(plan: plan, base: base).load()
    }
    guard let loaded else { return (nil, nil) }
    guard loaded.normalised != nil else {
      Messages.error(loaded.diagnostics.shown)
      Messages.error("the plan has errors in \(base), so that there is nothing to compare with: it is reviewed as a new one")
      return (nil, nil)
    }
    return (loaded, base)
  }

  /// Findings of lint that the base does not have, whatever lines they stand on; those that the plan ignores with a reason are left out.
  private static func newFindings(_ bound: BoundPlan, _ former: BoundPlan?) -> [ReviewReport.Finding] {
    let known = Set(former.map { Lint.findings(of: $0).map(\.key) } ?? [])
    return Lint.findings(of: bound).filter { $0.ignored == nil && !known.contains($0.key) }.map { finding in
      ReviewReport.Finding(
        severity: finding.severity.rawValue, rule: finding.rule.name, subject: "\(finding.subject)", message: finding.diagnostic.message,
        line: finding.diagnostic.place.start.line)
    }
  }

  private static func bind(_ loaded: LoadedPlan) throws -> (bound: BoundPlan?, diagnostics: [Diagnostic]) {
    guard let plan = loaded.plan else { return (nil, []) }
    let defaults = bindParams(plan.params, given: [], file: nil, requiresAll: false)
    let result = Wiring.catalog().bind(plan, params: defaults.values)
    return (result.bound, result.diagnostics)
  }
}
