import OrderedCollections
import RunbookEngine
import RunbookJournal
import RunbookPlan

extension RunReport {
  /// The report as data; its names are described in `docs/report.md` and do not change within `runbook-report/v1`.
  public var value: Value {
    var map: ValueMap = ["format": "runbook-report/v1"]
    map["run"] = runValue
    map["plan"] = planValue
    map["params"] = header.params
    map["targets"] = header.targets
    map["result"] = resultValue
    map["outcome"] = .list(outcome.map(checkValue))
    map["phases"] = .list(state.outline.phases.map(phaseValue))
    map["checks"] = .list(checks.map(checkValue))
    map["causes"] = .list(state.causes.map(causeValue))
    map["rollback"] = rollbackValue
    map["decisions"] = .list(decisions.map(decisionValue))
    map["triggers"] = .list(triggers.map { triggerValue($0.id, $0.judged, $0.fired, $0.rows) })
    map["warnings"] = .list(
      state.warnings.map { .object(["at": .timestamp($0.at), "subject": .string($0.subject), "message": .string($0.message)]) })
    map["leases"] = .list(
      leases.map {
        .object(["at": .timestamp($0.at), "epoch": .integer($0.epoch), "holder": .string($0.holder), "newProcess": .bool($0.isNew)])
      })
    if let finalized = state.finalized {
      map["finalized"] = .object([
        "at": .timestamp(finalized.at), "who": .string(finalized.who), "reason": .string(finalized.reason),
        "targets": state.cleanedUp ?? .null,
      ])
    }
    map["journal"] = journalValue
    return Value.map(map).plainJSON
  }

  private var runValue: Value {
    var map: ValueMap = [
      "id": .string(header.run), "status": .string(state.status.rawValue), "exitCode": .integer(Int64(state.exitCode)),
      "initiator": .string(header.initiator), "toolVersion": .string(header.toolVersion), "created": .timestamp(header.created),
    ]
    put(&map, from: state.startedAt, to: state.endedAt)
    return .map(map)
  }

  private var planValue: Value {
    var map: ValueMap = ["id": .string(header.planID), "path": .string(header.planPath), "digest": .string(header.planDigest)]
    if let title = titles.planTitle { map["title"] = .string(title) }
    map["adopted"] = .list(adoptedPlans.map(Value.string))
    return .map(map)
  }

  private var resultValue: Value {
    var map: ValueMap = [:]
    if let failed = summary.whatFailed { map["whatFailed"] = .string(failed) }
    map["state"] = .string(summary.standing)
    map["standing"] = .list(state.standing.map(Value.string))
    map["next"] = .list(summary.next.map(Value.string))
    return .map(map)
  }

  private var journalValue: Value {
    var map: ValueMap = ["entries": .integer(Int64(records.count))]
    switch chain {
    case .intact(let head):
      map["intact"] = true
      map["head"] = .string("\(head.hash)")
    case .broken(let seq, let reason):
      map["intact"] = false
      map["brokenAt"] = .integer(seq)
      map["reason"] = .string(reason)
    }
    return .map(map)
  }

  private func put(_ map: inout ValueMap, from start: Int64?, to end: Int64?) {
    if let start { map["startedAt"] = .timestamp(start) }
    if let end { map["endedAt"] = .timestamp(end) }
    if let start, let end { map["durationMs"] = .integer(max(end - start, 0)) }
  }

  private func phaseValue(_ phase: PhaseOutline) -> Value {
    let record = state.phase(phase.id)
    var map: ValueMap = ["id": .string(phase.id), "status": .string(record?.status.rawValue ?? "pending")]
    if let title = titles[phase.id]?.title { map["title"] = .string(title) }
    if let owner = titles[phase.id]?.owner { map["owner"] = .string(owner) }
    put(&map, from: record?.startedAt, to: record?.endedAt)
    map["steps"] = .list(phase.steps.compactMap { step in state.step(step.id).map { stepValue(step.id, $0) } })
    return .map(map)
  }

  private func stepValue(_ id: String, _ record: StepRecord) -> Value {
    var map: ValueMap = ["id": .string(id), "status": .string(record.status.rawValue), "attempts": .integer(Int64(record.attempts))]
    if let title = titles[id]?.title { map["title"] = .string(title) }
    if let action = titles[id]?.action { map["action"] = .string(action) }
    let call = record.captures?["call"]
    for key in ["target", "collection"] { if let text = call?[key] { map[key] = text } }
    put(&map, from: record.startedAt, to: record.endedAt)
    if record.outputs != .emptyMap { map["outputs"] = record.outputs }
    if let captured = record.captures?["captured"] { map["captures"] = captured }
    if let failure = record.failure {
      map["failure"] = .object(["code": .string(failure.code), "message": .string(failure.message)])
    }
    return .map(map)
  }

