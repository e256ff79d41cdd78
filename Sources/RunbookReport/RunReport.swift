import OrderedCollections
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// Everything that is recorded of a run, for people and for programs: what was done, by whom, what it came to. The same journal always gives the
/// same report.
public struct RunReport: Sendable {
  /// An entry with its place in the journal.
  struct Record: Sendable {
    let seq: Int64
    let entry: Entry
  }

  let header: RunHeader
  let state: RunState
  let plan: Plan
  let titles: PlanTitles
  let summary: RunSummary
  let records: [Record]
  let windows: [WindowRow]
  let chain: ChainVerdict

  /// Reads what is recorded.
  /// - Parameters:
  ///   - state: the fold of the journal.
  ///   - summary: of the same state.
  /// - Throws: what reading a journal throws.
  public static func read(
    header: RunHeader, state: RunState, plan: Plan, params: ValueMap, summary: RunSummary, from journal: some Journal
  ) async throws(JournalError) -> RunReport {
    var records: [Record] = []
    var unreadable: JournalError?
    try await journal.forEachRecord(of: header.run) { (record) throws(JournalError) in
      do throws(EntryDecodingError) {
        records.append(Record(seq: record.seq, entry: try Entry(kind: record.kind, version: record.version, payload: record.payload)))
      } catch {
        unreadable = unreadable ?? .damaged("\(error)", seq: record.seq)
      }
    }
    if let unreadable { throw unreadable }
    return RunReport(
      header: header, state: state, plan: plan, titles: PlanTitles(plan, params: params), summary: summary, records: records,
      windows: try await journal.windows(of: header.run), chain: try await journal.verifyChain(of: header.run))
  }

  // MARK: facts that several forms show

  /// A check that was asked, or skipped, with where it stands.
  struct CheckFact {
    let id: String
    let title: String
    let place: String
    let action: String?
    let bar: String
    let result: CheckResult
    let at: Int64?
    let acceptedBy: String?
    /// What the verdict rests on: who said so, or what was asked, with the number of the entry.
    let evidence: String
  }

  /// All checks with a verdict, in the order in which they were decided.
  var checks: [CheckFact] {
    let last = lastVerdicts
    return state.checks.sorted { ($0.value.at ?? 0, last[$0.key] ?? 0, $0.key) < ($1.value.at ?? 0, last[$1.key] ?? 0, $1.key) }
      .compactMap { id, record in record.result.map { fact(id, record, $0, seq: last[id]) } }
  }

  /// The checks of the plan's `verify`, in written order.
  var outcome: [CheckFact] {
    let last = lastVerdicts
    return state.outline.verify.compactMap { check in
      guard let record = state.check(check.id), let result = record.result else { return nil }
      return fact(check.id, record, result, seq: last[check.id])
    }
  }

  private var lastVerdicts: [String: Int64] {
    var last: [String: Int64] = [:]
    for record in records {
      switch record.entry.kind {
      case .verdict(let id, _, _) where id.verb == .check: last[id.subject] = record.seq
      case .checkSkipped(let id): last[id] = record.seq
      default: break
      }
    }
    return last
  }

  private func fact(_ id: String, _ record: CheckRecord, _ result: CheckResult, seq: Int64?) -> CheckFact {
    let said = state.decisions.compactMap { decision -> String? in
      guard case .answer(let answer) = decision, answer.subject == id else { return nil }
      return Self.answered(answer)
    }
    var evidence = said.isEmpty ? titles[id]?.action ?? "value" : said.joined(separator: "; ")
    if let seq { evidence += ", entry \(seq)" }
    return CheckFact(
      id: id, title: titles.title(id), place: titles.place(of: id), action: titles[id]?.action, bar: titles[id]?.bar ?? "", result: result,
      at: record.at, acceptedBy: record.acceptedBy, evidence: evidence)
  }

  static func answered(_ answer: Answer) -> String {
    let yes = answer.value["yes"]?.boolValue ?? false
    let item = answer.value["item"]?.stringValue ?? answer.subject
    let how = answer.value["how"] == "--yes" ? " (by --yes)" : ""
    return "\(answer.who) \(yes ? "confirmed" : "refused") '\(item)'\(how)"
      + (answer.value["evidence"]?.stringValue.map { ": \($0)" } ?? "")
  }

  /// What people decided.
  struct DecisionFact {
    let seq: Int64
    let at: Int64
    let who: String
    /// The stored word: `pause`, `answer`, `cancel`, `finalize`, …
    let kind: String
    let subject: String?
    let words: String
    let reason: String
    let evidence: String?
    let how: String?
    let wasSetAside: Bool
  }

  var decisions: [DecisionFact] { records.compactMap { DecisionFact($0) } }

