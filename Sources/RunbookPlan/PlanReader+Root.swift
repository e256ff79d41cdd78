import RunbookSyntax

extension PlanReader {
  /// Reads the whole file; nil where it is no mapping or has no identity to speak of.
  mutating func readPlan(_ root: Node) -> Plan? {
    guard isMapping(root, "a runbook", like: "apiVersion: runbook/v1") else { return nil }
    let nodes = rootNodes(root)
    let isFragment = readKind(nodes, root)
    // About one node in thirty opens something with an id, in plans of any size.
    ids.reserveCapacity(root.tree.nodeCount / 16)
    var plan = Plan(path: file.path, metadata: readMetadata(nodes, root, isFragment))
    plan.file = file
    plan.people = nodes.value(.people).map { readPeople($0) } ?? []
    people = names(in: nodes.value(.people))
    plan.params = nodes.value(.params).map { readParams($0) } ?? []
    for name in names(in: nodes.value(.params)) where params[name] == nil { params[name] = .any }
    plan.secrets = nodes.value(.secrets).map { readSecrets($0) } ?? []
    secrets = names(in: nodes.value(.secrets))
    plan.targets = nodes.value(.targets).map { readTargets($0) } ?? []
    targets = names(in: nodes.value(.targets))
    plan.locks = nodes.value(.locks).map { texts($0, "locks") } ?? []
    if let node = nodes.value(.defaults) { readDefaults(node) }
    readUnbuiltRoot(nodes)
    plan.preconditions = nodes.value(.preconditions).map { checks($0, .planPreconditions, "preconditions") } ?? []
    plan.rollbackTriggers = nodes.value(.rollbackTriggers).map { triggers($0) } ?? []
    readPhases(nodes, root, isFragment, into: &plan)
    plan.verify = nodes.value(.verify).map { checks($0, .verify, "verify") } ?? []
    plan.afterRollback = nodes.value(.afterRollback).map { steps($0, .afterRollback, "afterRollback") } ?? []
    plan.verifyRollback = nodes.value(.verifyRollback).map { checks($0, .verifyRollback, "verifyRollback") } ?? []
    plan.unbuilt = unbuilt.sorted { $0.range < $1.range }
    return plan
  }

  /// Everything that is declared, with mistakes or without, so that one mistake does not draw others after it.
  private func names(in node: Node?) -> [String] {
    node?.entries.compactMap { $0.key.text } ?? []
  }

  private mutating func rootNodes(_ root: Node) -> RootNodes {
    var nodes = RootNodes()
    for entry in root.entries {
      guard let key = RootKey.table.find(entry.key) else {
        unknownKey(entry.key, in: "a runbook", known: RootKey.table.names.filter { $0 != RootKey.steps.rawValue })
        continue
      }
      nodes[key] = (entry.key, entry.value)
    }
    return nodes
  }

  private mutating func readKind(_ nodes: RootNodes, _ root: Node) -> Bool {
    let start = SourceRange(root.range.start, root.range.start)
    let opener = opener(of: root)
    let at = root.count == 0 ? start : opener
    if let node = nodes.value(.apiVersion) {
      if let text = text(node, "apiVersion"), text != "runbook/v1" {
        report(.apiVersion, "'\(text)' is no version that this program reads", at: node.range, help: "write runbook/v1")
      }
    } else {
      missingKey("apiVersion", in: "a runbook", opener: at, help: "begin the file with 'apiVersion: runbook/v1'")
    }
    guard let entry = nodes[.kind] else {
      missingKey("kind", in: "a runbook", opener: at, help: "write 'kind: Runbook' below apiVersion")
      return false
    }
    guard let kind = text(entry.value, "kind") else { return false }
    if kind == "Fragment" {
      unbuilt.append(UnbuiltKey(key: "kind: Fragment", range: entry.value.range))
      return true
    }
    if kind != "Runbook" {
      let meant = nearest(to: kind, among: ["Runbook", "Fragment"]) ?? "Runbook"
      report(PlanCode.kind, "'\(kind)' is no kind of file", at: entry.value.range, help: "did you mean '\(meant)'?")
    }
    return false
  }

