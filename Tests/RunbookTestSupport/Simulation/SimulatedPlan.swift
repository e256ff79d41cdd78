import RunbookEngine
import RunbookPlan

/// A plan for the simulator: its outline, how the world behaves, what people do, and how it may end.
public struct SimulatedPlan: Sendable {
  public typealias Person = @Sendable (RunState, inout SimulatedWorld) -> Request.Wish?

  public internal(set) var name: String
  public internal(set) var outline: Outline
  public var rules: [String: [SimulatedBehaviour]]
  /// The end states (or states at which everybody leaves it) that are right.
  public var ends: Set<RunStatus>
  /// What a person wants of a run whose process is gone; nil leaves it as it is.
  public var person: Person
  /// Steps of undo lists, and what each takes back.
  public var reverts: [String: [String]]
  /// Requests that arrive while this effect (`verb:subject`) is under way for the first time.
  public var interjections: [String: Request.Wish]
  /// Steps whose inverse keeps their effect on purpose (a backup).
  public var keeps: Set<String>
  /// An edited plan that whoever resumes the run adopts, as soon as that is possible.
  public let edited: Outline?
  /// Of both plans.
  let stepsByID: [String: StepOutline]
  let forwardIDs: Set<String>

  public init(
    _ name: String, _ outline: Outline, rules: [String: [SimulatedBehaviour]] = [:], ends: Set<RunStatus>,
    reverts: [String: [String]] = [:],
    interjections: [String: Request.Wish] = [:], keeps: Set<String> = [], edited: Outline? = nil,
    person: @escaping Person = SimulatedPlan.patient
  ) {
    self.edited = edited
    self.name = name
    self.outline = outline
    self.rules = rules
    self.ends = ends
    self.reverts = reverts
    self.interjections = interjections
    self.keeps = keeps
    self.person = person
    var steps: [String: StepOutline] = [:]
    for outline in [outline, edited].compactMap(\.self) {
      for step in outline.phases.flatMap(\.steps) + outline.afterRollback {
        steps[step.id] = step
        guard case .steps(let items) = step.undo else { continue }
        for case .step(let item) in items { steps[item.id] = item }
      }
    }
    stepsByID = steps
    forwardIDs = Set((outline.phases + (edited?.phases ?? [])).flatMap(\.steps).map(\.id))
  }

  /// Resumes what crashed or paused, and leaves everything else.
  public static let patient: Person = { state, _ in
    switch state.status {
    case .running, .rollingBack, .paused: .resume
    default: nil
    }
  }

  var forwardSteps: [StepOutline] {
    let newer = (edited ?? outline).phases.flatMap(\.steps)
    let gone = outline.phases.flatMap(\.steps).filter { old in !newer.contains { $0.id == old.id } }
    return newer + gone
  }

  static let editedDigest = "edited"

  /// What the person wants, or, of a run that could go on with the edited plan, that.
  func wish(_ state: RunState, _ world: inout SimulatedWorld) -> Request.Wish? {
    let wish = person(state, &world)
    guard wish == .resume, edited != nil, state.adopted == nil else { return wish }
    return state.refusal(of: .adopt(digest: Self.editedDigest)) == nil ? .adopt(digest: Self.editedDigest) : wish
  }

  func covered(by step: String) -> [String] {
    let direct = forwardSteps.filter { $0.undo == .coveredBy(step) }.map(\.id)
    return direct + direct.flatMap { covered(by: $0) }
  }
}
