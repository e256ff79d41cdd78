import RunbookPlan
import RunbookSyntax

/// The comments `# runbook-lint: ignore RULE[, RULE]: reason` of a plan and of what it includes, with what each covers.
struct InlineIgnores {
  struct Ignore {
    /// As they are written.
    var rules: [String]
    var reason: String
    /// Of the comment, from its `#`.
    var place: SourcePlace
    /// What begins on its line, or on the next one: findings there are covered.
    var covered: SourceRange?
    /// Whether findings about the plan as a whole are covered.
    var coversPlan = false
    /// What it says instead of `ignore`, where it says something else.
    var unknownWord: String?
    var used: Set<String> = []
  }

  private(set) var ignores: [Ignore] = []

  init(_ plan: Plan) {
    for (index, file) in plan.file.joinedFiles.enumerated() {
      let marks = Self.marks(in: file.bytes)
      guard !marks.isEmpty, let tree = NodeTree.parse(file).tree else { continue }
      ignores += marks.compactMap { Self.ignore(markedAt: $0, in: file, tree, isMain: index == 0) }
    }
  }

  /// Marks as ignored what a comment covers.
  mutating func apply(to findings: inout [Finding]) {
    for index in findings.indices {
      let finding = findings[index]
      for number in ignores.indices where ignores[number].covers(finding) {
        let named = ignores[number].rules.filter { Lint.rule(named: $0)?.code == finding.rule.code }
        guard !named.isEmpty else { continue }
        ignores[number].used.formUnion(named)
        if !ignores[number].reason.isEmpty, findings[index].ignored == nil { findings[index].ignored = ignores[number].reason }
      }
    }
  }

  /// What is wrong with the comments themselves.
  /// - Parameter ran: of a rule that did not run nobody knows whether something would have been ignored.
  func review(ran rules: [LintRule], _ report: inout LintReport) {
    let ran = Set(rules.map(\.code))
    for ignore in ignores {
      let first = LintSubject.ignore(ignore.rules.first ?? "")
      if let word = ignore.unknownWord {
        report.add(
          first, "lint knows 'ignore' and not '\(word)'", at: ignore.place, help: "write # runbook-lint: ignore RULE: the reason")
        continue
      }
      if ignore.rules.isEmpty {
        report.add(first, "this names no rule", at: ignore.place, help: "write # runbook-lint: ignore RULE: the reason")
        continue
      }
      if ignore.reason.isEmpty {
        report.add(
          first, "this does not say why \(ignore.rules.joined(separator: ", ")) is meant, so nothing is ignored", at: ignore.place,
          help: "add the reason behind a colon")
      }
      for name in ignore.rules {
        guard let rule = Lint.rule(named: name) else {
          report.add(
            .ignore(name), "there is no rule '\(name)'", at: ignore.place,
            help: Lint.nearestRule(to: name).map { "did you mean '\($0)'?" } ?? "'runbook explain rules' lists them")
          continue
        }
        if ran.contains(rule.code), !ignore.used.contains(name), !ignore.reason.isEmpty {
          report.add(.ignore(rule.name), "'\(name)' finds nothing here that this could ignore", at: ignore.place, help: "remove it")
        }
      }
    }
  }

  // MARK: reading

  private static let mark = Array("runbook-lint:".utf8)

  /// Offsets of every mark, in comments or not.
  static func marks(in bytes: [UInt8]) -> [Int] {
    bytes.withUnsafeBufferPointer { bytes in
      var found: [Int] = []
      var index = 0
      while index + mark.count <= bytes.count {
        // A mark has 12 characters before its colon, so most of a text is passed over in great steps.
        guard bytes[index + mark.count - 1] == UInt8(ascii: ":") else {
          index += 1
          continue
        }
        if bytes[index] == mark[0], bytes[index..<index + mark.count].elementsEqual(mark) { found.append(index) }
        index += 1
      }
      return found
    }
  }

