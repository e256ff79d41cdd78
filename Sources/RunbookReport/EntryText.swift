import RunbookEngine
import RunbookPlan

/// Entries in words: one line each, for logs.
///
/// Fed in the order of the journal, since a line may say how long something took that an earlier entry began.
struct EntryText {
  let titles: PlanTitles
  private var requestedAt: [EffectID: Int64] = [:]

  init(titles: PlanTitles) { self.titles = titles }

  /// The line, and the id of the step, check, phase or trigger that it is about.
  mutating func line(for entry: Entry) -> (subject: String?, text: String) {
    switch entry.kind {
    case .effectRequested(let id):
      requestedAt[id] = entry.at
      return (id.subject, label(id.subject) + ": " + begun(id))
    case .effectFinished(let id, let outcome, let retryAt):
      return (id.subject, label(id.subject) + ": " + ended(id, outcome) + took(id, entry.at) + again(retryAt, entry.at))
    case .verdict(let id, let result, let retryAt):
      let what = id.verb == .verifyUndone ? "its undo is \(result.verdict == .pass ? "whole" : "not whole")" : result.verdict.rawValue
      return (id.subject, label(id.subject) + ": " + what + seen(id, result) + took(id, entry.at) + again(retryAt, entry.at))
    case .checkSkipped(let id): return (id, label(id) + ": not asked, it refers to a step that never started")
    case .triggerJudged(let window), .triggerRepeated(let window):
      let message = window.message.isEmpty ? "observed \(PeopleText.value(window.observed))" : window.message
      return (window.trigger, "trigger '\(window.trigger)': \(window.verdict.rawValue), \(message)")
    case .triggerFired(let event):
      return (event.id, "trigger '\(event.id)' fired: \(event.response.rawValue), since \(event.verdict.rawValue): \(event.message)")
    case .decision(let decision): return Self.line(for: decision)
    case .cancelRequested(let rollback, let who, let reason, _):
      return (nil, "\(who) cancelled the run\(rollback ? ", with a rollback" : "")\(Self.because(reason))")
    case .requestDeclined(let request):
      return (nil, "\(request.who) asked for \(Self.words(request.wish)), which did not fit by then and was set aside")
    default: return standing(entry)
    }
  }

  private func standing(_ entry: Entry) -> (subject: String?, text: String) {
    switch entry.kind {
    case .runStarted(let info, let until):
      let who = info["initiator"]?.stringValue.map { " by \($0)" } ?? ""
      return (nil, "run started\(who)\(until.map { ", to pause after '\($0)'" } ?? "")")
    case .leaseTaken(let epoch, let isNew, let holder):
      return (nil, isNew ? "a process leads the run: \(holder), epoch \(epoch)" : "the lease was taken again: \(holder), epoch \(epoch)")
    case .unlocked(let who, let reason): return (nil, "\(who) gave reservations and lease back\(Self.because(reason))")
    case .finalized(let who, let reason):
      return (nil, "\(who) finalized the run, which cannot be rolled back any more\(Self.because(reason))")
    case .cleanedUp: return (nil, "what the rollback would have needed was removed from the targets")
    case .rollbackBegan(let phase, let cause):
      return (phase, "rollback of \(phase.map { "phase '\($0)'" } ?? "the whole plan") begins, because: \(cause)")
    case .runPaused(let reason): return (nil, "paused: \(reason)")
    case .runHalted(.cause): return (nil, "halted")
    case .runHalted(.phaseUndone(let phase)): return (phase, "halted before phase '\(phase)', which is unwound")
    case .runHalted(.pointOfNoReturn(let step)): return (step, "halted at the point of no return '\(step)'")
    case .runBlocked(let step): return (step, "the rollback is blocked at step '\(step)'")
    case .planAdopted(let adoption): return (nil, "the edited plan \(adoption.digest) is used from here on")
    case .runEnded(let status): return (nil, "ended: \(status.words)")
    default: return (nil, entry.kindName)
    }
  }

  // MARK: effects

  private func begun(_ id: EffectID) -> String {
    let again = id.serial > 1 ? " (\(id.verb == .perform ? "attempt" : "try") \(id.serial))" : ""
    switch id.verb {
    case .condition: return "its condition is looked at" + again
    case .check: return "asked" + again
    case .capture: return "what its undo will need is read" + again
    case .perform: return "started" + again
    case .probe: return "asked whether it happened" + again
    case .undo: return "undo started" + again
    case .verifyUndone: return "its undo is verified" + again
    }
  }

