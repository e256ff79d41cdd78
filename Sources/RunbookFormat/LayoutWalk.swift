import RunbookSyntax

/// Goes through a file's nodes and through what stands between them, and makes lines of it.
///
/// libyaml's events have no comments, so the tree alone is not enough; it says where the scalars are, and what is left between them is blanks, line
/// ends, comments, indicators, anchors and tags, which need no grammar to be told apart.
struct LayoutWalk {
  /// A block mapping or list that is open.
  struct Block {
    /// The column of its keys or dashes in the source.
    var written: Int
    /// Where they go.
    var column: Int
  }

  struct Bracket {
    /// What its content is indented against.
    var base: Int
    /// The line that opened it.
    var line: Int
  }

  struct WaitingComment {
    var text: String
    var written: Int
    var isBlankBefore: Bool
    var isInBrackets: Bool
  }

  let tree: NodeTree
  let file: SourceFile
  let source: [UInt8]
  /// Everything before it is written.
  var offset: Int
  /// Where the last piece ended.
  var lastEnd = 0
  /// Line ends since the last piece or comment.
  var breaks = 1
  var lines: [LayoutLine] = []
  var blocks: [Block] = []
  /// `blocks` as they were at the last piece.
  var lastBlocks: [Block] = []
  var brackets: [Bracket] = []
  var waiting: [WaitingComment] = []
  var comments: [String] = []
  /// The number of the last mapping or list, so that lines of one can be told from those of another.
  private var blockCount = 0
  /// Whether the last piece is a dash or `?` whose content follows: it goes on the same line, wherever it is written.
  var joinsContent = false
  /// Whether the file ends inside a block scalar, without a line end: one more would be part of its text.
  var endsInsideText = false

