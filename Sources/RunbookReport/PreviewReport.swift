import OrderedCollections
import RunbookActions
import RunbookPlan

/// A preview, told: as lines for a terminal, as Markdown for a review, as data.
public struct PreviewReport: Sendable {
  let preview: PlanPreview
  let titles: PlanTitles
  let planPath: String
  let planDigest: String
  let approvalDigest: String
  let unwinding: UnwindTable

  public init(
    _ preview: PlanPreview, titles: PlanTitles, unwinding: UnwindTable, planPath: String, planDigest: String, approvalDigest: String
  ) {
    self.unwinding = unwinding
    self.preview = preview
    self.titles = titles
    self.planPath = planPath
    self.planDigest = planDigest
    self.approvalDigest = approvalDigest
  }

  /// Lines for a terminal.
  public func text(colored: Bool) -> String {
    lines.map { $0.rendered(colored: colored) }.joined(separator: "\n")
  }

  private var lines: [StyledLine] {
    var lines = [StyledLine("Preview of plan '\(titles.planID)' (\(planPath)); nothing was changed, nothing was reserved", .bold)]
    lines.append(StyledLine("  plan digest      \(planDigest)", .dim))
    lines.append(StyledLine("  approval digest  \(approvalDigest)", .dim))
    lines += [StyledLine(), StyledLine("Targets", .bold)] + targetLines
    if !preview.preconditions.isEmpty {
      lines += [StyledLine(), StyledLine("Preconditions, now", .bold)] + preview.preconditions.flatMap { checkLines($0, indent: 2) }
    }
    var number = 0
    for phase in preview.phases {
      var heading = StyledLine("Phase \(titles.title(phase.id))", .bold)
      if phase.isSkipped { heading.add("  skipped: its condition is false", .dim) }
      lines += [StyledLine(), heading]
      guard !phase.isSkipped else { continue }
      lines += phase.preconditions.flatMap { checkLines($0, indent: 2) }
      for step in phase.steps {
        number += 1
        lines += stepLines(step, number)
      }
      lines += phase.verify.flatMap { checkLines($0, indent: 2) }
    }
    for (heading, checks) in [("Outcome, now", preview.verify), ("Rollback triggers, now", preview.triggers)] where !checks.isEmpty {
      lines += [StyledLine(), StyledLine(heading, .bold)] + checks.flatMap { checkLines($0, indent: 2) }
    }
    return lines + unwindLines + [StyledLine()] + closing
  }

  private var targetLines: [StyledLine] {
    preview.facts.flatMap { name, facts -> [StyledLine] in
      let words = ["topology", "version"].compactMap { facts[$0]?.stringValue }.joined(separator: " ")
      var lines = [StyledLine("  \(name)  \(words.isEmpty ? "" : words + ", ")\(facts["identity"]?.stringValue ?? "")")]
      for (collection, told) in facts["collections"]?.mapValue ?? [:] {
        lines.append(StyledLine("    \(collection)  \(Self.words(of: told))", .dim))
      }
      return lines
    }
  }

  static func words(of collection: Value) -> String {
    guard let facts = collection.mapValue else { return "does not exist yet" }
    var words: [String] = []
    if let kind = facts["kind"]?.stringValue, kind != "collection" { words.append(kind) }
    if let count = facts["count"]?.integerValue { words.append(PeopleText.count(Int(count), "document")) }
    if let indexes = facts["indexes"]?.listValue { words.append(PeopleText.count(indexes.count, "index", plural: "indexes")) }
    words.append(facts["validator"].map(\.isNull) ?? true ? "no validator" : "a validator")
    return words.joined(separator: ", ")
  }

  // MARK: checks

  private func checkLines(_ check: PlanPreview.Check, indent: Int) -> [StyledLine] {
    var line = StyledLine(String(repeating: " ", count: indent))
    let isEarly = !check.precedes.isEmpty && check.verdict != .pass
    let (mark, style) = Self.mark(isEarly ? nil : check.verdict)
    line.add(mark + " ", style)
    line.add(titles.title(check.id))
    let told = Self.words(of: check, titles)
    if !told.isEmpty { line.add("  \(told)", check.verdict == .pass ? .dim : style) }
    return [line]
  }

  static func mark(_ verdict: Verdict?) -> (String, StyledLine.Style) {
    switch verdict {
    case .pass: ("✓", .green)
    case .fail, .error: ("✗", .red)
    case .noData, .inconclusive: ("?", .yellow)
    case .skipped, nil: ("·", .dim)
    }
  }

