import OrderedCollections
import RunbookEngine
import RunbookPlan

/// What the live block of a run shows, as data: fed with what is recorded and told, it gives lines of styled text for a width, a height and a
/// time. It knows no terminal, and nothing that it is told can stop it: a view must never be what ends a run.
public struct LiveView: Sendable {
  /// A question of a gate.
  public struct Question: Sendable, Hashable {
    /// The step or check that asks.
    public var subject: String
    public var item: String
    public var text: String
    /// Who may answer; empty means anybody.
    public var people: [String]

    public init(subject: String, item: String, text: String, people: [String]) {
      (self.subject, self.item, self.text, self.people) = (subject, item, text, people)
    }
  }

  /// What is known of a rollback trigger.
  public struct Trigger: Sendable, Hashable {
    public var id: String
    public var title: String?
    public var bar: String?
    /// Failed windows that it bears.
    public var borne: Int
    /// Of the last window; nil before one was full.
    public var verdict: Verdict?
    /// In words: what the last window showed.
    public var observed: String?
    /// The end of the last window, in milliseconds since 1970.
    public var judgedAt: Int64?

    public init(id: String, title: String? = nil, bar: String? = nil, borne: Int = 0) {
      (self.id, self.title, self.bar, self.borne) = (id, title, bar, borne)
    }

    mutating func judge(_ window: TriggerWindow) {
      (verdict, judgedAt) = (window.verdict, window.to)
      observed = window.observed == .null ? window.message : PeopleText.value(window.observed)
    }
  }

  enum Mark: Sendable, Hashable { case pending, running, done, failed, skipped, warned, undoing, undone }

  /// A part of the plan with a line of its own: a phase, or one of the lists of the plan itself.
  struct Section: Sendable {
    var place: PlanTitles.Place
    var id: String
    var title: String?
    var isPhase: Bool
    /// Steps of a phase; checks or steps of a list.
    var items: [String]
  }

  /// The last look of a check.
  struct Look: Sendable {
    var verdict: Verdict
    var observed: String?
    var message: String
    /// Since when it holds, for `holdFor`.
    var holdSince: Int64?
  }

  let run: String
  let planID: String
  let planTitle: String?
  let targets: [String]
  /// How people answer what a gate asks.
  let confirmCommand: String
  let titles: PlanTitles
  let questions: [String: [Question]]
  let sections: [Section]
  /// The checks of each list, in order.
  let groups: [PlanTitles.Place: [String]]
  let checks: [String: CheckOutline]
  let steps: [String: StepOutline]
  private let sectionOfPlace: [PlanTitles.Place: Int]

  private(set) var marks: [String: Mark] = [:]
  private(set) var sectionMarks: [Mark]
  private(set) var looks: [String: Look] = [:]
  private(set) var current: EffectID?
  private(set) var currentSince: Int64 = 0
  private(set) var section = 0
  private(set) var progress: LiveProgress?
  private(set) var retry: (subject: String, at: Int64)?
  private(set) var answered: Set<Question> = []
  private(set) var warnings = 0
  private(set) var cause: String?
  private(set) var isRollingBack = false
  private(set) var startedAt: Int64?
  /// Rollback triggers in the order of the plan, those of the plan itself first.
  private(set) var triggers: [Trigger]
  /// A stop was asked for at the terminal.
  public var isStopping = false

  /// - Parameters:
  ///   - targets: what is shown of the targets, `registry (nna-registry)`.
  ///   - stateOption: the `--state` that the command was given.
  ///   - state: what is recorded of a run that is taken up; nil for a new one.
  public init(
    run: String, plan: Plan, outline: Outline, params: ValueMap, targets: [String], questions: [Question] = [],
    stateOption: String? = nil, state: RunState? = nil
  ) {
    let titles = PlanTitles(plan, params: params)
    let structure = LiveStructure(plan, titles: titles)
    (self.run, planID, planTitle, self.targets, self.titles) = (run, plan.metadata.id, titles.planTitle, targets, titles)
    confirmCommand = NextCommands.complete("runbook confirm \(run)", stateOption: stateOption)
    self.questions = Dictionary(grouping: questions, by: \.subject)
    (sections, groups) = (structure.sections, structure.groups)
    sectionOfPlace = Dictionary(sections.enumerated().map { ($1.isPhase ? .step(phase: $1.id) : $1.place, $0) }) { first, _ in first }
    sectionMarks = Array(repeating: .pending, count: sections.count)
    let outlines = LiveOutlines(outline)
    (checks, steps) = (outlines.checks, outlines.steps)
    triggers = (outline.triggers + outline.phases.flatMap(\.triggers)).map { trigger in
      Trigger(id: trigger.id, title: titles[trigger.id]?.title, bar: titles[trigger.id]?.bar, borne: trigger.failures.max)
    }
    if let state { takeUp(state) }
  }