  private func ended(_ id: EffectID, _ outcome: Outcome) -> String {
    switch outcome {
    case .done(let outputs, let warnings):
      if id.verb == .capture { return "what its undo will need is recorded" }
      let noted = warnings > 0 ? ", with \(PeopleText.count(warnings, "warning"))" : ""
      return "done" + noted + OutputText.short(outputs)
    case .failed(let failure): return "failed: \(failure.message) [\(failure.code)]"
    case .unknown(let failure): return "outcome unknown: \(failure.message) [\(failure.code)]"
    case .interrupted: return "stopped at a border"
    case .undone(let conflicts, let inDoubt, let details):
      if details["kept"] == true { return "nothing to undo: what it made is kept" }
      var text = "undone"
      if conflicts > 0 { text += ", \(PeopleText.count(conflicts, "conflict")) left as found" }
      if inDoubt > 0 { text += ", \(PeopleText.count(inDoubt, "document")) in doubt" }
      return text
    case .condition(let holds): return holds ? "its condition holds" : "skipped, its condition does not hold"
    case .checked(let result): return result.verdict.rawValue
    case .probed(.happened): return "it had happened"
    case .probed(.notHappened): return "it had not happened"
    case .probed(.partly): return "what was open is resolved; it goes on from there"
    case .probed(.unknown(let failure)): return "nobody can tell whether it happened: \(failure.message)"
    }
  }

  private func seen(_ id: EffectID, _ result: CheckResult) -> String {
    if id.verb == .verifyUndone || result.verdict == .skipped || result.verdict == .error || result.verdict == .noData {
      return result.message.isEmpty ? "" : ", \(result.message)"
    }
    var text = result.observed == .null ? "" : ", observed \(PeopleText.value(result.observed))"
    if result.verdict != .pass, let bar = titles[id.subject]?.bar { text += ", expected \(bar)" }
    return text
  }

  private mutating func took(_ id: EffectID, _ at: Int64) -> String {
    guard let start = requestedAt.removeValue(forKey: id), at - start > 0 else { return "" }
    return " (\(PeopleText.duration(milliseconds: at - start)))"
  }

  private func again(_ retryAt: Int64?, _ at: Int64) -> String {
    retryAt.map { "; tried again in \(PeopleText.duration(milliseconds: max($0 - at, 0)))" } ?? ""
  }

  private func label(_ id: String) -> String {
    let noun: String
    switch titles[id]?.place {
    case .phase: noun = "phase"
    case .step: noun = "step"
    case .undoStep(let step): return "undo step '\(id)' of '\(step)'"
    case .afterRollback: noun = "step after the rollback"
    case .capture: noun = "capture"
    case .trigger: noun = "trigger"
    case nil: return "'\(id)'"
    default: noun = "check"
    }
    return "\(noun) '\(id)'"
  }

  // MARK: people

  private static func line(for decision: Entry.Decision) -> (subject: String?, text: String) {
    switch decision {
    case .answer(let answer):
      let item = answer.value["item"]?.stringValue ?? answer.subject
      let yes = answer.value["yes"]?.boolValue ?? false
      let evidence = answer.value["evidence"]?.stringValue.map { ", evidence: \($0)" } ?? ""
      let how = answer.value["how"] == "--yes" ? " by --yes" : ""
      return (answer.subject, "\(answer.who) \(yes ? "confirmed" : "refused") '\(item)' of '\(answer.subject)'\(how)\(evidence)")
    case .request(let request):
      let subject: String?
      switch request.wish {
      case .acceptCheck(let id), .skipUndo(let id), .pastPoint(let id): subject = id
      default: subject = nil
      }
      return (subject, "\(request.who) asked for \(words(request.wish))\(because(request.reason))")
    }
  }

  static func words(_ wish: Request.Wish) -> String {
    switch wish {
    case .pause: "a pause"
    case .resume: "the run to go on"
    case .acceptCheck(let check): "the run to go on, the verdict of '\(check)' accepted"
    case .adopt(let digest): "the run to go on with the edited plan \(digest)"
    case .cancel(let rollback): rollback ? "a cancel with rollback" : "a cancel"
    case .rollback: "a rollback"
    case .skipUndo(let step): "the undo of '\(step)' to be given up"
    case .pastPoint(let step): "the rollback to go past '\(step)'"
    case .pace(let pace): PaceText.words(pace)
    case .close: "the run to be closed as it stands"
    }
  }

  private static func because(_ reason: String) -> String { reason.isEmpty ? "" : ": \(reason)" }
}

/// Outputs of an action, in short.
enum OutputText {
  /// Numbers and short texts, at most six, behind a colon; nothing where there are none.
  static func short(_ outputs: Value) -> String {
    let parts = parts(outputs)
    return parts.isEmpty ? "" : ": " + parts.prefix(6).joined(separator: ", ")
  }

  /// `changed 120`, `to copy`, in the order of the outputs; no digests and nothing long.
  static func parts(_ outputs: Value) -> [String] {
    let map = outputs.mapValue ?? [:]
    // Counts of nothing say something only where everything is nothing.
    let hasCounts = map.values.contains { ($0.integerValue ?? 0) != 0 }
    return map.compactMap { key, value in
      switch value {
      case .integer(0) where hasCounts, .duration(0) where hasCounts: nil
      case .integer(let number): "\(key) \(PeopleText.number(number))"
      case .duration(let microseconds): "\(key) \(DurationText.format(microseconds: microseconds))"
      case .bool(let flag): "\(key) \(flag)"
      case .string(let text) where text.count <= 60 && !key.lowercased().hasSuffix("digest"): "\(key) \(text)"
      default: nil
      }
    }
  }
}
