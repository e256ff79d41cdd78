import RunbookSyntax

/// Finds `${{ … }}` in text.
enum TemplateText {
  /// Whether there is one that is not written `$${{`.
  static func hasReference(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { hasReference($0) }
  }

  static func hasReference(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = 0
    while let found = next(in: bytes, from: index) {
      if !isEscaped(bytes, found) { return true }
      index = found + 3
    }
    return false
  }

  /// Where the next `${{` begins.
  static func next(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var index = start
    while index + 2 < bytes.count {
      if bytes[index] == UInt8(ascii: "$"), bytes[index + 1] == UInt8(ascii: "{"), bytes[index + 2] == UInt8(ascii: "{") { return index }
      index += 1
    }
    return nil
  }

  static func isEscaped(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    index > 0 && bytes[index - 1] == UInt8(ascii: "$")
  }

  /// Where `}}` begins, quotes skipped; nil where it never comes.
  static func end(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var index = start
    var isQuoted = false
    while index + 1 < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "}") {
        if !isQuoted, bytes[index + 1] == UInt8(ascii: "}") { return index }
      } else if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      }
      index += 1
    }
    return nil
  }
}

extension PlanReader {
  /// Where a value stands, as far as it decides what may be written in it.
  struct TemplateUse {
    var allowsSecrets = false
    var depth = 0
    static let plain = TemplateUse()
    static let target = TemplateUse(allowsSecrets: true)
  }

  /// A value with its references taken apart.
  mutating func template(_ node: Node, _ use: TemplateUse = .plain) -> Template {
    switch node.kind {
    case .scalar:
      return scalarTemplate(node, use)
    case .sequence:
      var items: [Template] = []
      items.reserveCapacity(node.count)
      for element in node.elements { items.append(template(element, use)) }
      return Template(.list(items), range: node.range)
    case .mapping:
      return Template(.map(entries(node, use)), range: node.range)
    }
  }

  /// The entries of a mapping whose keys are the user's or an action's.
  mutating func entries(_ node: Node, _ use: TemplateUse = .plain) -> [TemplateEntry] {
    var entries: [TemplateEntry] = []
    entries.reserveCapacity(node.count)
    for entry in node.entries {
      guard let key = entry.key.text else { continue }
      if key.utf8.first == UInt8(ascii: "x"), key.hasPrefix("x-") { continue }
      if key.utf8.count > 1000 { report(.keyTooLong, "a key has at most 1000 bytes", at: entry.key.range) }
      if key.utf8.contains(UInt8(ascii: "$")), TemplateText.hasReference(key) {
        report(.referenceNotHere, "a reference cannot stand in a key", at: entry.key.range, help: "references stand in values only")
      }
      var inner = use
      switch key.utf8.count {
      case 3, 7: if key == "env" || key == "headers" { inner.allowsSecrets = true }
      default: break
      }
      entries.append(TemplateEntry(key: key, keyRange: entry.key.range, value: template(entry.value, inner)))
    }
    return entries
  }

  private mutating func scalarTemplate(_ node: Node, _ use: TemplateUse) -> Template {
    let referring = node.withText { bytes in
      TemplateText.next(in: bytes, from: 0).map { referenceTemplate(node, bytes, first: $0, use) }
    }
    if case .some(.some(let template)) = referring { return template }
    return Template(.scalar(Scalar(text: node.text ?? "", isPlain: isPlain(node))), range: node.range)
  }

  /// Whether the scalar's text may stand for another type than text.
  private func isPlain(_ node: Node) -> Bool {
    switch node.tag {
    case nil: node.style == .plain
    case .string: false
    default: true
    }
  }

  private mutating func referenceTemplate(_ node: Node, _ bytes: UnsafeBufferPointer<UInt8>, first: Int, _ use: TemplateUse) -> Template {
    // Most are one reference and nothing else.
    if first == 0, let end = TemplateText.end(in: bytes, from: 3), end + 2 == bytes.count {
      let reference = reference(bytes[3..<end], sourceRange(of: 0, from: 0, to: end + 2, in: node), use)
      return Template(reference.map { .reference($0) } ?? .scalar(Scalar(text: "", isPlain: false)), range: node.range)
    }
    let pieces = referencePieces(node, bytes, use)
    if pieces.count == 1, case .reference(let reference) = pieces[0] { return Template(.reference(reference), range: node.range) }
    var plain = ""
    for piece in pieces {
      guard case .text(let part) = piece else { return Template(.interpolation(pieces), range: node.range) }
      plain += part
    }
    return Template(.scalar(Scalar(text: plain, isPlain: false)), range: node.range)
  }

