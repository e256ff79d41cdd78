/// The outline as the state walks over it: every step at a number, forward steps first, and what stands where. Made once, never changed.
final class Layout: Sendable {
  enum Role: Sendable, Hashable {
    case forward(phase: Int)
    case undoItem(of: Int)
    case afterRollback
  }

  struct Site: Sendable {
    let outline: StepOutline
    let role: Role
    /// For a step with an undo list: the numbers of its items; nil stands for `auto`.
    var items: [Int?] = []
  }

  struct TriggerSite: Sendable {
    let outline: TriggerOutline
    /// Nil for one of the plan.
    let phase: Int?
    let startAfter: Int?
    let stopBefore: Int?
  }

  let sites: [Site]
  let forwardCount: Int
  /// The numbers of the steps of each phase.
  let phaseSteps: [Range<Int>]
  let afterRollback: Range<Int>
  let stepNumbers: [String: Int]
  let phaseNumbers: [String: Int]
  /// Those of the plan first, then those of each phase.
  let triggers: [TriggerSite]
  let triggerNumbers: [String: Int]

  init(_ outline: Outline) {
    var sites: [Site] = []
    var phaseSteps: [Range<Int>] = []
    var phaseNumbers: [String: Int] = [:]
    for (number, phase) in outline.phases.enumerated() {
      phaseNumbers[phase.id] = number
      let first = sites.count
      sites.append(contentsOf: phase.steps.map { Site(outline: $0, role: .forward(phase: number)) })
      phaseSteps.append(first..<sites.count)
    }
    forwardCount = sites.count
    let after = sites.count
    sites.append(contentsOf: outline.afterRollback.map { Site(outline: $0, role: .afterRollback) })
    afterRollback = after..<sites.count
    for number in 0..<forwardCount {
      guard case .steps(let items) = sites[number].outline.undo else { continue }
      for item in items {
        guard case .step(let step) = item else {
          sites[number].items.append(nil)
          continue
        }
        sites[number].items.append(sites.count)
        sites.append(Site(outline: step, role: .undoItem(of: number)))
      }
    }
    var stepNumbers: [String: Int] = [:]
    stepNumbers.reserveCapacity(sites.count)
    for (number, site) in sites.enumerated() {
      precondition(stepNumbers.updateValue(number, forKey: site.outline.id) == nil, "two steps have the id \(site.outline.id)")
    }
    self.sites = sites
    self.phaseSteps = phaseSteps
    self.phaseNumbers = phaseNumbers
    self.stepNumbers = stepNumbers
    triggers = Layout.triggers(outline, stepNumbers)
    triggerNumbers = Dictionary(uniqueKeysWithValues: triggers.enumerated().map { ($1.outline.id, $0) })
  }

  private static func triggers(_ outline: Outline, _ stepNumbers: [String: Int]) -> [TriggerSite] {
    func number(_ step: String?) -> Int? {
      step.map { step in
        guard let number = stepNumbers[step] else { preconditionFailure("the plan has no step \(step)") }
        return number
      }
    }
    func site(_ trigger: TriggerOutline, _ phase: Int?) -> TriggerSite {
      TriggerSite(outline: trigger, phase: phase, startAfter: number(trigger.startAfter), stopBefore: number(trigger.stopBefore))
    }
    return outline.triggers.map { site($0, nil) }
      + outline.phases.enumerated().flatMap { number, phase in phase.triggers.map { site($0, number) } }
  }

  /// The phase of a step: of a forward one, or of the one whose undo list it stands in.
  func phase(ofStep number: Int) -> Int? {
    switch sites[number].role {
    case .forward(let phase): phase
    case .undoItem(let parent): phase(ofStep: parent)
    case .afterRollback: nil
    }
  }
}
