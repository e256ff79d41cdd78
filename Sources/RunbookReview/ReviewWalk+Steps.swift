import OrderedCollections
import RunbookActions

extension ReviewWalk {
  private static let stepDefaults: [String: PlanPart] = [
    "onFailure": .scalar(text: "rollback", isPlain: false), "onInterrupt": .scalar(text: "halt", isPlain: false),
    "rollback": .scalar(text: "auto", isPlain: false),
  ]

  func isMutating(_ step: PlanInventory.Step) -> Bool { descriptor(step.part["action"]?.text ?? "")?.isMutating ?? true }
  private func isBackup(_ step: PlanInventory.Step) -> Bool { step.part["action"]?.text == "mongodb.backup" }
  private func isGate(_ step: PlanInventory.Step) -> Bool { step.part["action"]?.text?.hasPrefix("manual.") ?? false }
  private static func isPointOfNoReturn(_ step: PlanInventory.Step) -> Bool { step.part["rollback"]?["none"] != nil }

  mutating func compareSteps() {
    let former = Dictionary(uniqueKeysWithValues: renamed.map { ($1, $0) })
    for step in new.steps.values {
      if let name = former[step.id] {
        add(.harmless, "step-renamed", step.id, "step \(code(name)) is now called \(code(step.id)), and says so")
      }
      if let before = old.steps[step.id] { compare(before, step) } else { addedStep(step) }
    }
    for step in old.steps.values where new.steps[step.id] == nil { removedStep(step) }
    let moved = Self.moved(old.forward.map(\.id), new.forward.map(\.id))
    for id in moved {
      add(
        .changed, "step-moved", id,
        "step \(code(id)) moved: it stood \(Self.place(of: id, in: old.forward)), and stands \(Self.place(of: id, in: new.forward))")
    }
    for list in Set(new.steps.values.filter { $0.phase == nil }.map(\.list)).sorted() {
      for id in Self.moved(old.steps.values.filter { $0.list == list }.map(\.id), new.steps.values.filter { $0.list == list }.map(\.id)) {
        add(.changed, "step-moved", id, "step \(code(id)) has another place in \(list)")
      }
    }
    comparePositions()
  }

  private static func place(of id: String, in steps: [PlanInventory.Step]) -> String {
    guard let index = steps.firstIndex(where: { $0.id == id }) else { return "nowhere" }
    return index == 0 ? "first" : "behind \(code(steps[index - 1].id))"
  }

  private func hasUndoList(_ step: PlanInventory.Step?) -> Bool {
    if case .list = step?.part["rollback"] { true } else { false }
  }

  // MARK: Added and removed

  private mutating func addedStep(_ step: PlanInventory.Step) {
    // What belongs to a new step, or to a way back of another kind than before, is not told by itself.
    if let owner = step.owner, !hasUndoList(old.steps[owner]) { return }
    let action = step.part["action"]?.text ?? ""
    let place = step.phase == nil ? " to \(step.list)" : ", \(Self.place(of: step.id, in: new.forward)),"
    let name = "step \(code(step.id)) (\(code(action)))"
    if Self.isPointOfNoReturn(step) {
      add(
        .weaker, "no-return-added", step.id,
        "\(name) was added\(place) and is a point of no return: nothing before it is undone once it has begun")
    } else if isBackup(step) {
      add(.stronger, "backup-added", step.id, "\(name) was added\(place) a proven backup")
    } else if isGate(step) {
      add(.stronger, "gate-added", step.id, "\(name) was added\(place) a question to people")
    } else {
      add(
        .changed, "step-added", step.id,
        "\(name) was added\(place)\(isMutating(step) ? " and changes something" : " which changes nothing")")
    }
  }

