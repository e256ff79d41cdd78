import RunbookSyntax

/// SplitMix64 (Steele, Lea, Flood 2014): the same layouts for a seed in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Writes a tree anew as somebody might who minds no form: block or brackets, any indentation, any blanks, texts in any style that keeps their
/// meaning, comments and empty lines everywhere they may stand.
struct RandomLayout {
  private var generator: SeededGenerator
  private var text = ""
  /// Every comment that was put in.
  private(set) var comments: [String] = []
  private var anchors: [SourceRange: String] = [:]
  private var endsLiteral = false
  private var defined: Set<SourceRange> = []
  /// How gladly it writes comments, empty lines and blanks; from 0 to 1.
  private let looseness: Double

  init(seed: UInt64) {
    generator = SeededGenerator(state: seed)
    looseness = [0, 0.05, 0.2, 0.5].randomElement(using: &generator) ?? 0
  }

  mutating func write(_ tree: NodeTree) -> String {
    findAliases(tree.root)
    if chance(0.3) { aside(indentation: 0) }
    if chance(0.1) { text += "---\n" }
    block(tree.root, column: 0)
    if chance(0.3) { aside(indentation: 0) }
    return text
  }

  private mutating func findAliases(_ node: Node) {
    if node.isAlias {
      if anchors[node.contentRange] == nil { anchors[node.contentRange] = "a\(anchors.count)" }
      return
    }
    for element in node.elements { findAliases(element) }
    for entry in node.entries { findAliases(entry.value) }
  }

  // MARK: Chance

