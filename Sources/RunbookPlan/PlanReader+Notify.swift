import RunbookSyntax

/// `notify` is read and checked; this version does not carry it out.
extension PlanReader {
  static let notifyEvents = ["gate", "paused", "rollingBack", "rolledBack", "blocked", "halted", "succeeded", "failed"]

  mutating func readNotify(_ entry: Node.Entry) {
    noteUnbuilt(entry.key)
    guard isList(entry.value, "'notify'") else { return }
    for node in entry.value.elements { readNotification(node) }
  }

  private mutating func readNotification(_ node: Node) {
    guard isMapping(node, "an element of 'notify'", like: "{ events: [succeeded], target: chat }") else { return }
    var found: Set<NotifyKey> = []
    for (key, value) in node.entries {
      guard let name = NotifyKey.table.find(key) else {
        unknownKey(key, in: "an element of 'notify'", known: NotifyKey.table.names)
        continue
      }
      found.insert(name)
      switch name {
      case .events: readEvents(value)
      case .target: readNotifyTarget(value)
      case .format: _ = word(value, "format", among: ["generic", "slack"])
      case .text: _ = textTemplate(value, "text")
      }
    }
    for name in [NotifyKey.events, .target] where !found.contains(name) {
      missingKey(
        name.rawValue, in: "an element of 'notify'", opener: opener(of: node),
        help: name == .events ? "write events: [succeeded, rolledBack]" : "name a target of type http")
    }
  }

  private mutating func readEvents(_ node: Node) {
    guard isList(node, "'events'") else { return }
    if node.count == 0 { report(.emptyList, "'events' holds no event", at: node.range) }
    var seen: Set<String> = []
    for event in node.elements {
      guard let word = word(event, "events", among: Self.notifyEvents) else { continue }
      if !seen.insert(word).inserted { report(.repeated, "'\(word)' is listed twice", at: event.range, help: "remove one of the two") }
    }
  }

  /// Who is told is told over HTTP.
  private mutating func readNotifyTarget(_ node: Node) {
    guard let target = target(node), case .scalar(let scalar) = target.content, let type = targetTypes[scalar.text], type != "http" else {
      return
    }
    report(
      .targetType, "'notify' needs a target of type http, and '\(scalar.text)' is of type \(type)", at: node.range,
      help: "declare one, like chat: { type: http, baseUrl: \"${{ secrets.webhook }}\" }")
  }
}