  private mutating func removedStep(_ step: PlanInventory.Step) {
    if let owner = step.owner, !hasUndoList(new.steps[owner]) { return }
    let action = step.part["action"]?.text ?? ""
    let checks = old.checks.values.filter { $0.step == step.id && new.checks[$0.id] == nil }.map(\.id)
    let with = checks.isEmpty ? "" : ", with \(checks.count == 1 ? "its check" : "its checks") \(codes(checks))"
    let name = "step \(code(step.id)) (\(code(action)))"
    if isBackup(step) {
      add(.weaker, "backup-removed", step.id, "\(name) was removed: there is no such backup any more\(with)")
    } else if isGate(step) {
      add(.weaker, "gate-removed", step.id, "\(name) was removed: people are no longer asked\(with)")
    } else if step.owner != nil {
      add(.weaker, "rollback-shortened", step.id, "\(name) was removed from \(step.list)\(with)")
    } else {
      add(checks.isEmpty ? .changed : .weaker, "step-removed", step.id, "\(name) was removed\(with)")
    }
  }

  // MARK: Positions

  /// What stands before a backup, and before a point of no return.
  private mutating func comparePositions() {
    for step in new.forward {
      guard old.forward.contains(where: { $0.id == step.id }) else { continue }
      let (before, after) = (changing(before: step.id, in: old.forward), changing(before: step.id, in: new.forward))
      let (gained, lost) = (after.subtracting(before), before.subtracting(after))
      let known = gained.filter { old.steps[$0] != nil }
      if isBackup(step), !known.isEmpty {
        add(
          .weaker, "backup-late", step.id,
          "backup \(code(step.id)) is now made after \(codes(known.sorted())) \(known.count == 1 ? "has" : "have") changed something")
      }
      guard Self.isPointOfNoReturn(step), let former = old.steps[step.id], Self.isPointOfNoReturn(former) else { continue }
      if !gained.isEmpty {
        add(
          .weaker, "no-return-moved", step.id,
          "\(codes(gained.sorted())) now \(gained.count == 1 ? "stands" : "stand") before the point of no return \(code(step.id)), and \(gained.count == 1 ? "stays" : "stay") once that has begun"
        )
      }
      if !lost.isEmpty {
        add(
          gained.isEmpty ? .stronger : .changed, "no-return-moved", step.id,
          "\(codes(lost.sorted())) no longer \(lost.count == 1 ? "stands" : "stand") before the point of no return \(code(step.id))")
      }
    }
  }

  private func changing(before id: String, in steps: [PlanInventory.Step]) -> Set<String> {
    Set(steps.prefix { $0.id != id }.filter { isMutating($0) && !isBackup($0) }.map(\.id))
  }

  // MARK: One step

  private mutating func compare(_ old: PlanInventory.Step, _ new: PlanInventory.Step) {
    let name = "step \(code(new.id))"
    if old.list != new.list { add(.changed, "step-moved", new.id, "\(name) moved from \(old.list) to \(new.list)") }
    for key in Self.differingKeys(old.part, new.part, defaults: Self.stepDefaults) {
      compareStepKey(key, old.part[key] ?? Self.stepDefaults[key], new.part[key] ?? Self.stepDefaults[key], name, old, new)
    }
  }

  private mutating func compareStepKey(
    _ key: String, _ old: PlanPart?, _ new: PlanPart?, _ name: String, _ before: PlanInventory.Step, _ step: PlanInventory.Step
  ) {
    let id = step.id
    switch key {
    case "id", "renamedFrom":
      if key == "renamedFrom", renamed.values.contains(id) { return }
      add(.harmless, "renamed-from-changed", id, "\(name) tells another former id")
    case "title": add(.harmless, "title-changed", id, "\(name) has another title")
    case "action":
      let wasBackup = isBackup(before) || isGate(before)
      add(wasBackup ? .weaker : .changed, "action-changed", id, "\(name) does \(code(new)) instead of \(code(old))")
    case "target", "collection":
      add(.changed, "place-changed", id, "\(name) works on another \(key): was \(code(old)), is \(code(new))")
    case "with":
      compareArguments(old ?? .emptyMap, new ?? .emptyMap, action: step.part["action"]?.text ?? "", of: name, subject: id, isStep: true)
    case "when": tellCondition(old, new, of: name, subject: id, isCheck: isBackup(step) || isGate(step))
    case "rollback": compareRollback(old ?? .emptyMap, new ?? .emptyMap, name, id)
    case "onFailure": tellPolicy(key, old, new, order: ["rollback", "halt", "continue"], of: "a failure of \(name)", subject: id)
    case "onInterrupt": tellPolicy(key, old, new, order: ["probe", "halt", "rerun"], of: "an interruption of \(name)", subject: id)
    case "probe":
      switch (old, new) {
      case (_?, nil): add(.weaker, "probe-removed", id, "\(name) can no longer find out whether it happened")
      case (nil, _?): add(.stronger, "probe-added", id, "\(name) can find out whether it happened")
      default: tellPlainly(key, old, new, of: name, subject: id)
      }
    default: tellPlainly(key, old, new, of: name, subject: id)
    }
  }

