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

enum RecordKind: UInt8 {
  case scalar
  case mapping
  case sequence
  case alias
}

/// One node in twenty bytes. Children follow their parent at once, so a tree is one array and no pointers.
struct NodeRecord {
  var start: Int32
  var end: Int32
  /// Scalar: where its text begins. Mapping, sequence: the number of child nodes. Alias: the node it stands for.
  var first: Int32
  /// Scalar: length of its text. Mapping, sequence: the index after the last descendant.
  var second: Int32
  var kind: RecordKind
  var style: ScalarStyle
  /// Raw value of ``CoreTag``, 0 for none.
  var tag: UInt8
  /// Whether the text lies in the tree's own buffer, because it differs from how it is written.
  var isDecoded: Bool
}

/// All nodes of one file. Made by ``parse(_:limits:)``, never changed.
public final class NodeTree: Sendable {
  public let file: SourceFile
  let records: ContiguousArray<NodeRecord>
  let decoded: ContiguousArray<UInt8>

  init(file: SourceFile, records: ContiguousArray<NodeRecord>, decoded: ContiguousArray<UInt8>) {
    precondition(!records.isEmpty, "a tree has at least its root")
    self.file = file
    self.records = records
    self.decoded = decoded
  }

  /// The one document of the file.
  public var root: Node { Node(tree: self, at: 0) }
  /// How many nodes are written in the file; what an alias stands for is not counted again.
  public var nodeCount: Int { records.count }
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
