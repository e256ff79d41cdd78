import RunbookSyntax

/// `notify` is read and checked; this version does not carry it out.
extension PlanReader {
  static let notifyEvents = ["gate", "paused", "rollingBack", "rolledBack", "blocked", "halted", "succeeded", "failed"]

  /// - Returns: what is referred to there.
  mutating func readNotify(_ entry: Node.Entry) -> [Template] {
    noteUnbuilt(entry.key)
    guard isList(entry.value, "'notify'") else { return [] }
    return entry.value.elements.flatMap { readNotification($0) }
  }

  private mutating func readNotification(_ node: Node) -> [Template] {
    guard isMapping(node, "an element of 'notify'", like: "{ events: [succeeded], target: chat }") else { return [] }
    var templates: [Template?] = []
    var found: Set<NotifyKey> = []
    for (key, value) in node.entries {
      guard let name = NotifyKey.table.find(key) else {
        unknownKey(key, in: "an element of 'notify'", known: NotifyKey.table.names)
        continue
      }
      found.insert(name)
      switch name {
      case .events: readEvents(value)
      case .target: templates.append(readNotifyTarget(value))
      case .format: _ = word(value, "format", among: ["generic", "slack"])
      case .text: templates.append(textTemplate(value, "text"))
      }
    }
    for name in [NotifyKey.events, .target] where !found.contains(name) {
      missingKey(
        name.rawValue, in: "an element of 'notify'", opener: opener(of: node),
        help: name == .events ? "write events: [succeeded, rolledBack]" : "name a target of type http")
    }
    return templates.compactMap { $0 }
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
  private mutating func readNotifyTarget(_ node: Node) -> Template? {
    guard let target = target(node) else { return nil }
    guard case .scalar(let scalar) = target.content, let type = targetTypes[scalar.text], type != "http" else { return target }
    report(
      .targetType, "'notify' needs a target of type http, and '\(scalar.text)' is of type \(type)", at: node.range,
      help: "declare one, like chat: { type: http, baseUrl: \"${{ secrets.webhook }}\" }")
    return target
  }
}
