import OrderedCollections

/// Arguments of actions: what is known of some of them, and all others as they are.
extension ReviewWalk {
  /// - Parameter isStep: false for a check or trigger, whose filter says what is looked at.
  mutating func compareArguments(
    _ old: PlanPart, _ new: PlanPart, action: String, of name: String, subject: String, isStep: Bool = false
  ) {
    let keys = Set(old.map.keys).union(new.map.keys).sorted().filter { old[$0] != new[$0] }
    for key in keys {
      let (before, after) = (old[key], new[key])
      switch (action, key) {
      case ("mongodb.backup", _): compareBackup(key, before, after, name, subject)
      case ("manual.confirm", _), ("manual.approve", _): compareGate(key, before, after, name, subject)
      case (_, "filter") where isStep: compareFilter(before, after, name, subject)
      case (_, "throttle") where isStep: compareThrottle(before, after, name, subject)
      case ("wait.for", "duration"):
        tellAmount(key, before, after, of: name, subject: subject, up: .changed, down: .weaker, ("waits longer", "waits less long"))
      default: tellArgument(key, before, after, name, subject)
      }
    }
  }

  private mutating func tellArgument(_ key: String, _ old: PlanPart?, _ new: PlanPart?, _ name: String, _ subject: String) {
    tellPlainly(key, old, new, of: name, subject: subject)
  }

  // MARK: Blast radius

  private mutating func compareFilter(_ old: PlanPart?, _ new: PlanPart?, _ name: String, _ subject: String) {
    let words = "\(code("filter")) was \(code(old)), is \(code(new))"
    switch Self.width(old, new) {
    case .wider where new?.map.isEmpty ?? true: add(.weaker, "filter-removed", subject, "\(name) reaches every document: \(words)")
    case .wider: add(.weaker, "filter-widened", subject, "\(name) reaches more documents: \(words)")
    case .narrower: add(.changed, "filter-narrowed", subject, "\(name) reaches fewer documents: \(words)")
    case .other: add(.changed, "filter-changed", subject, "\(name) reaches other documents: \(words)")
    }
  }

  private enum Width { case wider, narrower, other }

  /// All keys of a filter have to hold, so one key less is more documents.
  private static func width(_ old: PlanPart?, _ new: PlanPart?) -> Width {
    let (before, after) = (old?.map ?? [:], new?.map ?? [:])
    let common = before.keys.filter { after[$0] != nil }
    guard common.allSatisfy({ before[$0] == after[$0] }) else { return .other }
    let isWider = common.count < before.count
    let isNarrower = common.count < after.count
    return isWider == isNarrower ? .other : isWider ? .wider : .narrower
  }

  private mutating func compareThrottle(_ old: PlanPart?, _ new: PlanPart?, _ name: String, _ subject: String) {
    let (before, after) = (old ?? .emptyMap, new ?? .emptyMap)
    for key in Set(before.map.keys).union(after.map.keys).sorted() where before[key] != after[key] {
      let path = "throttle.\(key)"
      switch key {
      case "maxLatency", "maxReplicationLag":
        switch (before[key], after[key]) {
        case (let value?, nil): add(.weaker, "throttle-removed", subject, "\(name) no longer gives way: \(code(path)) was \(code(value))")
        case (nil, let value?): add(.stronger, "throttle-added", subject, "\(name) gives way: \(code(path)) is \(code(value))")
        default:
          tellAmount(
            path, before[key], after[key], of: name, subject: subject, up: .weaker, down: .stronger, ("gives way later", "gives way sooner")
          )
        }
      case "pauseBetween":
        tellAmount(
          path, before[key], after[key], of: name, subject: subject, up: .stronger, down: .weaker,
          ("rests longer between batches", "rests less between batches"))
      default: tellPlainly(path, before[key], after[key], of: name, subject: subject)
      }
    }
  }

  // MARK: Backups

