import RunbookEngine
import RunbookPlan

/// The block as lines. What matters most comes first where there is little room: the step under way and its progress, the heading, what
/// Ctrl-C does; then triggers; then the neighbours of the step and of the phase, folded to a count where they do not fit.
extension LiveView {
  /// A terminal smaller than this has no block.
  public static let smallest = (columns: 20, rows: 5)

  /// - Parameters:
  ///   - columns: what a line may take at most; nothing is ever wrapped.
  ///   - height: the most lines that there may be.
  ///   - now: milliseconds since 1970.
  /// - Returns: nothing where the terminal is too small.
  public func lines(columns: Int, height: Int, now: Int64) -> [StyledLine] {
    guard columns >= Self.smallest.columns, height >= 3 else { return [] }
    var room = height - 2
    var top = [heading(columns: columns, now: now)]
    if height >= 10 {
      // Sets the block apart from what scrolls away above it.
      top.insert(StyledLine(), at: 0)
      room -= 1
    }
    if height >= 8, let line = targetLine(columns: columns) {
      top.append(line)
      room -= 1
    }
    let watched = triggerLines(columns: columns, rows: min(triggers.count, max(room / 4, 1)), now: now)
    if room - watched.count >= 2 { room -= watched.count }
    let shownTriggers = height - top.count - 1 - room >= watched.count ? watched : []
    let middle = body(columns: columns, rows: room, now: now)
    return (top + middle + shownTriggers + [footer]).map { $0.cut(to: columns) }
  }

  // MARK: heading and footer

  private func heading(columns: Int, now: Int64) -> StyledLine {
    var left = StyledLine(isRollingBack ? "Rolling back " : "Run ", isRollingBack ? .yellow : .bold)
    left.add(run, .bold)
    left.add(" of ")
    left.add(planID, .bold)
    if let planTitle, columns >= 60 { left.add(": \(planTitle)") }
    var right = StyledLine()
    if warnings > 0 { right.add(PeopleText.count(warnings, "warning") + "  ", .yellow) }
    right.add(startedAt.map { LiveTime.text(milliseconds: now - $0) } ?? "0s", .bold)
    return .aligned(left, right, columns: columns)
  }

  private func targetLine(columns: Int) -> StyledLine? {
    if isRollingBack, let cause { return StyledLine("because: \(cause)", .dim) }
    guard !targets.isEmpty else { return nil }
    return StyledLine("on \(targets.joined(separator: ", "))", .dim)
  }

  /// What Ctrl-C does now.
  private var footer: StyledLine {
    let how: String
    switch current.flatMap({ id in steps[id.subject].map { (id, $0) } }) {
    case (let id, let step)? where id.verb == .undo || (id.verb == .perform && step.mutating && step.interrupt == .batch):
      how = "at the next batch border of '\(id.subject)'"
    case (let id, let step)? where id.verb == .perform && step.mutating: how = "when '\(id.subject)' has ended"
    default: how = "here"
    }
    if isStopping { return StyledLine("Stopping \(how); Ctrl-C again stops at once", .yellow) }
    let what = isRollingBack ? "stops the rollback" : "pauses the run"
    return StyledLine("Ctrl-C \(what) \(how)", .dim)
  }

  // MARK: phases and steps

  private func body(columns: Int, rows: Int, now: Int64) -> [StyledLine] {
    guard sections.indices.contains(section), rows > 0 else { return [] }
    let here = sections[section]
    let isList = !here.isPhase
    let focus = current.map { step(of: $0.subject) } ?? retry?.subject
    let place = focus.flatMap { here.items.firstIndex(of: $0) } ?? nearestItem(here)
    let detail = Array(details(columns: columns, now: now).prefix(max(rows - 2, 1)))
    // The heading of the section and the item at hand come before all neighbours.
    let left = max(rows - detail.count, 0)
    let others = shownSections.count - 1
    let wanted = min(here.items.count, max(left - 1 - min(others, max((left - 1) / 3, 1)), 1))
    let itemRows = left <= 1 ? 0 : wanted
    let sectionRows = max(left - itemRows, left > 0 ? 1 : 0)
    let at = shownSections.firstIndex(of: section) ?? 0
    let window = Window(count: shownSections.count, around: at, rows: sectionRows)
    var lines: [StyledLine] = []
    if window.showsBefore { lines.append(folded(shownSections[..<window.range.lowerBound], columns: columns)) }
    for index in window.range {
      lines.append(line(forSection: shownSections[index], columns: columns))
      if index == at {
        lines += items(of: here, around: place, rows: itemRows, detail: detail, isList: isList, columns: columns, now: now)
      }
    }
    if window.showsAfter { lines.append(folded(shownSections[window.range.upperBound...], columns: columns)) }
    return Array(lines.prefix(rows))
  }