  private mutating func takeUp(_ state: RunState) {
    startedAt = state.startedAt
    warnings = state.warnings.count
    isRollingBack = state.status == .rollingBack || state.status == .blocked
    cause = isRollingBack ? state.cause?.message : nil
    for (index, section) in sections.enumerated() {
      if section.isPhase, let phase = state.phase(section.id) { sectionMarks[index] = Self.mark(phase.status) }
      for item in section.items {
        if let step = state.step(item) { marks[item] = Self.mark(step.status) }
      }
    }
    for (id, record) in state.checks {
      if let result = record.result { judge(id, result) }
    }
    for index in triggers.indices {
      if let window = state.trigger(triggers[index].id)?.last { triggers[index].judge(window) }
    }
    for (subject, items) in questions {
      let known = Set(state.answers(to: subject).compactMap { $0.value["item"]?.stringValue })
      answered.formUnion(items.filter { known.contains($0.item) })
    }
    if let subject = state.subjectAtHand ?? state.currentPhase, let index = index(of: subject) { section = index }
    if let effect = state.outstanding.first.map({ (id: $0.id, at: $0.requestedAt) }) ?? Self.kept(in: state) {
      (current, currentSince) = effect
      enter(effect.id.subject)
    }
  }

  /// A wait or a gate at which a run stands: it keeps its name when the run goes on, and no entry says that it does.
  private static func kept(in state: RunState) -> (id: EffectID, at: Int64)? {
    guard state.status == .paused, let subject = state.subjectAtHand, let step = state.step(subject), step.status == .started,
      step.effect == .unknown
    else { return nil }
    return (EffectID(verb: .perform, subject: subject, serial: step.attempts), step.startedAt ?? state.lastAt)
  }

  private static func mark(_ status: StepStatus) -> Mark {
    switch status {
    case .pending: .pending
    case .started: .running
    case .done: .done
    case .failed: .failed
    case .skipped: .skipped
    case .undone: .undone
    }
  }

  // MARK: what happens

  /// Takes an entry that was recorded, or a poll.
  public mutating func take(_ entry: Entry) {
    switch entry.kind {
    case .runStarted: startedAt = entry.at
    case .effectRequested(let id): request(id, at: entry.at)
    case .effectFinished(let id, let outcome, let retryAt): finish(id, outcome, retryAt)
    case .verdict(let id, let result, let retryAt):
      if id.verb == .verifyUndone {
        if result.verdict == .pass { marks[id.subject] = .undone }
      } else {
        judge(id.subject, result)
        warnings += isWarning(id.subject, result.verdict) ? 1 : 0
      }
      end(id, retryAt)
    case .checkSkipped(let id): marks[id] = .skipped
    case .decision(.answer(let answer)):
      let item = answer.value["item"]?.stringValue
      answered.formUnion(questions[answer.subject, default: []].filter { $0.item == item })
    case .triggerJudged(let window), .triggerRepeated(let window): take(window: window)
    case .triggerFired(let event):
      if event.response == .warn { warnings += 1 }
    case .rollbackBegan(_, let cause):
      (isRollingBack, self.cause) = (true, cause)
      if sectionMarks.indices.contains(section), sectionMarks[section] == .running { sectionMarks[section] = .failed }
    case .runEnded(.succeeded): for index in sectionMarks.indices where sectionMarks[index] == .running { sectionMarks[index] = .done }
    case .runPaused, .runHalted, .runBlocked, .runEnded: (current, progress) = (nil, nil)
    case .polled(let id, let result, _, let holdSince, _): look(id, result, holdSince: holdSince)
    default: break
    }
  }

  /// Takes one look of a check that may ask again.
  public mutating func take(look result: CheckResult, of id: EffectID, at: Int64) {
    let holdSince = looks[id.subject]?.holdSince ?? at
    look(id, result, holdSince: result.verdict == .pass && checks[id.subject]?.holdFor != nil ? holdSince : nil)
  }

  /// Takes a full window of a trigger, also one that says nothing new.
  public mutating func take(window: TriggerWindow) {
    guard let index = triggers.firstIndex(where: { $0.id == window.trigger }) else { return }
    triggers[index].judge(window)
  }

  /// Takes the progress of an effect.
  public mutating func take(progress: LiveProgress, of id: EffectID, at: Int64) {
    if current != id { request(id, at: at) }
    guard self.progress != nil else { return self.progress = progress }
    self.progress?.advance(done: progress.done, total: progress.total, unit: progress.unit, note: progress.note, at: at)
  }

  /// Counts warnings of an action.
  public mutating func countWarnings(_ count: Int) { warnings += count }

