/// Builds the arena of a ``NodeTree`` from libyaml's events and finds what YAML allows but a plan does not.
struct TreeBuilder: EventSink {
  private struct Frame {
    var index: Int32
    var isFlow: Bool
    var childCount: Int32 = 0
    /// Where the last child ended: where a block collection ends too, since libyaml puts its end at the next token.
    var lastEnd: Int32
    /// Levels of collections below this one.
    var height = 0
    /// `reached` when this collection began.
    var reachedBefore: Int
    /// Whether its name is the last one of `openAnchors`.
    var hasAnchor: Bool
  }

  struct Anchor {
    var index: Int32
    /// Nodes below and with it, aliases followed; nil while it is still open.
    var size: Int?
    var height = 0
  }

  /// Mistakes after which reading ends: nobody reads more, and a hostile file shall not fill the memory with them.
  private static let mistakeLimit = 500

  let file: SourceFile
  let source: UnsafeBufferPointer<UInt8>
  private let limits: SyntaxLimits
  var records: ContiguousArray<NodeRecord> = []
  var decoded: ContiguousArray<UInt8> = []
  /// The collection that is open innermost; the file itself where none is.
  private var frame = Frame(index: -1, isFlow: false, lastEnd: 0, reachedBefore: 0, hasAnchor: false)
  /// Those around it, the file first.
  private var outerFrames: [Frame] = []
  var anchors: [String: Anchor] = [:]
  /// The anchors of the collections that are open, the innermost last.
  private var openAnchors: [String] = []
  /// Nodes so far, aliases followed.
  private var reached = 0
  private var aliased = 0
  private var documents = 0
  private(set) var diagnostics: [Diagnostic] = []
  /// Whether reading was ended by a diagnostic that makes the rest worthless.
  private(set) var isAborted = false

  /// - Parameter source: the bytes of `file`, borrowed for as long as the builder is used.
  init(file: SourceFile, source: UnsafeBufferPointer<UInt8>, limits: SyntaxLimits) {
    self.file = file
    self.source = source
    self.limits = limits
    records.reserveCapacity(source.count / 8 + 16)
  }

  /// The finished tree; nil where there was no document.
  func makeTree() -> NodeTree? {
    records.isEmpty || isAborted ? nil : NodeTree(file: file, records: records, decoded: decoded)
  }

  /// The last node read, where that is a scalar.
  var lastScalar: (range: SourceRange, style: ScalarStyle)? {
    guard let last = records.last, last.kind == .scalar else { return nil }
    return (SourceRange(start: last.start, end: last.end), last.style)
  }

  /// Where the innermost flow collection that is still open begins.
  var openBracket: Int? {
    let starts = ([frame] + outerFrames.reversed()).lazy.filter(\.isFlow).map { Int(records[Int($0.index)].start) }
    return starts.first { isFlowIndicator(source[$0]) }
  }

  // MARK: Events

  mutating func documentStart(_ span: EventSpan) -> Bool {
    documents += 1
    guard documents > 1 else { return true }
    let end = span.end > span.start ? span.end : span.start + 1
    return abort(
      .documentCount, "a second document begins here; a file holds one", SourceRange(span.start, end),
      help: "remove the '---', or move what follows into a file of its own")
  }

