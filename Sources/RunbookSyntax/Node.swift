/// A node of a ``NodeTree``: a light handle. An alias is the node it stands for, under the alias's own range.
public struct Node: Sendable {
  public enum Kind: Sendable, Hashable {
    case scalar
    case mapping
    case sequence
  }

  public let tree: NodeTree
  private let written: Int32
  private let content: Int32

  init(tree: NodeTree, at index: Int32) {
    self.tree = tree
    written = index
    let record = tree.records[Int(index)]
    content = record.kind == .alias ? record.first : index
  }

  var record: NodeRecord { tree.records[Int(content)] }

  /// Which node of the tree this is where it is written: equal for two handles on the same place.
  public var id: Int { Int(written) }

  public var kind: Kind {
    switch record.kind {
    case .mapping: .mapping
    case .sequence: .sequence
    case .scalar: .scalar
    // A record never stands for an alias of an alias: `TreeBuilder` stores the node behind it.
    case .alias: preconditionFailure("an alias points at an alias")
    }
  }

  /// Where it is written; for an alias that is `*name`. Anchors and tags are not part of it, quotes and brackets are.
  public var range: SourceRange {
    let record = tree.records[Int(written)]
    return SourceRange(start: record.start, end: record.end)
  }

  public var place: SourcePlace { SourcePlace(file: tree.file, range: range) }

  /// Where its content is written: differs from ``range`` for an alias.
  public var contentRange: SourceRange { SourceRange(start: record.start, end: record.end) }

  public var isAlias: Bool { written != content }
  public var isScalar: Bool { record.kind == .scalar }
  public var isMapping: Bool { record.kind == .mapping }
  public var isSequence: Bool { record.kind == .sequence }

  /// The tag written before it, if any.
  public var tag: CoreTag? { CoreTag(rawValue: record.tag) }

  /// How a scalar was written; `plain` for a mapping or a list.
  public var style: ScalarStyle { record.style }

  /// A scalar's text, escapes and line folding done; nil for a mapping or a list.
  public var text: String? {
    withText { String(decoding: $0, as: UTF8.self) }
  }

  /// A scalar's text as UTF-8, without making a `String`; nil for a mapping or a list.
  public func withText<Value>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Value) rethrows -> Value? {
    let record = record
    guard record.kind == .scalar else { return nil }
    let range = Int(record.first)..<Int(record.first + record.second)
    if record.isDecoded {
      return try tree.decoded.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
    }
    return try tree.file.bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
  }

  /// Where a scalar's text begins in the file; nil where the text differs from how it is written.
  public var textOffset: Int? {
    let record = record
    return record.kind == .scalar && !record.isDecoded && !record.style.isBlock ? Int(record.first) : nil
  }

  /// Whether it is a scalar with exactly this text, byte for byte.
  public func hasText(_ text: String) -> Bool {
    withText { bytes in
      var text = text
      return text.withUTF8 { $0.count == bytes.count && $0.elementsEqual(bytes) }
    } ?? false
  }

  /// The number of elements of a list or pairs of a mapping; 0 for a scalar.
  public var count: Int {
    switch record.kind {
    case .sequence: Int(record.first)
    case .mapping: Int(record.first) / 2
    case .scalar, .alias: 0
    }
  }

  /// The pairs of a mapping in the order in which they are written; nothing for another node.
  public var entries: Entries { Entries(tree: tree, position: content + 1, left: count(of: .mapping) / 2) }

  /// The elements of a list; nothing for another node.
  public var elements: Elements { Elements(tree: tree, position: content + 1, left: count(of: .sequence)) }

  /// The value under a key of a mapping, found by going through its pairs; nil for another node.
  public subscript(key: String) -> Node? {
    for entry in entries where entry.key.hasText(key) { return entry.value }
    return nil
  }

  private func count(of kind: RecordKind) -> Int32 {
    let record = record
    return record.kind == kind ? record.first : 0
  }

  /// One pair of a mapping.
  public typealias Entry = (key: Node, value: Node)

  public struct Entries: Sequence, IteratorProtocol, Sendable {
    fileprivate let tree: NodeTree
    fileprivate var position: Int32
    fileprivate var left: Int32

    public var underestimatedCount: Int { Int(left) }

    public mutating func next() -> Entry? {
      guard left > 0 else { return nil }
      left -= 1
      let key = Node(tree: tree, at: position)
      let valueIndex = tree.indexAfter(position)
      position = tree.indexAfter(valueIndex)
      return (key, Node(tree: tree, at: valueIndex))
    }
  }

  public struct Elements: Sequence, IteratorProtocol, Sendable {
    fileprivate let tree: NodeTree
    fileprivate var position: Int32
    fileprivate var left: Int32

    public var underestimatedCount: Int { Int(left) }

    public mutating func next() -> Node? {
      guard left > 0 else { return nil }
      left -= 1
      defer { position = tree.indexAfter(position) }
      return Node(tree: tree, at: position)
    }
  }
}

extension NodeTree {
  /// The index of what follows a node and all its descendants.
  func indexAfter(_ index: Int32) -> Int32 {
    let record = records[Int(index)]
    switch record.kind {
    case .mapping, .sequence: return record.second
    case .scalar, .alias: return index + 1
    }
  }
}
