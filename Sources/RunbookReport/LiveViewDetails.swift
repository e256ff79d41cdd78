import RunbookEngine
import RunbookPlan

/// The lines of a block for what is under way: progress, questions, checks; and for what is watched beside it.
extension LiveView {
  // MARK: what is under way

  /// Lines below the step or list at hand: progress, questions, checks, a wait for the next try.
  func details(columns: Int, now: Int64) -> [StyledLine] {
    var lines: [StyledLine] = []
    if let retry, current == nil {
      lines.append(StyledLine("    tried again in \(LiveTime.text(milliseconds: max(retry.at - now, 0)))", .yellow))
    }
    guard let current else { return lines }
    switch current.verb {
    case .probe: lines.append(StyledLine("    looking whether it happened", .dim))
    case .capture: lines.append(StyledLine("    capturing what its undo will need", .dim))
    case .verifyUndone: lines.append(StyledLine("    looking whether nothing of it is left", .dim))
    case .condition, .check, .perform, .undo: break
    }
    if case .undoStep? = titles[current.subject]?.place, current.verb == .perform {
      lines.append(line(forCheck: current.subject, indent: "    ", columns: columns, now: now))
    }
    lines += progressLines(columns: columns, now: now)
    lines += questionLines(current.subject)
    if let place = titles[current.subject]?.place, isCheck(current.subject), !isInList(place) {
      lines += checkLines(place, columns: columns, now: now)
    }
    return lines
  }

  private func isInList(_ place: PlanTitles.Place) -> Bool {
    sections.indices.contains(section) && sections[section].place == place
  }

  private func progressLines(columns: Int, now: Int64) -> [StyledLine] {
    guard let progress else { return [] }
    var line = StyledLine("    ")
    if columns >= 50, let bar = progress.bar(columns: min(columns / 4, 30)) {
      line.add(bar)
      line.add(" ")
    }
    if let share = progress.share {
      let percent = "\(Int(share * 100))%"
      line.add(String(repeating: " ", count: max(4 - percent.count, 0)) + percent + "  ")
    }
    line.add(progress.text(now: now))
    return [line.cut(to: columns)]
  }

  private func questionLines(_ subject: String) -> [StyledLine] {
    guard let all = questions[subject] else { return [] }
    let open = all.filter { !answered.contains($0) }
    guard !open.isEmpty else { return [] }
    return open.map { question in
      var line = StyledLine("    ? ", .yellow)
      line.add("\(question.item): \(question.text)")
      if !question.people.isEmpty { line.add("  (\(question.people.joined(separator: " or ")))", .dim) }
      return line
    } + [StyledLine("    answered by: \(confirmCommand)", .dim)]
  }

  /// The checks of a list that stands within a phase or step, around the one that is asked.
  private func checkLines(_ place: PlanTitles.Place, columns: Int, now: Int64) -> [StyledLine] {
    guard let ids = groups[place], let current, let index = ids.firstIndex(of: current.subject) else { return [] }
    let window = Window(count: ids.count, around: index, rows: 5)
    var lines: [StyledLine] = []
    if window.showsBefore { lines.append(StyledLine("    … \(window.range.lowerBound) above", .dim)) }
    lines += window.range.map { line(forCheck: ids[$0], indent: "    ", columns: columns, now: now) }
    if window.showsAfter { lines.append(StyledLine("    … \(ids.count - window.range.upperBound) below", .dim)) }
    return lines
  }

  func line(forCheck id: String, indent: String, columns: Int, now: Int64) -> StyledLine {
    let mark = marks[id, default: .pending]
    let isHere = current?.subject == id
    var left = StyledLine("\(indent)\(mark.text) ", mark.style)
    left.add(titles.title(id), isHere ? .bold : mark == .pending ? .dim : .plain)
    return .joined(left, observation(id, isHere: isHere, now: now), columns: columns)
  }

  /// What a check saw against what it expects; for one that asks again, the last look and the time left.
  private func observation(_ id: String, isHere: Bool, now: Int64) -> StyledLine {
    let look = looks[id]
    // The time comes first: what was seen may be long, and is cut.
    var parts = isHere ? [timeLeft(of: id, look: look, now: now)].compactMap(\.self) : []
    if let look {
      if let observed = look.observed, look.verdict == .pass || look.verdict == .fail {
        parts.append("observed \(observed)")
      } else if look.verdict != .pass {
        parts.append(look.message.isEmpty ? look.verdict.rawValue : "\(look.verdict.rawValue): \(look.message)")
      }
    }
    if look.map({ $0.verdict != .pass && $0.verdict != .skipped }) ?? isHere, let bar = titles[id]?.bar { parts.append("expected \(bar)") }
    return StyledLine(parts.joined(separator: ", "), look?.verdict == .fail && !isHere ? .plain : .dim)
  }

  /// How long the check that is asked has left, or has taken so far.
  private func timeLeft(of id: String, look: Look?, now: Int64) -> String? {
    // A part of a second that is left counts as one.
    func rounded(_ milliseconds: Int64) -> String { LiveTime.text(milliseconds: milliseconds + 999) }
    if let hold = checks[id]?.holdFor, let since = look?.holdSince { return "must hold \(rounded(since + hold - now)) more" }
    if let within = checks[id]?.within { return "\(rounded(currentSince + within - now)) left" }
    return now - currentSince >= 1_000 ? "for \(LiveTime.text(milliseconds: now - currentSince))" : nil
  }

  // MARK: triggers

  func triggerLines(columns: Int, rows: Int, now: Int64) -> [StyledLine] {
    // Those that say that something is wrong come first where there is no room for all.
    let sorted = triggers.enumerated().sorted { ($0.element.urgency, $0.offset) < ($1.element.urgency, $1.offset) }.map(\.element)
    let shown = triggers.count <= rows ? triggers : Array(sorted.prefix(max(rows - 1, 1)))
    var lines = shown.map { line(for: $0, columns: columns, now: now) }
    if shown.count < triggers.count, rows > 1 {
      lines.append(StyledLine("… \(PeopleText.count(triggers.count - shown.count, "more trigger", plural: "more triggers"))", .dim))
    }
    return lines
  }

  private func line(for trigger: Trigger, columns: Int, now: Int64) -> StyledLine {
    let mark: Mark =
      switch trigger.verdict {
      case .pass: .done
      case .fail, .error: .failed
      case .noData, .inconclusive: .warned
      case .skipped, nil: .pending
      }
    var left = StyledLine("\(mark.text) ", mark.style)
    left.add("trigger ", .dim)
    left.add(trigger.id)
    if let title = trigger.title, columns >= 100 { left.add(": \(title)") }
    var parts: [String] = []
    if let verdict = trigger.verdict {
      parts.append(verdict.rawValue)
      if let observed = trigger.observed, !observed.isEmpty { parts.append("observed \(observed)") }
    } else {
      parts.append("no window yet")
    }
    if let bar = trigger.bar { parts.append("expected \(bar)") }
    if let at = trigger.judgedAt { parts.append("\(LiveTime.text(milliseconds: now - at)) ago") }
    if trigger.verdict == .fail, trigger.borne > 0 { parts.append("\(PeopleText.count(trigger.borne, "failed window")) borne") }
    return .joined(left, StyledLine(parts.joined(separator: ", "), trigger.verdict == .fail ? .plain : .dim), columns: columns)
  }
}