  mutating func scalar(
    _ span: EventSpan, _ properties: NodeProperties, style: ScalarStyle, text: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    var record = NodeRecord(
      start: Int32(truncatingIfNeeded: span.start), end: Int32(truncatingIfNeeded: span.end), first: 0,
      second: Int32(truncatingIfNeeded: text.count), kind: .scalar, style: style, tag: 0, isDecoded: false)
    if !properties.isEmpty {
      record.start = Int32(skipProperties(from: span.start, to: span.end))
      record.tag = coreTag(properties.tag, for: .scalar, at: span)
    }
    switch style {
    case .plain: record.first = record.start
    case .singleQuoted, .doubleQuoted: record.first = record.start + 1
    case .literal, .folded: record.end = endOfBlockScalar(record)
    }
    let quotes: Int32 = style == .plain ? 0 : 2
    if record.end - record.start - quotes != record.second || !source.holds(text, at: Int(record.first)) {
      record.isDecoded = true
      record.first = Int32(decoded.count)
      decoded.append(contentsOf: text)
      if style == .plain { checkContinuation(record) }
    }
    if style == .plain, span.end + 1 < source.count, source[span.end + 1] == UInt8(ascii: "#"), source[span.end] == 0x20 {
      checkCut(record)
    }
    if style == .singleQuoted || style == .doubleQuoted { checkGluedComment(at: Int(record.end)) }
    let index = Int32(records.count)
    guard add(record) else { return false }
    if !properties.isEmpty, let anchor = properties.anchor { define(anchor, Anchor(index: index, size: 1), at: span) }
    return !isAborted
  }

  mutating func alias(_ span: EventSpan, name: String) -> Bool {
    let range = SourceRange(span.start, span.end)
    guard let anchor = anchors[name] else {
      report(
        .alias, "alias '*\(name)' has no anchor '&\(name)' before it", range,
        help: nearest(to: name, among: anchors.keys.sorted()).map { "did you mean '*\($0)'?" }
          ?? "an anchor must stand in the same file, above its aliases; text that begins with '*' needs quotes")
      return addBrokenAlias(span)
    }
    guard let size = anchor.size else {
      report(.alias, "alias '*\(name)' stands inside its own anchor and would never end", range, notes: note(anchor))
      return addBrokenAlias(span)
    }
    reached += size - 1
    aliased += size
    if aliased > limits.aliasedNodes {
      return abort(
        .alias, "aliases expand to more than \(limits.aliasedNodes) nodes", range, help: "write the repeated parts out, or repeat less")
    }
    if outerFrames.count + anchor.height > limits.depth { return tooDeep(range) }
    let record = NodeRecord(
      start: Int32(truncatingIfNeeded: span.start), end: Int32(truncatingIfNeeded: span.end), first: anchor.index, second: 0,
      kind: .alias, style: .plain, tag: 0, isDecoded: false)
    guard add(record) else { return false }
    frame.height = max(frame.height, anchor.height)
    return true
  }

  mutating func collectionStart(_ span: EventSpan, _ properties: NodeProperties, kind: RecordKind, isFlow: Bool) -> Bool {
    var record = NodeRecord(
      start: Int32(truncatingIfNeeded: span.start), end: Int32(truncatingIfNeeded: span.end), first: 0, second: 0, kind: kind,
      style: .plain, tag: 0, isDecoded: false)
    if !properties.isEmpty {
      record.start = Int32(skipProperties(from: span.start, to: source.count))
      record.tag = coreTag(properties.tag, for: kind, at: span)
    }
    if outerFrames.count >= limits.depth { return tooDeep(SourceRange(Int(record.start), Int(record.start) + 1)) }
    let index = Int32(records.count)
    let before = reached
    guard add(record) else { return false }
    outerFrames.append(frame)
    frame = Frame(index: index, isFlow: isFlow, lastEnd: record.start, reachedBefore: before, hasAnchor: false)
    if !properties.isEmpty, let anchor = properties.anchor {
      frame.hasAnchor = true
      openAnchors.append(anchor)
      define(anchor, Anchor(index: index, size: nil), at: span)
    }
    return true
  }

  mutating func collectionEnd(_ span: EventSpan) -> Bool {
    let ended = frame
    frame = outerFrames.removeLast()
    let index = Int(ended.index)
    // A pair inside `[ ]` is a mapping without brackets of its own: its end has no length.
    let end = ended.isFlow && span.end > span.start ? Int32(truncatingIfNeeded: span.end) : ended.lastEnd
    if ended.isFlow { checkGluedComment(at: Int(end)) }
    var record = records[index]
    record.end = end
    record.first = ended.childCount
    record.second = Int32(records.count)
    records[index] = record
    if record.kind == .mapping { checkKeys(index, count: Int(ended.childCount) / 2) }
    if ended.hasAnchor, let anchor = openAnchors.popLast(), anchors[anchor]?.index == ended.index {
      anchors[anchor] = Anchor(index: ended.index, size: reached - ended.reachedBefore, height: ended.height + 1)
    }
    frame.lastEnd = max(frame.lastEnd, end)
    frame.height = max(frame.height, ended.height + 1)
    return !isAborted
  }

