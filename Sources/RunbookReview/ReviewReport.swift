import RunbookActions
import RunbookPlan
import RunbookReport

/// A review, told: one comment in Markdown, lines for a terminal, data for programs.
public struct ReviewReport: Sendable {
  /// A finding of the linter that the base does not have.
  public struct Finding: Sendable, Hashable {
    public var severity: String
    public var rule: String
    public var subject: String
    public var message: String
    public var line: Int

    public init(severity: String, rule: String, subject: String, message: String, line: Int) {
      self.severity = severity
      self.rule = rule
      self.subject = subject
      self.message = message
      self.line = line
    }
  }

  public let review: PlanReview
  public let path: String
  /// The base in the words of who named it; nil where the plan is new.
  public let base: String?
  public let bound: BoundPlan
  public let formerBound: BoundPlan?
  public let findings: [Finding]

  /// What a comment may have at most, in characters: hosts of code refuse more.
  public static let mostCharacters = 60_000
  /// The first line of the comment, by which it is found again to be updated.
  public static func marker(_ path: String) -> String {
    "<!-- runbook review: \(path.unicodeScalars.map { $0.isASCII && ($0.properties.isAlphabetic || "0123456789./_-".unicodeScalars.contains($0)) ? String($0) : "_" }.joined().replacing("--", with: "__")) -->"
  }

  public init(
    _ review: PlanReview, path: String, base: String?, bound: BoundPlan, formerBound: BoundPlan?, findings: [Finding] = []
  ) {
    self.review = review
    self.path = path
    self.base = base
    self.bound = bound
    self.formerBound = formerBound
    self.findings = findings
  }

  // MARK: the verdict

  /// `Weaker: 2 changes take safety away, 1 adds to it, 3 others`.
  var verdict: (word: String, rest: String) {
    if review.baseDigest == nil { return ("New plan", "there is nothing to compare it with") }
    if review.baseDigest == review.digest { return ("Harmless", "the two versions say the same") }
    let (weaker, changed, stronger, harmless) = (
      review.count(.weaker), review.count(.changed), review.count(.stronger), review.count(.harmless)
    )
    var parts: [String] = []
    if weaker > 0 { parts.append("\(PeopleText.count(weaker, "change")) \(weaker == 1 ? "takes" : "take") safety away") }
    if changed > 0 { parts.append("\(PeopleText.count(changed, "change")) \(changed == 1 ? "does" : "do") something else than before") }
    if stronger > 0 { parts.append("\(PeopleText.count(stronger, "change")) \(stronger == 1 ? "adds" : "add") safety") }
    if harmless > 0 { parts.append("\(PeopleText.count(harmless, "change")) \(harmless == 1 ? "is" : "are") for readers only") }
    return (Self.word(review.verdict), parts.joined(separator: ", "))
  }

  static func word(_ effect: ReviewEffect) -> String {
    switch effect {
    case .weaker: "Weaker"
    case .changed: "Changed"
    case .stronger: "Stronger"
    case .harmless: "Harmless"
    }
  }

  /// What is reserved in the targets now and was not before, and the other way round.
  var reservations: (added: [String], removed: [String]) {
    func names(_ plan: BoundPlan) -> Set<String> {
      Set(plan.reservations.flatMap { target in target.names.map { "\($0.replacing("collection:", with: "")) in \(target.target)" } })
    }
    guard let formerBound else { return (names(bound).sorted(), []) }
    let (before, after) = (names(formerBound), names(bound))
    return (after.subtracting(before).sorted(), before.subtracting(after).sorted())
  }

  private var removedSteps: [String] {
    guard let formerBound else { return [] }
    let renamed = Set(bound.plan.phases.flatMap(\.steps).compactMap(\.renamedFrom))
    return formerBound.plan.phases.flatMap(\.steps).map(\.id).filter { bound.steps[$0] == nil && !renamed.contains($0) }
  }

  // MARK: text

  public var text: String {
    var lines = ["\(path) against \(base ?? "nothing"): \(verdict.word): \(verdict.rest)"]
    for effect in ReviewEffect.allCases {
      let changes = review.changes.filter { $0.effect == effect }
      if changes.isEmpty { continue }
      lines += ["", Self.word(effect)] + changes.map { "  - \($0.plainSentence)" }
    }
    let (added, removed) = reservations
    if !added.isEmpty || !removed.isEmpty {
      lines += ["", "What it changes"] + added.map { "  + \($0)" } + removed.map { "  - \($0)" }
    }
    if !findings.isEmpty {
      lines += ["", "New findings"] + findings.map { "  - \($0.severity) \($0.rule), line \($0.line): \($0.message)" }
    }
    lines += ["", "What a failure after each step takes back"]
    for row in UnwindTable(bound).rows {
      let undone = row.undone.isEmpty ? "nothing" : row.undone.map(\.step).joined(separator: ", ")
      let stays = row.stays.isEmpty ? "" : "; stays: \(row.stays.map(\.step).joined(separator: ", "))"
      lines.append("  - after '\(row.step)': undone: \(undone)\(stays)\(row.stopsAt.map { "; stops at '\($0)'" } ?? "")")
    }
    return lines.joined(separator: "\n")
  }

  // MARK: Markdown

