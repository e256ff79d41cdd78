import RunbookSyntax

extension PlanReader {
  /// One element of `include`.
  struct Include {
    /// Relative to the including file.
    var file: String
    /// Of the path, for messages.
    var range: SourceRange
    /// What ids become to begin with, without the hyphen.
    var prefix: String?
    var prefixRange: SourceRange?
    var with: RunbookSyntax.Node?
  }

  /// What a fragment may hold.
  static let fragmentKeys = ["apiVersion", "kind", "metadata", "params", "include", "preconditions", "rollbackTriggers", "phases", "steps"]

  /// `{ file: ./common/preflight.yaml, with: { … }, as: pre }`; nil where it names no file.
  mutating func include(_ node: Node) -> Include? {
    guard isMapping(node, "an include", like: "{ file: ./common.yaml, as: pre }") else { return nil }
    var include = Include(file: "", range: node.range)
    var hasFile = false
    for (key, value) in node.entries {
      switch IncludeKey.table.find(key) {
      case .file:
        hasFile = true
        include.range = value.range
        include.file = includePath(value) ?? ""
      case .with: if isMapping(value, "'with'", like: "with: { NAME: value }") { include.with = value.owned }
      case .as:
        if let text = text(value, "as"), isID(text, at: value.range, "prefix") {
          (include.prefix, include.prefixRange) = (text, value.range)
        }
      case nil: unknownKey(key, in: "an include", known: IncludeKey.table.names)
      }
    }
    if !hasFile { missingKey("file", in: "an include", opener: opener(of: node), help: "write file: ./common.yaml") }
    return include.file.isEmpty || diagnostics.hasErrors ? nil : include
  }

  private mutating func includePath(_ node: Node) -> String? {
    if let text = node.text, TemplateText.hasReference(text) {
      report(.referenceNotHere, "an include is static: 'file' takes no reference", at: node.range, help: "write the path out")
      return nil
    }
    guard let text = text(node, "file") else { return nil }
    if text.isEmpty || text.hasPrefix("/") || text.hasPrefix("~") || text.contains("://") {
      report(
        .include, text.isEmpty ? "'file' names no file" : "'\(text)' is no relative path", at: node.range,
        help: "write a path from the folder of this file, like ./common/preflight.yaml")
      return nil
    }
    return text
  }

  /// Whether a file may be included: a fragment, with nothing in it that only a runbook has.
  mutating func isFragment(_ root: Node, hasPrefix: Bool) -> Bool {
    guard isMapping(root, "a fragment", like: "kind: Fragment") else { return false }
    let at = root.count == 0 ? root.range : opener(of: root)
    if let version = root["apiVersion"] {
      checkVersion(version)
    } else {
      missingKey("apiVersion", in: "a fragment", opener: at, help: "begin the file with 'apiVersion: runbook/v1'")
    }
    guard let kind = root["kind"] else {
      missingKey("kind", in: "a fragment", opener: at, help: "write 'kind: Fragment' below apiVersion")
      return false
    }
    guard kind.hasText("Fragment") else {
      report(
        .include, "only a Fragment can be included, and this is '\(kind.text ?? "")'", at: kind.range,
        help: "write 'kind: Fragment', and keep in it what a fragment may hold")
      return false
    }
    checkFragmentKeys(root)
    if let steps = firstKey("steps", of: root), !hasPrefix {
      report(
        .include, "the steps of a fragment become a phase, whose id is what it is included as", at: steps.range,
        help: "add 'as: NAME' to the include, or put the steps into phases")
      return false
    }
    return true
  }

  /// What stands in a fragment but belongs to a runbook.
  mutating func checkFragmentKeys(_ root: Node) {
    for (key, _) in root.entries {
      guard let name = RootKey.table.find(key) else {
        unknownKey(key, in: "a fragment", known: Self.fragmentKeys)
        continue
      }
      if Self.fragmentKeys.contains(name.rawValue) { continue }
      notHere(
        key, "a fragment holds no '\(name.rawValue)'",
        help: "write it in the runbook that includes this; a fragment may hold "
          + Self.fragmentKeys.dropFirst(3).joined(separator: ", "))
    }
    if let steps = firstKey("steps", of: root), let phases = firstKey("phases", of: root) {
      report(
        .exclusiveKeys, "a fragment has 'phases' or 'steps', not both", at: max(steps.range, phases.range),
        notes: [DiagnosticNote("the other one is here", at: place(min(steps.range, phases.range)))])
    }
  }

  private func firstKey(_ name: String, of node: Node) -> Node? {
    for entry in node.entries where entry.key.hasText(name) { return entry.key }
    return nil
  }

  mutating func checkVersion(_ node: Node) {
    guard let text = text(node, "apiVersion"), text != "runbook/v1" else { return }
    report(.apiVersion, "'\(text)' is no version that this program reads", at: node.range, help: "write runbook/v1")
  }
}
