import OrderedCollections
import RunbookEngine
import RunbookPlan

/// What a run came to: what failed, in what state everything is, and the exact next commands. As text and as data.
public struct RunSummary: Sendable {
  public let run: String
  public let state: RunState
  public let titles: PlanTitles
  public let planPath: String
  /// How long a succeeded run stays reversible, in microseconds.
  public let keepUndo: Int64
  public let waitsFor: String?
  /// Some process leads the run now.
  public let isLed: Bool
  private let commands: NextCommands

  /// - Parameters:
  ///   - params: what the run was given, defaults included.
  ///   - stateOption: the `--state` that the command was given; it has to stand in every next command, too.
  public init(
    run: String, state: RunState, plan: Plan, planPath: String, params: ValueMap = [:], stateOption: String? = nil, waitsFor: String? = nil,
    isLed: Bool = false
  ) {
    self.run = run
    self.state = state
    titles = PlanTitles(plan, params: params)
    self.planPath = planPath
    keepUndo = plan.metadata.keepUndo
    self.waitsFor = waitsFor
    self.isLed = isLed
    commands = NextCommands(plan: plan, params: params, planPath: planPath, stateOption: stateOption)
  }

  // MARK: the three things

  /// What failed, or why the run stands; nil where nothing did.
  public var whatFailed: String? {
    if let waitsFor { return waitsFor }
    switch state.status {
    case .succeeded:
      if state.continuedFailures.isEmpty { return nil }
      let steps = PeopleText.count(state.continuedFailures.count, "step")
      return "\(steps) failed and the plan went on: \(state.continuedFailures.joined(separator: ", "))"
    case .paused: return state.pauseReason
    case .rollingBack where state.isSuspended: return causeText ?? state.pauseReason
    case .pending, .running: return nil
    default: return causeText
    }
  }

  private var causeText: String? {
    guard let cause = state.cause ?? state.causes.last else { return nil }
    guard case .check(let id, _) = cause.origin, let result = state.check(id)?.result else { return Self.text(of: cause) }
    var text = "check '\(id)'" + (titles[id]?.title.map { " (\($0))" } ?? "") + ": \(result.verdict.rawValue)"
    if result.verdict == .fail, result.message.isEmpty || result.message.contains("${{") {
      if let bar = titles[id]?.bar { text += ", expected \(bar)" }
      text += ", observed \(PeopleText.value(result.observed))"
    } else if !result.message.isEmpty {
      text += ", \(result.message)"
    }
    return text
  }

  private static func text(of cause: Cause) -> String {
    switch cause.origin {
    case .cancel: cause.message.hasPrefix("cancelled") ? cause.message : "cancelled: \(cause.message)"
    case .rollbackRequest: "nothing; a rollback was wanted: \(cause.message)"
    default: cause.message
    }
  }

  /// In what state everything is now.
  public var standing: String {
    switch state.status {
    case .pending: return "the run was recorded and has not begun; nothing was changed"
    case .running:
      return (isLed ? "the run is going on" : "the process that led the run is gone; what it was doing is found out by the next one")
        + standingSteps(prefix: "; changes of ", suffix: " stand")
    case .paused: return "paused; nothing is under way" + standingSteps(prefix: "; changes of ", suffix: " stand")
    case .rollingBack where state.isSuspended:
      let why = state.pauseReason.map { " (\($0))" } ?? ""
      return "unwinding, stopped on the way\(why)" + standingSteps(prefix: "; changes of ", suffix: " still stand")
    case .rollingBack: return "unwinding, not finished" + standingSteps(prefix: "; changes of ", suffix: " still stand")
    case .halted: return "halted" + standingSteps(prefix: "; changes of ", suffix: " stand", none: "; no change stands")
    case .blocked:
      return "the rollback is blocked" + standingSteps(prefix: "; changes of ", suffix: " still stand")
        + "; everything that it needs is kept" + failedUndo
    case .succeeded: return "done; \(checkCounts)"
    case .failed: return "nothing was changed"
    case .rolledBack:
      let backup = keptCopies.isEmpty ? "" : "its kept backup and "
      return "rolled back and verified: nothing of the run remains but \(backup)its own records"
    case .rolledBackWithConflicts: return "rolled back; " + conflictText
    case .closed: return "closed" + standingSteps(prefix: "; changes of ", suffix: " stand", none: "; no change stands")
    }
  }

  private var conflictText: String {
    var parts: [String] = []
    if state.conflicts > 0 {
      parts.append("\(PeopleText.count(state.conflicts, "conflict")): left as found, listed below with the reason")
    }
    if state.inDoubt > 0 { parts.append("\(PeopleText.count(state.inDoubt, "document")) in doubt, listed below") }
    if !state.unverified.isEmpty { parts.append("not verified: \(state.unverified.joined(separator: ", "))") }
    if !state.standing.isEmpty { parts.append("changes of \(state.standing.joined(separator: ", ")) stand") }
    return parts.joined(separator: "; ")
  }