  private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < share }
  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
  private mutating func blanks(_ least: Int = 1) -> String {
    String(repeating: " ", count: least + (chance(looseness) ? number(0...6) : 0))
  }

  private mutating func comment() -> String {
    let comment = ["#", "# ", "#  - ", "# key: "].randomElement(using: &generator)! + "comment \(comments.count) of é日本"
    comments.append(comment)
    return comment + (chance(0.2) ? "   " : "")
  }

  /// Comments on lines of their own and empty lines. The indentation of a comment means nothing.
  private mutating func aside(indentation: Int) {
    // What follows a literal text could be taken for a part of it.
    if endsLiteral {
      endsLiteral = false
      return
    }
    while chance(looseness) {
      if chance(0.5) {
        text += String(repeating: " ", count: chance(0.6) ? indentation : number(0...12)) + comment() + "\n"
      } else {
        text += String(repeating: "\n", count: number(1...3))
      }
    }
  }

  private mutating func endLine() {
    if chance(looseness * 0.5) {
      text += "  " + blanks(0) + comment()
    } else if chance(looseness) {
      text += blanks(0)
    }
    text += chance(0.02) ? "\r\n" : "\n"
  }

  // MARK: Blocks

  private mutating func block(_ node: Node, column: Int) {
    if node.isMapping {
      for entry in node.entries {
        aside(indentation: column)
        text += String(repeating: " ", count: column)
        entryText(entry, column: column)
      }
    } else {
      for element in node.elements {
        aside(indentation: column)
        text += String(repeating: " ", count: column) + "-"
        item(element, column: column)
      }
    }
  }

  private mutating func entryText(_ entry: Node.Entry, column: Int) {
    key(entry.key)
    text += (chance(looseness * 0.2) ? " " : "") + ":"
    value(entry.value, column: column, mayShareColumn: true)
  }

  /// What stands behind a dash: a mapping may begin on its line.
  private mutating func item(_ node: Node, column: Int) {
    if !node.isAlias, node.isMapping, node.count > 0, anchors[node.contentRange] == nil, !(isFlowSafe(node) && chance(0.3)), chance(0.8) {
      let gap = number(1...4)
      text += String(repeating: " ", count: gap)
      var isFirst = true
      for entry in node.entries {
        if !isFirst {
          aside(indentation: column + 1 + gap)
          text += String(repeating: " ", count: column + 1 + gap)
        }
        isFirst = false
        entryText(entry, column: column + 1 + gap)
      }
      return
    }
    value(node, column: column, mayShareColumn: false)
  }

  /// What stands behind a key or dash at `column`.
  private mutating func value(_ node: Node, column: Int, mayShareColumn: Bool) {
    if node.isAlias {
      text += blanks() + "*" + (anchors[node.contentRange] ?? "")
      return endLine()
    }
    if let anchor = anchors[node.contentRange], defined.insert(node.contentRange).inserted { text += blanks() + "&" + anchor }
    if node.isScalar {
      scalar(node, column: column)
    } else if node.count == 0 || isFlowSafe(node) && chance(0.4) {
      text += blanks()
      let spreads = chance(0.3)
      flow(node, column: column, spreads: spreads)
      endLine()
    } else {
      endLine()
      let isShared = mayShareColumn && node.isSequence && chance(0.5)
      block(node, column: isShared ? column : column + number(1...5))
    }
  }

  private mutating func key(_ node: Node) {
    let text = node.text ?? ""
    let isWord = text.utf8.allSatisfy { ($0 | 0x20) > 0x60 && ($0 | 0x20) < 0x7B }
    self.text += node.style == .plain && isWord && chance(0.9) ? text : (node.style == .plain && !chance(0.1) ? text : quoted(text))
  }

  // MARK: Scalars

  private mutating func scalar(_ node: Node, column: Int) {
    let value = node.text ?? ""
    if node.range.isEmpty { return endLine() }
    text += node.tag == .string ? " !!str " : blanks()
    let hasLines = value.contains("\n")
    if node.style != .plain, hasLines || chance(0.1), isBlockSafe(value) {
      literal(value, column: column)
    } else if node.style == .plain {
      text += plain(value, column: column)
      endLine()
    } else {
      text += quoted(value)
      endLine()
    }
  }

  /// Plain text, now and then on several lines.
  private mutating func plain(_ value: String, column: Int) -> String {
    let words = value.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count > 3, !value.contains("\n"), chance(0.15) else {
      return value.replacing("\n", with: "\n\n" + String(repeating: " ", count: column + 1))
    }
    var result = String(words[0])
    for word in words.dropFirst() {
      let isLetter = word.unicodeScalars.first.map { $0.isASCII && $0.properties.isAlphabetic } ?? false
      let isSafe = isLetter && !word.hasSuffix(":") && !result.hasSuffix(" ")
      result += (isSafe && chance(0.3) ? "\n" + String(repeating: " ", count: column + number(1...6)) : " ") + word
    }
    return result
  }

  private func isBlockSafe(_ value: String) -> Bool {
    !value.isEmpty && !value.hasPrefix(" ") && !value.hasPrefix("\n")
      && value.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F }
      && value.contains { $0 != "\n" && $0 != " " }
  }

  private mutating func literal(_ value: String, column: Int) {
    let extra = number(1...5)
    let trimmed = value.reversed().drop { $0 == "\n" }.count
    let ends = value.count - trimmed
    endsLiteral = true
    let mark = ends == 0 ? "-" : (ends > 1 ? "+" : (chance(0.1) ? "+" : ""))
    text += "|" + (chance(0.2) ? "\(extra)" : "") + mark
    if chance(looseness) { text += "  " + comment() }
    text += "\n"
    for line in value.dropLast(ends == 0 ? 0 : 1).split(separator: "\n", omittingEmptySubsequences: false) {
      text += line.isEmpty ? "\n" : String(repeating: " ", count: column + extra) + line + "\n"
    }
  }

  private mutating func quoted(_ value: String) -> String {
    if chance(0.5), value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value < 0x7F }) {
      return "'" + value.replacing("'", with: "''") + "'"
    }
    var result = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  // MARK: Brackets

  /// Whether all of it can stand in brackets: no plain text with an indicator in it.
  private func isFlowSafe(_ node: Node) -> Bool {
    if node.isAlias { return true }
    if node.isScalar {
      guard node.style == .plain else { return true }
      let text = node.text ?? ""
      return !text.isEmpty && !text.utf8.contains { ",[]{}\n".utf8.contains($0) }
    }
    return node.elements.allSatisfy(isFlowSafe) && node.entries.allSatisfy { isFlowSafe($0.key) && isFlowSafe($0.value) }
  }

  private mutating func flow(_ node: Node, column: Int, spreads: Bool) {
    let (opening, closing) = node.isMapping ? ("{", "}") : ("[", "]")
    text += opening
    var isFirst = true
    func separator() -> String { "," }
    for element in node.elements {
      if !isFirst { text += (chance(looseness) ? " " : "") + separator() }
      isFirst = false
      gap(column: column, spreads: spreads)
      flowValue(element, column: column, spreads: spreads)
    }
    for entry in node.entries {
      if !isFirst { text += separator() }
      isFirst = false
      gap(column: column, spreads: spreads)
      key(entry.key)
      text += ":" + blanks()
      flowValue(entry.value, column: column, spreads: spreads)
    }
    if !isFirst, chance(0.1) { text += "," }
    if !isFirst { gap(column: column, spreads: spreads) }
    text += closing
  }

  private mutating func gap(column: Int, spreads: Bool) {
    guard spreads, chance(0.5) else {
      text += blanks(chance(0.5) ? 1 : 0)
      return
    }
    endLine()
    aside(indentation: column + 1)
    text += String(repeating: " ", count: column + number(1...8))
  }

  private mutating func flowValue(_ node: Node, column: Int, spreads: Bool) {
    if node.isAlias {
      text += "*" + (anchors[node.contentRange] ?? "") + " "
      return
    }
    if let anchor = anchors[node.contentRange], defined.insert(node.contentRange).inserted { text += "&" + anchor + " " }
    if node.isScalar {
      let value = node.text ?? ""
      if node.tag == .string { text += "!!str " }
      text += node.style == .plain ? value : quoted(value)
    } else {
      flow(node, column: column, spreads: spreads)
    }
  }
}