  private mutating func readMetadata(_ nodes: RootNodes, _ root: Node, _ isFragment: Bool) -> Metadata {
    var metadata = Metadata(id: "", title: nil)
    guard let entry = nodes[.metadata] else {
      if !isFragment {
        missingKey(
          "metadata", in: "a runbook", opener: root.count == 0 ? root.range : opener(of: root), help: "write 'metadata: { id: NAME }'")
      }
      return metadata
    }
    guard isMapping(entry.value, "'metadata'", like: "metadata: { id: NAME }") else { return metadata }
    var hasID = false
    for (key, value) in entry.value.entries {
      switch MetadataKey.table.find(key) {
      case .id:
        hasID = true
        if let text = text(value, "id"), isID(text, at: value.range, "id") { metadata.id = text }
      case .title: metadata.title = text(value, "title")
      case .keepUndo: if let time = duration(value, "keepUndo") { metadata.keepUndo = time }
      case nil: unknownKey(key, in: "'metadata'", known: MetadataKey.table.names)
      }
    }
    if !hasID { missingKey("id", in: "'metadata'", opener: entry.key.range) }
    return metadata
  }

  private mutating func readPhases(_ nodes: RootNodes, _ root: Node, _ isFragment: Bool, into plan: inout Plan) {
    if let entry = nodes[.steps] {
      if isFragment {
        _ = steps(entry.value, .forward, "steps")
      } else {
        report(
          PlanCode.keyNotHere, "steps of a runbook stand in phases", at: entry.key.range,
          help: "write them below 'phases: [ { id: …, steps: … } ]'")
      }
    }
    guard let entry = nodes[.phases] else {
      if !isFragment, nodes[.steps] == nil {
        missingKey("phases", in: "a runbook", opener: root.count == 0 ? root.range : opener(of: root))
      }
      return
    }
    guard isList(entry.value, "'phases'") else { return }
    if entry.value.count == 0 { report(PlanCode.emptyList, "'phases' holds no phase", at: entry.value.range) }
    for node in entry.value.elements {
      if let phase = phase(node) { plan.phases.append(phase) }
    }
  }

  private mutating func readUnbuiltRoot(_ nodes: RootNodes) {
    if let entry = nodes[.include] {
      noteUnbuilt(entry.key)
      if isList(entry.value, "'include'") {
        for node in entry.value.elements { readInclude(node) }
      }
    }
    if let entry = nodes[.notify] {
      noteUnbuilt(entry.key)
      if isList(entry.value, "'notify'") {
        for node in entry.value.elements { readNotify(node) }
      }
    }
  }

  private mutating func readInclude(_ node: Node) {
    guard isMapping(node, "an include", like: "{ file: ./common.yaml, as: pre }") else { return }
    var hasFile = false
    for (key, value) in node.entries {
      switch IncludeKey.table.find(key) {
      case .file:
        hasFile = true
        _ = text(value, "file")
      case .with: if isMapping(value, "'with'") { _ = entries(value) }
      case .as: if let text = text(value, "as") { _ = isID(text, at: value.range, "prefix") }
      case nil: unknownKey(key, in: "an include", known: IncludeKey.table.names)
      }
    }
    if !hasFile { missingKey("file", in: "an include", opener: opener(of: node)) }
  }

  private mutating func readNotify(_ node: Node) {
    guard isMapping(node, "an element of 'notify'", like: "{ events: [succeeded], target: chat }") else { return }
    var found: Set<String> = []
    let events = ["gate", "paused", "rollingBack", "rolledBack", "blocked", "halted", "succeeded", "failed"]
    for (key, value) in node.entries {
      guard let name = NotifyKey.table.find(key) else {
        unknownKey(key, in: "an element of 'notify'", known: NotifyKey.table.names)
        continue
      }
      found.insert(name.rawValue)
      switch name {
      case .events: if isList(value, "'events'") { for event in value.elements { _ = word(event, "events", among: events) } }
      case .target: _ = target(value)
      case .format: _ = word(value, "format", among: ["generic", "slack"])
      case .text: _ = template(value)
      }
    }
    for name in ["events", "target"] where !found.contains(name) {
      missingKey(name, in: "an element of 'notify'", opener: opener(of: node))
    }
  }
}

/// The values of the file's first level.
struct RootNodes {
  private var nodes = [(key: Node, value: Node)?](repeating: nil, count: RootKey.allCases.count)

  subscript(key: RootKey) -> (key: Node, value: Node)? {
    get { nodes[RootNodes.index(key)] }
    set { nodes[RootNodes.index(key)] = newValue }
  }

  func value(_ key: RootKey) -> Node? { self[key]?.value }

  private static func index(_ key: RootKey) -> Int { RootKey.allCases.firstIndex(of: key) ?? 0 }
}
