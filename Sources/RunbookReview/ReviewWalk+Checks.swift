import OrderedCollections

extension ReviewWalk {
  private static let checkDefaults: [String: PlanPart] = [
    "onFail": .scalar(text: "rollback", isPlain: false), "onError": .scalar(text: "halt", isPlain: false),
    "onNoData": .scalar(text: "halt", isPlain: false), "recheck": .scalar(text: "false", isPlain: true),
  ]
  private static let checkPolicies = ["rollback", "halt", "warn", "skip"]

  mutating func compareChecks() {
    for check in new.checks.values {
      guard let before = old.checks[check.id] else {
        // With a new step come its checks; that is told of the step.
        if let step = check.step, old.steps[step] == nil { continue }
        addedCheck(check)
        continue
      }
      compare(before, check)
    }
    for check in old.checks.values where new.checks[check.id] == nil {
      if let step = check.step, new.steps[step] == nil { continue }
      add(
        .weaker, check.isCapture ? "capture-removed" : "check-removed", check.id,
        check.isCapture
          ? "\(code(check.id)) is no longer recorded before the effect (\(check.list))"
          : "check \(code(check.id)) was removed from \(check.list)\(Self.expectation(check.part))")
    }
    for list in Set(new.checks.values.map(\.list)).sorted() {
      let moved = Self.moved(old.checks.values.filter { $0.list == list }.map(\.id), new.checks.values.filter { $0.list == list }.map(\.id))
      for id in moved {
        add(.changed, "check-moved", id, "check \(code(id)) has another place among those of \(list): the first that fails ends the list")
      }
    }
  }

  private static func expectation(_ part: PlanPart) -> String {
    part["expect"].map { "; it expected \(code($0))" } ?? ""
  }

  private mutating func addedCheck(_ check: PlanInventory.Check) {
    let decides = (check.part["onFail"]?.text ?? "rollback") != "warn"
    add(
      decides && !check.isCapture ? .stronger : .changed, check.isCapture ? "capture-added" : "check-added", check.id,
      check.isCapture
        ? "\(code(check.id)) is recorded before the effect (\(check.list))"
        : "check \(code(check.id)) was added to \(check.list)\(Self.expectation(check.part).replacing("expected", with: "expects"))\(decides ? "" : ", and only warns")"
    )
  }

  private mutating func compare(_ old: PlanInventory.Check, _ new: PlanInventory.Check) {
    let name = "check \(code(new.id))"
    if old.list != new.list {
      add(.changed, "check-moved", new.id, "\(name) moved from \(old.list) to \(new.list)")
    }
    for key in Self.differingKeys(old.part, new.part, defaults: Self.checkDefaults) {
      compareCheckKey(key, old.part[key] ?? Self.checkDefaults[key], new.part[key] ?? Self.checkDefaults[key], name, new)
    }
  }

  private mutating func compareCheckKey(_ key: String, _ old: PlanPart?, _ new: PlanPart?, _ name: String, _ check: PlanInventory.Check) {
    let id = check.id
    switch key {
    case "id": break
    case "title", "bar": add(.harmless, "\(key)-changed", id, "\(name) has another \(key)")
    case "expect": compareExpectation(old, new, name, id)
    case "onFail", "onError", "onNoData": tellPolicy(key, old, new, order: Self.checkPolicies, of: name, subject: id)
    case "within":
      tellAmount(key, old, new, of: name, subject: id, up: .weaker, down: .stronger, ("has longer to pass", "has less time to pass"))
    case "holdFor":
      tellAmount(
        key, old, new, of: name, subject: id, up: .stronger, down: .weaker, ("has to hold for longer", "has to hold for less long"))
    case "recheck":
      let asksAgain = new?.text == "true"
      add(
        asksAgain ? .stronger : .weaker, asksAgain ? "recheck-added" : "recheck-removed", id,
        asksAgain ? "\(name) is asked again when a run is resumed" : "\(name) is no longer asked again when a run is resumed")
    case "when": tellCondition(old, new, of: name, subject: id, isCheck: true)
    case "with": compareArguments(old ?? .emptyMap, new ?? .emptyMap, action: check.part["action"]?.text ?? "", of: name, subject: id)
    case "action", "value", "target", "collection":
      add(.changed, "\(key)-changed", id, "\(name) looks at something else: \(code(key)) was \(code(old)), is \(code(new))")
    default: tellPlainly(key, old, new, of: name, subject: id)
    }
  }

  mutating func compareExpectation(_ old: PlanPart?, _ new: PlanPart?, _ name: String, _ id: String) {
    let words = "was \(code(old)), is \(code(new))"
    switch Expectation.compare(old, new) {
    case .tighter: add(.stronger, "threshold-tightened", id, "\(name) expects more: \(words)")
    case .looser: add(.weaker, "threshold-loosened", id, "\(name) expects less: \(words)")
    case .same: add(.harmless, "threshold-reworded", id, "\(name) expects the same in other words: \(words)")
    case .other: add(.changed, "threshold-changed", id, "\(name) expects something else: \(words)")
    }
  }

  // MARK: Triggers

  private static func triggerDefaults(_ part: PlanPart) -> [String: PlanPart] {
    var defaults: [String: PlanPart] = [
      "minSamples": .scalar(text: "1", isPlain: true), "requirePass": .scalar(text: "false", isPlain: true),
      "failures": .map(["max": .scalar(text: "0", isPlain: true), "of": .scalar(text: "1", isPlain: true)]),
    ]
    defaults["window"] = part["every"]
    return defaults
  }