  private mutating func referencePieces(_ node: Node, _ bytes: UnsafeBufferPointer<UInt8>, _ use: TemplateUse) -> [Piece] {
    var pieces: [Piece] = []
    pieces.reserveCapacity(2)
    var pending = ""
    var index = 0
    var number = 0
    while let start = TemplateText.next(in: bytes, from: index) {
      defer { number += 1 }
      if TemplateText.isEscaped(bytes, start) {
        // `$${{` is `${{` as text: the first dollar goes.
        pending += String(decoding: bytes[index..<(start - 1)], as: UTF8.self) + "${{"
        index = start + 3
        continue
      }
      pending += String(decoding: bytes[index..<start], as: UTF8.self)
      let end = TemplateText.end(in: bytes, from: start + 3)
      let range = sourceRange(of: number, from: start, to: end.map { $0 + 2 } ?? start + 3, in: node)
      guard let end else {
        report(SyntaxCode.badReference, "a reference is not closed", at: range, help: "end it with }}, or write $${{ for the text itself")
        index = bytes.count
        break
      }
      if !pending.isEmpty { pieces.append(.text(pending)) }
      pending = ""
      if let reference = reference(bytes[(start + 3)..<end], range, use) { pieces.append(.reference(reference)) }
      index = end + 2
    }
    pending += String(decoding: bytes[index...], as: UTF8.self)
    if !pending.isEmpty || pieces.isEmpty { pieces.append(.text(pending)) }
    return pieces
  }

  private mutating func reference(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ range: SourceRange, _ use: TemplateUse) -> Reference? {
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x09 }
    var trimmed = bytes.drop(while: isBlank)
    while let last = trimmed.last, isBlank(last) { trimmed.removeLast() }
    let text = String(decoding: UnsafeBufferPointer(rebasing: trimmed), as: UTF8.self)
    do {
      let reference = try parsedReference(text, range)
      if reference.root == .secrets, !use.allowsSecrets {
        report(
          .secretNotHere, "a secret cannot be used here", at: range,
          help: "secrets may stand only in 'targets', 'env' and 'headers', so that they are never stored")
      }
      checkDeclaration(of: reference)
      return reference
    } catch {
      report(SyntaxCode.badReference, error.message, at: range, help: error.help)
      return nil
    }
  }

  /// References to params are few, and each stands in a plan many times; those to what happens in it are nearly all different.
  private mutating func parsedReference(_ text: String, _ range: SourceRange) throws(ReferenceMistake) -> Reference {
    guard text.hasPrefix("params.") else { return try Reference.parse(text, range: range) }
    if var known = parsedReferences[text] {
      known.range = range
      return known
    }
    let reference = try Reference.parse(text, range: range)
    parsedReferences[text] = reference
    return reference
  }

  /// Params and secrets may be used anywhere, so they are looked up at once; of other references the order is looked at when all is read.
  private mutating func checkDeclaration(of reference: Reference) {
    let name = reference.path[0]
    let isKnown: Bool
    switch reference.root {
    case .params: isKnown = params[name] != nil
    case .secrets: isKnown = isFragment || secrets.contains(name)
    case .metadata:
      if name == "title", !hasTitle {
        report(.missingValue, "the plan has no title", at: reference.range, help: "add 'title:' under 'metadata'")
      }
      isKnown = true
    case .run: isKnown = true
    case .steps, .checks, .captured, .baselines, .phases, .triggers, .sample:
      dependsOnOrder = true
      eventReferences += 1
      isKnown = true
    }
    if isKnown { return }
    let isParam = reference.root == .params
    let meant = nearest(to: name, among: isParam ? params.keys.sorted() : secrets)
    report(
      .unknownName, "no \(isParam ? "param" : "secret") is called '\(name)'", at: reference.range,
      help: meant.map { "did you mean '\($0)'?" } ?? "declare it under '\(isParam ? "params" : "secrets")'")
  }

  /// The place of the n-th `${{` of a scalar, which stands in these bytes of its text. Its written form differs from its text by escapes and folding, but not in these marks, unless
  /// they are written with escapes themselves: then the whole scalar is the place.
  private func sourceRange(of number: Int, from start: Int, to end: Int, in node: Node) -> SourceRange {
    if node.isAlias { return node.range }
    if let text = node.textOffset { return SourceRange(text + start, text + end) }
    let written = node.range
    return file.bytes[written.start..<written.end].withUnsafeBufferPointer { bytes in
      var index = 0
      var left = number
      while let start = TemplateText.next(in: bytes, from: index) {
        if left == 0 {
          let end = TemplateText.end(in: bytes, from: start + 3).map { $0 + 2 } ?? start + 3
          return SourceRange(written.start + start, written.start + end)
        }
        left -= 1
        index = start + 3
      }
      return written
    }
  }
}