  // MARK: Ways back

  private enum WayBack { case automatic, list, covered, notNeeded, none }

  private static func wayBack(_ part: PlanPart) -> WayBack {
    if case .list = part { return .list }
    if part["none"] != nil { return .none }
    if part["notNeeded"] != nil { return .notNeeded }
    return part["coveredBy"] != nil ? .covered : .automatic
  }

  private mutating func compareRollback(_ old: PlanPart, _ new: PlanPart, _ name: String, _ id: String) {
    let (before, after) = (Self.wayBack(old), Self.wayBack(new))
    let words = "\(code("rollback")) was \(code(Self.short(old))), is \(code(Self.short(new)))"
    switch (before, after) {
    case (.none, .none), (.notNeeded, .notNeeded):
      let key = before == .none ? "none" : "notNeeded"
      if old[key] != new[key] { add(.harmless, "rollback-reason", id, "\(name) gives another reason why it is not undone") }
      if old["acknowledged"] != new["acknowledged"] {
        tellPlainly("acknowledged", old["acknowledged"], new["acknowledged"], of: name, subject: id)
      }
    case (_, .none):
      add(.weaker, "no-return-added", id, "\(name) became a point of no return: nothing before it is undone once it has begun (\(words))")
    case (.none, .notNeeded):
      add(.changed, "rollback-changed", id, "\(name) is no longer a point of no return, but still not undone (\(words))")
    case (.none, _): add(.stronger, "no-return-removed", id, "\(name) is no longer a point of no return (\(words))")
    case (_, .notNeeded): add(.weaker, "rollback-weakened", id, "\(name) is no longer undone (\(words))")
    case (.notNeeded, _): add(.stronger, "rollback-added", id, "\(name) is undone now (\(words))")
    case (.list, .list): compareUndoLists(old.list, new.list, name, id)
    case (.covered, .covered): add(.changed, "rollback-changed", id, "\(name) is undone by another step (\(words))")
    default: add(.changed, "rollback-changed", id, "\(name) is undone in another way (\(words))")
    }
  }

  private static func short(_ part: PlanPart) -> String {
    if case .list(let items) = part {
      return "[ \(items.map { $0.text ?? $0["id"]?.text ?? $0["action"]?.text ?? "a step" }.joined(separator: ", ")) ]"
    }
    return part.shown
  }

  /// Steps that came or went are told by themselves; here it is about `auto`, which has no id.
  private mutating func compareUndoLists(_ old: [PlanPart], _ new: [PlanPart], _ name: String, _ id: String) {
    let (had, has) = (old.contains { $0.text == "auto" }, new.contains { $0.text == "auto" })
    if had, !has {
      add(.weaker, "rollback-shortened", id, "the rollback of \(name) no longer has the action's own inverse, \(code("auto"))")
    }
    if has, !had { add(.stronger, "rollback-extended", id, "the rollback of \(name) has the action's own inverse, \(code("auto")), too") }
    let ids: ([PlanPart]) -> [String] = { $0.map { $0.text ?? $0["id"]?.text ?? "" } }
    if had == has, ids(old) != ids(new), Set(ids(old)) == Set(ids(new)) {
      add(.changed, "rollback-changed", id, "the rollback of \(name) goes in another order")
    }
  }
}
