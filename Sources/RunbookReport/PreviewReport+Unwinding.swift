import RunbookActions
import RunbookPlan

/// What happens on a failure after each changing step: the plan's unwinding, with the times that the preview knows.
extension PreviewReport {
  var unwindLines: [StyledLine] {
    guard !unwinding.rows.isEmpty else { return [] }
    var lines = [StyledLine(), StyledLine("If something fails after", .bold)]
    for row in unwinding.rows {
      var line = StyledLine("  \(row.step)")
      line.add("  " + undone(row))
      lines.append(line)
      for text in stays(row) { lines.append(StyledLine("     stays: \(text)", row.stopsAt == nil ? .dim : .yellow)) }
    }
    if !unwinding.afterwards.isEmpty || !unwinding.verifications.isEmpty {
      let follow = (unwinding.afterwards + unwinding.verifications).map { "'\($0)'" }.joined(separator: ", ")
      lines.append(StyledLine("  and where the whole plan was unwound, then \(follow)", .dim))
    }
    return lines
  }

  /// What is undone, in order, and about how long that takes.
  func undone(_ row: UnwindTable.Row) -> String {
    guard !row.undone.isEmpty else { return "nothing is undone" }
    let steps = row.undone.map { "'\($0.step)'" }.joined(separator: ", then ")
    return "undoes \(steps)" + (duration(of: row).map { ", about \(DurationText.format(microseconds: $0))" } ?? "")
  }

  func stays(_ row: UnwindTable.Row) -> [String] { row.stays.map { "'\($0.step)': \($0.reason)" } }

  /// The sum of what the preview knows of the steps that are undone, in microseconds: a way back takes about as long as the way on. Nil where it
  /// knows nothing.
  func duration(of row: UnwindTable.Row) -> Int64? {
    let known = row.undone.compactMap { undo in preview.steps.first { $0.id == undo.step }?.effect.duration }
    return known.isEmpty ? nil : known.reduce(0, +)
  }
}
