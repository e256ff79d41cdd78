/// How a scalar was written.
public enum ScalarStyle: UInt8, Sendable, Hashable {
  case plain
  case singleQuoted
  case doubleQuoted
  /// `|`
  case literal
  /// `>`
  case folded

  var isBlock: Bool { self == .literal || self == .folded }
}

/// The tags that may be written out; every other one is refused.
public enum CoreTag: UInt8, Sendable, Hashable {
  case string = 1
  case integer
  case float
  case boolean
  case null
  case mapping
  case sequence
}

extension CoreTag {
  /// The tag of that name (prefix resolved), where it fits the kind of node.
  init?(_ name: String, on kind: RecordKind) {
    switch (name, kind) {
    case ("tag:yaml.org,2002:str", .scalar): self = .string
    case ("tag:yaml.org,2002:int", .scalar): self = .integer
    case ("tag:yaml.org,2002:float", .scalar): self = .float
    case ("tag:yaml.org,2002:bool", .scalar): self = .boolean
    case ("tag:yaml.org,2002:null", .scalar): self = .null
    case ("tag:yaml.org,2002:map", .mapping): self = .mapping
    case ("tag:yaml.org,2002:seq", .sequence): self = .sequence
    default: return nil
    }
  }
}

@usableFromInline
enum RecordKind: UInt8, Sendable {
  case scalar
  case mapping
  case sequence
  case alias
}

/// One node in twenty bytes. Children follow their parent at once, so a tree is one array and no pointers.
@usableFromInline
struct NodeRecord: Sendable {
  @usableFromInline var start: Int32
  @usableFromInline var end: Int32
  /// Scalar: where its text begins. Mapping, sequence: the number of child nodes. Alias: the node it stands for.
  @usableFromInline var first: Int32
  /// Scalar: length of its text. Mapping, sequence: the index after the last descendant.
  @usableFromInline var second: Int32
  @usableFromInline var kind: RecordKind
  @usableFromInline var style: ScalarStyle
  /// Raw value of ``CoreTag``, 0 for none.
  var tag: UInt8
  /// Whether the text lies in the tree's own buffer, because it differs from how it is written.
  @usableFromInline var isDecoded: Bool
}

/// All nodes of one file. Made by ``parse(_:limits:)``, never changed.
public final class NodeTree: Sendable {
  public let file: SourceFile
  let records: ContiguousArray<NodeRecord>
  let decoded: ContiguousArray<UInt8>
  /// Where handles find all this without asking the tree.
  @usableFromInline nonisolated(unsafe) let memory: UnsafeMutablePointer<TreeMemory>

  init(file: SourceFile, records: ContiguousArray<NodeRecord>, decoded: ContiguousArray<UInt8>) {
    precondition(!records.isEmpty, "a tree has at least its root")
    self.file = file
    self.records = records
    self.decoded = decoded
    memory = .allocate(capacity: 1)
    memory.initialize(to: TreeMemory(self))
  }

  deinit { memory.deallocate() }

  /// The one document of the file.
  public var root: Node { Node(TreeOwner(self), at: 0) }
  /// How many nodes are written in the file; what an alias stands for is not counted again.
  public var nodeCount: Int { records.count }
}

/// Where the parts of a tree lie. The arrays are never changed, so their elements stay where they are for as long as the tree has them.
public struct TreeMemory {
  @usableFromInline let records: UnsafePointer<NodeRecord>
  @usableFromInline let source: UnsafeBufferPointer<UInt8>
  @usableFromInline let decoded: UnsafeBufferPointer<UInt8>
  unowned(unsafe) let tree: NodeTree

  fileprivate init(_ tree: NodeTree) {
    self.tree = tree
    records = tree.records.withUnsafeBufferPointer { $0.baseAddress! }
    source = tree.file.bytes.withUnsafeBufferPointer { $0 }
    decoded = tree.decoded.withUnsafeBufferPointer { $0 }
  }
}

/// What a file may be at most.
public struct SyntaxLimits: Sendable, Hashable {
  /// In bytes.
  public var size = 8 << 20
  /// Mappings and lists inside one another, aliases followed.
  public var depth = 64
  /// Nodes written in the file.
  public var nodes = 1_000_000
  /// Nodes reached through aliases, together.
  public var aliasedNodes = 100_000

  public init() {}
}

/// What came of reading a file.
public struct ParsedSource: Sendable {
  /// Missing where the text could not be read to its end. There may be a tree *and* errors (duplicate keys, say): it is whole,
  /// and the caller may look for more errors in it, but must not act on it.
  public let tree: NodeTree?
  /// In order of place.
  public let diagnostics: [Diagnostic]

  public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}
