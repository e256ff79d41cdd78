import RunbookSyntax

/// Reads rollback triggers. Where their steps stand is looked at when all steps are known (`TriggerPlacement`), numbers when params are
/// known, by whoever binds the plan.
extension PlanReader {
  mutating func triggers(_ node: Node) -> [RollbackTrigger] {
    guard isList(node, "'rollbackTriggers'") else { return [] }
    // What a trigger refers to depends on when it goes live.
    dependsOnOrder = dependsOnOrder || node.count > 0
    return node.elements.compactMap { trigger($0) }
  }

  private mutating func trigger(_ node: Node) -> RollbackTrigger? {
    guard isMapping(node, "a trigger", like: "{ id: …, action: …, every: 10s, expect: … }") else { return nil }
    let opener = opener(of: node)
    var parts = TriggerParts()
    var call = CallNodes()
    for entry in node.entries {
      guard let key = TriggerKey.table.find(entry.key) else {
        unknownKey(entry.key, in: "a trigger", known: TriggerKey.table.names.filter { $0 != TriggerKey.value.rawValue })
        continue
      }
      parts.found.insert(key)
      switch key {
      case .action: call.action = entry.value
      case .with: call.with = entry
      case .target: call.target = entry
      case .collection: call.collection = entry
      default: read(key, entry, into: &parts)
      }
    }
    for key in [TriggerKey.id, .action, .every, .expect] where !parts.found.contains(key) {
      missingKey(key.rawValue, in: "a trigger", opener: opener, help: Self.help(for: key))
    }
    for key in [TriggerKey.onFail, .onNoData, .onError] where !parts.found.contains(key) {
      missingKey(key.rawValue, in: "a trigger", opener: opener, help: "write rollback, pause or warn; triggers have no default for it")
    }
    guard let action = actionCall(call, node), let id = parts.id, let expect = parts.expect, let every = parts.every else { return nil }
    return parts.trigger(RollbackTrigger(id: id.id, idRange: id.range, action: action, expect: expect, every: every, range: node.range))
  }

  private static func help(for key: TriggerKey) -> String? {
    switch key {
    case .every: "say how often it samples, like every: 10s"
    case .expect: "say what must be seen, like expect: { below: 250ms }"
    case .action: "name an action that reads"
    default: nil
    }
  }

  private mutating func read(_ key: TriggerKey, _ entry: Node.Entry, into parts: inout TriggerParts) {
    let value = entry.value
    switch key {
    case .id:
      parts.id = id(value, .trigger).map { id in
        triggerIDs.insert(id.text)
        return RollbackTrigger.StepName(id: id.text, range: value.range)
      }
    case .title: parts.title = text(value, "title")
    case .bar: parts.bar = text(value, "bar")
    case .startAfter: parts.startAfter = text(value, "startAfter").map { RollbackTrigger.StepName(id: $0, range: value.range) }
    case .stopBefore: parts.stopBefore = text(value, "stopBefore").map { RollbackTrigger.StepName(id: $0, range: value.range) }
    case .expect: parts.expect = matcher(value, opener: entry.key, in: "'expect'")
    case .every: parts.every = durationTemplate(value, "every")
    case .window: parts.window = durationTemplate(value, "window")
    case .initialDelay: parts.initialDelay = durationTemplate(value, "initialDelay")
    case .timeout: parts.timeout = durationTemplate(value, "timeout")
    case .minSamples: parts.minSamples = textTemplate(value, "minSamples")
    case .confidence: parts.confidence = textTemplate(value, "confidence")
    case .requirePass: parts.requirePass = boolean(value, "requirePass") ?? false
    case .onFail: parts.onFail = word(value, "onFail", of: RollbackTrigger.Response.self)
    case .onError: parts.onError = word(value, "onError", of: RollbackTrigger.Response.self)
    case .onNoData: parts.onNoData = word(value, "onNoData", of: RollbackTrigger.Response.self)
    case .failures: parts.failures = failures(entry)
    case .value: notHere(entry.key, "a trigger samples an action, not a value")
    case .action, .with, .target, .collection: break
    }
  }

  /// `failures: { max: 1, of: 4 }`: at least one window more than are borne, or it could never act.
  private mutating func failures(_ entry: Node.Entry) -> RollbackTrigger.Failures? {
    guard isMapping(entry.value, "'failures'", like: "failures: { max: 1, of: 4 }") else { return nil }
    var failures = RollbackTrigger.Failures()
    var isWhole = true
    for (key, value) in entry.value.entries {
      guard let name = FailuresKey.table.find(key) else {
        unknownKey(key, in: "'failures'", known: FailuresKey.table.names)
        continue
      }
      guard let number = integer(value, name.rawValue) else {
        isWhole = false
        continue
      }
      let least: Int64 = name == .max ? 0 : 1
      guard number >= least, number <= 10_000 else {
        report(.trigger, "'\(name.rawValue)' of 'failures' must be from \(least) to 10000", at: value.range)
        isWhole = false
        continue
      }
      if name == .max { failures.max = Int(number) } else { failures.of = Int(number) }
    }
    guard isWhole else { return nil }
    if failures.max >= failures.of {
      let windows = failures.of == 1 ? "the last window" : "the last \(failures.of) windows"
      report(
        .trigger, "\(failures.max + 1) failures cannot be among \(windows), so the trigger could never act", at: entry.value.range,
        help: "write failures: { max: \(failures.max), of: \(failures.max + 1) }, or a greater 'of'")
    }
    return failures
  }
}

/// What was read of a trigger so far.
private struct TriggerParts {
  var found: Set<TriggerKey> = []
  var id: RollbackTrigger.StepName?
  var title: String?
  var bar: String?
  var startAfter: RollbackTrigger.StepName?
  var stopBefore: RollbackTrigger.StepName?
  var expect: Matcher?
  var every: Template?
  var window: Template?
  var initialDelay: Template?
  var timeout: Template?
  var minSamples: Template?
  var confidence: Template?
  var failures: RollbackTrigger.Failures?
  var requirePass = false
  var onFail: RollbackTrigger.Response?
  var onError: RollbackTrigger.Response?
  var onNoData: RollbackTrigger.Response?

  func trigger(_ start: RollbackTrigger) -> RollbackTrigger {
    var trigger = start
    trigger.title = title
    trigger.bar = bar
    trigger.startAfter = startAfter
    trigger.stopBefore = stopBefore
    trigger.window = window
    trigger.initialDelay = initialDelay
    trigger.timeout = timeout
    trigger.minSamples = minSamples
    trigger.confidence = confidence
    trigger.failures = failures ?? RollbackTrigger.Failures()
    trigger.requirePass = requirePass
    trigger.onFail = onFail ?? trigger.onFail
    trigger.onError = onError ?? trigger.onError
    trigger.onNoData = onNoData ?? trigger.onNoData
    return trigger
  }
}
