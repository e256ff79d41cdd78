import RunbookSyntax

/// Checks and measurements that stand inside the arguments of an action (`throttle.while`, `baseline.record`, `wait.until`): values for whoever
/// loads the plan, checks for whoever binds it. They are read by the same code as all others.
extension Plan {
  /// A check inside the arguments of a call. Without a target or collection of its own it has those of the call.
  public func nestedCheck(_ template: Template, in call: ActionCall) -> (check: Check?, diagnostics: [Diagnostic]) {
    TemplateTree.tree(of: template, in: file).root.borrowed { root in
      var reader = nestedReader(call)
      let check = reader.check(root, .nested, opener: nil)
      return (reader.diagnostics.hasErrors ? nil : check, reader.diagnostics.all)
    }
  }

  /// `{ action, target, collection, with }` inside the arguments of a call, with the call's target and collection where it has none.
  public func nestedCall(_ template: Template, in call: ActionCall) -> (call: ActionCall?, diagnostics: [Diagnostic]) {
    TemplateTree.tree(of: template, in: file).root.borrowed { nestedCall($0, in: call) }
  }

  private func nestedCall(_ root: BorrowedNode, in call: ActionCall) -> (call: ActionCall?, diagnostics: [Diagnostic]) {
    var reader = nestedReader(call)
    guard reader.isMapping(root, "a measurement", like: "{ action: …, with: … }") else { return (nil, reader.diagnostics.all) }
    var nodes = PlanReader.CallNodes()
    for entry in root.entries {
      switch entry.key.text ?? "" {
      case "action": nodes.action = entry.value
      case "with": nodes.with = entry
      case "target": nodes.target = entry
      case "collection": nodes.collection = entry
      default: reader.unknownKey(entry.key, in: "a measurement", known: ["action", "with", "target", "collection"])
      }
    }
    if nodes.action == nil { reader.missingKey("action", in: "a measurement", opener: reader.opener(of: root)) }
    let nested = reader.actionCall(nodes, root)
    return (reader.diagnostics.hasErrors ? nil : nested, reader.diagnostics.all)
  }

  private func nestedReader(_ call: ActionCall) -> PlanReader {
    var reader = PlanReader(file: file)
    for param in params { reader.params[param.name] = param.type }
    for target in targets { reader.targetTypes[target.name] = target.type }
    reader.secrets = secrets.map(\.name)
    reader.targets = targets.map(\.name)
    reader.people = people.map(\.id)
    reader.hasTitle = metadata.title != nil
    reader.isFragment = isFragment
    (reader.defaultTarget, reader.defaultCollection) = (call.target, call.collection)
    return reader
  }
}

/// A written value as nodes again, every one with its place.
private enum TemplateTree {
  static func tree(of template: Template, in file: SourceFile) -> NodeTree {
    var tree = TreeAssembly(file)
    add(template, to: &tree)
    return tree.tree()
  }

  private static func add(_ template: Template, to tree: inout TreeAssembly) {
    switch template.content {
    case .scalar(let scalar): tree.scalar(escaped(scalar.text), at: template.range, isPlain: scalar.isPlain)
    case .reference(let reference): tree.scalar("${{ \(reference.text) }}", at: template.range)
    case .interpolation(let pieces):
      var text = ""
      for piece in pieces {
        switch piece {
        case .text(let part): text += escaped(part)
        case .reference(let reference): text += "${{ \(reference.text) }}"
        }
      }
      tree.scalar(text, at: template.range)
    case .list(let items):
      tree.begin(.sequence, at: template.range)
      for item in items { add(item, to: &tree) }
      tree.end()
    case .map(let entries):
      tree.begin(.mapping, at: template.range)
      for entry in entries {
        tree.scalar(entry.key, at: entry.keyRange)
        add(entry.value, to: &tree)
      }
      tree.end()
    }
  }

  private static func escaped(_ text: String) -> String {
    text.utf8.contains(UInt8(ascii: "$")) ? text.replacing("${{", with: "$${{") : text
  }
}
