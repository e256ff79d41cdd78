import RunbookSyntax

/// What differs between two versions of a plan: by id, never by line. Made of normal forms, so that layout, comments, aliases and `x-` keys do
/// not count.
public struct PlanComparison: Sendable {
  public enum Change: Sendable, Hashable {
    case same
    /// The keys of the step or phase whose values differ, sorted.
    case changed([String])
    case inserted
    case removed
  }

  /// A step of the phases, of the newer version, or of the older one where it was removed.
  public struct Step: Sendable, Hashable {
    public var id: String
    /// Its id in the older version, where that is another one.
    public var formerID: String?
    public var phase: String
    /// Its phase in the older version, where that is another one.
    public var formerPhase: String?
    public var change: Change
  }

  public struct Phase: Sendable, Hashable {
    public var id: String
    public var change: Change
  }

  /// In the order of the newer version; removed ones last, in the order of the older one.
  public let steps: [Step]
  public let phases: [Phase]
  /// Names of targets that were changed or removed, sorted.
  public let targets: [String]
  /// Keys of the whole plan whose values differ, sorted; `phases` is not among them.
  public let keys: [String]

  /// Keys of a step that decide what it does and how it is taken back. All others say when, how often and how strictly.
  public static let effectKeys: Set<String> = [
    "action", "target", "collection", "with", "capture", "probe", "onInterrupt", "rollback",
  ]

  /// Nothing differs that a run could notice.
  public var isEmpty: Bool {
    keys.isEmpty && steps.allSatisfy { $0.change == .same && $0.formerID == nil && $0.formerPhase == nil }
      && phases.allSatisfy { $0.change == .same }
  }

  /// - Parameters: normal forms of plans that loaded.
  public init(older: NormalisedPlan, newer: NormalisedPlan) {
    self.init(olderBytes: older.bytes, newerBytes: newer.bytes)
  }

  /// The same, from normal forms as a run stores them.
  public init(olderBytes: [UInt8], newerBytes: [UInt8]) {
    let (older, newer) = (PlanParts(olderBytes), PlanParts(newerBytes))
    var steps: [Step] = []
    var met: Set<String> = []
    for id in newer.stepOrder {
      guard let step = newer.steps[id] else { continue }
      let former = older.steps[id] == nil ? step.renamedFrom.flatMap { older.steps[$0] == nil ? nil : $0 } : id
      guard let former, let before = older.steps[former] else {
        steps.append(Step(id: id, phase: step.phase, change: .inserted))
        continue
      }
      met.insert(former)
      let keys = before.keysThatDiffer(from: step, ignoring: ["id", "renamedFrom"])
      steps.append(
        Step(
          id: id, formerID: former == id ? nil : former, phase: step.phase, formerPhase: before.phase == step.phase ? nil : before.phase,
          change: keys.isEmpty ? .same : .changed(keys)))
    }
    for id in older.stepOrder where !met.contains(id) {
      if let step = older.steps[id] { steps.append(Step(id: id, phase: step.phase, change: .removed)) }
    }
    self.steps = steps
    phases = Self.phases(older, newer)
    targets = Set(older.targets.keys).filter { older.targets[$0] != newer.targets[$0] }.sorted()
    keys = older.root.differences(from: newer.root)
  }

  private static func phases(_ older: PlanParts, _ newer: PlanParts) -> [Phase] {
    var phases = newer.phaseOrder.map { id in
      guard let before = older.phases[id], let after = newer.phases[id] else { return Phase(id: id, change: .inserted) }
      let keys = before.differences(from: after)
      return Phase(id: id, change: keys.isEmpty ? .same : .changed(keys))
    }
    for id in older.phaseOrder where newer.phases[id] == nil { phases.append(Phase(id: id, change: .removed)) }
    return phases
  }
}

/// A plan taken apart into the text of its parts, by id.
private struct PlanParts {
  struct Step {
    var phase: String
    var renamedFrom: String?
    var parts: [String: [UInt8]]

    func keysThatDiffer(from other: Step, ignoring: Set<String>) -> [String] {
      parts.differences(from: other.parts).filter { !ignoring.contains($0) }
    }
  }

  var stepOrder: [String] = []
  var steps: [String: Step] = [:]
  var phaseOrder: [String] = []
  var phases: [String: [String: [UInt8]]] = [:]
  var targets: [String: [UInt8]] = [:]
  var root: [String: [UInt8]] = [:]

  init(_ bytes: [UInt8]) {
    guard let tree = NodeTree.parse(SourceFile(path: "plan", bytes: bytes)).tree else {
      preconditionFailure("a normal form is read back as it was written")
    }
    let defaults = tree.root["defaults"].map { Self.texts($0, except: []) } ?? [:]
    for entry in tree.root.entries {
      guard let key = entry.key.text else { continue }
      switch key {
      case "phases": for phase in entry.value.elements { read(phase, defaults) }
      case "targets":
        targets = Self.texts(entry.value, except: [])
        root[key] = NormalisedPlan.canonical(entry.value)
      default: root[key] = NormalisedPlan.canonical(entry.value)
      }
    }
  }

  private mutating func read(_ phase: Node, _ defaults: [String: [UInt8]]) {
    guard let id = phase["id"]?.text else { return }
    phaseOrder.append(id)
    phases[id] = Self.texts(phase, except: ["steps"])
    for step in phase["steps"].map({ Array($0.elements) }) ?? [] {
      guard let stepID = step["id"]?.text else { continue }
      var parts = Self.texts(step, except: [])
      // What comes from `defaults` is part of the step that it applies to.
      for (key, text) in defaults where parts[key] == nil { parts[key] = text }
      stepOrder.append(stepID)
      steps[stepID] = Step(phase: id, renamedFrom: step["renamedFrom"]?.text, parts: parts)
    }
  }

  private static func texts(_ mapping: Node, except: Set<String>) -> [String: [UInt8]] {
    var texts: [String: [UInt8]] = [:]
    for entry in mapping.entries {
      if let key = entry.key.text, !except.contains(key) { texts[key] = NormalisedPlan.canonical(entry.value, key: key) }
    }
    return texts
  }
}

extension Dictionary<String, [UInt8]> {
  /// The keys that only one of the two has, or whose texts differ; sorted.
  fileprivate func differences(from other: Self) -> [String] {
    Set(keys).union(other.keys).filter { self[$0] != other[$0] }.sorted()
  }
}
