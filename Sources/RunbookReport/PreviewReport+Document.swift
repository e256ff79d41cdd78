import RunbookActions
import RunbookPlan

extension PreviewReport {
  /// For a review: a table of steps, what they would do, samples, and what the checks say now.
  public var markdown: String { document.markdown }

  private var document: ReportDocument {
    var sections = [ReportDocument.Section(title: "Steps", blocks: [stepTable, .paragraph(coverage)])]
    for step in preview.steps where step.isMutating && !step.isSkipped {
      var items = [step.effect.summary] + Self.remarks(of: step) + step.effect.problems.map { "problem: \($0)" }
      if let failure = step.failure { items.append("it would fail now: \(failure)") }
      var blocks: [ReportDocument.Block] = [.list(items)]
      let lines = step.effect.samples.flatMap { ["  _id: \($0.id.shown)"] + PreviewDiff($0).lines }
      if !lines.isEmpty { blocks.append(.diff(lines)) }
      sections.append(ReportDocument.Section(title: "Step \(ReportDocument.escaped(step.id))", blocks: blocks))
    }
    if !unwinding.rows.isEmpty {
      let rows = unwinding.rows.map { [$0.step, undone($0), stays($0).joined(separator: "; ")] }
      sections.append(
        ReportDocument.Section(title: "If something fails after", blocks: [.table(head: ["step", "undone", "stays"], rows: rows)]))
    }
    let checks =
      preview.preconditions
      + preview.phases.flatMap { phase in
        phase.preconditions + phase.steps.flatMap { $0.preconditions + $0.verify } + phase.verify
      } + preview.verify + preview.triggers
    if !checks.isEmpty {
      let rows = checks.map { check in
        [check.id, titles[check.id]?.bar ?? "", check.verdict?.rawValue ?? "not asked", Self.words(of: check, titles)]
      }
      sections.append(
        ReportDocument.Section(title: "Checks, now", blocks: [.table(head: ["check", "expected", "verdict", "observed"], rows: rows)]))
    }
    return ReportDocument(
      title: "Preview of \(titles.planTitle ?? titles.planID)",
      facts: [("Plan", planPath), ("Plan digest", planDigest), ("Approval digest", approvalDigest)] + targetFacts, sections: sections)
  }

  private var targetFacts: [(String, String)] {
    preview.facts.map { name, facts in
      let collections = (facts["collections"]?.mapValue ?? [:]).map { "\($0.key): \(Self.words(of: $0.value))" }
      let words = ["topology", "version", "identity"].compactMap { facts[$0]?.stringValue }.joined(separator: " ")
      return ("Target \(name)", ([words] + collections).joined(separator: "; "))
    }
  }

  private var stepTable: ReportDocument.Block {
    let rows = preview.phases.flatMap { phase in
      phase.steps.map { step -> [String] in
        let isSkipped = phase.isSkipped || step.isSkipped
        return [
          step.id, "\(step.action)\(step.place.map { " on \($0)" } ?? "")", isSkipped ? "skipped" : step.effect.summary,
          isSkipped || !step.isMutating ? "" : step.coverage.rawValue, step.effect.documents.map { "\($0)" } ?? "",
        ]
      }
    }
    return .table(head: ["step", "action", "what it would do", "known", "documents"], rows: rows)
  }
}
