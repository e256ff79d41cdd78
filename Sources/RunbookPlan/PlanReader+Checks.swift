import RunbookSyntax

extension PlanReader {
  /// Where a check stands decides which policies it may have.
  enum CheckPlace {
    case planPreconditions, preconditions, undoPreconditions, verify, undoVerify, verifyRollback, capture, probe, nested

    var name: String {
      switch self {
      case .planPreconditions, .preconditions: "a precondition"
      case .undoPreconditions: "a precondition on the way back"
      case .verify: "'verify'"
      case .undoVerify: "'verify' of an undo step"
      case .verifyRollback: "'verifyRollback'"
      case .capture: "'capture'"
      case .probe: "'probe'"
      case .nested: "a check inside 'with'"
      }
    }

    var onFail: [String] {
      switch self {
      case .planPreconditions, .verify: ["rollback", "halt", "warn"]
      case .preconditions: ["rollback", "halt", "warn", "skip"]
      case .undoPreconditions: ["warn", "skip"]
      case .undoVerify, .verifyRollback: ["warn"]
      case .capture, .probe, .nested: []
      }
    }

    var onOther: [String] {
      switch self {
      case .planPreconditions, .verify, .preconditions: ["rollback", "halt", "warn"]
      case .undoPreconditions: ["warn"]
      case .undoVerify, .verifyRollback, .capture, .probe, .nested: []
      }
    }
  }

  mutating func checks(_ node: Node, _ place: CheckPlace, _ name: String) -> [Check] {
    guard isList(node, "'\(name)'") else { return [] }
    var checks: [Check] = []
    checks.reserveCapacity(node.count)
    for element in node.elements {
      if let check = check(element, place, opener: nil) { checks.append(check) }
    }
    return checks
  }

  /// The parts of a check or step that make up the use of an action.
  struct CallNodes {
    var action: Node?
    var with: (key: Node, value: Node)?
    var target: (key: Node, value: Node)?
    var collection: (key: Node, value: Node)?
  }

  mutating func check(_ node: Node, _ place: CheckPlace, opener key: Node?) -> Check? {
    guard isMapping(node, "a check", like: "{ id: …, action: …, expect: … }") else { return nil }
    let opener = key?.range ?? opener(of: node)
    var check = Check.Fields(idRange: opener, range: node.range)
    var call = CallNodes()
    var value: (key: Node, value: Node)?
    var hasID = false
    var hasExpect = false
    for entry in node.entries {
      guard let key = CheckKey.table.find(entry.key) else {
        unknownKey(entry.key, in: "a check", known: CheckKey.table.names)
        continue
      }
      switch key {
      case .id:
        hasID = true
        check.idRange = entry.value.range
        // One inside arguments is no check of the plan: nothing refers to it.
        if place == .nested {
          check.id = text(entry.value, "id") ?? ""
        } else {
          (check.id, check.number) = id(entry.value, .check) ?? noID()
        }
      case .action: call.action = entry.value
      case .with: call.with = entry
      case .target: call.target = entry
      case .collection: call.collection = entry
      case .value: value = entry
      case .expect:
        hasExpect = true
        check.expect = matcher(entry.value, opener: entry.key, in: "'expect'")
      default: readCheckPart(key, entry, place, into: &check)
      }
    }
    if !hasID, place != .nested {
      (check.id, check.number) = noID()
      missingKey("id", in: "a check", opener: opener)
    }
    guard let source = checkSource(call, value, node, opener) else { return nil }
    if !hasExpect { requireExpect(source, opener) }
    return Check(source, check)
  }

  private mutating func readCheckPart(_ key: CheckKey, _ entry: Node.Entry, _ place: CheckPlace, into check: inout Check.Fields) {
    let value = entry.value
    if place == .nested, [.within, .holdFor, .retry, .when].contains(key) {
      return notHere(entry.key, "\(place.name) takes no '\(entry.key.text ?? "")'")
    }
    switch key {
    case .title: check.title = text(value, "title")
    case .bar: check.bar = text(value, "bar")
    case .within: check.within = durationTemplate(value, "within")
    case .holdFor: check.holdFor = durationTemplate(value, "holdFor")
    case .timeout: check.timeout = durationTemplate(value, "timeout")
    case .retry: check.retry = retry(value, opener: entry.key)
    case .when: check.when = condition(value, opener: entry.key)
    case .onFail: if let policy = policy(entry, place, place.onFail) { check.onFail = policy }
    case .onError: if let policy = policy(entry, place, place.onOther) { check.onError = policy }
    case .onNoData: if let policy = policy(entry, place, place.onOther) { check.onNoData = policy }
    case .recheck:
      switch place {
      case .planPreconditions, .preconditions, .undoPreconditions: check.recheck = boolean(value, "recheck") ?? false
      default: notHere(entry.key, "'recheck' belongs to preconditions")
      }
    case .id, .action, .with, .target, .collection, .value, .expect: break
    }
  }

