import RunbookEngine
import RunbookPlan

/// Tells a run line by line: phases, steps, checks with what was observed and expected, as they are recorded.
public struct RunNarrator: Sendable {
  private let titles: PlanTitles
  private var startedAt: [EffectID: Int64] = [:]
  /// What was begun by an earlier process, or is not recorded yet, has no line of its own so far.
  private var told: Set<EffectID> = []
  private var lastPhase: String?
  private var lastPlace: PlanTitles.Place?
  /// Steps whose undo kept what they made on purpose.
  private var kept: Set<String> = []
  /// Steps whose undo left conflicts or doubt, which are listed.
  private var leavesSomething: Set<String> = []
  /// The last verdict told of each trigger.
  private var toldVerdicts: [String: Verdict] = [:]
  private let colors: Colors

  public init(titles: PlanTitles, colored: Bool) {
    self.titles = titles
    colors = Colors(isOn: colored)
  }

  public mutating func lines(for entry: Entry) -> [String] {
    switch entry.kind {
    case .runStarted, .leaseTaken, .polled, .pollDue, .triggerRepeated: return []
    case .triggerJudged(let window): return judged(window)
    case .effectRequested(let id): return requested(id, at: entry.at)
    case .effectFinished(let id, let outcome, let retryAt): return goingOn(with: id) + finished(id, outcome, retryAt: retryAt, at: entry.at)
    case .verdict(let id, let result, let retryAt): return verdict(id, result, retryAt: retryAt, at: entry.at)
    case .checkSkipped(let id): return ["  \(colors.dim("-")) \(title(id)): not asked, it refers to a step that never started"]
    case .decision(.answer(let answer)): return [answered(answer)]
    case .decision(.request(let request)): return asked(request).map { [$0] } ?? []
    case .triggerFired(let event): return [fired(event)]
    case .cancelRequested(let rollback, let who, let reason, _):
      return [
        "\(colors.red("!")) \(rollback ? "cancel with rollback" : "cancel") asked for by \(who)\(told(reason))"
      ]
    case .requestDeclined(let request): return ["  a request of \(request.who) does not fit the state of the run and was set aside"]
    case .unlocked(let who, let reason): return ["Reservations and lease were given back by \(who)\(told(reason))"]
    case .finalized(let who, _): return ["Finalized by \(who): the run cannot be rolled back any more"]
    case .cleanedUp: return []
    case .rollbackBegan(let phase, let cause):
      lastPlace = nil
      let what = phase.map { "of phase '\($0)'" } ?? "of the whole plan"
      return ["", colors.bold("Rollback \(what)"), "  because: \(TerminalText.escaped(cause))"]
    case .runPaused(let reason): return ["", "Paused: \(TerminalText.escaped(reason))"]
    case .runHalted, .runBlocked, .runEnded: return []
    case .planAdopted(let adoption): return ["The edited plan \(adoption.digest) is used from here on"]
    }
  }

  /// Whether there is a line that says that this effect began.
  public func hasTold(_ id: EffectID) -> Bool { told.contains(id) }

  /// The line for an effect that an earlier process began and this one goes on with.
  public mutating func goingOn(with id: EffectID) -> [String] {
    guard id.verb == .perform || id.verb == .undo, told.insert(id).inserted else { return [] }
    let line = id.verb == .undo ? "  \(colors.bold("←")) undoing \(label(id.subject))" : "  \(colors.bold("→")) \(label(id.subject))"
    return (id.verb == .perform ? header(of: id.subject) : []) + [line + colors.dim(" (goes on)")]
  }

  private mutating func requested(_ id: EffectID, at: Int64) -> [String] {
    startedAt[id] = at
    told.insert(id)
    switch id.verb {
    case .verifyUndone: return []
    case .condition, .capture: return header(of: id.subject)
    case .check: return header(of: id.subject)
    case .perform:
      let attempt = id.serial > 1 ? " (attempt \(id.serial))" : ""
      return header(of: id.subject) + ["  \(colors.bold("→")) \(label(id.subject))\(attempt)"]
    case .probe: return ["  ? \(id.subject): looking whether it happened"]
    case .undo: return ["  \(colors.bold("←")) undoing \(label(id.subject))"]
    }
  }

