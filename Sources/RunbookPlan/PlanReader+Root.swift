import RunbookSyntax

extension PlanReader {
  /// Reads the whole file; nil where it is no mapping or has no identity to speak of.
  mutating func readPlan(_ root: Node) -> Plan? {
    guard isMapping(root, "a runbook", like: "apiVersion: runbook/v1") else { return nil }
    isFragment = root["kind"]?.hasText("Fragment") ?? false
    let nodes = rootNodes(root)
    readKind(nodes, root)
    // About one node in twelve stands in something with an id of its own, in large plans.
    ids.reserveCapacity(root.tree.nodeCount / 12)
    var plan = Plan(path: file.path, metadata: readMetadata(nodes, root))
    plan.file = file
    plan.isFragment = isFragment
    hasTitle = plan.metadata.title != nil
    plan.people = nodes.value(.people).map { readPeople($0) } ?? []
    people = names(in: nodes.value(.people))
    for name in names(in: nodes.value(.params)) { params[name] = .any }
    plan.params = nodes.value(.params).map { readParams($0) } ?? []
    plan.secrets = nodes.value(.secrets).map { readSecrets($0) } ?? []
    secrets = names(in: nodes.value(.secrets))
    plan.targets = nodes.value(.targets).map { readTargets($0) } ?? []
    targets = names(in: nodes.value(.targets))
    plan.locks = nodes.value(.locks).map { readLocks($0) } ?? []
    if let node = nodes.value(.defaults) { readDefaults(node) }
    if let entry = nodes[.notify] { plan.notifications = readNotify(entry) }
    plan.preconditions = nodes.value(.preconditions).map { checks($0, .planPreconditions, "preconditions") } ?? []
    plan.rollbackTriggers = nodes.value(.rollbackTriggers).map { triggers($0) } ?? []
    readPhases(nodes, root, into: &plan)
    plan.verify = nodes.value(.verify).map { checks($0, .verify, "verify") } ?? []
    plan.afterRollback = nodes.value(.afterRollback).map { steps($0, .afterRollback, "afterRollback") } ?? []
    plan.verifyRollback = nodes.value(.verifyRollback).map { checks($0, .verifyRollback, "verifyRollback") } ?? []
    for (id, range) in formerIDs {
      guard let entry = ids[id] else { continue }
      report(
        PlanCode.duplicateID, "'renamedFrom' names '\(id)', which is still the id of a \(entry.kind.rawValue)", at: range,
        notes: [DiagnosticNote("it is defined here", at: place(entry.range))], help: "name the id that the step had before")
    }
    plan.unbuilt = unbuilt.sorted { $0.range < $1.range }
    return plan
  }

  /// Everything that is declared, with mistakes or without, so that one mistake does not draw others after it.
  private func names(in node: Node?) -> [String] {
    node?.entries.compactMap { $0.key.text }.filter { !$0.hasPrefix("x-") } ?? []
  }

  private mutating func rootNodes(_ root: Node) -> RootNodes {
    var nodes = RootNodes()
    if isFragment { checkFragmentKeys(root) }
    for entry in root.entries {
      guard let key = RootKey.table.find(entry.key) else {
        if !isFragment { unknownKey(entry.key, in: "a runbook", known: RootKey.table.names.filter { $0 != RootKey.steps.rawValue }) }
        continue
      }
      nodes[key] = (entry.key, entry.value)
    }
    return nodes
  }

  private mutating func readKind(_ nodes: RootNodes, _ root: Node) {
    let start = SourceRange(root.range.start, root.range.start)
    let at = root.count == 0 ? start : opener(of: root)
    let what = isFragment ? "a fragment" : "a runbook"
    if let node = nodes.value(.apiVersion) {
      checkVersion(node)
    } else {
      missingKey("apiVersion", in: what, opener: at, help: "begin the file with 'apiVersion: runbook/v1'")
    }
    guard let entry = nodes[.kind] else {
      missingKey("kind", in: what, opener: at, help: "write 'kind: Runbook' below apiVersion")
      return
    }
    guard !isFragment, let kind = text(entry.value, "kind"), kind != "Runbook" else { return }
    let meant = nearest(to: kind, among: ["Runbook", "Fragment"]) ?? "Runbook"
    report(PlanCode.kind, "'\(kind)' is no kind of file", at: entry.value.range, help: "did you mean '\(meant)'?")
  }

  private mutating func readMetadata(_ nodes: RootNodes, _ root: Node) -> Metadata {
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
    if !hasID, !isFragment { missingKey("id", in: "'metadata'", opener: entry.key.range) }
    return metadata
  }

  private mutating func readPhases(_ nodes: RootNodes, _ root: Node, into plan: inout Plan) {
    if let entry = nodes[.steps] {
      if isFragment {
        // The phase that they become where the fragment is included.
        var phase = Phase(id: "", idRange: entry.key.range, range: entry.value.range)
        phase.steps = steps(entry.value, .forward, "steps")
        plan.phases.append(phase)
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

  /// Each name is reserved once.
  private mutating func readLocks(_ node: Node) -> [String] {
    guard isList(node, "'locks'") else { return [] }
    var locks: [String] = []
    for element in node.elements {
      guard let name = text(element, "locks") else { continue }
      if name.isEmpty {
        report(PlanCode.badName, "a lock has no name", at: element.range, help: "name what is reserved, like registry-service")
      } else if locks.contains(name) {
        report(PlanCode.repeated, "'\(name)' is listed twice", at: element.range, help: "remove one of the two")
      } else {
        locks.append(name)
      }
    }
    return locks
  }
}

/// The values of the file's first level.
struct RootNodes {
  typealias Node = BorrowedNode
  private var nodes = [(key: Node, value: Node)?](repeating: nil, count: RootKey.allCases.count)

  subscript(key: RootKey) -> (key: Node, value: Node)? {
    get { nodes[RootNodes.index(key)] }
    set { nodes[RootNodes.index(key)] = newValue }
  }

  func value(_ key: RootKey) -> Node? { self[key]?.value }

  private static func index(_ key: RootKey) -> Int { RootKey.allCases.firstIndex(of: key) ?? 0 }
}