  private mutating func request(_ id: EffectID, at: Int64) {
    if current?.subject != id.subject || current?.verb != id.verb || at < currentSince { currentSince = at }
    // Progress may come before what is recorded of its effect.
    if current != id { progress = nil }
    (current, retry) = (id, nil)
    enter(id.subject)
    switch id.verb {
    case .perform: marks[id.subject] = .running
    case .undo: marks[id.subject] = .undoing
    case .check:
      marks[id.subject] = .running
      looks[id.subject] = nil
    case .probe, .condition, .capture: if marks[id.subject, default: .pending] == .pending { marks[id.subject] = .running }
    case .verifyUndone: break
    }
  }

  private mutating func finish(_ id: EffectID, _ outcome: Outcome, _ retryAt: Int64?) {
    switch (id.verb, outcome) {
    case (.condition, .condition(false)): skip(id.subject)
    case (.condition, .condition): break
    case (.perform, .done(_, let warned)):
      marks[id.subject] = .done
      warnings += warned
    case (.undo, .undone): marks[id.subject] = .undone
    case (_, .failed), (_, .unknown): if retryAt == nil { marks[id.subject] = .failed }
    default: break
    }
    end(id, retryAt)
  }

  private mutating func end(_ id: EffectID, _ retryAt: Int64?) {
    (current, progress) = (nil, nil)
    retry = retryAt.map { (id.subject, $0) }
  }

  private mutating func skip(_ id: String) {
    marks[id] = .skipped
    if let index = sections.firstIndex(where: { $0.isPhase && $0.id == id }) { sectionMarks[index] = .skipped }
  }

  private mutating func judge(_ id: String, _ result: CheckResult) {
    looks[id] = Look(result)
    switch result.verdict {
    case .pass: marks[id] = .done
    case .skipped: marks[id] = .skipped
    case .fail, .error, .noData, .inconclusive: marks[id] = isWarning(id, result.verdict) ? .warned : .failed
    }
  }

  private mutating func look(_ id: EffectID, _ result: CheckResult, holdSince: Int64?) {
    guard current?.subject == id.subject else { return }
    looks[id.subject] = Look(result)
    looks[id.subject]?.holdSince = holdSince
  }

  private func isWarning(_ id: String, _ verdict: Verdict) -> Bool {
    guard let check = checks[id] else { return false }
    switch verdict {
    case .fail: return check.onFail == .warn
    case .error: return check.onError == .warn
    case .noData, .inconclusive: return check.onNoData == .warn
    case .pass, .skipped: return false
    }
  }

  // MARK: where a run is

  /// The section of a phase, step or check.
  func index(of id: String) -> Int? {
    guard let place = titles[id]?.place else { return nil }
    switch place {
    case .phase: return sectionOfPlace[.step(phase: id)]
    case .step(let phase), .phasePrecondition(let phase), .phaseVerify(let phase): return sectionOfPlace[.step(phase: phase)]
    case .undoStep(let step), .stepPrecondition(let step), .stepVerify(let step), .capture(let step): return index(of: step)
    case .planPrecondition, .planVerify, .afterRollback, .verifyRollback: return sectionOfPlace[place]
    case .trigger(let phase): return phase.flatMap { sectionOfPlace[.step(phase: $0)] }
    }
  }

  /// The step of a phase that a check, a capture or an undo step belongs to, or the step itself.
  func step(of id: String) -> String {
    switch titles[id]?.place {
    case .undoStep(let step), .stepPrecondition(let step), .stepVerify(let step), .capture(let step): self.step(of: step)
    default: id
    }
  }

  private mutating func enter(_ subject: String) {
    guard let index = index(of: subject) else { return }
    section = index
    let back = sections[index].isPhase && isRollingBack
    for other in sections.indices where other != index {
      switch sectionMarks[other] {
      case .running where !isRollingBack && other < index: sectionMarks[other] = .done
      case .pending where !isRollingBack && other < index: sectionMarks[other] = sections[other].isPhase ? .skipped : .done
      case .running where !sections[other].isPhase: sectionMarks[other] = .done
      case .undoing where isLeftBehind(other, at: index), .failed where isLeftBehind(other, at: index): sectionMarks[other] = .undone
      default: break
      }
    }
    sectionMarks[index] = back ? .undoing : .running
  }

  /// Unwinding goes backwards: the phases that it has left are undone.
  private func isLeftBehind(_ other: Int, at index: Int) -> Bool {
    isRollingBack && sections[other].isPhase && (other > index || !sections[index].isPhase)
  }
}

extension LiveView.Look {
  init(_ result: CheckResult) {
    verdict = result.verdict
    observed = result.observed == .null ? nil : PeopleText.value(result.observed)
    message = result.message
    holdSince = nil
  }
}
