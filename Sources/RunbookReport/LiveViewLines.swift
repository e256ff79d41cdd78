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
      how = " at the next batch border of '\(id.subject)'"
    case (let id, let step)? where id.verb == .perform && step.mutating: how = " when '\(id.subject)' has ended"
    default: how = ""
    }
    if isStopping { return StyledLine("Stopping\(how); Ctrl-C again stops at once", .yellow) }
    let what = isRollingBack ? "stops the rollback" : "pauses the run"
    return StyledLine("Ctrl-C \(what)\(how)", .dim)
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

  func isCheck(_ id: String) -> Bool { checks[id] != nil }

  private func line(forSection index: Int, columns: Int) -> StyledLine {
    let section = sections[index]
    let mark = sectionMarks[index]
    var left = StyledLine(mark.text + " ", mark.style)
    left.add(section.id, index == self.section ? .bold : mark == .pending ? .dim : .plain)
    if let title = section.title { left.add(": \(title)", mark == .pending ? .dim : .plain) }
    guard mark != .skipped else { return .aligned(left, StyledLine("skipped", .dim), columns: columns) }
    return .aligned(left, StyledLine(count(of: section), .dim), columns: columns)
  }

  private func count(of section: Section) -> String {
    guard isRollingBack, section.isPhase else {
      return "\(section.items.count { marks[$0, default: .pending].isOver }) of \(section.items.count) done"
    }
    let changed = section.items.filter { id in
      steps[id]?.mutating == true && ![.pending, .skipped].contains(marks[id, default: .pending])
    }
    return changed.isEmpty ? "nothing to undo" : "\(changed.count { marks[$0] == .undone }) of \(changed.count) undone"
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
