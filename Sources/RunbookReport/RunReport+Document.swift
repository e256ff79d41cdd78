import OrderedCollections
import RunbookEngine
import RunbookJournal
import RunbookPlan

extension RunReport {
  /// Plain text.
  public var text: String { document.text }

  /// Markdown that can be pasted into a ticket.
  public var markdown: String { document.markdown }

  var document: ReportDocument {
    var sections = [resultSection]
    if let section = outcomeSection { sections.append(section) }
    sections.append(stepsSection)
    for section in [checksSection, capturesSection, rollbackSection, decisionsSection, triggersSection, warningsSection] {
      if let section { sections.append(section) }
    }
    sections.append(recordSection)
    return ReportDocument(
      title: "Run \(header.run): \(state.status.words)", facts: facts, sections: sections)
  }

  private var facts: [(String, String)] {
    var facts = [("Plan", titles.planTitle.map { "\($0) (\(header.planID))" } ?? header.planID), ("Started by", header.initiator)]
    if let start = state.startedAt { facts.append(("Started", Self.time(start))) }
    if let end = state.endedAt { facts.append(("Ended", Self.time(end) + Self.lasted(state.startedAt, end))) }
    for (name, place) in header.targets.mapValue ?? [:] where place["identity"] != nil && !name.hasPrefix("@") {
      facts.append(("Target \(name)", place["identity"]?.stringValue ?? ""))
    }
    for (name, value) in header.params.mapValue ?? [:] { facts.append(("Param \(name)", value.stringValue ?? PeopleText.value(value))) }
    return facts
  }

  private var resultSection: ReportDocument.Section {
    var items: [String] = []
    if let failed = summary.whatFailed { items.append("\(state.status == .paused ? "Why" : "What failed"): \(failed)") }
    items.append("State: \(summary.standing)")
    if let finalized = state.finalized {
      items.append("Finalized by \(finalized.who), \(Self.time(finalized.at)): it cannot be rolled back any more")
    }
    return ReportDocument.Section(title: "Result", blocks: [.list(items)])
  }

  private var outcomeSection: ReportDocument.Section? {
    let rows = outcome.map { [$0.title, $0.bar, Self.observed($0), Self.verdict($0), $0.evidence] }
    guard !rows.isEmpty else { return nil }
    var blocks: [ReportDocument.Block] = [.table(head: ["metric", "bar", "observed", "verdict", "evidence"], rows: rows)]
    if !rollbacks.isEmpty { blocks.append(.paragraph("As it was before the rollback.")) }
    return .init(title: "Outcome", blocks: blocks)
  }

  private var stepsSection: ReportDocument.Section {
    var blocks: [ReportDocument.Block] = []
    for phase in state.outline.phases {
      let record = state.phase(phase.id)
      let owner = titles[phase.id]?.owner.map { ", owner \($0)" } ?? ""
      let title = titles[phase.id]?.title.map { ": \($0)" } ?? ""
      blocks.append(.paragraph("Phase \(phase.id)\(title) (\(record?.status.rawValue ?? "pending")\(owner))"))
      let rows = phase.steps.compactMap { step in state.step(step.id).map { row(step.id, $0) } }
      if !rows.isEmpty { blocks.append(.table(head: ["step", "action", "status", "started", "took", "result"], rows: rows)) }
    }
    return .init(title: "Phases and steps", blocks: blocks)
  }

  private func row(_ id: String, _ record: StepRecord) -> [String] {
    let call = record.captures?["call"]
    let place = [call?["target"]?.stringValue, call?["collection"]?.stringValue].compactMap(\.self).joined(separator: "/")
    let action = (titles[id]?.action ?? "") + (place.isEmpty ? "" : " on \(place)")
    var result = OutputText.parts(record.outputs).joined(separator: ", ")
    if let failure = record.failure { result = "\(failure.message) [\(failure.code)]" }
    if record.attempts > 1 { result += (result.isEmpty ? "" : "; ") + "\(record.attempts) attempts" }
    return [
      id + (titles[id]?.title.map { ": \($0)" } ?? ""), action, record.status.rawValue, record.startedAt.map(Self.time) ?? "",
      Self.duration(record.startedAt, record.endedAt), result,
    ]
  }

  private var checksSection: ReportDocument.Section? {
    let rows = checks.filter { !["outcome", ""].contains($0.place) && !$0.place.hasPrefix("captured") }.map {
      [$0.title, $0.place, $0.bar, Self.observed($0), Self.verdict($0)]
    }
    guard !rows.isEmpty else { return nil }
    return .init(title: "Checks", blocks: [.table(head: ["check", "where", "bar", "observed", "verdict"], rows: rows)])
  }

  private var capturesSection: ReportDocument.Section? {
    var rows: [[String]] = []
    for step in state.outline.phases.flatMap(\.steps) {
      for (id, value) in state.step(step.id)?.captures?["captured"]?.mapValue ?? [:] {
        rows.append([step.id, id, PeopleText.value(value)])
      }
    }
    return rows.isEmpty
      ? nil : .init(title: "Captured before the change", blocks: [.table(head: ["step", "capture", "value"], rows: rows)])
  }