  /// What a check says now, or why it was not asked.
  static func words(of check: PlanPreview.Check, _ titles: PlanTitles) -> String {
    guard let verdict = check.verdict else { return check.note }
    let early = check.precedes.isEmpty ? "" : "before " + check.precedes.map { "'\($0)'" }.joined(separator: ", ")
    switch verdict {
    case .pass:
      let observed = check.observed.isNull ? "" : check.observed.shown
      return [observed, early].filter { !$0.isEmpty }.joined(separator: "  ")
    case .skipped: return "skipped: its condition is false"
    case .fail, .error, .noData, .inconclusive:
      if !early.isEmpty { return "\(early): \(check.note)" }
      let bar = titles[check.id]?.bar.map { "expected: \($0)" } ?? ""
      return ["\(verdict.rawValue): \(check.note)", bar].filter { !$0.isEmpty }.joined(separator: "; ")
    }
  }

  // MARK: steps

  private func stepLines(_ step: PlanPreview.Step, _ number: Int) -> [StyledLine] {
    var heading = StyledLine("  \(number). ")
    heading.add(titles.title(step.id), .bold)
    heading.add("  \(step.action)\(step.place.map { " on \($0)" } ?? "")", .dim)
    if step.isMutating, !step.isSkipped {
      heading.add("  \(step.coverage.rawValue)", step.coverage == .exact ? .green : .yellow)
    }
    var lines = [heading]
    if step.isSkipped { return lines + [StyledLine("     skipped: its condition is false", .dim)] }
    lines += step.preconditions.flatMap { checkLines($0, indent: 5) }
    guard step.isMutating else { return lines + step.verify.flatMap { checkLines($0, indent: 5) } }
    lines.append(StyledLine("     \(step.effect.summary)"))
    for text in Self.remarks(of: step) { lines.append(StyledLine("     \(text)", .dim)) }
    for problem in step.effect.problems { lines.append(StyledLine("     ! \(problem)", .red)) }
    if let failure = step.failure { lines.append(StyledLine("     ! it would fail now: \(failure)", .red)) }
    for sample in step.effect.samples {
      lines.append(StyledLine("     for example _id \(sample.id.shown)", .dim))
      for line in PreviewDiff(sample).lines {
        lines.append(StyledLine("       \(line)", line.hasPrefix("+") ? .green : line.hasPrefix("-") ? .red : .dim))
      }
    }
    return lines + step.verify.flatMap { checkLines($0, indent: 5) }
  }

  /// What is said of a step beside its summary.
  static func remarks(of step: PlanPreview.Step) -> [String] {
    var remarks = step.effect.facts
    if !step.dependsOn.isEmpty {
      remarks.insert("as it is before \(step.dependsOn.map { "'\($0)'" }.joined(separator: ", ")), which changes the same", at: 0)
    }
    if let duration = step.effect.duration, duration > 0 {
      remarks.append("about \(DurationText.format(microseconds: duration)) at that pace, and about as long to take it back")
    }
    if let bytes = step.effect.bytes, bytes > 0 { remarks.append("\(PeopleText.bytes(bytes)) of documents") }
    if let bytes = step.effect.undoBytes, bytes > 0 { remarks.append("about \(PeopleText.bytes(bytes)) of undo entries") }
    return remarks
  }

  // MARK: the end

  private var closing: [StyledLine] {
    var lines = [StyledLine(coverage)]
    for check in preview.hindrances {
      lines.append(StyledLine("The run would end at '\(check.id)' before it changed anything", .red))
    }
    return lines
  }

  var coverage: String {
    let (exact, estimated, opaque) = (preview.count(.exact), preview.count(.estimated), preview.count(.opaque))
    let all = exact + estimated + opaque
    guard all > 0 else { return "The plan changes nothing" }
    return "Preview coverage: of \(PeopleText.count(all, "changing step")) \(exact) exact, \(estimated) estimated, \(opaque) opaque"
  }
}

/// What differs between a document as it is and as it would be, field by field.
struct PreviewDiff {
  let lines: [String]

  private static let mostCharacters = 160

  init(_ sample: EffectPreview.Sample) {
    switch (sample.before?.mapValue, sample.after?.mapValue) {
    case (let before?, let after?):
      var lines: [String] = []
      for (key, value) in before where after[key] != value {
        lines.append("- \(key): \(Self.text(value))")
        if let new = after[key] { lines.append("+ \(key): \(Self.text(new))") }
      }
      for (key, value) in after where before[key] == nil { lines.append("+ \(key): \(Self.text(value))") }
      self.lines = lines
    case (let before?, nil): lines = Self.some(before).map { "- " + $0 }
    case (nil, let after?): lines = Self.some(after).map { "+ " + $0 }
    case (nil, nil): lines = []
    }
  }

  private static func some(_ document: ValueMap) -> [String] {
    let shown = document.prefix(6).map { "\($0.key): \(text($0.value))" }
    return document.count > 6 ? shown + ["… \(document.count - 6) fields more"] : shown
  }

  private static func text(_ value: Value) -> String {
    let text = value.plainJSON.encodedJSON()
    return text.count <= mostCharacters ? text : text.prefix(mostCharacters - 1) + "…"
  }
}
