import OrderedCollections
import RunbookActions
import RunbookPlan

/// What a review relied on, so that a run of what was reviewed can see whether it still holds: what the targets are and what there is in the
/// collections that the plan changes.
public struct PinnedFacts: Sendable {
  /// By target: `identity`, and what the target itself tells (`FactTarget`).
  public var targets: ValueMap
  /// By how much a number of documents may have moved, as a share of it.
  public var tolerance: Double

  public init(targets: ValueMap, tolerance: Double) {
    self.targets = targets
    self.tolerance = tolerance
  }

  /// The same, as they are now.
  static func read(of bound: BoundPlan, targets: TargetSet) async throws(ActionError) -> OrderedDictionary<String, Value> {
    var facts: OrderedDictionary<String, Value> = [:]
    for name in bound.targetsUsed {
      let target = try await targets.target(named: name)
      var told: ValueMap = ["identity": .string(try await target.identity().key)]
      if let target = target as? any FactTarget {
        let prefix = "collection:"
        let reserved = bound.reservations.first { $0.target == name }?.names ?? []
        let collections = reserved.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        for (key, value) in try await target.facts(ofCollections: collections) { told[key] = value }
      }
      facts[name] = .map(told)
    }
    return facts
  }

  /// Sentences about what is no longer as it was pinned; empty where all still holds.
  public func moved(now: OrderedDictionary<String, Value>) -> [String] {
    var moved: [String] = []
    for (target, pinned) in targets {
      guard let present = now[target]?.mapValue else {
        moved.append("target '\(target)' is not used any more")
        continue
      }
      for (key, value) in pinned.mapValue ?? [:] {
        if key == "collections" {
          for (name, then) in value.mapValue ?? [:] {
            moved += differences(of: "'\(name)' of target '\(target)'", then, present[key]?[name] ?? .null)
          }
        } else if present[key] != value {
          moved.append("the \(key) of target '\(target)' was \(Self.text(value)) and is \(Self.text(present[key] ?? .null))")
        }
      }
    }
    return moved
  }

  private func differences(of place: String, _ then: Value, _ now: Value) -> [String] {
    switch (then.mapValue, now.mapValue) {
    case (nil, nil): return []
    case (nil, _?): return ["\(place) did not exist and does now"]
    case (_?, nil): return ["\(place) existed and does not any more"]
    case (let then?, let now?):
      return then.compactMap { key, value -> String? in
        let present = now[key] ?? .null
        if key == "count", let before = value.integerValue, let after = present.integerValue {
          guard abs(Double(after - before)) > Double(before) * tolerance else { return nil }
          let tenths = (tolerance * 1000).rounded() / 10
          let share = tenths == tenths.rounded() ? "\(Int(tenths)) %" : "\(tenths) %"
          return "\(place) had \(before) documents and has \(after), more than \(share) off"
        }
        if let then = value.listValue, let now = present.listValue {
          let changes =
            then.filter { !now.contains($0) }.map { "gone: \(Self.text($0))" }
            + now.filter { !then.contains($0) }.map { "new: \(Self.text($0))" }
          return changes.isEmpty ? nil : "the \(key) of \(place) are others (\(changes.joined(separator: ", ")))"
        }
        return value == present ? nil : "the \(key) of \(place) was \(Self.text(value)) and is \(Self.text(present))"
      }
    }
  }

  private static func text(_ value: Value) -> String {
    let text = value.stringValue ?? value.plainJSON.encodedJSON()
    return text.count > 200 ? text.prefix(199) + "…" : text
  }
}

extension RunLauncher {
  /// A saved plan is carried out only in the world that its review saw.
  func refuseMovedFacts() async throws(RunFailure) {
    guard let pinned = setting.pinned else { return }
    let now: OrderedDictionary<String, Value>
    do throws(ActionError) {
      now = try await PinnedFacts.read(of: setting.bound, targets: targets).mapValues(setting.redactor.redact)
    } catch {
      throw notBegun(error)
    }
    let moved = pinned.moved(now: now)
    guard !moved.isEmpty else { return }
    throw RunFailure(
      code: "RB2531", exitStatus: 8, message: "what the review of this plan relied on is no longer so: \(moved.joined(separator: "; "))",
      standing: "the run was not begun and nothing was changed",
      next: ["look at it again: runbook plan \(setting.header.planPath)", "then save it anew with --out, or execute the plan's file"])
  }
}
