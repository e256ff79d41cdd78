import ArgumentParser
import Foundation
import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSyntax

/// The file of a run's plan as it is now, beside the plan that the run goes by: what differs, and whether the run can go on with it.
struct EditedPlan {
  let path: String
  let bound: BoundPlan
  let adoption: Adoption
  let comparison: PlanComparison
  let refusals: [AdoptionRefusal]
  private let recorded: RecordedRun

  /// - Throws: exit 2 where the file has errors, 64 where it cannot be read.
  init(of recorded: RecordedRun, at path: String) throws {
    var params = ValueMap()
    let loaded = try PlanSource.load(edited: path, run: recorded.header.facts) { plan in
      guard plan.metadata.id == recorded.header.planID else {
        throw Messages.usage(
          "\(path) is the plan '\(plan.metadata.id)', and run \(recorded.header.run) belongs to '\(recorded.header.planID)'",
          help: "a plan keeps its metadata.id when it is edited")
      }
      params = try Self.params(of: plan, recorded)
      return params
    }
    let normalised = loaded.normalised
    bound = loaded.bound
    adoption = Adoption(digest: normalised.digest, plan: normalised.text, params: .map(params))
    comparison = PlanComparison(olderBytes: recorded.planBytes, newerBytes: normalised.bytes)
    var state = recorded.state
    let outline = Outline(bound)
    state.know(outline, of: adoption)
    refusals = state.refusals(ofAdopting: outline, changed: comparison.stepsWithAnotherEffect)
    self.path = path
    self.recorded = recorded
  }

  /// A run keeps the values it began with; a new param takes its default.
  private static func params(of plan: Plan, _ recorded: RecordedRun) throws -> ValueMap {
    var values = ValueMap()
    for declaration in plan.params {
      let before = recorded.bound.plan.params.first { $0.name == declaration.name }
      if let before, let value = recorded.bound.params[declaration.name] {
        guard before.type == declaration.type else {
          throw stale(
            "param '\(declaration.name)' has another type than when the run began", recorded,
            help: "give the new one another name, with a default")
        }
        values[declaration.name] = value
      } else if let value = declaration.defaultValue {
        values[declaration.name] = value
      } else {
        throw stale(
          "the new param '\(declaration.name)' has no default, and a run keeps the params it began with", recorded,
          help: "give it a default")
      }
    }
    return values
  }

  private static func stale(_ message: String, _ recorded: RecordedRun, help: String) -> ExitCode {
    Messages.error("error[RB2517]: the edited plan cannot be adopted: \(message)")
    Messages.error("help: \(help)")
    Messages.error("  run \(recorded.header.run) stays as it is")
    return ExitCode(8)
  }

  /// The versions of the run's plan with this one as the latest.
  var plans: PlanVersions {
    var plans = recorded.plans
    plans.later.append(PlanVersions.Later(adoption: adoption, outline: Outline(bound)))
    return plans
  }

  /// - Throws: exit 8 where the digest is another one, or the run cannot go on with the plan; both with what differs.
  func review(accepting digest: String) throws {
    Messages.error(differences)
    let place = path == recorded.header.planPath ? "" : " --plan \(path)"
    let again = "runbook resume \(recorded.header.run) --accept \(adoption.digest)\(place)"
    guard refusals.isEmpty, movedTargets.isEmpty else {
      Messages.error("error[RB2517]: the edited plan cannot be adopted")
      for reason in refusals.map(words) + movedTargets.map(Self.words(ofTarget:)) { Messages.error("  \(reason)") }
      Messages.error("  run \(recorded.header.run) stays as it is and goes by its stored plan")
      Messages.error("  next: mend \(path) and try again, or 'runbook resume \(recorded.header.run)' to go on with the stored plan")
      throw ExitCode(8)
    }
    guard NormalisedPlan.isDigest(adoption.digest, named: digest) else {
      Messages.error("error[RB2518]: \(path) is not the plan with the digest \(digest): its digest is \(adoption.digest)")
      Messages.error("  run \(recorded.header.run) stays as it is")
      Messages.error("  next: look at what differs, then: \(again)")
      throw ExitCode(8)
    }
  }

  /// Targets that the run works on and that are not what they were.
  private var movedTargets: [String] { comparison.targets.filter(Set(recorded.bound.targetsUsed).contains) }

  private static func words(ofTarget name: String) -> String {
    "target '\(name)' was changed: what the run has done stands where it was done"
  }

  private func words(_ refusal: AdoptionRefusal) -> String {
    switch refusal {
    case .wrongState(let status): "the run is \(status.words): only one that goes forward, is paused or halted takes another plan"
    case .removed(let step): "step '\(step)' has changed something and is gone; leave it in"
    case .changed(let step):
      "step '\(step)' has begun, and what it does or how it is undone differs; leave that as it was, or roll the run back"
    case .inserted(let step): "step '\(step)' is new and stands before the place where the run is, so that it would never run"
    case .moved(let step): "step '\(step)' stands in another order than it began in, or before the place where the run is"
    case .phaseRemoved(let phase): "phase '\(phase)' has begun and is gone"
    }
  }

  // MARK: What differs

  private var differences: String {
    if comparison.isEmpty { return "\(path) says the same as the plan of run \(recorded.header.run)" }
    var lines = ["\(path) beside the plan of run \(recorded.header.run):"]
    for step in comparison.steps { if let line = line(of: step) { lines.append("  " + line) } }
    for phase in comparison.phases {
      switch phase.change {
      case .same: break
      case .changed(let keys): lines.append("  phase     \(phase.id): \(keys.joined(separator: ", "))")
      case .inserted: lines.append("  phase     \(phase.id): new")
      case .removed: lines.append("  phase     \(phase.id): gone")
      }
    }
    if !comparison.keys.isEmpty { lines.append("  plan      \(comparison.keys.joined(separator: ", "))") }
    return lines.joined(separator: "\n")
  }

  private func line(of step: PlanComparison.Step) -> String? {
    let former = step.formerID ?? step.id
    let moved = step.formerPhase.map { ", moved here from phase \($0)" } ?? ""
    let renamed = step.formerID.map { " (was \($0))" } ?? ""
    switch step.change {
    case .inserted: return "inserted  \(step.id)"
    case .removed: return "removed   \(step.id)"
    case .same:
      if moved.isEmpty, renamed.isEmpty { return nil }
      return "\(place(of: former))\(step.id)\(renamed)\(moved)"
    case .changed(let keys): return "\(place(of: former))\(step.id)\(renamed): \(keys.joined(separator: ", "))\(moved)"
    }
  }

  /// Where the run is with a step: done, current or future.
  private func place(of step: String) -> String {
    let record = recorded.state.step(step)
    return switch record?.status {
    case .done, .skipped, .undone: "done      "
    case .started, .failed: "current   "
    case .pending, nil: "future    "
    }
  }
}

extension PlanComparison {
  /// Ids of steps that do something else than before, or are taken back in another way.
  var stepsWithAnotherEffect: Set<String> {
    Set(
      steps.compactMap { step in
        guard case .changed(let keys) = step.change, keys.contains(where: PlanComparison.effectKeys.contains) else { return nil }
        return step.id
      })
  }
}