  /// The comment that a mark stands in; nil where it stands in no comment.
  private static func ignore(markedAt mark: Int, in file: SourceFile, _ tree: NodeTree, isMain: Bool) -> Ignore? {
    let line = file.position(of: mark).line
    let range = file.lineRange(line)
    var start = mark - 1
    while start >= range.start, file.bytes[start] == 0x20 || file.bytes[start] == 0x09 { start -= 1 }
    guard start >= range.start, file.bytes[start] == UInt8(ascii: "#") else { return nil }
    guard start == range.start || file.bytes[start - 1] == 0x20 || file.bytes[start - 1] == 0x09 else { return nil }
    guard !isInScalar(start, tree.root) else { return nil }
    var ignore = read(
      file.text(in: SourceRange(mark + Self.mark.count, range.end)), SourcePlace(file: file, range: SourceRange(start, range.end)))
    let standsAlone = file.bytes[range.start..<start].allSatisfy { $0 == 0x20 || $0 == 0x09 }
    let covered = standsAlone ? nextLine(after: line, in: file) : line
    guard let covered else { return ignore }
    let block = block(in: tree.root, beginningOn: file.lineRange(covered))
    ignore.covered = block?.range
    ignore.coversPlan = isMain && block?.isWhole == true
    return ignore
  }

  private static func read(_ text: String, _ place: SourcePlace) -> Ignore {
    let words = text.drop { $0 == " " || $0 == "\t" }
    let verb = words.prefix { !$0.isWhitespace && $0 != ":" }
    guard verb == "ignore" else { return Ignore(rules: [], reason: "", place: place, unknownWord: String(verb)) }
    let rest = words.dropFirst(verb.count)
    let names = rest.prefix { $0 != ":" }.split { $0 == "," || $0.isWhitespace }.map(String.init)
    let reason = rest.drop { $0 != ":" }.dropFirst().drop { $0.isWhitespace }
    return Ignore(rules: names, reason: String(reason.reversed().drop { $0.isWhitespace }.reversed()), place: place)
  }

  /// The next line that is neither empty nor a comment alone.
  private static func nextLine(after line: Int, in file: SourceFile) -> Int? {
    var next = line + 1
    while next <= file.lineCount {
      let range = file.lineRange(next)
      let first = file.bytes[range.start..<range.end].first { $0 != 0x20 && $0 != 0x09 }
      if let first, first != UInt8(ascii: "#") { return next }
      next += 1
    }
    return nil
  }

  private static func isInScalar(_ offset: Int, _ node: Node) -> Bool {
    if node.isAlias { return false }
    switch node.kind {
    case .scalar: return node.range.start <= offset && offset < node.range.end
    case .sequence: return node.elements.contains { $0.range.start <= offset && offset < $0.range.end && isInScalar(offset, $0) }
    case .mapping:
      for (key, value) in node.entries where key.range.start <= offset && offset < max(key.range.end, value.range.end) {
        return isInScalar(offset, key) || isInScalar(offset, value)
      }
      return false
    }
  }

  /// The largest part of the plan that begins on a line.
  private static func block(in node: Node, beginningOn line: SourceRange, isRoot: Bool = true) -> (range: SourceRange, isWhole: Bool)? {
    func begins(_ range: SourceRange) -> Bool { line.start <= range.start && range.start < line.end }
    func holds(_ range: SourceRange) -> Bool { range.start < line.start && line.start < range.end }
    if node.isAlias { return nil }
    switch node.kind {
    case .scalar: return nil
    case .sequence:
      for element in node.elements {
        if begins(element.range) { return (element.range, false) }
        if holds(element.range) { return block(in: element, beginningOn: line, isRoot: false) }
      }
    case .mapping:
      for (key, value) in node.entries {
        let pair = SourceRange(key.range.start, max(key.range.end, value.range.end))
        // The head of the file speaks for the plan as a whole, never for every single thing in it.
        if begins(pair) { return (pair, isRoot && (key.hasText("metadata") || key.range.start == node.range.start)) }
        if holds(pair) { return block(in: value, beginningOn: line, isRoot: false) }
      }
    }
    return nil
  }
}

extension InlineIgnores.Ignore {
  fileprivate func covers(_ finding: Finding) -> Bool {
    let place = finding.diagnostic.place
    guard place.file.path == self.place.file.path else { return false }
    if finding.subject == .plan, coversPlan { return true }
    guard let covered else { return false }
    return covered.start <= place.range.start && place.range.start < max(covered.end, covered.start + 1)
  }
}