  /// Why the undo at hand failed, where one did.
  private var failedUndo: String {
    guard let step = state.currentStep, case .failed(let failure) = state.step(step)?.undo else { return "" }
    return "\n                the undo of '\(step)' failed: \(failure.message) [\(failure.code)]"
  }

  private func standingSteps(prefix: String, suffix: String, none: String = "") -> String {
    state.standing.isEmpty ? none : prefix + state.standing.joined(separator: ", ") + suffix
  }

  /// The exact commands that can come next.
  public var next: [String] { nextCommands.map(commands.complete) }

  private var nextCommands: [String] {
    if isLed { return ["runbook status \(run)", "runbook rollback \(run)"] }
    switch state.status {
    case .pending, .running: return ["runbook resume \(run)", "runbook rollback \(run)"]
    case .paused: return confirmCommands + ["runbook resume \(run)", "runbook rollback \(run)"]
    case .rollingBack: return ["runbook rollback \(run)"]
    case .halted:
      if case .pointOfNoReturn(let step) = state.haltReason {
        return ["runbook rollback \(run) --past \(step) --reason T", "runbook close \(run) --reason T"]
      }
      var accept: [String] = []
      if state.haltReason == .cause, case .check(let check, _) = state.cause?.origin {
        accept = ["runbook resume \(run) --accept-check \(check) --reason T"]
      }
      return ["runbook resume \(run)"] + accept + ["runbook rollback \(run)", "runbook close \(run) --reason T"]
    case .blocked:
      let step = state.currentStep ?? "STEP"
      return ["runbook rollback \(run)", "runbook rollback \(run) --skip \(step) --reason T", "runbook close \(run) --reason T"]
    case .succeeded where state.finalized != nil: return ["runbook report \(run)"]
    case .succeeded: return state.hasChanged ? ["runbook rollback \(run)", "runbook status \(run)"] : ["runbook status \(run)"]
    case .failed, .rolledBack, .rolledBackWithConflicts, .closed:
      // Where a backup is kept, the same command would find its name taken.
      return ["runbook status \(run)"] + (keptCopies.isEmpty ? [commands.execute] : [])
    }
  }

  /// The backups that the run leaves, by the step that made them.
  private var keptCopies: [(step: String, name: String)] {
    state.outline.phases.flatMap(\.steps).compactMap { step in
      guard let record = state.step(step.id), record.undoDetails["kept"] == true, let name = record.undoDetails["to"]?.stringValue else {
        return nil
      }
      return (step.id, name)
    }
  }

  private var confirmCommands: [String] {
    guard waitsFor != nil || state.pauseReason?.contains("waits for people") == true else { return [] }
    return ["runbook confirm \(run)"]
  }

  // MARK: text

  public func text(colored: Bool) -> String {
    let colors = Colors(isOn: colored)
    let heading = colors.bold("Run \(run): \(state.status.words)") + colors.dim(timing)
    return (["", heading] + plainLines.flatMap(TerminalText.lines)).joined(separator: "\n")
  }

  private var plainLines: [String] {
    var lines = outcomeTable
    if let whatFailed { lines.append("  \(state.status == .paused ? "Why:         " : "What failed: ") \(whatFailed)") }
    lines.append("  State now:    \(standing)")
    for warning in state.warnings.prefix(20) { lines.append("  Warning:      \(warning.subject): \(warning.message)") }
    if state.warnings.count > 20 { lines.append("  Warning:      … and \(state.warnings.count - 20) more") }
    lines += ListedDocuments(state: state, command: commands.complete("runbook status \(run) --format json")).lines
    for copy in keptCopies {
      lines.append("  Kept:         '\(copy.name)', the backup of step '\(copy.step)'; another run must give its own backup another name")
    }
    if let finalized = state.finalized {
      lines.append("  Finalized:    by \(finalized.who), \(TimestampText.format(milliseconds: finalized.at)): its rollback was given up")
    } else if state.status == .succeeded, state.hasChanged {
      lines.append("  Reversible:   for \(DurationText.format(microseconds: keepUndo)), and what users write meanwhile is kept")
    }
    for (index, command) in next.enumerated() { lines.append((index == 0 ? "  Next:         " : "                ") + command) }
    return lines
  }

  private var timing: String {
    guard let start = state.startedAt else { return "" }
    return "  (\(PeopleText.duration(milliseconds: max((state.endedAt ?? state.lastAt) - start, 0))), \(stepCounts))"
  }

