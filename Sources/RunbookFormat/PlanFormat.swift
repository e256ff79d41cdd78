import RunbookSyntax

/// The canonical text of a file.
public struct FormattedText: Sendable, Hashable {
  /// UTF-8, lines ended by LF, the last one too.
  public let bytes: [UInt8]
  /// Every comment as it is written, in order of place, so that a caller can assert that none was lost.
  public let comments: [String]

  public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The one form in which plans are laid out.
///
/// Two spaces a level, lists below their key indented like everything else, `{ a: b }` and `[ a, b ]`, one space behind `:` and `-`, two before a
/// comment, at most one empty line, none behind what opens a block. What a person decides stays: the order of keys, where lines break, block or
/// brackets, plain text or quotes, anchors, comments. Where somebody began to align values of neighbouring lines in a column, the column is kept
/// and made straight; comments in one column stay in one.
public enum PlanFormat {
  /// The canonical text of a file that was read without errors.
  public static func format(_ tree: NodeTree) -> FormattedText {
    var walk = LayoutWalk(tree)
    walk.run()
    var lines = walk.lines
    LayoutTables.align(&lines)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tree.file.bytes.count + 64)
    for (index, line) in lines.enumerated() {
      if line.isBlankBefore, index > 0 { bytes.append(0x0A) }
      line.append(to: &bytes)
      bytes.append(0x0A)
    }
    if walk.endsInsideText, bytes.last == 0x0A { bytes.removeLast() }
    return FormattedText(bytes: bytes, comments: walk.comments)
  }

  /// Whether two trees say the same, `x-` keys, quoting, tags and aliases included: what formatting must not change.
  public static func isSame(_ left: NodeTree, _ right: NodeTree) -> Bool {
    left.nodeCount == right.nodeCount && isSame(left.root, right.root)
  }

  private static func isSame(_ left: Node, _ right: Node) -> Bool {
    guard left.isAlias == right.isAlias, left.kind == right.kind, left.tag == right.tag, left.count == right.count else { return false }
    // What an alias stands for is compared where it is written.
    if left.isAlias { return left.place.file.text(in: left.range) == right.place.file.text(in: right.range) }
    switch left.kind {
    case .scalar: return (left.style == .plain) == (right.style == .plain) && left.text == right.text
    case .sequence: return zip(left.elements, right.elements).allSatisfy { isSame($0, $1) }
    case .mapping: return zip(left.entries, right.entries).allSatisfy { isSame($0.key, $1.key) && isSame($0.value, $1.value) }
    }
  }
}