  init(_ tree: NodeTree) {
    self.tree = tree
    file = tree.file
    source = tree.file.bytes
    offset = source.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  mutating func run() {
    value(tree.root, column: -2, base: 0)
    scan(to: source.count, column: 0)
    writeWaiting(next: Block(written: 0, column: 0))
  }

  // MARK: Nodes

  /// A value below a key or dash at `column`.
  /// - Parameter base: what the content of brackets is indented against.
  private mutating func value(_ node: Node, column: Int, base: Int) {
    if node.isAlias || node.isScalar {
      leaf(node, column: column + 2, block: max(column, 0), textColumn: column + 2)
    } else if isFlow(node) {
      scan(to: node.range.start, column: column + 2)
      flow(node, base: base, column: column + 2)
    } else if node.isMapping {
      mapping(node, column: column + 2)
    } else {
      list(node, column: column + 2)
    }
  }

  private func isFlow(_ node: Node) -> Bool {
    let start = node.range.start
    return start < source.count && (source[start] == UInt8(ascii: "{") || source[start] == UInt8(ascii: "["))
  }

  private mutating func mapping(_ node: Node, column: Int) {
    blockCount += 1
    let number = blockCount
    blocks.append(Block(written: self.column(of: node.range.start), column: column))
    for (key, value) in node.entries {
      leaf(key, column: column, block: column, textColumn: column + 2)
      guard let colon = nextSignificant(from: offset), source[colon] == UInt8(ascii: ":") else { continue }
      scan(to: colon, column: column)
      let isOnKeyLine = goesOnLine
      put(.colon, SourceRange(colon, colon + 1), column: column)
      if isOnKeyLine, lines[lines.count - 1].mapping == nil {
        lines[lines.count - 1].mapping = number
        lines[lines.count - 1].colon = lines[lines.count - 1].pieces.count - 1
      }
      if isEmpty(value) { properties(column: column + 2, above: blocks.last?.written ?? 0) }
      self.value(value, column: column, base: column)
    }
    blocks.removeLast()
  }

  private mutating func list(_ node: Node, column: Int) {
    blockCount += 1
    let number = blockCount
    blocks.append(Block(written: self.column(of: node.range.start), column: column))
    for element in node.elements {
      var dash = offset
      while let next = nextSignificant(from: dash), source[next] != UInt8(ascii: "-") { dash = endOfProperty(from: next) }
      guard let found = nextSignificant(from: dash) else { break }
      scan(to: found, column: column)
      put(.dash, SourceRange(found, found + 1), column: column)
      lines[lines.count - 1].list = number
      joinsContent = !isEmpty(element)
      if isEmpty(element) { properties(column: column + 2, above: blocks.last?.written ?? 0) }
      value(element, column: column, base: column + 2)
    }
    blocks.removeLast()
  }

  private func isEmpty(_ node: Node) -> Bool { node.isScalar && !node.isAlias && node.range.isEmpty }

  /// Anchor and tag of a value that is not written: they belong to it as long as they stand on its line or further in.
  private mutating func properties(column: Int, above written: Int) {
    while let next = nextSignificant(from: offset), source[next] == UInt8(ascii: "&") || source[next] == UInt8(ascii: "!"),
      !hasBreak(from: offset, to: next) || self.column(of: next) > written
    {
      scan(to: endOfProperty(from: next), column: column)
    }
  }

  /// A scalar or an alias.
  /// - Parameters:
  ///   - column: where it goes if it begins a line.
  ///   - block: the column of the mapping or list that it is in.
  ///   - textColumn: of the lines that it goes on with.
  private mutating func leaf(_ node: Node, column: Int, block: Int, textColumn: Int) {
    guard !isEmpty(node) else { return }
    scan(to: node.range.start, column: column)
    if !node.isAlias, node.style == .literal || node.style == .folded {
      blockScalar(node, column: column, block: block)
    } else {
      text(node, column: column, textColumn: textColumn)
    }
  }

  private mutating func flow(_ node: Node, base: Int, column: Int) {
    let depth = brackets.count
    openBracket(at: node.range.start, base: base, column: column)
    for leaf in leaves(of: node) {
      scan(to: leaf.range.start, column: 0)
      text(leaf, column: flowColumn, textColumn: flowColumn)
    }
    scan(to: node.range.end, column: 0)
    precondition(brackets.count == depth, "brackets of a tree are closed")
  }

  private func leaves(of node: Node) -> [Node] {
    if node.isAlias || node.isScalar { return isEmpty(node) ? [] : [node] }
    if node.isSequence { return node.elements.flatMap { leaves(of: $0) } }
    return node.entries.flatMap { leaves(of: $0.key) + leaves(of: $0.value) }
  }

  /// The column of a line inside brackets.
  private var flowColumn: Int { (brackets.last?.base ?? 0) + 2 }

  mutating func openBracket(at start: Int, base: Int, column: Int) {
    let isFirst = !goesOnLine
    put(.open, SourceRange(start, start + 1), column: column)
    let line = lines.count - 1
    var base = isFirst ? column : base
    // Brackets that open on one line indent once.
    if !isFirst, let outer = brackets.last { base = outer.line == line ? outer.base : outer.base + 2 }
    brackets.append(Bracket(base: base, line: line))
  }

  // MARK: Between nodes

  /// Writes what stands before `end`.
  /// - Parameter column: of a piece that begins a line, outside brackets.
  mutating func scan(to end: Int, column: Int) {
    while let next = step(to: end) {
      let column = brackets.isEmpty ? column : flowColumn
      switch source[next] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): openBracket(at: next, base: column, column: column)
      case UInt8(ascii: "}"), UInt8(ascii: "]"): closeBracket(at: next)
      case UInt8(ascii: ","): put(.comma, SourceRange(next, next + 1), column: column)
      case UInt8(ascii: ":"): put(.colon, SourceRange(next, next + 1), column: column)
      case UInt8(ascii: "?"):
        put(.question, SourceRange(next, next + 1), column: column)
        joinsContent = true
      case UInt8(ascii: "-") where !isMarker(at: next): put(.dash, SourceRange(next, next + 1), column: column)
      case UInt8(ascii: "&"), UInt8(ascii: "!"): put(.property, SourceRange(next, endOfProperty(from: next)), column: column)
      default: put(.marker, SourceRange(next, endOfMarker(from: next)), column: 0)
      }
    }
  }

  private mutating func closeBracket(at start: Int) {
    let bracket = brackets.removeLast()
    if breaks == 0, let last = lines.last?.pieces.last, last.kind == .comma { lines[lines.count - 1].pieces.removeLast() }
    put(.close, SourceRange(start, start + 1), column: bracket.base)
  }

  /// Passes over blanks, line ends and comments, which it takes down.
  /// - Returns: where the next piece begins; nil where there is none before `end`.
  private mutating func step(to end: Int) -> Int? {
    while offset < end {
      switch source[offset] {
      case 0x20, 0x09: offset += 1
      case 0x0A, 0x0D:
        offset += source[offset] == 0x0D && offset + 1 < source.count && source[offset + 1] == 0x0A ? 2 : 1
        breaks += 1
      case UInt8(ascii: "#"): comment()
      default: return offset
      }
    }
    return nil
  }

  private mutating func comment() {
    let start = offset
    while offset < source.count, source[offset] != 0x0A, source[offset] != 0x0D { offset += 1 }
    var end = offset
    while end > start, source[end - 1] == 0x20 || source[end - 1] == 0x09 { end -= 1 }
    let text = file.text(in: SourceRange(start, end))
    comments.append(text)
    if breaks == 0, waiting.isEmpty, !lines.isEmpty {
      lines[lines.count - 1].comment = text
      lines[lines.count - 1].commentColumn = displayColumn(of: start)
    } else {
      waiting.append(
        WaitingComment(text: text, written: column(of: start), isBlankBefore: breaks > 1, isInBrackets: !brackets.isEmpty))
    }
    breaks = 0
  }

  /// Where the next piece begins, comments passed over.
  private func nextSignificant(from start: Int) -> Int? {
    var index = start
    while index < source.count {
      switch source[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      case UInt8(ascii: "#"): while index < source.count, source[index] != 0x0A, source[index] != 0x0D { index += 1 }
      default: return index
      }
    }
    return nil
  }

  private func hasBreak(from start: Int, to end: Int) -> Bool { source[start..<end].contains { $0 == 0x0A || $0 == 0x0D } }

  private func endOfProperty(from start: Int) -> Int {
    var index = start + 1
    while index < source.count, !isBlankOrBreak(source[index]), brackets.isEmpty || !",[]{}".utf8.contains(source[index]) { index += 1 }
    return index
  }

  /// `---` or `...` alone, or a directive with all of its line.
  private func endOfMarker(from start: Int) -> Int {
    if source[start] != UInt8(ascii: "%") { return min(start + 3, source.count) }
    var end = start
    var index = start
    while index < source.count, source[index] != 0x0A, source[index] != 0x0D, source[index] != UInt8(ascii: "#") {
      index += 1
      if !isBlankOrBreak(source[index - 1]) { end = index }
    }
    return end
  }

  private func isMarker(at start: Int) -> Bool {
    source[start...].prefix(3).elementsEqual("---".utf8) && column(of: start) == 0
      && (start + 3 >= source.count || isBlankOrBreak(source[start + 3]))
  }

  /// The column in which a terminal shows an offset, from 0.
  private func displayColumn(of offset: Int) -> Int {
    let line = file.lineRange(file.position(of: offset).line)
    return file.text(in: SourceRange(line.start, offset)).unicodeScalars.reduce(0) { $0 + displayWidth(of: $1) }
  }

  /// Columns from 0, in characters.
  func column(of offset: Int) -> Int { file.position(of: offset).column - 1 }
}

private func isBlankOrBreak(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
