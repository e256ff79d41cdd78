import OrderedCollections
import RunbookActions

/// Compares two versions of a plan part by part. Each method says what it finds; what no method knows is a change.
struct ReviewWalk {
  let old: PlanInventory
  let new: PlanInventory
  let descriptor: (String) -> ActionDescriptor?
  private(set) var changes: [ReviewChange] = []
  /// New ids of steps that say that they had another one.
  let renamed: [String: String]

  init(old: PlanInventory, new: PlanInventory, descriptor: @escaping (String) -> ActionDescriptor?) {
    var renamed: [String: String] = [:]
    for step in new.steps.values {
      guard let former = step.part["renamedFrom"]?.text, old.steps[former] != nil, new.steps[former] == nil, old.steps[step.id] == nil
      else {
        continue
      }
      renamed[former] = step.id
    }
    self.renamed = renamed
    // The older version as it would be with the new names: what refers to a renamed step has not changed for that.
    self.old = renamed.isEmpty ? old : PlanInventory(Self.rename(old.plan, renamed))
    self.new = new
    self.descriptor = descriptor
  }

  mutating func run() {
    compareDeclarations()
    comparePhases()
    compareSteps()
    compareChecks()
    compareTriggers()
  }

  mutating func add(_ effect: ReviewEffect, _ kind: String, _ subject: String, _ sentence: String) {
    changes.append(ReviewChange(effect, kind, subject, sentence))
  }

  /// Keys whose values are ids of steps.
  private static let stepKeys: Set<String> = ["coveredBy", "startAfter", "stopBefore", "baseline", "backup", "step", "id"]

  private static func rename(_ plan: PlanPart, _ names: [String: String]) -> PlanPart {
    plan.replacing { key, text in
      if stepKeys.contains(key), let name = names[text] { return name }
      guard text.contains("${{") else { return nil }
      var text = text
      for (former, name) in names {
        for root in ["steps", "baselines"] { text = text.replacing("\(root).\(former).", with: "\(root).\(name).") }
      }
      return text
    }
  }

  // MARK: What many parts have

  /// The keys of two mappings that differ, after what holds without being written is put in.
  static func differingKeys(_ old: PlanPart, _ new: PlanPart, defaults: [String: PlanPart]) -> [String] {
    Set(old.map.keys).union(new.map.keys).sorted().filter { (old[$0] ?? defaults[$0]) != (new[$0] ?? defaults[$0]) }
  }

  /// A key that is told as it is: something changed from this to that.
  mutating func tellPlainly(_ key: String, _ old: PlanPart?, _ new: PlanPart?, of name: String, subject: String) {
    switch (old, new) {
    case (nil, let value): add(.changed, "\(key)-added", subject, "\(name) now has \(code(key)) \(code(value))")
    case (let value, nil): add(.changed, "\(key)-removed", subject, "\(name) has no \(code(key)) any more; it was \(code(value))")
    case (let before?, let after?):
      let places = PlanPart.differences(before, after, path: key)
      let told = places.prefix(3).map { place in
        "\(code(place.path)) from \(code(place.old)) to \(code(place.new))"
      }
      let more = places.count > 3 ? ", and \(places.count - 3) places more" : ""
      add(.changed, "\(key)-changed", subject, "\(name) changes \(told.joined(separator: ", "))\(more)")
    }
  }

  /// A length of time or number of which more is less safe.
  /// - Parameter absent: what holds where nothing is written; nil stands for none at all, which is the least.
  mutating func tellAmount(
    _ key: String, _ old: PlanPart?, _ new: PlanPart?, of name: String, subject: String, up: ReviewEffect, down: ReviewEffect,
    _ words: (up: String, down: String)
  ) {
    let shift: Shift?
    switch (old, new) {
    case (nil, _?): shift = .up
    case (_?, nil): shift = .down
    default: shift = Amount.compare(old, new)
    }
    switch shift {
    case .up: add(up, "\(key)-raised", subject, "\(name) \(words.up): \(code(key)) was \(code(old)), is \(code(new))")
    case .down: add(down, "\(key)-lowered", subject, "\(name) \(words.down): \(code(key)) was \(code(old)), is \(code(new))")
    case .same, nil: tellPlainly(key, old, new, of: name, subject: subject)
    }
  }

  /// A policy, of which the first in `order` is the safest.
  mutating func tellPolicy(_ key: String, _ old: PlanPart?, _ new: PlanPart?, order: [String], of name: String, subject: String) {
    guard let before = order.firstIndex(of: old?.text ?? ""), let after = order.firstIndex(of: new?.text ?? "") else {
      return tellPlainly(key, old, new, of: name, subject: subject)
    }
    let effect: ReviewEffect = after > before ? .weaker : .stronger
    let words = after > before ? "answers more mildly" : "answers more strictly"
    add(
      effect, "\(key)-\(after > before ? "weakened" : "strengthened")", subject,
      "\(name) \(words): \(code(key)) was \(code(old)), is \(code(new))")
  }

  /// `when` of a step, check or phase.
  mutating func tellCondition(_ old: PlanPart?, _ new: PlanPart?, of name: String, subject: String, isCheck: Bool) {
    switch (old, new) {
    case (nil, let value?):
      add(isCheck ? .weaker : .changed, "when-added", subject, "\(name) is \(isCheck ? "asked" : "done") only where \(code(value)) holds")
    case (_?, nil): add(isCheck ? .stronger : .changed, "when-removed", subject, "\(name) no longer depends on a condition")
    default: tellPlainly("when", old, new, of: name, subject: subject)
    }
  }

  /// Those of `ids` that do not keep their order, by the longest ordered part of what both versions have.
  static func moved(_ old: [String], _ new: [String]) -> [String] {
    let positions = Dictionary(old.enumerated().map { ($1, $0) }) { first, _ in first }
    let common = new.filter { positions[$0] != nil }
    let values = common.map { positions[$0]! }
    // Patience sorting: the last of each pile, and for each element the one before it.
    var piles: [Int] = []
    var before = [Int](repeating: -1, count: values.count)
    for (index, value) in values.enumerated() {
      var (low, high) = (0, piles.count)
      while low < high {
        let middle = (low + high) / 2
        if values[piles[middle]] < value { low = middle + 1 } else { high = middle }
      }
      before[index] = low > 0 ? piles[low - 1] : -1
      if low == piles.count { piles.append(index) } else { piles[low] = index }
    }
    var kept: Set<Int> = []
    var index = piles.last ?? -1
    while index >= 0 {
      kept.insert(index)
      index = before[index]
    }
    return common.indices.filter { !kept.contains($0) }.map { common[$0] }
  }
}