  /// Sections that are only asked after a rollback are shown in one.
  private var shownSections: [Int] {
    sections.indices.filter { index in
      switch sections[index].place {
      case .afterRollback, .verifyRollback: isRollingBack
      case .planVerify: !isRollingBack || index == section || sectionMarks[index] != .pending
      default: true
      }
    }
  }

  /// Between two items it is the last that began.
  private func nearestItem(_ section: Section) -> Int {
    section.items.lastIndex { marks[$0, default: .pending] != .pending } ?? 0
  }

  private func items(
    of section: Section, around place: Int, rows: Int, detail: [StyledLine], isList: Bool, columns: Int, now: Int64
  ) -> [StyledLine] {
    let window = Window(count: section.items.count, around: place, rows: rows)
    var lines: [StyledLine] = []
    if window.showsBefore { lines.append(StyledLine("  … \(window.range.lowerBound) above", .dim)) }
    let isAtItem = current.map { section.items.contains(step(of: $0.subject)) } ?? (retry != nil)
    for index in window.range {
      let id = section.items[index]
      lines.append(
        isCheck(id) ? line(forCheck: id, indent: "  ", columns: columns, now: now) : line(forStep: id, columns: columns, now: now))
      if index == place, isAtItem { lines += detail }
    }
    if window.showsAfter { lines.append(StyledLine("  … \(section.items.count - window.range.upperBound) below", .dim)) }
    return isAtItem && rows > 0 ? lines : lines + detail
  }

  private func isCheck(_ id: String) -> Bool { checks[id] != nil }

  private func line(forSection index: Int, columns: Int) -> StyledLine {
    let section = sections[index]
    let mark = sectionMarks[index]
    var left = StyledLine(mark.text + " ", mark.style)
    left.add(section.id, index == self.section ? .bold : mark == .pending ? .dim : .plain)
    if let title = section.title { left.add(": \(title)", mark == .pending ? .dim : .plain) }
    guard mark != .skipped else { return .aligned(left, StyledLine("skipped", .dim), columns: columns) }
    let over = section.items.count { marks[$0, default: .pending].isOver }
    let word = isRollingBack && section.isPhase ? "undone" : "done"
    let count = isRollingBack && section.isPhase ? section.items.count { marks[$0] == .undone } : over
    return .aligned(left, StyledLine("\(count) of \(section.items.count) \(word)", .dim), columns: columns)
  }

  private func folded(_ hidden: ArraySlice<Int>, columns: Int) -> StyledLine {
    let over = hidden.count { sectionMarks[$0].isOver }
    var left = StyledLine("… \(PeopleText.count(hidden.count, "more part", plural: "more parts"))", .dim)
    if over > 0, over < hidden.count { left.add(", \(over) of them done", .dim) }
    if over == hidden.count { left.add(", all done", .dim) }
    if over == 0 { left.add(" to come", .dim) }
    return left.cut(to: columns)
  }

  private func line(forStep id: String, columns: Int, now: Int64) -> StyledLine {
    let isHere = current.map { step(of: $0.subject) == id } ?? false
    var mark = marks[id, default: .pending]
    // Its effect is done, and its checks are asked.
    if isHere, mark == .done { mark = .running }
    var left = StyledLine("  \(mark.text) ", mark.style)
    left.add(id, isHere ? .bold : mark == .pending ? .dim : .plain)
    if let title = titles[id]?.title { left.add(": \(title)", mark == .pending ? .dim : .plain) }
    guard isHere, now - currentSince >= 1_000 else { return left.cut(to: columns) }
    return .aligned(left, StyledLine(LiveTime.text(milliseconds: now - currentSince), .dim), columns: columns)
  }

  // MARK: what is under way