  /// Ends what is still open after the reading was given up, so that the keys seen so far are checked too.
  mutating func closeOpenCollections() {
    while !outerFrames.isEmpty {
      _ = collectionEnd(EventSpan(start: Int(frame.lastEnd), end: Int(frame.lastEnd)))
    }
  }

  /// Stands in for an alias that was reported, as the text that is written, so that reading can go on.
  private mutating func addBrokenAlias(_ span: EventSpan) -> Bool {
    let (start, end) = (Int32(truncatingIfNeeded: span.start), Int32(truncatingIfNeeded: span.end))
    return add(
      NodeRecord(start: start, end: end, first: start, second: end - start, kind: .scalar, style: .plain, tag: 0, isDecoded: false))
  }

  // MARK: Records

  @inline(__always)
  private mutating func add(_ record: NodeRecord) -> Bool {
    if records.count >= limits.nodes {
      return abort(
        .limit, "the file has more than \(limits.nodes) values", SourceRange(start: record.start, end: record.end),
        help: "split the plan, or keep data out of it")
    }
    records.append(record)
    reached += 1
    frame.childCount += 1
    frame.lastEnd = max(frame.lastEnd, record.end)
    return true
  }

  /// Where the node itself begins behind its anchor and tag.
  private func skipProperties(from start: Int, to end: Int) -> Int {
    var index = start
    while index < end, source[index] == UInt8(ascii: "&") || source[index] == UInt8(ascii: "!") {
      let propertyStart = index
      while index < end, !isBlankOrBreak(source[index]), !(index > propertyStart && isFlowIndicator(source[index])) { index += 1 }
      let propertyEnd = index
      while index < end {
        if isBlankOrBreak(source[index]) {
          index += 1
        } else if source[index] == UInt8(ascii: "#"), index > propertyEnd {
          while index < end, source[index] != 0x0A, source[index] != 0x0D { index += 1 }
        } else {
          break
        }
      }
      if index >= end { return propertyEnd }
    }
    return index
  }

  /// libyaml lets a block scalar reach to the next token; it ends with its last line that has text.
  private func endOfBlockScalar(_ record: NodeRecord) -> Int32 {
    var end = record.end
    while end > record.start + 1, isBlankOrBreak(source[Int(end) - 1]) { end -= 1 }
    return end
  }

  // MARK: Reports

  private mutating func tooDeep(_ range: SourceRange) -> Bool {
    abort(.limit, "more than \(limits.depth) levels inside one another", range, help: "make it flatter")
  }

  mutating func report(
    _ code: SyntaxCode, _ message: String, _ range: SourceRange, notes: [DiagnosticNote] = [], help: String? = nil
  ) {
    report(Diagnostic(code, message, at: SourcePlace(file: file, range: range), notes: notes, help: help))
  }

  mutating func report(_ diagnostic: Diagnostic) {
    if diagnostics.count < Self.mistakeLimit {
      diagnostics.append(diagnostic)
    } else if !isAborted {
      isAborted = true
      diagnostics.append(
        Diagnostic(SyntaxCode.limit, "more than \(Self.mistakeLimit) mistakes; reading ends here", at: diagnostic.place))
    }
  }

  private mutating func abort(
    _ code: SyntaxCode, _ message: String, _ range: SourceRange, notes: [DiagnosticNote] = [], help: String? = nil
  ) -> Bool {
    report(code, message, range, notes: notes, help: help)
    isAborted = true
    return false
  }
}

/// Whether a byte is a space, a tab or (part of) a line end.
func isBlankOrBreak(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

private func isFlowIndicator(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: ",") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "{")
    || byte == UInt8(ascii: "}")
}