  private mutating func finished(_ id: EffectID, _ outcome: Outcome, retryAt: Int64?, at: Int64) -> [String] {
    let took = startedAt[id].map { " in \(PeopleText.duration(milliseconds: max(at - $0, 0)))" } ?? ""
    let again = retryAt.map { "; tried again in \(PeopleText.duration(milliseconds: max($0 - at, 0)))" } ?? ""
    switch (id.verb, outcome) {
    case (.condition, .condition(false)): return ["  \(colors.dim("-")) \(label(id.subject)): skipped, its condition does not hold"]
    case (.condition, .condition), (.capture, .done): return []
    case (.perform, .done(let outputs, _)) where titles[id.subject]?.action == "note":
      let lines = TerminalText.lines(of: outputs["text"]?.stringValue ?? "done")
      return lines.enumerated().map { $0 == 0 ? "    \(colors.green("✓")) \($1)" : "      \($1)" }
    case (.perform, .done(let outputs, _)): return ["    \(colors.green("✓")) done\(took)\(summary(outputs))"]
    case (.undo, .undone(_, _, let details)) where details["kept"] == true:
      kept.insert(id.subject)
      return [
        "    \(colors.green("✓")) nothing to undo: \(details["to"]?.stringValue.map { "'\(TerminalText.escaped($0))'" } ?? "what it made") is kept"
      ]
    case (.undo, .undone(let conflicts, let inDoubt, let details)):
      if conflicts + inDoubt > 0 { leavesSomething.insert(id.subject) } else { leavesSomething.remove(id.subject) }
      let notes = [
        conflicts > 0 ? "\(PeopleText.count(conflicts, "conflict")) left as found" : nil,
        inDoubt > 0 ? "\(inDoubt) in doubt" : nil,
      ].compactMap(\.self)
      return ["    \(colors.green("✓")) undone\(took)\(summary(details))\(notes.isEmpty ? "" : "; " + notes.joined(separator: ", "))"]
    case (_, .probed(let finding)): return ["    \(probed(finding))"]
    case (_, .failed(let failure)):
      return ["    \(colors.red("✗")) failed\(took): \(TerminalText.escaped(failure.message)) [\(failure.code)]\(again)"]
    case (_, .unknown(let failure)):
      return ["    \(colors.red("?")) outcome unknown: \(TerminalText.escaped(failure.message)) [\(failure.code)]\(again)"]
    case (_, .interrupted): return ["    \(colors.yellow("‖")) stopped at a border"]
    default: return []
    }
  }

  private func probed(_ finding: ProbeFinding) -> String {
    switch finding {
    case .happened: "it had happened"
    case .notHappened: "it had not happened"
    case .partly: "what was open is resolved; it goes on from there"
    case .unknown(let failure): "nobody can tell: \(TerminalText.escaped(failure.message))"
    }
  }

  private func verdict(_ id: EffectID, _ result: CheckResult, retryAt: Int64?, at: Int64) -> [String] {
    if id.verb == .verifyUndone {
      if result.verdict == .pass {
        if kept.contains(id.subject) { return [] }
        let what = leavesSomething.contains(id.subject) ? "nothing is left but what is listed" : "nothing of it is left"
        return ["    \(colors.green("✓")) verified: \(what)"]
      }
      let again = retryAt.map { "; tried again in \(PeopleText.duration(milliseconds: max($0 - at, 0)))" } ?? ""
      return ["    \(colors.red("✗")) the undo is not whole: \(TerminalText.escaped(result.message))\(again)"]
    }
    let indent = isInStep(id.subject) ? "    " : "  "
    let mark: String
    switch result.verdict {
    case .pass: mark = colors.green("✓")
    case .skipped: return ["\(indent)\(colors.dim("-")) \(title(id.subject)): skipped, \(TerminalText.escaped(result.message))"]
    case .fail: mark = colors.red("✗")
    case .noData, .inconclusive: mark = colors.yellow("○ \(result.verdict.rawValue)")
    case .error: mark = colors.red("! error")
    }
    return ["\(indent)\(mark) \(title(id.subject))\(detail(id.subject, result))"]
  }

  private func detail(_ id: String, _ result: CheckResult) -> String {
    var parts: [String] = []
    if result.verdict == .error || result.verdict == .noData || result.verdict == .inconclusive {
      if !result.message.isEmpty { parts.append(result.message) }
    } else if result.observed != .null {
      parts.append("observed \(PeopleText.value(result.observed))")
    }
    if result.verdict != .pass, let bar = titles[id]?.bar { parts.append("expected \(bar)") }
    return parts.isEmpty ? "" : colors.dim("  " + TerminalText.escaped(parts.joined(separator: ", ")))
  }

  private func answered(_ answer: Answer) -> String {
    let item = answer.value["item"]?.stringValue ?? answer.subject
    let yes = answer.value["yes"]?.boolValue ?? false
    let how = answer.value["how"]?.stringValue.map { $0 == "--yes" ? " (by --yes)" : "" } ?? ""
    return
      "    \(yes ? colors.green("✓") : colors.red("✗")) \(TerminalText.escaped(item)): \(yes ? "confirmed" : "refused") by \(answer.who)\(how)"
  }