  /// Lines below the step or list at hand: progress, questions, checks, a wait for the next try.
  private func details(columns: Int, now: Int64) -> [StyledLine] {
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

  private func line(forCheck id: String, indent: String, columns: Int, now: Int64) -> StyledLine {
    let mark = marks[id, default: .pending]
    let isHere = current?.subject == id
    var left = StyledLine("\(indent)\(mark.text) ", mark.style)
    left.add(titles.title(id), isHere ? .bold : mark == .pending ? .dim : .plain)
    return .joined(left, observation(id, isHere: isHere, now: now), columns: columns)
  }

  /// What a check saw against what it expects; for one that asks again, the last look and the time left.
  private func observation(_ id: String, isHere: Bool, now: Int64) -> StyledLine {
    var parts: [String] = []
    let look = looks[id]
    if let look {
      if let observed = look.observed, look.verdict == .pass || look.verdict == .fail {
        parts.append("observed \(observed)")
      } else if look.verdict != .pass {
        parts.append(look.message.isEmpty ? look.verdict.rawValue : "\(look.verdict.rawValue): \(look.message)")
      }
    }
    if look.map({ $0.verdict != .pass && $0.verdict != .skipped }) ?? isHere, let bar = titles[id]?.bar { parts.append("expected \(bar)") }
    if isHere, let check = checks[id] {
      if let hold = check.holdFor, let since = look?.holdSince {
        parts.append("has to hold for another \(LiveTime.text(milliseconds: since + hold - now + 999))")
      } else if let within = check.within {
        parts.append("asked again for \(LiveTime.text(milliseconds: currentSince + within - now + 999))")
      } else if now - currentSince >= 1_000 {
        parts.append("for \(LiveTime.text(milliseconds: now - currentSince))")
      }
    }
    return StyledLine(parts.joined(separator: ", "), look?.verdict == .fail && !isHere ? .plain : .dim)
  }

  // MARK: triggers

  private func triggerLines(columns: Int, rows: Int, now: Int64) -> [StyledLine] {
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
    if let title = trigger.title, columns >= 80 { left.add(": \(title)") }
    var parts: [String] = []
    if let verdict = trigger.verdict {
      parts.append(verdict.rawValue)
      if let observed = trigger.observed, !observed.isEmpty { parts.append("observed \(observed)") }
    } else {
      parts.append("no window yet")
    }
    if let bar = trigger.bar { parts.append("expected \(bar)") }
    if trigger.verdict == .fail, trigger.borne > 0 { parts.append("\(PeopleText.count(trigger.borne, "failed window")) borne") }
    if let at = trigger.judgedAt { parts.append("\(LiveTime.text(milliseconds: now - at)) ago") }
    return .joined(left, StyledLine(parts.joined(separator: ", "), trigger.verdict == .fail ? .plain : .dim), columns: columns)
  }
}

extension LiveView.Trigger {
  /// Lower comes first.
  var urgency: Int {
    switch verdict {
    case .fail, .error: 0
    case .noData, .inconclusive: 1
    case nil, .skipped: 2
    case .pass: 3
    }
  }
}

extension LiveView.Mark {
  var text: String {
    switch self {
    case .pending: "·"
    case .running: "→"
    case .done: "✓"
    case .failed: "✗"
    case .skipped: "-"
    case .warned: "!"
    case .undoing: "←"
    case .undone: "↶"
    }
  }

  var style: StyledLine.Style {
    switch self {
    case .pending, .skipped: .dim
    case .running: .blue
    case .done: .green
    case .failed: .red
    case .warned, .undoing, .undone: .yellow
    }
  }

  /// Nothing of it is under way or to come.
  var isOver: Bool {
    switch self {
    case .pending, .running, .undoing: false
    case .done, .failed, .skipped, .warned, .undone: true
    }
  }
}

/// The part of a list that is shown around one of its items; what is left out costs a line that counts it.
struct Window: Sendable, Hashable {
  private(set) var range: Range<Int>
  private(set) var showsBefore = false
  private(set) var showsAfter = false

  init(count: Int, around index: Int, rows: Int) {
    guard rows > 0, count > 0 else {
      range = index..<index
      return
    }
    if count <= rows {
      range = 0..<count
      return
    }
    var lower = index
    var upper = index + 1
    func cost(_ lower: Int, _ upper: Int) -> Int { upper - lower + (lower > 0 ? 1 : 0) + (upper < count ? 1 : 0) }
    if cost(lower, upper) > rows {
      // No room for both counts: what is to come says more.
      range = lower..<upper
      showsAfter = rows > 1 && upper < count
      showsBefore = rows > 1 && upper == count && lower > 0
      return
    }
    while true {
      if upper < count, cost(lower, upper + 1) <= rows {
        upper += 1
      } else if lower > 0, cost(lower - 1, upper) <= rows {
        lower -= 1
      } else {
        break
      }
      if lower > 0, cost(lower - 1, upper) <= rows { lower -= 1 }
    }
    range = lower..<upper
    showsBefore = lower > 0
    showsAfter = upper < count
  }
}
