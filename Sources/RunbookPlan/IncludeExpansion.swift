import RunbookSyntax

/// Puts what a plan includes into its own tree, so that all that comes after (reading, the normal form, the digest, the stored plan) sees one
/// plan. What is included comes before what the plan itself has, in the order of the includes, and what a fragment includes before the fragment.
struct IncludeExpansion {
  private let parts: [IncludeReading.Part]
  private var tree: TreeAssembly

  /// What became of a tree.
  struct Result {
    var tree: NodeTree
    var included: [IncludedFile] = []
    var diagnostics: [Diagnostic] = []
  }

  /// The tree with everything in it that it includes. Most plans include nothing and stay as they are.
  static func expand(_ tree: NodeTree, reader: IncludeReader?) -> Result {
    guard tree.root["include"] != nil else { return Result(tree: tree) }
    var reading = IncludeReading(tree, reader: reader)
    reading.readAll(of: 0, path: [tree.file.path])
    if reading.parts.count == 1 { return Result(tree: tree, included: reading.included, diagnostics: reading.diagnostics) }
    var expansion = IncludeExpansion(reading.parts)
    expansion.write()
    return Result(tree: expansion.tree.tree(), included: reading.included, diagnostics: reading.diagnostics)
  }

  private init(_ parts: [IncludeReading.Part]) {
    self.parts = parts
    tree = TreeAssembly(SourceFile.joined(parts.map(\.file)))
  }

  private static let lists = ["preconditions", "rollbackTriggers", "phases"]

  private mutating func write() {
    let root = parts[0].root
    tree.begin(.mapping, at: root.range)
    var written: Set<String> = []
    for (key, value) in root.entries {
      let name = key.text ?? ""
      if name == "include" { continue }
      written.insert(name)
      tree.scalar(key, offset: 0)
      if name == "params", value.isMapping {
        writeParams(value, at: value.range)
      } else if Self.lists.contains(name), value.isSequence {
        writeList(name, at: value.range)
      } else {
        copy(value, of: 0, key: name, outer: "", .structure)
      }
    }
    for name in ["params"] + Self.lists where !written.contains(name) {
      guard let part = parts.dropFirst().first(where: { $0.root[name] != nil || (name == "phases" && $0.root["steps"] != nil) }) else {
        continue
      }
      let range = place(of: part)
      tree.scalar(name, at: range)
      if name == "params" { writeParams(nil, at: range) } else { writeList(name, at: range) }
    }
    tree.end()
  }

  /// The place of a part's include in the joined file.
  private func place(of part: IncludeReading.Part) -> SourceRange { shifted(part.range, by: part.parent ?? 0) }

  private func shifted(_ range: SourceRange, by part: Int) -> SourceRange {
    SourceRange(range.start + parts[part].offset, range.end + parts[part].offset)
  }

  // MARK: params

  /// The plan's own params, then those of what it includes: outer ones first, since what is given to inner ones may refer to them.
  private mutating func writeParams(_ own: Node?, at range: SourceRange) {
    tree.begin(.mapping, at: range)
    for (key, value) in own?.entries.map({ $0 }) ?? [] {
      tree.scalar(key, offset: 0)
      copy(value, of: 0, key: key.text ?? "", outer: "params", .data)
    }
    for index in parts.indices.dropFirst() {
      for (key, value) in parts[index].root["params"]?.entries.map({ $0 }) ?? [] {
        tree.scalar(key, offset: parts[index].offset, text: parts[index].prefix + (key.text ?? ""))
        writeParam(value, named: key.text ?? "", of: index)
      }
    }
    tree.end()
  }

  /// A param of a fragment has the value that the include gives it, else its default; nobody else gives it one.
  private mutating func writeParam(_ declaration: Node, named name: String, of index: Int) {
    let part = parts[index]
    guard declaration.isMapping else { return copy(declaration, of: index, key: name, outer: "params", .data) }
    let given = part.with?[name]
    tree.begin(.mapping, at: shifted(declaration.range, by: index))
    for (key, value) in declaration.entries {
      let text = key.text ?? ""
      if given != nil, text == "default" || text == "value" { continue }
      tree.scalar(key, offset: part.offset, text: text == "default" ? "value" : nil)
      copy(value, of: index, key: text, outer: name, .data)
    }
    if let given, let parent = part.parent {
      tree.scalar("value", at: shifted(given.range, by: parent))
      copy(given, of: parent, key: "value", outer: name, .data)
    }
    tree.end()
  }

  // MARK: lists

  private mutating func writeList(_ name: String, at range: SourceRange) {
    tree.begin(.sequence, at: range)
    writeElements(name, of: 0)
    tree.end()
  }

  private mutating func writeElements(_ name: String, of index: Int) {
    for child in parts[index].children { writeElements(name, of: child) }
    let part = parts[index]
    if let list = part.root[name] {
      for element in list.elements { copy(element, of: index, key: name, outer: "", .structure) }
    }
    if name == "phases", index > 0, let steps = part.root["steps"] { writePhase(of: steps, part, index) }
  }

  /// The steps of a fragment without phases are a phase, which has the prefix as its id.
  private mutating func writePhase(of steps: Node, _ part: IncludeReading.Part, _ index: Int) {
    let range = place(of: part)
    tree.begin(.mapping, at: range)
    tree.scalar("id", at: range)
    tree.scalar(String(part.prefix.dropLast()), at: range)
    if let title = part.root["metadata"]?["title"], title.isScalar {
      tree.scalar("title", at: shifted(title.range, by: index))
      tree.scalar(title, offset: part.offset)
    }
    tree.scalar("steps", at: range)
    copy(steps, of: index, key: "steps", outer: "", .structure)
    tree.end()
  }

  // MARK: copying

  private mutating func copy(_ node: Node, of index: Int, key: String, outer: String, _ position: FragmentNames.Position) {
    let names = FragmentNames(prefix: parts[index].prefix, own: parts[index].names)
    copy(node, names, parts[index].offset, key: key, outer: outer, position)
  }

  private mutating func copy(
    _ node: Node, _ names: FragmentNames, _ offset: Int, key: String, outer: String, _ position: FragmentNames.Position
  ) {
    let range = SourceRange(node.range.start + offset, node.range.end + offset)
    switch node.kind {
    case .scalar: tree.scalar(node, offset: offset, text: names.text(of: node, key: key, outer: outer, position))
    case .sequence:
      tree.begin(.sequence, at: range)
      // An element stands under the key that its list stands under.
      for element in node.elements { copy(element, names, offset, key: key, outer: outer, position) }
      tree.end()
    case .mapping:
      tree.begin(.mapping, at: range)
      for (inner, value) in node.entries {
        let text = inner.text ?? ""
        if text.hasPrefix("x-") { continue }
        tree.scalar(inner, offset: offset)
        copy(value, names, offset, key: text, outer: key, FragmentNames.position(under: text, in: position))
      }
      tree.end()
    }
  }
}