  private mutating func compareBackup(_ key: String, _ old: PlanPart?, _ new: PlanPart?, _ name: String, _ subject: String) {
    let name = name.replacing("step", with: "backup")
    switch key {
    case "filter":
      switch Self.width(old, new) {
      case .wider: add(.stronger, "backup-widened", subject, "\(name) holds more documents: \(code(key)) was \(code(old)), is \(code(new))")
      case .narrower:
        add(.weaker, "backup-narrowed", subject, "\(name) holds fewer documents: \(code(key)) was \(code(old)), is \(code(new))")
      case .other: add(.weaker, "backup-changed", subject, "\(name) holds other documents: \(code(key)) was \(code(old)), is \(code(new))")
      }
    case "prove":
      let digest = PlanPart.scalar(text: "digest", isPlain: false)
      tellProof(old ?? digest, new ?? digest, name, subject)
    case "keepFor":
      tellAmount(key, old, new, of: name, subject: subject, up: .stronger, down: .weaker, ("is kept longer", "is kept less long"))
    case "onRollback": tellPolicy(key, old ?? keep, new ?? keep, order: ["keep", "drop"], of: name, subject: subject)
    default: tellPlainly(key, old, new, of: name, subject: subject)
    }
  }

  private var keep: PlanPart { .scalar(text: "keep", isPlain: false) }

  private mutating func tellProof(_ old: PlanPart, _ new: PlanPart, _ name: String, _ subject: String) {
    if old == new {
      return add(
        .harmless, "backup-proof", subject, "\(name) is proven as before; \(code("prove")) is written out, or left out where it held anyway"
      )
    }
    let order = ["restore", "digest"]
    let (before, after) = (order.firstIndex(of: old.text ?? ""), order.firstIndex(of: new.text ?? ""))
    let isStronger = (after ?? .max) < (before ?? .max)
    add(
      isStronger ? .stronger : .weaker, "backup-proof", subject,
      "\(name) is proven \(isStronger ? "more" : "less") strictly: \(code("prove")) was \(code(old)), is \(code(new))")
  }

  // MARK: Gates

  private mutating func compareGate(_ key: String, _ old: PlanPart?, _ new: PlanPart?, _ name: String, _ subject: String) {
    switch key {
    case "items": compareItems(old?.list ?? [], new?.list ?? [], name, subject)
    case "minimum":
      let one = PlanPart.scalar(text: "1", isPlain: true)
      tellAmount(
        key, old ?? one, new ?? one, of: name, subject: subject, up: .stronger, down: .weaker, ("needs more people", "needs fewer people"))
    case "notInitiator":
      let counts = new?.text == "false"
      add(
        counts ? .weaker : .stronger, "gate-initiator", subject,
        counts ? "\(name) may be answered by who started the run" : "\(name) may no longer be answered by who started the run")
    case "evidence": tellPolicy(key, old ?? none, new ?? none, order: ["required", "optional", "none"], of: name, subject: subject)
    default: tellPlainly(key, old, new, of: name, subject: subject)
    }
  }

  private var none: PlanPart { .scalar(text: "none", isPlain: false) }

  private mutating func compareItems(_ old: [PlanPart], _ new: [PlanPart], _ name: String, _ subject: String) {
    func byID(_ items: [PlanPart]) -> OrderedDictionary<String, PlanPart> {
      OrderedDictionary(items.enumerated().map { ($1["id"]?.text ?? "number \($0 + 1)", $1) }) { first, _ in first }
    }
    let (before, after) = (byID(old), byID(new))
    let gone = before.keys.filter { after[$0] == nil }
    if !gone.isEmpty { add(.weaker, "gate-item-removed", subject, "\(name) no longer asks \(codes(gone))") }
    let added = after.keys.filter { before[$0] == nil }
    if !added.isEmpty { add(.stronger, "gate-item-added", subject, "\(name) also asks \(codes(added))") }
    for (id, item) in after {
      guard let former = before[id] else { continue }
      for key in Set(former.map.keys).union(item.map.keys).sorted() where former[key] != item[key] {
        compareGate(key, former[key], item[key], "\(name), item \(code(id)),", subject)
      }
    }
    if gone.isEmpty, added.isEmpty, Array(before.keys) != Array(after.keys) {
      add(.changed, "gate-items-moved", subject, "\(name) asks in another order")
    }
  }
}