  /// The steps that were unwound or should have been, in the order of the unwinding.
  var unwound: [(outline: StepOutline, record: StepRecord)] {
    state.outline.phases.flatMap(\.steps).reversed().compactMap { step in
      guard let record = state.step(step.id), record.undo != .notBegun else { return nil }
      return (step, record)
    }
  }

  /// Begins of rollbacks, with their cause.
  var rollbacks: [(at: Int64, phase: String?, cause: String)] {
    records.compactMap { record in
      guard case .rollbackBegan(let phase, let cause) = record.entry.kind else { return nil }
      return (record.entry.at, phase, cause)
    }
  }

  /// Digests of the edited plans that were adopted on the way.
  var adoptedPlans: [String] {
    records.compactMap { record in
      guard case .planAdopted = record.entry.kind else { return nil }
      return record.entry.payload["digest"]?.stringValue
    }
  }

  /// Who led the run.
  var leases: [(at: Int64, epoch: Int64, holder: String, isNew: Bool)] {
    records.compactMap { record in
      guard case .leaseTaken(let epoch, let isNew, let holder) = record.entry.kind else { return nil }
      return (record.entry.at, epoch, holder, isNew)
    }
  }

  /// Triggers that were judged or fired, with what they said.
  var triggers: [(id: String, judged: [(at: Int64, window: TriggerWindow)], fired: [(at: Int64, event: TriggerEvent)], rows: [WindowRow])] {
    var ids: OrderedSet<String> = []
    var judged: [String: [(at: Int64, window: TriggerWindow)]] = [:]
    var fired: [String: [(at: Int64, event: TriggerEvent)]] = [:]
    for record in records {
      switch record.entry.kind {
      case .triggerJudged(let window):
        ids.append(window.trigger)
        judged[window.trigger, default: []].append((record.entry.at, window))
      case .triggerFired(let event):
        ids.append(event.id)
        fired[event.id, default: []].append((record.entry.at, event))
      default: break
      }
    }
    for row in windows { ids.append(row.trigger) }
    return ids.map { id in (id, judged[id] ?? [], fired[id] ?? [], windows.filter { $0.trigger == id }) }
  }
}

extension RunReport.DecisionFact {
  /// Nil for an entry that is no decision of a person.
  init?(_ record: RunReport.Record) {
    let (seq, at) = (record.seq, record.entry.at)
    func fact(
      _ who: String, _ kind: String, _ words: String, reason: String = "", subject: String? = nil, evidence: String? = nil,
      how: String? = nil,
      wasSetAside: Bool = false
    ) -> Self {
      Self(
        seq: seq, at: at, who: who, kind: kind, subject: subject, words: words, reason: reason, evidence: evidence, how: how,
        wasSetAside: wasSetAside)
    }
    func fact(_ request: Request, wasSetAside: Bool) -> Self {
      let payload = record.entry.payload
      return fact(
        request.who, payload["wish"]?.stringValue ?? "", EntryText.words(request.wish), reason: request.reason,
        subject: payload["subject"]?.stringValue, wasSetAside: wasSetAside)
    }
    switch record.entry.kind {
    case .decision(.request(let request)): self = fact(request, wasSetAside: false)
    case .requestDeclined(let request): self = fact(request, wasSetAside: true)
    case .decision(.answer(let answer)):
      let yes = answer.value["yes"]?.boolValue ?? false
      let item = answer.value["item"]?.stringValue ?? answer.subject
      self = fact(
        answer.who, "answer", "\(yes ? "yes" : "no") to '\(item)'", subject: answer.subject,
        evidence: answer.value["evidence"]?.stringValue,
        how: answer.value["how"]?.stringValue)
    case .cancelRequested(let rollback, let who, let reason, _):
      self = fact(who, "cancel", EntryText.words(.cancel(rollback: rollback)), reason: reason)
    case .unlocked(let who, let reason): self = fact(who, "unlock", "reservations and lease to be given back", reason: reason)
    case .finalized(let who, let reason): self = fact(who, "finalize", "its rollback to be given up for good", reason: reason)
    default: return nil
    }
  }
}

extension PlanTitles {
  /// Where a check or step stands, in words.
  func place(of id: String) -> String {
    switch self[id]?.place {
    case .phase: "phase"
    case .step(let phase): "phase \(phase)"
    case .undoStep(let step): "undo of \(step)"
    case .afterRollback: "after the rollback"
    case .planPrecondition: "preconditions"
    case .phasePrecondition(let phase): "preconditions of phase \(phase)"
    case .stepPrecondition(let step): "preconditions of step \(step)"
    case .stepVerify(let step): "step \(step)"
    case .phaseVerify(let phase): "phase \(phase)"
    case .planVerify: "outcome"
    case .verifyRollback: "after the rollback"
    case .capture(let step): "captured before step \(step)"
    case .trigger(let phase): phase.map { "triggers of phase \($0)" } ?? "triggers"
    case nil: ""
    }
  }
}
