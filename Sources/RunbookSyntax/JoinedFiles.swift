extension SourceFile {
  /// Several files behind one another, so that one tree can have nodes of all of them. A ``SourcePlace`` in it is a place of the file that it came
  /// from. It has the path of the first one.
  public static func joined(_ files: [SourceFile]) -> SourceFile {
    precondition(!files.isEmpty, "nothing to join")
    if files.count == 1 { return files[0] }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(files.reduce(0) { $0 + $1.bytes.count + 1 })
    var parts: [(start: Int, file: SourceFile)] = []
    for file in files {
      parts.append((bytes.count, file))
      bytes += file.bytes
      bytes.append(0x0A)
    }
    return SourceFile(path: files[0].path, bytes: bytes, parts: parts)
  }

  /// The files that this one was joined of, in their order; itself where it was read.
  public var joinedFiles: [SourceFile] { parts.isEmpty ? [self] : parts.map(\.file) }

  /// The file that a range of this one came from, and the range there.
  func origin(of range: SourceRange) -> (SourceFile, SourceRange) {
    guard let part = parts.last(where: { $0.start <= range.start }) else { return (self, range) }
    return (part.file, SourceRange(range.start - part.start, range.end - part.start))
  }
}

/// Makes one tree of nodes of several trees, and of new ones. What is taken over keeps its places; aliases become what they stand for.
///
/// The offset of a file inside the joined one is the sum of the sizes of those before it, each with one byte more.
public struct TreeAssembly {
  private let file: SourceFile
  private var records: ContiguousArray<NodeRecord> = []
  private var decoded: ContiguousArray<UInt8> = []
  /// The collections that are open: where their records are, and how many nodes they hold so far.
  private var open: [(index: Int, count: Int32)] = []

  /// - Parameter file: what the places of the new tree are in: see ``SourceFile/joined(_:)``.
  public init(_ file: SourceFile) { self.file = file }

  /// Begins a mapping or a list.
  public mutating func begin(_ kind: NodeKind, at range: SourceRange) {
    precondition(kind != .scalar, "a scalar holds no nodes")
    add(
      NodeRecord(
        start: Int32(range.start), end: Int32(range.end), first: 0, second: 0, kind: kind == .mapping ? .mapping : .sequence, style: .plain,
        tag: 0, isDecoded: false))
    open.append((records.count - 1, 0))
  }

  /// Ends the mapping or list that was begun last.
  public mutating func end() {
    guard let (index, count) = open.popLast() else { preconditionFailure("nothing is open") }
    records[index].first = count
    records[index].second = Int32(records.count)
  }

  /// A scalar, as it is written or with another text.
  /// - Parameter offset: of the node's file in the joined one.
  public mutating func scalar(_ node: Node, offset: Int, text: String? = nil) {
    var record = node.record
    precondition(record.kind == .scalar, "the node is no scalar")
    record.start = Int32(node.range.start + offset)
    record.end = Int32(node.range.end + offset)
    if let text {
      store(text.utf8, in: &record)
    } else if record.isDecoded {
      node.withText { store($0, in: &record) }
    } else {
      record.first += Int32(offset)
    }
    add(record)
  }

  /// A scalar that is written nowhere; `range` is what a message about it points at.
  public mutating func scalar(_ text: String, at range: SourceRange, isPlain: Bool = false) {
    var record = NodeRecord(
      start: Int32(range.start), end: Int32(range.end), first: 0, second: 0, kind: .scalar, style: isPlain ? .plain : .doubleQuoted, tag: 0,
      isDecoded: true)
    store(text.utf8, in: &record)
    add(record)
  }

  public func tree() -> NodeTree {
    precondition(open.isEmpty, "a mapping or list is still open")
    return NodeTree(file: file, records: records, decoded: decoded)
  }

  private mutating func add(_ record: NodeRecord) {
    records.append(record)
    if !open.isEmpty { open[open.count - 1].count += 1 }
  }

  private mutating func store(_ text: some Collection<UInt8>, in record: inout NodeRecord) {
    record.first = Int32(decoded.count)
    record.second = Int32(text.count)
    record.isDecoded = true
    decoded.append(contentsOf: text)
  }
}