  private func asked(_ request: Request) -> String? {
    let reason = told(request.reason)
    switch request.wish {
    case .pause where request.requestID == nil: return nil
    case .pause: return "  pause asked for by \(request.who)\(reason)"
    case .resume: return "Resumed by \(request.who)"
    case .acceptCheck(let check): return "The verdict of '\(check)' was accepted by \(request.who)\(reason)"
    case .adopt: return "Resumed by \(request.who) with the edited plan\(reason)"
    case .cancel: return "  cancel asked for by \(request.who)\(reason)"
    case .rollback: return "Rollback asked for by \(request.who)\(reason)"
    case .skipUndo(let step): return "The undo of '\(step)' is given up by \(request.who)\(reason)"
    case .pastPoint(let step): return "Unwinding goes on past '\(step)', as \(request.who) decided\(reason)"
    case .pace(let pace): return "  \(request.who) asked for \(PaceText.words(pace))\(reason)"
    case .close: return "Closed by \(request.who)\(reason)"
    }
  }

  // MARK: triggers

  /// A window of a trigger; only a change of the verdict is told.
  private mutating func judged(_ window: TriggerWindow) -> [String] {
    guard toldVerdicts.updateValue(window.verdict, forKey: window.trigger) != window.verdict else { return [] }
    let mark: String
    switch window.verdict {
    case .pass: mark = colors.green("✓")
    case .fail: mark = colors.red("✗")
    case .error: mark = colors.red("! error")
    case .noData, .inconclusive, .skipped: mark = colors.yellow("○ \(Verdict.noData.rawValue)")
    }
    let result = CheckResult(window.verdict, observed: window.observed, message: window.message)
    let bar = window.verdict == .pass ? titles[window.trigger]?.bar.map { colors.dim(", bar: \($0)") } ?? "" : ""
    return ["  \(colors.dim("watch")) \(mark) \(label(window.trigger))\(detail(window.trigger, result))\(bar)"]
  }

  private func fired(_ event: TriggerEvent) -> String {
    let does =
      switch event.response {
      case .rollback: "the run turns back"
      case .pause: "the run pauses"
      case .warn: "a warning"
      }
    return "\(colors.red("!")) \(TerminalText.escaped(event.message)): \(does)"
  }

  // MARK: headings

  private mutating func header(of id: String) -> [String] {
    guard let place = titles[id]?.place else { return [] }
    switch place {
    case .phase: return phaseHeader(id)
    case .step(let phase), .phasePrecondition(let phase): return phaseHeader(phase)
    case .phaseVerify(let phase): return phaseHeader(phase) + section(place, "  verify")
    case .planPrecondition: return section(place, "Preconditions")
    case .planVerify: return section(place, "Outcome")
    case .afterRollback: return section(place, "After the rollback")
    case .verifyRollback: return section(place, "Is the restored state right?")
    case .stepPrecondition, .stepVerify, .undoStep, .capture, .trigger: return []
    }
  }

  private mutating func section(_ place: PlanTitles.Place, _ title: String) -> [String] {
    if lastPlace == place { return [] }
    lastPlace = place
    return title.hasPrefix(" ") ? [colors.dim(title)] : ["", colors.bold(title)]
  }

  private mutating func phaseHeader(_ phase: String) -> [String] {
    if lastPhase == phase { return [] }
    lastPhase = phase
    lastPlace = .phase
    let owner = titles[phase]?.owner.map { ", owner \($0)" } ?? ""
    return ["", colors.bold("Phase \(phase)") + (titles[phase]?.title.map { ": \(TerminalText.escaped($0))" } ?? "") + colors.dim(owner)]
  }

  private func isInStep(_ id: String) -> Bool {
    switch titles[id]?.place {
    case .stepVerify, .stepPrecondition, .capture: true
    default: false
    }
  }

  private func label(_ id: String) -> String {
    guard let title = titles[id]?.title else { return id }
    return "\(id): \(TerminalText.escaped(title))"
  }

  private func title(_ id: String) -> String { TerminalText.escaped(titles.title(id)) }

  /// A reason that a person gave, behind a colon.
  private func told(_ reason: String) -> String { reason.isEmpty ? "" : ": " + TerminalText.escaped(reason) }

  /// The numbers and short texts among the outputs.
  private func summary(_ outputs: Value) -> String {
    guard let map = outputs.mapValue else { return "" }
    let shown = map.compactMap { key, value -> String? in
      switch value {
      case .integer(let number) where number != 0: "\(key) \(PeopleText.number(number))"
      case .string(let text) where text.count <= 24 && key != "digest": "\(key) \(TerminalText.escaped(text))"
      default: nil
      }
    }
    return shown.isEmpty ? "" : colors.dim(": " + shown.prefix(6).joined(separator: ", "))
  }
}

/// Colours of a terminal, or none.
struct Colors: Sendable {
  let isOn: Bool

  private func paint(_ code: String, _ text: String) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
  func bold(_ text: String) -> String { paint("1", text) }
  func dim(_ text: String) -> String { paint("2", text) }
  func red(_ text: String) -> String { paint("31", text) }
  func green(_ text: String) -> String { paint("32", text) }
  func yellow(_ text: String) -> String { paint("33", text) }
  func blue(_ text: String) -> String { paint("34", text) }
}