  /// One comment of at most ``mostCharacters`` characters. Where it would be longer, parts are left out, and it says which.
  public var markdown: String {
    let head = [
      Self.marker(path), "**\(verdict.word)**: \(verdict.rest)", "",
      "\(code(path)) against \(base.map { code($0) } ?? "nothing") · plan digest \(code(String(review.digest.prefix(15))))",
    ]
    var sections = changeSections + [findingSection, reservationSection, unwindSection, graphSection].compactMap(\.self)
    var left: [String] = []
    var text = Self.join(head, sections, left)
    // The chart first, then the table; then the end of the longest list.
    for title in ["Graph", "Unwinding"] where text.count > Self.mostCharacters {
      guard let index = sections.firstIndex(where: { $0.title == title }) else { continue }
      sections.remove(at: index)
      left.append(title == "Graph" ? "the graph" : "the table of unwinding")
      text = Self.join(head, sections, left)
    }
    var dropped = 0
    while text.count > Self.mostCharacters, let index = sections.indices.max(by: { sections[$0].lines.count < sections[$1].lines.count }),
      sections[index].lines.count > 1
    {
      let count = max(1, sections[index].lines.count / 4)
      sections[index].lines.removeLast(count)
      dropped += count
      text = Self.join(head, sections, left + ["\(PeopleText.count(dropped, "line")) of lists"])
    }
    return text
  }

  private struct Section {
    var title: String
    var lines: [String]
    /// Whether it is folded away until somebody opens it.
    var isFolded = false
  }

  private static func join(_ head: [String], _ sections: [Section], _ left: [String]) -> String {
    var lines = head
    for section in sections {
      if section.isFolded {
        lines += ["", "<details><summary>\(section.title)</summary>", ""] + section.lines + ["", "</details>"]
      } else {
        lines += ["", "### \(section.title)", ""] + section.lines
      }
    }
    if !left.isEmpty {
      lines += [
        "",
        "Left out here since a comment has at most \(PeopleText.number(Int64(mostCharacters))) characters: \(left.joined(separator: ", ")). \(code("runbook review")) prints all with \(code("--format text")).",
      ]
    }
    return lines.joined(separator: "\n")
  }

  private var changeSections: [Section] {
    ReviewEffect.allCases.compactMap { effect in
      let lines = review.changes.filter { $0.effect == effect }.map { "- \($0.sentence)" }
      return lines.isEmpty ? nil : Section(title: Self.word(effect), lines: lines, isFolded: effect == .harmless)
    }
  }

  private var findingSection: Section? {
    guard !findings.isEmpty else { return nil }
    return Section(title: "New findings", lines: findings.map { "- \($0.severity) \(code($0.rule)), line \($0.line): \(code($0.message))" })
  }

  private var reservationSection: Section? {
    let (added, removed) = reservations
    guard !added.isEmpty || !removed.isEmpty else { return nil }
    return Section(
      title: formerBound == nil ? "What it changes" : "What else it changes",
      lines: added.map { "- \(code($0))" } + removed.map { "- no longer \(code($0))" })
  }

  private var unwindSection: Section? {
    let table = UnwindTable(bound)
    guard !table.rows.isEmpty else { return nil }
    var lines = ["| a failure after | undoes, in this order | and leaves |", "| --- | --- | --- |"]
    for row in table.rows {
      let undone = row.undone.isEmpty ? "nothing" : row.undone.map { code($0.step) }.joined(separator: ", ")
      var stays = row.stays.map { "\(code($0.step)) (\(Self.cell($0.reason)))" }.joined(separator: ", ")
      if stays.isEmpty { stays = "nothing of the run" }
      lines.append("| \(code(row.step)) | \(undone) | \(row.stopsAt.map { "**stops at \(code($0))**: " } ?? "")\(stays) |")
    }
    if !table.afterwards.isEmpty { lines += ["", "Then \(codes(table.afterwards))."] }
    if !table.verifications.isEmpty { lines += ["", "The restored state is checked by \(codes(table.verifications))."] }
    return Section(title: "Unwinding", lines: lines, isFolded: true)
  }

  private static func cell(_ text: String) -> String { code(text).replacing("|", with: "/") }

  private var graphSection: Section? {
    guard let graph = PlanGraph(bound, effects: review.effects, removed: removedSteps).mermaid else { return nil }
    return Section(title: "Graph", lines: ["```mermaid"] + graph.split(separator: "\n").map(String.init) + ["```"], isFolded: true)
  }

  // MARK: data

  public var value: Value {
    let (added, removed) = reservations
    return [
      "format": "runbook-review/v1", "plan": .string(path), "base": base.map { .string($0) } ?? .null,
      "planDigest": .string(review.digest), "baseDigest": review.baseDigest.map { .string($0) } ?? .null,
      "verdict": .string(review.baseDigest == nil ? "new" : review.verdict.rawValue),
      "summary": .string("\(verdict.word): \(verdict.rest)"),
      "changes": .list(
        review.changes.map {
          [
            "effect": .string($0.effect.rawValue), "kind": .string($0.kind), "subject": .string($0.subject),
            "sentence": .string($0.plainSentence),
          ]
        }),
      "reservations": ["added": .list(added.map { .string($0) }), "removed": .list(removed.map { .string($0) })],
      "findings": .list(
        findings.map {
          [
            "severity": .string($0.severity), "rule": .string($0.rule), "subject": .string($0.subject), "message": .string($0.message),
            "line": .integer(Int64($0.line)),
          ]
        }),
      "unwinding": .list(UnwindTable(bound).rows.map(\.value)),
      "graph": PlanGraph(bound, effects: review.effects, removed: removedSteps).mermaid.map { .string($0) } ?? .null,
    ]
  }
}
