import RunbookSyntax

/// Rollback triggers are read and checked, so that nothing in a plan goes unnoticed; this version does not carry them out.
extension PlanReader {
  mutating func readTriggers(_ node: Node, key: Node) {
    noteUnbuilt(key)
    guard isList(node, "'rollbackTriggers'") else { return }
    for element in node.elements { readTrigger(element) }
  }

  private mutating func readTrigger(_ node: Node) {
    guard isMapping(node, "a trigger", like: "{ id: …, action: …, every: 10s, expect: … }") else { return }
    let opener = opener(of: node)
    var found: Set<String> = []
    var call = CallNodes()
    for entry in node.entries {
      guard let key = TriggerKey.table.find(entry.key) else {
        unknownKey(entry.key, in: "a trigger", known: TriggerKey.table.names)
        continue
      }
      found.insert(key.rawValue)
      switch key {
      case .action: call.action = entry.value
      case .with: call.with = entry
      case .target: call.target = entry
      case .collection: call.collection = entry
      default: readTriggerPart(key, entry)
      }
    }
    for name in ["id", "action", "every", "expect"] where !found.contains(name) { missingKey(name, in: "a trigger", opener: opener) }
    for name in ["onFail", "onNoData", "onError"] where !found.contains(name) {
      missingKey(name, in: "a trigger", opener: opener, help: "write rollback, pause or warn; triggers have no default for it")
    }
    _ = actionCall(call, node)
  }

  private mutating func readTriggerPart(_ key: TriggerKey, _ entry: Node.Entry) {
    let value = entry.value
    switch key {
    case .id: if let id = id(value, .trigger) { triggerIDs.insert(id) }
    case .title, .bar, .startAfter, .stopBefore: _ = text(value, key.rawValue)
    case .expect: _ = matcher(value, opener: entry.key, in: "'expect'")
    case .every, .window, .initialDelay, .timeout: _ = durationTemplate(value, key.rawValue)
    case .minSamples, .confidence: _ = textTemplate(value, key.rawValue)
    case .value: notHere(entry.key, "a trigger samples an action, not a value")
    case .requirePass: _ = boolean(value, "requirePass")
    case .onFail, .onError, .onNoData: _ = word(value, key.rawValue, among: ["rollback", "pause", "warn"])
    case .failures:
      guard isMapping(value, "'failures'", like: "failures: { max: 1, of: 4 }") else { return }
      for (inner, value) in value.entries {
        if let name = FailuresKey.table.find(inner) {
          _ = integer(value, name.rawValue)
        } else {
          unknownKey(inner, in: "'failures'", known: FailuresKey.table.names)
        }
      }
    case .action, .with, .target, .collection: break
    }
  }
}