  private mutating func policy(_ entry: Node.Entry, _ place: CheckPlace, _ allowed: [String]) -> Policy? {
    let name = entry.key.text ?? ""
    if allowed.isEmpty {
      notHere(entry.key, "\(place.name) takes no '\(name)'")
      return nil
    }
    guard let text = text(entry.value, name) else { return nil }
    if allowed.contains(text) { return Policy(rawValue: text) }
    let meant = nearest(to: text, among: allowed)
    report(
      PlanCode.notOneOf, "'\(text)' is no value of '\(name)' in \(place.name)", at: entry.value.range,
      help: meant.map { "did you mean '\($0)'?" }
        ?? "write \(allowed.count == 1 ? allowed[0] : "one of " + allowed.joined(separator: ", "))")
    return nil
  }

  mutating func notHere(_ key: Node, _ message: String, help: String? = nil) {
    report(PlanCode.keyNotHere, message, at: key.range, help: help ?? "remove '\(key.text ?? "")'")
  }

  private mutating func checkSource(
    _ call: CallNodes, _ value: (key: Node, value: Node)?, _ node: Node, _ opener: SourceRange
  ) -> Check.Source? {
    if let value {
      if let action = call.action {
        report(
          PlanCode.exclusiveKeys, "a check has 'value' or 'action', not both", at: value.key.range,
          notes: [DiagnosticNote("the action is here", at: place(action.range))])
      } else {
        for other in [call.with, call.target, call.collection] {
          if let other { notHere(other.key, "'\(other.key.text ?? "")' belongs to an action, and this check has a value") }
        }
      }
      return .value(template(value.value))
    }
    guard call.action != nil else {
      missingKey("action", in: "a check", opener: opener, help: "or 'value'")
      return nil
    }
    return actionCall(call, node).map { .action($0) }
  }

  private mutating func requireExpect(_ source: Check.Source, _ opener: SourceRange) {
    if case .action(let call) = source, call.name == "manual.confirm" { return }
    missingKey("expect", in: "a check", opener: opener, help: "say what must be seen, like expect: { equals: 0 }")
  }

  /// The use of an action, with the defaults for target and collection put in.
  mutating func actionCall(_ nodes: CallNodes, _ node: Node) -> ActionCall? {
    guard let actionNode = nodes.action, let name = text(actionNode, "action") else { return nil }
    let eventsBefore = eventReferences
    var target = nodes.target.flatMap { self.target($0.value) }
    var collection = nodes.collection.flatMap { textTemplate($0.value, "collection") }
    var arguments: [TemplateEntry] = []
    if let with = nodes.with, isMapping(with.value, "'with'", like: "with: { … }") {
      arguments = entries(with.value)
      if let moved = takeOut("target", of: &arguments, with.value, besides: nodes.target) { target = self.target(moved) }
      if let moved = takeOut("collection", of: &arguments, with.value, besides: nodes.collection) {
        collection = textTemplate(moved, "collection")
      }
    }
    let location: Apart<ActionCall.Location>
    if nodes.target == nil, nodes.collection == nil, target == nil, collection == nil {
      location = locationByDefault()
    } else {
      var own = ActionCall.Location(target: target, collection: collection)
      if target == nil, nodes.target == nil, let defaultTarget { (own.target, own.targetIsDefault) = (defaultTarget, true) }
      if collection == nil, nodes.collection == nil, let defaultCollection {
        (own.collection, own.collectionIsDefault) = (defaultCollection, true)
      }
      location = Apart(own)
    }
    return ActionCall(
      name: name, nameRange: actionNode.range, arguments: arguments, location: location, refersToEvents: eventReferences != eventsBefore,
      range: node.range)
  }

  private mutating func locationByDefault() -> Apart<ActionCall.Location> {
    if let defaultLocation { return defaultLocation }
    let location = Apart(
      ActionCall.Location(
        target: defaultTarget, targetIsDefault: defaultTarget != nil, collection: defaultCollection,
        collectionIsDefault: defaultCollection != nil))
    defaultLocation = location
    return location
  }

  /// `target` and `collection` may stand inside `with` as well as beside `action`.
  /// - Returns: what stands inside `with`, where it does not stand beside it too.
  private mutating func takeOut(
    _ name: String, of arguments: inout [TemplateEntry], _ node: Node, besides outer: (key: Node, value: Node)?
  ) -> Node? {
    // Lengths first: they tell nearly all keys apart.
    guard let index = arguments.firstIndex(where: { $0.key.utf8.count == name.utf8.count && $0.key == name }) else { return nil }
    let entry = arguments.remove(at: index)
    guard let outer else { return node[name] }
    report(
      PlanCode.exclusiveKeys, "'\(name)' is given twice", at: entry.keyRange,
      notes: [DiagnosticNote("the other one is here", at: place(outer.key.range))])
    return nil
  }

  /// `when: { value: …, equals: … }`.
  mutating func condition(_ node: Node, opener: Node) -> Condition? {
    guard isMapping(node, "'when'", like: "when: { value: \"${{ params.NAME }}\", equals: … }") else { return nil }
    guard let value = node["value"] else {
      missingKey("value", in: "'when'", opener: opener.range, help: "write when: { value: …, equals: … }")
      return nil
    }
    guard let matcher = matcher(node, opener: opener, in: "'when'", ignoring: "value") else { return nil }
    return Condition(value: template(value), matcher: matcher, range: node.range)
  }
}