  mutating func compareTriggers() {
    for trigger in new.triggers.values {
      guard let before = old.triggers[trigger.id] else {
        let acts = ["onFail", "onNoData", "onError"].contains { trigger.part[$0]?.text != "warn" }
        add(
          acts ? .stronger : .changed, "trigger-added", trigger.id,
          "rollback trigger \(code(trigger.id)) was added\(acts ? "" : ", and only warns")")
        continue
      }
      compare(before, trigger)
    }
    for trigger in old.triggers.values where new.triggers[trigger.id] == nil {
      add(.weaker, "trigger-removed", trigger.id, "rollback trigger \(code(trigger.id)) was removed\(Self.expectation(trigger.part))")
    }
  }

  private mutating func compare(_ old: PlanInventory.Trigger, _ new: PlanInventory.Trigger) {
    let name = "rollback trigger \(code(new.id))"
    switch (old.phase, new.phase) {
    case (nil, let phase?): add(.weaker, "trigger-moved", new.id, "\(name) watches phase \(code(phase)) only, and no longer the whole plan")
    case (_?, nil): add(.stronger, "trigger-moved", new.id, "\(name) watches the whole plan, and no longer one phase")
    case (let before?, let after?) where before != after:
      add(.changed, "trigger-moved", new.id, "\(name) watches phase \(code(after)) instead of \(code(before))")
    default: break
    }
    let (before, after) = (Self.triggerDefaults(old.part), Self.triggerDefaults(new.part))
    for key in Set(old.part.map.keys).union(new.part.map.keys).sorted() {
      let (first, second) = (old.part[key] ?? before[key], new.part[key] ?? after[key])
      if first != second { compareTriggerKey(key, first, second, name, new) }
    }
  }

  private mutating func compareTriggerKey(
    _ key: String, _ old: PlanPart?, _ new: PlanPart?, _ name: String, _ trigger: PlanInventory.Trigger
  ) {
    let id = trigger.id
    func amount(_ up: ReviewEffect, _ down: ReviewEffect, _ more: String, _ less: String) {
      tellAmount(key, old, new, of: name, subject: id, up: up, down: down, (more, less))
    }
    switch key {
    case "title", "bar": add(.harmless, "\(key)-changed", id, "\(name) has another \(key)")
    case "expect": compareExpectation(old, new, name, id)
    case "onFail", "onError", "onNoData": tellPolicy(key, old, new, order: ["rollback", "pause", "warn"], of: name, subject: id)
    case "every": amount(.weaker, .stronger, "looks less often", "looks more often")
    case "window": amount(.weaker, .changed, "judges later, over longer windows", "judges over shorter windows")
    case "minSamples": amount(.weaker, .stronger, "needs more samples before it can fail", "can fail on fewer samples")
    case "confidence": amount(.weaker, .stronger, "has to be surer before it fails", "fails at a lower confidence")
    case "initialDelay": amount(.weaker, .stronger, "begins later", "begins earlier")
    case "failures": compareFailures(old ?? .emptyMap, new ?? .emptyMap, name, id)
    case "requirePass":
      let requires = new?.text == "true"
      add(
        requires ? .stronger : .weaker, requires ? "require-pass-added" : "require-pass-removed", id,
        requires
          ? "the first change waits for a passing window of \(name)" : "the first change no longer waits for a passing window of \(name)")
    case "startAfter", "stopBefore":
      let words = key == "startAfter" ? "watches only after step" : "stops watching before step"
      switch (old, new) {
      case (nil, let step?): add(.weaker, "trigger-moved", id, "\(name) \(words) \(code(step))")
      case (let step?, nil):
        add(
          .stronger, "trigger-moved", id,
          "\(name) no longer \(words.replacing("watches", with: "waits").replacing("stops", with: "ends")) \(code(step))")
      default: add(.changed, "trigger-moved", id, "\(name) \(words) \(code(new)) instead of \(code(old))")
      }
    case "with": compareArguments(old ?? .emptyMap, new ?? .emptyMap, action: trigger.part["action"]?.text ?? "", of: name, subject: id)
    case "action", "target", "collection":
      add(.changed, "\(key)-changed", id, "\(name) looks at something else: \(code(key)) was \(code(old)), is \(code(new))")
    default: tellPlainly(key, old, new, of: name, subject: id)
    }
  }

  /// It acts at failure `max` + 1 among the last `of` windows.
  private mutating func compareFailures(_ old: PlanPart, _ new: PlanPart, _ name: String, _ id: String) {
    let none = PlanPart.scalar(text: "0", isPlain: true), one = PlanPart.scalar(text: "1", isPlain: true)
    let max = Amount.compare(old["max"] ?? none, new["max"] ?? none)
    let of = Amount.compare(old["of"] ?? one, new["of"] ?? one)
    let words = "was \(code(old)), is \(code(new))"
    switch (max, of) {
    case (.up, _), (.same, .down): add(.weaker, "failures-raised", id, "\(name) puts up with more failures: \(words)")
    case (.down, .up), (.down, .same), (.same, .up): add(.stronger, "failures-lowered", id, "\(name) puts up with fewer failures: \(words)")
    default: add(.changed, "failures-changed", id, "\(name) counts failures in another way: \(words)")
    }
  }
}
