/// What a handle on a node holds of its tree.
public protocol TreeReference {
  init(_ tree: NodeTree)
  var memory: UnsafePointer<TreeMemory> { get }
}

extension TreeReference {
  @inlinable
  func record(at index: Int32) -> NodeRecord { withExtendedLifetime(self) { memory.pointee.records[Int(index)] } }

  /// The index of what follows a node and all its descendants.
  @inlinable
  func indexAfter(_ index: Int32) -> Int32 {
    let record = record(at: index)
    switch record.kind {
    case .mapping, .sequence: return record.second
    case .scalar, .alias: return index + 1
    }
  }
}

/// Keeps the tree.
public struct TreeOwner: TreeReference, Sendable {
  @usableFromInline let tree: NodeTree

  @inlinable
  public init(_ tree: NodeTree) { self.tree = tree }

  @inlinable public var memory: UnsafePointer<TreeMemory> { UnsafePointer(tree.memory) }
}

/// Does not: see ``NodeHandle/borrowed(_:)``. In a debug build, that of the tests, it looks on every use whether the tree is still there.
public struct TreeBorrower: TreeReference {
  #if DEBUG
    private unowned let tree: NodeTree

    public init(_ tree: NodeTree) { self.tree = tree }

    public var memory: UnsafePointer<TreeMemory> { UnsafePointer(tree.memory) }
  #else
    public let memory: UnsafePointer<TreeMemory>

    @inlinable
    public init(_ tree: NodeTree) { memory = UnsafePointer(tree.memory) }
  #endif
}

/// A node of a ``NodeTree``.
public typealias Node = NodeHandle<TreeOwner>

/// A node for whoever goes through a whole tree while somebody else keeps it: handing it on counts no references, which for a large plan would
/// cost as much as all that is read of it.
public typealias BorrowedNode = NodeHandle<TreeBorrower>

public enum NodeKind: Sendable, Hashable {
  case scalar
  case mapping
  case sequence
}

/// A node of a ``NodeTree``: a light handle. An alias is the node it stands for, under the alias's own range.
public struct NodeHandle<Reference: TreeReference> {
  public typealias Kind = NodeKind

  @usableFromInline let reference: Reference
  @usableFromInline let written: Int32
  @usableFromInline let content: Int32

  @inlinable
  init(_ reference: Reference, at index: Int32) {
    self.reference = reference
    written = index
    let record = reference.record(at: index)
    content = record.kind == .alias ? record.first : index
  }

  public var tree: NodeTree { withExtendedLifetime(reference) { reference.memory.pointee.tree } }

  /// Lends the node out. What is made of the handle that `body` gets must not be kept longer than `body` goes on, other than by ``owned``.
  public func borrowed<Value>(_ body: (BorrowedNode) throws -> Value) rethrows -> Value {
    try withExtendedLifetime(self) { try body(BorrowedNode(TreeBorrower(tree), at: written)) }
  }

  /// The same node, by a handle that keeps the tree.
  public var owned: Node { Node(TreeOwner(tree), at: written) }

  @inlinable var record: NodeRecord { reference.record(at: content) }

  /// Which node of the tree this is where it is written: equal for two handles on the same place.
  public var id: Int { Int(written) }

  @inlinable public var kind: Kind {
    switch record.kind {
    case .mapping: .mapping
    case .sequence: .sequence
    case .scalar: .scalar
    // A record never stands for an alias of an alias: `TreeBuilder` stores the node behind it.
    case .alias: preconditionFailure("an alias points at an alias")
    }
  }

  /// Where it is written; for an alias that is `*name`. Anchors and tags are not part of it, quotes and brackets are.
  @inlinable public var range: SourceRange {
    let record = reference.record(at: written)
    return SourceRange(start: record.start, end: record.end)
  }

  public var place: SourcePlace { SourcePlace(file: tree.file, range: range) }

  /// Where its content is written: differs from ``range`` for an alias.
  public var contentRange: SourceRange { SourceRange(start: record.start, end: record.end) }

  @inlinable public var isAlias: Bool { written != content }
  @inlinable public var isScalar: Bool { record.kind == .scalar }
  @inlinable public var isMapping: Bool { record.kind == .mapping }
  @inlinable public var isSequence: Bool { record.kind == .sequence }

  /// The tag written before it, if any.
  public var tag: CoreTag? { CoreTag(rawValue: record.tag) }

  /// How a scalar was written; `plain` for a mapping or a list.
  @inlinable public var style: ScalarStyle { record.style }

  /// A scalar's text, escapes and line folding done; nil for a mapping or a list.
  public var text: String? {
    withText { String(decoding: $0, as: UTF8.self) }
  }

  /// A scalar's text as UTF-8, without making a `String`; nil for a mapping or a list.
  @inlinable
  public func withText<Value>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Value) rethrows -> Value? {
    let record = record
    guard record.kind == .scalar else { return nil }
    return try withExtendedLifetime(reference) {
      let memory = reference.memory
      let texts = record.isDecoded ? memory.pointee.decoded : memory.pointee.source
      return try body(UnsafeBufferPointer(rebasing: texts[Int(record.first)..<Int(record.first + record.second)]))
    }
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
  @inlinable public var count: Int {
    switch record.kind {
    case .sequence: Int(record.first)
    case .mapping: Int(record.first) / 2
    case .scalar, .alias: 0
    }
  }

  /// The pairs of a mapping in the order in which they are written; nothing for another node.
  @inlinable public var entries: Entries { Entries(parts(of: .mapping)) }

  /// The elements of a list; nothing for another node.
  @inlinable public var elements: Elements { parts(of: .sequence) }

  /// The value under a key of a mapping, found by going through its pairs; nil for another node.
  public subscript(key: String) -> NodeHandle? {
    for entry in entries where entry.key.hasText(key) { return entry.value }
    return nil
  }

  /// The nodes right under one of that kind; nothing under another.
  @inlinable
  func parts(of kind: RecordKind) -> Elements {
    let record = record
    return Elements(reference: reference, position: content + 1, left: record.kind == kind ? record.first : 0)
  }

  /// One pair of a mapping.
  public typealias Entry = (key: NodeHandle, value: NodeHandle)

  public struct Entries: Sequence, IteratorProtocol {
    /// Keys and values by turns, as they lie in the tree.
    @usableFromInline var parts: Elements

    @inlinable
    init(_ parts: Elements) { self.parts = parts }

    public var underestimatedCount: Int { parts.underestimatedCount / 2 }

    @inlinable
    public mutating func next() -> Entry? {
      guard let key = parts.next(), let value = parts.next() else { return nil }
      return (key, value)
    }
  }

  public struct Elements: Sequence, IteratorProtocol {
    @usableFromInline let reference: Reference
    @usableFromInline var position: Int32
    @usableFromInline var left: Int32

    @inlinable
    init(reference: Reference, position: Int32, left: Int32) {
      (self.reference, self.position, self.left) = (reference, position, left)
    }

    public var underestimatedCount: Int { Int(left) }

    @inlinable
    public mutating func next() -> NodeHandle? {
      guard left > 0 else { return nil }
      left -= 1
      defer { position = reference.indexAfter(position) }
      return NodeHandle(reference, at: position)
    }
  }
}

extension NodeHandle: Sendable where Reference: Sendable {}
extension NodeHandle.Entries: Sendable where Reference: Sendable {}
extension NodeHandle.Elements: Sendable where Reference: Sendable {}