  private var stepCounts: String {
    let counts = state.stepCounts
    return StepStatus.allCases.compactMap { status in counts[status].map { "\($0) \(status.rawValue)" } }.joined(separator: ", ")
  }

  private var checkCounts: String {
    let results = state.checks.values.compactMap(\.result)
    let passed = results.count { $0.verdict == .pass }
    if results.isEmpty { return PeopleText.count(state.warnings.count, "warning") }
    let asked = PeopleText.count(results.count { $0.verdict != .skipped }, "check")
    return "\(passed) of \(asked) passed, \(PeopleText.count(state.warnings.count, "warning"))"
  }

  /// One row for each check of the plan's `verify`.
  private var outcomeTable: [String] {
    let rows = state.outline.verify.compactMap { check -> (String, String, String, String)? in
      guard let result = state.check(check.id)?.result else { return nil }
      return (
        titles.title(check.id), titles[check.id]?.bar ?? "", PeopleText.value(result.observed, limit: 40),
        result.verdict.rawValue + (state.check(check.id)?.acceptedBy.map { ", accepted by \($0)" } ?? "")
      )
    }
    guard !rows.isEmpty else { return [] }
    let widths = rows.reduce((6, 3, 8)) { (max($0.0, $1.0.count), max($0.1, $1.1.count), max($0.2, $1.2.count)) }
    let all = [("metric", "bar", "observed", "verdict")] + rows
    return all.map { row in
      "  \(padded(row.0, widths.0))  \(padded(row.1, widths.1))  \(padded(row.2, widths.2))  \(row.3)"
    }
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
  }

  // MARK: data

  public var value: Value {
    var map: ValueMap = [
      "run": .string(run), "plan": .string(titles.planID), "status": .string(state.status.rawValue),
      "exitCode": .integer(Int64(state.exitCode)),
    ]
    if let start = state.startedAt { map["startedAt"] = .timestamp(start) }
    if let end = state.endedAt { map["endedAt"] = .timestamp(end) }
    if let whatFailed { map["whatFailed"] = .string(whatFailed) }
    map["state"] = .string(standing)
    map["next"] = .list(next.map(Value.string))
    map["conflicts"] = .integer(Int64(state.conflicts))
    map["inDoubt"] = .integer(Int64(state.inDoubt))
    map["warnings"] = .list(state.warnings.map { .object(["subject": .string($0.subject), "message": .string($0.message)]) })
    map["phases"] = .list(state.outline.phases.map(phaseValue))
    map["checks"] = .list(checkValues)
    return Value.map(map).plainJSON
  }

  private func phaseValue(_ phase: PhaseOutline) -> Value {
    .object([
      "id": .string(phase.id), "status": .string(state.phase(phase.id)?.status.rawValue ?? "pending"),
      "steps": .list(phase.steps.compactMap { step in state.step(step.id).map { stepValue(step.id, $0) } }),
    ])
  }

  private func stepValue(_ id: String, _ record: StepRecord) -> Value {
    var map: ValueMap = ["id": .string(id), "status": .string(record.status.rawValue), "attempts": .integer(Int64(record.attempts))]
    if record.outputs != .emptyMap { map["outputs"] = record.outputs }
    if let failure = record.failure { map["failure"] = .string("\(failure.message) [\(failure.code)]") }
    if record.conflicts > 0 { map["conflicts"] = .integer(Int64(record.conflicts)) }
    if record.inDoubt > 0 { map["inDoubt"] = .integer(Int64(record.inDoubt)) }
    if record.undoDetails != .emptyMap { map["undo"] = record.undoDetails }
    return .map(map)
  }

  private var checkValues: [Value] {
    state.checks.sorted { ($0.value.at ?? 0, $0.key) < ($1.value.at ?? 0, $1.key) }.compactMap { id, record in
      guard let result = record.result else { return nil }
      var map: ValueMap = ["id": .string(id), "verdict": .string(result.verdict.rawValue), "observed": result.observed]
      if let title = titles[id]?.title { map["title"] = .string(title) }
      if let bar = titles[id]?.bar { map["expected"] = .string(bar) }
      if !result.message.isEmpty { map["message"] = .string(result.message) }
      return .map(map)
    }
  }
}

extension RunStatus {
  /// The status in words for people.
  public var words: String {
    switch self {
    case .pending: "not begun"
    case .running: "running"
    case .paused: "paused"
    case .rollingBack: "rolling back"
    case .halted: "halted"
    case .blocked: "rollback blocked"
    case .succeeded: "succeeded"
    case .failed: "failed"
    case .rolledBack: "rolled back"
    case .rolledBackWithConflicts: "rolled back with conflicts"
    case .closed: "closed"
    }
  }
}