  private var rollbackSection: ReportDocument.Section? {
    guard !rollbacks.isEmpty else { return nil }
    var blocks: [ReportDocument.Block] = [
      .list(
        rollbacks.map { begun in
          "\(Self.time(begun.at)): of \(begun.phase.map { "phase \($0)" } ?? "the whole plan"), because: \(begun.cause)"
        })
    ]
    let rows = unwound.map { outline, record in
      let isKept = record.undoDetails["kept"] == true
      return [
        outline.id, isKept ? "nothing to undo" : record.undo.words, PeopleText.number(Int64(record.conflicts)),
        PeopleText.number(Int64(record.inDoubt)),
        isKept ? "what it made is kept" : record.undo.note ?? "",
      ]
    }
    if !rows.isEmpty { blocks.append(.table(head: ["step", "undo", "conflicts", "in doubt", "note"], rows: rows)) }
    let listed = unwound.flatMap { listedRows($0.outline.id, $0.record) }
    if !listed.isEmpty { blocks.append(.table(head: ["step", "document", "fields", "reason"], rows: listed)) }
    if !state.unverified.isEmpty { blocks.append(.paragraph("Not verified: \(state.unverified.joined(separator: ", "))")) }
    return .init(title: "Rollback", blocks: blocks)
  }

  private func listedRows(_ step: String, _ record: StepRecord) -> [[String]] {
    ["conflicts", "inDoubt"].flatMap { kind in
      (record.undoDetails[kind]?.listValue ?? []).map { entry in
        let fields = (entry["fields"]?.listValue ?? []).compactMap(\.stringValue).joined(separator: ", ")
        return [step, ListedDocuments.text(of: entry["id"] ?? .null), fields, entry["reason"]?.stringValue ?? ""]
      }
    }
  }

  private var decisionsSection: ReportDocument.Section? {
    let rows = decisions.map { decision in
      let detail = [
        decision.reason.isEmpty ? nil : decision.reason, decision.evidence.map { "evidence: \($0)" }, decision.how.map { "by \($0)" },
      ]
      return [
        Self.time(decision.at), decision.who, decision.words + (decision.wasSetAside ? " (set aside: it did not fit)" : ""),
        decision.subject ?? "", detail.compactMap(\.self).joined(separator: "; "),
      ]
    }
    guard !rows.isEmpty else { return nil }
    return .init(title: "Decisions of people", blocks: [.table(head: ["when", "who", "wanted", "about", "reason"], rows: rows)])
  }

  private var triggersSection: ReportDocument.Section? {
    var rows: [[String]] = []
    for trigger in triggers {
      for (at, window) in trigger.judged {
        rows.append([
          trigger.id, Self.time(at), window.verdict.rawValue, window.observed == .null ? "" : PeopleText.value(window.observed, limit: 40),
          window.message,
        ])
      }
      for (at, event) in trigger.fired {
        rows.append([trigger.id, Self.time(at), "fired: \(event.response.rawValue)", "", event.message])
      }
      for row in trigger.rows {
        let count = PeopleText.count(Int(row.count), "window")
        rows.append([trigger.id, Self.time(row.lastAt), row.verdict, "", "\(count) since \(Self.time(row.firstAt))"])
      }
    }
    guard !rows.isEmpty else { return nil }
    return .init(title: "Rollback triggers", blocks: [.table(head: ["trigger", "when", "verdict", "observed", "note"], rows: rows)])
  }

  private var warningsSection: ReportDocument.Section? {
    guard !state.warnings.isEmpty else { return nil }
    return .init(title: "Warnings", blocks: [.list(state.warnings.map { "\(Self.time($0.at)): \($0.subject): \($0.message)" })])
  }

  private var recordSection: ReportDocument.Section {
    var items = [
      "Plan digest: \(header.planDigest) (\(header.planPath))", "Program: runbook \(header.toolVersion)",
    ]
    for adopted in adoptedPlans { items.append("Adopted plan: \(adopted)") }
    switch chain {
    case .intact(let head):
      items.append("Journal: \(PeopleText.count(records.count, "entry", plural: "entries")), chain intact, head \(head.hash)")
    case .broken(let seq, let reason): items.append("Journal: the chain is broken at entry \(seq): \(reason)")
    }
    for lease in leases where lease.isNew { items.append("Led from \(Self.time(lease.at)): \(lease.holder), epoch \(lease.epoch)") }
    return .init(title: "Record", blocks: [.list(items)])
  }

  // MARK: words

  private static func time(_ milliseconds: Int64) -> String { TimestampText.format(milliseconds: milliseconds / 1_000 * 1_000) }

  private static func duration(_ start: Int64?, _ end: Int64?) -> String {
    guard let start, let end else { return "" }
    return PeopleText.duration(milliseconds: max(end - start, 0))
  }

  private static func lasted(_ start: Int64?, _ end: Int64) -> String {
    let text = duration(start, end)
    return text.isEmpty ? "" : ", after \(text)"
  }

  private static func verdict(_ check: CheckFact) -> String {
    check.result.verdict.rawValue + (check.acceptedBy.map { ", accepted by \($0)" } ?? "")
  }

  private static func observed(_ check: CheckFact) -> String {
    if check.result.observed == .null { return check.result.verdict == .pass ? "" : check.result.message }
    return PeopleText.value(check.result.observed, limit: 60)
  }
}

extension UndoStatus {
  /// For people.
  var words: String {
    switch self {
    case .notBegun: "not begun"
    case .underway: "under way"
    case .undone: "undone and verified"
    case .covered: "undone with another step"
    case .notNeeded: "not needed"
    case .skipped: "given up"
    case .failed: "failed"
    }
  }
}