  private func checkValue(_ check: CheckFact) -> Value {
    var map: ValueMap = [
      "id": .string(check.id), "title": .string(check.title), "place": .string(check.place), "bar": .string(check.bar),
      "observed": check.result.observed, "verdict": .string(check.result.verdict.rawValue),
    ]
    if let action = check.action { map["action"] = .string(action) }
    if !check.result.message.isEmpty { map["message"] = .string(check.result.message) }
    if let at = check.at { map["at"] = .timestamp(at) }
    if let by = check.acceptedBy { map["acceptedBy"] = .string(by) }
    map["evidence"] = .string(check.evidence)
    return .map(map)
  }

  private func causeValue(_ cause: Cause) -> Value {
    var map: ValueMap = [
      "at": .timestamp(cause.at), "origin": .string(cause.origin.word),
      "response": .string(cause.response == .rollback ? "rollback" : "halt"), "message": .string(cause.message),
    ]
    if let subject = cause.origin.subject { map["subject"] = .string(subject) }
    if let phase = cause.phase { map["phase"] = .string(phase) }
    return .map(map)
  }

  /// Null where nothing was unwound.
  private var rollbackValue: Value {
    guard !rollbacks.isEmpty else { return .null }
    return .object([
      "begun": .list(
        rollbacks.map { begun in
          .object(["at": .timestamp(begun.at), "phase": begun.phase.map(Value.string) ?? .null, "cause": .string(begun.cause)])
        }),
      "steps": .list(unwound.map { undoValue($0.outline.id, $0.record) }),
      "conflicts": .integer(Int64(state.conflicts)), "inDoubt": .integer(Int64(state.inDoubt)),
      "unverified": .list(state.unverified.map(Value.string)),
    ])
  }

  private func undoValue(_ id: String, _ record: StepRecord) -> Value {
    var map: ValueMap = ["id": .string(id), "undo": .string(record.undo.word)]
    if let note = record.undo.note { map["note"] = .string(note) }
    map["conflicts"] = .integer(Int64(record.conflicts))
    map["inDoubt"] = .integer(Int64(record.inDoubt))
    if record.undoDetails != .emptyMap { map["details"] = record.undoDetails }
    return .map(map)
  }

  private func decisionValue(_ decision: DecisionFact) -> Value {
    var map: ValueMap = [
      "entry": .integer(decision.seq), "at": .timestamp(decision.at), "who": .string(decision.who), "kind": .string(decision.kind),
    ]
    if let subject = decision.subject { map["subject"] = .string(subject) }
    map["what"] = .string(decision.words)
    if !decision.reason.isEmpty { map["reason"] = .string(decision.reason) }
    if let evidence = decision.evidence { map["evidence"] = .string(evidence) }
    if let how = decision.how { map["how"] = .string(how) }
    if decision.wasSetAside { map["setAside"] = true }
    return .map(map)
  }

  private func triggerValue(
    _ id: String, _ judged: [(at: Int64, window: TriggerWindow)], _ fired: [(at: Int64, event: TriggerEvent)], _ rows: [WindowRow]
  ) -> Value {
    .object([
      "id": .string(id),
      "verdicts": .list(
        judged.map { at, window in
          .object([
            "at": .timestamp(at), "verdict": .string(window.verdict.rawValue), "observed": window.observed,
            "message": .string(window.message), "from": .timestamp(window.from), "to": .timestamp(window.to),
            "samples": .integer(Int64(window.samples)), "failures": .integer(Int64(window.failures)),
          ])
        }),
      "windows": .list(
        rows.map { row in
          .object([
            "verdict": .string(row.verdict), "count": .integer(row.count), "first": .timestamp(row.firstAt), "last": .timestamp(row.lastAt),
          ])
        }),
      "fired": .list(
        fired.map { at, event in
          .object([
            "at": .timestamp(at), "response": .string(event.response.rawValue), "verdict": .string(event.verdict.rawValue),
            "message": .string(event.message),
          ])
        }),
    ])
  }
}

extension Cause.Origin {
  /// What kind of thing the cause came from.
  var word: String {
    switch self {
    case .check: "check"
    case .step: "step"
    case .phase: "phase"
    case .trigger: "trigger"
    case .cancel: "cancel"
    case .rollbackRequest: "rollback"
    }
  }
}

extension UndoStatus {
  var word: String {
    switch self {
    case .notBegun: "notBegun"
    case .underway: "underway"
    case .undone: "undone"
    case .covered: "covered"
    case .notNeeded: "notNeeded"
    case .skipped: "givenUp"
    case .failed: "failed"
    }
  }

  var note: String? {
    switch self {
    case .skipped(let reason): reason
    case .failed(let failure): "\(failure.message) [\(failure.code)]"
    default: nil
    }
  }
}
