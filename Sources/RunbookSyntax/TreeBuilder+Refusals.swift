/// What YAML allows and a plan does not have, and what it reads otherwise than its author meant.
extension TreeBuilder {
  mutating func define(_ name: String, _ anchor: Anchor, at span: EventSpan) {
    if let first = anchors[name] {
      report(
        .alias, "anchor '&\(name)' is defined twice", SourceRange(span.start, span.start + 1 + name.utf8.count), notes: note(first))
    }
    anchors[name] = anchor
    // libyaml ends the name at the first character that it does not take and reads the rest as the value.
    var start = span.start
    while start < source.count, source[start] != UInt8(ascii: "&") { start += 1 }
    let end = start + 1 + name.utf8.count
    guard end < source.count, !isBlankOrBreak(source[end]), !",[]{}".utf8.contains(source[end]) else { return }
    let line = SourceLine(file, at: start)
    report(
      .alias, "the name of an anchor has letters, digits, '-' and '_' only", SourceRange(start, max(end, line.textEnd(from: start))),
      help: "put a space behind the name, or the value in quotes if text is meant")
  }

  /// A `#` right behind a quote or bracket, which libyaml takes for a comment all the same.
  @inline(__always)
  mutating func checkGluedComment(at end: Int) {
    guard end < source.count, source[end] == UInt8(ascii: "#") else { return }
    report(
      Diagnostic(
        SyntaxCode.cutByComment, "the space before '#' is missing", at: SourcePlace(file: file, range: SourceRange(end, end + 1)),
        help: "put a space before a comment, or all of the value in one pair of quotes",
        fixedLine: SourceLine(file, at: end).replacing([(SourceRange(end, end), " ")])))
  }

  func note(_ anchor: Anchor) -> [DiagnosticNote] {
    let record = records[Int(anchor.index)]
    let line = file.lineRange(file.position(of: Int(record.start)).line)
    let end = record.end > record.start ? min(Int(record.end), line.end) : Int(record.start) + 1
    return [DiagnosticNote("its anchor is here", at: SourcePlace(file: file, range: SourceRange(Int(record.start), end)))]
  }

  mutating func coreTag(_ tag: String?, for kind: RecordKind, at span: EventSpan) -> UInt8 {
    guard let tag else { return 0 }
    if let core = CoreTag(tag, on: kind) { return core.rawValue }
    var start = span.start
    if source[start] == UInt8(ascii: "&") {
      while start < source.count, source[start] != UInt8(ascii: "!") { start += 1 }
    }
    report(.unknownTag(in: file, at: start, isScalar: kind == .scalar))
    return 0
  }

  mutating func checkCut(_ record: NodeRecord) {
    if let diagnostic = Diagnostic.cutText(in: file, SourceRange(start: record.start, end: record.end)) { report(diagnostic) }
  }

  /// A line that goes on with a plain text and begins with `- `: YAML adds it to the text, its author meant a list item.
  mutating func checkContinuation(_ record: NodeRecord) {
    var offset = Int(record.start)
    while offset < Int(record.end) {
      defer { offset += 1 }
      guard source[offset] == 0x0A || source[offset] == 0x0D else { continue }
      let line = SourceLine(file, at: offset + 1)
      guard line.range.start > offset, line.itemStart > line.contentStart, line.contentStart < Int(record.end) else { continue }
      let first = SourceLine(file, at: Int(record.start))
      let note = DiagnosticNote(
        "the text begins here", at: SourcePlace(file: file, range: SourceRange(Int(record.start), max(Int(record.start), first.contentEnd)))
      )
      let isBesideItem = first.itemStart > first.contentStart
      report(
        Diagnostic(
          SyntaxCode.indentation, "this line goes on with the text above it; it is no list item",
          at: SourcePlace(file: file, range: SourceRange(line.contentStart, line.contentEnd)), notes: [note],
          help: isBesideItem
            ? "indent it like the item above; a text of several lines is written with '|' or in quotes"
            : "a list may not follow a text; write a text of several lines with '|' or in quotes",
          fixedLine: isBesideItem ? line.indented(by: first.indentation) : nil))
      return
    }
  }

  mutating func checkKeys(_ mapping: Int, count: Int) {
    var seen: [Int: Int] = [:]
    var index = mapping + 1
    for _ in 0..<count {
      let written = index
      let key = content(of: index)
      index = after(after(index))
      if index - written == 2, let colon = gluedColon(key: written, value: written + 1) {
        report(.missingSpace(in: file, colon: colon))
      }
      guard records[key].kind == .scalar else {
        reportCollectionKey(written, in: mapping)
        continue
      }
      if isMergeKey(key) {
        report(
          .mergeKey, "merge keys '<<' are not supported", range(of: written),
          help: "write the keys out; plain anchors and aliases ('&name', '*name') work for whole values")
        continue
      }
      var first: Int?
      if count <= 16 {
        first = sameKey(as: key, from: mapping + 1, to: written)
      } else {
        let hash = hash(of: key)
        if let other = seen[hash] { first = isSameText(other, key) ? other : nil } else { seen[hash] = written }
      }
      if let first { reportDuplicate(written, of: first) }
    }
  }

  /// A list or mapping as a key: `{{ name }}` is a reference as other tools write it.
  private mutating func reportCollectionKey(_ key: Int, in mapping: Int) {
    let outer = range(of: mapping)
    let line = SourceLine(file, at: outer.start)
    let inner = range(of: key)
    guard records[key].kind == .mapping, inner.start == outer.start + 1, inner.end + 1 == outer.end, outer.end <= line.range.end else {
      return report(.keyNotText, "a key must be text, not a list or a mapping", inner, help: "put it in quotes if text is meant")
    }
    report(
      Diagnostic(
        SyntaxCode.unquotedReference, "a reference is written '${{ }}', in quotes where it begins a value",
        at: SourcePlace(file: file, range: outer), help: "write it with '$' and in quotes",
        fixedLine: line.replacing([(outer, "\"$" + file.text(in: outer) + "\"")])))
  }

  private mutating func reportDuplicate(_ written: Int, of first: Int) {
    let note = DiagnosticNote("first defined here", at: SourcePlace(file: file, range: range(of: first)))
    let text = text(of: content(of: written)) { String(decoding: $0, as: UTF8.self) }
    report(
      .duplicateKey, "key '\(text)' is defined twice", range(of: written), notes: [note],
      help: "remove one of the two, or rename it")
  }

  /// The colon of `{ key:value }`, which YAML takes for a key of that name without a value.
  private func gluedColon(key: Int, value: Int) -> Int? {
    let (key, value) = (records[key], records[value])
    guard value.kind == .scalar, value.start == value.end, key.kind == .scalar, key.style == .plain, !key.isDecoded,
      let colon = source[Int(key.start)..<Int(key.end)].firstIndex(of: UInt8(ascii: ":")), colon > key.start, colon + 1 < key.end
    else { return nil }
    return source[colon + 1] == UInt8(ascii: "/") || source[colon + 1] == UInt8(ascii: ":") ? nil : colon
  }

  /// The node itself, or the one that an alias stands for.
  @inline(__always)
  private func content(of index: Int) -> Int { records[index].kind == .alias ? Int(records[index].first) : index }

  @inline(__always)
  private func after(_ index: Int) -> Int {
    switch records[index].kind {
    case .mapping, .sequence: Int(records[index].second)
    case .scalar, .alias: index + 1
    }
  }

  private func range(of index: Int) -> SourceRange {
    SourceRange(start: records[index].start, end: records[index].end)
  }

  private func isMergeKey(_ key: Int) -> Bool {
    records[key].style == .plain && records[key].second == 2 && text(of: key) { $0[0] == 0x3C && $0[1] == 0x3C }
  }

  @inline(__always)
  func text<Value>(of index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
    let record = records[index]
    let range = Int(record.first)..<Int(record.first + record.second)
    if record.isDecoded { return decoded.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) } }
    return body(UnsafeBufferPointer(rebasing: source[range]))
  }

  private func isSameText(_ written: Int, _ key: Int) -> Bool {
    let other = content(of: written)
    guard records[other].second == records[key].second else { return false }
    return text(of: other) { left in text(of: key) { right in left.holds(right, at: 0) } }
  }

  /// The key of the same text among those from `start` up to `end`, where the mapping is so small that going through it is quick.
  private func sameKey(as key: Int, from start: Int, to end: Int) -> Int? {
    var index = start
    while index < end {
      let other = content(of: index)
      if records[other].kind == .scalar, isSameText(other, key), !isMergeKey(other) { return index }
      index = after(after(index))
    }
    return nil
  }

  private func hash(of key: Int) -> Int {
    var hasher = Hasher()
    text(of: key) { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    return hasher.finalize()
  }
}
